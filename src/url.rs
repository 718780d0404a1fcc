//! Exact rules for absolute `http(s)` URLs.
//!
//! Nothing is normalised here: a URL that would need it is refused. What the browser hands over is already in the
//! form of the WHATWG URL standard, and what a provider publishes has no reason not to be.

use crate::json::Json;
use crate::text::{cut, pieces, whole};

/// Why a text is not a URL that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlProblem {
    /// It is not an absolute `http:` or `https:` URL in plain ASCII.
    Malformed,
    /// It carries a user name or password.
    UserInfo,
    /// It has a `.` or `..` path segment.
    DotSegment,
}

impl UrlProblem {
    /// The name used in error details.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UserInfo => "user_info",
            Self::DotSegment => "dot_segment",
        }
    }
}

/// An absolute `http:` or `https:` URL, taken apart but not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl<'a> {
    /// The whole text.
    pub text: &'a str,
    /// Whether the scheme is `https`.
    pub secure: bool,
    /// Host as written, in brackets where it is an IPv6 address.
    pub host: &'a str,
    /// The port, that of the scheme where none is written.
    pub port: u16,
    /// Path as written; empty where there is none.
    pub path: &'a str,
    /// What stands between `?` and `#`.
    pub query: Option<&'a str>,
    /// What stands after `#`.
    pub fragment: Option<&'a str>,
}

impl<'a> HttpUrl<'a> {
    /// Takes a URL apart, or says why it cannot be used.
    pub fn parse(text: &'a str) -> Result<Self, UrlProblem> {
        let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err(UrlProblem::Malformed),
        };
        if !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(UrlProblem::Malformed);
        }
        let (rest, fragment) = cut(rest, b'#');
        let (rest, query) = cut(rest, b'?');
        // The URL standard reads `\` as `/`: two readers, two hosts.
        if rest.bytes().any(|b| b"\\\"<>^`".contains(&b)) {
            return Err(UrlProblem::Malformed);
        }
        let (authority, path) =
            rest.split_at(rest.len().saturating_sub(cut(rest, b'/').1.map_or(0, |path| path.len().saturating_add(1))));
        if cut(authority, b'@').1.is_some() {
            return Err(UrlProblem::UserInfo);
        }
        let (host, port) = split_port(authority).ok_or(UrlProblem::Malformed)?;
        let port = match port {
            None => default_port(secure),
            Some(digits) => whole(digits).and_then(|port| u16::try_from(port).ok()).ok_or(UrlProblem::Malformed)?,
        };
        if port == 0 {
            return Err(UrlProblem::Malformed);
        }
        if pieces(path, b'/').into_iter().any(is_dot_segment) {
            return Err(UrlProblem::DotSegment);
        }
        Ok(Self { text, secure, host, port, path, query, fragment })
    }

    /// Whether the host is this machine itself (RFC 8252, section 7.3): `localhost`, `127.0.0.0/8` or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        // A host that begins like an address and has four numbers is one; anything longer is a name.
        let is_octet = |part: &str| whole(part).is_some_and(|octet| octet < 256);
        let is_address = self.host.starts_with("127.") && pieces(self.host, b'.').into_iter().all(is_octet);
        let dots = self.host.bytes().filter(|byte| *byte == b'.').count();
        self.host.eq_ignore_ascii_case("localhost") || self.host == "[::1]" || (is_address && dots == 3)
    }

    /// The path, `/` where none is written.
    pub fn path_or_root(&self) -> &'a str {
        if self.path.is_empty() { "/" } else { self.path }
    }

    /// Whether both have the same scheme, host and port.
    pub fn same_origin(&self, other: &HttpUrl<'_>) -> bool {
        self.secure == other.secure && self.port == other.port && self.host.eq_ignore_ascii_case(other.host)
    }

    /// Whether this lies at or below `base`: same origin, and a path that continues it at a `/`.
    pub fn is_below(&self, base: &HttpUrl<'_>) -> bool {
        let prefix = base.path.strip_suffix('/').unwrap_or(base.path);
        self.same_origin(base)
            && self.path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl HttpUrl<'_> {
    /// Whether this lies at or below one of these base addresses.
    pub fn is_below_any(&self, bases: &[Json]) -> bool {
        bases.iter().filter_map(Json::as_text).any(|base| HttpUrl::parse(base).is_ok_and(|base| self.is_below(&base)))
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Host and written port of an authority without user information.
fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = if authority.starts_with('[') {
        let end = cut(authority, b']').0.len().checked_add(1)?;
        let (host, rest) = authority.split_at_checked(end)?;
        let inner = host.strip_prefix('[')?.strip_suffix(']')?;
        if inner.is_empty() || !inner.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.')) {
            return None;
        }
        (host, rest)
    } else {
        let (host, rest) = authority.split_at(cut(authority, b':').0.len());
        if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')) {
            return None;
        }
        (host, rest)
    };
    match rest.strip_prefix(':') {
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        _ => None,
    }
}

/// `.` and `..`, also percent-encoded, as the URL standard resolves them.
fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0_u8;
    while !rest.is_empty() {
        let Some(after) = ["%2e", "%2E", "."].iter().find_map(|dot| rest.strip_prefix(dot)) else { return false };
        rest = after;
        dots = dots.saturating_add(1);
    }
    matches!(dots, 1 | 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_urls_apart_without_changing_them() {
        let url = HttpUrl::parse("https://ID.example.com:8443/a%2Fb/?x=1?2#f#g").unwrap();
        assert_eq!((url.secure, url.host, url.port), (true, "ID.example.com", 8443));
        assert_eq!((url.path, url.query, url.fragment), ("/a%2Fb/", Some("x=1?2"), Some("f#g")));
        let bare = HttpUrl::parse("http://[::1]?q").unwrap();
        assert_eq!((bare.port, bare.path, bare.path_or_root(), bare.query), (80, "", "/", Some("q")));
    }

    #[test]
    fn ar_10_texts_that_are_not_plain_http_urls_are_refused() {
        for text in [
            "",
            "/a",
            "//evil",
            "javascript:alert(1)",
            "data:text/html,x",
            "blob:https://a/1",
            "HTTPS://a",
            "https:/a",
            "https:a",
            "ftp://a",
            "https://",
            "https:///a",
            "https://?x",
            "https://a b",
            "https://a\tb",
            "https://a\\b",
            "https://ü.example",
            "https://a:99999",
            "https://a:0",
            "https://a:-1",
            "https://a:8x",
            "https://[::1",
            "https://[::1]x",
            "https://[]",
            "https://[zz]",
            "https://a%2fb",
            " https://a",
            "https://a\"",
        ] {
            assert_eq!(HttpUrl::parse(text), Err(UrlProblem::Malformed), "{text:?}");
        }
        assert_eq!(HttpUrl::parse("https://u:p@op.example/"), Err(UrlProblem::UserInfo));
        assert_eq!(HttpUrl::parse("https://app.example@evil.example/"), Err(UrlProblem::UserInfo));
        for text in ["https://a/.", "https://a/../b", "https://a/x/%2E%2e/y", "https://a/.%2e"] {
            assert_eq!(HttpUrl::parse(text), Err(UrlProblem::DotSegment), "{text}");
        }
        assert!(HttpUrl::parse("https://a/...").is_ok());
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for text in ["http://localhost", "http://LOCALHOST:1", "http://127.0.0.1", "http://127.9.8.7/", "http://[::1]"]
        {
            assert!(HttpUrl::parse(text).unwrap().is_loopback(), "{text}");
        }
        for text in [
            "http://localhost.evil",
            "http://127.0.0.1.evil",
            "http://127.0.0",
            "http://127.0.0.256",
            "http://10.0.0.1",
        ] {
            assert!(!HttpUrl::parse(text).unwrap().is_loopback(), "{text}");
        }
    }

    #[test]
    fn dp_20_a_base_address_ends_at_a_slash_and_an_origin_is_exact() {
        let below = |text, base| {
            HttpUrl::parse(text).is_ok_and(|url| HttpUrl::parse(base).is_ok_and(|base| url.is_below(&base)))
        };
        for (text, base) in [
            ("https://api.example/", "https://api.example"),
            ("https://api.example", "https://api.example/"),
            ("https://API.example:443/v1/x?y", "https://api.example/v1"),
            ("https://api.example/v1/x", "https://api.example/v1/"),
            ("https://api.example/v1", "https://api.example/v1/"),
        ] {
            assert!(below(text, base), "{text} {base}");
        }
        for (text, base) in [
            ("https://api.example/v10", "https://api.example/v1"),
            ("https://api.example/", "https://api.example/v1"),
            ("https://api.example.evil/", "https://api.example"),
            ("http://api.example/", "https://api.example"),
            ("https://api.example:444/", "https://api.example"),
            ("https://api.example/v1/../v2", "https://api.example/v1"),
            ("https://api.example/v1/%2e%2E/v2", "https://api.example/v1"),
            ("https://api.example@evil/", "https://api.example"),
        ] {
            assert!(!below(text, base), "{text} {base}");
        }
    }
}
