//! `fetch`, with the settings that every protocol call needs and a bound on what is read.

use crate::browser::JsHooks;
use crate::browser::global::{feature, json, property};
use crate::error::{Error, ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse, RESPONSE_HEADERS};
use crate::json::{Json, Object};
use crate::platform::Http;
use crate::text::concat;
use js_sys::{ArrayBuffer, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, Request, RequestInit, Response};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn global_fetch(request: &Request) -> Promise;

    type ReadResult;
    #[wasm_bindgen(method, getter)]
    fn done(this: &ReadResult) -> bool;
    #[wasm_bindgen(method, getter)]
    fn value(this: &ReadResult) -> JsValue;
}

/// The browser's network, or what the function `fetch` of these makes of it.
#[derive(Debug)]
pub struct FetchHttp(pub JsHooks);

/// Ends the request when its future is dropped before the answer was read to its end.
struct AbortOnDrop(AbortController);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Http for FetchHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let controller = AbortOnDrop(AbortController::new().map_err(unsupported)?);
        let js_request = build(&request, &controller.0).map_err(unsupported)?;
        let answer = match property(&self.0.0, "fetch") {
            None => global_fetch(&js_request),
            Some(own) => {
                let own: Function = own.unchecked_into();
                Promise::resolve(&own.call1(&JsValue::UNDEFINED, &js_request).map_err(no_answer)?)
            }
        };
        let response = JsFuture::from(answer).await.map_err(no_answer)?;
        // By its looks: frames, libraries and test environments have classes of their own.
        property(&response, "status").ok_or_else(not_a_response)?;
        let response: Response = response.unchecked_into();
        let status = response.status();
        // A page sees a redirect as an opaque response of status 0; Node shows it as it is.
        if status == 0 || (300..400).contains(&status) {
            return Err(Error::new(ErrorCode::RedirectRefused).with("url", &request.url));
        }
        let mut headers = Object::default();
        for name in RESPONSE_HEADERS {
            if let Ok(Some(value)) = response.headers().get(name) {
                headers.set_text(name, &value);
            }
        }
        let body = read(&response, request.max_bytes).await?;
        Ok(HttpResponse { status, headers, body })
    }
}

/// No cache, no referrer, no redirect. `mode` says that there are no shortcuts: without CORS no answer.
const INIT: &str = r#","mode":"cors","cache":"no-store","redirect":"manual","referrerPolicy":"no-referrer"}"#;

fn build(request: &HttpRequest, controller: &AbortController) -> std::result::Result<Request, JsValue> {
    let mut headers = request.headers.clone();
    headers.set_text("accept", request.accept);
    if let Some(authorization) = &request.authorization {
        headers.set_text("authorization", authorization.expose());
    }
    let mut init = Object::default();
    init.set_text("method", request.method.as_str());
    if let Some((media_type, body)) = &request.body {
        headers.set_text("content-type", media_type);
        init.set_text("body", body.expose());
    }
    // A certificate counts as a credential like any cookie (Fetch standard, section 2.2.5).
    init.set_text("credentials", if request.credentials { "include" } else { "omit" });
    init.set("headers", headers.into());
    let text = Json::from(init).to_text();
    let init: RequestInit = json(&concat(&[text.strip_suffix('}').unwrap_or_default(), INIT])).unchecked_into();
    init.set_signal(Some(&controller.signal()));
    Request::new_with_str_and_init(&request.url, &init)
}

/// Reads at most `max_bytes`, counted after decompression; what `Content-Length` says does not matter.
async fn read(response: &Response, max_bytes: usize) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let Some(stream) = response.body() else { return Ok(body) };
    let reader = ReadableStreamDefaultReader::new(&stream).map_err(no_answer)?;
    loop {
        let result: ReadResult = JsFuture::from(reader.read()).await.map_err(no_answer)?.unchecked_into();
        if result.done() {
            return Ok(body);
        }
        let chunk = result.value();
        if !ArrayBuffer::is_view(&chunk) {
            return Err(not_a_response());
        }
        let chunk: Uint8Array = chunk.unchecked_into();
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if body.len().saturating_add(length) > max_bytes {
            return Err(ErrorCode::ResponseTooLarge.into());
        }
        body.extend_from_slice(&chunk.to_vec());
    }
}

/// The browser does not tell why; saying more would let pages explore networks. It knows when it has none.
fn no_answer(_: JsValue) -> Error {
    let is_offline = feature("navigator").and_then(|navigator| property(&navigator, "onLine")) == Some(JsValue::FALSE);
    if is_offline { ErrorCode::Offline } else { ErrorCode::NetworkError }.into()
}

/// Only an application's own `fetch` can give such a thing.
fn not_a_response() -> Error {
    Error::new(ErrorCode::InvalidArgument).with("option", "fetch").with("reason", "must give a Response with bytes")
}

fn unsupported(_: JsValue) -> Error {
    Error::new(ErrorCode::UnsupportedEnvironment).with("feature", "fetch")
}
