//! Token introspection (RFC 7662), also with signed answers (RFC 9701).

use crate::error::{ErrorCode, Phase, Result};
use crate::jose::claims;
use crate::json::{Json, Object};
use crate::protocol::request::Message;
use crate::text::pieces;

/// Asks what a token is good for.
pub const MESSAGE: Message = Message {
    endpoint: "introspection_endpoint",
    phase: Phase::Introspection,
    options: "responseFormat algorithm {keySet ?dangerousSkipSignatureValidation #clockToleranceSeconds",
    sends: "!token token_type_hint",
    answers: "!?active client_id username token_type #exp #iat #nbf sub iss jti",
    ..Message::FORM
};

/// The type of a signed answer (RFC 9701, section 5).
pub const TYPE: &str = "token-introspection+jwt";

/// Adds scopes and audiences as lists, whichever way they came.
pub fn complete(body: &Object, typed: &mut Object) -> Result<()> {
    let scopes: Vec<&str> = match body.get("scope") {
        Some(Json::Array(scopes)) => scopes.iter().filter_map(Json::as_text).collect(),
        _ => pieces(body.str_or_empty("scope"), b' ').into_iter().filter(|scope| !scope.is_empty()).collect(),
    };
    typed.set("scopes", scopes.into());
    let audiences = if body.contains("aud") { claims::audiences(body)? } else { Vec::new() };
    typed.set("audiences", audiences.into());
    Ok(())
}

/// What a signed answer says about the token, once its signature was found good: it comes from this issuer and is meant
/// for this resource server (RFC 9701, section 5).
pub fn answer_in(token: Object, issuer: &str, client_id: &str) -> Result<Object> {
    claims::check_types(&token, "!iss !#iat !{token_introspection")?;
    claims::check_issuer(&token, issuer)?;
    // A client that was not named is nobody that an answer could be meant for.
    if client_id.is_empty() || !claims::audiences(&token)?.contains(&client_id) {
        return Err(ErrorCode::JwtAudienceMismatch.into());
    }
    inner(token)
}

/// The same without any check.
pub fn inner(mut token: Object) -> Result<Object> {
    match token.remove(CLAIM) {
        Some(Json::Object(answer)) => Ok(answer),
        _ => Err(claims::invalid(CLAIM)),
    }
}

const CLAIM: &str = "token_introspection";
