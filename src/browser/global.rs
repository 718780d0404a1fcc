//! Features of the global object, whatever it is here.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

/// A property of the global object; `None` when it is missing or reading it throws (a sandboxed frame does that).
pub(super) fn feature<T: JsCast>(name: &str) -> Option<T> {
    property(&js_sys::global(), name)
}

/// A property of an object, taken at its word.
pub(super) fn property<T: JsCast>(object: &JsValue, name: &str) -> Option<T> {
    let value = Reflect::get(object, &JsValue::from_str(name)).ok()?;
    (!value.is_undefined() && !value.is_null()).then(|| value.unchecked_into())
}
