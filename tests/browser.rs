//! The seams in a real browser. What `fetch`, timers and storage are asked for is seen by standing in for them.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

use js_sys::{Array, Function, Reflect, eval};
use oidc_wasm::browser::{FetchHttp, JsHooks, SystemClock, SystemRandom, SystemTimer, TabStore};
use oidc_wasm::error::ErrorCode;
use oidc_wasm::http::{HttpRequest, HttpResponse, Method, media_type};
use oidc_wasm::platform::{Clock as _, Http as _, Locks as _, Random as _, SessionStore, Store as _, Timer as _};
use oidc_wasm::secret::Secret;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn run(script: &str) -> JsValue {
    eval(script).unwrap()
}

fn text(script: &str) -> String {
    run(script).as_string().unwrap()
}

/// Runs `during`, and `after` when it is dropped, also by a failed test: the page is shared.
struct Until(&'static str);

impl Until {
    fn new(during: &str, after: &'static str) -> Self {
        run(during);
        Self(after)
    }
}

impl Drop for Until {
    fn drop(&mut self) {
        let _ = eval(self.0);
    }
}

fn stand_in_for_fetch(response: &str) -> Until {
    let during = format!(
        "globalThis.realFetch = fetch; globalThis.asked = []; globalThis.pulls = 0;
         globalThis.fetch = async (request) => {{ asked.push(request); {response} }};"
    );
    Until::new(&during, "globalThis.fetch = realFetch")
}

fn get(url: &str, max_bytes: usize) -> HttpRequest {
    HttpRequest::new(Method::Get, url, media_type::JSON, max_bytes)
}

async fn send(request: HttpRequest) -> Result<HttpResponse, ErrorCode> {
    FetchHttp(JsHooks(JsValue::UNDEFINED)).send(request).await.map_err(|error| error.code())
}

/// Begins some work and gives it up.
async fn poll_once(work: impl Future) {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _ = work.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

#[wasm_bindgen_test]
async fn fetch_reads_an_answer_to_its_end() {
    let response = send(get("data:application/json;charset=utf-8,{%22a%22:1}", 100).clone()).await.unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, &br#"{"a":1}"#[..]));
    assert!(response.is(media_type::JSON));

    let blob = text("URL.createObjectURL(new Blob([new Uint8Array(100000)], { type: 'application/json' }))");
    assert_eq!(send(get(&blob, 100_000)).await.unwrap().body.len(), 100_000);
    run(&format!("URL.revokeObjectURL({blob:?})"));
    assert_eq!(send(get(&blob, 100_000)).await.unwrap_err(), ErrorCode::NetworkError);
}

#[wasm_bindgen_test]
async fn rx_01_no_more_is_read_than_was_asked_for() {
    assert_eq!(send(get("data:application/json,1234567890", 9)).await.unwrap_err(), ErrorCode::ResponseTooLarge);
    assert_eq!(send(get("data:application/json,1234567890", 10)).await.unwrap().body.len(), 10);

    let endless =
        "return new Response(new ReadableStream({ pull(c) { pulls += 1; c.enqueue(new Uint8Array(1000)); } }))";
    let _fetch = stand_in_for_fetch(endless);
    assert_eq!(send(get("https://op.example/", 10_000)).await.unwrap_err(), ErrorCode::ResponseTooLarge);
    let pulls = run("pulls").as_f64().unwrap();
    assert!(pulls < 15.0, "{pulls} chunks were read");
}

#[wasm_bindgen_test]
async fn an_answer_without_a_body_is_empty() {
    let _fetch = stand_in_for_fetch("return new Response(null, { status: 204 })");
    let response = send(get("https://op.example/", 10)).await.unwrap();
    assert_eq!((response.status, response.headers.iter().count(), response.body.len()), (204, 0, 0));
}

#[wasm_bindgen_test]
async fn tr_03_a_redirect_is_refused() {
    for response in
        ["return Response.redirect('https://evil.example/', 307)", "return new Response(null, { status: 304 })"]
    {
        let _fetch = stand_in_for_fetch(response);
        assert_eq!(send(get("https://op.example/", 10)).await.unwrap_err(), ErrorCode::RedirectRefused, "{response}");
    }
}

#[wasm_bindgen_test]
async fn tr_03_every_request_is_made_with_the_safe_settings() {
    let _fetch = stand_in_for_fetch("return new Response('{}')");
    let mut request = HttpRequest::post_form("https://op.example/token", Secret::new("code=C&x=y".into()), 10);
    request.authorization = Some(Secret::new("Bearer T".into()));
    send(request).await.unwrap();
    send(get("https://op.example/jwks", 10)).await.unwrap();
    let settings = "asked.map((r) => [r.method, r.url, r.mode, r.credentials, r.cache, r.redirect, r.referrerPolicy,
        r.headers.get('authorization'), r.headers.get('content-type'), r.headers.get('accept')].join(' ')).join('\\n')";
    assert_eq!(
        text(settings),
        "POST https://op.example/token cors omit no-store manual no-referrer Bearer T application/x-www-form-urlencoded \
         application/json\n\
         GET https://op.example/jwks cors omit no-store manual no-referrer   application/json"
    );
    let body = run("asked[0].text()").unchecked_into::<js_sys::Promise>();
    let body = wasm_bindgen_futures::JsFuture::from(body).await.unwrap();
    assert_eq!(body.as_string().as_deref(), Some("code=C&x=y"));
}

#[wasm_bindgen_test]
async fn rx_03_a_request_that_nobody_waits_for_is_aborted() {
    let _fetch = stand_in_for_fetch("return new Promise(() => {})");
    poll_once(FetchHttp(JsHooks(JsValue::UNDEFINED)).send(get("https://op.example/", 10))).await;
    assert!(run("asked[0].signal.aborted").is_truthy());
}

#[wasm_bindgen_test]
async fn a_failed_request_is_a_network_error() {
    let _fetch = stand_in_for_fetch("throw new TypeError('Failed to fetch')");
    assert_eq!(send(get("https://op.example/", 10)).await.unwrap_err(), ErrorCode::NetworkError);
    let broken = "return new Response(new ReadableStream({ pull(c) { c.error(new TypeError('lost')) } }))";
    let _fetch = stand_in_for_fetch(broken);
    assert_eq!(send(get("https://op.example/", 10)).await.unwrap_err(), ErrorCode::NetworkError);
}

#[wasm_bindgen_test]
async fn a_timer_waits_as_long_as_it_is_told_and_stops_when_dropped() {
    let _timers = Until::new(
        "globalThis.realSet = setTimeout; globalThis.realClear = clearTimeout; globalThis.timers = [];
         globalThis.setTimeout = (run, wait) => { timers.push(wait); if (wait < 9000) realSet(run, 0); return wait; };
         globalThis.clearTimeout = (id) => timers.push(-id);",
        "globalThis.setTimeout = realSet; globalThis.clearTimeout = realClear",
    );
    SystemTimer.sleep(1000).await;
    poll_once(SystemTimer.sleep(10_000)).await;
    let timers: Vec<f64> = Array::from(&run("timers")).iter().filter_map(|value| value.as_f64()).collect();
    assert_eq!(timers, [1000.0, -1000.0, 10_000.0, -10_000.0]);
}

#[wasm_bindgen_test]
fn the_clock_is_the_systems() {
    let seconds = run("Math.floor(Date.now() / 1000)").as_f64().unwrap() as i64;
    assert!([seconds, seconds.saturating_add(1)].contains(&SystemClock.now().seconds()));
}

#[wasm_bindgen_test]
fn ar_03_random_bytes_are_fresh_and_have_no_second_best_source() {
    let (one, two) = (SystemRandom.seed().unwrap(), SystemRandom.seed().unwrap());
    assert_ne!(one, two);
    let broken = "globalThis.realRandom = Crypto.prototype.getRandomValues;
        Crypto.prototype.getRandomValues = () => { throw new Error('no entropy') }";
    let _random = Until::new(broken, "Crypto.prototype.getRandomValues = realRandom");
    assert_eq!(SystemRandom.seed().map_err(|error| error.code()), Err(ErrorCode::UnsupportedEnvironment));
}

const FULL: &str = "globalThis.realSetItem = Storage.prototype.setItem;
    Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }";
const NOT_FULL: &str = "Storage.prototype.setItem = realSetItem";
/// As in a sandboxed frame.
const BLOCKED: &str = "globalThis.ownStorage = Object.getOwnPropertyDescriptor(globalThis, 'sessionStorage');
    Object.defineProperty(globalThis, 'sessionStorage',
        { configurable: true, get() { throw new DOMException('blocked', 'SecurityError') } })";
const NOT_BLOCKED: &str = "Object.defineProperty(globalThis, 'sessionStorage', ownStorage)";

fn in_tab(name: &str) -> Option<String> {
    let storage = Reflect::get(&js_sys::global(), &"sessionStorage".into()).unwrap();
    let get_item: Function = Reflect::get(&storage, &"getItem".into()).unwrap().unchecked_into();
    get_item.call1(&storage, &name.into()).unwrap().as_string()
}

#[wasm_bindgen_test]
fn texts_of_a_tab_are_kept_in_session_storage() {
    run("sessionStorage.clear()");
    assert_eq!(TabStore.load("test.tab"), Ok(None));
    assert_eq!(TabStore.save("test.tab", "one \u{1f600}"), Ok(()));
    assert_eq!(TabStore.save("test.tab", "two"), Ok(()));
    assert_eq!((TabStore.load("test.tab"), in_tab("test.tab")), (Ok(Some("two".into())), Some("two".into())));
    assert_eq!(TabStore.remove("test.tab"), Ok(()));
    assert_eq!(TabStore.remove("test.tab"), Ok(()));
    assert_eq!((TabStore.load("test.tab"), in_tab("test.tab")), (Ok(None), None));
}

#[wasm_bindgen_test]
fn st_04_a_full_or_blocked_storage_of_a_tab_is_an_error() {
    run("sessionStorage.clear()");
    let unavailable = Err(ErrorCode::StorageUnavailable);
    {
        let _full = Until::new(FULL, NOT_FULL);
        assert_eq!(TabStore.save("test.full", "x").map_err(|error| error.code()), unavailable);
    }
    assert_eq!(TabStore.load("test.full"), Ok(None));
    let _blocked = Until::new(BLOCKED, NOT_BLOCKED);
    assert_eq!(TabStore.load("test.x").map_err(|error| error.code()).map(drop), unavailable);
    assert_eq!(TabStore.save("test.x", "y").map_err(|error| error.code()), unavailable);
    assert_eq!(TabStore.remove("test.x").map_err(|error| error.code()), unavailable);
}

fn seams(functions: &str) -> JsHooks {
    run("globalThis.called = []");
    JsHooks(run(&format!("({functions})")))
}

fn called() -> String {
    text(r"called.map((call) => call.join(' ')).join('\n')")
}

#[wasm_bindgen_test]
async fn session_store_and_locks_are_functions_of_the_page_that_may_take_their_time() {
    let seams = seams(
        "{ load: (...of) => { called.push(['load', ...of]); return 'text'; },
           save: async (...of) => { await null; called.push(['save', ...of]); },
           remove: (...of) => { called.push(['remove', ...of]); return null; },
           lock: async (...of) => { called.push(['lock', ...of]); return 'ticket'; },
           unlock: (...of) => { called.push(['unlock', ...of]); } }",
    );
    assert_eq!(SessionStore::load(&seams, "name").await.as_deref(), Ok("text"));
    assert_eq!(SessionStore::save(&seams, "name", "a\nb").await.as_deref(), Ok(""));
    assert_eq!(SessionStore::remove(&seams, "name").await.as_deref(), Ok(""));
    assert_eq!(seams.acquire("name", 22_000).await.as_deref(), Ok("ticket"));
    seams.release("ticket");
    assert_eq!(called(), "load name \nsave name a\nb\nremove name \nlock name 22000\nunlock ticket ");
}

#[wasm_bindgen_test]
async fn st_04_a_store_that_throws_or_rejects_is_an_error() {
    for function in ["() => { throw new DOMException('', 'SecurityError') }", "async () => { throw 1 }"] {
        let seams = seams(&format!("{{ load: {function}, save: {function}, remove: {function}, lock: {function} }}"));
        for outcome in [
            SessionStore::load(&seams, "name").await,
            SessionStore::save(&seams, "name", "text").await,
            SessionStore::remove(&seams, "name").await,
            seams.acquire("name", 1).await,
        ] {
            assert_eq!(outcome.map_err(|error| error.code()), Err(ErrorCode::HookFailed), "{function}");
        }
    }
}

#[wasm_bindgen_test]
async fn tm_10_no_answer_without_a_network_is_offline() {
    let _fetch = stand_in_for_fetch("throw new TypeError('Failed to fetch')");
    let _offline = Until::new(
        "Object.defineProperty(navigator, 'onLine', { configurable: true, get: () => false })",
        "delete navigator.onLine",
    );
    assert_eq!(send(get("https://op.example/", 10)).await.unwrap_err(), ErrorCode::Offline);
}
