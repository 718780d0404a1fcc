//! Functions that JavaScript gives: an application's along with a request, and the face's session store and locks.

use crate::browser::global::property;
use crate::error::ErrorCode;
use crate::platform::{Answer, Hooks, Locks, SessionStore};
use crate::text::decimal;
use js_sys::{Function, Promise};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// An object with functions, or nothing.
#[derive(Debug)]
pub struct JsHooks(pub JsValue);

/// The functions `load`, `save`, `remove`, `lock` and `unlock`.
pub type Seams = JsHooks;

impl JsHooks {
    /// Calls one of them now; what it gives may come later.
    fn invoke<'a>(&self, name: &str, argument: &str, further: &str) -> Answer<'a> {
        let called = property(&self.0, name).map(|hook| {
            let hook: Function = hook.unchecked_into();
            hook.call2(&self.0, &JsValue::from_str(argument), &JsValue::from_str(further))
        });
        Box::pin(async move {
            let Some(answer) = called else { return Ok(String::new()) };
            let answer = answer.map_err(|_| ErrorCode::HookFailed)?;
            let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(|_| ErrorCode::HookFailed)?;
            Ok(answer.as_string().unwrap_or_default())
        })
    }
}

impl Hooks for JsHooks {
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> Answer<'a> {
        self.invoke(name, argument, "")
    }
}

impl SessionStore for JsHooks {
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a> {
        self.invoke("load", name, "")
    }

    fn save<'a>(&'a self, name: &'a str, text: &'a str) -> Answer<'a> {
        self.invoke("save", name, text)
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a> {
        self.invoke("remove", name, "")
    }
}

impl Locks for JsHooks {
    fn acquire<'a>(&'a self, name: &'a str, milliseconds: u32) -> Answer<'a> {
        self.invoke("lock", name, &decimal(milliseconds.into()))
    }

    fn release(&self, ticket: &str) {
        drop(self.invoke("unlock", ticket, ""));
    }
}
