//! Runs flow scripts.

use crate::keys::Keys;
use crate::platform::{START, TestPlatform, World};
use crate::provider::{CLIENT_ID, ISSUER, Provider, REDIRECT_URI, parameters};
use crate::script::{Action, Flow, Step, honest_callback};
use oidc_wasm::client::{Client, Config, Session, SignInOptions, SignOutOptions};
use oidc_wasm::error::{Error, ErrorCode, Phase};
use oidc_wasm::json::{Json, Object};
use oidc_wasm::protocol::logout::EndSession;
use oidc_wasm::secret::Secret;
use serde_json::{Map, Value, json};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

/// What something else may leave in storage: it reads well and means nothing.
const NONSENSE: &str = r#"{"logins":[{"state":1}],"processed":7,"at":-1,"document":{"issuer":[],"keys":{}}}"#;

thread_local! {
    static KEYS: Rc<Keys> = Rc::new(Keys::load());
}

/// Runs every flow of a file, those that have to fail also with somebody signed in before. Panics with a list of what
/// went wrong; otherwise gives the number of runs.
pub(crate) async fn run_all(file: &str) -> usize {
    let flows: Vec<Flow> = serde_json::from_str(file).unwrap();
    let mut runs = 0;
    let mut problems = Vec::new();
    for flow in &flows {
        for signed_in_before in [false, true] {
            if signed_in_before && !can_follow_a_session(flow) {
                continue;
            }
            runs += 1;
            if let Err(problem) = run(flow, signed_in_before).await {
                let note = if signed_in_before { " (signed in before)" } else { "" };
                problems.push(format!("{}{note}: {problem}", flow.id));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {runs} runs failed:\n{}", problems.len(), problems.join("\n"));
    runs
}

/// Whether the flow has to fail while signing in: whoever was signed in before then has to stay so. A callback that was
/// used before is no failure then.
fn can_follow_a_session(flow: &Flow) -> bool {
    let last = flow.steps.last().and_then(action_of);
    !["session", "nobody", "callback_already_processed"].contains(&flow.expect.as_str())
        && matches!(last, Some(Action::Preload | Action::SignIn | Action::Callback))
}

fn action_of(step: &Step) -> Option<Action> {
    match step {
        Step::Do(action) => Some(*action),
        Step::Check(check) => Some(check.action),
        Step::Wait(_) | Step::Change(_) => None,
    }
}

/// One run of one flow.
async fn run(flow: &Flow, signed_in_before: bool) -> Result<(), String> {
    let page = Page::with_options(&flow.options);
    if signed_in_before {
        page.sign_in_before().await?;
    }
    page.world.provider.borrow_mut().behaviour = flow.provider.clone();
    page.world.client_clock_ahead.set(flow.client_clock_ahead);
    let mut run = Run { page, flow, end_session: None };
    let result = run.steps().await;
    run.page.world.storage_is_broken.set(false);
    result
}

fn client(world: &Rc<World>, options: &Map<String, Value>) -> Client<TestPlatform> {
    let usual = json!({
        "authority": ISSUER, "clientId": CLIENT_ID, "redirectUri": REDIRECT_URI, "scope": "openid profile",
    });
    let usual = usual.as_object().cloned().unwrap();
    let config = Config::parse(&object(world.provider.borrow().members(START, usual, options))).unwrap();
    Client::new(config, TestPlatform::new(world))
}

fn object(members: Map<String, Value>) -> Object {
    Json::parse_object(Value::Object(members).to_string().as_bytes()).unwrap()
}

/// The application's page.
pub(crate) struct Page {
    world: Rc<World>,
    pub(crate) client: Client<TestPlatform>,
}

impl Page {
    /// A page on a world of its own; options as JSON, over the usual ones.
    pub(crate) fn open(options: &str) -> Self {
        Self::with_options(&serde_json::from_str(options).unwrap())
    }

    fn with_options(options: &Map<String, Value>) -> Self {
        let world = World::new(Provider::new(KEYS.with(Rc::clone)));
        let client = client(&world, options);
        client.clear_session().unwrap();
        Self { world, client }
    }

    /// From now on the provider behaves as this script says.
    pub(crate) fn behave(&self, script: &str) {
        self.world.provider.borrow_mut().behaviour = serde_json::from_str(script).unwrap();
    }

    /// What reached the provider since the last look.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world.provider.borrow_mut().requests)
    }

    /// A sign-in up to the callback URL.
    pub(crate) async fn begin(&self) -> String {
        let prepared = self.client.start(SignInOptions::default()).await.unwrap();
        self.world.provider.borrow_mut().visit(&prepared.url).unwrap();
        self.world.provider.borrow().text(&honest_callback())
    }

    /// A whole sign-in.
    pub(crate) async fn sign_in(&self) -> Result<Session, Error> {
        let url = self.begin().await;
        self.client.finish(&url).await
    }

    /// Signs somebody in while everything is honest, in another tab: nothing is cached here. (ES256 is the quickest.)
    async fn sign_in_before(&self) -> Result<(), String> {
        let options = Map::from_iter([("idTokenSignedResponseAlg".to_owned(), "ES256".into())]);
        let other = Self { world: Rc::clone(&self.world), client: client(&self.world, &options) };
        other.behave(r#"{"idToken":{"key":"ec-1"}}"#);
        other.sign_in().await.map_err(|error| format!("the sign-in before: {error:?}"))?;
        self.world.tab.clear();
        self.world.provider.borrow_mut().forget_logins();
        self.requests();
        Ok(())
    }
}

/// A flow on its page.
struct Run<'a> {
    page: Page,
    flow: &'a Flow,
    end_session: Option<EndSession>,
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), String> {
        let mut last = None;
        for (number, step) in self.flow.steps.iter().enumerate() {
            let asked_before = self.page.world.provider.borrow().requests.len();
            let (action, callback) = match step {
                Step::Wait(step) => {
                    self.page.world.now.set(self.page.world.now.get() + step.wait);
                    continue;
                }
                Step::Change(step) => {
                    self.page.world.provider.borrow_mut().behaviour = (*step.change).clone();
                    continue;
                }
                Step::Do(action) => (*action, None),
                Step::Check(check) => (check.action, check.callback.as_deref()),
            };
            let outcome = self.act(action, callback).await?;
            let is_last = number + 1 == self.flow.steps.len();
            let expected = match step {
                Step::Check(check) => Some(check.expect.as_str()),
                _ if is_last => Some(self.flow.expect.as_str()),
                _ => None,
            };
            let actual = self.name_of(&outcome);
            match (expected, &outcome) {
                (Some(expected), _) if actual != expected => {
                    return Err(format!("step {number}: expected {expected}, got {actual} {outcome:?}"));
                }
                (None, Err(error)) => return Err(format!("step {number}: {error:?}")),
                _ => {}
            }
            if let Step::Check(check) = step
                && let Some(expected) = &check.requests
            {
                self.compare_requests("requests of that step", expected, asked_before)?;
            }
            last = Some(outcome);
        }
        if let Some(Err(error)) = &last {
            if self.flow.phase.is_some() {
                same("phase", &self.flow.phase.as_deref(), &error.phase().map(Phase::as_str))?;
            }
            if self.flow.error.is_some() {
                same("error", &self.flow.error, &error.server().map(|server| server.error.clone()))?;
            }
        }
        self.compare_requests("requests", &self.flow.requests, 0)?;
        self.compare_session()?;
        self.compare_end_session()
    }

    /// Does it, and checks what holds whatever happens: a failure changes no session and gives no secret away.
    async fn act(&mut self, action: Action, callback: Option<&str>) -> Result<Result<(), Error>, String> {
        let before = snapshot(&self.page.client);
        let outcome = self.perform(action, callback).await?;
        let Err(error) = &outcome else { return Ok(outcome) };
        if !matches!(action, Action::SignOut | Action::SignOutHere) {
            same("session after a failure", &before, &snapshot(&self.page.client))?;
        }
        let answer = error.raw().map(Secret::expose);
        let told = format!("{error} {error:?} {:?} {answer:?}", error.details());
        match self
            .page
            .world
            .provider
            .borrow()
            .secrets
            .iter()
            .find(|secret| !secret.is_empty() && told.contains(*secret))
        {
            Some(secret) => Err(format!("the error gives {secret} away: {told}")),
            None => Ok(outcome),
        }
    }

    async fn perform(&mut self, action: Action, callback: Option<&str>) -> Result<Result<(), Error>, String> {
        let callback = callback.unwrap_or(&self.flow.callback);
        let callback = self.page.world.provider.borrow().text(callback);
        Ok(match action {
            Action::Preload => self.page.client.preload().await,
            Action::SignIn => {
                let options = self.page.world.provider.borrow().members(START, Map::new(), &self.flow.sign_in);
                let options = SignInOptions::parse(&object(options)).map_err(|error| error.to_string())?;
                match self.page.client.start(options).await {
                    Ok(prepared) => {
                        self.page.world.provider.borrow_mut().visit(&prepared.url)?;
                        Ok(())
                    }
                    Err(error) => Err(error),
                }
            }
            Action::Callback => self.page.client.finish(&callback).await.map(drop),
            Action::CallbackTwice => {
                let (first, second) =
                    both(self.page.client.finish(&callback), self.page.client.finish(&callback)).await;
                let second = second.map_or_else(|error| error.code(), |_| ErrorCode::CallbackAlreadyProcessed);
                same("second outcome", &ErrorCode::CallbackAlreadyProcessed, &second)?;
                first.map(drop)
            }
            Action::Reload => {
                if self.flow.options.get("storage").and_then(Value::as_str) != Some("session") {
                    self.page.client.clear_session().map_err(|error| error.to_string())?;
                }
                self.page.client = client(&self.page.world, &self.flow.options);
                Ok(())
            }
            Action::Restore => self.page.client.restore().map(drop),
            Action::UserInfo => self.page.client.userinfo().await.map(drop),
            Action::AccessToken => self.page.client.session_for(&Object::default()).map(drop),
            Action::SignOut => self.sign_out("{}").await,
            Action::SignOutHere => self.sign_out(r#"{"localOnly":true}"#).await,
            Action::ClearSession => self.page.client.clear_session(),
            Action::GarbleStorage => {
                self.page.world.tab.overwrite_all(NONSENSE);
                Ok(())
            }
            Action::BreakStorage => {
                self.page.world.storage_is_broken.set(true);
                Ok(())
            }
        })
    }

    async fn sign_out(&mut self, options: &str) -> Result<(), Error> {
        let options = SignOutOptions::parse(&Json::parse_object(options.as_bytes())?)?;
        self.end_session = self.page.client.sign_out(options).await?;
        Ok(())
    }

    fn name_of(&self, outcome: &Result<(), Error>) -> &'static str {
        match outcome {
            Err(error) => error.code().as_str(),
            Ok(()) if self.page.client.session().is_some() => "session",
            Ok(()) => "nobody",
        }
    }

    fn compare_requests(&self, what: &str, expected: &[String], from: usize) -> Result<(), String> {
        let provider = self.page.world.provider.borrow();
        let expected: Vec<String> = expected.iter().map(|request| provider.text(request)).collect();
        same(what, expected.as_slice(), &provider.requests[from..])
    }

    fn compare_session(&self) -> Result<(), String> {
        let Some(expected) = &self.flow.session else { return Ok(()) };
        let session = self.page.client.session().ok_or("there is no session to compare")?;
        let actual: Value = serde_json::from_str(&Json::from(session.public()).to_text()).unwrap();
        for (name, expected) in self.page.world.provider.borrow().members(START, Map::new(), expected) {
            let actual = match (&actual[&name], &expected) {
                // Only the claims that are named are compared.
                (Value::Object(claims), Value::Object(named)) => {
                    Value::Object(claims.clone().into_iter().filter(|(claim, _)| named.contains_key(claim)).collect())
                }
                (actual, _) => actual.clone(),
            };
            same(&name, &expected, &actual)?;
        }
        Ok(())
    }

    fn compare_end_session(&self) -> Result<(), String> {
        let Some(expected) = &self.flow.end_session else { return Ok(()) };
        let Some(EndSession::Url(url)) = &self.end_session else {
            return Err(format!("there is no URL to sign out at: {:?}", self.end_session));
        };
        let (endpoint, query) = url.split_once('?').unwrap_or((url, ""));
        let mut actual: Map<String, Value> =
            parameters(query).into_iter().map(|(name, value)| (name, value.into())).collect();
        actual.insert("url".into(), endpoint.into());
        let mut expected = self.page.world.provider.borrow().members(START, Map::new(), expected);
        for (name, value) in &mut expected {
            if *value == "$any" {
                *value = actual.get(name).cloned().unwrap_or_default();
            }
        }
        same("end-session request", &expected, &actual)
    }
}

/// All there is of a session, in one text.
fn snapshot(client: &Client<TestPlatform>) -> Option<String> {
    let session = client.session()?;
    let public = Json::from(session.public()).to_text();
    Some([&public, session.access_token().expose(), session.id_token().expose()].join(" "))
}

fn same<T: PartialEq<U> + std::fmt::Debug + ?Sized, U: std::fmt::Debug + ?Sized>(
    what: &str,
    expected: &T,
    actual: &U,
) -> Result<(), String> {
    if expected == actual { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {actual:?}")) }
}

/// Runs two futures at the same time.
pub(crate) async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut one, mut two) = (None, None);
    poll_fn(|context| {
        if one.is_none()
            && let Poll::Ready(output) = first.as_mut().poll(context)
        {
            one = Some(output);
        }
        if two.is_none()
            && let Poll::Ready(output) = second.as_mut().poll(context)
        {
            two = Some(output);
        }
        if one.is_some() && two.is_some() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    (one.unwrap(), two.unwrap())
}

/// Begins some work and gives it up.
pub(crate) async fn poll_once(work: impl Future) {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _ = work.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}
