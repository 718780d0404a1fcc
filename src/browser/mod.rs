//! The seams in a browser: one file each, no protocol. Nothing here assumes a page: everything is looked up on the
//! global object, so that Workers and Node work where they have the feature.

mod clock;
mod fetch;
mod global;
mod hooks;
mod random;
mod storage;
mod timer;
mod webcrypto;

pub use clock::SystemClock;
pub use fetch::FetchHttp;
pub use hooks::JsHooks;
pub use random::SystemRandom;
pub use storage::{BrowserStore, Place};
pub use timer::SystemTimer;
pub use webcrypto::WebCryptoVerifier;

use crate::platform::Platform;

/// All seams of a browser.
#[derive(Debug)]
pub struct BrowserPlatform {
    session_store: BrowserStore,
}

impl BrowserPlatform {
    /// A platform that keeps its session in that place.
    pub fn new(session: Place) -> Self {
        Self { session_store: BrowserStore(session) }
    }
}

impl Platform for BrowserPlatform {
    type Http = FetchHttp;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Timer = SystemTimer;
    type Verifier = WebCryptoVerifier;
    type Store = BrowserStore;

    fn http(&self) -> &FetchHttp {
        &FetchHttp
    }

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }

    fn random(&self) -> &SystemRandom {
        &SystemRandom
    }

    fn timer(&self) -> &SystemTimer {
        &SystemTimer
    }

    fn verifier(&self) -> &WebCryptoVerifier {
        &WebCryptoVerifier
    }

    fn tab_store(&self) -> &BrowserStore {
        &BrowserStore(Place::Tab)
    }

    fn session_store(&self) -> &BrowserStore {
        &self.session_store
    }
}
