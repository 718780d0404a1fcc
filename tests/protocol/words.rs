//! What stands for something that is only known when the case runs: times, keys, signed tokens, long texts.

use crate::case::change;
use crate::keys::{Keys, base64url, hmac_sha256};
use serde_json::{Map, Value};
use std::cell::OnceCell;

/// Honest answers by operation, and honest tokens by kind.
pub(crate) struct Words {
    honest: Value,
    keys: OnceCell<Keys>,
    pub(crate) now: i64,
}

impl Words {
    pub(crate) fn new(now: i64) -> Self {
        let honest = serde_json::from_str(include_str!("../../fixtures/protocol/honest.json")).unwrap();
        Self { honest, keys: OnceCell::new(), now }
    }

    fn keys(&self) -> &Keys {
        self.keys.get_or_init(Keys::load)
    }

    /// The honest answer to an operation.
    pub(crate) fn honest_answer(&self, operation: &str) -> Option<Value> {
        self.honest["answers"].get(operation).map(|answer| self.value(answer))
    }

    /// A value with its words filled in.
    pub(crate) fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => self.object(members),
            other => other.clone(),
        }
    }

    fn object(&self, members: &Map<String, Value>) -> Value {
        if let Some(seconds) = members.get("$now").and_then(Value::as_i64) {
            return (self.now + seconds).into();
        }
        if let Some(text) = members.get("$repeat").and_then(Value::as_str) {
            return text.repeat(members["times"].as_u64().unwrap() as usize).into();
        }
        if let Some(name) = members.get("$body").and_then(Value::as_str) {
            return self.honest_answer(name).unwrap_or_else(|| panic!("there is no answer {name}"))["body"].take();
        }
        if let Some(kind) = members.get("$jwt").and_then(Value::as_str) {
            return self.jwt(kind, members).into();
        }
        let mut filled = match members.get("$key").and_then(Value::as_str) {
            Some(name) => self.keys().public(name),
            None => Map::new(),
        };
        let rest: Map<String, Value> = members
            .iter()
            .filter(|(name, _)| *name != "$key")
            .map(|(name, value)| (name.clone(), self.value(value)))
            .collect();
        if members.contains_key("$key") {
            change(&mut filled, &rest);
        } else {
            filled = rest;
        }
        filled.into()
    }

    /// A token of this kind, signed after everything that was asked to be different.
    fn jwt(&self, kind: &str, members: &Map<String, Value>) -> String {
        let known = ["$jwt", "key", "alg", "header", "claims", "headerText", "claimsText", "signature", "tamper"];
        let unknown = members.keys().find(|name| !known.contains(&name.as_str()));
        assert_eq!(unknown, None, "a token has no such member");
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        let honest = &self.honest["tokens"][kind];
        let key = text("key").unwrap_or("rsa-1");
        let algorithm = text("alg").unwrap_or_else(|| self.keys().usual_algorithm(key));
        let part = |name: &str, mut base: Map<String, Value>| {
            if let Some(changes) = honest[name].as_object() {
                change(&mut base, changes);
            }
            if let Some(Value::Object(changes)) = members.get(name) {
                change(&mut base, changes);
            }
            self.value(&Value::Object(base)).to_string()
        };
        let header = [("alg", algorithm), ("kid", key)].map(|(name, value)| (name.to_owned(), Value::from(value)));
        let header = text("headerText").map_or_else(|| part("header", header.into_iter().collect()), str::to_owned);
        let claims = text("claimsText").map_or_else(|| part("claims", Map::new()), str::to_owned);
        let (header, claims) = (base64url(header.as_bytes()), base64url(claims.as_bytes()));
        let input = [header.as_str(), ".", &claims].concat();
        let signature = match (text("signature"), algorithm) {
            (Some(signature), _) => signature.to_owned(),
            (None, "HS256") => base64url(&hmac_sha256(&self.keys().public_pem("rsa-1"), input.as_bytes())),
            (None, "none") => String::new(),
            (None, _) => base64url(&self.keys().sign(key, algorithm, None, input.as_bytes())),
        };
        let mut parts = [header, claims, signature];
        if let Some(name) = text("tamper") {
            let part = ["header", "payload", "signature"].iter().position(|known| *known == name).unwrap();
            let place = parts[part].len() / 2;
            let other = if parts[part][place..].starts_with('A') { "B" } else { "A" };
            parts[part].replace_range(place..=place, other);
        }
        parts.join(".")
    }
}
