//! Signed JWTs: algorithms, keys, parsing, and the claims that every kind of JWT shares.
//!
//! Nothing here checks a signature itself; [`crate::platform::Verifier`] does.

mod algorithm;
pub mod claims;
mod es256;
mod jwk;
pub mod jwks;
mod jws;
pub mod thumbprint;
pub mod x509;

pub use algorithm::{Algorithm, Curve, Hash, sha256};
pub use es256::Es256Key;
pub use jwk::{Jwk, KeyKind};
pub use jws::{Jws, check_type, signing_input};
