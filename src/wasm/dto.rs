//! JSON text in and out.

use crate::client::{PreparedLogin, Session};
use crate::error::{Error, ErrorCode, Phase, Result};
use crate::json::{Json, Object};
use crate::protocol::logout::EndSession;
use wasm_bindgen::JsValue;

/// Options, as `JSON.stringify` wrote them.
pub(super) fn options(text: &str) -> Result<Object> {
    Json::parse_object(text.as_bytes())
        .map_err(|_| Error::new(ErrorCode::InvalidArgument).with("reason", "options must be a plain object"))
}

/// An object as text.
pub(super) fn text(object: Object) -> String {
    Json::from(object).to_text()
}

/// A session without its tokens; an empty text for none.
pub(super) fn session(session: Option<Session>) -> String {
    session.map_or_else(String::new, |session| text(session.public()))
}

pub(super) fn prepared_login(prepared: &PreparedLogin) -> String {
    let mut object = Object::default();
    object.set_text("url", &prepared.url);
    object.set_text("state", &prepared.state);
    text(object)
}

pub(super) fn access_token(session: &Session) -> String {
    let mut object = Object::default();
    object.set_text("token", session.access_token().expose());
    object.set_text("type", "Bearer");
    object.set_text("scope", session.scope());
    if let Some(at) = session.expires_at() {
        object.set("expiresAt", at.seconds().into());
    }
    text(object)
}

pub(super) fn end_session(request: Option<EndSession>) -> String {
    let mut object = Object::default();
    match request {
        None => {}
        Some(EndSession::Url(url)) => object.set_text("url", &url),
        Some(EndSession::Form(url, form)) => {
            object.set_text("url", &url);
            object.set("form", form.into());
        }
    }
    text(object)
}

/// An error, which the face turns into `OidcError`.
pub(super) fn error(error: &Error) -> JsValue {
    let mut object = Object::default();
    object.set_text("code", error.code().as_str());
    object.set_text("type", error.code().error_type().as_str());
    object.set_text("message", error.code().message());
    object.set("retryable", error.retryable().into());
    if let Some(status) = error.status() {
        object.set("status", i64::from(status).into());
    }
    let server = error.server();
    for (name, value) in [
        ("phase", error.phase().map(Phase::as_str)),
        ("error", server.map(|server| server.error.as_str())),
        ("errorDescription", server.and_then(|server| server.description.as_deref())),
        ("errorUri", server.and_then(|server| server.uri.as_deref())),
    ] {
        if let Some(value) = value {
            object.set_text(name, value);
        }
    }
    let mut details = Object::default();
    for (name, value) in error.details() {
        details.set_text(name, value);
    }
    object.set("details", details.into());
    JsValue::from_str(&text(object))
}
