//! Access tokens: those at hand, and those that the refresh token gives (RFC 6749, section 6; RFC 8707, section 2.2).

use crate::client::Client;
use crate::client::exclusive::Turn;
use crate::client::session::{Session, is_good};
use crate::error::{During as _, Error, ErrorCode, ErrorType, Phase, Result};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Hooks, Platform, Random as _};
use crate::protocol::discovery::ProviderMetadata;
use crate::protocol::grants::refresh;
use crate::protocol::id_token;
use crate::protocol::parameters::invalid;
use crate::protocol::request::checked;
use crate::text::{concat, decimal, pieces};
use crate::time::Timestamp;

const OPTIONS: &str = "#minValiditySeconds resource scope";
const RENEWAL: &str = "#minValiditySeconds resource scope refused #expiresAt ?force";

/// What became of a refresh token that was sent.
enum Spent {
    /// New tokens came.
    For(Object),
    /// Somebody else renewed meanwhile: the access token that they have got.
    InVain(Object),
}

/// Which access token is meant.
struct Wanted {
    resource: String,
    scope: String,
    /// Issuer and client are the session's; the rest of what tells tokens apart. Empty for the one of the sign-in.
    name: String,
    min_validity: i64,
    /// One that an API takes no longer, whatever its expiry says.
    refused: String,
    /// When the one expires that is to be replaced, however good it is.
    replaced: Option<i64>,
}

impl<P: Platform> Client<P> {
    /// The access token for a resource and a set of scopes, as TypeScript sees it; `None` when it takes a renewal.
    pub fn access_token(&self, session: &Session, options: &Object) -> Result<Option<Object>> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
        self.at_hand(session, &self.wanted(&options, session)?)
    }

    fn at_hand(&self, session: &Session, wanted: &Wanted) -> Result<Option<Object>> {
        let until = self.platform.clock().now().plus(wanted.min_validity);
        let is_wanted = |token: &&Object| {
            let is_replaced = wanted.replaced.is_some() && token.number("expiresAt") == wanted.replaced;
            is_good(token, until) && token.str("accessToken") != Some(&wanted.refused) && !is_replaced
        };
        match session.token(&wanted.name).filter(is_wanted) {
            Some(token) => Ok(Some(shown(token, &wanted.resource))),
            None if session.refresh_token().is_empty() => Err(ErrorCode::AccessTokenExpired.into()),
            None => Ok(None),
        }
    }

    /// Renews, unless somebody else has done it meanwhile; with `force` in any case. A refresh token may be good for one
    /// use, so all tabs wait for their turn and look again before they send it (RFC 9700, section 4.14.2).
    pub async fn renew(&self, expected: &str, options: &Object, hooks: &dyn Hooks) -> Result<Object> {
        let options = checked(options, RENEWAL, ErrorCode::InvalidArgument)?;
        // Whoever has no session waits for nobody, and whatever else may take time is done before others have to wait for it.
        self.ready_session(expected, hooks).await?;
        let prepared = self.documents.metadata().await;
        let mut turn = self.take_turn().await?;
        let renewed = match prepared {
            Ok(metadata) => self.renew_alone(expected, &options, &mut turn, &metadata, hooks).await,
            Err(error) => Err(error),
        };
        let noted = match &renewed {
            Err(error) if !self.is_lost(&turn) => self.note_failure(error).await,
            _ => Ok(()),
        };
        let ended = self.end_turn(&mut turn).await;
        let renewed = renewed?;
        noted.and(ended).map(|()| renewed)
    }

    /// Keeps all tabs from trying again and again what has just failed for a reason that lies elsewhere. People may try
    /// again at once where a pause would not help.
    async fn note_failure(&self, error: &Error) -> Result<()> {
        use ErrorType::{Aborted, Interaction, Storage, Usage};
        let is_ours = matches!(error.code().error_type(), Aborted | Interaction | Storage | Usage);
        if is_ours || matches!(error.code(), ErrorCode::Offline | ErrorCode::RenewalPostponed) {
            return Ok(());
        }
        let Some(mut session) = self.latest_session().await else { return Ok(()) };
        let now = self.platform.clock().now();
        let asked = self.protocol.retry_after(error.detail("retryAfter"), now).unwrap_or_default();
        session.postpone(now, asked, chance(self.platform.random().seed()?), error.retryable());
        self.save_session(&session).await
    }

    async fn renew_alone(
        &self,
        expected: &str,
        options: &Object,
        turn: &mut Turn<P>,
        metadata: &ProviderMetadata,
        hooks: &dyn Hooks,
    ) -> Result<Object> {
        let (before, wanted) = loop {
            let before = self.ready_session(expected, hooks).await?;
            let wanted = self.wanted(options, &before)?;
            if !options.flag("force")
                && let Some(token) = self.at_hand(&before, &wanted)?
            {
                return Ok(token);
            }
            if before.refresh_token().is_empty() {
                return Err(ErrorCode::AccessTokenExpired.into());
            }
            if let Some(at) = before.postponed(self.platform.clock().now()) {
                return Err(Error::new(ErrorCode::RenewalPostponed).with("retryAt", &decimal(at)));
            }
            if !self.is_over(turn) {
                break (before, wanted);
            }
            self.end_turn(turn).await?;
            *turn = self.take_turn().await?;
        };
        let request = self.refresh_request(&before, &wanted, metadata)?;
        let outcome = self.request(&refresh::MESSAGE, request, hooks).await;
        let received_at = self.platform.clock().now();
        let tokens = match self.spent(&before, &wanted, metadata, outcome, hooks).await? {
            Spent::InVain(token) => return Ok(token),
            Spent::For(tokens) => tokens,
        };
        let claims = match self.expected_of_renewed(&before, &wanted, metadata, &tokens)? {
            Some(expected) => Some(self.check_id_token(expected, metadata, &tokens).await.during(Phase::IdToken)?),
            None => None,
        };
        self.take_renewed(&before, &wanted, &tokens, claims, received_at).await
    }

    /// When the main access token is renewed although nobody asks for it: ahead of its expiry, or after a failure;
    /// `None` where it cannot be or need not be. Every call draws a time of its own.
    pub async fn next_renewal(&self) -> Result<Option<Timestamp>> {
        let Some(session) = self.session().await else { return Ok(None) };
        Ok(session.renewal_at(chance(self.platform.random().seed()?)))
    }

    fn refresh_request(&self, before: &Session, wanted: &Wanted, metadata: &ProviderMetadata) -> Result<Object> {
        let endpoint = metadata.required_endpoint("token_endpoint").during(Phase::Token)?;
        let mut request = self.config.token_request(endpoint);
        for (name, value) in
            [("refreshToken", before.refresh_token()), ("resource", &wanted.resource), ("scope", &wanted.scope)]
        {
            if !value.is_empty() {
                request.set_text(name, value);
            }
        }
        Ok(request)
    }

    /// The refresh token was sent, and may be used up. What comes for it is kept before anything can fail or wait; nothing
    /// else is used yet.
    async fn spent(
        &self,
        before: &Session,
        wanted: &Wanted,
        metadata: &ProviderMetadata,
        outcome: Result<Object>,
        hooks: &dyn Hooks,
    ) -> Result<Spent> {
        let now = self.latest_session().await;
        let Some(mut session) = now.clone().filter(|now| now.refresh_token() == before.refresh_token()) else {
            // Somebody else was quicker: what they have got counts.
            let theirs = now.filter(|now| now.subject() == before.subject());
            if let Some(token) = theirs.map(|theirs| self.at_hand(&theirs, wanted)).transpose()?.flatten() {
                return Ok(Spent::InVain(token));
            }
            // Signed out meanwhile: nothing comes back.
            let token = outcome?.str_or_empty("refreshToken").to_owned();
            self.revoke(metadata, "refresh_token", &token, hooks).await;
            return Err(ErrorCode::NotSignedIn.into());
        };
        let tokens = match outcome {
            Err(error) if error.server().is_some_and(|server| server.error == "invalid_grant") => {
                self.end(&session, hooks).await?;
                return Err(ended(&error));
            }
            outcome => outcome?,
        };
        if session.take_refresh_token(&tokens)
            && let Err(error) = self.save_session(&session).await
        {
            if error.code() == ErrorCode::NotSignedIn {
                self.revoke(metadata, "refresh_token", session.refresh_token(), hooks).await;
            }
            return Err(error);
        }
        Ok(Spent::For(tokens))
    }

    /// What an ID Token that came along has to say; `None` where none counts.
    fn expected_of_renewed(
        &self,
        before: &Session,
        wanted: &Wanted,
        metadata: &ProviderMetadata,
        tokens: &Object,
    ) -> Result<Option<Object>> {
        if !wanted.name.is_empty() || !tokens.contains("idToken") {
            return Ok(None);
        }
        let mut expected = Object::default();
        let algorithm = self.config.algorithm("idTokenSignedResponseAlg", metadata, id_token::ALGORITHMS)?;
        expected.set_text("algorithm", algorithm.as_str());
        if let Some(claims) = before.claims() {
            expected.set("previousClaims", claims.clone().into());
        }
        Ok(Some(expected))
    }

    async fn take_renewed(
        &self,
        before: &Session,
        wanted: &Wanted,
        tokens: &Object,
        claims: Option<Object>,
        received_at: Timestamp,
    ) -> Result<Object> {
        let kept = tokens.str("refreshToken").filter(|token| !token.is_empty()).unwrap_or(before.refresh_token());
        let mut session = self.latest_session().await.ok_or(ErrorCode::NotSignedIn)?;
        if session.refresh_token() != kept {
            // This tab slept, and others went on.
            let theirs = if session.subject() == before.subject() { self.at_hand(&session, wanted)? } else { None };
            return theirs.ok_or(ErrorCode::NotSignedIn.into());
        }
        session.succeeded();
        let granted = session.scope().to_owned();
        if wanted.name.is_empty() {
            if let Some(claims) = claims {
                session.set_claims(claims);
            }
            session.take(tokens, &granted, received_at);
            session.keep_scope(&granted);
        } else {
            let asked = if wanted.scope.is_empty() { &granted } else { &wanted.scope };
            session.take_further(&wanted.name, tokens, asked, received_at);
        }
        self.save_session(&session).await?;
        let token = session.token(&wanted.name).ok_or(ErrorCode::Internal)?;
        Ok(shown(token, &wanted.resource))
    }

    /// No more scopes than were granted (RFC 6749, section 6). The token of the sign-in need not name those of another
    /// resource (RFC 8707, section 2.2): there it is what was asked for.
    fn wanted(&self, options: &Object, session: &Session) -> Result<Wanted> {
        let resource = options.str_or_empty("resource").to_owned();
        let scopes = pieces(options.str_or_empty("scope"), b' ');
        let granted = pieces(session.scope(), b' ');
        let asked = if resource.is_empty() { Vec::new() } else { pieces(self.config.scope(), b' ') };
        if scopes.iter().any(|scope| !scope.is_empty() && !granted.contains(scope) && !asked.contains(scope)) {
            return Err(invalid("scope", "not granted"));
        }
        let (mut scope, mut last) = (String::new(), "");
        // In order, each once.
        while let Some(next) = scopes.iter().filter(|scope| **scope > last).min() {
            scope = concat(&[&scope, if scope.is_empty() { "" } else { " " }, next]);
            last = next;
        }
        let is_main = scope.is_empty()
            && (resource.is_empty() || matches!(self.config.resources(), [only] if only.as_text() == Some(&resource)));
        let name = if is_main { String::new() } else { concat(&[&resource, "\n", &scope]) };
        let min_validity = options.number("minValiditySeconds").unwrap_or_default();
        let (refused, replaced) = (options.str_or_empty("refused").to_owned(), options.number("expiresAt"));
        Ok(Wanted { resource, scope, name, min_validity, refused, replaced })
    }
}

/// The provider takes the refresh token no longer, and says so itself.
fn ended(error: &Error) -> Error {
    let ended = Error::new(ErrorCode::SessionEnded).with_status(error.status().unwrap_or_default());
    match error.server() {
        Some(server) => ended.with_server(server.clone()),
        None => ended,
    }
    .during(Phase::Token)
}

/// A number from random bytes, for what need not be secret.
fn chance(seed: [u8; 32]) -> u32 {
    let [a, b, c, d, ..] = seed;
    u32::from_le_bytes([a, b, c, d])
}

fn shown(token: &Object, resource: &str) -> Object {
    let mut shown = Object::default();
    for (member, name) in [
        ("accessToken", "token"),
        ("tokenType", "type"),
        ("scope", "scope"),
        ("expiresAt", "expiresAt"),
        ("authorizationDetails", "authorizationDetails"),
    ] {
        if let Some(value) = token.get(member) {
            shown.set(name, value.clone());
        }
    }
    if let Some(scope) = token.get("tokenScope") {
        shown.set("scope", scope.clone());
    }
    if !shown.contains("type") {
        shown.set("type", Json::from("Bearer"));
    }
    if !resource.is_empty() {
        shown.set_text("resource", resource);
    }
    shown
}
