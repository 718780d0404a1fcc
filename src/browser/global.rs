//! Features of the global object, whatever it is here, and plain objects.

use js_sys::{JSON, Reflect};
use wasm_bindgen::JsValue;

/// A property of the global object; `None` when it is missing or reading it throws (a sandboxed frame does that).
pub(super) fn feature(name: &str) -> Option<JsValue> {
    property(&js_sys::global(), name)
}

/// A property of an object.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// A value from JSON text of our own. One import serves where setting members would need one for each kind.
pub(super) fn json(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_default()
}
