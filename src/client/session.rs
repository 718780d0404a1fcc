//! The session: who is signed in, and the tokens that belong to it, as one record.

use crate::client::{Client, fingerprint};
use crate::error::{During as _, ErrorCode, Phase, Result};
use crate::json::{Json, Object, Table, has_entry};
use crate::platform::{Answer, Clock as _, Hooks, Platform, SessionStore as _};
use crate::protocol::schedule;
use crate::secret::{Secret, redacted};
use crate::text::{concat, cut, pieces};
use crate::time::Timestamp;

const MEMBERS: &str = "!issuer !subject {claims scope #expiresAt !idToken !accessToken tokenType refreshToken jkt \
    *authorizationDetails *tokens id #version #receivedAt sessionState #failures #retryAt #notBefore";
/// What nobody outside the core needs to see.
const PRIVATE: Table = "idToken accessToken refreshToken jkt tokens tokenScope version receivedAt sessionState failures \
    retryAt notBefore";
/// What a renewal that failed leaves behind, until one succeeds.
const OF_FAILURE: [&str; 3] = ["failures", "retryAt", "notBefore"];
/// How often something is read that takes longer than a second.
const READS: usize = 3;
/// The layout of the record. The first one had no number, and its sessions no names.
const VERSION: i64 = 2;
/// Kinds of texts in the session store.
pub(super) const SESSION: &str = "session";
const ENDED: &str = "ended";
/// How many sessions that have ended are remembered.
const MOST_ENDED: usize = 10;
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
    /// A session of that name, which is random.
    pub(super) fn new(mut record: Object, id: &str) -> Self {
        record.set_text("id", id);
        record.set("version", VERSION.into());
        Self(record)
    }

    /// A record that was stored, by this release or an earlier one; what a later one wrote is not understood.
    fn read(text: &str) -> Option<Self> {
        let record = Json::parse_record(text)?;
        record.check(MEMBERS).ok()?;
        match record.number("version") {
            None => {
                // Every tab that reads it has to find the same name.
                let id = fingerprint(record.str_or_empty("idToken"));
                return Some(Self::new(record, &id));
            }
            Some(VERSION) if record.contains("id") => {}
            _ => return None,
        }
        Some(Self(record))
    }

    /// What tells it from others, also of the same person.
    pub(super) fn id(&self) -> &str {
        self.0.str_or_empty("id")
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

    /// Until when nobody tries to renew; `None` where it can be tried.
    pub(super) fn postponed(&self, now: Timestamp) -> Option<i64> {
        let until = self.0.number("notBefore")?;
        // A clock that was set back postpones nothing for longer than it was meant.
        let left = Timestamp::from_seconds(until).since(now);
        (left > 0 && left <= schedule::LONGEST_PAUSE).then_some(until)
    }

    /// Notes a renewal that failed, for all tabs; whether for those too who ask for a token.
    pub(super) fn postpone(&mut self, now: Timestamp, asked: i64, seed: u32, for_all: bool) {
        let failures = self.0.number("failures").unwrap_or_default().max(0).saturating_add(1);
        let retry = schedule::retry_at(now, failures, asked, seed);
        let not_before = if for_all { retry.not_before } else { now };
        let values = [failures, retry.at.seconds(), not_before.seconds()];
        OF_FAILURE.into_iter().zip(values).for_each(|(name, value)| self.0.set(name, value.into()));
    }

    /// Forgets failures.
    pub(super) fn succeeded(&mut self) {
        OF_FAILURE.into_iter().for_each(|name| drop(self.0.remove(name)));
    }

    /// When it is renewed although nobody asks for a token.
    pub(super) fn renewal_at(&self, seed: u32) -> Option<Timestamp> {
        let at = |name| self.0.number(name).map(Timestamp::from_seconds);
        let expires_at = at("expiresAt").filter(|_| !self.refresh_token().is_empty())?;
        let received_at = at("receivedAt");
        // One that is dead when it comes would be renewed for ever.
        let lives = received_at.is_none_or(|at| expires_at.since(at) > 1);
        let early = schedule::renewal_at(received_at.unwrap_or(expires_at), expires_at, seed);
        lives.then_some(at("retryAt").unwrap_or(early).max(early))
    }

    pub(super) fn session_state(&self) -> &str {
        self.0.str_or_empty("sessionState")
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
    record.set("receivedAt", received_at.seconds().into());
    if let Some(seconds) = tokens.number("expiresIn") {
        record.set("expiresAt", received_at.plus(seconds).seconds().into());
    }
}

/// Whether an access token with its record is good until then.
pub(super) fn is_good(token: &Object, until: Timestamp) -> bool {
    token.number("expiresAt").is_none_or(|at| Timestamp::from_seconds(at) > until)
}

impl<P: Platform> Client<P> {
    /// The stored session, if it reads well, belongs to this client and was not ended; storage is input like any other.
    pub async fn session(&self) -> Option<Session> {
        let text = self.load(SESSION).await.ok()?;
        let session = Session::read(&text)?;
        let record = &session.0;
        // Tokens that are bound to a key are of no use without proofs, and others are not what was configured.
        let ours = record.str("issuer") == Some(self.config.authority())
            && record.contains("claims")
            && record.contains("jkt") == self.config.dpop().is_some();
        (ours && !self.has_ended(session.id()).await).then_some(session)
    }

    /// The stored session with its key at hand for the proofs that follow: what everything that uses it begins with.
    /// Without its key nothing of a session works any more, so it is removed. `expected` are name and person of the
    /// session that the caller means, on two lines; empty for any.
    pub async fn ready_session(&self, expected: &str, hooks: &dyn Hooks) -> Result<Session> {
        let (id, subject) = cut(expected, b'\n');
        let Some(session) = self.session().await else {
            // Nobody has signed out: the browser or a person has cleared its storage.
            let is_lost = !id.is_empty() && !self.has_ended(id).await;
            return Err(if is_lost { ErrorCode::SessionLost } else { ErrorCode::NotSignedIn }.into());
        };
        if subject.is_some_and(|subject| subject != session.subject()) {
            return Err(ErrorCode::SessionChanged.into());
        }
        match self.key(session.jkt(), hooks).await {
            Err(error) if error.code() == ErrorCode::DpopKeyLost => {
                // What this tab sees may be older than what is there, so no record is removed.
                self.note_end(session.id()).await?;
                Err(error)
            }
            outcome => outcome.map(|_| session),
        }
    }

    /// What a new page begins with: a session that nothing can prolong, or that has lost its key, is no session.
    pub async fn restore(&self, hooks: &dyn Hooks) -> Result<Option<Session>> {
        match self.ready_session("", hooks).await {
            Ok(session) if !session.refresh_token().is_empty() || is_good(&session.0, self.platform.clock().now()) => {
                return Ok(Some(session));
            }
            Ok(session) => drop(self.end(&session, hooks).await?),
            Err(error) if matches!(error.code(), ErrorCode::DpopKeyLost | ErrorCode::NotSignedIn) => {}
            Err(error) => return Err(error),
        }
        Ok(None)
    }

    /// Removes a session from this browser, with its key and what servers told for it. That it has ended is noted first:
    /// whatever a slow tab writes after that, nobody is signed in by it. Gives what was stored of it last: another tab may
    /// have renewed it just before.
    pub async fn end(&self, session: &Session, hooks: &dyn Hooks) -> Result<Option<Session>> {
        self.note_end(session.id()).await?;
        let last = self.remove(session.id()).await?;
        // Another tab may have noted another end at the same moment, over this one.
        if !self.has_ended(session.id()).await {
            self.note_end(session.id()).await?;
        }
        self.protocol.nonces.take();
        if !session.jkt().is_empty() {
            hooks.call("dropKey", session.jkt()).await?;
        }
        Ok(last)
    }

    /// Removes the record of a session, or of one that has ended, and gives what was there; not another's: somebody may
    /// have signed in meanwhile.
    pub(super) async fn remove(&self, id: &str) -> Result<Option<Session>> {
        let last = Session::read(&self.load_now(SESSION).await?);
        let is_other = match &last {
            Some(last) => last.id() != id && !self.has_ended(last.id()).await,
            None => false,
        };
        if !is_other {
            self.save(SESSION, "").await?;
        }
        Ok(last.filter(|_| !is_other))
    }

    pub(super) async fn note_end(&self, id: &str) -> Result<()> {
        let known = self.load_now(ENDED).await?;
        let mut ids = pieces(&known, b' ');
        ids.retain(|known| *known != id && !known.is_empty());
        let mut text = id.to_owned();
        for id in ids.into_iter().take(MOST_ENDED.saturating_sub(1)) {
            text = concat(&[&text, " ", id]);
        }
        self.save(ENDED, &text).await.map(drop)
    }

    async fn has_ended(&self, id: &str) -> bool {
        let known = self.load(ENDED).await;
        known.is_ok_and(|known| pieces(&known, b' ').contains(&id))
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

    /// Stores a session, unless it has ended.
    pub(super) async fn save_session(&self, session: &Session) -> Result<()> {
        let text = Json::from(session.0.clone()).to_text();
        self.save(SESSION, &text).await?;
        if self.has_ended(session.id()).await {
            self.remove(session.id()).await?;
            return Err(ErrorCode::NotSignedIn.into());
        }
        Ok(())
    }

    /// What is there at this moment, for what is written because of it: a tab that slept while it was read reads it again.
    pub(super) async fn load_now(&self, kind: &'static str) -> Result<String> {
        let mut text = String::new();
        for _ in 0..READS {
            let asked_at = self.platform.clock().now();
            text = self.load(kind).await?;
            if self.platform.clock().now().since(asked_at).unsigned_abs() <= 1 {
                break;
            }
        }
        Ok(text)
    }

    /// A text of this client in the session store; empty for none.
    pub(super) fn load<'a>(&'a self, kind: &'static str) -> Answer<'a> {
        self.access(kind, None)
    }

    /// Sets such a text; an empty one is removed.
    pub(super) fn save<'a>(&'a self, kind: &'static str, text: &'a str) -> Answer<'a> {
        self.access(kind, Some(text))
    }

    /// The only place that uses the session store: the code for waiting is not in every user's download a dozen times.
    fn access<'a>(&'a self, kind: &'static str, text: Option<&'a str>) -> Answer<'a> {
        Box::pin(async move {
            let (store, name) = (self.platform.session_store(), self.config.record_name(kind));
            let answer = match text {
                None => store.load(&name),
                Some("") => store.remove(&name),
                Some(text) => store.save(&name, text),
            };
            answer.await.during(Phase::Storage)
        })
    }
}
