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
pub use global::property;
pub use hooks::{JsHooks, Seams};
pub use random::SystemRandom;
pub use storage::TabStore;
pub use timer::SystemTimer;
pub use webcrypto::WebCryptoVerifier;

use crate::platform::Platform;

/// All seams of a browser. Session store and locks are the face's; so is the network where it has a `fetch`.
#[derive(Debug)]
pub struct BrowserPlatform {
    http: FetchHttp,
    seams: Seams,
}

impl BrowserPlatform {
    /// A platform with these seams of the face.
    pub fn new(seams: Seams) -> Self {
        Self { http: FetchHttp(JsHooks(seams.0.clone())), seams }
    }
}

impl Platform for BrowserPlatform {
    type Http = FetchHttp;
    type Clock = SystemClock;
    type Random = SystemRandom;
    type Timer = SystemTimer;
    type Verifier = WebCryptoVerifier;
    type Store = TabStore;
    type SessionStore = Seams;
    type Locks = Seams;

    fn http(&self) -> &FetchHttp {
        &self.http
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

    fn tab_store(&self) -> &TabStore {
        &TabStore
    }

    fn session_store(&self) -> &Seams {
        &self.seams
    }

    fn locks(&self) -> &Seams {
        &self.seams
    }
}
