//! Carries cases out, and says everything that is not as it should be.

use crate::case::{Case, Sends, Sent, Step, change};
use crate::world::{TestHooks, TestPlatform, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::client::Protocol;
use oidc_wasm::error::{Error, Phase};
use oidc_wasm::json::{Json, Object};
use oidc_wasm::protocol::call::call;
use oidc_wasm::protocol::jar;
use oidc_wasm::time::Timestamp;
use serde_json::{Map, Value, json};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

/// Options whose values no error may repeat.
const SECRETS: [&str; 16] = [
    "clientSecret",
    "code",
    "codeVerifier",
    "refreshToken",
    "accessToken",
    "password",
    "deviceCode",
    "subjectToken",
    "actorToken",
    "assertion",
    "authReqId",
    "token",
    "initialAccessToken",
    "registrationAccessToken",
    "idToken",
    "logoutToken",
];

type Outcome = Result<Value, Error>;

/// Runs every case, and fails with all that went wrong.
pub(crate) async fn run_all(cases: Vec<Case>) {
    let mut problems = Vec::new();
    for case in &cases {
        let world = World::new();
        let mut protocol = Protocol::new(TestPlatform::new(&world));
        for (index, step) in case.steps.iter().enumerate() {
            if step.reload == Some(true) {
                protocol = Protocol::new(TestPlatform::new(&world));
            }
            let place = if case.steps.len() > 1 { format!("{}, step {}", case.id, index + 1) } else { case.id.clone() };
            problems
                .extend(run(&world, &protocol, step).await.into_iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// What is not as it should be after a step.
async fn run(world: &Rc<World>, protocol: &Protocol<TestPlatform>, step: &Step) -> Vec<String> {
    if let Some(seconds) = step.wait {
        world.pass(seconds);
    }
    if step.break_storage == Some(true) {
        world.storage_is_broken.set(true);
    }
    let mut problems = Vec::new();
    let with = world.words.borrow().value(&step.with);
    let step = &Step { gives: step.gives.as_ref().map(|gives| world.words.borrow().value(gives)), ..step.clone() };
    match (&step.call, &step.request) {
        (Some(operation), None) => {
            let outcome = match operation.as_str() {
                // What takes an identifier and the time besides is shown as it is read: header and claims.
                "request_object" => request_object(&with, world),
                _ => call(operation, &to_core(&with)).map(|value| to_value(&value)),
            };
            check_outcome(step, &outcome, true, &mut problems);
        }
        (None, Some(operation)) => {
            let answers = answers(world, step, operation);
            let expected_requests = answers.len();
            *world.answers.borrow_mut() = answers.into();
            world.sent.take();
            world.slept.take();
            let options = with.as_object().cloned().unwrap_or_default();
            let Json::Object(options) = to_core(&options.into()) else { panic!("options are an object") };
            let hooks = TestHooks::new(&step.hooks);
            for outcome in together(world, protocol, (operation, &options), &hooks, step.together.unwrap_or(1)).await {
                check_outcome(step, &outcome, false, &mut problems);
                if let Err(error) = outcome {
                    check_silence(&error, &with, &mut problems);
                }
            }
            check_requests(world, step, expected_requests, &hooks, &mut problems);
        }
        (None, None) if step.wait.is_some() || step.reload.is_some() || step.break_storage.is_some() => {}
        _ => problems.push("nothing to do, or too much".to_owned()),
    }
    problems
}

/// The answers of a step. Where it says nothing about them and does not fail, the honest one.
fn answers(world: &World, step: &Step, operation: &str) -> Vec<Value> {
    let words = world.words.borrow();
    let honest = |name: &str| words.honest_answer(name).unwrap_or_else(|| panic!("no honest answer to {name}"));
    let read = |answer: &Value| match answer {
        Value::String(name) => honest(name),
        Value::Object(members) if members.contains_key("of") || members.contains_key("members") => {
            let mut answer = honest(members.get("of").and_then(Value::as_str).unwrap_or(operation));
            if let (Some(Value::Object(changes)), Some(body)) = (members.get("members"), answer["body"].as_object_mut())
            {
                change(body, changes);
            }
            let rest = members.iter().filter(|(name, _)| !["of", "members"].contains(&name.as_str()));
            change(answer.as_object_mut().unwrap(), &rest.map(|(n, v)| (n.clone(), v.clone())).collect());
            answer
        }
        other => other.clone(),
    };
    match (&step.answers, &step.answer) {
        (Some(answers), None) => answers.iter().map(read).collect(),
        (None, Some(answer)) => vec![read(answer)],
        (None, None) if step.fails.is_none() => words.honest_answer(operation).into_iter().collect(),
        (None, None) => Vec::new(),
        _ => panic!("answer or answers"),
    }
}

/// The same request several times at once.
async fn together(
    world: &World,
    protocol: &Protocol<TestPlatform>,
    (operation, options): (&str, &Object),
    hooks: &TestHooks,
    times: usize,
) -> Vec<Outcome> {
    let run = || async { protocol.run(operation, options, hooks).await.map(|value| to_value(&value)) };
    let mut runs: Vec<Pin<Box<dyn Future<Output = Outcome>>>> = Vec::new();
    for _ in 0..times {
        runs.push(Box::pin(run()));
    }
    let mut outcomes: Vec<Option<Outcome>> = runs.iter().map(|_| None).collect();
    poll_fn(|context| {
        world.begin_turn();
        for (run, outcome) in runs.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let Poll::Ready(ended) = run.as_mut().poll(context)
            {
                *outcome = Some(ended);
            }
        }
        if outcomes.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

fn request_object(with: &Value, world: &World) -> Outcome {
    let Json::Object(options) = to_core(with) else { panic!("options are an object") };
    let now = Timestamp::from_seconds(world.words.borrow().now);
    let input = jar::request_object(&options, "J", now)?;
    Ok(input.split('.').map(decode).collect())
}

fn to_core(value: &Value) -> Json {
    Json::parse(value.to_string().as_bytes()).unwrap()
}

fn to_value(json: &Json) -> Value {
    serde_json::from_str(&json.to_text()).unwrap()
}

/// Compares result or error with what is expected.
fn check_outcome(step: &Step, outcome: &Outcome, exactly: bool, problems: &mut Vec<String>) {
    let mut compare = |what: &str, expected: &Value, actual: &Value| {
        if expected != actual {
            problems.push(format!("{what}\n  expected {expected}\n  actual   {actual}"));
        }
    };
    match (outcome, &step.fails) {
        (Ok(actual), None) => match &step.gives {
            Some(Value::Object(members)) if !exactly => {
                for (name, expected) in members {
                    let actual = actual.get(name).cloned().unwrap_or_else(|| "$absent".into());
                    compare(name, expected, &actual);
                }
            }
            Some(expected) => compare("result", expected, actual),
            None if exactly => compare("result", &Value::Null, actual),
            None => {}
        },
        (Err(error), Some(code)) => {
            compare("code", &json!(code), &json!(error.code().as_str()));
            let server = error.server();
            let actual = json!({
                "phase": error.phase().map(Phase::as_str),
                "error": server.map(|server| server.error.clone()),
                "errorDescription": server.and_then(|server| server.description.clone()),
                "errorUri": server.and_then(|server| server.uri.clone()),
                "status": error.status(),
                "retryable": error.retryable(),
                "raw": error.raw().map(|raw| raw.expose()),
            });
            for (name, expected) in [
                ("phase", step.phase.as_ref().map(|text| json!(text))),
                ("error", step.error.as_ref().map(|text| json!(text))),
                ("errorDescription", step.error_description.as_ref().map(|text| json!(text))),
                ("errorUri", step.error_uri.as_ref().map(|text| json!(text))),
                ("status", step.status.map(|status| json!(status))),
                ("retryable", step.retryable.map(|retryable| json!(retryable))),
                ("raw", step.raw.as_ref().map(|text| json!(text))),
            ] {
                if let Some(expected) = expected {
                    compare(name, &expected, &actual[name]);
                }
            }
            for (name, expected) in &step.details {
                compare(&["details.", name].concat(), expected, &json!(error.detail(name)));
            }
        }
        (Ok(actual), Some(code)) => problems.push(format!("expected {code}, got {actual}")),
        (Err(error), None) => problems.push(format!("failed: {error} {:?}", error.details())),
    }
}

/// An error may not repeat what is secret.
fn check_silence(error: &Error, with: &Value, problems: &mut Vec<String>) {
    let said = format!("{error} {:?}", error.details());
    let authentication = with["clientAuthentication"].as_object().cloned().unwrap_or_default();
    let options = with.as_object().cloned().unwrap_or_default();
    for (name, value) in options.iter().chain(&authentication) {
        let secret = value.as_str().filter(|text| text.len() > 3 && SECRETS.contains(&name.as_str()));
        if secret.is_some_and(|secret| said.contains(secret)) {
            problems.push(format!("the error repeats {name}: {said}"));
        }
    }
}

/// Compares what left the page, and what was asked of the application.
fn check_requests(world: &World, step: &Step, number: usize, hooks: &TestHooks, problems: &mut Vec<String>) {
    let sent = world.sent.borrow();
    if sent.len() != number {
        let urls: Vec<&str> = sent.iter().map(|request| request.url.as_str()).collect();
        problems.push(format!("{number} requests expected, sent were {urls:?}"));
    }
    let calls = hooks.calls.borrow();
    let signing_input = calls.iter().find(|(name, _)| *name == "sign").map_or("", |(_, argument)| argument);
    let expected = match &step.sends {
        None => None,
        Some(Sends::One(request)) => Some(vec![request.clone()]),
        Some(Sends::Several(requests)) => Some(requests.clone()),
    };
    if let Some(mut expected) = expected {
        for body in expected.iter_mut().filter_map(|request| request.body.as_mut()) {
            *body = body.replace("$signingInput", signing_input);
        }
        if expected != *sent {
            problems.push(format!("sent\n  expected {}\n  actual   {}", show(&expected), show(&sent)));
        }
    }
    if let Some(expected) = &step.hooked {
        let actual: Vec<&str> = calls.iter().map(|(name, _)| *name).collect();
        if *expected != actual {
            problems.push(format!("hooks: expected {expected:?}, called were {actual:?}"));
        }
    }
    if let Some(expected) = &step.signs {
        let expected = world.words.borrow().value(expected);
        let actual: Vec<Value> = signing_input.split('.').map(decode).collect();
        if expected != json!(actual) {
            problems.push(format!("signed\n  expected {expected}\n  actual   {}", json!(actual)));
        }
    }
    if let Some(expected) = &step.proves {
        let proofs = calls.iter().filter(|(name, _)| *name == "proof");
        let actual: Vec<Value> = proofs.map(|(_, subject)| serde_json::from_str(subject).unwrap()).collect();
        if *expected != actual {
            problems.push(format!("proofs\n  expected {}\n  actual   {}", json!(expected), json!(actual)));
        }
    }
    if let Some(expected) = &step.slept {
        let actual = world.slept.borrow();
        if *expected != *actual {
            problems.push(format!("slept: expected {expected:?}, actual {actual:?}"));
        }
    }
}

fn show(requests: &[Sent]) -> String {
    let shown = requests.iter().map(|request| {
        let headers: Map<String, Value> = request.headers.clone();
        json!([request.method, request.url, headers, request.body, request.credentials]).to_string()
    });
    shown.collect::<Vec<_>>().join("\n           ")
}

fn decode(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
