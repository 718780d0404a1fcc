//! `setTimeout`.

use crate::platform::Timer;
use js_sys::Promise;
use std::cell::RefCell;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    // A page gives a number, Node an object: both are handed back as they came.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: u32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: &JsValue);
}

/// The browser's timers.
#[derive(Debug)]
pub struct SystemTimer;

struct ClearOnDrop(JsValue);

impl Drop for ClearOnDrop {
    fn drop(&mut self) {
        clear_timeout(&self.0);
    }
}

impl Timer for SystemTimer {
    async fn sleep(&self, milliseconds: u32) {
        let id = RefCell::new(JsValue::UNDEFINED);
        let promise = Promise::new(&mut |resolve, _| {
            *id.borrow_mut() = set_timeout(resolve.unchecked_ref(), milliseconds);
        });
        let _guard = ClearOnDrop(id.into_inner());
        let _ = JsFuture::from(promise).await;
    }
}
