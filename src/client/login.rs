//! Signing in by redirect: `start` before the browser leaves, `finish` when it is back.

use crate::client::Client;
use crate::client::config::{self, scope_is_good};
use crate::client::session::Session;
use crate::client::transactions::Taken;
use crate::constants::authorize_request as name;
use crate::encoding::{form_decode, query_pairs};
use crate::error::{During as _, Error, ErrorCode, Phase, Result, require_equal};
use crate::jose::claims::invalid as invalid_claim;
use crate::json::{Json, Object};
use crate::platform::{Clock as _, Hooks, Platform, Random as _};
use crate::protocol::authorize::{self, AuthorizeOptions};
use crate::protocol::callback::{self, AuthorizeResponse, CheckedCode};
use crate::protocol::discovery::ProviderMetadata;
use crate::protocol::grants::code;
use crate::protocol::nonces::Answer;
use crate::protocol::parameters::invalid;
use crate::protocol::pkce::CodeVerifier;
use crate::protocol::request::checked;
use crate::protocol::state::random_value;
use crate::protocol::{id_token, jar, jarm, par, profile};
use crate::secret::redacted;
use crate::text::{concat, decimal};
use crate::time::Timestamp;
use crate::url::HttpUrl;

/// Every option by the name that TypeScript uses.
const OPTIONS: &str = "prompt loginHint #maxAgeSeconds acrValues uiLocales {authorizeParameters ~appState \
    *authorizationDetails {claims scope subject dpopJkt ?popup ?automatic redirectUri";
/// Options that are parameters under another name.
const PARAMETERS: [(&str, &str); 4] = [
    ("prompt", name::PROMPT),
    ("loginHint", name::LOGIN_HINT),
    ("acrValues", name::ACR_VALUES),
    ("uiLocales", name::UI_LOCALES),
];
/// Options that stand in every request of the client unless one sign-in says something else.
const STANDING: [&str; 2] = ["authorizationDetails", "claims"];
/// Begins the `state` of a sign-in in a window of its own, so that the callback page there knows that another page waits
/// for the response. It survives whatever the provider does to the window; no other `state` has a dot.
pub(super) const IN_POPUP: &str = "p.";
/// Longest application state, as JSON text: storage is small and shared.
const MAX_APP_STATE: usize = 32 * 1024;

/// Options of one sign-in.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    authorize: AuthorizeOptions,
    app_state: Option<Json>,
    standing: Object,
    dpop_jkt: Option<String>,
    scope: Option<String>,
    /// Who has to sign in, where that must be the same person as before.
    subject: Option<String>,
    in_popup: bool,
    /// Whether nobody clicked anything.
    is_automatic: bool,
    /// Where the response goes, if not to the page that it usually goes to.
    redirect_uri: Option<String>,
}

/// A sign-in that is ready to leave.
pub struct PreparedLogin {
    /// Send the browser there.
    pub url: String,
    /// `state` of the request.
    pub state: String,
    /// When a pushed request is forgotten, or a signed one expires.
    pub expires_at: Option<Timestamp>,
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
        authorize::check_details(&options)?;
        let mut standing = Object::default();
        for name in STANDING {
            if let Some(value) = options.get(name) {
                standing.set(name, value.clone());
            }
        }
        if !scope_is_good(&options) {
            return Err(invalid("scope", "must contain openid"));
        }
        let owned = |name| options.str(name).map(str::to_owned);
        Ok(Self {
            authorize,
            app_state,
            standing,
            dpop_jkt: owned("dpopJkt"),
            scope: owned("scope"),
            subject: owned("subject"),
            in_popup: options.flag("popup"),
            is_automatic: options.flag("automatic"),
            redirect_uri: owned("redirectUri"),
        })
    }
}

impl<P: Platform> Client<P> {
    /// Builds the authorization request and remembers what its answer is checked against.
    pub async fn start(&self, mut options: SignInOptions, hooks: &dyn Hooks) -> Result<PreparedLogin> {
        for (name, value) in self.config.authorize_parameters().iter().flat_map(|parameters| parameters.iter()) {
            if !options.authorize.contains(name) {
                options.authorize.add(name, value.as_text().unwrap_or_default())?;
            }
        }
        if options.is_automatic && self.keeps_failing() {
            return Err(ErrorCode::LoginLoop.into());
        }
        let metadata = self.documents.metadata().await?;
        let (mut request, login) = self.begin(&metadata, options).during(Phase::Authorization)?;
        let pushes = self.config.pushes(&metadata).during(Phase::Authorization)?;
        let is_bound = request.contains("dpopJkt");
        let mut expires_at = None;
        if let Some(input) = self.request_object(&request).during(Phase::Authorization)? {
            expires_at = Some(self.platform.clock().now().plus(jar::LIFETIME));
            let signature = hooks.call("signRequest", &input).await.during(Phase::Authorization)?;
            request = self.signed(&request, &input, &signature, pushes).during(Phase::Authorization)?;
        }
        if pushes {
            let pushed = self.pushed(&metadata, &request, is_bound).during(Phase::PushedAuthorization)?;
            let answer = self.request(&par::MESSAGE, pushed, hooks).await?;
            request = self.reference(&request, answer.str_or_empty("requestUri"));
            let lifetime = answer.number("expiresIn").unwrap_or_default();
            expires_at = Some(self.platform.clock().now().plus(lifetime));
        }
        self.prepared(&metadata, &request, login, expires_at).during(Phase::Authorization)
    }

    /// Keeps what the answer is checked against, and says where to go.
    fn prepared(
        &self,
        metadata: &ProviderMetadata,
        request: &Object,
        mut login: Object,
        expires_at: Option<Timestamp>,
    ) -> Result<PreparedLogin> {
        // The page that comes back knows nothing else of this one: with the nonce its first request is good at once.
        let told = self.protocol.nonces.borrow().told(metadata.endpoint("token_endpoint").unwrap_or_default(), false);
        if let Some(nonce) = told.nonce {
            login.set_text("dpopNonce", &nonce);
        }
        let url = authorize::url(request)?;
        let state = login.str_or_empty("state").to_owned();
        self.keep_login(login)?;
        Ok(PreparedLogin { url, state, expires_at })
    }

    /// What is signed of a request that goes as a JWT (RFC 9101); `None` where it does not.
    fn request_object(&self, request: &Object) -> Result<Option<String>> {
        let Some(key) = self.config.request_object() else { return Ok(None) };
        let mut claims = request.clone();
        for (name, _) in self.config.request("").iter() {
            claims.remove(name);
        }
        for (name, value) in key.iter() {
            claims.set(name, value.clone());
        }
        claims.set_text("issuer", self.config.authority());
        let id = random_value(self.platform.random().seed()?);
        jar::request_object(&claims, &id, self.platform.clock().now()).map(Some)
    }

    /// The request with its parameters in a JWT. What stands beside it in a URL is what OpenID Connect Core, section 6.1,
    /// still wants there.
    fn signed(&self, request: &Object, input: &str, signature: &str, pushes: bool) -> Result<Object> {
        if signature.is_empty() {
            return Err(ErrorCode::HookFailed.into());
        }
        let mut front = self.to_browser(request);
        front.set_text("request", &concat(&[input, ".", signature]));
        if !pushes {
            front.set_text("responseType", "code");
            front.set_text("scope", request.str_or_empty("scope"));
        }
        Ok(front)
    }

    /// The request that is pushed. A push that fails is the end: nothing falls back to the address bar.
    fn pushed(&self, metadata: &ProviderMetadata, request: &Object, is_bound: bool) -> Result<Object> {
        let mut pushed = request.clone();
        pushed.set_text("address", metadata.required_endpoint("pushed_authorization_request_endpoint")?);
        // The header says the same as `dpop_jkt` (RFC 9449, section 10.1), and brings the first nonce.
        pushed.set("dpop", is_bound.into());
        Ok(pushed)
    }

    /// What goes through the browser of a pushed request: its name and nothing else (RFC 9126, section 4).
    fn reference(&self, request: &Object, request_uri: &str) -> Object {
        let mut front = self.to_browser(request);
        front.set_text("requestUri", request_uri);
        front
    }

    fn to_browser(&self, request: &Object) -> Object {
        let mut front = self.config.request(request.str_or_empty("address"));
        front.set_text("clientId", self.config.client_id());
        front
    }

    /// The authorization request as options, and what has to be remembered of it.
    fn begin(&self, metadata: &ProviderMetadata, options: SignInOptions) -> Result<(Object, Object)> {
        metadata.check_pkce()?;
        let endpoint = metadata.required_endpoint("authorization_endpoint")?;
        // The callback will need these: better to fail before the browser leaves.
        metadata.required_endpoint("token_endpoint")?;
        metadata.required_endpoint("jwks_uri")?;
        if self.config.is_fapi2() {
            profile::check_metadata(metadata, self.config.signs_responses())?;
        }
        let algorithm = self.config.algorithm("idTokenSignedResponseAlg", metadata, id_token::ALGORITHMS)?;
        if self.config.request_object().is_none() && metadata.document().flag("require_signed_request_object") {
            return Err(config::invalid("requestObject", "the provider requires it"));
        }
        let random = self.platform.random();
        let (mut state, nonce) = (random_value(random.seed()?), random_value(random.seed()?));
        if options.in_popup {
            state.insert_str(0, IN_POPUP);
        }
        let verifier = CodeVerifier::from_seed(random.seed()?);
        let redirect_uri = options.redirect_uri.as_deref().unwrap_or(self.config.redirect_uri());
        let mut request = self.config.request(endpoint);
        for (name, value) in [
            ("clientId", self.config.client_id()),
            ("responseType", "code"),
            ("redirectUri", redirect_uri),
            ("scope", options.scope.as_deref().unwrap_or(self.config.scope())),
            ("state", &state),
            ("nonce", &nonce),
            ("codeChallenge", &verifier.challenge()),
        ] {
            request.set_text(name, value);
        }
        if let Some(mode) = self.config.response_mode() {
            request.set_text("responseMode", mode);
        }
        for name in STANDING {
            if let Some(value) = options.standing.get(name).or(self.config.parameter(name)) {
                request.set(name, value.clone());
            }
        }
        request.set("resource", self.config.resources().to_vec().into());
        request.set("parameters", options.authorize.pairs());
        let mut login = Object::default();
        login.set_text("state", &state);
        login.set_text("nonce", &nonce);
        login.set_text("verifier", verifier.expose());
        login.set_text("redirectUri", redirect_uri);
        login.set_text("algorithm", algorithm.as_str());
        login.set("begunAt", self.platform.clock().now().seconds().into());
        login.set("metadata", metadata.document().clone().into());
        for (name, value) in [("scope", &options.scope), ("subject", &options.subject)] {
            if let Some(value) = value {
                login.set_text(name, value);
            }
        }
        if let Some(dpop) = self.config.dpop() {
            check_proofs(dpop, metadata)?;
            if let Some(jkt) = &options.dpop_jkt {
                login.set_text("jkt", jkt);
                if dpop.get("bindCode") != Some(&Json::Bool(false)) {
                    request.set_text("dpopJkt", jkt);
                }
            }
        }
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
    pub async fn finish(&self, url: &str, hooks: &dyn Hooks) -> Result<Session> {
        let outcome = self.complete(url, hooks).await;
        // A page that was only opened again says nothing about sign-ins; windows and frames do not go round in circles.
        let counts = outcome
            .as_ref()
            .map_or_else(|error| error.code() != ErrorCode::CallbackAlreadyProcessed && !answers_window(url), |_| true);
        if counts {
            self.count_failure(outcome.is_err());
        }
        outcome
    }

    async fn complete(&self, url: &str, hooks: &dyn Hooks) -> Result<Session> {
        let redirect_uri = self.config.redirect_uri_of(url);
        let response = if self.config.signs_responses() {
            self.verified_response(url, redirect_uri).await
        } else {
            callback::parse(url, redirect_uri)
        };
        let response = response.during(Phase::Callback)?;
        let session_state = response.session_state().to_owned();
        let Some((login, metadata, code)) = self.receive(response, redirect_uri).during(Phase::Callback)? else {
            let session = self.session().await.ok_or(ErrorCode::CallbackAlreadyProcessed);
            return session.map_err(|code| Error::new(code).during(Phase::Callback));
        };
        // The key that the code is bound to, or nothing is sent (RFC 9449, section 10).
        let jkt = self.key(login.str_or_empty("jkt"), hooks).await.during(Phase::Token)?;
        let tokens = self.exchange(&login, &metadata, &code, hooks).await?;
        let session = self.validate(&login, &metadata, tokens, &jkt, &session_state).await.during(Phase::IdToken)?;
        // Nobody renews the session before while this one takes its place.
        let mut turn = self.take_turn().await?;
        let replaced = self.replace(&session, hooks).await;
        self.end_turn(&mut turn).await?;
        replaced.map(|()| session)
    }

    /// Puts a session in the place of whichever there is, for all tabs.
    async fn replace(&self, session: &Session, hooks: &dyn Hooks) -> Result<()> {
        let before = self.latest_session().await;
        let saved = self.save_session(session).await;
        if let Some(before) = before {
            // A tab that slept through this does not bring it back.
            self.note_end(before.id()).await?;
            if before.jkt() != session.jkt() {
                hooks.call("dropKey", before.jkt()).await?;
            }
        }
        saved
    }

    /// The response in a JWT of the provider. Nothing in it is believed before its signature was found good; the sign-in
    /// that it answers stays until then.
    async fn verified_response(&self, url: &str, redirect_uri: &str) -> Result<AuthorizeResponse> {
        let jwt = callback::signed(url, redirect_uri, self.config.authority())?;
        // One that was used before, whatever it is worth by now, changes nothing.
        let claimed = jarm::unverified_state(jwt.expose());
        if self.was_processed(claimed.str_or_empty(name::STATE)) {
            return AuthorizeResponse::of(claimed);
        }
        let metadata = self.documents.metadata().await?;
        let algorithm = self.config.algorithm("authorizationSignedResponseAlg", &metadata, jarm::KIND.algorithms)?;
        let mut request = Object::default();
        request.set("metadata", metadata.document().clone().into());
        request.set("clockToleranceSeconds", self.config.clock_tolerance().into());
        for (name, value) in
            [("response", jwt.expose()), ("algorithm", algorithm.as_str()), ("clientId", self.config.client_id())]
        {
            request.set_text(name, value);
        }
        AuthorizeResponse::of(self.protocol.validate(&request, &jarm::KIND, Some(&self.documents)).await?)
    }

    /// Everything about the response that needs no waiting; `None` for one that was used before.
    fn receive(
        &self,
        response: AuthorizeResponse,
        redirect_uri: &str,
    ) -> Result<Option<(Object, ProviderMetadata, CheckedCode)>> {
        let login = match self.take_login(response.state())? {
            Taken::Pending(login) => login,
            Taken::Expired => return Err(ErrorCode::TransactionExpired.into()),
            Taken::Unknown => return Err(ErrorCode::UnknownState.into()),
            Taken::Processed => return Ok(None),
        };
        // The page that it was sent to, and no other of this client's (RFC 9700, section 4.4.2.2).
        if login.str("redirectUri") != Some(redirect_uri) {
            return Err(ErrorCode::NotACallback.into());
        }
        let metadata = self.documents.parse_metadata(login.object("metadata").ok_or(ErrorCode::UnknownState)?)?;
        let code = response.check(&callback::Expected {
            state: login.str_or_empty("state"),
            issuer: self.config.authority(),
            iss_required: metadata.sends_iss() || self.config.is_fapi2(),
        })?;
        Ok(Some((login, metadata, code)))
    }

    async fn exchange(
        &self,
        login: &Object,
        metadata: &ProviderMetadata,
        code: &CheckedCode,
        hooks: &dyn Hooks,
    ) -> Result<Object> {
        let endpoint = metadata.required_endpoint("token_endpoint").during(Phase::Token)?;
        // Whatever this page was told itself is newer.
        let known = self.protocol.nonces.borrow().told(endpoint, false).nonce;
        if let (Some(nonce), None) = (login.str("dpopNonce"), known) {
            let known = Answer { sent: None, error: "", nonce: Some(nonce), date: None };
            self.protocol.told(endpoint, false, &known);
        }
        let mut request = self.config.token_request(endpoint);
        for (name, value) in [
            ("code", code.expose()),
            ("redirectUri", login.str_or_empty("redirectUri")),
            ("codeVerifier", login.str_or_empty("verifier")),
        ] {
            request.set_text(name, value);
        }
        self.request(&code::MESSAGE, request, hooks).await.map_err(outcome_unknown)
    }

    /// Nothing of a token response is used before all of this has passed (RFC 9700, section 4.5.3.2).
    async fn validate(
        &self,
        login: &Object,
        metadata: &ProviderMetadata,
        tokens: Object,
        jkt: &str,
        session_state: &str,
    ) -> Result<Session> {
        let received_at = self.platform.clock().now();
        let mut expected = Object::default();
        for name in ["algorithm", "nonce", "maxAge"] {
            if let Some(value) = login.get(name) {
                expected.set(name, value.clone());
            }
        }
        let claims = self.check_id_token(expected, metadata, &tokens).await?;
        if login.str("subject").is_some_and(|subject| subject != claims.str_or_empty("sub")) {
            return Err(invalid_claim("sub"));
        }
        let mut record = Object::default();
        record.set_text("issuer", self.config.authority());
        record.set_text("subject", claims.str_or_empty("sub"));
        record.set("claims", claims.into());
        if let Some(app_state) = login.get("appState") {
            record.set("appState", app_state.clone());
        }
        if !jkt.is_empty() {
            record.set_text("jkt", jkt);
        }
        if !session_state.is_empty() {
            record.set_text("sessionState", session_state);
        }
        let mut session = Session::new(record, &random_value(self.platform.random().seed()?));
        session.take(&tokens, login.str("scope").unwrap_or(self.config.scope()), received_at);
        Ok(session)
    }

    /// Checks the ID Token of a token response against what is expected of it.
    pub(super) async fn check_id_token(
        &self,
        mut expected: Object,
        metadata: &ProviderMetadata,
        tokens: &Object,
    ) -> Result<Object> {
        expected.set("metadata", metadata.document().clone().into());
        for (name, value) in [
            ("idToken", tokens.str("idToken").ok_or(ErrorCode::IdTokenMissing)?),
            ("accessToken", tokens.str_or_empty("accessToken")),
            ("clientId", self.config.client_id()),
        ] {
            expected.set_text(name, value);
        }
        expected.set("requireAtHash", self.config.requires_at_hash().into());
        expected.set("trustedAudiences", self.config.trusted_audiences().to_vec().into());
        expected.set("clockToleranceSeconds", self.config.clock_tolerance().into());
        self.protocol.validate(&expected, &id_token::KIND, Some(&self.documents)).await
    }
}

impl<P: Platform> Client<P> {
    /// What a provider or another site asks for that begins a sign-in by this URL (OpenID Connect Core, section 4): who
    /// is expected, and where to go afterwards, both unchecked.
    pub fn third_party_login(&self, url: &str) -> Result<Object> {
        let asked = query(url)?;
        require_equal(ErrorCode::WrongIssuer, self.config.authority(), asked.str_or_empty("iss"))?;
        let mut wanted = Object::default();
        for (parameter, name) in [("login_hint", "loginHint"), ("target_link_uri", "targetLinkUri")] {
            if let Some(value) = asked.str(parameter) {
                wanted.set_text(name, value);
            }
        }
        Ok(wanted)
    }
}

/// Whether the response is one to a window or a frame.
fn answers_window(url: &str) -> bool {
    query(url).is_ok_and(|query| query.str_or_empty(name::STATE).starts_with(IN_POPUP))
}

/// The parameters in the query of a URL that somebody else made; none may stand there twice.
pub(super) fn query(url: &str) -> Result<Object> {
    let url = HttpUrl::parse(url).map_err(|_| invalid("url", "not a URL"))?;
    let mut parameters = Object::default();
    for (name, value) in query_pairs(url.query.unwrap_or_default()) {
        let (Some(name), Some(value)) = (form_decode(name), form_decode(value)) else { continue };
        if parameters.contains(&name) {
            return Err(Error::new(ErrorCode::RepeatedParameter).with("parameter", &name));
        }
        parameters.set_text(&name, &value);
    }
    Ok(parameters)
}

/// A provider that says which proofs it takes takes ours, or the browser does not leave (RFC 9449, section 5.1).
fn check_proofs(dpop: &Object, metadata: &ProviderMetadata) -> Result<()> {
    const SUPPORTED: &str = "dpop_signing_alg_values_supported";
    let document = metadata.document();
    if !document.contains(SUPPORTED) || document.lists(SUPPORTED, dpop.str("algorithm").unwrap_or("ES256")) {
        return Ok(());
    }
    let mut supported = String::new();
    for name in document.list(SUPPORTED).iter().filter_map(Json::as_text) {
        if !supported.is_empty() {
            supported.push(' ');
        }
        supported.push_str(name);
    }
    Err(Error::new(ErrorCode::DpopAlgorithmNotSupported).with("supported", &supported))
}

/// A code that was sent may have been used, whatever became of the answer (RFC 6749, section 4.1.2).
fn outcome_unknown(error: Error) -> Error {
    match error.code() {
        ErrorCode::NetworkError | ErrorCode::Offline | ErrorCode::Timeout => {
            let unknown = Error::new(ErrorCode::OutcomeUnknown).with("cause", error.code().as_str());
            unknown.with("url", error.detail("url")).during(Phase::Token)
        }
        _ => error,
    }
}
