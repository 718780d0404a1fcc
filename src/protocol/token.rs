//! Token requests and responses, whatever the grant (RFC 6749, sections 3.2, 5.1 and 5.2).

use crate::error::{Error, ErrorCode, Phase, Result};
use crate::json::Object;
use crate::protocol::request::Message;

/// Longest lifetime believed, in seconds: ten years.
const MAX_LIFETIME: i64 = 10 * 365 * 24 * 60 * 60;

/// Any grant: its type, and its parameters among `parameters`.
pub const MESSAGE: Message = Message {
    endpoint: "token_endpoint",
    phase: Phase::Token,
    sends: "!grant_type",
    answers: "!access_token !token_type #expires_in scope id_token refresh_token issued_token_type \
        *authorization_details",
    ..Message::FORM
};

/// What the types of the members do not say. A token of another type than was asked for is not used (RFC 6749, section
/// 7.1; RFC 9449, section 5).
pub fn check(body: &Object, token_types: &[&str]) -> Result<()> {
    let invalid = |member| Err(Error::new(ErrorCode::InvalidResponse).with("member", member));
    // Fit for a header: printable, no spaces (RFC 6749, appendix A.12; RFC 6750, section 2.1).
    if !body.str_or_empty("access_token").bytes().all(|b| b.is_ascii_graphic()) {
        return invalid("access_token");
    }
    let actual = body.str_or_empty("token_type");
    if !token_types.iter().any(|expected| expected.eq_ignore_ascii_case(actual)) {
        return Err(Error::new(ErrorCode::TokenTypeNotSupported).with("actual", actual));
    }
    if body.number("expires_in").is_some_and(|seconds| seconds < 0) {
        return invalid("expires_in");
    }
    Ok(())
}

/// A lifetime beyond all reason is cut, so that it can be added to times.
pub fn bound_lifetime(typed: &mut Object) {
    if let Some(seconds) = typed.number("expiresIn") {
        typed.set("expiresIn", seconds.min(MAX_LIFETIME).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HttpResponse;
    use crate::json::Json;
    use crate::protocol::exchange::{Answer, Exchange};

    fn respond(status: u16, content_type: &str, body: &[u8]) -> Result<Object> {
        let options = br#"{"address":"https://op.example/t","grantType":"x"}"#;
        let exchange = Exchange::new(&MESSAGE, &Json::parse_object(options).unwrap())?;
        match exchange.interpret(&MESSAGE, &HttpResponse::new(status, Some(content_type), body.to_vec()))? {
            Answer::Complete(answer) => Ok(answer),
            Answer::Signed => panic!("no token response is signed"),
        }
    }

    fn code(result: Result<Object>) -> &'static str {
        result.map_or_else(|error| error.code().as_str(), |_| "ok")
    }

    fn body(members: &str) -> &'static str {
        code(respond(200, "application/json", format!("{{{members}}}").as_bytes()))
    }

    #[test]
    fn tr_04_only_200_grants_and_only_4xx_5xx_with_an_error_member_is_an_oauth_error() {
        let good = br#"{"access_token":"a","token_type":"Bearer"}"#;
        let error = br#"{"error":"invalid_grant","error_description":"used"}"#;
        for status in [201, 202, 203, 204, 205, 206, 301, 302, 304, 307, 400, 401, 403, 404, 429, 500, 502, 503] {
            assert_eq!(code(respond(status, "application/json", good)), "unexpected_status", "{status}");
            let expected = if status >= 400 { "token_error" } else { "unexpected_status" };
            assert_eq!(code(respond(status, "application/json", error)), expected, "{status}");
            assert_eq!(code(respond(status, "text/html", error)), "unexpected_status", "{status}");
            for other in [&b""[..], b"[]", br#"{"error":1}"#, br#"{"error":""}"#, b"<p>"] {
                assert_eq!(code(respond(status, "application/json", other)), "unexpected_status", "{status}");
            }
        }
        assert_eq!(code(respond(200, "application/json", good)), "ok");
        assert_eq!(code(respond(200, "application/json", error)), "token_error");
        let refused = respond(400, "application/json;charset=utf-8", error).unwrap_err();
        assert_eq!(refused.server().map(|server| server.error.as_str()), Some("invalid_grant"));
        assert_eq!((refused.status(), refused.retryable()), (Some(400), false));
        assert!(respond(503, "text/html", b"").unwrap_err().retryable());
    }

    #[test]
    fn tr_05_tr_06_the_answer_is_a_json_object_in_utf_8() {
        assert_eq!(code(respond(200, "text/html", b"{}")), "unexpected_content_type");
        for bad in [&b""[..], b"null", b"[]", b"\"x\"", b"{\"", b"\xff\xfe{", b"\xef\xbb\xbf{}", b"{\"a\":1,\"a\":1}"] {
            assert_eq!(code(respond(200, "application/json", bad)), "invalid_json", "{bad:?}");
        }
    }

    #[test]
    fn tr_07_an_access_token_is_fit_for_a_header() {
        for value in [r#""""#, "1", "null", "{}", r#""a\r\nX: y""#, r#""a b""#, r#""😀""#] {
            assert_eq!(
                body(&format!(r#""access_token":{value},"token_type":"Bearer""#)),
                "invalid_response",
                "{value}"
            );
        }
        assert_eq!(body(r#""token_type":"Bearer""#), "invalid_response");
    }

    #[test]
    fn tr_08_tr_09_the_token_type_is_bearer_in_any_case() {
        for (value, expected) in [
            (r#""Bearer""#, "ok"),
            (r#""bEARER""#, "ok"),
            (r#""mac""#, "token_type_not_supported"),
            (r#""DPoP""#, "token_type_not_supported"),
            (r#""N_A""#, "token_type_not_supported"),
            (r#""""#, "invalid_response"),
            ("1", "invalid_response"),
        ] {
            assert_eq!(body(&format!(r#""access_token":"a","token_type":{value}"#)), expected, "{value}");
        }
        assert_eq!(body(r#""access_token":"a""#), "invalid_response");
    }

    #[test]
    fn tr_10_tr_11_tr_12_optional_members_have_their_type_or_refuse_the_answer() {
        let with = |member: &str| body(&format!(r#""access_token":"a","token_type":"Bearer",{member}"#));
        for good in [
            r#""expires_in":0"#,
            r#""expires_in":3600"#,
            r#""expires_in":3599.9"#,
            r#""scope":"""#,
            r#""__proto__":{"x":1},"then":1,"constructor":null"#,
            r#""refresh_token":"r""#,
            r#""expires_in":9007199254740991"#,
        ] {
            assert_eq!(with(good), "ok", "{good}");
        }
        for bad in [
            r#""expires_in":-1"#,
            r#""expires_in":"3600""#,
            r#""expires_in":{}"#,
            r#""expires_in":9007199254740992"#,
            r#""scope":["a"]"#,
            r#""id_token":1"#,
        ] {
            assert_eq!(with(bad), "invalid_response", "{bad}");
        }
        assert_eq!(with(r#""expires_in":1e400"#), "invalid_json");
        let long = respond(
            200,
            "application/json",
            br#"{"access_token":"a","token_type":"Bearer","expires_in":9007199254740991}"#,
        );
        assert_eq!(long.unwrap().number("expiresIn"), Some(MAX_LIFETIME));
    }
}
