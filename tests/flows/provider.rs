//! A small OpenID Provider in memory, with an API. It is honest, and refuses what an honest provider refuses, except
//! where a [`Behaviour`] says otherwise. What no honest client sends it notes as a violation.

use crate::keys::{Keys, base64url, hash_of, hmac_sha256};
use crate::proofs::{ProofChecker, Proven, Role, exactly, is_signed, object};
use crate::rustcrypto::digest;
use crate::script::{Answer, Behaviour, Fault, IdToken, Part, RefreshTokens, Signature, Words};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::error::ErrorCode;
use oidc_wasm::http::{HttpRequest, HttpResponse, Method};
use oidc_wasm::jose::Hash;
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::rc::Rc;

pub(crate) const ISSUER: &str = "https://op.example";
pub(crate) const EVIL: &str = "https://evil.example";
/// An API on an origin of its own; another is below the issuer.
pub(crate) const API: &str = "https://api.example";
pub(crate) const CLIENT_ID: &str = "spa";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// The key in `test-keys.json` that request objects are signed with.
pub(crate) const REQUEST_KEY: &str = "ec-2";

const JSON: &str = "application/json";
const REQUEST_URI: &str = "urn:ietf:params:oauth:request_uri:";

/// What comes back, if anything does.
pub(crate) enum Reply {
    Response(HttpResponse),
    Failure(ErrorCode),
    Silence,
}

type Parameters = Vec<(String, String)>;

/// One visit to the authorization endpoint, and what became of it.
struct Login {
    parameters: Parameters,
    state: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
    code: String,
    access_token: String,
    exchanged: bool,
    /// The thumbprint of the key that its tokens are bound to.
    key: Option<String>,
    /// Its refresh tokens, the latest last.
    refresh_tokens: Vec<String>,
    ended: bool,
}

/// An access token.
struct Token {
    text: String,
    key: Option<String>,
    expires_at: i64,
}

/// A pushed request.
struct Pushed {
    uri: String,
    parameters: Parameters,
    expires_at: i64,
    key: Option<String>,
}

pub(crate) struct Provider {
    keys: Rc<Keys>,
    now: Rc<Cell<i64>>,
    pub(crate) behaviour: Behaviour,
    /// The key in `test-keys.json` that signs what no script says another for.
    pub(crate) usual_key: &'static str,
    logins: Vec<Login>,
    visits: usize,
    tokens: Vec<Token>,
    refreshes: usize,
    /// Requests that were pushed and not visited yet.
    pushed: Vec<Pushed>,
    pushes: usize,
    request_objects: Vec<String>,
    /// Refresh tokens that came, in order, and tokens that were taken back, each with its hint.
    pub(crate) presented: Vec<String>,
    pub(crate) revoked: Vec<(String, String)>,
    pub(crate) proofs: ProofChecker,
    /// What reached it since the last look.
    pub(crate) requests: Vec<String>,
    /// Everything that must not show up in an error.
    pub(crate) secrets: Vec<String>,
    /// What no honest client sends.
    pub(crate) violations: Vec<String>,
}

impl Provider {
    pub(crate) fn new(keys: Rc<Keys>, now: Rc<Cell<i64>>) -> Self {
        Self {
            keys,
            now,
            behaviour: Behaviour::default(),
            usual_key: "rsa-1",
            logins: Vec::new(),
            visits: 0,
            tokens: Vec::new(),
            refreshes: 0,
            pushed: Vec::new(),
            pushes: 0,
            request_objects: Vec::new(),
            presented: Vec::new(),
            revoked: Vec::new(),
            proofs: ProofChecker::default(),
            requests: Vec::new(),
            secrets: Vec::new(),
            violations: Vec::new(),
        }
    }

    /// Forgets the people who signed in so far.
    pub(crate) fn forget_logins(&mut self) {
        self.logins.clear();
    }

    /// The person signs in and consents. An authorization request that is not exactly right is a failed test.
    pub(crate) fn visit(&mut self, url: &str) -> Result<(), String> {
        let (endpoint, query) = url.split_once('?').ok_or("an authorization request without a query")?;
        if endpoint != [ISSUER, "/authorize"].concat() {
            return Err(format!("an authorization request to {endpoint}"));
        }
        // What was pushed is named, with the client and nothing else (AR-11), and named once (AR-12).
        let asked = parameters(query);
        let named =
            |uri: &str| vec![("client_id".to_owned(), CLIENT_ID.to_owned()), ("request_uri".into(), uri.to_owned())];
        let now = self.now.get();
        let pushed = self.pushed.iter().position(|pushed| asked == named(&pushed.uri) && now < pushed.expires_at);
        let (parameters, key) = match pushed.map(|at| self.pushed.remove(at)) {
            Some(pushed) => (pushed.parameters, pushed.key),
            None if asked.iter().any(|(name, _)| name == "request") => {
                let mut names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if names != ["client_id", "request", "response_type", "scope"] {
                    return Err(format!("beside a request object there are {names:?}"));
                }
                let parameters = self.request_object(value(&asked, "request"))?;
                for name in ["client_id", "response_type", "scope"] {
                    if value(&asked, name) != value(&parameters, name) {
                        return Err(format!("another {name} beside the request object"));
                    }
                }
                (parameters, None)
            }
            None => (asked, None),
        };
        let get = |name: &str| {
            let mut values = parameters.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
            let first = values.next().ok_or_else(|| format!("an authorization request without {name}"));
            if values.next().is_some() { Err(format!("{name} stands twice")) } else { first }
        };
        for (name, expected) in [("client_id", CLIENT_ID), ("response_type", "code"), ("code_challenge_method", "S256")]
        {
            if get(name)? != expected {
                return Err(format!("an authorization request with another {name}"));
            }
        }
        self.visits += 1;
        let (code, access_token) = (format!("code-{}", self.visits), format!("access-{}", self.visits));
        let login = Login {
            state: get("state")?,
            nonce: get("nonce")?,
            challenge: get("code_challenge")?,
            redirect_uri: get("redirect_uri")?,
            code,
            access_token,
            exchanged: false,
            key: get("dpop_jkt").ok().or(key),
            refresh_tokens: Vec::new(),
            ended: false,
            parameters,
        };
        for secret in [&login.state, &login.nonce, &login.code, &login.access_token] {
            self.secrets.push(secret.clone());
        }
        self.logins.push(login);
        Ok(())
    }

    /// The parameters in a request object, which is exactly as RFC 9101 and RFC 8725 want it (AR-15).
    fn request_object(&mut self, jwt: &str) -> Result<Parameters, String> {
        let parts: Vec<&str> = jwt.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err("a request object in parts".to_owned()) };
        let (header_members, mut members) = (object(header)?, object(claims)?);
        let with_key_id = if header_members.contains_key("kid") { &["alg", "kid", "typ"][..] } else { &["alg", "typ"] };
        exactly("header of a request object", &header_members, with_key_id)?;
        if header_members["typ"] != "oauth-authz-req+jwt" || header_members["alg"] != "ES256" {
            return Err(format!("a request object of another kind: {header_members:?}"));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "a signature that is no base64url")?;
        if !is_signed(&self.keys.public(REQUEST_KEY), &[header, ".", claims].concat(), &signature) {
            return Err("a request object with a bad signature".to_owned());
        }
        for (name, expected) in [("iss", CLIENT_ID), ("aud", ISSUER), ("client_id", CLIENT_ID)] {
            if members.get(name).and_then(Value::as_str) != Some(expected) {
                return Err(format!("a request object with another {name}: {members:?}"));
            }
        }
        if let Some(name) = ["sub", "request", "request_uri"].into_iter().find(|name| members.contains_key(*name)) {
            return Err(format!("a request object with {name}"));
        }
        let mut time = |name: &str| members.remove(name).and_then(|at| at.as_i64()).ok_or(format!("no whole {name}"));
        let (issued_at, not_before, expires_at) = (time("iat")?, time("nbf")?, time("exp")?);
        let now = self.now.get();
        if !(now - 60..=now + 10).contains(&issued_at) || issued_at != not_before || expires_at <= now {
            return Err(format!("a request object of another time: {issued_at} {not_before} {expires_at}"));
        }
        if expires_at - issued_at > 300 {
            return Err("a request object that is good for long".to_owned());
        }
        let id = members.remove("jti").and_then(|id| id.as_str().map(str::to_owned)).ok_or("no jti")?;
        if self.request_objects.contains(&id) {
            return Err(format!("the request object {id} a second time"));
        }
        self.request_objects.push(id);
        let mut found = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("iss" | "aud", _) => {}
                ("claims", Value::Object(value)) => found.push((name, Value::Object(value).to_string())),
                ("authorization_details", Value::Array(value)) => found.push((name, Value::Array(value).to_string())),
                ("max_age", Value::Number(value)) => found.push((name, value.to_string())),
                ("resource", Value::Array(values)) => {
                    found.extend(values.iter().map(|value| (name.clone(), value.as_str().unwrap().to_owned())));
                }
                (_, Value::String(value)) => found.push((name, value)),
                (_, value) => return Err(format!("{name} of another type in a request object: {value}")),
            }
        }
        Ok(found)
    }

    /// The address that an honest provider sends the browser back to.
    pub(crate) fn honest_callback(&self) -> &'static str {
        let mode = self.logins.last().map(|login| value(&login.parameters, "response_mode"));
        match mode {
            Some("jwt" | "query.jwt") => "$redirectUri?response=$response",
            _ => "$redirectUri?code=$code&state=$state&iss=$iss",
        }
    }

    /// The values of a parameter of the last authorization request.
    pub(crate) fn asked(&self, name: &str) -> Vec<&str> {
        let parameters = self.logins.last().into_iter().flat_map(|login| &login.parameters);
        parameters.filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Fills in what is known after the visits so far.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut more = Vec::new();
        if let (true, Some(login)) = (text.contains("$response"), self.logins.last()) {
            let claims = json!({
                "iss": ISSUER, "aud": CLIENT_ID, "exp": self.now.get() + 600, "code": login.code, "state": login.state,
            });
            more.push(("$response", self.jwt(&self.behaviour.response, None, claims, "")));
        }
        self.with_words(&more, |words| words.text(text))
    }

    /// The same in an object of the script, over another.
    pub(crate) fn members(&self, base: Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
        self.with_words(&[], |words| words.merge(base, changes))
    }

    fn with_words<T>(&self, more: &[(&str, String)], use_words: impl FnOnce(&Words<'_>) -> T) -> T {
        let (first, last) = (self.logins.first(), self.logins.last());
        let of = |login: Option<&Login>, part: fn(&Login) -> &str| login.map(part).unwrap_or_default().to_owned();
        let mut texts = more.to_vec();
        texts.extend_from_slice(&[
            ("$issuer", ISSUER.to_owned()),
            ("$iss", encode(ISSUER)),
            ("$evil", EVIL.to_owned()),
            ("$api", API.to_owned()),
            ("$clientId", CLIENT_ID.to_owned()),
            ("$redirectUri", REDIRECT_URI.to_owned()),
            ("$state", of(last, |login| &login.state)),
            ("$code", of(last, |login| &login.code)),
            ("$nonce", of(last, |login| &login.nonce)),
            ("$earlierState", of(first, |login| &login.state)),
            ("$earlierCode", of(first, |login| &login.code)),
            ("$accessToken", self.tokens.last().map(|token| token.text.clone()).unwrap_or_default()),
        ]);
        use_words(&Words { texts: &texts, now: self.now.get(), public_key: &|name| self.keys.public(name) })
    }

    pub(crate) fn answer(&mut self, request: &HttpRequest) -> Reply {
        let path = request.url.strip_prefix(ISSUER);
        let (name, reply) = match (request.method, path) {
            (Method::Get, Some("/.well-known/openid-configuration")) => {
                ("discovery", self.discovery(request.max_bytes))
            }
            (Method::Get, Some("/jwks")) => ("jwks", self.jwks(request.max_bytes)),
            (Method::Post, Some("/par")) => ("par", self.push(request)),
            (Method::Post, Some("/token")) => {
                let form = form_of(request);
                let is_refresh = value(&form, "grant_type") == "refresh_token";
                let reply = if is_refresh { self.refresh(request, &form) } else { self.token(request, &form) };
                (if is_refresh { "refresh" } else { "token" }, reply)
            }
            (Method::Post, Some("/revoke")) => ("revoke", self.revoke(request)),
            (Method::Get, Some("/userinfo")) => ("userinfo", self.userinfo(request)),
            (method, _) => {
                self.requests.push([method.as_str(), " ", &request.url].concat());
                return Reply::Response(HttpResponse::new(404, None, Vec::new()));
            }
        };
        self.requests.push(name.to_owned());
        reply
    }

    /// The API: whoever has a good token gets an answer.
    pub(crate) fn api(&mut self, method: &str, url: &str, authorization: &str, proof: Option<&str>) -> HttpResponse {
        let path = url.strip_prefix(API).or_else(|| url.strip_prefix(&[ISSUER, "/api"].concat())).unwrap_or(url);
        self.requests.push(["api", path].concat());
        let script = self.behaviour.api.clone();
        match self.protected((method, url), authorization, proof, &script, &json!({ "it": "works" }), usize::MAX) {
            Reply::Response(response) => response,
            _ => HttpResponse::new(500, None, Vec::new()),
        }
    }

    /// The key of the proof, or how it is refused.
    fn prove(&mut self, proof: Option<&str>, request: &Proven<'_>) -> Result<Option<String>, &'static str> {
        let Some(proof) = proof else { return Ok(None) };
        let wants = self.behaviour.proofs.clone();
        let checked = self.proofs.check(proof, request, &wants, self.now.get());
        checked
            .unwrap_or_else(|problem| {
                self.violations.push(problem);
                Err("invalid_dpop_proof")
            })
            .map(Some)
    }

    /// The answer to a request that may have had a proof, with what the server says about proofs.
    fn finish(&mut self, mut reply: Reply, (role, url): (Role, &str), refused: bool) -> Reply {
        let wants = self.behaviour.proofs.clone();
        let headers = self.proofs.headers(role, &wants, refused, self.now.get());
        if let Reply::Response(response) = &mut reply {
            for (name, text) in headers {
                if !response.headers.contains(name) {
                    response.headers.set_text(name, &text);
                }
            }
            if let Some(nonce) = response.headers.str("dpop-nonce") {
                self.proofs.told(role, url, nonce);
            }
        }
        reply
    }

    fn refuse_proof(&mut self, error: &str, at: (Role, &str)) -> Reply {
        let body = json!({ "error": error }).to_string().into_bytes();
        let mut response = HttpResponse::new(if at.0 == Role::Api { 401 } else { 400 }, Some(JSON), body);
        if at.0 == Role::Api {
            response.headers.set_text("www-authenticate", &format!("dPoP error=\"{error}\" algs=\"ES256\""));
        }
        self.finish(Reply::Response(response), at, true)
    }

    fn discovery(&self, max_bytes: usize) -> Reply {
        let honest = json!({
            "issuer": "$issuer",
            "authorization_endpoint": "$issuer/authorize",
            "token_endpoint": "$issuer/token",
            "userinfo_endpoint": "$issuer/userinfo",
            "end_session_endpoint": "$issuer/end",
            "jwks_uri": "$issuer/jwks",
            "pushed_authorization_request_endpoint": "$issuer/par",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
            "dpop_signing_alg_values_supported": ["ES256"],
        });
        self.with_words(&[], |words| respond(&self.behaviour.discovery, 200, &honest, words, max_bytes))
    }

    fn jwks(&self, max_bytes: usize) -> Reply {
        let honest = json!({ "keys": [{ "$like": "rsa-1" }, { "$like": "ec-1" }, { "$like": "ed-1" }] });
        self.with_words(&[], |words| respond(&self.behaviour.jwks, 200, &honest, words, max_bytes))
    }

    /// Keeps the parameters for the one visit that names them.
    fn push(&mut self, request: &HttpRequest) -> Reply {
        let mut form = form_of(request);
        let proven = Proven { role: Role::AuthorizationServer, method: "POST", url: &request.url, token: None };
        let at = (proven.role, proven.url);
        let key = match self.prove(request.headers.str("dpop"), &proven) {
            Ok(key) => key,
            Err(error) => return self.refuse_proof(error, at),
        };
        if form.iter().any(|(name, _)| name == "request") {
            let mut names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            if names != ["client_id", "request"] {
                self.violations.push(format!("beside a pushed request object there are {names:?}"));
            }
            match self.request_object(value(&form, "request")) {
                Ok(parameters) => form = parameters,
                Err(problem) => self.violations.push(problem),
            }
        }
        if form.iter().any(|(name, _)| name == "request_uri") {
            self.violations.push("a request_uri was pushed".to_owned());
        }
        let bound = form.iter().find(|(name, _)| name == "dpop_jkt").map(|(_, key)| key.clone());
        if key != bound {
            self.violations.push(format!("dpop_jkt {bound:?} with a proof by {key:?}"));
        }
        self.pushes += 1;
        let uri = format!("{REQUEST_URI}{}", self.pushes);
        let honest = json!({ "request_uri": uri, "expires_in": 60 });
        let script = self.behaviour.par.clone();
        let lifetime = script.body.get("expires_in").and_then(Value::as_i64).unwrap_or(60);
        self.pushed.push(Pushed { uri, parameters: form, expires_at: self.now.get() + lifetime, key });
        let reply = self.with_words(&[], |words| respond(&script, 201, &honest, words, request.max_bytes));
        self.finish(reply, at, false)
    }

    fn token(&mut self, request: &HttpRequest, form: &Parameters) -> Reply {
        let proven = Proven { role: Role::AuthorizationServer, method: "POST", url: &request.url, token: None };
        let at = (proven.role, proven.url);
        let key = match self.prove(request.headers.str("dpop"), &proven) {
            Ok(key) => key,
            Err(error) => return self.refuse_proof(error, at),
        };
        let get = |name: &str| value(form, name);
        self.secrets.push(get("code_verifier").to_owned());
        let challenge = base64url(&digest(Hash::Sha256, get("code_verifier").as_bytes()));
        let position = self.logins.iter().position(|login| {
            form.len() == 5
                && get("grant_type") == "authorization_code"
                && get("client_id") == CLIENT_ID
                && get("code") == login.code
                && get("redirect_uri") == login.redirect_uri
                && challenge == login.challenge
                && !login.exchanged
        });
        let answer = self.behaviour.token.clone();
        let Some(position) = position else {
            let refused = json!({ "error": "invalid_grant" });
            let reply = self.with_words(&[], |words| respond(&answer, 400, &refused, words, request.max_bytes));
            return self.finish(reply, at, false);
        };
        if let Some(bound) = &self.logins[position].key
            && key.as_ref() != Some(bound)
        {
            self.violations.push(format!("a code for the key {bound} with a proof by {key:?}"));
        }
        let id_token = self.id_token(&self.logins[position], true);
        let login = &mut self.logins[position];
        login.exchanged = true;
        login.key.clone_from(&key);
        let mut honest = json!({
            "access_token": "$accessToken",
            "token_type": if key.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": 300,
            "scope": value(&login.parameters, "scope"),
            "id_token": "$idToken",
        });
        if let Ok(details) = serde_json::from_str::<Value>(value(&login.parameters, "authorization_details")) {
            honest["authorization_details"] = details;
        }
        if self.behaviour.refresh.tokens != RefreshTokens::None {
            let refresh_token = format!("refresh-{position}-1");
            honest["refresh_token"] = refresh_token.clone().into();
            self.secrets.push(refresh_token.clone());
            self.logins[position].refresh_tokens.push(refresh_token);
        }
        let access_token = self.logins[position].access_token.clone();
        self.issue(&access_token, key.filter(|_| answer.body.get("token_type").is_none_or(|kind| kind != "Bearer")));
        let words = [("$idToken", id_token.clone()), ("$accessToken", access_token)];
        let reply = self.with_words(&words, |words| respond(&answer, 200, &honest, words, request.max_bytes));
        self.secrets.push(id_token);
        self.finish(reply, at, false)
    }

    fn issue(&mut self, text: &str, key: Option<String>) {
        self.tokens.push(Token { text: text.to_owned(), key, expires_at: self.now.get() + 300 });
        self.secrets.push(text.to_owned());
    }

    /// New tokens for a refresh token. One that was used before ends everything, where each is good for one use.
    fn refresh(&mut self, request: &HttpRequest, form: &Parameters) -> Reply {
        let proven = Proven { role: Role::AuthorizationServer, method: "POST", url: &request.url, token: None };
        let at = (proven.role, proven.url);
        let key = match self.prove(request.headers.str("dpop"), &proven) {
            Ok(key) => key,
            Err(error) => return self.refuse_proof(error, at),
        };
        let known = ["grant_type", "client_id", "refresh_token", "scope", "resource"];
        for (name, _) in form {
            if !known.contains(&name.as_str()) || form.iter().filter(|(other, _)| other == name).count() > 1 {
                self.violations.push(format!("a refresh request with a strange {name}"));
            }
        }
        if value(form, "client_id") != CLIENT_ID {
            self.violations.push("a refresh request of somebody else".to_owned());
        }
        let (presented, script) = (value(form, "refresh_token"), self.behaviour.refresh.clone());
        self.presented.push(presented.to_owned());
        let answer = self.behaviour.token.clone();
        let position = self.logins.iter().position(|login| login.refresh_tokens.iter().any(|token| token == presented));
        let is_latest = |login: &Login| login.refresh_tokens.last().is_some_and(|token| token == presented);
        let error = match position.map(|at| &mut self.logins[at]) {
            None => Some("invalid_grant"),
            Some(login) if !is_latest(login) || login.ended || script.revoked => {
                login.ended = true;
                Some("invalid_grant")
            }
            Some(login) => {
                let is_within = |name: &str| {
                    let granted: Vec<&str> = match name {
                        "scope" => value(&login.parameters, "scope").split(' ').collect(),
                        _ => login.parameters.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect(),
                    };
                    let asked = value(form, name);
                    asked.is_empty() || asked.split(' ').all(|one| granted.contains(&one))
                };
                match (is_within("scope"), is_within("resource")) {
                    (false, _) => Some("invalid_scope"),
                    (_, false) => Some("invalid_target"),
                    _ => None,
                }
            }
        };
        if let Some(error) = error {
            let refused = json!({ "error": error });
            let reply = self.with_words(&[], |words| respond(&answer, 400, &refused, words, request.max_bytes));
            return self.finish(reply, at, false);
        }
        let position = position.unwrap();
        if self.logins[position].key != key {
            self.violations
                .push(format!("a refresh token for {:?} with a proof by {key:?}", self.logins[position].key));
        }
        self.refreshes += 1;
        let access_token = format!("access-renewed-{}", self.refreshes);
        let scope = if value(form, "scope").is_empty() {
            value(&self.logins[position].parameters, "scope")
        } else {
            value(form, "scope")
        };
        let mut honest = json!({
            "access_token": access_token,
            "token_type": if key.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": 300,
            "scope": scope,
        });
        self.logins[position].access_token.clone_from(&access_token);
        if script.id_token {
            let id_token = self.id_token(&self.logins[position], false);
            honest["id_token"] = id_token.clone().into();
            self.secrets.push(id_token);
        }
        if script.tokens == RefreshTokens::Rotating {
            let refresh_token = format!("refresh-{position}-{}", self.refreshes + 1);
            honest["refresh_token"] = refresh_token.clone().into();
            self.secrets.push(refresh_token.clone());
            self.logins[position].refresh_tokens.push(refresh_token);
        }
        self.issue(&access_token, key);
        let reply = self.with_words(&[], |words| respond(&answer, 200, &honest, words, request.max_bytes));
        self.finish(reply, at, false)
    }

    /// Takes a token back (RFC 7009).
    fn revoke(&mut self, request: &HttpRequest) -> Reply {
        let form = form_of(request);
        let mut names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names != ["client_id", "token", "token_type_hint"] || value(&form, "client_id") != CLIENT_ID {
            self.violations.push(format!("a revocation with {names:?}"));
        }
        let token = value(&form, "token").to_owned();
        // One that was replaced before is worth nothing, and taking it back ends nothing.
        for login in self.logins.iter_mut().filter(|login| login.refresh_tokens.last() == Some(&token)) {
            login.ended = true;
        }
        self.revoked.push((token, value(&form, "token_type_hint").to_owned()));
        let script = self.behaviour.revocation.clone();
        self.with_words(&[], |words| respond(&script, 200, &json!({}), words, request.max_bytes))
    }

    /// No refresh token is good any more.
    pub(crate) fn everything_was_taken_back(&self) -> bool {
        self.logins.iter().all(|login| login.ended || login.refresh_tokens.is_empty())
    }

    fn userinfo(&mut self, request: &HttpRequest) -> Reply {
        let given = request.authorization.as_ref().map(|header| header.expose()).unwrap_or_default();
        let (script, honest) =
            (self.behaviour.userinfo.clone(), json!({ "sub": "alice", "email": "alice@example.com" }));
        let target = (request.method.as_str(), request.url.as_str());
        self.protected(target, given, request.headers.str("dpop"), &script, &honest, request.max_bytes)
    }

    /// An answer for whoever has a good token, with a proof where it is bound to a key (RFC 9449, section 7.1).
    fn protected(
        &mut self,
        (method, url): (&str, &str),
        authorization: &str,
        proof: Option<&str>,
        script: &Answer,
        honest: &Value,
        max_bytes: usize,
    ) -> Reply {
        let (scheme, token) = authorization.split_once(' ').unwrap_or_default();
        let proven = Proven { role: Role::Api, method, url, token: Some(token) };
        let at = (proven.role, proven.url);
        let key = match self.prove(proof, &proven) {
            Ok(key) => key,
            Err(error) => return self.refuse_proof(error, at),
        };
        if scheme != if key.is_some() { "DPoP" } else { "Bearer" } {
            self.violations.push(format!("the scheme {scheme:?} with a proof by {key:?}"));
        }
        let now = self.now.get();
        let known = self.tokens.iter().find(|known| known.text == token);
        if let Some(bound) = known.filter(|known| known.key != key) {
            self.violations.push(format!("a token for the key {:?} with a proof by {key:?}", bound.key));
        }
        if known.is_some_and(|known| now < known.expires_at) {
            let reply = self.with_words(&[], |words| respond(script, 200, honest, words, max_bytes));
            return self.finish(reply, at, false);
        }
        let refused = json!({ "error": "invalid_token" });
        let reply = self.with_words(&[], |words| respond(script, 401, &refused, words, max_bytes));
        self.finish(reply, at, false)
    }

    /// The ID Token for this login, made as the script says. One that comes with a renewal has no nonce (OpenID Connect
    /// Core, section 12.2).
    fn id_token(&self, login: &Login, is_first: bool) -> String {
        let now = self.now.get();
        let mut claims = json!({ "iss": ISSUER, "sub": "alice", "aud": CLIENT_ID, "iat": now, "exp": now + 300 });
        if is_first {
            claims["nonce"] = login.nonce.clone().into();
        }
        self.jwt(&self.behaviour.id_token, Some("JWT"), claims, &login.access_token)
    }

    /// A token made as the script says.
    fn jwt(&self, script: &IdToken, typ: Option<&str>, claims: Value, access_token: &str) -> String {
        let key = script.key.as_deref().unwrap_or(self.usual_key);
        let algorithm = script.alg.as_deref().unwrap_or_else(|| self.keys.usual_algorithm(key));
        let hash = digest(hash_of(algorithm), access_token.as_bytes());
        let words = [("$atHash", base64url(&hash[..hash.len() / 2]))];
        let json = |honest: Value, changes: &Map<String, Value>, text: &Option<String>| {
            self.with_words(&words, |words| match text {
                Some(text) => words.text(text).into_bytes(),
                None => Value::Object(words.merge(members(honest), changes)).to_string().into_bytes(),
            })
        };
        let mut header = json!({ "alg": algorithm, "kid": key });
        if let Some(typ) = typ {
            header["typ"] = typ.into();
        }
        let header = base64url(&json(header, &script.header, &script.header_text));
        let claims = match &script.claims_hex {
            Some(hex) => unhex(hex),
            None => json(claims, &script.claims, &script.claims_text),
        };
        let claims = base64url(&claims);
        let input = [header.as_str(), ".", &claims].concat();
        let message = input.as_bytes();
        let signature = match script.signature {
            None => self.keys.sign(key, algorithm, script.salt_length, message),
            Some(Signature::Empty) => Vec::new(),
            Some(Signature::Zeros) => vec![0; 64],
            Some(Signature::EcDer) => self.keys.sign_ec_der(key, message),
            Some(Signature::HmacPem) => hmac_sha256(&self.keys.public_pem(key), message),
            Some(Signature::HmacDer) => hmac_sha256(&self.keys.public_der(key), message),
            Some(Signature::HmacJwk) => {
                hmac_sha256(Value::Object(self.keys.public(key)).to_string().as_bytes(), message)
            }
        };
        let mut parts = [header, claims, base64url(&signature)];
        for (text, part) in parts.iter_mut().zip([Part::Header, Part::Payload, Part::Signature]) {
            if script.tamper == Some(part) {
                change_character(text, text.len() / 2);
            }
            text.push_str(script.append.get(part.name()).and_then(Value::as_str).unwrap_or_default());
        }
        let [header, payload, signature] = parts;
        let mut token = [header.as_str(), &payload, &signature].join(".");
        if let Some(place) = script.tamper_at {
            change_character(&mut token, place);
        }
        let Some(text) = &script.text else { return token };
        let texts = [("$header", header), ("$payload", payload), ("$signature", signature)];
        Words { texts: &texts, now: self.now.get(), public_key: &|name| self.keys.public(name) }.text(text)
    }
}

/// Makes the answer, with what the browser's `fetch` makes of it.
fn respond(answer: &Answer, status: u16, honest: &Value, words: &Words<'_>, max_bytes: usize) -> Reply {
    match answer.fault {
        Some(Fault::Network | Fault::NoCors | Fault::Truncated) => return Reply::Failure(ErrorCode::NetworkError),
        Some(Fault::Offline) => return Reply::Failure(ErrorCode::Offline),
        Some(Fault::Silent | Fault::SlowBody) => return Reply::Silence,
        Some(Fault::Endless | Fault::GzipBomb) => return Reply::Failure(ErrorCode::ResponseTooLarge),
        Some(Fault::Redirect) => return Reply::Failure(ErrorCode::RedirectRefused),
        None => {}
    }
    let status = answer.status.unwrap_or(status);
    if (300..400).contains(&status) {
        return Reply::Failure(ErrorCode::RedirectRefused);
    }
    let body = match (&answer.text, &answer.hex) {
        (Some(text), _) => words.text(text).repeat(answer.times.unwrap_or(1)).into_bytes(),
        (None, Some(hex)) => unhex(hex),
        (None, None) => {
            let honest = members(words.value(honest));
            Value::Object(words.merge(honest, &answer.body)).to_string().into_bytes()
        }
    };
    if body.len() > max_bytes {
        return Reply::Failure(ErrorCode::ResponseTooLarge);
    }
    let content_type = answer.content_type.as_deref().unwrap_or(JSON);
    let mut response = HttpResponse::new(status, Some(content_type).filter(|text| !text.is_empty()), body);
    for (name, value) in words.merge(Map::new(), &answer.headers) {
        response.headers.set_text(&name, value.as_str().unwrap());
    }
    Reply::Response(response)
}

fn form_of(request: &HttpRequest) -> Parameters {
    parameters(request.body.as_ref().map(|(_, form)| form.expose()).unwrap_or_default())
}

/// The first of that name; empty for none.
fn value<'a>(parameters: &'a Parameters, name: &str) -> &'a str {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn change_character(text: &mut String, place: usize) {
    let other = if text[place..].starts_with('A') { "B" } else { "A" };
    text.replace_range(place..=place, other);
}

fn unhex(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Names and values of a form or query, decoded here and not by the code under test.
pub(crate) fn parameters(query: &str) -> Parameters {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            rest = tail;
            match first {
                b'+' => bytes.push(b' '),
                b'%' => {
                    bytes.extend(unhex(str::from_utf8(&tail[..2]).unwrap()));
                    rest = &tail[2..];
                }
                other => bytes.push(*other),
            }
        }
        String::from_utf8(bytes).unwrap()
    };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || byte == b'.' {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
