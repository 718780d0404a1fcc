//! Plain objects in and out.
//!
//! Options come in as JSON text and are read by the one strict parser.

use crate::client::{PreparedLogin, Session};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Json, Object};
use crate::protocol::logout::EndSession;
use js_sys::JSON;
use wasm_bindgen::JsValue;

/// A plain object from JavaScript. `undefined` and `null` give an empty one.
pub(super) fn object(value: &JsValue) -> Result<Object> {
    if value.is_undefined() || value.is_null() {
        return Ok(Object::default());
    }
    let text = JSON::stringify(value).ok().and_then(|text| JsValue::from(text).as_string()).unwrap_or_default();
    Json::parse_object(text.as_bytes())
        .map_err(|_| Error::new(ErrorCode::InvalidArgument).with("reason", "options must be a plain object"))
}

/// JSON for JavaScript, parsed by the engine: its own parser makes `__proto__` an ordinary member.
pub(super) fn to_js(object: Object) -> JsValue {
    JSON::parse(&Json::from(object).to_text()).unwrap_or(JsValue::UNDEFINED)
}

/// A session without its tokens.
pub(super) fn session(session: Session) -> JsValue {
    to_js(session.public())
}

pub(super) fn prepared_login(prepared: PreparedLogin) -> JsValue {
    let mut object = Object::default();
    object.set_text("url", &prepared.url);
    object.set_text("state", &prepared.state);
    to_js(object)
}

pub(super) fn access_token(session: Session) -> JsValue {
    let mut object = Object::default();
    object.set_text("token", session.access_token().expose());
    object.set_text("type", "Bearer");
    object.set_text("scope", session.scope());
    if let Some(at) = session.expires_at() {
        object.set("expiresAt", at.seconds().into());
    }
    to_js(object)
}

pub(super) fn end_session(request: Option<EndSession>) -> JsValue {
    let mut object = Object::default();
    match request {
        None => {}
        Some(EndSession::Url(url)) => object.set_text("url", &url),
        Some(EndSession::Form(url, form)) => {
            object.set_text("url", &url);
            object.set("form", form.into());
        }
    }
    to_js(object)
}
