//! The userinfo endpoint (OpenID Connect Core, section 5.3).

use crate::error::{ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse, media_type};
use crate::json::{Kind, Object};
use crate::protocol::answer;
use crate::secret::Secret;
use crate::text::concat;

/// Most bytes of an answer.
const MAX_RESPONSE: usize = 256 * 1024;

/// The value of an `Authorization` header (RFC 6750, section 2.1).
pub fn bearer(access_token: &Secret) -> Secret {
    Secret::new(concat(&["Bearer ", access_token.expose()]))
}

/// The request, with the access token in its header.
pub fn build(endpoint: &str, access_token: &Secret) -> HttpRequest {
    let mut request = HttpRequest::get(endpoint, media_type::JSON, MAX_RESPONSE);
    request.authorization = Some(bearer(access_token));
    request
}

/// Reads the answer. Its `sub` must be the ID Token's, or the claims are about somebody else (section 5.3.2).
pub fn parse(response: &HttpResponse, subject: &str) -> Result<Object> {
    let claims = answer::json_object(response, &[media_type::JSON], ErrorCode::UserinfoError)?;
    answer::check(&claims, &[("sub", Kind::Required)])?;
    if claims.str_or_empty("sub") == subject { Ok(claims) } else { Err(ErrorCode::UserinfoSubjectMismatch.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(status: u16, content_type: &str, body: &str) -> &'static str {
        let response =
            HttpResponse { status, content_type: Some(content_type.to_owned()), body: body.as_bytes().to_vec() };
        parse(&response, "alice").map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    #[test]
    fn tr_21_userinfo_is_about_the_person_of_the_id_token() {
        for (body, expected) in [
            (r#"{"sub":"alice","name":"Alice"}"#, "ok"),
            (r#"{"sub":"aliceinvalid"}"#, "userinfo_subject_mismatch"),
            (r#"{"name":"Alice"}"#, "invalid_response"),
            (r#"{"sub":1}"#, "invalid_response"),
            (r#"{"sub":""}"#, "invalid_response"),
            ("[]", "invalid_json"),
        ] {
            assert_eq!(code(200, "application/json", body), expected, "{body}");
        }
        assert_eq!(code(200, "application/jwt", "a.b.c"), "unexpected_content_type");
        assert_eq!(code(401, "application/json", r#"{"error":"invalid_token"}"#), "userinfo_error");
        assert_eq!(code(403, "text/html", "no"), "unexpected_status");
    }
}
