//! The end-session request (OpenID Connect RP-Initiated Logout 1.0, section 2).

use crate::constants::end_session_request as name;
use crate::error::Result;
use crate::json::Object;
use crate::protocol::authorize::append_query;
use crate::secret::redacted;

/// Longest URL that browsers and servers handle without trouble; a longer request goes as a form.
const MAX_URL: usize = 2000;

/// What an end-session request carries.
pub struct EndSessionRequest<'a> {
    /// The client.
    pub client_id: &'a str,
    /// The ID Token of the session that ends, so that the provider need not ask.
    pub id_token_hint: Option<&'a str>,
    /// Where to come back to, and the value that comes back along.
    pub return_to: Option<(&'a str, &'a str)>,
}

redacted!(EndSessionRequest<'_>);

/// How to visit the end-session endpoint.
#[derive(PartialEq, Eq)]
pub enum EndSession {
    /// Go to this URL.
    Url(String),
    /// Post these parameters to this URL.
    Form(String, Object),
}

redacted!(EndSession);

/// The request, as a URL or, when that would be too long, as a form (section 2 allows both).
pub fn build(endpoint: &str, request: &EndSessionRequest<'_>) -> Result<EndSession> {
    let mut parameters = vec![(name::CLIENT_ID, request.client_id)];
    if let Some(hint) = request.id_token_hint {
        parameters.push((name::ID_TOKEN_HINT, hint));
    }
    if let Some((uri, state)) = request.return_to {
        parameters.push((name::POST_LOGOUT_REDIRECT_URI, uri));
        parameters.push((name::STATE, state));
    }
    let url = append_query(endpoint, &parameters)?;
    if url.len() <= MAX_URL {
        return Ok(EndSession::Url(url));
    }
    let mut form = Object::default();
    parameters.iter().for_each(|(name, value)| form.set_text(name, value));
    Ok(EndSession::Form(endpoint.to_owned(), form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(hint: &str) -> EndSession {
        let request = EndSessionRequest {
            client_id: "spa",
            id_token_hint: Some(hint),
            return_to: Some(("https://app.example/", "S")),
        };
        build("https://op.example/end?x=1", &request).unwrap()
    }

    #[test]
    fn lo_02_the_request_is_exactly_this_and_a_long_one_is_a_form() {
        let url = "https://op.example/end?x=1&client_id=spa&id_token_hint=a.b.c\
            &post_logout_redirect_uri=https%3A%2F%2Fapp.example%2F&state=S";
        assert_eq!(request("a.b.c"), EndSession::Url(url.into()));
        let long = "x".repeat(16 * 1024);
        let EndSession::Form(endpoint, form) = request(&long) else { panic!("a URL of 16 KB") };
        assert_eq!(endpoint, "https://op.example/end?x=1");
        let names: Vec<_> = form.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"]);
        let bare = EndSessionRequest { client_id: "spa", id_token_hint: None, return_to: None };
        assert_eq!(build("https://op/end", &bare), Ok(EndSession::Url("https://op/end?client_id=spa".into())));
    }
}
