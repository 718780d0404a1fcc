//! JSON text in, plain objects out.

use crate::client::{PreparedLogin, Session};
use crate::error::{Error, ErrorCode, Phase, Result};
use crate::json::{Json, Object};
use crate::protocol::logout::EndSession;
use crate::secret::Secret;
use crate::time::Timestamp;
use js_sys::JSON;
use serde::{Serialize, Serializer};
use serde_wasm_bindgen::preserve;
use wasm_bindgen::JsValue;

/// Options, as `JSON.stringify` wrote them.
pub(super) fn options(text: &str) -> Result<Object> {
    Json::parse_object(text.as_bytes())
        .map_err(|_| Error::new(ErrorCode::InvalidArgument).with("reason", "options must be a plain object"))
}

/// A JSON value for JavaScript.
struct Js<'a>(&'a Json);

impl Serialize for Js<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            // The engine reads numbers exactly as it would in JSON, and without a decimal parser of our own.
            Json::Number(number) => preserve::serialize(&JSON::parse(number.as_str()).unwrap_or_default(), serializer),
            Json::String(text) => serializer.serialize_str(text),
            Json::Array(items) => serializer.collect_seq(items.iter().map(Js)),
            // Setting `__proto__` would change what the object is instead of giving it a member.
            Json::Object(object) => serializer.collect_map(
                object.iter().filter(|(name, _)| *name != "__proto__").map(|(name, value)| (name, Js(value))),
            ),
        }
    }
}

/// A plain value.
pub(super) fn value(value: &Json) -> JsValue {
    // Fails only for names that are no texts; there are none.
    Js(value).serialize(&serde_wasm_bindgen::Serializer::json_compatible()).unwrap_or_default()
}

/// A plain object.
pub(super) fn object(object: Object) -> JsValue {
    value(&object.into())
}

/// A session without its tokens; `undefined` for none.
pub(super) fn session(session: Option<Session>) -> JsValue {
    session.map_or(JsValue::UNDEFINED, |session| object(session.public()))
}

pub(super) fn prepared_login(prepared: &PreparedLogin) -> JsValue {
    let mut members = Object::default();
    members.set_text("url", &prepared.url);
    members.set_text("state", &prepared.state);
    if let Some(at) = prepared.expires_at {
        members.set("expiresAt", at.seconds().into());
    }
    object(members)
}

/// Instead of an access token: there is one after a renewal.
pub(super) fn must_renew() -> Object {
    let mut members = Object::default();
    members.set("renew", true.into());
    members
}

pub(super) fn end_session(request: Option<(EndSession, String)>) -> JsValue {
    let mut members = Object::default();
    if let Some((request, state)) = request {
        members.set_text("state", &state);
        let url = match request {
            EndSession::Url(url) => url,
            EndSession::Form(url, form) => {
                members.set("form", form.into());
                url
            }
        };
        members.set_text("url", &url);
    }
    object(members)
}

/// A time as a member `at`, if there is one.
pub(super) fn time(at: Option<Timestamp>) -> JsValue {
    let mut members = Object::default();
    if let Some(at) = at {
        members.set("at", at.seconds().into());
    }
    object(members)
}

/// An error, which the face turns into `OidcError`.
pub(super) fn error(error: &Error) -> JsValue {
    let mut members = Object::default();
    members.set_text("code", error.code().as_str());
    members.set_text("type", error.code().error_type().as_str());
    members.set_text("message", error.code().message());
    members.set("retryable", error.retryable().into());
    if let Some(status) = error.status() {
        members.set("status", i64::from(status).into());
    }
    let server = error.server();
    for (name, value) in [
        ("phase", error.phase().map(Phase::as_str)),
        ("error", server.map(|server| server.error.as_str())),
        ("errorDescription", server.and_then(|server| server.description.as_deref())),
        ("errorUri", server.and_then(|server| server.uri.as_deref())),
        ("raw", error.raw().map(Secret::expose)),
    ] {
        if let Some(value) = value {
            members.set_text(name, value);
        }
    }
    let mut details = Object::default();
    for (name, value) in error.details() {
        details.set_text(name, value);
    }
    members.set("details", details.into());
    object(members)
}
