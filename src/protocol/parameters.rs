//! Parameters of a message: names and values in order, some of them repeated (RFC 6749, section 3.1; RFC 8707).

use crate::encoding::{percent_encode, query_has};
use crate::error::{Error, ErrorCode, Result};
use crate::json::{Json, Object};
use crate::secret::{Secret, redacted};
use crate::text::{concat, cut};

/// A list of parameters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

redacted!(Parameters);

impl Parameters {
    /// Parameters that each come once.
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        let mut parameters = Self::default();
        pairs.iter().for_each(|(name, value)| parameters.add(name, value));
        parameters
    }

    /// Reads a list of pairs of texts, as TypeScript hands parameters over.
    pub fn parse(pairs: Option<&Json>) -> Result<Self> {
        let mut parameters = Self::default();
        let (mut left, mut bad) = match pairs {
            None => return Ok(parameters),
            Some(Json::Array(pairs)) => (pairs.iter(), false),
            Some(_) => ([].iter(), true),
        };
        while let Some(pair) = left.next().filter(|_| !bad) {
            match pair {
                Json::Array(pair) => match pair.as_slice() {
                    [Json::String(name), Json::String(value)] if !name.is_empty() => parameters.add(name, value),
                    _ => bad = true,
                },
                _ => bad = true,
            }
        }
        if bad { Err(invalid("parameters", "must be names with texts")) } else { Ok(parameters) }
    }

    /// Adds one, whether or not there is one of that name.
    pub fn add(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    /// The first of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is one of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Resources are absolute URIs without a fragment (RFC 8707, section 2); `Err` with one that is not.
    pub fn check_resources(&self) -> std::result::Result<(), &str> {
        let is_absolute = |uri: &str| {
            let (scheme, rest) = cut(uri, b':');
            rest.is_some_and(|rest| !rest.is_empty() && cut(rest, b'#').1.is_none())
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        };
        match self.0.iter().find(|(name, value)| name == "resource" && !is_absolute(value)) {
            Some((_, value)) => Err(value),
            None => Ok(()),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The body of a form (RFC 6749, appendix B).
    pub fn form(&self) -> Secret {
        Secret::new(self.encode("+"))
    }

    /// As the members of an object; repetitions are lost.
    pub fn object(&self) -> Object {
        let mut object = Object::default();
        self.0.iter().for_each(|(name, value)| object.set_text(name, value));
        object
    }

    /// A URL with these parameters behind those it has, before its fragment.
    pub fn append_to(&self, url: &str) -> String {
        let (start, fragment) = cut(url, b'#');
        let separator = match cut(start, b'?').1 {
            _ if self.0.is_empty() => "",
            None => "?",
            Some(query) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let hash = if fragment.is_some() { "#" } else { "" };
        concat(&[start, separator, &self.encode("%20"), hash, fragment.unwrap_or_default()])
    }

    /// The same for an endpoint, whose own query may not have a name that then stands twice (RFC 6749, section 3.1).
    pub fn append_to_endpoint(&self, url: &str) -> Result<String> {
        let query = cut(url, b'?').1.unwrap_or_default();
        match self.0.iter().find(|(name, _)| query_has(query, name)) {
            Some((name, _)) => Err(Error::new(ErrorCode::RepeatedParameter).with("parameter", name)),
            None => Ok(self.append_to(url)),
        }
    }

    fn encode(&self, space: &str) -> String {
        let mut out = String::new();
        for (name, value) in &self.0 {
            if !out.is_empty() {
                out.push('&');
            }
            percent_encode(&mut out, name, space);
            out.push('=');
            percent_encode(&mut out, value, space);
        }
        out
    }
}

/// The error for an option that cannot be used.
pub fn invalid(option: &str, reason: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument).with("option", option).with("reason", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_query_and_fragment() {
        let parameters = Parameters::of(&[("a", "x y"), ("a", "ü"), ("b", "")]);
        for (url, expected) in [
            ("https://h", "https://h?a=x%20y&a=%C3%BC&b="),
            ("https://h/p?q=1", "https://h/p?q=1&a=x%20y&a=%C3%BC&b="),
            ("https://h/p?", "https://h/p?a=x%20y&a=%C3%BC&b="),
            ("https://h/p?q&", "https://h/p?q&a=x%20y&a=%C3%BC&b="),
            ("/p#f?x", "/p?a=x%20y&a=%C3%BC&b=#f?x"),
        ] {
            assert_eq!(parameters.append_to(url), expected);
        }
        assert_eq!(Parameters::default().append_to("/p?#"), "/p?#");
        assert_eq!(parameters.form().expose(), "a=x+y&a=%C3%BC&b=");
    }

    #[test]
    fn ar_17_a_resource_is_an_absolute_uri_without_a_fragment() {
        let check = |uri: &str| Parameters::of(&[("x", "#"), ("resource", uri)]).check_resources().is_ok();
        for good in ["https://api.example", "https://api.example/v1?x=1", "urn:example:api", "api://4f/x", "a+b-c.1:x"]
        {
            assert!(check(good), "{good}");
        }
        for bad in ["", "api", "/v1", "//api.example", "https:", "https://api.example/#", "1a:x", "a b:x", ":x", "ä:x"]
        {
            assert!(!check(bad), "{bad}");
        }
    }
}
