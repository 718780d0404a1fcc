//! The functions behind everything that needs no session.

use crate::browser::{BrowserPlatform, JsHooks, SystemClock, SystemRandom, property};
use crate::client::Protocol;
use crate::encoding;
use crate::error::{ErrorCode, Result};
use crate::json::Json;
use crate::platform::{Clock as _, Random as _};
use crate::protocol::state::random_value;
use crate::protocol::{call, dpop, jar};
use crate::wasm::abort::promise;
use crate::wasm::dto;
use js_sys::Promise;
use std::cell::RefCell;
use std::rc::Rc;
use subtle::ConstantTimeEq as _;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::AbortSignal;

thread_local! {
    static IDS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static PROTOCOLS: RefCell<[(JsValue, Rc<Protocol<BrowserPlatform>>); 2]> =
        RefCell::new([(JsValue::UNDEFINED, protocol(JsValue::UNDEFINED)), (JsValue::NULL, protocol(JsValue::UNDEFINED))]);
}

fn protocol(seams: JsValue) -> Rc<Protocol<BrowserPlatform>> {
    Rc::new(Protocol::new(Rc::new(BrowserPlatform::new(JsHooks(seams)))))
}

/// What keeps the keys and nonces of servers. Who has a `fetch` of its own may talk to other servers under the same names:
/// it shares them with nobody, and they are kept for the latest such function.
fn protocol_of(hooks: &JsValue) -> Rc<Protocol<BrowserPlatform>> {
    // Before the borrow: reading a property can run code of the page.
    let own = property(hooks, "fetch");
    PROTOCOLS.with_borrow_mut(|[usual, latest]| {
        let Some(fetch) = own else { return Rc::clone(&usual.1) };
        if latest.0 != fetch {
            *latest = (fetch, protocol(hooks.clone()));
        }
        Rc::clone(&latest.1)
    })
}

/// What needs no waiting; argument and result are JSON.
#[wasm_bindgen(js_name = call)]
pub fn call_now(operation: &str, argument: &str) -> std::result::Result<JsValue, JsValue> {
    let run = || match operation {
        "pkce" => SystemRandom.seed().map(call::pkce),
        "dpop_header" => dpop::header(&dto::options(argument)?).map(Json::from),
        "request_object" => {
            let id = random_value(SystemRandom.seed()?);
            jar::request_object(&dto::options(argument)?, &id, SystemClock.now()).map(Json::from)
        }
        _ => call::call(operation, &Json::parse(argument.as_bytes()).map_err(|_| ErrorCode::InvalidArgument)?),
    };
    run().map(|value| dto::value(&value)).map_err(|error| dto::error(&error))
}

/// The claims of a proof for one request. By itself and with texts only: it is made for every request.
#[wasm_bindgen(js_name = dpopClaims)]
pub fn dpop_claims(
    method: &str,
    url: &str,
    token_hash: &str,
    nonce: &str,
    clock_offset: f64,
) -> std::result::Result<Vec<u8>, JsValue> {
    let proof = dpop::Proof { method, url, token_hash, nonce, clock_offset };
    let claims = proof_id().and_then(|id| dpop::claims(&proof, &id, SystemClock.now()));
    claims.map(String::into_bytes).map_err(|error| dto::error(&error))
}

/// 128 random bits; RFC 9449, section 4.2, wants 96. Asking the browser takes longer than all that is done with its answer,
/// so one answer serves many proofs.
fn proof_id() -> Result<String> {
    IDS.with_borrow_mut(|ids| {
        if ids.is_empty() {
            let mut octets = [0; 256];
            SystemRandom.fill(&mut octets)?;
            ids.extend_from_slice(&octets);
        }
        let at = ids.len().saturating_sub(16);
        Ok(encoding::base64url(&ids.split_off(at)))
    })
}

/// What a proof says about an access token.
#[wasm_bindgen(js_name = dpopTokenHash)]
pub fn dpop_token_hash(access_token: &str) -> String {
    dpop::token_hash(access_token)
}

/// A request to an endpoint; the names of the operations are in `pkg-template/src`.
#[wasm_bindgen]
pub fn request(operation: String, argument: String, hooks: JsValue, signal: Option<AbortSignal>) -> Promise {
    let protocol = protocol_of(&hooks);
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
