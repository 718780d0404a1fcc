//! The seams of a scripted world: a server that gives the answers of a case, a clock that moves when something is waited
//! for, storage of one tab, and random bytes that are not.

use crate::case::Sent;
use crate::words::Words;
use oidc_wasm::error::{ErrorCode, Result};
use oidc_wasm::http::{HttpRequest, HttpResponse};
use oidc_wasm::platform::{Answer, Clock, Hooks, Http, Locks, Platform, Random, SessionStore, Store, Timer};
use oidc_wasm::time::Timestamp;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

#[cfg(not(target_arch = "wasm32"))]
use crate::rustcrypto::RustCryptoVerifier as LocalVerifier;
#[cfg(target_arch = "wasm32")]
use oidc_wasm::browser::WebCryptoVerifier as LocalVerifier;

/// 2027-01-15T08:00:00Z, in seconds.
pub(crate) const START: i64 = 1_800_000_000;

/// What a request ends with.
#[derive(Clone)]
pub(crate) enum Reply {
    Response(HttpResponse),
    Failure(ErrorCode),
    Silence,
}

/// Everything outside of the core.
pub(crate) struct World {
    pub(crate) words: RefCell<Words>,
    pub(crate) answers: RefCell<VecDeque<Value>>,
    pub(crate) sent: RefCell<Vec<Sent>>,
    pub(crate) slept: RefCell<Vec<u32>>,
    pub(crate) storage_is_broken: Cell<bool>,
    stored: RefCell<HashMap<String, String>>,
    /// Requests whose answer comes in a moment.
    busy: Cell<usize>,
    /// How often everybody who waits was asked.
    turn: Cell<usize>,
}

impl World {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            words: RefCell::new(Words::new(START)),
            answers: RefCell::default(),
            sent: RefCell::default(),
            slept: RefCell::default(),
            storage_is_broken: Cell::new(false),
            stored: RefCell::default(),
            busy: Cell::new(0),
            turn: Cell::new(0),
        })
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.words.borrow_mut().now += seconds;
    }

    /// Everybody who waits is asked once more.
    pub(crate) fn begin_turn(&self) {
        self.turn.set(self.turn.get() + 1);
    }

    fn reply(&self, request: &HttpRequest) -> Reply {
        let Some(answer) = self.answers.borrow_mut().pop_front() else {
            return Reply::Failure(ErrorCode::NetworkError);
        };
        reply(&self.words.borrow().value(&answer), request.max_bytes)
    }
}

/// What the network makes of an answer, as the browser's `fetch` would.
fn reply(answer: &Value, max_bytes: usize) -> Reply {
    let known = ["status", "contentType", "headers", "body", "text", "fault"];
    let unknown = answer.as_object().unwrap().keys().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None, "an answer has no such member");
    match answer["fault"].as_str() {
        Some("network") => return Reply::Failure(ErrorCode::NetworkError),
        Some("silent") => return Reply::Silence,
        None => {}
        Some(other) => panic!("there is no fault {other}"),
    }
    let status = answer["status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap());
    if (300..400).contains(&status) {
        return Reply::Failure(ErrorCode::RedirectRefused);
    }
    let body = match (answer.get("body"), answer["text"].as_str()) {
        (Some(body), None) => body.to_string(),
        (None, text) => text.unwrap_or_default().to_owned(),
        (Some(_), Some(_)) => panic!("an answer has body or text"),
    };
    if body.len() > max_bytes {
        return Reply::Failure(ErrorCode::ResponseTooLarge);
    }
    let content_type = answer["contentType"].as_str().unwrap_or("application/json");
    let content_type = Some(content_type).filter(|content_type| !content_type.is_empty());
    let mut response = HttpResponse::new(status, content_type, body.into_bytes());
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response.headers.set_text(name, value.as_str().unwrap());
    }
    Reply::Response(response)
}

fn sent(request: &HttpRequest) -> Sent {
    let mut headers = Map::new();
    headers.insert("accept".to_owned(), request.accept.into());
    for (name, value) in request.headers.iter() {
        headers.insert(name.to_owned(), value.as_text().into());
    }
    if let Some(authorization) = &request.authorization {
        headers.insert("authorization".to_owned(), authorization.expose().into());
    }
    if let Some((media_type, _)) = &request.body {
        headers.insert("content-type".to_owned(), (*media_type).into());
    }
    Sent {
        method: request.method.as_str().to_owned(),
        url: request.url.clone(),
        headers,
        body: request.body.as_ref().map(|(_, body)| body.expose().to_owned()),
        credentials: request.credentials,
    }
}

/// All seams.
pub(crate) struct TestPlatform {
    seams: Seams,
    verifier: LocalVerifier,
}

pub(crate) struct Seams(Rc<World>);

impl TestPlatform {
    pub(crate) fn new(world: &Rc<World>) -> Rc<Self> {
        Rc::new(Self { seams: Seams(Rc::clone(world)), verifier: LocalVerifier })
    }
}

impl Platform for TestPlatform {
    type Http = Seams;
    type Clock = Seams;
    type Random = Seams;
    type Timer = Seams;
    type Verifier = LocalVerifier;
    type Store = Seams;
    type SessionStore = Seams;
    type Locks = Seams;

    fn http(&self) -> &Seams {
        &self.seams
    }

    fn clock(&self) -> &Seams {
        &self.seams
    }

    fn random(&self) -> &Seams {
        &self.seams
    }

    fn timer(&self) -> &Seams {
        &self.seams
    }

    fn verifier(&self) -> &LocalVerifier {
        &self.verifier
    }

    fn tab_store(&self) -> &Seams {
        &self.seams
    }

    fn session_store(&self) -> &Seams {
        &self.seams
    }

    fn locks(&self) -> &Seams {
        &self.seams
    }
}

impl Http for Seams {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse> {
        let world = &self.0;
        let reply = world.reply(&request);
        world.sent.borrow_mut().push(sent(&request));
        // The answer comes when everybody was asked once more, so that other work can come between.
        world.busy.set(world.busy.get() + 1);
        let turn = world.turn.get();
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if world.turn.get() > turn { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        world.busy.set(world.busy.get() - 1);
        match reply {
            Reply::Response(response) => Ok(response),
            Reply::Failure(code) => Err(code.into()),
            Reply::Silence => pending().await,
        }
    }
}

impl Clock for Seams {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.words.borrow().now)
    }

    /// Only the preferred form (RFC 9110, section 5.6.7), such as `Fri, 15 Jan 2027 08:00:00 GMT`.
    fn parse_http_date(&self, text: &str) -> Option<Timestamp> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let fields: Vec<&str> = text.split_once(", ")?.1.strip_suffix(" GMT")?.split([' ', ':']).collect();
        let [day, month, year, hour, minute, second] = fields.as_slice() else { return None };
        let number = |field: &&str| field.parse::<i64>().ok();
        let month = i64::try_from(MONTHS.iter().position(|known| known == month)?).ok()?;
        // Years begin in March here, so that the day of a leap year is the last.
        let (year, month) = if month < 2 { (number(year)? - 1, month + 10) } else { (number(year)?, month - 2) };
        let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + number(day)? - 1;
        let seconds = (number(hour)? * 60 + number(minute)?) * 60 + number(second)?;
        Some(Timestamp::from_seconds((days - 719_468) * 86_400 + seconds))
    }
}

impl Timer for Seams {
    /// Ends as soon as no answer is on its way; by then it is so much later.
    async fn sleep(&self, milliseconds: u32) {
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if self.0.busy.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!(milliseconds % 1000, 0, "single requests wait for whole seconds");
        self.0.slept.borrow_mut().push(milliseconds / 1000);
        self.0.pass((milliseconds / 1000).into());
    }
}

impl Random for Seams {
    fn seed(&self) -> Result<[u8; 32]> {
        Ok([1; 32])
    }
}

impl Store for Seams {
    fn load(&self, name: &str) -> Result<Option<String>> {
        self.usable()?;
        Ok(self.0.stored.borrow().get(name).cloned())
    }

    fn save(&self, name: &str, text: &str) -> Result<()> {
        self.usable()?;
        self.0.stored.borrow_mut().insert(name.to_owned(), text.to_owned());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.usable()?;
        self.0.stored.borrow_mut().remove(name);
        Ok(())
    }
}

/// Single requests have no session.
impl SessionStore for Seams {
    fn load<'a>(&'a self, name: &'a str) -> Answer<'a> {
        panic!("a single request looked for {name}")
    }

    fn save<'a>(&'a self, name: &'a str, _: &'a str) -> Answer<'a> {
        panic!("a single request saved {name}")
    }

    fn remove<'a>(&'a self, name: &'a str) -> Answer<'a> {
        panic!("a single request removed {name}")
    }
}

impl Locks for Seams {
    fn acquire<'a>(&'a self, name: &'a str, _: u32) -> Answer<'a> {
        panic!("a single request waited for {name}")
    }

    fn release(&self, ticket: &str) {
        panic!("a single request gave {ticket} back")
    }
}

impl Seams {
    fn usable(&self) -> Result<()> {
        if self.0.storage_is_broken.get() { Err(ErrorCode::StorageUnavailable.into()) } else { Ok(()) }
    }
}

/// Functions of the application: each gives its text, or the next of its texts, or throws.
pub(crate) struct TestHooks {
    answers: RefCell<HashMap<String, VecDeque<Value>>>,
    /// Names and arguments, in order.
    pub(crate) calls: RefCell<Vec<(&'static str, String)>>,
}

impl TestHooks {
    pub(crate) fn new(hooks: &Map<String, Value>) -> Self {
        let list = |value: &Value| value.as_array().map_or_else(|| [value.clone()].into(), |list| list.clone().into());
        let answers = hooks.iter().map(|(name, value)| (name.clone(), list(value))).collect();
        Self { answers: RefCell::new(answers), calls: RefCell::default() }
    }
}

impl Hooks for TestHooks {
    fn call<'a>(&'a self, name: &'static str, argument: &'a str) -> Answer<'a> {
        Box::pin(async move {
            let mut answers = self.answers.borrow_mut();
            // What the application did not give is not asked, as in JavaScript.
            let Some(answers) = answers.get_mut(name) else { return Ok(String::new()) };
            self.calls.borrow_mut().push((name, argument.to_owned()));
            match answers.pop_front() {
                Some(Value::String(text)) => Ok(text),
                Some(Value::Null) => Err(ErrorCode::HookFailed.into()),
                other => panic!("the hook {name} was called too often, or gives {other:?}"),
            }
        })
    }
}
