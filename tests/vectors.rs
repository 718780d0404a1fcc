//! Published signatures (`fixtures/vectors.json`), natively by RustCrypto and in a browser by WebCrypto.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]

use oidc_wasm::jose::{Algorithm, Jwk, Jws};
use oidc_wasm::json::Json;
use oidc_wasm::platform::Verifier as _;
use serde_json::Value;

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

async fn check(vector: &Value) {
    let name = vector["name"].as_str().unwrap();
    let algorithm = Algorithm::parse(vector["alg"].as_str().unwrap()).unwrap();
    let key = Json::parse_object(vector["jwk"].to_string().as_bytes()).unwrap();
    let key = Jwk::parse(&key, algorithm).unwrap_or_else(|| panic!("{name}: the key is refused"));
    let jws = Jws::parse(vector["token"].as_str().unwrap()).unwrap();
    assert_eq!(jws.algorithm, algorithm, "{name}");
    let good = VERIFIER.verify(algorithm, &key, jws.signing_input, &jws.signature).await;
    assert_eq!(good, Ok(vector["valid"].as_bool().unwrap()), "{name}");
}

async fn check_all() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../fixtures/vectors.json")).unwrap();
    for vector in vectors {
        // P-521 is there in browsers only.
        if cfg!(target_arch = "wasm32") || vector["alg"] != "ES512" {
            check(&vector).await;
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn published_signatures() {
    pollster::block_on(check_all());
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test::wasm_bindgen_test]
async fn published_signatures() {
    check_all().await;
}
