//! Proofs of possession (RFC 9449, section 4.2): what is signed. Whoever holds the key signs it.

use crate::encoding::base64url;
use crate::error::{ErrorCode, Result};
use crate::http::HttpRequest;
use crate::jose::{sha256, signing_input, thumbprint};
use crate::json::{Json, Object};
use crate::protocol::parameters::invalid;
use crate::protocol::request::checked;
use crate::text::{concat, cut, cut_at};
use crate::time::Timestamp;
use crate::url::HttpUrl;

/// Header and claims of a proof, as its signature covers them. `id` makes it one of a kind.
pub fn proof(options: &Object, id: &str, now: Timestamp) -> Result<String> {
    let options = checked(options, "!method !url !{jwk !algorithm accessToken nonce", ErrorCode::InvalidArgument)?;
    let (url, nothing) = (options.str_or_empty("url"), Object::default());
    HttpUrl::parse(url).map_err(|problem| invalid("url", problem.as_str()))?;
    let mut header = Object::default();
    header.set_text("typ", "dpop+jwt");
    header.set_text("alg", options.str_or_empty("algorithm"));
    // Only what makes the public key: neither private members nor names that would tell keys apart.
    header.set("jwk", thumbprint::public_key(options.object("jwk").unwrap_or(&nothing))?.into());
    let mut claims = Object::default();
    claims.set_text("jti", id);
    claims.set_text("htm", &options.str_or_empty("method").to_ascii_uppercase());
    // As it is fetched, without query and fragment: decoding the path would name another resource.
    claims.set_text("htu", cut(cut(url, b'#').0, b'?').0);
    claims.set("iat", now.seconds().into());
    if let Some(access_token) = options.str("accessToken").filter(|token| !token.is_empty()) {
        claims.set_text("ath", &base64url(&sha256(access_token.as_bytes())));
    }
    if let Some(nonce) = options.str("nonce").filter(|nonce| !nonce.is_empty()) {
        claims.set_text("nonce", nonce);
    }
    Ok(signing_input(&header, &claims))
}

/// What a proof for this request has to be about: the argument of whoever makes it.
pub fn subject(request: &HttpRequest, access_token: Option<&str>, nonce: Option<&str>) -> String {
    let mut subject = Object::default();
    subject.set_text("method", request.method.as_str());
    subject.set_text("url", &request.url);
    for (name, value) in [("accessToken", access_token), ("nonce", nonce)] {
        if let Some(value) = value {
            subject.set_text(name, value);
        }
    }
    Json::from(subject).to_text()
}

/// Nonces that servers gave, by server and role: an authorization server and an API on one origin have nonces of their
/// own (RFC 9449, sections 8 and 9).
#[derive(Debug, Default)]
pub struct Nonces(Object);

impl Nonces {
    /// How many servers are remembered.
    const MOST: usize = 100;

    fn name(request: &HttpRequest, is_resource: bool) -> String {
        let rest = cut_at(&request.url, "://").map_or("", |(_, rest)| rest);
        concat(&[if is_resource { "rs " } else { "as " }, cut(rest, b'/').0])
    }

    /// The latest of the server that the request goes to.
    pub fn get(&self, request: &HttpRequest, is_resource: bool) -> Option<String> {
        self.0.str(&Self::name(request, is_resource)).map(str::to_owned)
    }

    /// Remembers what came with an answer.
    pub fn keep(&mut self, request: &HttpRequest, is_resource: bool, nonce: &str) {
        let name = Self::name(request, is_resource);
        self.0.remove(&name);
        if self.0.iter().count() >= Self::MOST {
            let oldest = self.0.iter().next().map(|(name, _)| name.to_owned());
            oldest.into_iter().for_each(|name| drop(self.0.remove(&name)));
        }
        self.0.set_text(&name, nonce);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::base64url_decode;
    use crate::http::Method;

    /// RFC 9449, section 4.1, with the members that no proof may repeat.
    const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","d":"secret","kid":"k","ext":true}"#;

    fn signed(members: &str) -> Result<(Object, Object)> {
        let text = format!(r#"{{"jwk":{JWK},"algorithm":"ES256",{members}}}"#);
        let input = proof(&Json::parse_object(text.as_bytes()).unwrap(), "J", Timestamp::from_seconds(1_562_262_616))?;
        let part = |text: &str| Json::parse_object(&base64url_decode(text).unwrap()).unwrap();
        let (header, claims) = cut(&input, b'.');
        Ok((part(header), part(claims.unwrap())))
    }

    #[test]
    fn dp_03_the_header_has_the_public_key_and_nothing_else() {
        let (header, _) = signed(r#""method":"POST","url":"https://server.example.com/token""#).unwrap();
        let expected = r#"{"typ":"dpop+jwt","alg":"ES256","jwk":{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}}"#;
        assert_eq!(Json::from(header).to_text(), expected);
    }

    #[test]
    fn rfc_9449_sections_4_2_and_7_1() {
        let claims = |members: &str| Json::from(signed(members).unwrap().1).to_text();
        assert_eq!(
            claims(r#""method":"POST","url":"https://server.example.com/token""#),
            r#"{"jti":"J","htm":"POST","htu":"https://server.example.com/token","iat":1562262616}"#
        );
        let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
        assert_eq!(
            claims(&format!(
                r#""method":"get","url":"https://resource.example.org/protectedresource?a=1#b","accessToken":"{token}","nonce":"N""#
            )),
            r#"{"jti":"J","htm":"GET","htu":"https://resource.example.org/protectedresource","iat":1562262616,"ath":"fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo","nonce":"N"}"#
        );
    }

    #[test]
    fn dp_06_the_path_is_the_one_that_is_fetched() {
        for (url, htu) in [
            ("https://a.example/a%20b", "https://a.example/a%20b"),
            ("https://a.example/a%2Fb?x#y", "https://a.example/a%2Fb"),
            ("https://a.example:8443/", "https://a.example:8443/"),
            ("https://a.example/#f?x", "https://a.example/"),
        ] {
            let (_, claims) = signed(&format!(r#""method":"GET","url":"{url}""#)).unwrap();
            assert_eq!(claims.str("htu"), Some(htu));
        }
        for bad in ["a.example", "https://u:p@a.example/", "data:text/plain,x", ""] {
            let refused = signed(&format!(r#""method":"GET","url":"{bad}""#)).map_err(|error| error.code());
            assert_eq!(refused.err(), Some(ErrorCode::InvalidArgument), "{bad}");
        }
    }

    #[test]
    fn rfc_9449_section_8_2_nonces_belong_to_a_server_and_its_role() {
        let request = |url: &str| HttpRequest::new(Method::Post, url, "", 0);
        let mut nonces = Nonces::default();
        nonces.keep(&request("https://op.example/token?x"), false, "A");
        assert_eq!(nonces.get(&request("https://op.example/par"), false).as_deref(), Some("A"));
        assert_eq!(nonces.get(&request("https://op.example/userinfo"), true), None);
        assert_eq!(nonces.get(&request("https://op.example:444/token"), false), None);
        nonces.keep(&request("https://op.example/token"), false, "B");
        assert_eq!(nonces.get(&request("https://op.example"), false).as_deref(), Some("B"));
        // RX-06: the oldest go first.
        for number in 0..Nonces::MOST {
            nonces.keep(&request(&format!("https://{number}.example/")), true, "C");
        }
        assert_eq!(nonces.0.iter().count(), Nonces::MOST);
        assert_eq!(nonces.get(&request("https://op.example"), false), None);
        assert_eq!(nonces.get(&request("https://0.example"), true).as_deref(), Some("C"));
    }
}
