//! Everything that needs neither network nor waiting, by one name each: URLs, responses, and the small helpers.

use crate::error::{ErrorCode, Result};
use crate::jose::{thumbprint, x509};
use crate::json::{Json, Object};
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::request::checked;
use crate::protocol::{authorize, callback, challenge, client_auth, logout};

/// Carries out what is called `operation`; the names are those in `pkg-template/src`.
pub fn call(operation: &str, argument: &Json) -> Result<Json> {
    let empty = Object::default();
    let options = argument.as_object().unwrap_or(&empty);
    let text = argument.as_text().unwrap_or_default();
    Ok(match operation {
        "request_url" => {
            let table = "url *parameters";
            let options = checked(options, table, ErrorCode::InvalidArgument)?;
            Parameters::parse(options.get("parameters"))?.append_to(options.str_or_empty("url")).into()
        }
        "authorize_url" => authorize::url(options)?.into(),
        "end_session_url" => logout::url(options)?.into(),
        "authorize_response" => callback::read(options)?.into(),
        "www_authenticate" => challenge::parse(text).into_iter().map(described).collect::<Vec<_>>().into(),
        "basic_authorization" => {
            let table = "!clientId clientSecret encoding";
            let options = checked(options, table, ErrorCode::InvalidArgument)?;
            let (id, secret) = (options.str_or_empty("clientId"), options.str_or_empty("clientSecret"));
            client_auth::basic(id, secret, options.str("encoding"))?.expose().into()
        }
        "code_challenge" => {
            let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            if !(43..=128).contains(&text.len()) || !text.bytes().all(unreserved) {
                return Err(invalid("codeVerifier", "43 to 128 unreserved characters"));
            }
            CodeVerifier::from_stored(text).challenge().into()
        }
        "jwk_thumbprint" => thumbprint::thumbprint(options)?.into(),
        "jwk_key_size" => thumbprint::key_size(options).into(),
        "jwk_is_private" => thumbprint::is_private(options).into(),
        "certificate_thumbprint" => x509::certificate_thumbprint(text)?.into(),
        _ => return Err(ErrorCode::Internal.into()),
    })
}

fn described(challenge: challenge::Challenge) -> Json {
    let mut described = Object::default();
    described.set_text("scheme", &challenge.scheme);
    if let Some(token68) = challenge.token68 {
        described.set("token68", token68.into());
    }
    described.set("parameters", challenge.parameters.into());
    described.into()
}

/// A pair for a code request, from 32 random bytes (RFC 7636, section 4).
pub fn pkce(seed: [u8; 32]) -> Json {
    let verifier = CodeVerifier::from_seed(seed);
    let mut pair = Object::default();
    pair.set_text("codeVerifier", verifier.expose());
    pair.set_text("codeChallenge", &verifier.challenge());
    pair.set_text("codeChallengeMethod", crate::protocol::pkce::METHOD);
    pair.into()
}
