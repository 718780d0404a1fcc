//! The userinfo endpoint (OpenID Connect Core, section 5.3).

use crate::error::{ErrorCode, Phase, Result};
use crate::jose::claims;
use crate::json::Object;
use crate::protocol::parameters::invalid;
use crate::protocol::request::Message;
use crate::secret::Secret;
use crate::text::concat;

/// Claims for any access token, as JSON or as a signed JWT.
pub const MESSAGE: Message = Message {
    endpoint: "userinfo_endpoint",
    phase: Phase::Userinfo,
    options: "!accessToken subject ?dangerousSkipSubjectCheck clientId ?dpop responseFormat algorithm {keySet \
    #clockToleranceSeconds",
    bearer: "accessToken",
    answers: "!sub",
    ..Message::DOCUMENT
};

/// The value of an `Authorization` header (RFC 6750, section 2.1).
pub fn bearer(access_token: &Secret) -> Secret {
    Secret::new(concat(&["Bearer ", access_token.expose()]))
}

/// Whose claims they must be is said, or the check is switched off by name.
pub fn check_options(options: &Object) -> Result<()> {
    if !options.str_or_empty("subject").is_empty() || options.flag("dangerousSkipSubjectCheck") {
        return Ok(());
    }
    Err(invalid("subject", "missing"))
}

/// The `sub` of the answer is the ID Token's, or the claims are about somebody else (section 5.3.2).
pub fn check(claims: &Object, options: &Object) -> Result<()> {
    match options.str("subject") {
        Some(subject) if claims.str_or_empty("sub") != subject => Err(ErrorCode::UserinfoSubjectMismatch.into()),
        _ => Ok(()),
    }
}

/// A signed answer says who signed it and for whom; where it does, that is compared (section 5.3.2).
pub fn check_signed(claims: &Object, issuer: &str, client_id: &str) -> Result<()> {
    if claims.contains("iss") {
        claims::check_issuer(claims, issuer)?;
    }
    if claims.contains("aud") && !client_id.is_empty() {
        claims::check_for(claims, client_id)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpResponse;
    use crate::json::Json;
    use crate::protocol::exchange::{Answer, Exchange};

    fn code(status: u16, content_type: &str, body: &str) -> &'static str {
        let response = HttpResponse::new(status, Some(content_type), body.as_bytes().to_vec());
        let options = br#"{"address":"https://op.example/u","accessToken":"a","subject":"alice"}"#;
        let exchange = Exchange::new(&MESSAGE, &Json::parse_object(options).unwrap()).unwrap();
        match exchange.interpret(&MESSAGE, &response) {
            Ok(Answer::Complete(_)) => "ok",
            Ok(Answer::Signed) => "signed",
            Err(error) => error.code().as_str(),
        }
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
        assert_eq!(code(200, "application/jwt", "a.b.c"), "signed");
        assert_eq!(code(401, "application/json", r#"{"error":"invalid_token"}"#), "userinfo_error");
        assert_eq!(code(403, "text/html", "no"), "unexpected_status");
    }
}
