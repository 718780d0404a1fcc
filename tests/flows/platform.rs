//! The seams of a scripted client: a network, a clock, a timer, a session store and locks that only exist in the script;
//! the storage of the tab, random source and cryptography are the browser's own where there is a browser.

use crate::hooks::KeyRing;
use crate::keys::Keys;
use crate::proofs::parse_http_date;
use crate::provider::{Provider, Reply};
use oidc_wasm::error::{ErrorCode, Result};
use oidc_wasm::http::{HttpRequest, HttpResponse};
use oidc_wasm::platform::{Answer, Clock, Http, Locks, Platform, SessionStore, Store, Timer};
use oidc_wasm::time::Timestamp;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use native::{LocalRandom, LocalStore, LocalVerifier};
#[cfg(target_arch = "wasm32")]
pub(crate) use web::{LocalRandom, LocalStore, LocalVerifier};

/// 2027-01-15, in seconds.
pub(crate) const START: i64 = 1_800_000_000;

/// Everything outside of the client.
pub(crate) struct World {
    pub(crate) provider: RefCell<Provider>,
    pub(crate) now: Rc<Cell<i64>>,
    pub(crate) client_clock_ahead: Cell<i64>,
    pub(crate) storage_is_broken: Cell<bool>,
    /// The session store takes a moment for whatever it is asked.
    pub(crate) store_is_slow: Cell<bool>,
    pub(crate) tab: LocalStore,
    pub(crate) session: SharedStore,
    pub(crate) locks: SharedLocks,
    pub(crate) ring: KeyRing,
    /// What the core told whoever listens.
    pub(crate) logged: RefCell<Vec<String>>,
    /// Requests that get no answer, and requests that get one in a moment.
    silent: Cell<usize>,
    busy: Cell<usize>,
}

impl World {
    pub(crate) fn new(keys: &Rc<Keys>) -> Rc<Self> {
        let now = Rc::new(Cell::new(START));
        Rc::new(Self {
            provider: RefCell::new(Provider::new(Rc::clone(keys), Rc::clone(&now))),
            now,
            client_clock_ahead: Cell::new(0),
            storage_is_broken: Cell::new(false),
            store_is_slow: Cell::new(false),
            tab: LocalStore::tab(),
            session: SharedStore::default(),
            locks: SharedLocks::default(),
            ring: KeyRing::default(),
            logged: RefCell::default(),
            silent: Cell::new(0),
            busy: Cell::new(0),
        })
    }
}

/// Counts something while it is under way.
struct Counted<'a>(&'a Cell<usize>);

impl<'a> Counted<'a> {
    fn new(counter: &'a Cell<usize>) -> Self {
        counter.set(counter.get() + 1);
        Self(counter)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// All seams.
pub(crate) struct TestPlatform {
    http: ScriptedHttp,
    clock: ScriptedClock,
    timer: ScriptedTimer,
    random: LocalRandom,
    verifier: LocalVerifier,
    world: Rc<World>,
    tab: TestStore,
}

impl TestPlatform {
    pub(crate) fn new(world: &Rc<World>) -> Self {
        Self {
            http: ScriptedHttp(Rc::clone(world)),
            clock: ScriptedClock(Rc::clone(world)),
            timer: ScriptedTimer(Rc::clone(world)),
            random: LocalRandom,
            verifier: LocalVerifier,
            tab: TestStore(Rc::clone(world)),
            world: Rc::clone(world),
        }
    }
}

impl Platform for TestPlatform {
    type Http = ScriptedHttp;
    type Clock = ScriptedClock;
    type Random = LocalRandom;
    type Timer = ScriptedTimer;
    type Verifier = LocalVerifier;
    type Store = TestStore;
    type SessionStore = World;
    type Locks = World;

    fn http(&self) -> &ScriptedHttp {
        &self.http
    }

    fn clock(&self) -> &ScriptedClock {
        &self.clock
    }

    fn random(&self) -> &LocalRandom {
        &self.random
    }

    fn timer(&self) -> &ScriptedTimer {
        &self.timer
    }

    fn verifier(&self) -> &LocalVerifier {
        &self.verifier
    }

    fn tab_store(&self) -> &TestStore {
        &self.tab
    }

    fn session_store(&self) -> &World {
        &self.world
    }

    fn locks(&self) -> &World {
        &self.world
    }
}

pub(crate) struct ScriptedHttp(Rc<World>);

impl Http for ScriptedHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let reply = self.0.provider.borrow_mut().answer(&request);
        // The answer comes a moment later, so that other work can come between.
        let busy = Counted::new(&self.0.busy);
        let mut waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
        drop(busy);
        match reply {
            Reply::Response(response) => Ok(response),
            Reply::Failure(code) => Err(code.into()),
            Reply::Silence => {
                let _silent = Counted::new(&self.0.silent);
                pending().await
            }
        }
    }
}

pub(crate) struct ScriptedClock(Rc<World>);

impl Clock for ScriptedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.now.get() + self.0.client_clock_ahead.get())
    }

    fn parse_http_date(&self, text: &str) -> Option<Timestamp> {
        parse_http_date(text).map(Timestamp::from_seconds)
    }
}

pub(crate) struct ScriptedTimer(Rc<World>);

impl Timer for ScriptedTimer {
    /// Ends as soon as nothing but silence is left to wait for. Less than a second is a few looks around, so that whoever
    /// waits shorter is done sooner.
    async fn sleep(&self, milliseconds: u32) {
        if milliseconds < 1000 {
            return looks_around(milliseconds / 10).await;
        }
        poll_fn(|_| {
            let only_silence = self.0.silent.get() > 0 && self.0.busy.get() == 0;
            if only_silence { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Lets others work so many times.
pub(crate) async fn looks_around(mut times: u32) {
    poll_fn(|context| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The store of the tab, unless storage is broken.
pub(crate) struct TestStore(Rc<World>);

impl TestStore {
    fn usable(&self) -> Result<&LocalStore> {
        if self.0.storage_is_broken.get() { Err(ErrorCode::StorageUnavailable.into()) } else { Ok(&self.0.tab) }
    }
}

impl Store for TestStore {
    fn load(&self, name: &str) -> Result<Option<String>> {
        self.usable()?.load(name)
    }

    fn save(&self, name: &str, text: &str) -> Result<()> {
        self.usable()?.save(name, text)
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.usable()?.remove(name)
    }
}

/// What all tabs share: texts by name, and what was done to them.
#[derive(Default)]
pub(crate) struct SharedStore {
    texts: RefCell<BTreeMap<String, String>>,
    /// `save` or `remove` with the last part of the name.
    pub(crate) done: RefCell<Vec<String>>,
    /// From now on it takes that many changes and no more.
    pub(crate) changes_left: Cell<Option<usize>>,
    /// How many looks around a new text takes until others see it.
    pub(crate) saving: Cell<u32>,
}

impl SharedStore {
    /// The text whose name ends like that; empty for none.
    pub(crate) fn text(&self, name: &str) -> String {
        let texts = self.texts.borrow();
        texts.iter().find(|(known, _)| last_part(known) == name).map(|(_, text)| text.clone()).unwrap_or_default()
    }

    /// Changes the text whose name ends like that, as another tab would.
    pub(crate) fn put(&self, name: &str, text: &str) {
        let full = self.full_name(name);
        self.texts.borrow_mut().insert(full, text.to_owned());
    }

    pub(crate) fn take(&self, name: &str) -> String {
        let full = self.full_name(name);
        self.texts.borrow_mut().remove(&full).unwrap_or_default()
    }

    pub(crate) fn clear(&self) {
        self.texts.borrow_mut().clear();
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.texts.borrow().keys().cloned().collect()
    }

    /// All texts as they are now.
    pub(crate) fn copy(&self) -> BTreeMap<String, String> {
        self.texts.borrow().clone()
    }

    /// Back to how they were.
    pub(crate) fn restore(&self, texts: BTreeMap<String, String>) {
        self.texts.replace(texts);
    }

    /// Names begin alike; at least one text has to be there.
    fn full_name(&self, name: &str) -> String {
        let texts = self.texts.borrow();
        let known = texts.keys().next().unwrap();
        [known.rsplit_once('.').unwrap().0, ".", name].concat()
    }

    fn change(&self, action: &str, name: &str) -> Result<()> {
        match self.changes_left.get() {
            Some(0) => return Err(ErrorCode::StorageUnavailable.into()),
            left => self.changes_left.set(left.map(|left| left - 1)),
        }
        self.done.borrow_mut().push(format!("{action} {}", last_part(name)));
        Ok(())
    }
}

fn last_part(name: &str) -> &str {
    name.rsplit_once('.').unwrap().1
}

impl World {
    async fn store(&self) -> Result<&SharedStore> {
        if self.store_is_slow.get() {
            looks_around(1).await;
        }
        if self.storage_is_broken.get() { Err(ErrorCode::StorageUnavailable.into()) } else { Ok(&self.session) }
    }
}

impl SessionStore for World {
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(async move { Ok(self.store().await?.texts.borrow().get(name).cloned().unwrap_or_default()) })
    }

    fn save<'a>(&'a self, name: &'a str, text: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let store = self.store().await?;
            store.change("save", name)?;
            looks_around(store.saving.get()).await;
            store.texts.borrow_mut().insert(name.to_owned(), text.to_owned());
            Ok(String::new())
        })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let store = self.store().await?;
            store.change("remove", name)?;
            store.texts.borrow_mut().remove(name);
            Ok(String::new())
        })
    }
}

/// Locks of all tabs: one name, and tickets in the order in which they were asked for.
#[derive(Default)]
pub(crate) struct SharedLocks {
    /// This browser has none.
    pub(crate) are_missing: Cell<bool>,
    queue: RefCell<VecDeque<usize>>,
    tickets: Cell<usize>,
    /// Who has asked, and how long they would wait.
    pub(crate) asked: RefCell<Vec<(String, u32)>>,
}

impl SharedLocks {
    /// Whether somebody has one.
    pub(crate) fn are_held(&self) -> bool {
        !self.queue.borrow().is_empty()
    }
}

/// Whoever stops waiting leaves the queue.
struct Place<'a>(&'a SharedLocks, Option<usize>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.1 {
            self.0.queue.borrow_mut().retain(|known| *known != ticket);
        }
    }
}

impl Locks for World {
    fn acquire<'a>(&'a self, name: &'a str, milliseconds: u32) -> Answer<'a> {
        Box::pin(async move {
            let locks = &self.locks;
            locks.asked.borrow_mut().push((name.to_owned(), milliseconds));
            if locks.are_missing.get() {
                return Ok(String::new());
            }
            locks.tickets.set(locks.tickets.get() + 1);
            let mut place = Place(locks, Some(locks.tickets.get()));
            locks.queue.borrow_mut().extend(place.1);
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if locks.queue.borrow().front() == place.1.as_ref() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Ok(place.1.take().unwrap().to_string())
        })
    }

    fn release(&self, ticket: &str) {
        if let Ok(ticket) = ticket.parse::<usize>() {
            self.locks.queue.borrow_mut().retain(|known| *known != ticket);
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use oidc_wasm::error::Result;
    use oidc_wasm::platform::{Random, Store};
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    pub(crate) use crate::rustcrypto::RustCryptoVerifier as LocalVerifier;

    thread_local! {
        static SEED: Cell<u8> = const { Cell::new(0) };
    }

    /// The same values in every run, and no value twice in a flow.
    pub(crate) struct LocalRandom;

    impl Random for LocalRandom {
        fn seed(&self) -> Result<[u8; 32]> {
            SEED.set(SEED.get().wrapping_add(1));
            Ok([SEED.get(); 32])
        }
    }

    pub(crate) struct LocalStore(RefCell<HashMap<String, String>>);

    impl LocalStore {
        pub(crate) fn tab() -> Self {
            Self(RefCell::default())
        }

        pub(crate) fn clear(&self) {
            self.0.borrow_mut().clear();
        }

        pub(crate) fn overwrite_all(&self, text: &str) {
            self.0.borrow_mut().values_mut().for_each(|value| text.clone_into(value));
        }
    }

    impl Store for LocalStore {
        fn load(&self, name: &str) -> Result<Option<String>> {
            Ok(self.0.borrow().get(name).cloned())
        }

        fn save(&self, name: &str, text: &str) -> Result<()> {
            self.0.borrow_mut().insert(name.to_owned(), text.to_owned());
            Ok(())
        }

        fn remove(&self, name: &str) -> Result<()> {
            self.0.borrow_mut().remove(name);
            Ok(())
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod web {
    use oidc_wasm::browser::TabStore;
    use oidc_wasm::error::Result;
    use oidc_wasm::platform::Store;

    pub(crate) use oidc_wasm::browser::{SystemRandom as LocalRandom, WebCryptoVerifier as LocalVerifier};

    /// `sessionStorage` of the test page.
    pub(crate) struct LocalStore;

    impl LocalStore {
        pub(crate) fn tab() -> Self {
            Self.clear();
            Self
        }

        pub(crate) fn clear(&self) {
            js_sys::eval("sessionStorage.clear()").unwrap();
        }

        pub(crate) fn overwrite_all(&self, text: &str) {
            js_sys::eval(&format!("for (const name of Object.keys(sessionStorage)) sessionStorage[name] = {text:?}"))
                .unwrap();
        }
    }

    impl Store for LocalStore {
        fn load(&self, name: &str) -> Result<Option<String>> {
            TabStore.load(name)
        }

        fn save(&self, name: &str, text: &str) -> Result<()> {
            TabStore.save(name, text)
        }

        fn remove(&self, name: &str) -> Result<()> {
            TabStore.remove(name)
        }
    }
}
