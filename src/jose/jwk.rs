//! Public keys as JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).

use crate::encoding::{base64url, base64url_decode};
use crate::jose::thumbprint::is_private;
use crate::jose::{Algorithm, Curve};
use crate::json::Object;

/// RSA moduli accepted, in bits: below, they can be broken; above, checking them stalls the page.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Longest key identifier.
const MAX_KEY_ID: usize = 256;
const MEMBERS: &str = "!kty use [key_ops alg kid crv n e x";

/// What a key can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA
    Rsa,
    /// A point on a curve.
    Ec(Curve),
    /// Ed25519
    Ed25519,
}

/// A public key that can check signatures here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    /// What it can do.
    pub kind: KeyKind,
    /// The members that make the key and no others (RFC 7638, section 3.2), base64url-encoded where they are octets.
    pub members: Object,
}

impl Jwk {
    /// Reads a member of a JWK set. `None` for a key that cannot check signatures of this algorithm: of another kind,
    /// for another use, too weak, malformed, or with private parts (which no honest server publishes).
    pub fn parse(object: &Object, algorithm: Algorithm) -> Option<Self> {
        object.check(MEMBERS).ok()?;
        let for_signatures = object.str("use").is_none_or(|key_use| key_use == "sig")
            && (!object.contains("key_ops") || object.lists("key_ops", "verify"))
            && object.str("alg").is_none_or(|name| Algorithm::parse(name) == Some(algorithm))
            && object.str_or_empty("kid").len() <= MAX_KEY_ID;
        if !for_signatures || is_private(object) {
            return None;
        }
        let kind = algorithm.key_kind();
        let mut members = Object::default();
        let (kty, crv) = match kind {
            KeyKind::Rsa => ("RSA", None),
            KeyKind::Ec(curve) => ("EC", Some(curve.as_str())),
            KeyKind::Ed25519 => ("OKP", Some("Ed25519")),
        };
        if object.str("kty") != Some(kty) || (crv.is_some() && object.str("crv") != crv) {
            return None;
        }
        members.set_text("kty", kty);
        if let Some(crv) = crv {
            members.set_text("crv", crv);
        }
        let mut take = |name| {
            let octets = base64url_decode(object.str(name)?)?;
            // Some servers write the sign octet of their integers; WebCrypto does not take it.
            let zeros = if kind == KeyKind::Rsa { octets.iter().take_while(|octet| **octet == 0).count() } else { 0 };
            let octets = octets.get(zeros..).unwrap_or_default().to_vec();
            members.set_text(name, &base64url(&octets));
            Some(octets)
        };
        let fits = match kind {
            KeyKind::Rsa => is_sane_rsa(&take("n")?, &take("e")?),
            KeyKind::Ec(curve) => take("x")?.len() == curve.octets() && take("y")?.len() == curve.octets(),
            KeyKind::Ed25519 => take("x")?.len() == 32,
        };
        fits.then_some(Self { kind, members })
    }
}

fn is_sane_rsa(n: &[u8], e: &[u8]) -> bool {
    let unused = n.first().map_or(0, |first| first.leading_zeros());
    let bits = n.len().saturating_mul(8).saturating_sub(usize::try_from(unused).unwrap_or_default());
    RSA_BITS.contains(&bits) && e.len() <= 8 && e != [1] && e.last().is_some_and(|last| last & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jose::Hash;
    use crate::json::Json;

    const RS256: Algorithm = Algorithm::Rsa(Hash::Sha256);
    const ES256: Algorithm = Algorithm::Ecdsa(Curve::P256);

    fn parse(text: &str, algorithm: Algorithm) -> Option<Jwk> {
        Jwk::parse(&Json::parse_object(text.as_bytes()).unwrap(), algorithm)
    }

    fn rsa_text(bits: usize, exponent: &[u8]) -> String {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] >>= (8 - bits % 8) % 8;
        format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, base64url(&n), base64url(exponent))
    }

    #[test]
    fn jo_17_rsa_keys_have_a_sane_size_and_exponent() {
        for bits in [2048, 3072, 4096, 8192] {
            assert!(parse(&rsa_text(bits, &[1, 0, 1]), RS256).is_some(), "{bits}");
        }
        for bits in [8, 512, 1024, 2040, 2047, 8193, 16_384] {
            assert!(parse(&rsa_text(bits, &[1, 0, 1]), RS256).is_none(), "{bits}");
        }
        for exponent in [&[1][..], &[0, 1], &[4], &[], &[0], &[255; 9]] {
            assert!(parse(&rsa_text(2048, exponent), RS256).is_none(), "{exponent:?}");
        }
        assert!(parse(&rsa_text(2048, &[3]), RS256).is_some());
    }

    #[test]
    fn jo_03_use_operations_kind_and_curve_must_fit() {
        let coordinate = base64url(&[7; 32]);
        let ec = |extra: &str, algorithm| {
            parse(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{coordinate}","y":"{coordinate}"{extra}}}"#), algorithm)
        };
        assert!(ec("", ES256).is_some());
        assert!(ec(r#","use":"sig","key_ops":["verify"],"alg":"ES256""#, ES256).is_some());
        for other in [Algorithm::Ecdsa(Curve::P384), Algorithm::Ed25519, RS256] {
            assert_eq!(ec("", other), None, "{other:?}");
        }
        for bad in [
            r#","use":"enc""#,
            r#","use":1"#,
            r#","key_ops":["sign"]"#,
            r#","key_ops":"verify""#,
            r#","kid":0"#,
            r#","alg":"ES384""#,
        ] {
            assert_eq!(ec(bad, ES256), None, "{bad}");
        }
        assert_eq!(ec(&format!(r#","kid":"{}""#, "k".repeat(257)), ES256), None);
        for text in ["{}", r#"{"kty":"oct","k":"AA"}"#, r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#] {
            assert_eq!(parse(text, ES256), None, "{text}");
        }
        assert_eq!(parse(r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, Algorithm::Ed25519), None);
    }

    #[test]
    fn only_the_members_that_make_the_key_are_kept_and_a_sign_octet_is_not() {
        let mut n = vec![0];
        n.extend([0xff; 256]);
        let text = format!(r#"{{"kid":"a","x5c":[],"kty":"RSA","n":"{}","e":"AQAB"}}"#, base64url(&n));
        let key = parse(&text, RS256).unwrap();
        assert_eq!(
            Json::from(key.members).to_text(),
            format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, base64url(&n[1..]))
        );
    }

    #[test]
    fn jo_20_a_published_private_key_is_not_used() {
        let x = base64url(&[7; 32]);
        assert!(parse(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#), Algorithm::Ed25519).is_some());
        assert_eq!(parse(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","d":"{x}"}}"#), Algorithm::Ed25519), None);
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            for value in ["\"AQAB\"", "\"\"", "null", "[]"] {
                let text = rsa_text(2048, &[1, 0, 1]).replace('}', &format!(r#","{member}":{value}}}"#));
                assert_eq!(parse(&text, RS256), None, "{member} {value}");
            }
        }
    }

    #[test]
    fn jo_03_a_key_that_names_its_algorithm_is_for_no_other() {
        let names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "HS256", "none", "RSA-OAEP", ""];
        for named in names {
            let text = rsa_text(2048, &[1, 0, 1]).replace('}', &format!(r#","alg":"{named}"}}"#));
            for asked in names.into_iter().filter_map(Algorithm::parse) {
                let fits = named == asked.as_str() && asked.key_kind() == KeyKind::Rsa;
                assert_eq!(parse(&text, asked).is_some(), fits, "a key for {named}, asked for {}", asked.as_str());
            }
        }
    }

    #[test]
    fn jo_19_coordinates_have_full_length() {
        let (short, full) = (base64url(&[7; 31]), base64url(&[7; 32]));
        let ec = |x: &str, y: &str| parse(&format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#), ES256);
        assert!(ec(&full, &full).is_some());
        assert_eq!(ec(&short, &full), None);
        assert_eq!(ec(&format!("{full}="), &full), None);
    }
}
