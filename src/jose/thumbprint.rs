//! What can be told of any JSON Web Key, also of those that are not used here: its thumbprint (RFC 7638), its size,
//! and whether it is secret.

use crate::encoding::{base64url, base64url_decode};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::sha256;
use crate::json::{Json, Object};
use crate::text::pieces;

/// Members that only the owner of a key may know.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The thumbprint of a key: base64url of the SHA-256 over its required members (RFC 7638, section 3; RFC 8037,
/// section 2). DPoP calls it `jkt` (RFC 9449, section 6.1).
pub fn thumbprint(jwk: &Object) -> Result<String> {
    let members = required_members(jwk).ok_or_else(no_key)?;
    Ok(base64url(&sha256(Json::from(members).to_text().as_bytes())))
}

/// The members that make a public key, and no others.
pub fn public_key(jwk: &Object) -> Result<Object> {
    required_members(jwk).filter(|members| !is_private(members)).ok_or_else(no_key)
}

fn no_key() -> Error {
    Error::new(ErrorCode::InvalidArgument).with("option", "jwk")
}

/// In lexicographic order (RFC 7638, sections 3.2 and 3.3).
fn required_members(jwk: &Object) -> Option<Object> {
    let names = match jwk.str("kty")? {
        "RSA" => "e,kty,n",
        "EC" => "crv,kty,x,y",
        "OKP" => "crv,kty,x",
        "oct" => "k,kty",
        _ => return None,
    };
    let mut members = Object::default();
    for name in pieces(names, b',') {
        members.set_text(name, jwk.str(name).filter(|value| !value.is_empty())?);
    }
    Some(members)
}

/// The size of a key in bits: of the modulus, the coordinate or the secret (RFC 7518, section 6; RFC 8037, section 2),
/// in whole octets; 0 where that cannot be told.
pub fn key_size(jwk: &Object) -> i64 {
    let name = match jwk.str_or_empty("kty") {
        "RSA" => "n",
        "EC" | "OKP" => "x",
        "oct" => "k",
        _ => return 0,
    };
    let octets = base64url_decode(jwk.str_or_empty(name)).unwrap_or_default();
    // Some servers write the sign octet of their integers; coordinates and secrets have zeros of their own.
    let zeros = octets.iter().take_while(|octet| name == "n" && **octet == 0).count();
    i64::try_from(octets.len().saturating_sub(zeros).saturating_mul(8)).unwrap_or_default()
}

/// Whether a key has a member that only its owner may know (RFC 7518, sections 6.2.2, 6.3.2 and 6.4; RFC 8037,
/// section 2), whatever its type.
pub fn is_private(jwk: &Object) -> bool {
    PRIVATE.iter().any(|name| jwk.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7638, section 3.1
    const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    /// RFC 8037, appendix A.3
    const OKP: &str = r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    /// RFC 9449, section 4.1
    const DPOP: &str = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}"#;
    /// RFC 7515, appendix A.3
    const EC: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn key(text: &str) -> Object {
        Json::parse_object(text.as_bytes()).unwrap()
    }

    #[test]
    fn jo_21_jk_07_thumbprints_are_those_of_the_specifications() {
        for (jwk, expected) in [
            (RSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (OKP, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
            (DPOP, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
            (EC, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"),
        ] {
            assert_eq!(thumbprint(&key(jwk)).unwrap(), expected, "{jwk}");
        }
        let oct = base64url(&sha256(br#"{"k":"AAEC","kty":"oct"}"#));
        assert_eq!(thumbprint(&key(r#"{"kty":"oct","k":"AAEC"}"#)).unwrap(), oct);
    }

    #[test]
    fn jo_21_other_members_and_their_order_do_not_matter() {
        for jwk in [RSA, OKP, DPOP, EC] {
            let members = key(jwk);
            let mut other = Object::default();
            other.set_text("d", "AA");
            other.set("x5c", Json::Array(Vec::new()));
            let mut reversed: Vec<_> = members.iter().collect();
            reversed.reverse();
            reversed.iter().for_each(|(name, value)| other.set(name, (*value).clone()));
            other.set_text("kid", "another");
            other.set_text("alg", "X");
            assert_eq!(thumbprint(&other).unwrap(), thumbprint(&members).unwrap());
        }
    }

    #[test]
    fn jo_21_a_key_that_is_not_whole_has_no_thumbprint() {
        for bad in [
            "{}",
            r#"{"":"x"}"#,
            r#"{"kty":1}"#,
            r#"{"kty":"rsa","n":"AQ","e":"AQ"}"#,
            r#"{"kty":"AKP","alg":"ML-DSA-44","pub":"AQ"}"#,
            r#"{"kty":"RSA","n":"AQ"}"#,
            r#"{"kty":"RSA","e":"AQAB"}"#,
            r#"{"kty":"RSA","n":"","e":"AQAB"}"#,
            r#"{"kty":"RSA","n":["AQ"],"e":"AQAB"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"AQ"}"#,
            r#"{"kty":"EC","x":"AQ","y":"AQ"}"#,
            r#"{"kty":"OKP","x":"AQ"}"#,
            r#"{"kty":"oct"}"#,
        ] {
            let error = thumbprint(&key(bad)).unwrap_err();
            assert_eq!((error.code().as_str(), error.detail("option")), ("invalid_argument", "jwk"), "{bad}");
        }
    }

    #[test]
    fn jk_03_the_size_is_that_of_the_decoded_member() {
        let sized = |kty: &str, name: &str, octets: &[u8]| {
            key_size(&key(&format!(r#"{{"kty":"{kty}","{name}":"{}"}}"#, base64url(octets))))
        };
        for (jwk, bits) in [(RSA, 2048), (OKP, 256), (EC, 256)] {
            assert_eq!(key_size(&key(jwk)), bits);
        }
        assert_eq!(sized("RSA", "n", &[[0, 0].as_slice(), &[0xff; 256]].concat()), 2048, "sign octets");
        assert_eq!(sized("RSA", "n", &[1, 0, 0, 0]), 32);
        assert_eq!(sized("EC", "x", &[0; 66]), 528);
        assert_eq!(sized("OKP", "x", &[0; 56]), 448);
        assert_eq!(sized("oct", "k", &[0; 32]), 256);
        for (kty, name) in [("RSA", "x"), ("EC", "n"), ("oct", "x"), ("", "k"), ("Oct", "k")] {
            assert_eq!(sized(kty, name, &[1; 32]), 0, "{kty} {name}");
        }
        for bad in ["{}", r#"{"kty":"oct","k":"A="}"#, r#"{"kty":"oct","k":1}"#, r#"{"kty":"RSA","n":"AAAA"}"#] {
            assert_eq!(key_size(&key(bad)), 0, "{bad}");
        }
    }

    #[test]
    fn jk_04_one_private_member_is_enough() {
        for jwk in [RSA, OKP, EC, "{}"] {
            assert!(!is_private(&key(jwk)), "{jwk}");
        }
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in ["\"AA\"", "null", "[]"] {
                assert!(is_private(&key(&format!(r#"{{"kty":"RSA","n":"AQ","{name}":{value}}}"#))), "{name} {value}");
            }
        }
    }
}
