//! The seams of one tab. Whatever is asked of them comes back when the world says so, and perhaps never.

use crate::provider::SIGNATURE;
use crate::world::{Answer as Back, Call, CallId, SharedWorld, TabId};
use oidc_wasm::error::Result;
use oidc_wasm::http::{HttpRequest, HttpResponse};
use oidc_wasm::jose::{Algorithm, Hash, Jwk};
use oidc_wasm::platform::{Answer, Clock, Hooks, Http, Locks, Platform, Random, SessionStore, Store, Timer, Verifier};
use oidc_wasm::time::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// A call under way. Dropping it gives it up.
pub(crate) struct Asked {
    world: SharedWorld,
    id: CallId,
    is_over: bool,
}

impl Asked {
    pub(crate) fn new(world: &SharedWorld, tab: TabId, call: Call) -> Self {
        let id = world.borrow_mut().ask(tab, call);
        Self { world: Rc::clone(world), id, is_over: false }
    }
}

impl Future for Asked {
    type Output = Back;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Back> {
        let answer = self.world.borrow_mut().take(self.id);
        match answer {
            Some(answer) => {
                self.is_over = true;
                Poll::Ready(answer)
            }
            None => Poll::Pending,
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.is_over {
            self.world.borrow_mut().give_up(self.id);
        }
    }
}

/// All seams of one tab, and the hooks of its page.
#[derive(Clone)]
pub(crate) struct SimulatedTab {
    world: SharedWorld,
    tab: TabId,
    /// Whether this is nobody's tab: it sees what is true now, and is never seen.
    observes: bool,
    texts: Rc<RefCell<BTreeMap<String, String>>>,
}

impl SimulatedTab {
    pub(crate) fn new(world: &SharedWorld, tab: TabId) -> Self {
        Self { world: Rc::clone(world), tab, observes: false, texts: Rc::default() }
    }

    pub(crate) fn observer(world: &SharedWorld) -> Self {
        Self { observes: true, ..Self::new(world, usize::MAX) }
    }

    pub(crate) async fn wait(&self, milliseconds: u64) {
        Asked::new(&self.world, self.tab, Call::Sleep(milliseconds)).await;
    }

    fn text<'a>(&self, call: Call) -> Answer<'a> {
        let asked = Asked::new(&self.world, self.tab, call);
        Box::pin(async move {
            match asked.await {
                Back::Text(text) => Ok(text),
                Back::Response(_) => unreachable!("a response to no request"),
            }
        })
    }
}

impl Platform for SimulatedTab {
    type Http = Self;
    type Clock = Self;
    type Random = Self;
    type Timer = Self;
    type Verifier = Self;
    type Store = Self;
    type SessionStore = Self;
    type Locks = Self;

    fn http(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn random(&self) -> &Self {
        self
    }

    fn timer(&self) -> &Self {
        self
    }

    fn verifier(&self) -> &Self {
        self
    }

    fn tab_store(&self) -> &Self {
        self
    }

    fn session_store(&self) -> &Self {
        self
    }

    fn locks(&self) -> &Self {
        self
    }
}

impl Http for SimulatedTab {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        match Asked::new(&self.world, self.tab, Call::Send(request)).await {
            Back::Response(response) => response.map_err(Into::into),
            Back::Text(_) => unreachable!("no response to a request"),
        }
    }
}

impl Clock for SimulatedTab {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.world.borrow().seconds())
    }

    fn parse_http_date(&self, _: &str) -> Option<Timestamp> {
        None
    }
}

impl Random for SimulatedTab {
    fn seed(&self) -> Result<[u8; 32]> {
        let chance = &mut self.world.borrow_mut().chance;
        let mut seed = [0; 32];
        seed.chunks_mut(8).for_each(|part| part.copy_from_slice(&chance.next().to_le_bytes()));
        Ok(seed)
    }
}

impl Timer for SimulatedTab {
    async fn sleep(&self, milliseconds: u32) {
        self.wait(milliseconds.into()).await;
    }
}

/// The provider's signatures are all the same, and no token of it has a hash in it.
impl Verifier for SimulatedTab {
    async fn digest(&self, _: Hash, _: &[u8]) -> Result<Vec<u8>> {
        Ok(vec![0; 32])
    }

    async fn verify(&self, _: Algorithm, _: &Jwk, _: &[u8], signature: &[u8]) -> Result<bool> {
        Ok(signature == SIGNATURE)
    }
}

impl Store for SimulatedTab {
    fn load(&self, name: &str) -> Result<Option<String>> {
        Ok(self.texts.borrow().get(name).cloned())
    }

    fn save(&self, name: &str, text: &str) -> Result<()> {
        self.texts.borrow_mut().insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.texts.borrow_mut().remove(name);
        Ok(())
    }
}

impl SessionStore for SimulatedTab {
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a> {
        if self.observes {
            let text = self.world.borrow().store.truth(name).to_owned();
            return Box::pin(async { Ok(text) });
        }
        self.text(Call::Load(name.to_owned()))
    }

    fn save<'a>(&'a self, name: &'a str, text: &'a str) -> Answer<'a> {
        self.text(Call::Save(name.to_owned(), text.to_owned()))
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a> {
        self.text(Call::Remove(name.to_owned()))
    }
}

impl Locks for SimulatedTab {
    fn acquire<'a>(&'a self, _: &'a str, milliseconds: u32) -> Answer<'a> {
        if !self.world.borrow().has_locks {
            return Box::pin(async { Ok(String::new()) });
        }
        self.text(Call::Acquire(milliseconds.into()))
    }

    fn release(&self, ticket: &str) {
        self.world.borrow_mut().unlock(self.tab, ticket);
    }
}

impl Hooks for SimulatedTab {
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> Answer<'a> {
        self.text(Call::Hook(name, argument.to_owned()))
    }
}
