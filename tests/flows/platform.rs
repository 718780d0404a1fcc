//! The seams of a scripted client: a network, a clock and a timer that only exist in the script; storage, random
//! source and cryptography are the browser's own where there is a browser.

use crate::hooks::KeyRing;
use crate::keys::Keys;
use crate::proofs::parse_http_date;
use crate::provider::{Provider, Reply};
use oidc_wasm::error::{ErrorCode, Result};
use oidc_wasm::http::{HttpRequest, HttpResponse};
use oidc_wasm::platform::{Clock, Http, Platform, Store, Timer};
use oidc_wasm::time::Timestamp;
use std::cell::{Cell, RefCell};
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
    pub(crate) tab: LocalStore,
    pub(crate) session: LocalStore,
    pub(crate) ring: KeyRing,
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
            tab: LocalStore::tab(),
            session: LocalStore::page(),
            ring: KeyRing::default(),
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
    tab: TestStore,
    session: TestStore,
}

impl TestPlatform {
    pub(crate) fn new(world: &Rc<World>) -> Self {
        Self {
            http: ScriptedHttp(Rc::clone(world)),
            clock: ScriptedClock(Rc::clone(world)),
            timer: ScriptedTimer(Rc::clone(world)),
            random: LocalRandom,
            verifier: LocalVerifier,
            tab: TestStore(Rc::clone(world), |world| &world.tab),
            session: TestStore(Rc::clone(world), |world| &world.session),
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

    fn session_store(&self) -> &TestStore {
        &self.session
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
    /// Ends as soon as nothing but silence is left to wait for.
    async fn sleep(&self, _seconds: u32) {
        poll_fn(|_| {
            let only_silence = self.0.silent.get() > 0 && self.0.busy.get() == 0;
            if only_silence { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// One of the two stores of a [`World`], unless storage is broken.
pub(crate) struct TestStore(Rc<World>, fn(&World) -> &LocalStore);

impl TestStore {
    fn usable(&self) -> Result<&LocalStore> {
        if self.0.storage_is_broken.get() { Err(ErrorCode::StorageUnavailable.into()) } else { Ok(self.1(&self.0)) }
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

        pub(crate) fn page() -> Self {
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
    use oidc_wasm::browser::{BrowserStore, Place};
    use oidc_wasm::error::Result;
    use oidc_wasm::platform::Store;

    pub(crate) use oidc_wasm::browser::{SystemRandom as LocalRandom, WebCryptoVerifier as LocalVerifier};

    /// `sessionStorage` of the test page for the tab; the page's memory for the session.
    pub(crate) struct LocalStore(BrowserStore);

    impl LocalStore {
        pub(crate) fn tab() -> Self {
            let store = Self(BrowserStore(Place::Tab));
            store.clear();
            store
        }

        pub(crate) fn page() -> Self {
            Self(BrowserStore(Place::Memory))
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
            self.0.load(name)
        }

        fn save(&self, name: &str, text: &str) -> Result<()> {
            self.0.save(name, text)
        }

        fn remove(&self, name: &str) -> Result<()> {
            self.0.remove(name)
        }
    }
}
