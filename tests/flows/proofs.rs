//! What an honest server does with DPoP proofs (RFC 9449, section 4.3): it verifies all of every one. What no honest
//! client sends is a failed test; what only this server wants otherwise is an answer.

use crate::keys::base64url;
use crate::rustcrypto::digest;
use crate::script::{Nonces, Proofs};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::jose::Hash;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// How far the time of a proof may be behind and ahead, in seconds (FAPI 2.0 Security Profile, section 5.3.2.1).
const BEHIND: i64 = 60;
const AHEAD: i64 = 10;
/// Longest nonce that a client has to take.
const LONGEST_NONCE: usize = 1024;

/// Who asks for the proof: nonces of one are none of the other's (sections 8 and 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    AuthorizationServer,
    Api,
}

/// A request, as far as a proof is about it.
pub(crate) struct Proven<'a> {
    pub(crate) role: Role,
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    /// The access token that goes along.
    pub(crate) token: Option<&'a str>,
}

/// The memory of all servers.
#[derive(Default)]
pub(crate) struct ProofChecker {
    ids: HashSet<String>,
    /// The nonce that each server told last, and that this page could read.
    told: HashMap<(Role, String), String>,
    /// What an earlier page was told: a sign-in may hand the authorization server's nonce on to the page that completes it.
    earlier: HashMap<(Role, String), String>,
    latest: HashMap<Role, String>,
    nonces: usize,
    /// The thumbprints of all proofs so far.
    pub(crate) keys: Vec<String>,
}

impl ProofChecker {
    /// A new page knows no nonces of APIs.
    pub(crate) fn page_is_new(&mut self) {
        self.earlier = std::mem::take(&mut self.told);
        self.earlier.retain(|(role, _), _| *role == Role::AuthorizationServer);
    }

    /// The thumbprint of the key, or what the server wants otherwise. `Err` where no client may ever send that.
    pub(crate) fn check(
        &mut self,
        proof: &str,
        request: &Proven<'_>,
        wants: &Proofs,
        now: i64,
    ) -> Result<Result<String, &'static str>, String> {
        let parts: Vec<&str> = proof.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else { return Err("a proof of other parts".to_owned()) };
        let (header_members, members) = (object(header)?, object(claims)?);
        let jwk = header_members.get("jwk").and_then(Value::as_object).ok_or("a proof without jwk")?;
        exactly("header of a proof", &header_members, &["alg", "jwk", "typ"])?;
        exactly("key of a proof", jwk, &["crv", "kty", "x", "y"])?;
        same("typ", &header_members["typ"], "dpop+jwt")?;
        same("alg", &header_members["alg"], "ES256")?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| "a signature that is no base64url")?;
        if !is_signed(jwk, &[header, ".", claims].concat(), &signature) {
            return Err("a proof with a bad signature".to_owned());
        }
        let server = (request.role, origin(request.url).to_owned());
        let earlier = self.earlier.get(&server).filter(|_| members.contains_key("nonce"));
        let (token, nonce) = (request.token.map(hash), self.told.get(&server).or(earlier));
        let mut expected = vec!["htm", "htu", "iat", "jti"];
        expected.extend(token.as_ref().map(|_| "ath").iter().chain(nonce.map(|_| "nonce").iter()));
        exactly("claims of a proof", &members, &expected)?;
        same("htm", &members["htm"], request.method)?;
        same("htu", &members["htu"], request.url.split(['?', '#']).next().unwrap_or_default())?;
        for (name, expected) in [("ath", token.as_deref()), ("nonce", nonce.map(String::as_str))] {
            if let Some(expected) = expected {
                same(name, &members[name], expected)?;
            }
        }
        let id = members["jti"].as_str().filter(|id| id.len() >= 16).ok_or("a proof without a good jti")?;
        if !self.ids.insert(id.to_owned()) {
            return Err(format!("the proof {id} a second time"));
        }
        let time = members["iat"].as_i64().ok_or("a proof without a whole iat")?;
        let key = thumbprint(jwk);
        self.keys.push(key.clone());
        let is_in_time = wants.any_time || (now - BEHIND..=now + AHEAD).contains(&time);
        let has_nonce = match wants_nonces(wants, request.role) {
            Nonces::None | Nonces::Offered => true,
            Nonces::Fixed => nonce.is_some_and(|nonce| *nonce == fixed(request.role)),
            Nonces::Rotating => nonce.is_some() && nonce == self.latest.get(&request.role),
            Nonces::Insatiable | Nonces::Stubborn | Nonces::Unreadable | Nonces::Twofold => false,
        };
        let order = [(is_in_time, "invalid_dpop_proof"), (has_nonce, "use_dpop_nonce")];
        let first = if wants.time_first { order[0] } else { order[1] };
        let second = if wants.time_first { order[1] } else { order[0] };
        let wrong = [first, second].into_iter().find(|(fine, _)| !fine);
        Ok(wrong.map_or(Ok(key), |(_, error)| Err(error)))
    }

    /// The headers that go with an answer of this server.
    pub(crate) fn headers(
        &mut self,
        role: Role,
        wants: &Proofs,
        refused: bool,
        now: i64,
    ) -> Vec<(&'static str, String)> {
        let mut headers = Vec::new();
        if wants.date {
            headers.push(("date", http_date(now + wants.date_ahead)));
        }
        self.nonces += 1;
        let next = format!("nonce-{role:?}-{}", self.nonces);
        let nonce = match wants_nonces(wants, role) {
            Nonces::None | Nonces::Unreadable => None,
            Nonces::Fixed => refused.then(|| fixed(role)),
            Nonces::Stubborn => Some(fixed(role)),
            Nonces::Rotating | Nonces::Offered | Nonces::Insatiable => {
                self.latest.insert(role, next.clone());
                Some(next)
            }
            Nonces::Twofold => Some([&fixed(role), ", ", &next].concat()),
        };
        headers.extend(nonce.map(|nonce| ("dpop-nonce", nonce)));
        headers
    }

    /// What the page could read in an answer.
    pub(crate) fn told(&mut self, role: Role, url: &str, nonce: &str) {
        let is_char = |b: u8| b == 0x21 || (0x23..=0x5b).contains(&b) || (0x5d..=0x7e).contains(&b);
        if (1..=LONGEST_NONCE).contains(&nonce.len()) && nonce.bytes().all(is_char) {
            self.told.insert((role, origin(url).to_owned()), nonce.to_owned());
        }
    }
}

fn wants_nonces(wants: &Proofs, role: Role) -> Nonces {
    if role == Role::Api { wants.api_nonces } else { wants.nonces }
}

fn fixed(role: Role) -> String {
    format!("nonce-{role:?}")
}

pub(crate) fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    &url[..url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at)]
}

pub(crate) fn hash(text: &str) -> String {
    base64url(&digest(Hash::Sha256, text.as_bytes()))
}

/// RFC 7638, section 3, for keys on P-256.
pub(crate) fn thumbprint(jwk: &Map<String, Value>) -> String {
    let of = |name: &str| jwk[name].as_str().unwrap_or_default();
    hash(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, of("x"), of("y")))
}

pub(crate) fn object(part: &str) -> Result<Map<String, Value>, String> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| "a part that is no base64url")?;
    serde_json::from_slice(&bytes).map_err(|error| format!("a part that is no object: {error}"))
}

/// An ES256 signature by the private half of this key.
pub(crate) fn is_signed(jwk: &Map<String, Value>, message: &str, signature: &[u8]) -> bool {
    let octets = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap_or_default();
    let point = [vec![4], octets("x"), octets("y")].concat();
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_sec1_bytes(&point), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify(message.as_bytes(), &signature).is_ok()
}

pub(crate) fn exactly(what: &str, members: &Map<String, Value>, expected: &[&str]) -> Result<(), String> {
    let (mut expected, mut actual) = (expected.to_vec(), members.keys().map(String::as_str).collect::<Vec<_>>());
    expected.sort_unstable();
    actual.sort_unstable();
    if expected == actual { Ok(()) } else { Err(format!("{what}: {actual:?} instead of {expected:?}")) }
}

fn same(name: &str, actual: &Value, expected: &str) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("{name} of a proof: {actual} instead of {expected}")) }
}

/// RFC 9110, section 5.6.7. The scripts do not leave their week.
fn http_date(seconds: i64) -> String {
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // 15 January 2027 is day 20833.
    let day = days - 20_833 + 15;
    assert!((1..=31).contains(&day), "a date outside of January 2027");
    let weekday = WEEKDAYS[usize::try_from(days.rem_euclid(7)).unwrap()];
    format!("{weekday}, {day:02} Jan 2027 {:02}:{:02}:{:02} GMT", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The reverse, for the client's clock.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let fields: Vec<&str> = text.split_once(", ")?.1.strip_suffix(" GMT")?.split([' ', ':']).collect();
    let [day, "Jan", "2027", hour, minute, second] = fields.as_slice() else { return None };
    let number = |field: &str| field.parse::<i64>().ok();
    let days = 20_833 - 15 + number(day)?;
    Some(((days * 24 + number(hour)?) * 60 + number(minute)?) * 60 + number(second)?)
}
