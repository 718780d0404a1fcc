//! The authorization request (RFC 6749, section 4.1.1; OpenID Connect Core, section 3.1.2.1; RFC 9101, section 5;
//! RFC 9396, section 2).

use crate::constants::authorize_request as name;
use crate::error::{Phase, Result};
use crate::json::{Json, Object, Table, entries, has_entry};
use crate::protocol::parameters::{Parameters, invalid};
use crate::protocol::request::{Message, Request, Takes};
use crate::text::{camel, pieces, whole};

/// Every parameter, in a URL or pushed.
pub const PARAMETERS: Table = "!client_id response_type scope redirect_uri state nonce login_hint acr_values prompt \
    response_mode code_challenge code_challenge_method display #max_age ui_locales claims_locales id_token_hint \
    [resource [audience dpop_jkt {claims {authorization_details {registration request request_uri";
/// What may stand beside a request object (RFC 9101, section 5; RFC 6749 still demands some of it).
const BESIDE_REQUEST: Table = "client_id request response_type redirect_uri scope state";

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

/// What an application may ask for in one sign-in: parameters by their names on the wire, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizeOptions(pub Vec<(String, String)>);

impl AuthorizeOptions {
    /// Adds a parameter. One that the client sets itself or that is there already is refused (RFC 6749, section 3.1).
    pub fn add(&mut self, name: &str, value: &str) -> Result<()> {
        if name.is_empty() || RESERVED.contains(&name) || self.contains(name) {
            return Err(invalid(name, "set by the client itself"));
        }
        if name == name::PROMPT {
            check_prompt(value)?;
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

    /// As a list of pairs.
    pub fn pairs(&self) -> Json {
        let pair = |(name, value): &(String, String)| Json::from(vec![name.as_str(), value.as_str()]);
        Json::Array(self.0.iter().map(pair).collect())
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

/// A URL to send the browser to. Nothing is sent by us.
const URL: Message = Message {
    endpoint: "authorization_endpoint",
    phase: Phase::Authorization,
    takes: Takes::Parameters,
    sends: PARAMETERS,
    ..Message::FORM
};

/// The URL of an authorization request.
pub fn url(options: &Object) -> Result<String> {
    let mut request = Request::parse(options, &URL)?;
    if request.form.contains("request_uri") {
        // Everything else was pushed (RFC 9126, section 4).
        check_alone("request_uri", "client_id request_uri", &request.options, PARAMETERS)?;
    } else {
        check(&request.options, &mut request.form)?;
    }
    request.form.append_to_endpoint(&request.endpoint(URL.endpoint, false)?)
}

/// What the parameters owe each other, whichever way they go. A challenge always comes with a code, and only ever of
/// the strong kind (RFC 7636, section 4.2; RFC 9700, section 2.1.1); access tokens never come through the front
/// channel (RFC 9700, section 2.1.2).
pub fn check(options: &Object, form: &mut Parameters) -> Result<()> {
    if form.contains("request_uri") {
        return Err(invalid("requestUri", "is what comes of a push"));
    }
    let has_request = form.contains("request");
    let response_type = form.get("response_type");
    let kinds = pieces(response_type.unwrap_or(if has_request { "code" } else { "" }), b' ');
    if kinds.iter().any(|kind| !matches!(*kind, "code" | "id_token" | "none")) {
        return Err(invalid(
            "responseType",
            if response_type.is_none() { "missing" } else { "only code, id_token and none are safe" },
        ));
    }
    if has_request {
        return check_alone("request", BESIDE_REQUEST, options, PARAMETERS);
    }
    if kinds.contains(&"code") && !form.contains("code_challenge") {
        return Err(invalid("codeChallenge", "missing"));
    }
    match form.get("code_challenge_method") {
        Some("S256") => {}
        Some(_) => return Err(invalid("codeChallengeMethod", "only S256 is safe")),
        None if form.contains("code_challenge") => form.add("code_challenge_method", "S256"),
        None => {}
    }
    check_details(options)?;
    form.get(name::PROMPT).map_or(Ok(()), check_prompt)
}

/// Details are objects that say of what type they are (RFC 9396, section 2).
pub fn check_details(options: &Object) -> Result<()> {
    let is_typed = |detail: &Json| detail.as_object().is_some_and(|detail| !detail.str_or_empty("type").is_empty());
    let details = options.list("authorizationDetails");
    if options.contains("authorizationDetails") && (details.is_empty() || !details.iter().all(is_typed)) {
        return Err(invalid("authorizationDetails", "objects with a type"));
    }
    Ok(())
}

/// No other option of the table may be there: it would be sent for nothing, or contradict what was signed.
pub fn check_alone(with: &str, allowed: Table, options: &Object, table: Table) -> Result<()> {
    for (_, _, wire) in entries(table) {
        let name = camel(wire);
        if !has_entry(allowed, wire) && options.contains(&name) {
            return Err(invalid(&name, if with == "request" { "belongs into request" } else { "was pushed" }));
        }
    }
    Ok(())
}

fn check_prompt(value: &str) -> Result<()> {
    if value != "none" && pieces(value, b' ').into_iter().any(|value| value.is_empty() || value == "none") {
        return Err(invalid(name::PROMPT, "none stands alone"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;
    use crate::json::Json;

    fn options(pairs: &[(&str, &str)]) -> Result<AuthorizeOptions> {
        let mut options = AuthorizeOptions::default();
        pairs.iter().try_for_each(|(name, value)| options.add(name, value))?;
        Ok(options)
    }

    fn url_of(endpoint: &str, pairs: &[(&str, &str)]) -> Result<String> {
        let text = r#"{"clientId":"spa","responseType":"code","redirectUri":"https://app.example/cb?x=1",
            "scope":"openid profile","state":"S","nonce":"N",
            "codeChallenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}"#;
        let mut request = Json::parse_object(text.as_bytes()).unwrap();
        request.set_text("address", endpoint);
        request.set("parameters", options(pairs)?.pairs());
        url(&request)
    }

    const QUERY: &str = "client_id=spa&response_type=code&scope=openid%20profile\
        &redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1&state=S&nonce=N&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
        &code_challenge_method=S256";

    #[test]
    fn the_request_is_exactly_this() {
        assert_eq!(url_of("https://op.example/a", &[]), Ok(format!("https://op.example/a?{QUERY}")));
        let all = [("prompt", "login consent"), ("login_hint", "a@b"), ("max_age", "0"), ("audience", "api")];
        let rest = "prompt=login%20consent&login_hint=a%40b&max_age=0&audience=api";
        assert_eq!(url_of("https://op.example/a", &all), Ok(format!("https://op.example/a?{rest}&{QUERY}")), "ar_18");
    }

    #[test]
    fn ar_09_a_query_of_the_endpoint_is_kept_and_never_doubled() {
        for (endpoint, start) in [
            ("https://op.example/a?tenant=1", "https://op.example/a?tenant=1&"),
            ("https://op.example/a?tenant=1&", "https://op.example/a?tenant=1&"),
            ("https://op.example/a?", "https://op.example/a?"),
        ] {
            assert_eq!(url_of(endpoint, &[]), Ok(format!("{start}{QUERY}")));
        }
        for endpoint in ["https://op/a?client_id=evil", "https://op/a?x=1&%73tate=1"] {
            assert_eq!(url_of(endpoint, &[]).map_err(|e| e.code()), Err(ErrorCode::RepeatedParameter), "{endpoint}");
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
