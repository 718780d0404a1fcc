//! Work as promises. An `AbortSignal` ends work by dropping it.

use crate::client::race::{Either, race};
use crate::error::{ErrorCode, Result};
use crate::wasm::dto;
use js_sys::{Function, Promise};
use std::cell::RefCell;
use std::future::Future;
use std::pin::{Pin, pin};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::AbortSignal;

type Work = Pin<Box<dyn Future<Output = Result<JsValue>>>>;

struct Listener {
    signal: AbortSignal,
    callback: Function,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.signal.remove_event_listener_with_callback("abort", &self.callback);
    }
}

/// Runs the work until it is done or the signal fires. It comes boxed, so that this is compiled once.
pub(super) fn promise(signal: Option<AbortSignal>, work: Work) -> Promise {
    future_to_promise(async move { abortable(signal, work).await.map_err(|error| dto::error(&error)) })
}

async fn abortable(signal: Option<AbortSignal>, mut work: Work) -> Result<JsValue> {
    let Some(signal) = signal else { return work.await };
    if signal.aborted() {
        return Err(ErrorCode::Aborted.into());
    }
    let listener = RefCell::new(None);
    let fired = Promise::new(&mut |resolve, _| {
        let _ = signal.add_event_listener_with_callback("abort", &resolve);
        *listener.borrow_mut() = Some(Listener { signal: signal.clone(), callback: resolve });
    });
    match race(work.as_mut(), pin!(JsFuture::from(fired))).await {
        Either::Left(result) => result,
        Either::Right(_) => Err(ErrorCode::Aborted.into()),
    }
}
