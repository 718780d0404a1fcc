//! The class behind the software signer of `DpopKey`, the only one of its module.

use crate::browser::SystemRandom;
use crate::error::Result;
use crate::jose;
use crate::json::Json;
use crate::platform::Random as _;
use crate::secret::Secret;
use crate::wasm::dto;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

/// A private key for ES256 that never leaves the wasm.
#[wasm_bindgen]
pub struct Es256Key(jose::Es256Key);

#[wasm_bindgen]
impl Es256Key {
    /// A new one.
    pub fn generate() -> std::result::Result<Es256Key, JsValue> {
        let run = || -> Result<jose::Es256Key> {
            loop {
                if let Some(key) = jose::Es256Key::from_random(&Zeroizing::new(SystemRandom.seed()?)) {
                    return Ok(key);
                }
            }
        };
        run().map(Self).map_err(|error| dto::error(&error))
    }

    /// From a private JWK, as JSON.
    pub fn import(jwk: String) -> std::result::Result<Es256Key, JsValue> {
        let jwk = Secret::new(jwk);
        let key = dto::options(jwk.expose()).and_then(jose::Es256Key::import);
        key.map(Self).map_err(|error| dto::error(&error))
    }

    /// The public key as JSON.
    #[wasm_bindgen(js_name = publicJwk)]
    pub fn public_jwk(&self) -> String {
        Json::from(self.0.public_jwk()).to_text()
    }

    /// The signature of a text, base64url.
    pub fn sign(&self, input: &str) -> String {
        crate::encoding::base64url(&self.0.sign(input.as_bytes()))
    }
}
