//! The `Verifier` of native tests.
#![cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "the browser has its own"))]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::error::Result;
use oidc_wasm::jose::{Algorithm, Curve, Hash, Jwk};
use oidc_wasm::json::Json;
use oidc_wasm::platform::Verifier;
use p256::ecdsa::signature::Verifier as _;
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use rsa::traits::SignatureScheme;
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use serde_json::Value;

/// RustCrypto.
pub(crate) struct RustCryptoVerifier;

impl Verifier for RustCryptoVerifier {
    async fn digest(&self, hash: Hash, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(digest(hash, bytes))
    }

    async fn verify(&self, algorithm: Algorithm, key: &Jwk, message: &[u8], signature: &[u8]) -> Result<bool> {
        let key: Value = serde_json::from_str(&Json::from(key.members.clone()).to_text()).unwrap();
        Ok(verify(algorithm, &key, message, signature).is_some())
    }
}

macro_rules! verify_ecdsa {
    ($curve:ident, $point:expr, $message:expr, $signature:expr) => {{
        let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes($point).ok()?;
        key.verify($message, &$curve::ecdsa::Signature::from_slice($signature).ok()?).ok()
    }};
}

fn verify(algorithm: Algorithm, jwk: &Value, message: &[u8], signature: &[u8]) -> Option<()> {
    let octets = |member: &str| URL_SAFE_NO_PAD.decode(jwk[member].as_str()?).ok();
    match algorithm {
        Algorithm::Rsa(hash) => {
            let scheme = match hash {
                Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
                Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
                Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
            };
            verify_rsa(scheme, &octets("n")?, &octets("e")?, &digest(hash, message), signature)
        }
        Algorithm::RsaPss(hash) => {
            let (n, e, digest) = (octets("n")?, octets("e")?, digest(hash, message));
            match hash {
                Hash::Sha256 => verify_rsa(Pss::<Sha256>::new(), &n, &e, &digest, signature),
                Hash::Sha384 => verify_rsa(Pss::<Sha384>::new(), &n, &e, &digest, signature),
                Hash::Sha512 => verify_rsa(Pss::<Sha512>::new(), &n, &e, &digest, signature),
            }
        }
        Algorithm::Ecdsa(curve) => {
            let point = [vec![4], octets("x")?, octets("y")?].concat();
            match curve {
                Curve::P256 => verify_ecdsa!(p256, &point, message, signature),
                Curve::P384 => verify_ecdsa!(p384, &point, message, signature),
                Curve::P521 => verify_ecdsa!(p521, &point, message, signature),
            }
        }
        Algorithm::Ed25519 => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&octets("x")?.try_into().ok()?).ok()?;
            key.verify_strict(message, &ed25519_dalek::Signature::from_slice(signature).ok()?).ok()
        }
    }
}

fn verify_rsa(scheme: impl SignatureScheme, n: &[u8], e: &[u8], digest: &[u8], signature: &[u8]) -> Option<()> {
    let number = BoxedUint::from_be_slice_vartime;
    // The bounds are the core's own business.
    RsaPublicKey::new_unchecked(number(n), number(e)).verify(scheme, digest, signature).ok()
}

pub(crate) fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
    match hash {
        Hash::Sha256 => Sha256::digest(message).to_vec(),
        Hash::Sha384 => Sha384::digest(message).to_vec(),
        Hash::Sha512 => Sha512::digest(message).to_vec(),
    }
}
