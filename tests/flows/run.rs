//! Runs flow scripts.

use crate::hooks::{Fate, PageHooks};
use crate::keys::Keys;
use crate::platform::{TestPlatform, World, looks_around};
use crate::provider::{CLIENT_ID, ISSUER, REDIRECT_URI, parameters};
use crate::script::{Action, Check, Flow, KeyPlace, Step};
use oidc_wasm::client::{Client, Config, PreparedLogin, Session, SignInOptions, SignOutOptions};
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
            #[cfg(target_arch = "wasm32")]
            if runs % 10 == 0 {
                breathe().await;
            }
            if let Err(problem) = run(flow, signed_in_before).await {
                let note = if signed_in_before { " (signed in before)" } else { "" };
                problems.push(format!("{}{note}: {problem}", flow.id));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {runs} runs failed:\n{}", problems.len(), problems.join("\n"));
    runs
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &js_sys::Function, milliseconds: u32) -> wasm_bindgen::JsValue;
}

/// Lets the browser do something else: the driver gives up a page that is busy for half a minute.
#[cfg(target_arch = "wasm32")]
pub(crate) async fn breathe() {
    let turn = js_sys::Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, 0)));
    wasm_bindgen_futures::JsFuture::from(turn).await.unwrap();
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) async fn breathe() {}

/// The names of the flows of a file.
pub(crate) fn ids(file: &str) -> Vec<String> {
    let flows: Vec<Flow> = serde_json::from_str(file).unwrap();
    flows.into_iter().map(|flow| flow.id).collect()
}

/// Whether the flow has to fail while signing in: whoever was signed in before then has to stay so. A callback that was
/// used before is no failure then.
fn can_follow_a_session(flow: &Flow) -> bool {
    let last = flow.steps.last().and_then(action_of);
    !["session", "nobody", "callback_already_processed"].contains(&flow.expect.as_str())
        && matches!(last, Some(Action::Preload | Action::SignIn | Action::Prepare | Action::Callback))
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
    let page = match Page::with_options(&flow.options) {
        Ok(_) if flow.steps.is_empty() => return Err("the options were taken".to_owned()),
        Ok(page) => page,
        // Nothing can be done with such options.
        Err(error) if flow.steps.is_empty() => {
            same("outcome", &flow.expect.as_str(), &error.code().as_str())?;
            return compare_details(&flow.details, &error);
        }
        Err(error) => return Err(format!("the options: {error:?}")),
    };
    if signed_in_before {
        page.sign_in_before(&flow.options).await?;
    }
    page.world.provider.borrow_mut().behaviour = flow.provider.clone();
    page.world.client_clock_ahead.set(flow.client_clock_ahead);
    page.world.store_is_slow.set(true);
    let world = Rc::clone(&page.world);
    let mut run = Run { page, flow, end_session: None, prepared: String::new(), given: Value::Null };
    let result = run.steps().await;
    world.storage_is_broken.set(false);
    let violations = &world.provider.borrow().violations;
    if !violations.is_empty() {
        return Err(format!("what no honest client sends: {violations:?}; then {result:?}"));
    }
    result
}

fn client(world: &Rc<World>, options: &Map<String, Value>) -> Result<Client<TestPlatform>, Error> {
    let usual = json!({
        "authority": ISSUER, "clientId": CLIENT_ID, "redirectUri": REDIRECT_URI, "scope": "openid profile",
    });
    let usual = usual.as_object().cloned().unwrap();
    let config = Config::parse(&object(world.provider.borrow().members(usual, options)))?;
    Ok(Client::new(config, TestPlatform::new(world)))
}

fn object(members: Map<String, Value>) -> Object {
    Json::parse_object(Value::Object(members).to_string().as_bytes()).unwrap()
}

/// The application's page.
pub(crate) struct Page {
    pub(crate) world: Rc<World>,
    pub(crate) client: Client<TestPlatform>,
    options: Map<String, Value>,
}

impl Page {
    /// A page on a world of its own; options as JSON, over the usual ones.
    pub(crate) fn open(options: &str) -> Self {
        Self::with_options(&serde_json::from_str(options).unwrap()).unwrap()
    }

    fn with_options(options: &Map<String, Value>) -> Result<Self, Error> {
        Self::on(&KEYS.with(World::new), options)
    }

    fn on(world: &Rc<World>, options: &Map<String, Value>) -> Result<Self, Error> {
        Ok(Self { world: Rc::clone(world), client: client(world, options)?, options: options.clone() })
    }

    /// Another page of the same client in the same world.
    pub(crate) fn beside(&self) -> Self {
        Self::on(&self.world, &self.options).unwrap()
    }

    /// From now on the provider behaves as this script says.
    pub(crate) fn behave(&self, script: &str) {
        self.world.provider.borrow_mut().behaviour = serde_json::from_str(script).unwrap();
    }

    /// What reached the provider since the last look.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.world.provider.borrow_mut().requests)
    }

    /// Nothing reached the provider that no honest client sends.
    pub(crate) fn assert_no_violations(&self) {
        assert_eq!(self.world.provider.borrow().violations, Vec::<String>::new());
    }

    fn makes_proofs(&self) -> bool {
        match self.options.get("dpop") {
            Some(dpop) => *dpop != false,
            None => self.options.contains_key("profile"),
        }
    }

    /// The hooks of one call.
    pub(crate) fn hooks(&self) -> PageHooks {
        PageHooks::new(&self.world, &KEYS.with(Rc::clone), None)
    }

    /// The session there is.
    pub(crate) async fn session(&self) -> Option<Session> {
        self.client.session().await
    }

    /// The record as it is stored.
    pub(crate) fn record(&self) -> Map<String, Value> {
        serde_json::from_str(&self.world.session.text("session")).unwrap_or_default()
    }

    /// Changes the record as another tab would; `"$absent"` takes a member away.
    pub(crate) fn change_record(&self, changes: Value) {
        let mut record = self.record();
        for (name, value) in changes.as_object().unwrap() {
            if value == "$absent" {
                record.remove(name);
            } else {
                record.insert(name.clone(), value.clone());
            }
        }
        self.world.session.put("session", &Value::Object(record).to_string());
    }

    /// Name and person of the session there is, as the package tells the core which one it means.
    pub(crate) async fn expected(&self) -> String {
        let session = Json::from(self.session().await.unwrap().public());
        let session: Value = serde_json::from_str(&session.to_text()).unwrap();
        [session["id"].as_str().unwrap(), "\n", session["subject"].as_str().unwrap()].concat()
    }

    /// Signs out with these options.
    pub(crate) async fn sign_out(&self, options: &str) -> Result<Option<(EndSession, String)>, Error> {
        let options = SignOutOptions::parse(&Json::parse_object(options.as_bytes())?)?;
        self.client.sign_out(options, &self.hooks()).await
    }

    /// A sign-in up to the address of the provider, with a key of its own.
    pub(crate) async fn prepare(&self, options: &Map<String, Value>, place: KeyPlace) -> Result<PreparedLogin, Error> {
        let mut options = self.world.provider.borrow().members(Map::new(), options);
        let mut key = None;
        if self.makes_proofs() && place == KeyPlace::Kept {
            let made = self.world.ring.make();
            options.insert("dpopJkt".to_owned(), made.thumbprint.clone().into());
            key = Some(made);
        }
        let hooks = PageHooks::new(&self.world, &KEYS.with(Rc::clone), key);
        self.client.start(SignInOptions::parse(&object(options))?, &hooks).await
    }

    /// A sign-in up to the callback URL.
    pub(crate) async fn begin(&self) -> String {
        let prepared = self.prepare(&Map::new(), KeyPlace::Kept).await.unwrap();
        self.world.provider.borrow_mut().visit(&prepared.url).unwrap();
        let provider = self.world.provider.borrow();
        provider.text(provider.honest_callback())
    }

    /// A whole sign-in.
    pub(crate) async fn sign_in(&self) -> Result<Session, Error> {
        let url = self.begin().await;
        self.client.finish(&url, &self.hooks()).await
    }

    /// Signs somebody in while everything is honest, in another tab: nothing is cached here. (ES256 is the quickest.)
    async fn sign_in_before(&self, options: &Map<String, Value>) -> Result<(), String> {
        let mut options: Map<String, Value> =
            options.iter().filter(|(name, _)| *name == "storage").map(|(n, v)| (n.clone(), v.clone())).collect();
        options.insert("idTokenSignedResponseAlg".to_owned(), "ES256".into());
        options.insert("dpop".to_owned(), self.makes_proofs().into());
        let other = Self::on(&self.world, &options).unwrap();
        other.behave(r#"{"idToken":{"key":"ec-1"}}"#);
        other.sign_in().await.map_err(|error| format!("the sign-in before: {error:?}"))?;
        self.world.tab.clear();
        self.world.provider.borrow_mut().forget_logins();
        self.requests();
        Ok(())
    }

    /// The same with other options.
    pub(crate) fn beside_with(&self, options: &str) -> Self {
        Self::on(&self.world, &serde_json::from_str(options).unwrap()).unwrap()
    }

    /// Waits until such a request has reached the provider.
    pub(crate) async fn until(&self, request: &str) {
        poll_fn(|context| {
            if self.world.provider.borrow().requests.iter().any(|known| known == request) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Renews by force.
    pub(crate) async fn renew(&self) -> Result<Object, Error> {
        self.renew_as("", json!({ "force": true })).await
    }

    /// Renews the session that is meant, with these options.
    pub(crate) async fn renew_as(&self, expected: &str, options: Value) -> Result<Object, Error> {
        self.client.renew(expected, &object(options.as_object().cloned().unwrap()), &self.hooks()).await
    }

    /// Asks for an access token, and renews where that is needed, as the package does.
    async fn access_token(&self, options: &Object) -> Result<Object, Error> {
        let hooks = self.hooks();
        let session = self.client.ready_session("", &hooks).await?;
        match self.client.access_token(&session, options)? {
            Some(token) => Ok(token),
            None => self.client.renew("", options, &hooks).await,
        }
    }

    /// Asks for userinfo, after a renewal where that is needed, as the package does.
    async fn user_info(&self) -> Result<Object, Error> {
        let hooks = self.hooks();
        let ready =
            || async { self.client.ready_session("", &hooks).await.map_err(|error| error.during(Phase::Userinfo)) };
        let answer = self.client.userinfo(ready().await?, &hooks).await?;
        match answer.object("renew").filter(|_| !answer.contains("sub")) {
            None => Ok(answer),
            Some(renewal) => {
                self.client.renew("", renewal, &hooks).await?;
                self.client.userinfo(ready().await?, &hooks).await
            }
        }
    }

    /// Requests an API as the package does: once more where the core says so.
    async fn fetch(&self, url: &str, method: &str) -> Result<Value, Error> {
        let wanted = object(json!({ "url": url, "method": method }).as_object().cloned().unwrap());
        for is_last in [false, true] {
            let hooks = self.hooks();
            let mut access = self.client.authorize(self.client.ready_session("", &hooks).await, &wanted)?;
            if let Some(renewal) = access.object("renew") {
                self.client.renew("", renewal, &hooks).await?;
                access = self.client.authorize(self.client.ready_session("", &hooks).await, &wanted)?;
            }
            let proof = if access.contains("accessToken") {
                let mut subject = wanted.clone();
                for name in ["accessToken", "nonce", "clockOffset"] {
                    if let Some(value) = access.get(name) {
                        subject.set(name, value.clone());
                    }
                }
                Some(hooks.proof(&subject)?)
            } else {
                None
            };
            let authorization = access.str_or_empty("authorization");
            let response = self.world.provider.borrow_mut().api(method, url, authorization, proof.as_deref());
            let mut answer = Object::default();
            answer.set_text("url", url);
            answer.set("status", i64::from(response.status).into());
            for (name, value) in [
                ("challenge", response.headers.str("www-authenticate")),
                ("nonce", response.headers.str("dpop-nonce")),
                ("date", response.headers.str("date")),
                ("sentNonce", access.str("nonce")),
            ] {
                if let Some(value) = value {
                    answer.set_text(name, value);
                }
            }
            let mut verdict = self.client.answered(&answer)?;
            if verdict.flag("unreadable") {
                return Err(ErrorCode::DpopNonceUnreadable.into());
            }
            if is_last || !verdict.flag("again") {
                verdict.remove("again");
                verdict.set("status", i64::from(response.status).into());
                return Ok(value_of(verdict));
            }
        }
        unreachable!()
    }
}

fn value_of(object: Object) -> Value {
    serde_json::from_str(&Json::from(object).to_text()).unwrap()
}

/// A flow on its page.
struct Run<'a> {
    page: Page,
    flow: &'a Flow,
    end_session: Option<EndSession>,
    /// The address that was prepared last.
    prepared: String,
    /// What the last action gave.
    given: Value,
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), String> {
        let mut last = None;
        for (number, step) in self.flow.steps.iter().enumerate() {
            let asked_before = self.page.world.provider.borrow().requests.len();
            let (action, check) = match step {
                Step::Wait(step) => {
                    self.page.world.now.set(self.page.world.now.get() + step.wait);
                    continue;
                }
                Step::Change(step) => {
                    self.page.world.provider.borrow_mut().behaviour = (*step.change).clone();
                    continue;
                }
                Step::Do(action) => (*action, None),
                Step::Check(check) => (check.action, Some(check)),
            };
            self.given = Value::Null;
            let outcome = self.act(action, check).await?;
            let is_last = number + 1 == self.flow.steps.len();
            let expected = match check.and_then(|check| check.expect.as_deref()) {
                None if is_last => Some(self.flow.expect.as_str()),
                expected => expected,
            };
            let actual = self.name_of(&outcome).await;
            match (expected, &outcome) {
                (Some(expected), _) if actual != expected => {
                    return Err(format!("step {number}: expected {expected}, got {actual} {outcome:?}"));
                }
                (None, Err(error)) => return Err(format!("step {number}: {error:?}")),
                _ => {}
            }
            if let Some(check) = check {
                if let Some(expected) = &check.requests {
                    self.compare_requests(&format!("requests of step {number}"), expected, asked_before)?;
                }
                self.compare_gives(check, &outcome).map_err(|problem| format!("step {number}: {problem}"))?;
            }
            last = Some(outcome);
        }
        if let Some(Err(error)) = &last {
            if self.flow.phase.is_some() {
                same("phase", &self.flow.phase.as_deref(), &error.phase().map(Phase::as_str))?;
            }
            compare_details(&self.flow.details, error)?;
            if self.flow.error.is_some() {
                same("error", &self.flow.error, &error.server().map(|server| server.error.clone()))?;
            }
        }
        self.compare_requests("requests", &self.flow.requests, 0)?;
        self.compare_authorization()?;
        self.compare_session().await?;
        self.compare_end_session()
    }

    /// Does it, and checks what holds whatever happens: a failure changes no session and gives no secret away.
    async fn act(&mut self, action: Action, check: Option<&Check>) -> Result<Result<(), Error>, String> {
        let before = snapshot(&self.page.client).await;
        let outcome = self.perform(action, check).await?;
        self.check_log()?;
        let Err(error) = &outcome else { return Ok(outcome) };
        // A session that is over says so, once and for all. The key of a sign-in is another.
        let is_over = [ErrorCode::SessionEnded, ErrorCode::DpopKeyLost].contains(&error.code());
        if is_over && action != Action::Callback {
            same("session after its end", &None, &snapshot(&self.page.client).await)?;
        } else if !matches!(action, Action::SignOut | Action::SignOutHere) {
            same("session after a failure", &before, &snapshot(&self.page.client).await)?;
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

    /// Whoever listens hears no secret (LG-01).
    fn check_log(&self) -> Result<(), String> {
        let (provider, logged) = (self.page.world.provider.borrow(), self.page.world.logged.borrow());
        let told = |secret: &&String| !secret.is_empty() && logged.iter().any(|text| text.contains(*secret));
        provider.secrets.iter().find(told).map_or(Ok(()), |secret| Err(format!("{secret} is logged: {logged:?}")))
    }

    async fn perform(&mut self, action: Action, check: Option<&Check>) -> Result<Result<(), Error>, String> {
        let page = &self.page;
        let callback = check.and_then(|check| check.callback.as_deref()).or(self.flow.callback.as_deref());
        let (callback, with) = {
            let provider = page.world.provider.borrow();
            let callback = provider.text(callback.unwrap_or(provider.honest_callback()));
            (callback, provider.members(Map::new(), check.map_or(&Map::new(), |check| &check.with)))
        };
        let options = object(with.clone());
        let text = |name: &str, usual: &str| with.get(name).and_then(Value::as_str).unwrap_or(usual).to_owned();
        let hooks = page.hooks();
        let given = match action {
            Action::Preload => page.client.preload().await.map(|()| Value::Null),
            Action::SignIn | Action::Prepare => match page.prepare(&self.sign_in_options(check), self.flow.key).await {
                Ok(prepared) => {
                    let expires_at = prepared.expires_at.map(|at| at.seconds());
                    let given = json!({ "state": prepared.state, "expiresAt": expires_at });
                    if action == Action::SignIn {
                        page.world.provider.borrow_mut().visit(&prepared.url)?;
                    }
                    self.prepared = prepared.url;
                    Ok(given)
                }
                Err(error) => Err(error),
            },
            Action::Visit => {
                page.world.provider.borrow_mut().visit(&self.prepared)?;
                Ok(Value::Null)
            }
            Action::VisitInVain => match page.world.provider.borrow_mut().visit(&self.prepared) {
                Ok(()) => return Err("the provider took the URL".to_owned()),
                Err(_) => Ok(Value::Null),
            },
            Action::Callback => page.client.finish(&callback, &hooks).await.map(|_| Value::Null),
            Action::CallbackTwice => {
                let other_hooks = page.hooks();
                let (first, second) =
                    both(page.client.finish(&callback, &hooks), page.client.finish(&callback, &other_hooks)).await;
                // Whichever was quicker: one of them may say that the other was.
                let is_used = |outcome: &Result<Session, Error>| {
                    outcome.as_ref().is_err_and(|error| error.code() == ErrorCode::CallbackAlreadyProcessed)
                };
                let (first, second) = if is_used(&first) { (second, first) } else { (first, second) };
                if !is_used(&second) && second.is_err() {
                    return Err(format!("second outcome: {second:?}"));
                }
                first.map(|_| Value::Null)
            }
            Action::Reload => {
                if self.flow.options.get("storage").and_then(Value::as_str).is_none_or(|storage| storage == "memory") {
                    page.world.session.clear();
                }
                page.world.provider.borrow_mut().proofs.page_is_new();
                self.page = page.beside();
                Ok(Value::Null)
            }
            Action::Restore => page.client.restore(&hooks).await.map(|_| Value::Null),
            Action::UserInfo => page.user_info().await.map(value_of),
            Action::AccessToken => page.access_token(&options).await.map(value_of),
            Action::TokenAtHand => match page.client.ready_session("", &hooks).await {
                Ok(session) => page
                    .client
                    .access_token(&session, &options)
                    .map(|token| token.map_or_else(|| json!({ "renew": true }), value_of)),
                Err(error) => Err(error),
            },
            Action::Renew | Action::RenewElsewhere => {
                let elsewhere = (action == Action::RenewElsewhere).then(|| page.beside());
                let client = &elsewhere.as_ref().unwrap_or(page).client;
                client.renew("", &options, &hooks).await.map(value_of)
            }
            Action::Authorize => {
                page.client.authorize(page.client.ready_session("", &hooks).await, &options).map(value_of)
            }
            Action::Answered => page.client.answered(&options).map(value_of),
            Action::Fetch => page.fetch(&text("url", "https://api.example/orders"), &text("method", "GET")).await,
            Action::LoseKey | Action::ReplaceKey | Action::BreakKey | Action::MuteKey => {
                page.world.ring.fate.set(match action {
                    Action::LoseKey => Fate::Lost,
                    Action::ReplaceKey => Fate::Replaced,
                    Action::MuteKey => Fate::Mute,
                    _ => Fate::Broken,
                });
                Ok(Value::Null)
            }
            Action::FrontChannelLogout => {
                let named = page.client.front_channel_logout(&text("url", ""), &hooks).await;
                named.map(|named| json!({ "named": named }))
            }
            Action::SessionCheck => page.client.session_check().await.map(value_of),
            Action::ThirdPartyLogin => page.client.third_party_login(&text("url", "")).map(value_of),
            Action::NextRenewal => {
                let at = page.client.next_renewal().await;
                at.map(|at| at.map_or_else(|| json!({}), |at| json!({ "at": at.seconds() })))
            }
            Action::SignOut => self.sign_out(&Value::Object(with).to_string()).await.map(|()| Value::Null),
            Action::SignOutElsewhere => page.beside().sign_out(r#"{"localOnly":true}"#).await.map(|_| Value::Null),
            _ => self.perform_on_storage(action).await.map(|()| Value::Null),
        };
        Ok(given.map(|given| self.given = given))
    }

    /// Those of every sign-in of the flow, and those of this one over them.
    fn sign_in_options(&self, check: Option<&Check>) -> Map<String, Value> {
        let mut options = self.flow.sign_in.clone();
        options.extend(check.into_iter().flat_map(|check| check.with.clone()));
        options
    }

    async fn perform_on_storage(&mut self, action: Action) -> Result<(), Error> {
        match action {
            Action::SignOutHere => self.sign_out(r#"{"localOnly":true}"#).await,
            Action::ClearSession => {
                self.page.world.session.clear();
                Ok(())
            }
            Action::GarbleStorage => {
                self.page.world.tab.overwrite_all(NONSENSE);
                Ok(())
            }
            Action::BreakStorage => {
                self.page.world.storage_is_broken.set(true);
                Ok(())
            }
            _ => unreachable!("{action:?} is done elsewhere"),
        }
    }

    async fn sign_out(&mut self, options: &str) -> Result<(), Error> {
        self.end_session = self.page.sign_out(options).await?.map(|(request, _)| request);
        Ok(())
    }

    async fn name_of(&self, outcome: &Result<(), Error>) -> &'static str {
        match outcome {
            Err(error) => error.code().as_str(),
            Ok(()) if self.page.session().await.is_some() => "session",
            Ok(()) => "nobody",
        }
    }

    fn compare_requests(&self, what: &str, expected: &[String], from: usize) -> Result<(), String> {
        let provider = self.page.world.provider.borrow();
        let expected: Vec<String> = expected.iter().map(|request| provider.text(request)).collect();
        same(what, expected.as_slice(), &provider.requests[from..])
    }

    /// What the action of a step gave, or what its error says in detail.
    fn compare_gives(&self, check: &Check, outcome: &Result<(), Error>) -> Result<(), String> {
        for (name, expected) in check.gives.iter().flatten() {
            if expected == "$absent" {
                same(name, &None, &self.given.get(name))?;
                continue;
            }
            let expected = self.page.world.provider.borrow().members(Map::new(), &one(name, expected));
            same(name, &expected.get(name), &self.given.get(name))?;
        }
        outcome.as_ref().err().map_or(Ok(()), |error| compare_details(&check.details, error))
    }

    fn compare_authorization(&self) -> Result<(), String> {
        let provider = self.page.world.provider.borrow();
        for (name, expected) in &self.flow.authorization {
            let actual = provider.asked(name);
            match expected.as_str() {
                Some("$any") if !actual.is_empty() => {}
                Some("$absent") => same(name, &Vec::<&str>::new(), &actual)?,
                _ => same(
                    name,
                    &vec![provider.members(Map::new(), &one(name, expected))[name].as_str().unwrap()],
                    &actual,
                )?,
            }
        }
        Ok(())
    }

    async fn compare_session(&self) -> Result<(), String> {
        let Some(expected) = &self.flow.session else { return Ok(()) };
        let session = self.page.session().await.ok_or("there is no session to compare")?;
        let actual: Value = serde_json::from_str(&Json::from(session.public()).to_text()).unwrap();
        for (name, expected) in self.page.world.provider.borrow().members(Map::new(), expected) {
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
        let mut expected = self.page.world.provider.borrow().members(Map::new(), expected);
        for (name, value) in &mut expected {
            if *value == "$any" {
                *value = actual.get(name).cloned().unwrap_or_default();
            }
        }
        same("end-session request", &expected, &actual)
    }
}

fn compare_details(expected: &Map<String, Value>, error: &Error) -> Result<(), String> {
    for (name, expected) in expected {
        let actual = error.details().iter().find(|(detail, _)| detail == name).map(|(_, value)| value.as_str());
        same(&format!("detail {name}"), &expected.as_str(), &actual)?;
    }
    Ok(())
}

fn one(name: &str, value: &Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.clone())])
}

/// All there is of a session, in one text.
async fn snapshot(client: &Client<TestPlatform>) -> Option<String> {
    let session = client.session().await?;
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

/// Begins some work and gives it up after so many looks around; whether it was done by then.
pub(crate) async fn give_up_after(looks: u32, work: impl Future) -> bool {
    let (mut work, mut patience) = (pin!(work), pin!(looks_around(looks)));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => patience.as_mut().poll(context).map(|()| false),
    })
    .await
}
