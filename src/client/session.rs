//! The session: who is signed in, and the tokens that belong to it, as one record.

use crate::client::Client;
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Platform, Store as _};
use crate::protocol::request::checked;
use crate::secret::{Secret, redacted};
use crate::time::Timestamp;

const MEMBERS: &str = "!issuer !subject {claims scope #expiresAt !idToken !accessToken";
const ID_TOKEN: &str = "idToken";
const ACCESS_TOKEN: &str = "accessToken";
const MIN_VALIDITY: &str = "#minValiditySeconds";

/// A session whose every part was validated together: `issuer`, `subject`, `claims`, `scope`, `expiresAt`,
/// `appState`, and its tokens.
#[derive(Clone)]
pub struct Session(Object);

/// What a sign-in ended with.
pub(super) struct Granted<'a> {
    pub(super) issuer: &'a str,
    pub(super) claims: Object,
    pub(super) scope: &'a str,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) app_state: Option<&'a Json>,
    pub(super) tokens: &'a Object,
}

redacted!(Session);

impl Session {
    pub(super) fn new(granted: Granted<'_>) -> Self {
        let mut record = Object::default();
        record.set_text("issuer", granted.issuer);
        record.set_text("subject", granted.claims.str_or_empty("sub"));
        record.set("claims", granted.claims.into());
        record.set_text("scope", granted.scope);
        for name in [ID_TOKEN, ACCESS_TOKEN] {
            record.set_text(name, granted.tokens.str_or_empty(name));
        }
        if let Some(at) = granted.expires_at {
            record.set("expiresAt", at.seconds().into());
        }
        if let Some(app_state) = granted.app_state {
            record.set("appState", app_state.clone());
        }
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

    /// When the access token expires.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.number("expiresAt").map(Timestamp::from_seconds)
    }

    /// The access token.
    pub fn access_token(&self) -> Secret {
        Secret::new(self.0.str_or_empty(ACCESS_TOKEN).to_owned())
    }

    /// The ID Token as it was issued.
    pub fn id_token(&self) -> Secret {
        Secret::new(self.0.str_or_empty(ID_TOKEN).to_owned())
    }

    /// Everything but the tokens.
    pub fn public(&self) -> Object {
        let members = self.0.iter().filter(|(name, _)| *name != ID_TOKEN && *name != ACCESS_TOKEN);
        members.map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at().is_some_and(|at| at <= now)
    }
}

impl<P: Platform> Client<P> {
    /// The stored session, if it reads well and belongs to this client; storage is input like any other.
    pub fn session(&self) -> Option<Session> {
        let text = self.platform.session_store().load(&self.session_name()).ok()??;
        let record = Json::parse_record(&text)?;
        record.check(MEMBERS).ok()?;
        let ours = record.str("issuer") == Some(self.config.authority()) && record.contains("claims");
        ours.then_some(Session(record))
    }

    /// The stored session; one whose access token has expired is removed, because nothing here renews it.
    pub fn restore(&self) -> Result<Option<Session>> {
        match self.session() {
            Some(session) if session.has_expired(self.platform.clock().now()) => {
                self.clear_session()?;
                Ok(None)
            }
            session => Ok(session),
        }
    }

    /// The session, if its access token lives `minValiditySeconds` more (default 0).
    pub fn session_for(&self, options: &Object) -> Result<Session> {
        let options = checked(options, MIN_VALIDITY, ErrorCode::InvalidArgument)?;
        self.usable_session(options.number("minValiditySeconds").unwrap_or_default())
    }

    /// Removes the session from this browser.
    pub fn clear_session(&self) -> Result<()> {
        self.platform.session_store().remove(&self.session_name()).during(Phase::Storage)
    }

    pub(super) fn usable_session(&self, min_validity: i64) -> Result<Session> {
        let session = self.session().ok_or(ErrorCode::NotSignedIn)?;
        if session.has_expired(self.platform.clock().now().plus(min_validity)) {
            return Err(ErrorCode::AccessTokenExpired.into());
        }
        Ok(session)
    }

    pub(super) fn save_session(&self, session: &Session) -> Result<()> {
        let text = Json::from(session.0.clone()).to_text();
        self.platform.session_store().save(&self.session_name(), &text).during(Phase::Storage)
    }

    fn session_name(&self) -> String {
        self.config.record_name("session")
    }
}
