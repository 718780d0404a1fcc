//! Errors as JavaScript gets them: plain objects, which the face turns into `OidcError`.

use crate::error::{Error, Phase};
use crate::json::Object;
use crate::wasm::dto::to_js;
use wasm_bindgen::JsValue;

impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let mut object = Object::default();
        object.set_text("code", error.code().as_str());
        object.set_text("type", error.code().error_type().as_str());
        object.set_text("message", error.code().message());
        object.set("retryable", error.retryable().into());
        if let Some(status) = error.status() {
            object.set("status", i64::from(status).into());
        }
        let server = error.server();
        for (name, text) in [
            ("phase", error.phase().map(Phase::as_str)),
            ("error", server.map(|server| server.error.as_str())),
            ("errorDescription", server.and_then(|server| server.description.as_deref())),
            ("errorUri", server.and_then(|server| server.uri.as_deref())),
        ] {
            if let Some(text) = text {
                object.set_text(name, text);
            }
        }
        let mut details = Object::default();
        for (name, value) in error.details() {
            details.set_text(name, value);
        }
        object.set("details", details.into());
        to_js(object)
    }
}
