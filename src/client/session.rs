//! The session: who is signed in, and the tokens that belong to it, as one record.

use crate::client::Client;
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::json::{Json, Object, Table, has_entry};
use crate::platform::{Clock as _, Hooks, Platform, Store as _};
use crate::secret::{Secret, redacted};
use crate::time::Timestamp;

const MEMBERS: &str = "!issuer !subject {claims scope #expiresAt !idToken !accessToken tokenType refreshToken jkt \
    *authorizationDetails *tokens";
/// What nobody outside the core needs to see.
const PRIVATE: Table = "idToken accessToken refreshToken jkt tokens tokenScope";
/// What a token response says about its access token, kept as it is.
const OF_TOKEN: [&str; 4] = ["accessToken", "tokenType", "scope", "authorizationDetails"];
/// Most access tokens for further resources; the oldest go first.
const MAX_TOKENS: usize = 20;

/// A session whose every part was validated together: `issuer`, `subject`, `claims`, `scope`, `expiresAt`,
/// `appState`, its tokens, and the thumbprint of the key they are bound to. Access tokens for further resources are in
/// `tokens`.
#[derive(Clone)]
pub struct Session(Object);

redacted!(Session);

impl Session {
    pub(super) fn new(record: Object) -> Self {
        Self(record)
    }

    /// The person: `sub`.
    pub fn subject(&self) -> &str {
        self.0.str_or_empty("subject")
    }

    /// Granted scopes.
    pub fn scope(&self) -> &str {
        self.0.str_or_empty("scope")
    }

    /// The access token.
    pub fn access_token(&self) -> Secret {
        Secret::new(self.0.str_or_empty("accessToken").to_owned())
    }

    /// The ID Token as it was issued.
    pub fn id_token(&self) -> Secret {
        Secret::new(self.0.str_or_empty("idToken").to_owned())
    }

    /// The refresh token; empty for none.
    pub(super) fn refresh_token(&self) -> &str {
        self.0.str_or_empty("refreshToken")
    }

    /// The thumbprint of the key that its tokens are bound to; empty for none.
    pub(super) fn jkt(&self) -> &str {
        self.0.str_or_empty("jkt")
    }

    /// Whether the access token goes with proofs.
    pub(super) fn is_bound(&self) -> bool {
        self.0.str("tokenType") == Some("DPoP")
    }

    pub(super) fn claims(&self) -> Option<&Object> {
        self.0.object("claims")
    }

    /// Everything but the tokens.
    pub fn public(&self) -> Object {
        let members = self.0.iter().filter(|(name, _)| !has_entry(PRIVATE, name));
        members.map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    /// The access token under a name in the cache, with what is known about it. The main one has no name.
    pub(super) fn token(&self, name: &str) -> Option<&Object> {
        if name.is_empty() {
            return Some(&self.0);
        }
        self.0.list("tokens").iter().filter_map(Json::as_object).find(|token| token.str("name") == Some(name))
    }

    /// Takes the main access token of a response over, and whatever came with it.
    pub(super) fn take(&mut self, tokens: &Object, asked: &str, received_at: Timestamp) {
        take(&mut self.0, tokens, asked, received_at);
        if let Some(token) = tokens.str("idToken") {
            self.0.set_text("idToken", token);
        }
        self.take_refresh_token(tokens);
    }

    /// Takes the refresh token of a response over, if there is one; the old one stays otherwise (RFC 6749, section 6).
    pub(super) fn take_refresh_token(&mut self, tokens: &Object) -> bool {
        let token = tokens.str_or_empty("refreshToken");
        if !token.is_empty() {
            self.0.set_text("refreshToken", token);
        }
        !token.is_empty()
    }

    /// Takes an access token for a further resource over.
    pub(super) fn take_further(&mut self, name: &str, tokens: &Object, asked: &str, received_at: Timestamp) {
        let mut list = self.0.list("tokens").to_vec();
        list.retain(|token| token.as_object().is_some_and(|token| token.str("name") != Some(name)));
        if list.len() >= MAX_TOKENS {
            list.remove(0);
        }
        let mut token = Object::default();
        token.set_text("name", name);
        take(&mut token, tokens, asked, received_at);
        list.push(token.into());
        self.0.set("tokens", Json::Array(list));
    }

    /// A renewal tells the scope of its access token; what was granted stays (RFC 6749, section 6).
    pub(super) fn keep_scope(&mut self, granted: &str) {
        if let Some(scope) = self.0.remove("scope") {
            self.0.set("tokenScope", scope);
        }
        self.0.set_text("scope", granted);
    }

    pub(super) fn set_claims(&mut self, claims: Object) {
        self.0.set("claims", claims.into());
    }
}

/// The access token of a response into a record. A scope that is not named is the one that was asked for (RFC 6749,
/// section 5.1).
fn take(record: &mut Object, tokens: &Object, asked: &str, received_at: Timestamp) {
    record.set_text("scope", asked);
    record.remove("expiresAt");
    for name in OF_TOKEN {
        if let Some(value) = tokens.get(name) {
            record.set(name, value.clone());
        }
    }
    // One spelling, whatever the server's.
    let is_bound = tokens.str_or_empty("tokenType").eq_ignore_ascii_case("DPoP");
    record.set_text("tokenType", if is_bound { "DPoP" } else { "Bearer" });
    if let Some(seconds) = tokens.number("expiresIn") {
        record.set("expiresAt", received_at.plus(seconds).seconds().into());
    }
}

/// Whether an access token with its record is good until then.
pub(super) fn is_good(token: &Object, until: Timestamp) -> bool {
    token.number("expiresAt").is_none_or(|at| Timestamp::from_seconds(at) > until)
}

impl<P: Platform> Client<P> {
    /// The stored session, if it reads well and belongs to this client; storage is input like any other.
    pub fn session(&self) -> Option<Session> {
        let text = self.platform.session_store().load(&self.session_name()).ok()??;
        let record = Json::parse_record(&text)?;
        record.check(MEMBERS).ok()?;
        // Tokens that are bound to a key are of no use without proofs, and others are not what was configured.
        let ours = record.str("issuer") == Some(self.config.authority())
            && record.contains("claims")
            && record.contains("jkt") == self.config.dpop().is_some();
        ours.then_some(Session(record))
    }

    /// The stored session with its key at hand for the proofs that follow: what everything that uses it begins with.
    /// Without its key nothing of a session works any more, so it is removed.
    pub async fn ready_session(&self, hooks: &dyn Hooks) -> Result<Session> {
        let session = self.session().ok_or(ErrorCode::NotSignedIn)?;
        match self.key(session.jkt(), hooks).await {
            Err(error) if error.code() == ErrorCode::DpopKeyLost => {
                self.clear_session()?;
                Err(error)
            }
            outcome => outcome.map(|_| session),
        }
    }

    /// What a new page begins with: a session that nothing can prolong, or that has lost its key, is no session.
    pub fn restore(&self, ready: Result<Session>) -> Result<Option<Session>> {
        match ready {
            Ok(session) if !session.refresh_token().is_empty() || is_good(&session.0, self.platform.clock().now()) => {
                return Ok(Some(session));
            }
            Ok(_) => self.clear_session()?,
            Err(error) if matches!(error.code(), ErrorCode::DpopKeyLost | ErrorCode::NotSignedIn) => {}
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Removes the session from this browser.
    pub fn clear_session(&self) -> Result<()> {
        self.platform.session_store().remove(&self.session_name()).during(Phase::Storage)
    }

    /// Makes sure that the key with this thumbprint is there for the proofs that follow; with an empty one, that there is
    /// a key. Gives its thumbprint, which is empty where no proofs are made.
    pub(super) async fn key(&self, wanted: &str, hooks: &dyn Hooks) -> Result<String> {
        if self.config.dpop().is_none() {
            return Ok(String::new());
        }
        let found = hooks.call("key", wanted).await?;
        if found.is_empty() || (!wanted.is_empty() && found != wanted) {
            return Err(ErrorCode::DpopKeyLost.into());
        }
        Ok(found)
    }

    pub(super) fn save_session(&self, session: &Session) -> Result<()> {
        let text = Json::from(session.0.clone()).to_text();
        self.platform.session_store().save(&self.session_name(), &text).during(Phase::Storage)
    }

    fn session_name(&self) -> String {
        self.config.record_name("session")
    }
}
