//! Sets of keys, and which of them may have signed a token (RFC 7517, section 5).

use crate::error::{Error, ErrorCode, Result};
use crate::jose::{Algorithm, Jwk};
use crate::json::{Json, Object};

/// Most keys of one set.
const MAX_KEYS: usize = 100;

/// Refuses a document that is not a set of keys. Keys that cannot be used here do no harm, as RFC 7517 asks.
pub fn check(document: &Object) -> Result<()> {
    match document.get("keys") {
        Some(Json::Array(keys)) if keys.len() <= MAX_KEYS && keys.iter().all(|key| key.as_object().is_some()) => Ok(()),
        _ => Err(Error::new(ErrorCode::InvalidResponse).with("member", "keys")),
    }
}

/// The one key for a token: with exactly the token's `kid` where it names one, fit for its algorithm. Several that fit
/// are refused instead of tried one after the other.
pub fn select(document: &Object, algorithm: Algorithm, key_id: Option<&str>) -> Result<Jwk> {
    let mut found = None;
    for object in document.list("keys").iter().filter_map(Json::as_object) {
        if key_id.is_some() && object.str("kid") != key_id {
            continue;
        }
        if let Some(key) = Jwk::parse(object, algorithm)
            && found.replace(key).is_some()
        {
            return Err(ErrorCode::SigningKeyAmbiguous.into());
        }
    }
    found.ok_or_else(|| {
        let error = Error::new(ErrorCode::SigningKeyNotFound).with("alg", algorithm.as_str());
        error.with("kid", key_id.unwrap_or("none"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url;
    use crate::jose::Curve;

    const ES256: Algorithm = Algorithm::Ecdsa(Curve::P256);

    fn set(keys: &[(&str, &str)]) -> Object {
        let coordinate = base64url(&[7; 32]);
        let keys: Vec<String> = keys
            .iter()
            .map(|(kind, rest)| match *kind {
                "EC" => format!(r#"{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{coordinate}"{rest}}}"#),
                "OKP" => format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{coordinate}"{rest}}}"#),
                other => format!(r#"{{"kty":"{other}"{rest}}}"#),
            })
            .collect();
        let text = format!(r#"{{"keys":[{}]}}"#, keys.join(","));
        let document = Json::parse_object(text.as_bytes()).unwrap();
        assert_eq!(check(&document), Ok(()));
        document
    }

    fn outcome(set: &Object, key_id: Option<&str>) -> &'static str {
        match select(set, ES256, key_id) {
            Ok(_) => "found",
            Err(error) => error.code().as_str(),
        }
    }

    #[test]
    fn jo_07_without_kid_exactly_one_fitting_key_is_used() {
        assert_eq!(outcome(&set(&[]), None), "signing_key_not_found");
        assert_eq!(outcome(&set(&[("EC", "")]), None), "found");
        assert_eq!(outcome(&set(&[("EC", ""), ("OKP", ""), ("oct", r#","k":"AA""#)]), None), "found");
        assert_eq!(outcome(&set(&[("EC", r#","kid":"a""#), ("EC", r#","kid":"b""#)]), None), "signing_key_ambiguous");
    }

    #[test]
    fn jo_06_jo_07_what_is_chosen_from_none_one_and_two_keys_with_and_without_kid() {
        let (a, b, none) = (("EC", r#","kid":"a""#), ("EC", r#","kid":"b""#), ("EC", ""));
        for (keys, without, with) in [
            (&[][..], "signing_key_not_found", "signing_key_not_found"),
            (&[a], "found", "found"),
            (&[b], "found", "signing_key_not_found"),
            (&[none], "found", "signing_key_not_found"),
            (&[a, b], "signing_key_ambiguous", "found"),
            (&[a, none], "signing_key_ambiguous", "found"),
            (&[b, none], "signing_key_ambiguous", "signing_key_not_found"),
            (&[none, none], "signing_key_ambiguous", "signing_key_not_found"),
            (&[a, a], "signing_key_ambiguous", "signing_key_ambiguous"),
        ] {
            let document = set(keys);
            assert_eq!((outcome(&document, None), outcome(&document, Some("a"))), (without, with), "{keys:?}");
        }
    }

    #[test]
    fn jo_06_a_key_whose_kid_is_no_text_is_none() {
        for kid in ["0", "null", "[]", "{}", "true"] {
            let keys = set(&[("EC", &format!(r#","kid":{kid}"#))]);
            for asked in [None, Some(""), Some("0"), Some("null")] {
                assert_eq!(outcome(&keys, asked), "signing_key_not_found", "{kid} {asked:?}");
            }
        }
        assert_eq!(outcome(&set(&[("EC", r#","kid":"""#)]), Some("")), "found");
    }

    #[test]
    fn jo_08_keys_of_several_kinds_under_one_kid_are_told_apart() {
        let n = base64url(&[0xff; 256]);
        let rsa = format!(r#","kid":"a","n":"{n}","e":"AQAB""#);
        let keys = set(&[("RSA", &rsa), ("EC", r#","kid":"a""#), ("OKP", r#","kid":"a""#)]);
        for name in ["RS256", "PS256", "ES256", "EdDSA"] {
            let algorithm = Algorithm::parse(name).unwrap();
            assert_eq!(select(&keys, algorithm, Some("a")).unwrap().kind, algorithm.key_kind(), "{name}");
        }
        let error = select(&keys, Algorithm::Ecdsa(Curve::P384), Some("a")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::SigningKeyNotFound);
    }

    #[test]
    fn jo_06_jo_08_kid_is_exact_and_decoys_of_other_kinds_do_not_matter() {
        let decoys = set(&[("OKP", r#","kid":"a""#), ("EC", r#","kid":"a""#), ("EC", r#","kid":"b","use":"enc""#)]);
        assert_eq!(outcome(&decoys, Some("a")), "found");
        assert_eq!(outcome(&decoys, Some("b")), "signing_key_not_found");
        assert_eq!(outcome(&decoys, Some("A")), "signing_key_not_found");
        assert_eq!(outcome(&decoys, Some("")), "signing_key_not_found");
        let twins = set(&[("EC", r#","kid":"a""#), ("EC", r#","kid":"a""#)]);
        assert_eq!(outcome(&twins, Some("a")), "signing_key_ambiguous");
    }

    #[test]
    fn a_set_that_is_not_a_list_of_objects_is_refused() {
        for text in ["{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":null}"#] {
            assert!(check(&Json::parse_object(text.as_bytes()).unwrap()).is_err(), "{text}");
        }
        let many = format!(r#"{{"keys":[{}]}}"#, vec!["{}"; MAX_KEYS + 1].join(","));
        assert!(check(&Json::parse_object(many.as_bytes()).unwrap()).is_err());
    }
}
