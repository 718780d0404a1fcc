//! An OpenID Provider that gives every refresh token for one use, and ends everything when one is used again.

use crate::chance::Chance;
use crate::rules::{JobId, Rules};
use crate::world::Trouble;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::error::ErrorCode;
use oidc_wasm::http::{HttpRequest, HttpResponse};
use serde_json::{Value, json};
use std::fmt;

pub(crate) const ISSUER: &str = "https://op.example";
pub(crate) const CLIENT_ID: &str = "spa";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
/// How long an access token lives, in seconds.
pub(crate) const LIFE: u64 = 60;
/// What the signature of every ID Token of this provider consists of.
pub(crate) const SIGNATURE: [u8; 64] = [7; 64];

const JSON: &str = "application/json";

pub(crate) enum Reply {
    Response(HttpResponse),
    Failure(ErrorCode),
    Silence,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Response(response) => {
                let token = refresh_token_in(std::str::from_utf8(&response.body).unwrap_or_default());
                write!(f, "{} {token:?}", response.status)
            }
            Self::Failure(code) => f.write_str(code.as_str()),
            Self::Silence => f.write_str("silence"),
        }
    }
}

/// One sign-in and everything that came of it.
#[derive(Clone)]
struct Family {
    person: usize,
    nonce: String,
    generation: usize,
    is_over: bool,
}

#[derive(Clone, Default)]
pub(crate) struct Provider {
    families: Vec<Family>,
    /// Whether renewals bring an ID Token along.
    pub(crate) renews_id_token: bool,
    pub(crate) seconds: i64,
}

impl Provider {
    /// A person signs in at this URL; the address that the browser goes back to.
    pub(crate) fn visit(&mut self, url: &str, person: usize) -> String {
        let get = |name: &str| value(url.split_once('?').unwrap().1, name).unwrap();
        self.families.push(Family { person, nonce: get("nonce"), generation: 0, is_over: false });
        let code = self.families.len() - 1;
        format!("{REDIRECT_URI}?code=c-{code}&state={}&iss={}", get("state"), "https%3A%2F%2Fop.example")
    }

    pub(crate) fn person_of(&self, family: usize) -> usize {
        self.families[family].person
    }

    /// Whether it still takes the family's latest refresh token.
    pub(crate) fn takes(&self, family: usize, generation: usize) -> bool {
        let family = &self.families[family];
        !family.is_over && family.generation == generation
    }

    pub(crate) fn is_over(&self, family: usize) -> bool {
        self.families[family].is_over
    }

    pub(crate) fn answer(
        &mut self,
        request: &HttpRequest,
        job: JobId,
        chance: &mut Chance,
        trouble: Trouble,
        rules: &mut Rules,
    ) -> Reply {
        let form = request.body.as_ref().map(|(_, form)| form.expose()).unwrap_or_default();
        match request.url.strip_prefix(ISSUER) {
            Some("/jwks") => json_response(200, &jwks()),
            Some("/revoke") => {
                if let Some((family, _)) = value(form, "token").and_then(|token| named(&token, "r-")) {
                    self.families[family].is_over = true;
                }
                Reply::Response(HttpResponse::new(200, None, Vec::new()))
            }
            Some("/token") => {
                rules.count("token requests");
                if chance.one_in(trouble.refused) {
                    rules.count("answers that ask to come later");
                    let status = *chance.pick(&[503, 429, 500]);
                    let mut response = HttpResponse::new(status, None, Vec::new());
                    if chance.one_in(2) {
                        response.headers.set_text("retry-after", "7");
                    }
                    return Reply::Response(response);
                }
                if chance.one_in(trouble.lost) {
                    rules.count("requests that did not arrive");
                    return Reply::Failure(ErrorCode::NetworkError);
                }
                let is_bound = request.headers.contains("dpop");
                let reply = self.token(form, is_bound, job, rules);
                if chance.one_in(trouble.lost) {
                    rules.count("answers that were lost");
                    return if chance.one_in(3) { Reply::Silence } else { Reply::Failure(ErrorCode::NetworkError) };
                }
                reply
            }
            _ => Reply::Response(HttpResponse::new(404, None, Vec::new())),
        }
    }

    fn token(&mut self, form: &str, is_bound: bool, job: JobId, rules: &mut Rules) -> Reply {
        let refused = || json_response(400, &json!({ "error": "invalid_grant" }));
        if let Some(code) = value(form, "code") {
            let (family, _) = named(&code, "c-").unwrap();
            return self.tokens(family, is_bound, true);
        }
        let Some((family, generation)) = value(form, "refresh_token").and_then(|token| named(&token, "r-")) else {
            return refused();
        };
        rules.used(job, family, generation);
        let known = &mut self.families[family];
        if known.is_over || known.generation != generation {
            if !known.is_over {
                rules.count("families that were ended for a second use");
            }
            known.is_over = true;
            return refused();
        }
        known.generation += 1;
        self.tokens(family, is_bound, self.renews_id_token)
    }

    fn tokens(&self, at: usize, is_bound: bool, with_id_token: bool) -> Reply {
        let family = &self.families[at];
        let mut body = json!({
            "access_token": format!("a-{at}-{}", family.generation),
            "token_type": if is_bound { "DPoP" } else { "Bearer" },
            "expires_in": LIFE,
            "refresh_token": format!("r-{at}-{}", family.generation),
            "scope": "openid",
        });
        if with_id_token {
            body["id_token"] = self.id_token(at).into();
        }
        json_response(200, &body)
    }

    fn id_token(&self, at: usize) -> String {
        let family = &self.families[at];
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT_ID, "sub": person(family.person), "sid": at.to_string(),
            "iat": self.seconds, "exp": self.seconds + 300,
        });
        if family.generation == 0 {
            claims["nonce"] = family.nonce.clone().into();
        }
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signature = URL_SAFE_NO_PAD.encode(SIGNATURE);
        [part(json!({ "alg": "ES256", "kid": "1" })), part(claims), signature].join(".")
    }
}

/// What a person is called.
pub(crate) fn person(number: usize) -> String {
    format!("person-{number}")
}

/// The metadata that the clients are given.
pub(crate) fn metadata() -> Value {
    let at = |path: &str| [ISSUER, path].concat();
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/jwks"),
        "revocation_endpoint": at("/revoke"),
        "end_session_endpoint": at("/logout"),
        "code_challenge_methods_supported": ["S256"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn jwks() -> Value {
    let coordinate = URL_SAFE_NO_PAD.encode([7; 32]);
    json!({ "keys": [{ "kty": "EC", "crv": "P-256", "kid": "1", "x": coordinate, "y": coordinate }] })
}

fn json_response(status: u16, body: &Value) -> Reply {
    Reply::Response(HttpResponse::new(status, Some(JSON), body.to_string().into_bytes()))
}

/// The family and the generation in a token's text.
pub(crate) fn named(token: &str, prefix: &str) -> Option<(usize, usize)> {
    let (family, generation) = token.strip_prefix(prefix)?.split_once('-').unwrap_or((&token[prefix.len()..], "0"));
    Some((family.parse().ok()?, generation.parse().ok()?))
}

/// The refresh token in a text, whatever else that is.
pub(crate) fn refresh_token_in(text: &str) -> Option<(usize, usize)> {
    let (_, rest) = text.split_once("oken\":\"r-")?;
    let (token, _) = rest.split_once('"')?;
    named(&["r-", token].concat(), "r-")
}

/// The first of that name in a form or query. Values of this provider need no decoding.
fn value(query: &str, name: &str) -> Option<String> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned())
}
