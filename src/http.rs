//! HTTP messages as plain values, and media types.

use crate::secret::{Secret, redacted};
use crate::text::cut;

/// Methods that the protocols use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request that a provider is asked. Always without cookies, cache, referrer and redirects.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL; it never carries a secret.
    pub url: String,
    /// `Authorization`, where the endpoint wants it.
    pub authorization: Option<Secret>,
    /// A form-encoded body.
    pub form: Option<Secret>,
    /// Media type that is asked for.
    pub accept: &'static str,
    /// Most bytes of body that are read.
    pub max_bytes: usize,
}

impl HttpRequest {
    /// A request for a document.
    pub fn get(url: &str, accept: &'static str, max_bytes: usize) -> Self {
        Self { method: Method::Get, url: url.to_owned(), authorization: None, form: None, accept, max_bytes }
    }

    /// A form, as the OAuth endpoints take it (RFC 6749, section 3.2).
    pub fn post_form(url: &str, form: Secret, max_bytes: usize) -> Self {
        Self {
            method: Method::Post,
            url: url.to_owned(),
            authorization: None,
            form: Some(form),
            accept: media_type::JSON,
            max_bytes,
        }
    }
}

/// An answer, read to its end.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// `Content-Type`, as it came.
    pub content_type: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

redacted!(HttpResponse);

impl HttpResponse {
    /// Whether the body is of that media type; parameters and letter case do not matter (RFC 9110, section 8.3.1).
    pub fn is(&self, media_type: &str) -> bool {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        cut(content_type, b';').0.trim_ascii().eq_ignore_ascii_case(media_type)
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tr_05_the_media_type_is_compared_exactly() {
        let is_json = |content_type: Option<&str>| {
            HttpResponse { status: 200, content_type: content_type.map(str::to_owned), body: Vec::new() }
                .is(media_type::JSON)
        };
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
