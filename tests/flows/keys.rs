//! The provider's keys, and signatures with them.

use crate::rustcrypto::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use oidc_wasm::jose::Hash;
use p256::ecdsa::signature::Signer as _;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPrivateKey};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::convert::Infallible;

pub(crate) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn octets(jwk: &Map<String, Value>, member: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk[member].as_str().unwrap()).unwrap()
}

/// The fixed test keys. RSA keys take a while to read, so it happens once.
pub(crate) struct Keys {
    jwks: Map<String, Value>,
    rsa: HashMap<String, RsaPrivateKey>,
}

/// Salts need not be random here.
struct NoRandom;

impl TryRng for NoRandom {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(1)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(1)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(1);
        Ok(())
    }
}

impl TryCryptoRng for NoRandom {}

impl Keys {
    pub(crate) fn load() -> Self {
        let mut file: Value = serde_json::from_str(include_str!("../../fixtures/test-keys.json")).unwrap();
        let Value::Object(jwks) = file["keys"].take() else { panic!("test-keys.json") };
        let rsa = jwks.iter().filter(|(_, jwk)| jwk["kty"] == "RSA");
        let rsa = rsa.map(|(name, jwk)| (name.clone(), private_rsa(jwk.as_object().unwrap()))).collect();
        Self { jwks, rsa }
    }

    fn jwk(&self, name: &str) -> &Map<String, Value> {
        self.jwks.get(name).and_then(Value::as_object).unwrap_or_else(|| panic!("there is no test key {name}"))
    }

    /// The published form, with the key's name as `kid`.
    pub(crate) fn public(&self, name: &str) -> Map<String, Value> {
        let public = ["kty", "crv", "x", "y", "n", "e"];
        let mut jwk: Map<String, Value> = self
            .jwk(name)
            .iter()
            .filter(|(member, _)| public.contains(&member.as_str()))
            .map(|(m, v)| (m.clone(), v.clone()))
            .collect();
        jwk.insert("kid".into(), name.into());
        jwk.insert("use".into(), "sig".into());
        jwk
    }

    /// The algorithm that a key usually signs with.
    pub(crate) fn usual_algorithm(&self, name: &str) -> &'static str {
        match self.jwk(name)["kty"].as_str().unwrap() {
            "RSA" => "RS256",
            "EC" => "ES256",
            _ => "EdDSA",
        }
    }

    pub(crate) fn sign(&self, name: &str, algorithm: &str, salt: Option<usize>, message: &[u8]) -> Vec<u8> {
        let hash = hash_of(algorithm);
        let digest = digest(hash, message);
        match &algorithm[..2] {
            "RS" => {
                let scheme = match hash {
                    Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                    Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                    Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
                };
                self.rsa[name].sign(scheme, &digest).unwrap()
            }
            "PS" => {
                let salt = salt.unwrap_or(digest.len());
                let key = &self.rsa[name];
                match hash {
                    Hash::Sha256 => key.sign_with_rng(&mut NoRandom, Pss::<Sha256>::new_with_salt(salt), &digest),
                    Hash::Sha384 => key.sign_with_rng(&mut NoRandom, Pss::<Sha384>::new_with_salt(salt), &digest),
                    Hash::Sha512 => key.sign_with_rng(&mut NoRandom, Pss::<Sha512>::new_with_salt(salt), &digest),
                }
                .unwrap()
            }
            "ES" => self.sign_ecdsa(name, message).to_vec(),
            _ => {
                let secret: [u8; 32] = octets(self.jwk(name), "d").try_into().unwrap();
                ed25519_dalek::SigningKey::from_bytes(&secret).sign(message).to_vec()
            }
        }
    }

    pub(crate) fn sign_ec_der(&self, name: &str, message: &[u8]) -> Vec<u8> {
        self.sign_ecdsa(name, message).to_der().as_bytes().to_vec()
    }

    fn sign_ecdsa(&self, name: &str, message: &[u8]) -> p256::ecdsa::Signature {
        p256::ecdsa::SigningKey::from_slice(&octets(self.jwk(name), "d")).unwrap().sign(message)
    }

    pub(crate) fn public_pem(&self, name: &str) -> Vec<u8> {
        self.rsa[name].to_public_key().to_public_key_pem(LineEnding::LF).unwrap().into_bytes()
    }

    pub(crate) fn public_der(&self, name: &str) -> Vec<u8> {
        self.rsa[name].to_public_key().to_public_key_der().unwrap().into_vec()
    }
}

fn private_rsa(jwk: &Map<String, Value>) -> RsaPrivateKey {
    let number = |member| BoxedUint::from_be_slice_vartime(&octets(jwk, member));
    RsaPrivateKey::from_components(number("n"), number("e"), number("d"), vec![number("p"), number("q")]).unwrap()
}

/// The hash inside an algorithm; that of Ed25519 matters for `at_hash` only.
pub(crate) fn hash_of(algorithm: &str) -> Hash {
    match algorithm {
        "RS384" | "PS384" => Hash::Sha384,
        "RS512" | "PS512" | "EdDSA" => Hash::Sha512,
        _ => Hash::Sha256,
    }
}

pub(crate) fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}
