//! What JavaScript sees: private classes and functions, without logic. The public face is `pkg-template/src`.
//!
//! Out go plain objects, by `serde-wasm-bindgen`. In come options as JSON text, for the one strict parser: reading
//! objects by `serde-wasm-bindgen` too brings float formatting along, 8.4 kB more of every download (brotli, measured).

mod abort;
mod client;
mod dto;
mod es256;
pub mod protocol;
