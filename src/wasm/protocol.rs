//! The functions behind everything that needs no session.

use crate::browser::{BrowserPlatform, JsHooks, Place, SystemClock, SystemRandom};
use crate::client::Protocol;
use crate::encoding;
use crate::error::ErrorCode;
use crate::json::Json;
use crate::platform::{Clock as _, Random as _};
use crate::protocol::state::random_value;
use crate::protocol::{call, dpop};
use crate::wasm::abort::promise;
use crate::wasm::dto;
use js_sys::Promise;
use std::rc::Rc;
use subtle::ConstantTimeEq as _;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

thread_local! {
    static PROTOCOL: Rc<Protocol<BrowserPlatform>> = Rc::new(Protocol::new(Rc::new(BrowserPlatform::new(Place::Memory))));
}

/// What needs no waiting; argument and result are JSON.
#[wasm_bindgen(js_name = call)]
pub fn call_now(operation: &str, argument: &str) -> std::result::Result<JsValue, JsValue> {
    let run = || match operation {
        "pkce" => SystemRandom.seed().map(call::pkce),
        "dpop_proof" => {
            let id = random_value(SystemRandom.seed()?);
            dpop::proof(&dto::options(argument)?, &id, SystemClock.now()).map(Json::from)
        }
        _ => call::call(operation, &Json::parse(argument.as_bytes()).map_err(|_| ErrorCode::InvalidArgument)?),
    };
    run().map(|value| dto::value(&value)).map_err(|error| dto::error(&error))
}

/// A request to an endpoint; the names of the operations are in `pkg-template/src`.
#[wasm_bindgen]
pub fn request(operation: String, argument: String, hooks: JsValue, signal: Option<AbortSignal>) -> Promise {
    let protocol = PROTOCOL.with(Rc::clone);
    let work = async move {
        let options = dto::options(&argument)?;
        Ok(dto::value(&protocol.run(&operation, &options, &JsHooks(hooks)).await?))
    };
    promise(signal, Box::pin(work))
}

/// base64url without padding.
#[wasm_bindgen(js_name = base64urlEncode)]
pub fn base64url_encode(bytes: &[u8]) -> String {
    encoding::base64url(bytes)
}

/// The bytes of a strict base64url text, or `undefined`.
#[wasm_bindgen(js_name = base64urlDecode)]
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    encoding::base64url_decode(text)
}

/// Compares without telling by its time where two texts differ.
#[wasm_bindgen(js_name = timingSafeEqual)]
pub fn timing_safe_equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}
