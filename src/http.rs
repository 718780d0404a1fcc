//! HTTP messages as plain values, and media types.

use crate::json::Object;
use crate::secret::{Secret, redacted};
use crate::text::cut;

/// Methods that the protocols use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// A request that a provider is asked. Always without cache, referrer and redirects.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL; it never carries a secret.
    pub url: String,
    /// Media types that are asked for.
    pub accept: &'static str,
    /// `Authorization`, where the endpoint wants it.
    pub authorization: Option<Secret>,
    /// Further headers, by lower-case names.
    pub headers: Object,
    /// Media type and text of the body.
    pub body: Option<(&'static str, Secret)>,
    /// Whether the browser may show a TLS client certificate, and with it cookies: only for endpoints that
    /// authenticate the client by certificate (RFC 8705).
    pub credentials: bool,
    /// Most bytes of body that are read.
    pub max_bytes: usize,
}

redacted!(HttpRequest);

impl HttpRequest {
    /// A request without a body.
    pub fn new(method: Method, url: &str, accept: &'static str, max_bytes: usize) -> Self {
        Self {
            method,
            url: url.to_owned(),
            accept,
            authorization: None,
            headers: Object::default(),
            body: None,
            credentials: false,
            max_bytes,
        }
    }

    /// A form, as the OAuth endpoints take it (RFC 6749, section 3.2).
    pub fn post_form(url: &str, form: Secret, max_bytes: usize) -> Self {
        let body = Some((media_type::FORM, form));
        Self { body, ..Self::new(Method::Post, url, media_type::JSON, max_bytes) }
    }
}

/// The headers of an answer that matter here. Pages of other origins see most of them only where the server exposes
/// them (`Access-Control-Expose-Headers`).
pub const RESPONSE_HEADERS: [&str; 5] = ["content-type", "date", "dpop-nonce", "retry-after", "www-authenticate"];

/// An answer, read to its end.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Those of [`RESPONSE_HEADERS`] that came.
    pub headers: Object,
    /// The body.
    pub body: Vec<u8>,
}

redacted!(HttpResponse);

impl HttpResponse {
    /// An answer with no header but this.
    pub fn new(status: u16, content_type: Option<&str>, body: Vec<u8>) -> Self {
        let mut headers = Object::default();
        if let Some(content_type) = content_type {
            headers.set_text("content-type", content_type);
        }
        Self { status, headers, body }
    }

    /// Whether the body is of that media type; parameters and letter case do not matter (RFC 9110, section 8.3.1).
    pub fn is(&self, media_type: &str) -> bool {
        cut(self.headers.str_or_empty("content-type"), b';').0.trim_ascii().eq_ignore_ascii_case(media_type)
    }
}

/// Names of media types.
pub mod media_type {
    /// JSON (RFC 8259).
    pub const JSON: &str = "application/json";
    /// Form-encoded parameters.
    pub const FORM: &str = "application/x-www-form-urlencoded";
    /// A JWK set (RFC 7517, section 8.5).
    pub const JWK_SET: &str = "application/jwk-set+json";
    /// A JWT (RFC 7519, section 10.3.1).
    pub const JWT: &str = "application/jwt";
    /// A signed introspection answer (RFC 9701, section 8.2).
    pub const INTROSPECTION_JWT: &str = "application/token-introspection+jwt";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tr_05_the_media_type_is_compared_exactly() {
        let is_json =
            |content_type: Option<&str>| HttpResponse::new(200, content_type, Vec::new()).is(media_type::JSON);
        for good in ["application/json", "Application/JSON", "application/json; charset=utf-8", "application/json ;x"] {
            assert!(is_json(Some(good)), "{good}");
        }
        for bad in [
            "text/html",
            "",
            "application/jsonp",
            "application/json5",
            "application/json-seq",
            "text/json",
            "application/problem+json",
            "x application/json",
        ] {
            assert!(!is_json(Some(bad)), "{bad}");
        }
        assert!(!is_json(None));
    }
}
