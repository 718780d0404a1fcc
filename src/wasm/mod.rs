//! What JavaScript sees: private classes and functions, without logic. The public face is `pkg-template/src`.
//!
//! Out go plain objects, by `serde-wasm-bindgen`. In come options as JSON text, for the one strict parser: reading
//! objects by `serde-wasm-bindgen` too brings float formatting along, 8.4 kB more of every download (brotli, measured).
//!
//! The feature `software-signer` chooses which of two modules this is: that signer alone, which an application loads when
//! it wants it, or everything else. What a module does not export is not linked into it, so only one of them has the
//! curve.

#[cfg(not(feature = "software-signer"))]
mod abort;
#[cfg(not(feature = "software-signer"))]
mod client;
#[cfg_attr(feature = "software-signer", allow(dead_code, reason = "a signer has errors, but no sessions"))]
mod dto;
#[cfg(feature = "software-signer")]
mod es256;
#[cfg(not(feature = "software-signer"))]
pub mod protocol;
