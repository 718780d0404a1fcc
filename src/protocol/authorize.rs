//! The authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1).

use crate::constants::authorize_request as name;
use crate::encoding::{form_encode, query_has};
use crate::error::{Error, ErrorCode, Result};
use crate::json::Object;
use crate::protocol::pkce::{self, CodeVerifier};
use crate::secret::redacted;
use crate::text::{concat, cut, pieces, whole};

/// Parameters that the client sets itself, or that would bypass what it sets.
const RESERVED: [&str; 12] = [
    name::CLIENT_ID,
    name::REDIRECT_URI,
    name::RESPONSE_TYPE,
    name::RESPONSE_MODE,
    name::SCOPE,
    name::STATE,
    name::NONCE,
    name::CODE_CHALLENGE,
    name::CODE_CHALLENGE_METHOD,
    name::REQUEST,
    name::REQUEST_URI,
    name::DPOP_JKT,
];

/// Everything a request is built from.
#[derive(Clone)]
pub struct AuthorizeRequest<'a> {
    /// `client_id`
    pub client_id: &'a str,
    /// `redirect_uri`
    pub redirect_uri: &'a str,
    /// `scope`
    pub scope: &'a str,
    /// `state`
    pub state: &'a str,
    /// `nonce`
    pub nonce: &'a str,
    /// Its challenge is sent.
    pub verifier: &'a CodeVerifier,
    /// Options of this sign-in.
    pub options: &'a AuthorizeOptions,
}

redacted!(AuthorizeRequest<'_>);

/// What an application may ask for in one sign-in: parameters by their names on the wire, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizeOptions(pub Vec<(String, String)>);

impl AuthorizeOptions {
    /// Adds a parameter. One that the client sets itself or that is there already is refused (RFC 6749, section 3.1).
    pub fn add(&mut self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || RESERVED.contains(&name) || self.contains(name) {
            return Err(invalid(name, "set by the client itself"));
        }
        if name == name::PROMPT
            && value != "none"
            && pieces(value, b' ').into_iter().any(|value| value.is_empty() || value == "none")
        {
            return Err(invalid(name, "none stands alone"));
        }
        if name == name::MAX_AGE && whole(value).is_none() {
            return Err(invalid(name, "invalid"));
        }
        self.0.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Adds the members of an object of texts.
    pub fn add_all(&mut self, parameters: &Object) -> Result<()> {
        for (name, value) in parameters.iter() {
            self.add(name, value.as_text().ok_or_else(|| invalid(name, "must be a string"))?)?;
        }
        Ok(())
    }

    /// `max_age` in seconds: however it was given, the answer is checked against it.
    pub fn max_age(&self) -> Option<i64> {
        self.0.iter().find(|(known, _)| known == name::MAX_AGE).and_then(|(_, value)| whole(value))
    }

    /// Whether there is a parameter of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

fn invalid(option: &str, reason: &str) -> Error {
    Error::new(ErrorCode::InvalidArgument).with("option", option).with("reason", reason)
}

/// The URL to send the browser to. A query that the endpoint already has is kept; a name that would then stand twice
/// is refused (RFC 6749, section 3.1).
pub fn build(endpoint: &str, request: &AuthorizeRequest<'_>) -> Result<String> {
    let challenge = request.verifier.challenge();
    let mut parameters = vec![
        (name::CLIENT_ID, request.client_id),
        (name::RESPONSE_TYPE, "code"),
        (name::REDIRECT_URI, request.redirect_uri),
        (name::SCOPE, request.scope),
        (name::STATE, request.state),
        (name::NONCE, request.nonce),
        (name::CODE_CHALLENGE, challenge.as_str()),
        (name::CODE_CHALLENGE_METHOD, pkce::METHOD),
    ];
    for (name, value) in &request.options.0 {
        parameters.push((name, value));
    }
    append_query(endpoint, &parameters)
}

/// Adds parameters to a URL that may have a query of its own, never one name twice.
pub fn append_query(url: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let (separator, existing) = match cut(url, b'?').1 {
        None => ("?", ""),
        Some(query) if query.is_empty() || query.ends_with('&') => ("", query),
        Some(query) => ("&", query),
    };
    if let Some((name, _)) = parameters.iter().find(|(name, _)| query_has(existing, name)) {
        return Err(Error::new(ErrorCode::RepeatedParameter).with("parameter", name));
    }
    Ok(concat(&[url, separator, &form_encode(parameters)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn options(pairs: &[(&str, &str)]) -> Result<AuthorizeOptions> {
        let mut options = AuthorizeOptions::default();
        pairs.iter().try_for_each(|(name, value)| options.add(name, value))?;
        Ok(options)
    }

    fn url(endpoint: &str, pairs: &[(&str, &str)]) -> Result<String> {
        let verifier = CodeVerifier::from_stored("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        build(
            endpoint,
            &AuthorizeRequest {
                client_id: "spa",
                redirect_uri: "https://app.example/cb?x=1",
                scope: "openid profile",
                state: "S",
                nonce: "N",
                verifier: &verifier,
                options: &options(pairs)?,
            },
        )
    }

    const QUERY: &str = "client_id=spa&response_type=code&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1\
        &scope=openid+profile&state=S&nonce=N&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
        &code_challenge_method=S256";

    #[test]
    fn the_request_is_exactly_this() {
        assert_eq!(url("https://op.example/a", &[]), Ok(format!("https://op.example/a?{QUERY}")));
        let all = [("prompt", "login consent"), ("login_hint", "a@b"), ("max_age", "0"), ("audience", "api")];
        let rest = "prompt=login+consent&login_hint=a%40b&max_age=0&audience=api";
        assert_eq!(url("https://op.example/a", &all), Ok(format!("https://op.example/a?{QUERY}&{rest}")), "ar_18");
    }

    #[test]
    fn ar_09_a_query_of_the_endpoint_is_kept_and_never_doubled() {
        for (endpoint, start) in [
            ("https://op.example/a?tenant=1", "https://op.example/a?tenant=1&"),
            ("https://op.example/a?tenant=1&", "https://op.example/a?tenant=1&"),
            ("https://op.example/a?", "https://op.example/a?"),
        ] {
            assert_eq!(url(endpoint, &[]), Ok(format!("{start}{QUERY}")));
        }
        for endpoint in ["https://op/a?client_id=evil", "https://op/a?x=1&%73tate=1"] {
            assert_eq!(url(endpoint, &[]).map_err(|e| e.code()), Err(ErrorCode::RepeatedParameter), "{endpoint}");
        }
    }

    #[test]
    fn ar_08_extra_parameters_cannot_touch_the_protocols_own() {
        for name in RESERVED.into_iter().chain(["prompt", ""]) {
            let result = options(&[("prompt", "login"), (name, "x")]);
            assert_eq!(result.map_err(|e| e.code()), Err(ErrorCode::InvalidArgument), "{name}");
        }
        assert!(options(&[("resource", "x")]).is_ok_and(|options| options.contains("resource")));
        let object = |text: &str| AuthorizeOptions::default().add_all(&Json::parse_object(text.as_bytes()).unwrap());
        assert_eq!(object(r#"{"a":"1","b":"2"}"#), Ok(()));
        assert!(object(r#"{"a":1}"#).is_err());
    }

    #[test]
    fn id_11_max_age_is_known_however_it_was_given() {
        assert_eq!(options(&[("max_age", "0")]).map(|options| options.max_age()), Ok(Some(0)));
        assert_eq!(options(&[("prompt", "login")]).map(|options| options.max_age()), Ok(None));
        for bad in ["", "-1", "1.5", "x", "99999999999999999999"] {
            assert!(options(&[("max_age", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn ar_18_prompt_none_stands_alone() {
        for good in ["none", "login", "login consent"] {
            assert!(options(&[("prompt", good)]).is_ok(), "{good}");
        }
        for bad in ["none login", "login none", "", "login  consent"] {
            assert!(options(&[("prompt", bad)]).is_err(), "{bad}");
        }
    }
}
