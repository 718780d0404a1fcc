//! Published signatures (`fixtures/vectors.json`), natively by RustCrypto and in a browser by WebCrypto, and what is
//! made of tokens that are wrong in one thing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
#![allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::error::Result;
use oidc_wasm::jose::{Algorithm, Curve, Es256Key, Hash, Jwk, Jws, jwks, sha256, thumbprint};
use oidc_wasm::json::{Json, Object};
use oidc_wasm::platform::Verifier as _;
use serde_json::{Value, json};

#[cfg(not(target_arch = "wasm32"))]
#[path = "flows/rustcrypto.rs"]
#[allow(dead_code, reason = "shared with the flows, which use more of it")]
mod rustcrypto;

#[cfg(not(target_arch = "wasm32"))]
const VERIFIER: rustcrypto::RustCryptoVerifier = rustcrypto::RustCryptoVerifier;
#[cfg(target_arch = "wasm32")]
const VERIFIER: oidc_wasm::browser::WebCryptoVerifier = oidc_wasm::browser::WebCryptoVerifier;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// Tests that run natively and in a browser.
macro_rules! tests {
    ($(async fn $name:ident() $body:block)+) => {
        $(
            #[cfg(not(target_arch = "wasm32"))]
            #[test]
            fn $name() {
                pollster::block_on(async $body);
            }

            #[cfg(target_arch = "wasm32")]
            #[wasm_bindgen_test::wasm_bindgen_test]
            async fn $name() $body
        )+
    };
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../fixtures/vectors.json")).unwrap()
}

fn object(value: &Value) -> Object {
    Json::parse_object(value.to_string().as_bytes()).unwrap()
}

fn text<'a>(vector: &'a Value, member: &str) -> &'a str {
    vector[member].as_str().unwrap()
}

/// A part of a token.
fn part(token: &str, index: usize) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.split('.').nth(index).unwrap()).unwrap()
}

async fn check(vector: &Value) {
    let name = text(vector, "name");
    let algorithm = Algorithm::parse(text(vector, "alg")).unwrap();
    let key = Jwk::parse(&object(&vector["jwk"]), algorithm).unwrap_or_else(|| panic!("{name}: the key is refused"));
    let jws = Jws::parse(text(vector, "token")).unwrap();
    assert_eq!(jws.algorithm, algorithm, "{name}");
    let good = VERIFIER.verify(algorithm, &key, jws.signing_input, &jws.signature).await;
    assert_eq!(good, Ok(vector["valid"].as_bool().unwrap()), "{name}");
}

/// The way of a token: taken apart, its key chosen, its signature checked, its claims read.
async fn claims(token: &str, keys: &Object) -> Result<Object> {
    let jws = Jws::parse(token)?;
    let key = jwks::select(keys, jws.algorithm, jws.key_id())?;
    match VERIFIER.verify(jws.algorithm, &key, jws.signing_input, &jws.signature).await? {
        true => jws.into_verified_claims(),
        false => Err(oidc_wasm::error::ErrorCode::SignatureInvalid.into()),
    }
}

tests! {
    async fn published_signatures() {
        let vectors = vectors();
        assert!(vectors.len() >= 39);
        for vector in vectors {
            check(&vector).await;
        }
    }

    async fn jo_16_signatures_with_a_high_s_are_good() {
        // Half the order of P-256.
        let half = [0x7f, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let mut high = Vec::new();
        for vector in vectors().iter().filter(|vector| vector["alg"] == "ES256" && vector["valid"] == true) {
            if part(text(vector, "token"), 2)[32..48] > half[..] {
                check(vector).await;
                high.push(text(vector, "name").to_owned());
            }
        }
        high.retain(|name| name.starts_with("RFC"));
        let published = ["RFC 7515, appendix A.3: s is high, which is fine", "RFC 9449, section 4.1", "RFC 9449, section 7.1"];
        assert_eq!(high, published);
    }

    async fn rfc_9449_proofs_are_signed_by_the_key_in_their_header() {
        for section in ["4.1", "5", "7.1"] {
            let name = format!("RFC 9449, section {section}");
            let vector = vectors().into_iter().find(|vector| vector["name"] == name.as_str()).unwrap();
            let token = text(&vector, "token");
            let header: Value = serde_json::from_slice(&part(token, 0)).unwrap();
            assert_eq!((&header["typ"], &header["jwk"]), (&json!("dpop+jwt"), &vector["jwk"]), "{name}");
            // Section 6.1
            let jkt = thumbprint::thumbprint(&object(&header["jwk"]));
            assert_eq!(jkt.as_deref(), Ok("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"), "{name}");
            let keys = object(&json!({ "keys": [header["jwk"]] }));
            let claims = claims(token, &keys).await.unwrap();
            let ath = VERIFIER.digest(Hash::Sha256, b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU").await.unwrap();
            let ath = URL_SAFE_NO_PAD.encode(ath);
            assert_eq!(claims.str("ath"), (section == "7.1").then_some(ath.as_str()), "{name}");
        }
    }

    async fn dp_06_signatures_of_the_software_signer_are_good_for_the_verifier() {
        let (mut high, message) = (0, b"eyJhbGciOiJFUzI1NiJ9.e30");
        for count in 0..40 {
            let key = Es256Key::from_random(&sha256(&[count])).unwrap();
            let public = Jwk::parse(&key.public_jwk(), Algorithm::Ecdsa(Curve::P256)).unwrap();
            let signature = key.sign(message);
            let is_good = |message, signature| VERIFIER.verify(Algorithm::Ecdsa(Curve::P256), &public, message, signature);
            assert_eq!(is_good(message, &signature).await, Ok(true), "key {count}");
            assert_eq!(is_good(&message[1..], &signature).await, Ok(false), "key {count}, another message");
            high += u32::from(signature[32] > 0x7f);
        }
        // JO-16: RFC 6979 has no rule about s, and no verifier here wants one.
        assert!((8..32).contains(&high), "{high} of 40 have a high s");
    }

    async fn jo_23_failures_of_each_class_have_their_code() {
        let key = json!({
            "kty": "EC", "crv": "P-256", "kid": "a",
            "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        });
        let with = |member: &str, value: Value| {
            let mut key = key.clone();
            key[member] = value;
            json!({ "keys": [key] })
        };
        let honest = vectors().into_iter().find(|vector| vector["name"] == "RFC 9449, section 4.1").unwrap();
        let honest = text(&honest, "token");
        let (input, signature) = honest.rsplit_once('.').unwrap();
        let (header, payload) = input.split_once('.').unwrap();
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let headed = |text: &str| format!("{}.{payload}.{signature}", encoded(text));
        let signed = |octets: &[u8]| format!("{input}.{}", URL_SAFE_NO_PAD.encode(octets));
        let keys = json!({ "keys": [key] });
        let twins = json!({ "keys": [key, with("kid", json!("b"))["keys"][0]] });
        let order = URL_SAFE_NO_PAD.decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();

        let inputs = [
            // What cannot be taken apart.
            ("", &keys, "jwt_malformed"),
            ("..", &keys, "jwt_malformed"),
            (input, &keys, "jwt_malformed"),
            (&format!("{honest}.x"), &keys, "jwt_malformed"),
            (&format!("{honest}="), &keys, "jwt_malformed"),
            (&format!("{honest}\n"), &keys, "jwt_malformed"),
            (&format!("{input}."), &keys, "jwt_malformed"),
            (&format!("{header}..{signature}"), &keys, "jwt_malformed"),
            (&format!(".{payload}.{signature}"), &keys, "jwt_malformed"),
            (&honest.replacen("fQ.", "fR.", 1), &keys, "jwt_malformed"),
            (&format!("{honest}.x.x"), &keys, "jwt_encrypted"),
            (&headed("[]"), &keys, "invalid_json"),
            (&headed(r#"{"alg":"ES256","\u0061lg":"none"}"#), &keys, "invalid_json"),
            (&headed(r#"{"alg":"ES256","kid":0}"#), &keys, "jwt_malformed"),
            (&headed(r#"{"alg":"ES256","crit":["exp"]}"#), &keys, "jwt_malformed"),
            (&headed(r#"{"kid":"a"}"#), &keys, "jwt_malformed"),
            (&headed(r#"{"alg":"none"}"#), &keys, "algorithm_not_allowed"),
            (&headed(r#"{"alg":"HS256"}"#), &keys, "algorithm_not_allowed"),
            // What no key is there for.
            (honest, &json!({ "keys": [] }), "signing_key_not_found"),
            (honest, &with("use", json!("enc")), "signing_key_not_found"),
            (honest, &with("alg", json!("ES384")), "signing_key_not_found"),
            (honest, &with("crv", json!("P-384")), "signing_key_not_found"),
            (honest, &with("d", json!("AQ")), "signing_key_not_found"),
            (honest, &with("x", json!("AQ")), "signing_key_not_found"),
            (&headed(r#"{"alg":"RS256"}"#), &keys, "signing_key_not_found"),
            (&headed(r#"{"alg":"ES256","kid":"c"}"#), &keys, "signing_key_not_found"),
            (honest, &twins, "signing_key_ambiguous"),
            // What the key has not signed.
            (&signed(&[1; 64]), &keys, "signature_invalid"),
            (&signed(&[0; 64]), &keys, "signature_invalid"),
            (&signed(&[1; 63]), &keys, "signature_invalid"),
            (&signed(&[&[1; 32], order.as_slice()].concat()), &keys, "signature_invalid"),
            (&format!("{header}.{}.{signature}", encoded("{}")), &keys, "signature_invalid"),
            (&headed(r#"{"alg":"ES256"}"#), &keys, "signature_invalid"),
            (honest, &with("x", key["y"].clone()), "signature_invalid"),
        ];
        assert!(inputs.len() >= 30);
        for (token, keys, expected) in inputs {
            let failure = claims(token, &object(keys)).await.map(|_| ()).unwrap_err();
            assert_eq!(failure.code().as_str(), expected, "{token} {keys}");
        }
        assert!(claims(honest, &object(&keys)).await.is_ok());
    }
}
