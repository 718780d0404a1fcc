//! What JavaScript sees: one private class, without logic. The public face is `pkg-template/src`.
//!
//! Everything crosses as text: JSON in, read by the one strict parser; JSON out, read by the engine's, which makes
//! `__proto__` an ordinary member. `serde-wasm-bindgen` would carry objects for another ten kilobytes of every download.

mod abort;
mod client;
mod dto;
