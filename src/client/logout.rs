//! Signing out: here first and always, then at the provider (OpenID Connect RP-Initiated Logout 1.0).

use crate::client::Client;
use crate::constants::end_session_request;
use crate::encoding::query_pairs;
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::json::Object;
use crate::platform::{Platform, Random as _};
use crate::protocol::callback::is_at;
use crate::protocol::logout::{self, EndSession};
use crate::protocol::request::checked;
use crate::protocol::state::random_value;
use crate::secret::Secret;
use crate::url::HttpUrl;

const OPTIONS: &str = "postLogoutRedirectUri ?localOnly";

/// Options of one sign-out.
#[derive(Clone, Debug, Default)]
pub struct SignOutOptions {
    post_logout_redirect_uri: Option<String>,
    local_only: bool,
}

impl SignOutOptions {
    /// Reads options as TypeScript gives them. `null` counts as absent.
    pub fn parse(options: &Object) -> Result<Self> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
        Ok(Self {
            post_logout_redirect_uri: options.str("postLogoutRedirectUri").map(str::to_owned),
            local_only: options.flag("localOnly"),
        })
    }
}

impl<P: Platform> Client<P> {
    /// Removes the session, then says how to end the provider's; `None` where that is not wanted or not possible.
    /// Whatever fails after the first step, nobody is signed in here any more.
    pub async fn sign_out(&self, options: SignOutOptions) -> Result<Option<EndSession>> {
        let id_token = self.session().map(|session| session.id_token());
        self.clear_session()?;
        if options.local_only {
            return Ok(None);
        }
        let metadata = self.documents.metadata().await?;
        let Some(endpoint) = metadata.endpoint("end_session_endpoint") else { return Ok(None) };
        self.end_session(endpoint, id_token, &options).map(Some).during(Phase::Logout)
    }

    fn end_session(&self, endpoint: &str, id_token: Option<Secret>, options: &SignOutOptions) -> Result<EndSession> {
        let state = random_value(self.platform.random().seed()?);
        let return_to = options.post_logout_redirect_uri.as_deref().or(self.config.post_logout_redirect_uri());
        if let Some(return_to) = return_to {
            self.config.policy().check_url("postLogoutRedirectUri", return_to)?;
            self.keep_logout(&state, return_to)?;
        }
        let mut request = self.config.request(endpoint);
        request.set_text("clientId", self.config.client_id());
        if let Some(id_token) = &id_token {
            request.set_text("idTokenHint", id_token.expose());
        }
        if let Some(return_to) = return_to {
            request.set_text("postLogoutRedirectUri", return_to);
            request.set_text("state", &state);
        }
        logout::build(&request)
    }

    /// Whether a URL is the way back from a sign-out that was begun in this tab. It is recognised once.
    pub fn finish_sign_out(&self, url: &str) -> Result<bool> {
        let query = HttpUrl::parse(url).ok().and_then(|url| url.query).unwrap_or_default();
        for (name, value) in query_pairs(query) {
            if name == end_session_request::STATE
                && let Some(return_to) = self.take_logout(value).during(Phase::Logout)?
            {
                return Ok(is_at(url, &return_to));
            }
        }
        Ok(false)
    }
}
