//! What every JSON endpoint's answer has in common (RFC 6749, sections 5.1 and 5.2).

use crate::error::{Error, ErrorCode, Phase, Result, ServerError};
use crate::http::HttpResponse;
use crate::json::{Json, Object, Table, entries};
use crate::protocol::challenge;
use crate::text::camel;

/// The JSON object of a successful answer: one of these statuses and this media type, nothing else. Where the server
/// explains itself in OAuth's words, in the body or in a challenge, the error has them; otherwise it is the status.
pub fn json_object(response: &HttpResponse, media_type: &str, success: &[u16], refused: ErrorCode) -> Result<Object> {
    let body = response.is(media_type).then(|| Json::parse_object(&response.body));
    check_status(response, success, refused, body.as_ref().and_then(|body| body.as_ref().ok()))?;
    body.unwrap_or_else(|| Err(wrong_media_type(response)))
}

/// The status alone, with the error that the server may have explained.
pub fn check_status(response: &HttpResponse, success: &[u16], refused: ErrorCode, body: Option<&Object>) -> Result<()> {
    let status = response.status;
    let good = success.contains(&status);
    let explained = body.filter(|_| good || status >= 400).and_then(|body| {
        let error = body.str("error").filter(|error| !error.is_empty())?;
        Some(ServerError::new(error, body.str("error_description"), body.str("error_uri")))
    });
    let challenge = || challenge::server_error(response.headers.str("www-authenticate").filter(|_| status >= 400)?);
    let error = match explained.or_else(challenge) {
        Some(server) => Error::new(refused).with_server(server),
        None if good => return Ok(()),
        None => ErrorCode::UnexpectedStatus.into(),
    };
    let mut error = error.with_status(status);
    for (header, detail) in [("retry-after", "retryAfter"), ("dpop-nonce", "dpopNonce")] {
        if let Some(value) = response.headers.str(header) {
            error = error.with(detail, value);
        }
    }
    Err(error)
}

/// The error for a body that is something else.
pub fn wrong_media_type(response: &HttpResponse) -> Error {
    let actual = response.headers.str("content-type").unwrap_or("none");
    Error::new(ErrorCode::UnexpectedContentType).with_status(response.status).with("contentType", actual)
}

/// What an error of an endpoint is called.
pub fn refusal(phase: Phase) -> ErrorCode {
    match phase {
        Phase::Token => ErrorCode::TokenError,
        Phase::Userinfo => ErrorCode::UserinfoError,
        _ => ErrorCode::EndpointError,
    }
}

/// The members of a table by the names that TypeScript uses.
pub fn typed(body: &Object, table: Table) -> Object {
    let mut typed = Object::default();
    for (_, _, name) in entries(table) {
        if let Some(value) = body.get(name) {
            typed.set(&camel(name), value.clone());
        }
    }
    typed
}

/// Checks the types of an answer's members.
pub fn check(body: &Object, table: Table) -> Result<()> {
    body.check(table).map_err(|name| Error::new(ErrorCode::InvalidResponse).with("member", name))
}
