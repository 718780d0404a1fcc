//! The seams: everything the core wants from the world, as traits. The browser implements them; tests script them.

use crate::error::Result;
use crate::http::{HttpRequest, HttpResponse};
use crate::jose::{Algorithm, Hash, Jwk};
use crate::time::Timestamp;
use std::future::Future;
use std::pin::Pin;

/// Sends requests.
pub trait Http {
    /// Sends one request and reads its answer to the end, at most `max_bytes` of it. Dropping the future aborts it.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse>>;
}

/// Tells the time.
pub trait Clock {
    /// Now.
    fn now(&self) -> Timestamp;

    /// The time that an HTTP header means (RFC 9110, section 5.6.7).
    fn parse_http_date(&self, text: &str) -> Option<Timestamp>;
}

/// Functions that an application gives along with a request, by name: `sign`, `assertion`, `validate`.
pub trait Hooks {
    /// Calls one; an error when it throws or is not there.
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> Answer<'a>;
}

/// A text that comes in time; empty for none.
pub type Answer<'a> = Pin<Box<dyn Future<Output = Result<String>> + 'a>>;

/// Gives random bytes fit for keys.
pub trait Random {
    /// 32 fresh random bytes, or an error: there is no second-best source.
    fn seed(&self) -> Result<[u8; 32]>;
}

/// Waits.
pub trait Timer {
    /// Completes after so many milliseconds. Dropping the future stops the timer.
    fn sleep(&self, milliseconds: u32) -> impl Future<Output = ()>;
}

/// Checks signatures, and makes the hashes that go with them.
pub trait Verifier {
    /// The hash of some bytes.
    fn digest(&self, hash: Hash, bytes: &[u8]) -> impl Future<Output = Result<Vec<u8>>>;

    /// Whether `signature` over `message` was made with the private half of `key`.
    fn verify(
        &self,
        algorithm: Algorithm,
        key: &Jwk,
        message: &[u8],
        signature: &[u8],
    ) -> impl Future<Output = Result<bool>>;
}

/// Keeps texts by name.
pub trait Store {
    /// The text of that name.
    fn load(&self, name: &str) -> Result<Option<String>>;
    /// Sets the text of that name.
    fn save(&self, name: &str, text: &str) -> Result<()>;
    /// Removes it; removing what is not there is fine.
    fn remove(&self, name: &str) -> Result<()>;
}

/// Keeps the session, where the application chose. What other tabs saved may be there at any time, and whatever was
/// saved here is there at once.
pub trait SessionStore {
    /// The text of that name; empty for none.
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a>;
    /// Sets the text of that name. Gives nothing.
    fn save<'a>(&'a self, name: &'a str, text: &'a str) -> Answer<'a>;
    /// Removes it; removing what is not there is fine. Gives nothing.
    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a>;
}

/// Locks between all that share a session store.
pub trait Locks {
    /// A ticket once nobody else has the lock of that name, or after so many milliseconds, when it is taken from whoever
    /// has it; empty where there are no locks.
    fn acquire<'a>(&'a self, name: &'a str, milliseconds: u32) -> Answer<'a>;
    /// Lets the next one have it.
    fn release(&self, ticket: &str);
}

/// All seams of one client.
pub trait Platform: 'static {
    /// See [`Http`].
    type Http: Http;
    /// See [`Clock`].
    type Clock: Clock;
    /// See [`Random`].
    type Random: Random;
    /// See [`Timer`].
    type Timer: Timer;
    /// See [`Verifier`].
    type Verifier: Verifier;
    /// See [`Store`].
    type Store: Store;
    /// See [`SessionStore`].
    type SessionStore: SessionStore;
    /// See [`Locks`].
    type Locks: Locks;

    /// Sends requests.
    fn http(&self) -> &Self::Http;
    /// Tells the time.
    fn clock(&self) -> &Self::Clock;
    /// Gives random bytes.
    fn random(&self) -> &Self::Random;
    /// Waits.
    fn timer(&self) -> &Self::Timer;
    /// Checks signatures.
    fn verifier(&self) -> &Self::Verifier;
    /// Keeps what must outlive a redirect, for this tab only: sign-ins under way, the provider's metadata and keys.
    fn tab_store(&self) -> &Self::Store;
    /// Keeps the session, where the application chose.
    fn session_store(&self) -> &Self::SessionStore;
    /// Locks between all that share that store.
    fn locks(&self) -> &Self::Locks;
}
