//! Checking signatures with `crypto.subtle`.

use crate::browser::global::{feature, property};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Algorithm, Curve, Hash, Jwk};
use crate::json::Json;
use crate::platform::Verifier;
use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type SubtleCrypto;
    #[wasm_bindgen(method, catch, js_name = importKey)]
    fn import_key(
        this: &SubtleCrypto,
        format: &str,
        key: &JsValue,
        algorithm: &JsValue,
        extractable: bool,
        usages: &Array,
    ) -> std::result::Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn verify(
        this: &SubtleCrypto,
        algorithm: &JsValue,
        key: &JsValue,
        signature: &Uint8Array,
        message: &Uint8Array,
    ) -> std::result::Result<Promise, JsValue>;
}

/// The browser's cryptography.
#[derive(Debug)]
pub struct WebCryptoVerifier;

impl Verifier for WebCryptoVerifier {
    async fn verify(&self, algorithm: Algorithm, key: &Jwk, message: &[u8], signature: &[u8]) -> Result<bool> {
        let subtle: SubtleCrypto = feature::<JsValue>("crypto")
            .and_then(|crypto| property(&crypto, "subtle"))
            .ok_or_else(|| unsupported("crypto.subtle (needs https or localhost)"))?;
        let parameters = parameters(algorithm);
        let usages = Array::of1(&JsValue::from_str("verify"));
        let jwk = parse(&Json::from(key.members.clone()).to_text());
        // A key that is no key (a point off the curve, say) cannot have signed anything.
        let Some(key) = settle(subtle.import_key("jwk", &jwk, &parameters, false, &usages)).await else {
            return match algorithm {
                Algorithm::Ed25519 => Err(unsupported("Ed25519 in crypto.subtle, or a valid key")),
                _ => Ok(false),
            };
        };
        let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
        Ok(settle(subtle.verify(&parameters, &key, &signature, &message)).await.is_some_and(|good| good.is_truthy()))
    }
}

async fn settle(promise: std::result::Result<Promise, JsValue>) -> Option<JsValue> {
    JsFuture::from(promise.ok()?).await.ok()
}

fn unsupported(feature: &str) -> Error {
    Error::new(ErrorCode::UnsupportedEnvironment).with("feature", feature)
}

/// Parameters for both `importKey` and `verify` (Web Cryptography API, sections 20 to 23). The salt of RSA-PSS is as
/// long as the hash (RFC 7518, section 3.5).
fn parameters(algorithm: Algorithm) -> JsValue {
    let (name, rest) = match algorithm {
        Algorithm::Rsa(_) => ("RSASSA-PKCS1-v1_5", ""),
        Algorithm::RsaPss(Hash::Sha256) => ("RSA-PSS", ",\"saltLength\":32"),
        Algorithm::RsaPss(Hash::Sha384) => ("RSA-PSS", ",\"saltLength\":48"),
        Algorithm::RsaPss(Hash::Sha512) => ("RSA-PSS", ",\"saltLength\":64"),
        Algorithm::Ecdsa(Curve::P256) => ("ECDSA", ",\"namedCurve\":\"P-256\""),
        Algorithm::Ecdsa(Curve::P384) => ("ECDSA", ",\"namedCurve\":\"P-384\""),
        Algorithm::Ecdsa(Curve::P521) => ("ECDSA", ",\"namedCurve\":\"P-521\""),
        Algorithm::Ed25519 => ("Ed25519", ""),
    };
    let hash = match algorithm.hash() {
        Hash::Sha256 => "256",
        Hash::Sha384 => "384",
        Hash::Sha512 => "512",
    };
    parse(&["{\"name\":\"", name, "\",\"hash\":\"SHA-", hash, "\"", rest, "}"].concat())
}

/// An object from JSON text of our own.
fn parse(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_default()
}
