//! Functions that an application gives along with a request.

use crate::browser::global::property;
use crate::error::ErrorCode;
use crate::platform::{HookAnswer, Hooks};
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// An object with functions, or nothing.
#[derive(Debug)]
pub struct JsHooks(pub JsValue);

impl Hooks for JsHooks {
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> HookAnswer<'a> {
        Box::pin(async move {
            let Some(hook) = property(&self.0, name) else { return Ok(String::new()) };
            let hook: Function = hook.unchecked_into();
            let answer = hook.call1(&self.0, &JsValue::from_str(argument)).map_err(|_| ErrorCode::HookFailed)?;
            let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(|_| ErrorCode::HookFailed)?;
            Ok(answer.as_string().unwrap_or_default())
        })
    }
}
