//! Checking signatures with `crypto.subtle`.

use crate::browser::global::{feature, json, property};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Algorithm, Curve, Hash, Jwk};
use crate::json::Json;
use crate::platform::Verifier;
use crate::text::concat;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
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
        usages: &JsValue,
    ) -> std::result::Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn digest(this: &SubtleCrypto, hash: &str, bytes: &Uint8Array) -> std::result::Result<Promise, JsValue>;
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
    async fn digest(&self, hash: Hash, bytes: &[u8]) -> Result<Vec<u8>> {
        let digest = settle(subtle()?.digest(hash.as_str(), &Uint8Array::from(bytes))).await;
        Ok(Uint8Array::new(&digest.ok_or_else(|| unsupported(hash.as_str()))?).to_vec())
    }

    async fn verify(&self, algorithm: Algorithm, key: &Jwk, message: &[u8], signature: &[u8]) -> Result<bool> {
        let subtle = subtle()?;
        let parameters = parameters(algorithm);
        let jwk = json(&Json::from(key.members.clone()).to_text());
        // A key that is no key (a point off the curve, say) cannot have signed anything.
        let Some(key) = settle(subtle.import_key("jwk", &jwk, &parameters, false, &json("[\"verify\"]"))).await else {
            return match algorithm {
                Algorithm::Ed25519 => Err(unsupported("Ed25519 in crypto.subtle, or a valid key")),
                _ => Ok(false),
            };
        };
        let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
        Ok(settle(subtle.verify(&parameters, &key, &signature, &message)).await.is_some_and(|good| good.is_truthy()))
    }
}

fn subtle() -> Result<SubtleCrypto> {
    feature("crypto")
        .and_then(|crypto| property(&crypto, "subtle"))
        .map(JsCast::unchecked_into)
        .ok_or_else(|| unsupported("crypto.subtle (needs https or localhost)"))
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
    let hash = algorithm.hash().as_str();
    json(&concat(&["{\"name\":\"", name, "\",\"hash\":\"", hash, "\"", rest, "}"]))
}
