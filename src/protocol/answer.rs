//! What every JSON endpoint's answer has in common (RFC 6749, sections 5.1 and 5.2).

use crate::error::{Error, ErrorCode, Result, ServerError};
use crate::http::HttpResponse;
use crate::json::{Json, Kind, Object};

/// The JSON object of a successful answer: status 200 and one of these media types, nothing else. Another status is
/// reported as `refused` where the server explains itself in OAuth's words, and as an unexpected status otherwise.
pub fn json_object(response: &HttpResponse, media_types: &[&str], refused: ErrorCode) -> Result<Object> {
    let (status, is_json) = (response.status, media_types.iter().any(|media_type| response.is(media_type)));
    let body = is_json.then(|| Json::parse_object(&response.body));
    if let Some(Ok(body)) = &body
        && (status == 200 || status >= 400)
        && let Some(error) = body.str("error").filter(|error| !error.is_empty())
    {
        let server = ServerError::new(error, body.str("error_description"), body.str("error_uri"));
        return Err(Error::new(refused).with_status(status).with_server(server));
    }
    if status != 200 {
        return Err(Error::new(ErrorCode::UnexpectedStatus).with_status(status));
    }
    body.unwrap_or_else(|| {
        let actual = response.content_type.as_deref().unwrap_or("none");
        Err(Error::new(ErrorCode::UnexpectedContentType).with_status(status).with("contentType", actual))
    })
}

/// Checks the types of an answer's members.
pub fn check(body: &Object, table: &[(&'static str, Kind)]) -> Result<()> {
    body.check(table).map_err(|name| Error::new(ErrorCode::InvalidResponse).with("member", name))
}
