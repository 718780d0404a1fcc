//! The authorization response as a signed JWT (JWT Secured Authorization Response Mode for OAuth 2.0).

use crate::constants::authorize_response as name;
use crate::encoding::base64url_decode;
use crate::error::{Phase, Result};
use crate::jose::claims;
use crate::json::{Json, Object, Table};
use crate::protocol::callback;
use crate::protocol::id_token::{TokenHash, TokenKind};
use crate::text::cut;
use crate::time::Timestamp;

/// Signed authorization responses.
pub const KIND: TokenKind = TokenKind {
    operation: "validate_authorize_response",
    options: OPTIONS,
    option: "response",
    phase: Phase::Callback,
    types: "JWT",
    algorithms: "authorization_signing_alg_values_supported",
    check_claims,
};

const OPTIONS: Table =
    "!response !{metadata !clientId state {keySet algorithm #clockToleranceSeconds #timeoutSeconds ?dangerousAllowHttp";

/// Nothing but the `state` that a response claims to have, before its signature was checked.
pub fn unverified_state(jwt: &str) -> Object {
    let mut claimed = Object::default();
    let payload = cut(cut(jwt, b'.').1.unwrap_or_default(), b'.').0;
    if let Ok(claims) = Json::parse_object(&base64url_decode(payload).unwrap_or_default()) {
        claimed.set_text(name::STATE, claims.str_or_empty(name::STATE));
    }
    claimed
}

/// Checks the claims of a response whose signature was found good (section 2.4), then whether it belongs to this request.
fn check_claims(token: &Object, options: &Object, _: &[(&TokenHash, String)], now: Timestamp) -> Result<()> {
    claims::check_types(token, "!iss !#exp #iat #nbf")?;
    let issuer = options.object("metadata").map_or("", |metadata| metadata.str_or_empty("issuer"));
    claims::check_issuer(token, issuer)?;
    claims::check_for(token, options.str_or_empty("clientId"))?;
    claims::check_window(token, now, claims::tolerance(options))?;
    callback::check_parameters(token, options.str("state"))
}
