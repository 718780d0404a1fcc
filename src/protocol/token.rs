//! Token requests and responses, whatever the grant (RFC 6749, sections 3.2, 5.1 and 5.2).

use crate::error::{Error, ErrorCode, Result};
use crate::http::{HttpRequest, HttpResponse, media_type};
use crate::json::Kind;
use crate::protocol::answer;
use crate::secret::Secret;

/// Most bytes of a token response.
const MAX_RESPONSE: usize = 256 * 1024;
/// Longest lifetime believed, in seconds: ten years.
const MAX_LIFETIME: i64 = 10 * 365 * 24 * 60 * 60;

const MEMBERS: [(&str, Kind); 5] = [
    ("access_token", Kind::Required),
    ("token_type", Kind::Required),
    ("expires_in", Kind::Whole),
    ("scope", Kind::Text),
    ("id_token", Kind::Text),
];

/// What a token endpoint granted.
#[derive(Debug)]
pub struct TokenResponse {
    /// `access_token`, fit for a header.
    pub access_token: Secret,
    /// `id_token`, not validated yet.
    pub id_token: Option<Secret>,
    /// `expires_in`, seconds from the answer.
    pub expires_in: Option<i64>,
    /// `scope`; absent means as requested.
    pub scope: Option<String>,
}

/// The request that carries the form of a grant.
pub fn build(endpoint: &str, form: Secret) -> HttpRequest {
    HttpRequest::post_form(endpoint, form, MAX_RESPONSE)
}

/// Reads the answer. Only status 200 grants anything; every other is an error, in OAuth's words where it has them.
pub fn parse(response: &HttpResponse) -> Result<TokenResponse> {
    let body = answer::json_object(response, &[media_type::JSON], ErrorCode::TokenError)?;
    answer::check(&body, &MEMBERS)?;
    let invalid = |member| Err(Error::new(ErrorCode::InvalidResponse).with("member", member));
    let access_token = body.str_or_empty("access_token");
    // Fit for a header: printable, no spaces (RFC 6749, appendix A.12; RFC 6750, section 2.1).
    if !access_token.bytes().all(|b| b.is_ascii_graphic()) {
        return invalid("access_token");
    }
    let token_type = body.str_or_empty("token_type");
    if !token_type.eq_ignore_ascii_case("Bearer") {
        return Err(Error::new(ErrorCode::TokenTypeNotSupported).with("actual", token_type));
    }
    let expires_in = body.number("expires_in");
    if expires_in.is_some_and(|seconds| seconds < 0) {
        return invalid("expires_in");
    }
    Ok(TokenResponse {
        access_token: Secret::new(access_token.to_owned()),
        id_token: body.str("id_token").map(|token| Secret::new(token.to_owned())),
        expires_in: expires_in.map(|seconds| seconds.min(MAX_LIFETIME)),
        scope: body.str("scope").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn respond(status: u16, content_type: &str, body: &[u8]) -> Result<TokenResponse> {
        parse(&HttpResponse { status, content_type: Some(content_type.to_owned()), body: body.to_vec() })
    }

    fn code(result: Result<TokenResponse>) -> &'static str {
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
        assert_eq!(long.unwrap().expires_in, Some(MAX_LIFETIME));
    }
}
