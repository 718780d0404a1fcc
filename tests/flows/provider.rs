//! A small OpenID Provider in memory. It is honest, and refuses what an honest provider refuses, except where a
//! [`Behaviour`] says otherwise.

use crate::keys::{Keys, base64url, hash_of, hmac_sha256};
use crate::rustcrypto::digest;
use crate::script::{Answer, Behaviour, Fault, Part, Signature, Words};
use oidc_wasm::error::ErrorCode;
use oidc_wasm::http::{HttpRequest, HttpResponse, Method};
use oidc_wasm::jose::Hash;
use serde_json::{Map, Value, json};
use std::rc::Rc;

pub(crate) const ISSUER: &str = "https://op.example";
pub(crate) const EVIL: &str = "https://evil.example";
pub(crate) const CLIENT_ID: &str = "spa";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";

const JSON: &str = "application/json";

/// What comes back, if anything does.
pub(crate) enum Reply {
    Response(HttpResponse),
    Failure(ErrorCode),
    Silence,
}

/// One visit to the authorization endpoint, and what became of it.
struct Login {
    state: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
    code: String,
    access_token: String,
    exchanged: bool,
}

pub(crate) struct Provider {
    keys: Rc<Keys>,
    pub(crate) behaviour: Behaviour,
    logins: Vec<Login>,
    visits: usize,
    /// Parameters that were pushed and not visited yet, by their `request_uri`.
    pushed: Vec<(String, Vec<(String, String)>)>,
    pushes: usize,
    /// What reached it since the last look.
    pub(crate) requests: Vec<String>,
    /// Everything that must not show up in an error.
    pub(crate) secrets: Vec<String>,
}

impl Provider {
    pub(crate) fn new(keys: Rc<Keys>) -> Self {
        let (behaviour, logins) = (Behaviour::default(), Vec::new());
        let (pushed, requests, secrets) = (Vec::new(), Vec::new(), Vec::new());
        Self { keys, behaviour, logins, visits: 0, pushed, pushes: 0, requests, secrets }
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
        let pushed = self.pushed.iter().position(|(uri, _)| asked == named(uri));
        let parameters = pushed.map_or(asked, |at| self.pushed.remove(at).1);
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
        };
        for secret in [&login.state, &login.nonce, &login.code, &login.access_token] {
            self.secrets.push(secret.clone());
        }
        self.logins.push(login);
        Ok(())
    }

    /// Fills in what is known after the visits so far.
    pub(crate) fn text(&self, text: &str) -> String {
        self.with_words(0, &[], |words| words.text(text))
    }

    pub(crate) fn members(
        &self,
        now: i64,
        base: Map<String, Value>,
        changes: &Map<String, Value>,
    ) -> Map<String, Value> {
        self.with_words(now, &[], |words| words.merge(base, changes))
    }

    fn with_words<T>(&self, now: i64, more: &[(&str, String)], use_words: impl FnOnce(&Words<'_>) -> T) -> T {
        let (first, last) = (self.logins.first(), self.logins.last());
        let of = |login: Option<&Login>, part: fn(&Login) -> &str| login.map(part).unwrap_or_default().to_owned();
        let mut texts = vec![
            ("$issuer", ISSUER.to_owned()),
            ("$iss", encode(ISSUER)),
            ("$evil", EVIL.to_owned()),
            ("$clientId", CLIENT_ID.to_owned()),
            ("$redirectUri", REDIRECT_URI.to_owned()),
            ("$state", of(last, |login| &login.state)),
            ("$code", of(last, |login| &login.code)),
            ("$nonce", of(last, |login| &login.nonce)),
            ("$earlierState", of(first, |login| &login.state)),
            ("$earlierCode", of(first, |login| &login.code)),
        ];
        texts.extend_from_slice(more);
        use_words(&Words { texts: &texts, now, public_key: &|name| self.keys.public(name) })
    }

    pub(crate) fn answer(&mut self, request: &HttpRequest, now: i64) -> Reply {
        let path = request.url.strip_prefix(ISSUER);
        let (name, answer) = match (request.method, path) {
            (Method::Get, Some("/.well-known/openid-configuration")) => {
                ("discovery", self.discovery(now, request.max_bytes))
            }
            (Method::Get, Some("/jwks")) => ("jwks", self.jwks(now, request.max_bytes)),
            (Method::Post, Some("/par")) => ("par", self.push(request, now)),
            (Method::Post, Some("/token")) => ("token", self.token(request, now)),
            (Method::Get, Some("/userinfo")) => ("userinfo", self.userinfo(request, now)),
            (method, _) => {
                self.requests.push([method.as_str(), " ", &request.url].concat());
                return Reply::Response(HttpResponse::new(404, None, Vec::new()));
            }
        };
        self.requests.push(name.to_owned());
        answer
    }

    fn discovery(&self, now: i64, max_bytes: usize) -> Reply {
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
        });
        self.with_words(now, &[], |words| respond(&self.behaviour.discovery, 200, &honest, words, max_bytes))
    }

    fn jwks(&self, now: i64, max_bytes: usize) -> Reply {
        let honest = json!({ "keys": [{ "$like": "rsa-1" }, { "$like": "ec-1" }, { "$like": "ed-1" }] });
        self.with_words(now, &[], |words| respond(&self.behaviour.jwks, 200, &honest, words, max_bytes))
    }

    /// Keeps the parameters for the one visit that names them.
    fn push(&mut self, request: &HttpRequest, now: i64) -> Reply {
        let form = parameters(request.body.as_ref().map(|(_, form)| form.expose()).unwrap_or_default());
        self.pushes += 1;
        let uri = format!("urn:ietf:params:oauth:request_uri:{}", self.pushes);
        self.pushed.push((uri.clone(), form));
        let honest = json!({ "request_uri": uri, "expires_in": 60 });
        self.with_words(now, &[], |words| respond(&self.behaviour.par, 201, &honest, words, request.max_bytes))
    }

    fn token(&mut self, request: &HttpRequest, now: i64) -> Reply {
        let form = parameters(request.body.as_ref().map(|(_, form)| form.expose()).unwrap_or_default());
        let get =
            |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default();
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
        let answer = &self.behaviour.token;
        let Some(position) = position else {
            let refused = json!({ "error": "invalid_grant" });
            return self.with_words(now, &[], |words| respond(answer, 400, &refused, words, request.max_bytes));
        };
        let id_token = self.id_token(&self.logins[position], now);
        let honest = json!({
            "access_token": "$accessToken",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "openid profile",
            "id_token": "$idToken",
        });
        let words = [("$idToken", id_token.clone()), ("$accessToken", self.logins[position].access_token.clone())];
        let reply = self.with_words(now, &words, |words| respond(answer, 200, &honest, words, request.max_bytes));
        self.logins[position].exchanged = true;
        self.secrets.push(id_token);
        reply
    }

    fn userinfo(&self, request: &HttpRequest, now: i64) -> Reply {
        let answer = &self.behaviour.userinfo;
        let given = request.authorization.as_ref().map(|header| header.expose()).unwrap_or_default();
        let known = self.logins.iter().any(|login| ["Bearer ", &login.access_token].concat() == given);
        let (status, honest) = if known {
            (200, json!({ "sub": "alice", "email": "alice@example.com" }))
        } else {
            (401, json!({ "error": "invalid_token" }))
        };
        self.with_words(now, &[], |words| respond(answer, status, &honest, words, request.max_bytes))
    }

    /// The ID Token for this login, made as the script says.
    fn id_token(&self, login: &Login, now: i64) -> String {
        let script = &self.behaviour.id_token;
        let key = script.key.as_deref().unwrap_or("rsa-1");
        let algorithm = script.alg.as_deref().unwrap_or_else(|| self.keys.usual_algorithm(key));
        let hash = digest(hash_of(algorithm), login.access_token.as_bytes());
        let words = [("$atHash", base64url(&hash[..hash.len() / 2]))];
        let json = |honest: Value, changes: &Map<String, Value>, text: &Option<String>| {
            self.with_words(now, &words, |words| match text {
                Some(text) => words.text(text).into_bytes(),
                None => Value::Object(words.merge(members(honest), changes)).to_string().into_bytes(),
            })
        };
        let header = json!({ "alg": algorithm, "kid": key, "typ": "JWT" });
        let claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": CLIENT_ID, "nonce": login.nonce, "iat": now, "exp": now + 300,
        });
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
        Words { texts: &texts, now, public_key: &|name| self.keys.public(name) }.text(text)
    }
}

/// Makes the answer, with what the browser's `fetch` makes of it.
fn respond(answer: &Answer, status: u16, honest: &Value, words: &Words<'_>, max_bytes: usize) -> Reply {
    match answer.fault {
        Some(Fault::Network | Fault::NoCors | Fault::Truncated) => return Reply::Failure(ErrorCode::NetworkError),
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
    Reply::Response(HttpResponse::new(status, Some(content_type).filter(|text| !text.is_empty()), body))
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
pub(crate) fn parameters(query: &str) -> Vec<(String, String)> {
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
