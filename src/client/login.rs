//! Signing in by redirect: `start` before the browser leaves, `finish` when it is back.

use crate::client::Client;
use crate::client::session::{Granted, Session};
use crate::client::transactions::Taken;
use crate::constants::authorize_request as name;
use crate::error::{During as _, Error, ErrorCode, Phase, Result};
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Platform, Random as _};
use crate::protocol::authorize::{self, AuthorizeOptions};
use crate::protocol::callback::{self, CheckedCode};
use crate::protocol::discovery::{self, ProviderMetadata};
use crate::protocol::grants::code;
use crate::protocol::id_token;
use crate::protocol::par;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::request::checked;
use crate::protocol::state::random_value;
use crate::secret::redacted;
use crate::text::decimal;

/// Every option by the name that TypeScript uses.
const OPTIONS: &str = "prompt loginHint #maxAgeSeconds acrValues uiLocales {authorizeParameters ~appState";
/// Options that are parameters under another name.
const PARAMETERS: [(&str, &str); 4] = [
    ("prompt", name::PROMPT),
    ("loginHint", name::LOGIN_HINT),
    ("acrValues", name::ACR_VALUES),
    ("uiLocales", name::UI_LOCALES),
];
/// Longest application state, as JSON text: storage is small and shared.
const MAX_APP_STATE: usize = 32 * 1024;

/// Options of one sign-in.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    authorize: AuthorizeOptions,
    app_state: Option<Json>,
}

/// A sign-in that is ready to leave.
pub struct PreparedLogin {
    /// Send the browser there.
    pub url: String,
    /// `state` of the request.
    pub state: String,
}

redacted!(PreparedLogin);

impl SignInOptions {
    /// Reads options as TypeScript gives them. `null` counts as absent.
    pub fn parse(options: &Object) -> Result<Self> {
        let options = checked(options, OPTIONS, ErrorCode::InvalidArgument)?;
        let invalid =
            |name: &str, reason| Error::new(ErrorCode::InvalidArgument).with("option", name).with("reason", reason);
        let mut authorize = AuthorizeOptions::default();
        for (option, parameter) in PARAMETERS {
            if let Some(value) = options.str(option) {
                authorize.add(parameter, value)?;
            }
        }
        if let Some(max_age) = options.number("maxAgeSeconds") {
            authorize.add(name::MAX_AGE, &decimal(max_age))?;
        }
        if let Some(parameters) = options.object("authorizeParameters") {
            authorize.add_all(parameters)?;
        }
        let app_state = options.get("appState").cloned();
        if app_state.as_ref().is_some_and(|value| value.to_text().len() > MAX_APP_STATE) {
            return Err(invalid("appState", "too large"));
        }
        Ok(Self { authorize, app_state })
    }
}

impl<P: Platform> Client<P> {
    /// Builds the authorization request and remembers what its answer is checked against.
    pub async fn start(&self, mut options: SignInOptions) -> Result<PreparedLogin> {
        for (name, value) in self.config.authorize_parameters().iter().flat_map(|parameters| parameters.iter()) {
            if !options.authorize.contains(name) {
                options.authorize.add(name, value.as_text().unwrap_or_default())?;
            }
        }
        let metadata = self.documents.metadata().await?;
        let (request, login) = self.begin(&metadata, options).during(Phase::Authorization)?;
        let request = if self.config.pushes(&metadata).during(Phase::Authorization)? {
            self.push(&metadata, request).await?
        } else {
            request
        };
        let url = authorize::url(&request).during(Phase::Authorization)?;
        let state = login.str_or_empty("state").to_owned();
        self.keep_login(login).during(Phase::Authorization)?;
        Ok(PreparedLogin { url, state })
    }

    /// Pushes the request; what goes through the browser then names it and nothing else (RFC 9126, section 4). A push
    /// that fails is the end: nothing falls back to the address bar.
    async fn push(&self, metadata: &ProviderMetadata, request: Object) -> Result<Object> {
        let endpoint = metadata.required_endpoint("pushed_authorization_request_endpoint");
        let mut pushed = request.clone();
        pushed.set_text("address", endpoint.during(Phase::PushedAuthorization)?);
        let answer = self.request(&par::MESSAGE, pushed).await?;
        let mut front = self.config.request(request.str_or_empty("address"));
        front.set_text("clientId", self.config.client_id());
        front.set_text("requestUri", answer.str_or_empty("requestUri"));
        Ok(front)
    }

    /// The authorization request as options, and what has to be remembered of it.
    fn begin(&self, metadata: &ProviderMetadata, options: SignInOptions) -> Result<(Object, Object)> {
        metadata.check_pkce()?;
        let endpoint = metadata.required_endpoint("authorization_endpoint")?;
        // The callback will need these: better to fail before the browser leaves.
        metadata.required_endpoint("token_endpoint")?;
        metadata.required_endpoint("jwks_uri")?;
        let algorithm = match self.config.id_token_algorithm() {
            Some(algorithm) => algorithm,
            None => discovery::default_id_token_algorithm(metadata.document())?,
        };
        let random = self.platform.random();
        let (state, nonce) = (random_value(random.seed()?), random_value(random.seed()?));
        let verifier = CodeVerifier::from_seed(random.seed()?);
        let mut request = self.config.request(endpoint);
        for (name, value) in [
            ("clientId", self.config.client_id()),
            ("responseType", "code"),
            ("redirectUri", self.config.redirect_uri()),
            ("scope", self.config.scope()),
            ("state", &state),
            ("nonce", &nonce),
            ("codeChallenge", &verifier.challenge()),
        ] {
            request.set_text(name, value);
        }
        request.set("resource", self.config.resources().to_vec().into());
        request.set("parameters", options.authorize.pairs());
        let mut login = Object::default();
        login.set_text("state", &state);
        login.set_text("nonce", &nonce);
        login.set_text("verifier", verifier.expose());
        login.set_text("redirectUri", self.config.redirect_uri());
        login.set_text("algorithm", algorithm.as_str());
        login.set("begunAt", self.platform.clock().now().seconds().into());
        login.set("metadata", metadata.document().clone().into());
        if let Some(max_age) = options.authorize.max_age() {
            login.set("maxAge", max_age.into());
        }
        if let Some(app_state) = options.app_state {
            login.set("appState", app_state);
        }
        Ok((request, login))
    }

    /// Completes the sign-in that a callback URL answers. A response that was used before changes nothing: it gives
    /// the session there is.
    pub async fn finish(&self, url: &str) -> Result<Session> {
        let (login, metadata, code) = match self.receive(url).during(Phase::Callback)? {
            Received::Session(session) => return Ok(session),
            Received::Code(login, metadata, code) => (login, metadata, code),
        };
        let tokens = self.exchange(&login, &metadata, &code).await?;
        let session = self.validate(&login, &metadata, tokens).await.during(Phase::IdToken)?;
        self.save_session(&session)?;
        Ok(session)
    }

    /// Everything about the response that needs no waiting.
    fn receive(&self, url: &str) -> Result<Received> {
        let response = callback::parse(url, self.config.redirect_uri())?;
        let login = match self.take_login(response.state())? {
            Taken::Pending(login) => login,
            Taken::Expired => return Err(ErrorCode::TransactionExpired.into()),
            Taken::Unknown => return Err(ErrorCode::UnknownState.into()),
            Taken::Processed => {
                return Ok(Received::Session(self.session().ok_or(ErrorCode::CallbackAlreadyProcessed)?));
            }
        };
        let metadata = self.documents.parse_metadata(login.object("metadata").ok_or(ErrorCode::UnknownState)?)?;
        let code = response.check(&callback::Expected {
            state: login.str_or_empty("state"),
            issuer: self.config.authority(),
            iss_required: metadata.sends_iss(),
        })?;
        Ok(Received::Code(login, metadata, code))
    }

    async fn exchange(&self, login: &Object, metadata: &ProviderMetadata, code: &CheckedCode) -> Result<Object> {
        let endpoint = metadata.required_endpoint("token_endpoint").during(Phase::Token)?;
        let mut request = self.config.request(endpoint);
        for (name, value) in [
            ("clientId", self.config.client_id()),
            ("code", code.expose()),
            ("redirectUri", login.str_or_empty("redirectUri")),
            ("codeVerifier", login.str_or_empty("verifier")),
        ] {
            request.set_text(name, value);
        }
        self.request(&code::MESSAGE, request).await.map_err(outcome_unknown)
    }

    /// Nothing of a token response is used before all of this has passed (RFC 9700, section 4.5.3.2).
    async fn validate(&self, login: &Object, metadata: &ProviderMetadata, tokens: Object) -> Result<Session> {
        let received_at = self.platform.clock().now();
        let mut request = Object::default();
        request.set("metadata", metadata.document().clone().into());
        for (name, value) in [
            ("idToken", tokens.str("idToken").ok_or(ErrorCode::IdTokenMissing)?),
            ("accessToken", tokens.str_or_empty("accessToken")),
            ("algorithm", login.str_or_empty("algorithm")),
            ("clientId", self.config.client_id()),
            ("nonce", login.str_or_empty("nonce")),
        ] {
            request.set_text(name, value);
        }
        request.set("requireAtHash", self.config.requires_at_hash().into());
        request.set("trustedAudiences", self.config.trusted_audiences().to_vec().into());
        request.set("clockToleranceSeconds", self.config.clock_tolerance().into());
        if let Some(max_age) = login.get("maxAge") {
            request.set("maxAge", max_age.clone());
        }
        let claims = self.protocol.validate(&request, &id_token::KIND, Some(&self.documents)).await?;
        Ok(Session::new(Granted {
            issuer: self.config.authority(),
            claims,
            scope: tokens.str("scope").unwrap_or(self.config.scope()),
            expires_at: tokens.number("expiresIn").map(|seconds| received_at.plus(seconds)),
            app_state: login.get("appState"),
            tokens: &tokens,
        }))
    }
}

enum Received {
    Session(Session),
    Code(Object, ProviderMetadata, CheckedCode),
}

/// A code that was sent may have been used, whatever became of the answer (RFC 6749, section 4.1.2).
fn outcome_unknown(error: Error) -> Error {
    match error.code() {
        ErrorCode::NetworkError | ErrorCode::Timeout => {
            Error::new(ErrorCode::OutcomeUnknown).with("cause", error.code().as_str()).during(Phase::Token)
        }
        _ => error,
    }
}
