//! OAuth 2.0 and OpenID Connect for the browser.
//!
//! The core decides and serialises; the browser fetches, stores and checks signatures; TypeScript is a thin face over
//! it. Layers, each using only those above it:
//!
//! 1. [`error`], [`secret`], [`constants`], [`encoding`], [`json`], [`text`], [`url`], [`time`], [`http`]:
//!    plain values
//! 2. [`jose`]: signed JWTs and keys
//! 3. [`protocol`]: one file per message, pure; `now` and random bytes are arguments
//! 4. [`platform`]: the seams, traits only
//! 5. [`client`]: the asynchronous flows, generic over one [`platform::Platform`]
//! 6. `browser` (wasm32): implements the seams
//! 7. `wasm` (wasm32): exports [`client`] on `browser` to JavaScript, without logic
//!
//! `tests/layering.rs` holds the arrows. No code here may panic on any input: that would end the wasm instance.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, reason = "tests may panic"))]

pub mod client;
pub mod constants;
pub mod encoding;
pub mod error;
pub mod http;
pub mod jose;
pub mod json;
pub mod platform;
pub mod protocol;
pub mod secret;
pub mod text;
pub mod time;
pub mod url;

#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
