//! Access tokens: those at hand, and those that the refresh token gives (RFC 6749, section 6; RFC 8707, section 2.2).

use crate::client::Client;
use crate::client::session::{Session, is_good};
use crate::error::{During as _, Error, ErrorCode, Phase, Result};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Hooks, Platform};
use crate::protocol::discovery::ProviderMetadata;
use crate::protocol::grants::refresh;
use crate::protocol::id_token;
use crate::protocol::parameters::invalid;
use crate::protocol::request::checked;
use crate::text::{concat, pieces};
use crate::time::Timestamp;

const OPTIONS: &str = "#minValiditySeconds resource scope";
const RENEWAL: &str = "#minValiditySeconds resource scope ?force";

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
}

impl<P: Platform> Client<P> {
    /// The access token for a resource and a set of scopes, as TypeScript sees it; `None` when it takes a renewal.
    pub fn access_token(&self, session: &Session, options: &Object) -> Result<Option<Object>> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
        self.at_hand(session, &self.wanted(&options, session)?)
    }

    fn at_hand(&self, session: &Session, wanted: &Wanted) -> Result<Option<Object>> {
        let until = self.platform.clock().now().plus(wanted.min_validity);
        match session.token(&wanted.name).filter(|token| is_good(token, until)) {
            Some(token) => Ok(Some(shown(token, &wanted.resource))),
            None if session.refresh_token().is_empty() => Err(ErrorCode::AccessTokenExpired.into()),
            None => Ok(None),
        }
    }

    /// Renews, unless somebody else has done it meanwhile; with `force` in any case. The caller makes sure that nobody
    /// else renews at the same time: a refresh token may be good for one use.
    pub async fn renew(&self, before: Session, options: &Object, hooks: &dyn Hooks) -> Result<Object> {
        let options = checked(options, RENEWAL, ErrorCode::InvalidArgument)?;
        let wanted = self.wanted(&options, &before)?;
        if !options.flag("force")
            && let Some(token) = self.at_hand(&before, &wanted)?
        {
            return Ok(token);
        }
        if before.refresh_token().is_empty() {
            return Err(ErrorCode::AccessTokenExpired.into());
        }
        let metadata = self.documents.metadata().await?;
        let request = self.refresh_request(&before, &wanted, &metadata)?;
        let outcome = self.request(&refresh::MESSAGE, request, hooks).await;
        let received_at = self.platform.clock().now();
        let tokens = match self.spent(&before, &wanted, outcome)? {
            Spent::InVain(token) => return Ok(token),
            Spent::For(tokens) => tokens,
        };
        let claims = match self.expected_of_renewed(&before, &wanted, &metadata, &tokens)? {
            Some(expected) => Some(self.check_id_token(expected, &metadata, &tokens).await.during(Phase::IdToken)?),
            None => None,
        };
        self.take_renewed(&before, &wanted, &tokens, claims, received_at)
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
    fn spent(&self, before: &Session, wanted: &Wanted, outcome: Result<Object>) -> Result<Spent> {
        let now = self.session();
        let Some(mut session) = now.filter(|now| now.refresh_token() == before.refresh_token()) else {
            // Signed out meanwhile: nothing comes back. Somebody else was quicker: what they have got counts.
            let theirs = self.session().filter(|now| now.subject() == before.subject());
            return match theirs.map(|theirs| self.at_hand(&theirs, wanted)).transpose()?.flatten() {
                Some(token) => Ok(Spent::InVain(token)),
                None => Err(outcome.err().unwrap_or(ErrorCode::NotSignedIn.into())),
            };
        };
        let tokens = match outcome {
            Err(error) if error.server().is_some_and(|server| server.error == "invalid_grant") => {
                return Err(self.ended(&error)?);
            }
            outcome => outcome?,
        };
        if session.take_refresh_token(&tokens) {
            self.save_session(&session)?;
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

    fn take_renewed(
        &self,
        before: &Session,
        wanted: &Wanted,
        tokens: &Object,
        claims: Option<Object>,
        received_at: Timestamp,
    ) -> Result<Object> {
        let kept = tokens.str("refreshToken").filter(|token| !token.is_empty()).unwrap_or(before.refresh_token());
        let now = self.session().filter(|now| now.refresh_token() == kept);
        let mut session = now.ok_or(ErrorCode::NotSignedIn)?;
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
        self.save_session(&session)?;
        let token = session.token(&wanted.name).ok_or(ErrorCode::Internal)?;
        Ok(shown(token, &wanted.resource))
    }

    /// The provider takes the refresh token no longer, and says so itself.
    fn ended(&self, error: &Error) -> Result<Error> {
        self.clear_session()?;
        let ended = Error::new(ErrorCode::SessionEnded).with_status(error.status().unwrap_or_default());
        Ok(match error.server() {
            Some(server) => ended.with_server(server.clone()),
            None => ended,
        }
        .during(Phase::Token))
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
        Ok(Wanted { resource, scope, name, min_validity })
    }
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
