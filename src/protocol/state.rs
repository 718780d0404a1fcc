//! `state` and `nonce`: opaque random values that tie a response to its request (RFC 9700, section 2.1; OpenID Connect
//! Core, section 15.5.2). They carry nothing: what belongs to a sign-in is kept in the browser.

use crate::encoding::base64url;

/// 43 characters with 256 random bits, from 32 random bytes.
pub fn random_value(seed: [u8; 32]) -> String {
    base64url(&seed)
}
