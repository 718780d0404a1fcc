//! The end-session request (OpenID Connect RP-Initiated Logout 1.0, section 2).

use crate::error::{Phase, Result};
use crate::json::Object;
use crate::protocol::request::{Message, Request, Takes};
use crate::secret::redacted;

/// Longest URL that browsers and servers handle without trouble; a longer request goes as a form.
const MAX_URL: usize = 2000;

/// How to visit the end-session endpoint.
#[derive(PartialEq, Eq)]
pub enum EndSession {
    /// Go to this URL.
    Url(String),
    /// Post these parameters to this URL.
    Form(String, Object),
}

redacted!(EndSession);

const MESSAGE: Message = Message {
    endpoint: "end_session_endpoint",
    phase: Phase::Logout,
    takes: Takes::Parameters,
    sends: "id_token_hint logout_hint client_id post_logout_redirect_uri state ui_locales",
    ..Message::FORM
};

/// The request, as a URL or, when that would be too long, as a form (section 2 allows both).
pub fn build(options: &Object) -> Result<EndSession> {
    let request = Request::parse(options, &MESSAGE)?;
    let endpoint = request.endpoint(MESSAGE.endpoint, false)?;
    let url = request.form.append_to_endpoint(&endpoint)?;
    if url.len() <= MAX_URL { Ok(EndSession::Url(url)) } else { Ok(EndSession::Form(endpoint, request.form.object())) }
}

/// The request as a URL, however long.
pub fn url(options: &Object) -> Result<String> {
    let request = Request::parse(options, &MESSAGE)?;
    request.form.append_to_endpoint(&request.endpoint(MESSAGE.endpoint, false)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn request(members: &str) -> EndSession {
        let text = format!(r#"{{"address":"https://op.example/end?x=1","clientId":"spa"{members}}}"#);
        build(&Json::parse_object(text.as_bytes()).unwrap()).unwrap()
    }

    fn with_hint(hint: &str) -> EndSession {
        let return_to = r#","postLogoutRedirectUri":"https://app.example/","state":"S""#;
        request(&format!(r#","idTokenHint":"{hint}"{return_to}"#))
    }

    #[test]
    fn lo_02_the_request_is_exactly_this_and_a_long_one_is_a_form() {
        let url = "https://op.example/end?x=1&id_token_hint=a.b.c&client_id=spa\
            &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=S";
        assert_eq!(with_hint("a.b.c"), EndSession::Url(url.into()));
        let long = "x".repeat(16 * 1024);
        let EndSession::Form(endpoint, form) = with_hint(&long) else { panic!("a URL of 16 KB") };
        assert_eq!(endpoint, "https://op.example/end?x=1");
        let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"]);
        assert_eq!(request(""), EndSession::Url("https://op.example/end?x=1&client_id=spa".into()));
    }
}
