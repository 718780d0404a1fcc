//! Proofs of possession (RFC 9449, section 4.2): what is signed. Whoever holds the key signs it.

use crate::encoding::base64url;
use crate::error::{ErrorCode, Result};
use crate::jose::{sha256, thumbprint};
use crate::json::{Json, Object, write_string};
use crate::protocol::nonces::Nonces;
use crate::protocol::parameters::invalid;
use crate::protocol::request::checked;
use crate::text::{cut, decimal};
use crate::time::Timestamp;
use crate::url::HttpUrl;

/// Methods that `fetch` writes in upper case (Fetch, section 2.2.1). Others go on the wire as they are, `patch` too.
const NORMALIZED: [&str; 6] = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"];

/// The header of all proofs by one key, encoded.
pub fn header(options: &Object) -> Result<String> {
    let options = checked(options, "!{jwk !algorithm", ErrorCode::InvalidArgument)?;
    let nothing = Object::default();
    let mut header = Object::default();
    header.set_text("typ", "dpop+jwt");
    header.set_text("alg", options.str_or_empty("algorithm"));
    // Only what makes the public key: neither private members nor names that would tell keys apart.
    header.set("jwk", thumbprint::public_key(options.object("jwk").unwrap_or(&nothing))?.into());
    Ok(base64url(Json::from(header).to_text().as_bytes()))
}

/// `ath`: what a proof says about the access token that goes along.
pub fn token_hash(access_token: &str) -> String {
    base64url(&sha256(access_token.as_bytes()))
}

/// What a proof is about; empty texts for what it does not have.
#[derive(Debug)]
pub struct Proof<'a> {
    /// The HTTP method, as `fetch` is told it.
    pub method: &'a str,
    /// The URL as it is fetched.
    pub url: &'a str,
    /// What [`token_hash`] made of the access token.
    pub token_hash: &'a str,
    /// The server's nonce.
    pub nonce: &'a str,
    /// Seconds that the server's clock is ahead of ours.
    pub clock_offset: f64,
}

/// The claims of a proof, as JSON. `id` makes it one of a kind.
pub fn claims(proof: &Proof<'_>, id: &str, now: Timestamp) -> Result<String> {
    if proof.method.is_empty() {
        return Err(invalid("method", "missing"));
    }
    HttpUrl::parse(proof.url).map_err(|problem| invalid("url", problem.as_str()))?;
    if proof.clock_offset.is_nan() || proof.clock_offset.abs() > Nonces::FURTHEST as f64 {
        return Err(invalid("clockOffset", "more than 600 seconds"));
    }
    let normalized = NORMALIZED.into_iter().find(|name| name.eq_ignore_ascii_case(proof.method));
    // As it is fetched, without query and fragment: decoding the path would name another resource.
    let htu = cut(cut(proof.url, b'#').0, b'?').0;
    // Written straight away, because every request waits for it. The cast cannot overflow: see above.
    let mut text = String::with_capacity(512);
    text.push_str("{\"iat\":");
    text.push_str(&decimal(now.plus(proof.clock_offset as i64).seconds()));
    for (name, value) in [
        (",\"jti\":", id),
        (",\"htm\":", normalized.unwrap_or(proof.method)),
        (",\"htu\":", htu),
        (",\"ath\":", proof.token_hash),
        (",\"nonce\":", proof.nonce),
    ] {
        if !value.is_empty() {
            text.push_str(name);
            write_string(value, &mut text);
        }
    }
    text.push('}');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url_decode;

    /// RFC 9449, section 4.1, with the members that no proof may repeat.
    const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","d":"secret","kid":"k","ext":true}"#;
    const REQUEST: Proof<'_> =
        Proof { method: "POST", url: "https://server.example.com/token", token_hash: "", nonce: "", clock_offset: 0.0 };

    fn header_of(options: &str) -> Result<String> {
        let part = header(&Json::parse_object(options.as_bytes()).unwrap())?;
        Ok(String::from_utf8(base64url_decode(&part).unwrap()).unwrap())
    }

    fn claims_of(proof: &Proof<'_>) -> Result<String> {
        claims(proof, "J", Timestamp::from_seconds(1_562_262_616))
    }

    fn claim(proof: &Proof<'_>, name: &str) -> Json {
        Json::parse_object(claims_of(proof).unwrap().as_bytes()).unwrap().get(name).unwrap().clone()
    }

    #[test]
    fn dp_01_the_header_has_the_public_key_and_nothing_else() {
        let expected = r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}}"#;
        assert_eq!(header_of(&format!(r#"{{"jwk":{JWK},"algorithm":"ES256"}}"#)).unwrap(), expected);
        for bad in [
            r#"{"jwk":{"kty":"oct","k":"AA"},"algorithm":"ES256"}"#,
            r#"{"jwk":{"kty":"EC"},"algorithm":"ES256"}"#,
            r#"{"algorithm":"ES256"}"#,
        ] {
            assert_eq!(header_of(bad).unwrap_err().code(), ErrorCode::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn dp_01_dp_05_rfc_9449_sections_4_2_and_7_1() {
        assert_eq!(
            claims_of(&REQUEST).unwrap(),
            r#"{"iat":1562262616,"jti":"J","htm":"POST","htu":"https://server.example.com/token"}"#
        );
        let proof = Proof {
            method: "get",
            url: "https://resource.example.org/protectedresource?a=1#b",
            token_hash: &token_hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
            nonce: "N",
            clock_offset: 0.0,
        };
        assert_eq!(
            claims_of(&proof).unwrap(),
            r#"{"iat":1562262616,"jti":"J","htm":"GET","htu":"https://resource.example.org/protectedresource","ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo","nonce":"N"}"#
        );
        // Whatever a server calls a nonce stays one member.
        let proof = Proof { nonce: r#"","jti":"x\"#, ..REQUEST };
        assert_eq!(claim(&proof, "nonce"), r#"","jti":"x\"#.into());
    }

    #[test]
    fn dp_03_the_method_is_the_one_on_the_wire() {
        for (method, htm) in [
            ("get", "GET"),
            ("Post", "POST"),
            ("delete", "DELETE"),
            ("heaD", "HEAD"),
            ("options", "OPTIONS"),
            ("put", "PUT"),
            ("patch", "patch"),
            ("PATCH", "PATCH"),
            ("Query", "Query"),
            ("getter", "getter"),
        ] {
            assert_eq!(claim(&Proof { method, ..REQUEST }, "htm"), htm.into());
        }
        assert_eq!(claims_of(&Proof { method: "", ..REQUEST }).unwrap_err().detail("option"), "method");
    }

    #[test]
    fn dp_04_the_path_is_the_one_that_is_fetched() {
        for (url, htu) in [
            ("https://a.example/a%20b", "https://a.example/a%20b"),
            ("https://a.example/a%2Fb?x#y", "https://a.example/a%2Fb"),
            ("https://a.example:8443/", "https://a.example:8443/"),
            ("https://a.example/#f?x", "https://a.example/"),
        ] {
            assert_eq!(claim(&Proof { url, ..REQUEST }, "htu"), htu.into());
        }
        for url in ["a.example", "https://u:p@a.example/", "data:text/plain,x", ""] {
            assert_eq!(claims_of(&Proof { url, ..REQUEST }).unwrap_err().detail("option"), "url", "{url}");
        }
    }

    #[test]
    fn dp_22_the_time_is_the_servers_within_bounds() {
        for (clock_offset, iat) in
            [(0.0, 1_562_262_616), (300.0, 1_562_262_916), (-600.0, 1_562_262_016), (1.9, 1_562_262_617)]
        {
            assert_eq!(claim(&Proof { clock_offset, ..REQUEST }, "iat"), iat.into());
        }
        for clock_offset in [600.5, -601.0, f64::NAN, f64::INFINITY, f64::MIN] {
            let error = claims_of(&Proof { clock_offset, ..REQUEST }).unwrap_err();
            assert_eq!((error.code(), error.detail("option")), (ErrorCode::InvalidArgument, "clockOffset"));
        }
    }
}
