//! What every JSON endpoint's answer has in common (RFC 6749, sections 5.1 and 5.2).

use crate::error::{Error, ErrorCode, Result, ServerError};
use crate::http::HttpResponse;
use crate::json::{Json, Kind, Object};

/// The JSON object of a successful answer: status 200 and one of these media types, nothing else. Another status is
/// reported as `refused` where the server explains itself in OAuth's words, and as an unexpected status otherwise.
pub fn json_object(response: &HttpResponse, media_types: &[&str], refused: ErrorCode) -> Result<Object> {
    let is_json = media_types.iter().any(|media_type| response.is(media_type));
    if response.status != 200 {
        let said = (is_json && response.status >= 400).then(|| Json::parse_object(&response.body).ok()).flatten();
        return Err(match said.as_ref().and_then(server_error) {
            Some(server) => Error::new(refused).with_server(server),
            None => Error::new(ErrorCode::UnexpectedStatus),
        }
        .with_status(response.status));
    }
    if !is_json {
        let actual = response.content_type.as_deref().unwrap_or("none");
        return Err(Error::new(ErrorCode::UnexpectedContentType).with_status(200).with("contentType", actual));
    }
    let body = Json::parse_object(&response.body)?;
    match server_error(&body) {
        Some(server) => Err(Error::new(refused).with_status(200).with_server(server)),
        None => Ok(body),
    }
}

/// Checks the types of an answer's members.
pub fn check(body: &Object, table: &[(&'static str, Kind)]) -> Result<()> {
    body.check(table).map_err(|name| Error::new(ErrorCode::InvalidResponse).with("member", name))
}

/// `error`, `error_description` and `error_uri`; `None` when the answer names no error.
fn server_error(body: &Object) -> Option<ServerError> {
    let error = body.str("error").filter(|error| !error.is_empty())?;
    Some(ServerError::new(error, body.str("error_description"), body.str("error_uri")))
}
