//! The authorization response (RFC 6749, section 4.1.2; RFC 9207, section 2; OpenID Connect Core, section 3.1.2.5).

use crate::constants::authorize_response as name;
use crate::encoding::{constant_time_eq, form_decode, query_has, query_pairs};
use crate::error::{Error, ErrorCode, Result, ServerError, require_equal};
use crate::json::Object;
use crate::protocol::request::checked;
use crate::secret::{Secret, redacted};
use crate::text::{camel, cut, whole};
use crate::url::HttpUrl;

/// Parameters that may come once at most.
const ONCE: [&str; 7] =
    [name::CODE, name::STATE, name::ISS, name::ERROR, name::ERROR_DESCRIPTION, name::ERROR_URI, name::SESSION_STATE];
/// Parameters of response types and modes that are never asked for.
const NEVER: [&str; 3] = [name::RESPONSE, name::ACCESS_TOKEN, name::ID_TOKEN];
/// Errors that `prompt=none` ends with when a person has to act (OpenID Connect Core, section 3.1.2.6).
const INTERACTION: [&str; 4] =
    ["login_required", "consent_required", "interaction_required", "account_selection_required"];

/// What came back, before anything about it is believed.
pub struct AuthorizeResponse(Object);

redacted!(AuthorizeResponse);

/// What a response must agree with.
pub struct Expected<'a> {
    /// `state` of the request.
    pub state: &'a str,
    /// The issuer that was asked.
    pub issuer: &'a str,
    /// Whether that issuer always sends `iss`.
    pub iss_required: bool,
}

redacted!(Expected<'_>);

/// A code from a response that agreed with its request: the only thing a code exchange accepts.
#[derive(Debug)]
pub struct CheckedCode(Secret);

impl CheckedCode {
    /// The code, for the token request.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Whether a URL is this redirect URI: same origin and path. Queries differ, that is where the response is.
pub fn is_at(url: &str, redirect_uri: &str) -> bool {
    let (Ok(url), Ok(redirect_uri)) = (HttpUrl::parse(url), HttpUrl::parse(redirect_uri)) else { return false };
    url.same_origin(&redirect_uri) && url.path_or_root() == redirect_uri.path_or_root()
}

/// Reads the response in a callback URL. It is accepted from the query of the redirect URI only.
pub fn parse(url: &str, redirect_uri: &str) -> Result<AuthorizeResponse> {
    AuthorizeResponse::of(parameters(url, redirect_uri, &ONCE, &NEVER)?)
}

/// The JWT in a callback URL, where the response was asked for as one (JARM, section 2.3.1), and the `iss` beside it.
pub fn signed(url: &str, redirect_uri: &str, issuer: &str) -> Result<Secret> {
    let beside = [name::CODE, name::STATE, name::ERROR, name::ACCESS_TOKEN, name::ID_TOKEN];
    let response = parameters(url, redirect_uri, &[name::RESPONSE, name::ISS], &beside)?;
    if let Some(iss) = response.str(name::ISS) {
        require_equal(ErrorCode::WrongIssuer, issuer, iss)?;
    }
    match response.str_or_empty(name::RESPONSE) {
        "" => Err(Error::new(ErrorCode::WrongResponseMode).with("actual", "no response")),
        jwt => Ok(Secret::new(jwt.to_owned())),
    }
}

/// The parameters in the query of a callback URL that are wanted. Those that stand for another kind of response are
/// refused, in the fragment the wanted ones too.
fn parameters(url: &str, redirect_uri: &str, wanted: &[&str], refused: &[&str]) -> Result<Object> {
    if !is_at(url, redirect_uri) {
        return Err(ErrorCode::NotACallback.into());
    }
    let url = HttpUrl::parse(url).map_err(|_| ErrorCode::NotACallback)?;
    let (query, fragment) = (url.query.unwrap_or_default(), url.fragment.unwrap_or_default());
    if wanted.iter().chain(refused).any(|name| query_has(fragment, name)) {
        return Err(Error::new(ErrorCode::WrongResponseMode).with("actual", "fragment"));
    }
    if let Some(name) = refused.iter().find(|name| query_has(query, name)) {
        return Err(Error::new(ErrorCode::WrongResponseMode).with("actual", name));
    }
    let mut response = Object::default();
    for (name, value) in query_pairs(query) {
        let Some(name) = form_decode(name).filter(|name| wanted.contains(&name.as_str())) else { continue };
        if response.contains(&name) {
            return Err(Error::new(ErrorCode::RepeatedParameter).with("parameter", &name));
        }
        let value = form_decode(value).ok_or_else(|| Error::new(ErrorCode::InvalidResponse).with("member", &name))?;
        response.set_text(&name, &value);
    }
    Ok(response)
}

impl AuthorizeResponse {
    /// The response in these parameters: of a URL, or the claims of a JWT that was checked.
    pub fn of(parameters: Object) -> Result<Self> {
        if parameters.str_or_empty(name::STATE).is_empty() {
            return Err(ErrorCode::MissingState.into());
        }
        Ok(Self(parameters))
    }

    /// `state`, to find the request by.
    pub fn state(&self) -> &str {
        self.0.str_or_empty(name::STATE)
    }

    /// `session_state`, to ask by whether the provider's session has changed; empty for none.
    pub fn session_state(&self) -> &str {
        self.0.str_or_empty(name::SESSION_STATE)
    }

    /// Compares with the request; only then looks at what the response says. Errors are believed as little as codes.
    pub fn check(self, expected: &Expected<'_>) -> Result<CheckedCode> {
        check_origin(&self.0, Some(expected.state), Some(expected.issuer), expected.iss_required)?;
        check_error(&self.0)?;
        match self.0.str_or_empty(name::CODE) {
            "" => Err(ErrorCode::MissingCode.into()),
            code => Ok(CheckedCode(Secret::new(code.to_owned()))),
        }
    }
}

fn check_origin(response: &Object, state: Option<&str>, issuer: Option<&str>, iss_required: bool) -> Result<()> {
    let actual = response.str_or_empty(name::STATE);
    if let Some(state) = state {
        // An expected state that got lost is no reason to accept a response without one.
        if actual.is_empty() {
            return Err(ErrorCode::MissingState.into());
        }
        if !constant_time_eq(actual, state) {
            return Err(ErrorCode::UnknownState.into());
        }
    }
    match (issuer, response.str(name::ISS)) {
        (Some(issuer), Some(iss)) => require_equal(ErrorCode::WrongIssuer, issuer, iss),
        (_, None) if iss_required => Err(ErrorCode::MissingIssuer.into()),
        _ => Ok(()),
    }
}

/// An empty parameter is treated as if it were omitted (RFC 6749, section 3.1).
fn check_error(response: &Object) -> Result<()> {
    let error = response.str_or_empty(name::ERROR);
    if error.is_empty() {
        return Ok(());
    }
    if !response.str_or_empty(name::CODE).is_empty() {
        return Err(ErrorCode::AmbiguousResponse.into());
    }
    let kind =
        if INTERACTION.contains(&error) { ErrorCode::InteractionRequired } else { ErrorCode::AuthorizationError };
    let (description, uri) = (response.str(name::ERROR_DESCRIPTION), response.str(name::ERROR_URI));
    Err(Error::new(kind).with_server(ServerError::new(error, description, uri)))
}

/// Options of [`read`].
const OPTIONS: &str = "!response state issuer ?issRequired";

/// Reads a response of any type and mode: a URL with a query or a fragment, or the body of a form. Where the request's
/// `state` or the issuer is given they are compared, and only then an error in it is thrown; without them it is data.
pub fn read(options: &Object) -> Result<Object> {
    let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
    let (text, fragment) = cut(options.str_or_empty("response"), b'#');
    let (start, query) = cut(text, b'?');
    let has_response = |pairs: &str| ONCE.iter().chain(&NEVER).any(|name| query_has(pairs, name));
    let is_form = fragment.is_none() && query.is_none() && HttpUrl::parse(start).is_err();
    let form = if is_form { start } else { query.unwrap_or_default() };
    let fragment = fragment.filter(|fragment| has_response(fragment));
    if fragment.is_some() && has_response(form) {
        return Err(Error::new(ErrorCode::WrongResponseMode).with("actual", "query and fragment"));
    }
    let mut parameters = Object::default();
    for (name, value) in query_pairs(fragment.unwrap_or(form)) {
        let malformed = || Error::new(ErrorCode::InvalidResponse).with("member", name);
        let name = form_decode(name).ok_or_else(malformed)?;
        if parameters.contains(&name) {
            return Err(Error::new(ErrorCode::RepeatedParameter).with("parameter", &name));
        }
        parameters.set_text(&name, &form_decode(value).ok_or_else(malformed)?);
    }
    let (state, issuer) = (options.str("state"), options.str("issuer"));
    check_origin(&parameters, state, issuer, options.flag("issRequired"))?;
    if state.is_some() || issuer.is_some() {
        check_error(&parameters)?;
    }
    let mut response = described(parameters);
    let parameters = response.object("parameters").unwrap_or(&options);
    if let Some(expires_in) = parameters.str("expires_in") {
        let seconds =
            whole(expires_in).ok_or_else(|| Error::new(ErrorCode::InvalidResponse).with("member", "expires_in"))?;
        response.set("expiresIn", seconds.into());
    }
    Ok(response)
}

/// Parameters of a response, as TypeScript sees them.
pub fn described(parameters: Object) -> Object {
    let mut response = Object::default();
    for name in ONCE.iter().chain(&NEVER).chain(&["token_type", "scope"]) {
        if let Some(value) = parameters.str(name) {
            response.set_text(&camel(name), value);
        }
    }
    response.set("parameters", parameters.into());
    response
}

/// Whether the parameters of a response that was checked answer the request of this `state`, and are no error. Without
/// `state` an error is data: nobody knows yet which request it answers.
pub fn check_parameters(parameters: &Object, state: Option<&str>) -> Result<()> {
    check_origin(parameters, state, None, false)?;
    state.map_or(Ok(()), |_| check_error(parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIRECT: &str = "https://app.example/cb";
    const ISSUER: &str = "https://op.example";

    fn outcome_with(url: &str, iss_required: bool) -> &'static str {
        let expected = Expected { state: "S", issuer: ISSUER, iss_required };
        match parse(url, REDIRECT).and_then(|response| response.check(&expected)) {
            Ok(code) => {
                assert_eq!(code.expose(), "C/1");
                "ok"
            }
            Err(error) => error.code().as_str(),
        }
    }

    fn outcome(query: &str) -> &'static str {
        outcome_with(&format!("{REDIRECT}?{query}"), false)
    }

    #[test]
    fn a_good_response_gives_its_code() {
        assert_eq!(outcome("code=C%2F1&state=S"), "ok");
        assert_eq!(outcome("app=1&code=C%2F1&state=S&session_state=x&iss=https%3A%2F%2Fop.example&bad=%zz"), "ok");
        assert_eq!(outcome_with("https://APP.example:443/cb?code=C/1&state=S#section", false), "ok");
    }

    #[test]
    fn cb_01_a_repeated_parameter_is_refused() {
        for name in ONCE {
            assert_eq!(outcome(&format!("code=C%2F1&state=S&{name}=a&{name}=a")), "repeated_parameter", "{name}");
        }
        assert_eq!(outcome("code=C%2F1&state=S&%63ode=x"), "repeated_parameter");
    }

    #[test]
    fn cb_02_state_is_exact_and_required() {
        for query in ["code=C%2F1", "code=C%2F1&state=", "code=C%2F1&state"] {
            assert_eq!(outcome(query), "missing_state", "{query}");
        }
        for query in ["code=C%2F1&state=S1", "code=C%2F1&state=s", "error=access_denied&state=T"] {
            assert_eq!(outcome(query), "unknown_state", "{query}");
        }
    }

    #[test]
    fn cb_04_cb_05_iss_is_compared_as_text_and_required_where_promised() {
        let good = "https://app.example/cb?code=C%2F1&state=S&iss=https%3A%2F%2Fop.example";
        assert_eq!(outcome_with(good, true), "ok");
        assert_eq!(outcome_with("https://app.example/cb?code=C%2F1&state=S", true), "missing_issuer");
        assert_eq!(outcome_with("https://app.example/cb?error=x&state=S", true), "missing_issuer");
        for iss in [
            "https%3A%2F%2Fop.example1",
            "https%3A%2F%2Fop.example%2F",
            "HTTPS%3A%2F%2Fop.example",
            "https%3A%2F%2FOP.example",
            "https%3A%2F%2Fop.example%3A443",
            "https%253A%252F%252Fop.example",
            "",
        ] {
            assert_eq!(outcome(&format!("code=C%2F1&state=S&iss={iss}")), "wrong_issuer", "{iss:?}");
        }
    }

    #[test]
    fn cb_06_an_error_counts_only_after_state_and_issuer() {
        assert_eq!(outcome("error=access_denied&state=S"), "authorization_error");
        for error in INTERACTION {
            assert_eq!(outcome(&format!("error={error}&state=S")), "interaction_required", "cb_17");
        }
        let url =
            format!("{REDIRECT}?error=x&error_description=%3Cimg%20onerror%3E%0d%0a&error_uri=https%3A%2F%2Fe&state=S");
        let expected = Expected { state: "S", issuer: ISSUER, iss_required: false };
        let error = parse(&url, REDIRECT).and_then(|r| r.check(&expected)).unwrap_err();
        let server = error.server().unwrap();
        assert_eq!(server.description.as_deref(), Some("<img onerror>"));
        assert_eq!(server.uri.as_deref(), Some("https://e"));
    }

    #[test]
    fn cb_07_exactly_one_of_code_and_error() {
        assert_eq!(outcome("code=C%2F1&error=x&state=S"), "ambiguous_response");
        for query in ["state=S", "code=&state=S", "error=&state=S"] {
            assert_eq!(outcome(query), "missing_code", "{query}");
        }
    }

    #[test]
    fn cb_08_only_at_the_redirect_uri() {
        for url in [
            "https://app.example/other?code=C%2F1&state=S",
            "https://app.example/cb/?code=C%2F1&state=S",
            "http://app.example/cb?code=C%2F1&state=S",
            "https://evil.example/cb?code=C%2F1&state=S",
            "https://app.example:444/cb?code=C%2F1&state=S",
            "/cb?code=C%2F1&state=S",
            "",
        ] {
            assert_eq!(outcome_with(url, false), "not_a_callback", "{url}");
        }
        assert!(is_at("https://app.example/?code=x", "https://app.example"));
    }

    #[test]
    fn cb_10_only_a_code_in_the_query() {
        assert_eq!(outcome_with("https://app.example/cb#code=C%2F1&state=S", false), "wrong_response_mode");
        assert_eq!(
            outcome_with("https://app.example/cb?code=C%2F1&state=S#access_token=x", false),
            "wrong_response_mode"
        );
        for name in NEVER {
            assert_eq!(outcome(&format!("code=C%2F1&state=S&{name}=x")), "wrong_response_mode", "{name}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_decoded_is_refused() {
        for query in ["code=%zz&state=S", "code=%ff&state=S", "code=C%2F1&state=%"] {
            assert_eq!(outcome(query), "invalid_response", "{query}");
        }
    }
}
