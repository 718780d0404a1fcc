//! Signed JWTs in compact form (RFC 7515, section 7.1; RFC 7519, section 7.2).

use crate::encoding::{base64url, base64url_decode};
use crate::error::{Error, ErrorCode, Result};
use crate::jose::Algorithm;
use crate::json::{Json, Object};
use crate::secret::redacted;
use crate::text::{concat, pieces};

/// Longest token.
const MAX_TOKEN: usize = 64 * 1024;
/// Longest header, encoded.
const MAX_HEADER: usize = 8 * 1024;

const HEADER: &str = "!alg kid typ";

/// A signed JWT, taken apart. Its claims cannot be read before somebody says that the signature was checked.
pub struct Jws<'a> {
    /// `alg`, on the allow-list.
    pub algorithm: Algorithm,
    /// The bytes that were signed.
    pub signing_input: &'a [u8],
    /// The signature.
    pub signature: Vec<u8>,
    header: Object,
    payload: Vec<u8>,
}

redacted!(Jws<'_>);

impl<'a> Jws<'a> {
    /// Takes a token apart. Members of the header that would choose a key (`jwk`, `jku`, `x5u`, `x5c`) are ignored:
    /// keys come from the issuer's own set only (RFC 8725, section 3.10).
    pub fn parse(token: &'a str) -> Result<Self> {
        if token.len() > MAX_TOKEN {
            return Err(malformed("too_long"));
        }
        let mut ends = token.bytes().enumerate().filter(|(_, byte)| *byte == b'.').map(|(index, _)| index);
        let (Some(first), Some(second)) = (ends.next(), ends.next()) else { return Err(malformed("parts")) };
        match ends.count() {
            0 => {}
            2 => return Err(ErrorCode::JwtEncrypted.into()),
            _ => return Err(malformed("parts")),
        }
        if first > MAX_HEADER {
            return Err(malformed("too_long"));
        }
        let part = |from: usize, to: usize| base64url_decode(token.get(from..to)?);
        let header = part(0, first).filter(|octets| !octets.is_empty()).ok_or_else(|| malformed("header"))?;
        let payload = part(first.saturating_add(1), second).ok_or_else(|| malformed("payload"))?;
        let signature = part(second.saturating_add(1), token.len()).ok_or_else(|| malformed("signature"))?;
        let header = Json::parse_object(&header)?;
        // No extension is understood here, so none may be critical (RFC 7515, section 4.1.11; RFC 7797, section 7).
        let extension = ["crit", "b64"].into_iter().find(|name| header.contains(name));
        if let Some(name) = extension.or(header.check(HEADER).err()) {
            return Err(malformed(name));
        }
        let name = header.str_or_empty("alg");
        let algorithm =
            Algorithm::parse(name).ok_or_else(|| Error::new(ErrorCode::AlgorithmNotAllowed).with("alg", name))?;
        if payload.is_empty() || signature.is_empty() {
            return Err(malformed("parts"));
        }
        if algorithm.signature_octets().is_some_and(|octets| octets != signature.len()) {
            return Err(ErrorCode::SignatureInvalid.into());
        }
        let signing_input = token.as_bytes().get(..second).unwrap_or_default();
        Ok(Self { algorithm, header, signing_input, signature, payload })
    }

    /// `kid`
    pub fn key_id(&self) -> Option<&str> {
        self.header.str("kid")
    }

    /// `typ`
    pub fn token_type(&self) -> Option<&str> {
        self.header.str("typ")
    }

    /// The claims. Call it only after the signature was found good.
    pub fn into_verified_claims(self) -> Result<Object> {
        Json::parse_object(&self.payload)
    }
}

/// What is signed to make a token of this header and these claims (RFC 7515, section 5.1).
pub fn signing_input(header: &Object, claims: &Object) -> String {
    let part = |object: &Object| base64url(Json::from(object.clone()).to_text().as_bytes());
    concat(&[&part(header), ".", &part(claims)])
}

/// Whether a token is of one of these kinds, named with a space between; letter case does not matter (RFC 7515, section
/// 4.1.9).
pub fn check_type(token: &Jws<'_>, types: &str, required: bool) -> Result<()> {
    let actual = match token.token_type() {
        None if !required => return Ok(()),
        actual => actual.unwrap_or("none"),
    };
    if pieces(types, b' ').into_iter().any(|expected| expected.eq_ignore_ascii_case(actual)) {
        return Ok(());
    }
    Err(Error::new(ErrorCode::JwtTypeNotAllowed).with("typ", actual))
}

fn malformed(reason: &'static str) -> Error {
    Error::new(ErrorCode::JwtMalformed).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str, signature: &[u8]) -> String {
        [base64url(header.as_bytes()), base64url(claims.as_bytes()), base64url(signature)].join(".")
    }

    fn code(token: &str) -> &'static str {
        match Jws::parse(token) {
            Ok(_) => "ok",
            Err(error) => error.code().as_str(),
        }
    }

    #[test]
    fn takes_a_token_apart() {
        let text = token(r#"{"alg":"RS256","kid":"k","typ":"JWT","jwk":{}}"#, r#"{"a":1}"#, &[1, 2, 3]);
        let jws = Jws::parse(&text).unwrap();
        assert_eq!((jws.key_id(), jws.token_type()), (Some("k"), Some("JWT")));
        assert_eq!(jws.signing_input, &text.as_bytes()[..text.rfind('.').unwrap()]);
        assert_eq!(jws.signature, [1, 2, 3]);
        assert_eq!(jws.into_verified_claims().unwrap().number("a"), Some(1));
    }

    #[test]
    fn jo_12_exactly_three_parts_none_empty() {
        for text in ["", ".", "..", "a.b", "a..c", ".b.c", "a.b.", "a.b.c.d", "a.b.c.d.e.f", r#"{"payload":"e30"}"#] {
            assert_eq!(code(text), "jwt_malformed", "{text:?}");
        }
        assert_eq!(code("a.b.c.d.e"), "jwt_encrypted", "id_16");
        let header = r#"{"alg":"RS256"}"#;
        assert_eq!(code(&token(header, "", &[1])), "jwt_malformed");
        assert_eq!(code(&token(header, "{}", &[])), "jwt_malformed");
    }

    #[test]
    fn jo_01_jo_02_unsigned_and_symmetric_tokens_are_refused_before_any_key_is_looked_for() {
        for alg in ["none", "None", "NONE", "nOnE", "HS256", "HS384", "HS512", "dir"] {
            let text = token(&format!(r#"{{"alg":"{alg}"}}"#), "{}", &[1]);
            assert_eq!(code(&text), "algorithm_not_allowed", "{alg}");
        }
        // RFC 7515, appendix A.5
        let a5 = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
        assert_eq!(code(a5), "algorithm_not_allowed");
    }

    #[test]
    fn jo_04_jo_05_jo_06_headers_that_mean_something_else_are_refused() {
        for extra in [
            r#""crit":[]"#,
            r#""crit":["b64"]"#,
            r#""crit":["exp"]"#,
            r#""crit":"exp""#,
            r#""crit":null"#,
            r#""b64":false"#,
            r#""kid":0"#,
            r#""kid":null"#,
            r#""kid":[]"#,
            r#""kid":{}"#,
            r#""typ":1"#,
        ] {
            assert_eq!(code(&token(&format!(r#"{{"alg":"RS256",{extra}}}"#), "{}", &[1])), "jwt_malformed", "{extra}");
        }
        for header in [r#"{}"#, r#"{"alg":""}"#, r#"{"alg":1}"#, r#"{"alg":null}"#] {
            assert_eq!(code(&token(header, "{}", &[1])), "jwt_malformed", "{header}");
        }
        for header in ["[]", "\"x\"", "1", "null", r#"{"alg":"RS256","alg":"RS256"}"#, "{\"alg\":\"RS256\"}x"] {
            assert_eq!(code(&token(header, "{}", &[1])), "invalid_json", "{header}");
        }
    }

    #[test]
    fn jo_05_payloads_that_are_not_encoded_are_refused() {
        // RFC 7797, section 4.2
        let detached =
            "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY";
        assert_eq!(code(detached), "jwt_malformed");
        for b64 in ["false", "true", "null"] {
            for header in [
                format!(r#"{{"alg":"ES256","b64":{b64}}}"#),
                format!(r#"{{"alg":"ES256","b64":{b64},"crit":["b64"]}}"#),
            ] {
                assert_eq!(code(&token(&header, "{}", &[1; 64])), "jwt_malformed", "{header}");
                let plain = format!("{}.{{}}.{}", base64url(header.as_bytes()), base64url(&[1; 64]));
                assert_eq!(code(&plain), "jwt_malformed", "{plain}");
            }
        }
        assert_eq!(code(&token(r#"{"alg":"ES256"}"#, "{}", &[1; 64])), "ok");
    }

    #[test]
    fn jo_13_jo_14_header_and_claims_are_one_strict_object_each() {
        for bad in [
            &b"[]"[..],
            b"\"x\"",
            b"1",
            b"null",
            b" ",
            b"{}x",
            b"{}\0",
            b"{\"a\":1,\"a\":1}",
            b"{\"a\":1,\"\\u0061\":1}",
            b"{\"a\":{\"b\":1,\"b\":1}}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\xc0\xaf\"}",
            b"{\"a\":\"\xed\xa0\x80\"}",
            b"{\"a\":\"\xff\"}",
            b"\xef\xbb\xbf{}",
            b"{\"a\":1e999}",
            b"{\"a\":NaN}",
        ] {
            let part = base64url(bad);
            let good = base64url(br#"{"alg":"RS256"}"#);
            assert_eq!(code(&format!("{part}.e30.AQ")), "invalid_json", "{bad:?}");
            let claims = Jws::parse(&format!("{good}.{part}.AQ")).unwrap().into_verified_claims();
            assert_eq!(claims.unwrap_err().code(), ErrorCode::InvalidJson, "{bad:?}");
        }
    }

    #[test]
    fn jo_10_members_that_would_choose_a_key_are_not_looked_at() {
        for member in ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256"] {
            for value in [r#""https://evil.example/keys""#, "{}", "[]", "null", "1"] {
                let text = token(&format!(r#"{{"alg":"RS256","{member}":{value}}}"#), "{}", &[1]);
                let jws = Jws::parse(&text).unwrap();
                assert_eq!((jws.key_id(), jws.token_type()), (None, None), "{member} {value}");
            }
        }
    }

    #[test]
    fn jo_15_the_length_of_a_signature_is_fixed_by_the_curve() {
        for (alg, octets) in [("ES256", 64), ("ES384", 96), ("ES512", 132), ("EdDSA", 64)] {
            let header = format!(r#"{{"alg":"{alg}"}}"#);
            for length in 1..200 {
                let expected = if length == octets { "ok" } else { "signature_invalid" };
                assert_eq!(code(&token(&header, "{}", &vec![1; length])), expected, "{alg} {length}");
            }
        }
    }

    #[test]
    fn jo_11_every_malleation_of_the_last_character_is_refused() {
        let text = token(r#"{"alg":"ES256","kid":"a"}"#, r#"{"ab":1}"#, &[9; 64]);
        for (part, piece) in text.split('.').enumerate() {
            if piece.len() % 4 == 0 {
                continue;
            }
            let mut pieces: Vec<String> = text.split('.').map(str::to_owned).collect();
            let last = pieces[part].pop().unwrap();
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let next = alphabet.find(last).unwrap() + 1;
            pieces[part].push(alphabet.chars().nth(next).unwrap());
            assert_eq!(code(&pieces.join(".")), "jwt_malformed", "part {part}");
        }
        for bad in ["=", " ", "\n"] {
            assert_eq!(code(&format!("{text}{bad}")), "jwt_malformed", "{bad:?}");
        }
    }

    #[test]
    fn rx_04_tokens_and_headers_are_bounded() {
        assert_eq!(code(&"a".repeat(MAX_TOKEN + 1)), "jwt_malformed");
        let header = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(MAX_HEADER));
        assert_eq!(code(&token(&header, "{}", &[1])), "jwt_malformed");
    }
}
