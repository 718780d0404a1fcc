//! Signing out: here first and always, then at the provider (OpenID Connect RP-Initiated Logout 1.0).

use crate::client::Client;
use crate::client::login::{IN_POPUP, query};
use crate::constants::end_session_request;
use crate::encoding::query_pairs;
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::json::Object;
use crate::platform::{Hooks, Platform, Random as _};
use crate::protocol::callback::is_at;
use crate::protocol::discovery::ProviderMetadata;
use crate::protocol::logout::{self, EndSession};
use crate::protocol::request::checked;
use crate::protocol::revocation;
use crate::protocol::state::random_value;
use crate::secret::Secret;
use crate::text::concat;
use crate::url::HttpUrl;

const OPTIONS: &str = "postLogoutRedirectUri ?localOnly ?revoke ?popup";

/// Options of one sign-out.
#[derive(Clone, Debug, Default)]
pub struct SignOutOptions {
    post_logout_redirect_uri: Option<String>,
    local_only: bool,
    revoke: bool,
    in_popup: bool,
}

impl SignOutOptions {
    /// Reads options as TypeScript gives them. `null` counts as absent.
    pub fn parse(options: &Object) -> Result<Self> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
        Ok(Self {
            post_logout_redirect_uri: options.str("postLogoutRedirectUri").map(str::to_owned),
            local_only: options.flag("localOnly"),
            revoke: options.flag("revoke"),
            in_popup: options.flag("popup"),
        })
    }
}

impl<P: Platform> Client<P> {
    /// Removes the session, then takes its tokens back at the provider where that is wanted, and says how to end the
    /// provider's session and by what `state` its answer is known; `None` where that is not wanted or not possible.
    /// Whatever fails after the first step, nobody is signed in here any more.
    pub async fn sign_out(&self, options: SignOutOptions, hooks: &dyn Hooks) -> Result<Option<(EndSession, String)>> {
        let mut session = self.session().await;
        match &session {
            Some(known) => session = self.end(known, hooks).await?.or(session),
            // What cannot be read goes too; not a session that has just taken the place of another.
            None => drop(self.remove("").await?),
        }
        if options.local_only && !options.revoke {
            return Ok(None);
        }
        let metadata = self.documents.metadata().await?;
        if let Some(session) = session.as_ref().filter(|_| options.revoke) {
            let (hint, token) = match session.refresh_token() {
                "" => ("access_token", session.access_token()),
                token => ("refresh_token", Secret::new(token.to_owned())),
            };
            self.revoke(&metadata, hint, token.expose(), hooks).await;
        }
        let endpoint = metadata.endpoint("end_session_endpoint").filter(|_| !options.local_only);
        let Some(endpoint) = endpoint else { return Ok(None) };
        let id_token = session.map(|session| session.id_token());
        self.end_session(endpoint, id_token, &options).map(Some).during(Phase::Logout)
    }

    /// Takes a token back, if the provider offers that. Nothing depends on how it goes (RFC 7009, section 2.2).
    pub(super) async fn revoke(&self, metadata: &ProviderMetadata, hint: &str, token: &str, hooks: &dyn Hooks) {
        let Some(endpoint) = metadata.endpoint("revocation_endpoint").filter(|_| !token.is_empty()) else { return };
        let mut request = self.config.request(endpoint);
        for (name, value) in [("clientId", self.config.client_id()), ("token", token), ("tokenTypeHint", hint)] {
            request.set_text(name, value);
        }
        let _ = self.request(&revocation::MESSAGE, request, hooks).await;
    }

    fn end_session(
        &self,
        endpoint: &str,
        id_token: Option<Secret>,
        options: &SignOutOptions,
    ) -> Result<(EndSession, String)> {
        let mut state = random_value(self.platform.random().seed()?);
        if options.in_popup {
            state.insert_str(0, IN_POPUP);
        }
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
        Ok((logout::build(&request)?, state))
    }

    /// The provider's page that loads this URL in a frame says that a session has ended (OpenID Connect Front-Channel
    /// Logout 1.0, section 2). It counts where it names the present one; whoever names none could be anybody.
    pub async fn front_channel_logout(&self, url: &str, hooks: &dyn Hooks) -> Result<bool> {
        let Some(session) = self.session().await else { return Ok(false) };
        let named = query(url)?;
        let sid = session.claims().and_then(|claims| claims.str("sid"));
        let is_named = named.str("iss") == Some(self.config.authority()) && sid.is_some() && named.str("sid") == sid;
        if is_named {
            self.end(&session, hooks).await?;
        }
        Ok(is_named)
    }

    /// How to ask the provider whether its session has changed (OpenID Connect Session Management 1.0, section 3.1): the
    /// address of its frame and what to say there; nothing where it does not offer that.
    pub async fn session_check(&self) -> Result<Object> {
        let session = self.session().await.ok_or(ErrorCode::NotSignedIn)?;
        let metadata = self.documents.metadata().await?;
        let mut check = Object::default();
        if let Some(endpoint) =
            metadata.endpoint("check_session_iframe").filter(|_| !session.session_state().is_empty())
        {
            check.set_text("endpoint", endpoint);
            check.set_text("message", &concat(&[self.config.client_id(), " ", session.session_state()]));
        }
        Ok(check)
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
