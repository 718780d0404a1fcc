//! One error type and ONE table of codes.
//!
//! A code is stable: applications branch on it. The message says what to do. Nothing secret is ever put into an error.

use crate::secret::Secret;
use crate::text::{cut, pieces};
use std::fmt;
use std::rc::Rc;

/// Longest text that is taken over from a server or a caller into an error, in characters.
const MAX_TEXT: usize = 1024;

/// What kind of failure a code belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// The provider answered with an OAuth error.
    Protocol,
    /// The answer was not one HTTP allows here.
    Http,
    /// No answer.
    Network,
    /// No complete answer in time.
    Timeout,
    /// The caller gave up.
    Aborted,
    /// A rule of the configuration forbids it.
    Policy,
    /// A message or token failed a check.
    Validation,
    /// The browser's storage failed.
    Storage,
    /// A person has to act.
    Interaction,
    /// The call itself is wrong.
    Usage,
}

impl ErrorType {
    /// The name that JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Http => "http",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::Policy => "policy",
            Self::Validation => "validation",
            Self::Storage => "storage",
            Self::Interaction => "interaction",
            Self::Usage => "usage",
        }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $kind:ident, $message:literal;)+) => {
        /// Why something failed. The string form is part of the public API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [ErrorCode] = &[$(Self::$variant,)+];

            /// The stable name that JavaScript sees.
            pub fn as_str(self) -> &'static str {
                self.row().0
            }

            /// What kind of failure it is.
            pub fn error_type(self) -> ErrorType {
                match self { $(Self::$variant => ErrorType::$kind,)+ }
            }

            /// What happened and what to do about it.
            pub fn message(self) -> &'static str {
                self.row().1
            }

            /// One text with a line for each code: as two tables of texts it would be half a kilobyte more.
            fn row(self) -> (&'static str, &'static str) {
                let rows = concat!($($code, "=", $message, "\n"),+);
                let row = pieces(rows, b'\n').get(self as usize).copied().unwrap_or_default();
                let (code, message) = cut(row, b'=');
                (code, message.unwrap_or_default())
            }
        }
    };
}

codes! {
    /// A setting of the client is missing or has a value that cannot work; `details.option` names it.
    InvalidConfiguration = "invalid_configuration", Usage, "A client option is missing or invalid: correct the one named in details.";
    /// An argument of a call is invalid; `details.option` names it.
    InvalidArgument = "invalid_argument", Usage, "An argument is invalid: correct the one named in details.";
    /// The call needs a session and there is none.
    NotSignedIn = "not_signed_in", Usage, "Nobody is signed in: call signIn() first.";
    /// The access token has expired, or has less time left than was asked for.
    AccessTokenExpired = "access_token_expired", Interaction, "No access token is good any more, and no refresh token can get another: call signIn().";
    /// Something that only a page has is missing here.
    UnsupportedEnvironment = "unsupported_environment", Usage, "A feature that this needs is missing here; details name it.";
    /// A function that the application gave has failed.
    HookFailed = "hook_failed", Usage, "A function given by the application failed; cause says why.";
    /// A defect of this library.
    Internal = "internal", Usage, "Internal error: reload the page, and please report it.";

    /// A URL is not `https:` (or `http:` on loopback), or has parts that are not allowed in its place.
    InsecureUrl = "insecure_url", Policy, "A URL must be absolute, use https (http only on loopback) and have no user name, fragment or dot segment.";
    /// The metadata names another issuer than the configured authority.
    IssuerMismatch = "issuer_mismatch", Policy, "The metadata names another issuer: set authority to exactly that.";
    /// An endpoint lies outside the authority's host.
    EndpointNotAllowed = "endpoint_not_allowed", Policy, "An endpoint is on another origin than authority: name it in discoveryPolicy.additionalEndpointBaseAddresses if it is right.";
    /// The provider's metadata has no such endpoint.
    EndpointMissing = "endpoint_missing", Policy, "The metadata does not name the endpoint that this needs.";
    /// The metadata is about another protected resource.
    ResourceMismatch = "resource_mismatch", Policy, "The metadata is about another resource.";
    /// The access token may not be sent to this URL.
    OriginNotAllowed = "origin_not_allowed", Policy, "The access token is not sent to this URL: name it in allowedOrigins if it is right.";
    /// The provider says that it does not support PKCE with S256.
    PkceNotSupported = "pkce_not_supported", Policy, "The provider does not offer PKCE with S256.";

    /// The request failed before there was an answer.
    NetworkError = "network_error", Network, "No answer: the server is down, the browser is offline, or the server does not allow this origin (CORS).";
    /// The code was sent, but no answer came: it may or may not have been used.
    OutcomeUnknown = "outcome_unknown", Network, "The answer to the code exchange was lost: call signIn() again.";
    /// There is no network.
    Offline = "offline", Network, "This device is offline: try again when it is not.";
    /// A renewal has failed not long ago; `details.retryAt` says when the next one is tried, in seconds since 1970.
    RenewalPostponed = "renewal_postponed", Network, "The provider could not renew the tokens a moment ago: try again after details.retryAt.";
    /// The answer was not complete in time.
    Timeout = "timeout", Timeout, "No complete answer in time: raise timeoutSeconds.";
    /// The caller's AbortSignal fired.
    Aborted = "aborted", Aborted, "The caller aborted the call.";

    /// The server answered with a redirect where none is allowed.
    RedirectRefused = "redirect_refused", Http, "The server answered with a redirect, which is never followed: use the final URL.";
    /// The body is longer than such an answer may be.
    ResponseTooLarge = "response_too_large", Http, "The answer is larger than allowed.";
    /// The status is not one that such an answer has.
    UnexpectedStatus = "unexpected_status", Http, "The server answered with an unexpected HTTP status.";
    /// The media type is not the one such an answer has.
    UnexpectedContentType = "unexpected_content_type", Http, "The answer has the wrong media type: a fallback page may have answered.";

    /// The text is not JSON, or is JSON that may be read in two ways.
    InvalidJson = "invalid_json", Validation, "The answer is not strict JSON; details say why.";
    /// A member of the answer is missing or has the wrong type.
    InvalidResponse = "invalid_response", Validation, "A member of the answer is missing or has the wrong type; details name it.";
    /// The URL is not this client's redirect URI with an authorization response.
    NotACallback = "not_a_callback", Validation, "This URL is not an authorization response at redirectUri.";
    /// A response parameter came more than once.
    RepeatedParameter = "repeated_parameter", Validation, "A parameter stands twice.";
    /// The response came by another way than was asked for.
    WrongResponseMode = "wrong_response_mode", Validation, "The authorization response is not a code in the query.";
    /// The response has no `state`.
    MissingState = "missing_state", Validation, "The authorization response has no state: start again with signIn().";
    /// No sign-in with this `state` was begun in this tab.
    UnknownState = "unknown_state", Validation, "No sign-in with this state was begun in this tab: start again with signIn().";
    /// The sign-in was begun more than ten minutes ago.
    TransactionExpired = "transaction_expired", Validation, "This sign-in was begun too long ago: start again with signIn().";
    /// The response was used before.
    CallbackAlreadyProcessed = "callback_already_processed", Validation, "This authorization response was used before: start again with signIn().";
    /// The provider promises `iss` in its responses, and it is missing.
    MissingIssuer = "missing_issuer", Validation, "The authorization response lacks the promised iss.";
    /// The response comes from another issuer.
    WrongIssuer = "wrong_issuer", Validation, "The authorization response comes from another issuer.";
    /// `code` and `error` came together.
    AmbiguousResponse = "ambiguous_response", Validation, "The authorization response has both a code and an error.";
    /// Neither `code` nor `error` came.
    MissingCode = "missing_code", Validation, "The authorization response has neither a code nor an error.";

    /// `openid` was asked for and no ID Token came.
    IdTokenMissing = "id_token_missing", Validation, "The token response has no ID Token: check that the client may ask for openid.";
    /// The text is not a signed JWT in compact form.
    JwtMalformed = "jwt_malformed", Validation, "The token is not a well-formed signed JWT; details say why.";
    /// The JWT is encrypted.
    JwtEncrypted = "jwt_encrypted", Validation, "The token is encrypted: register the client for signed tokens only.";
    /// The JWT is of another kind.
    JwtTypeNotAllowed = "jwt_type_not_allowed", Validation, "The token is a JWT of another kind.";
    /// The algorithm is `none`, symmetric or unknown.
    AlgorithmNotAllowed = "algorithm_not_allowed", Validation, "The token's algorithm is not allowed.";
    /// The algorithm is not the one fixed for this client.
    AlgorithmMismatch = "algorithm_mismatch", Validation, "The token is signed with another algorithm: set idTokenSignedResponseAlg if it is right.";
    /// No key of the provider fits.
    SigningKeyNotFound = "signing_key_not_found", Validation, "None of the provider's keys fits this token.";
    /// Several keys of the provider fit.
    SigningKeyAmbiguous = "signing_key_ambiguous", Validation, "Several of the provider's keys fit this token.";
    /// The signature is wrong.
    SignatureInvalid = "signature_invalid", Validation, "The token's signature is not valid.";
    /// `iss` is not the configured issuer.
    JwtIssuerMismatch = "jwt_issuer_mismatch", Validation, "The token comes from another issuer.";
    /// `aud` does not name this client, or names others that are not trusted.
    JwtAudienceMismatch = "jwt_audience_mismatch", Validation, "The token is not for this client alone: name other audiences in trustedAudiences if they are right.";
    /// `azp` is not this client, or is missing although there are several audiences.
    JwtAuthorizedPartyMismatch = "jwt_authorized_party_mismatch", Validation, "The token was issued to another party (azp).";
    /// `exp` has passed.
    JwtExpired = "jwt_expired", Validation, "The token has expired: check this device's clock if it is new.";
    /// `iat` or `nbf` lies in the future.
    JwtNotYetValid = "jwt_not_yet_valid", Validation, "The token is from the future: check this device's clock, or clockToleranceSeconds.";
    /// A claim is missing or has the wrong type.
    ClaimInvalid = "claim_invalid", Validation, "A claim is missing or invalid; details name it.";
    /// `nonce` is not the one of this sign-in.
    NonceMismatch = "nonce_mismatch", Validation, "The ID Token belongs to another sign-in.";
    /// The sign-in is older than `max_age` allows.
    AuthTimeInvalid = "auth_time_invalid", Validation, "The sign-in is older than maxAgeSeconds allows.";
    /// `at_hash` does not fit the access token.
    AccessTokenHashMismatch = "access_token_hash_mismatch", Validation, "The access token does not belong to the ID Token.";
    /// `c_hash` does not fit the code.
    CodeHashMismatch = "code_hash_mismatch", Validation, "The code does not belong to the ID Token.";
    /// `s_hash` does not fit the state.
    StateHashMismatch = "state_hash_mismatch", Validation, "The state does not belong to the ID Token.";
    /// The token type is not the one that was asked for.
    TokenTypeNotSupported = "token_type_not_supported", Validation, "The provider issued a token of another type.";
    /// Userinfo is about somebody else.
    UserinfoSubjectMismatch = "userinfo_subject_mismatch", Validation, "The userinfo response is about another person.";

    /// The provider answered the authorization request with an error.
    AuthorizationError = "authorization_error", Protocol, "The provider refused the sign-in; error says why.";
    /// `prompt=none` is not possible now.
    InteractionRequired = "interaction_required", Interaction, "The person has to act: call signIn() without prompt=none.";
    /// The token endpoint answered with an error.
    TokenError = "token_error", Protocol, "The token endpoint refused the request; error says why.";
    /// The userinfo endpoint answered with an error.
    UserinfoError = "userinfo_error", Protocol, "The userinfo endpoint refused the access token; error says why.";

    /// Another endpoint answered with an error.
    EndpointError = "endpoint_error", Protocol, "The endpoint refused the request; phase and error say which and why.";
    /// The device code or the authentication request has expired before the person acted.
    PollingExpired = "polling_expired", Interaction, "The person did not act in time: begin again.";

    /// The key that this session's tokens are bound to is gone.
    DpopKeyLost = "dpop_key_lost", Storage, "The DPoP key of this session is gone from this browser: call signIn() again.";
    /// The server wants a nonce that this page cannot read.
    DpopNonceUnreadable = "dpop_nonce_unreadable", Http, "The server wants a nonce and does not show it: let it send Access-Control-Expose-Headers: DPoP-Nonce.";
    /// The provider takes no proofs signed like this.
    DpopAlgorithmNotSupported = "dpop_algorithm_not_supported", Policy, "The provider takes no DPoP proofs signed with dpop.algorithm; details list what it takes.";
    /// The provider or the configuration breaks a rule of the chosen profile; `details.rule` names it.
    ProfileViolation = "profile_violation", Policy, "A rule of the profile is broken; details name it.";
    /// The provider takes the refresh token no longer: the session has ended.
    SessionEnded = "session_ended", Interaction, "The provider has ended the session: call signIn() again.";

    /// Another person has signed in in another tab meanwhile.
    SessionChanged = "session_changed", Interaction, "Another person has signed in meanwhile: nothing was done in their name.";
    /// The session is gone from this browser although nobody signed out.
    SessionLost = "session_lost", Storage, "The session was cleared from this browser: call signIn() again.";
    /// Sign-ins failed again and again without anybody doing anything.
    LoginLoop = "login_loop", Interaction, "Three sign-ins have failed within a minute: let the person begin the next one.";

    /// Storage is missing, blocked or full.
    StorageUnavailable = "storage_unavailable", Storage, "The browser's storage is blocked or full: allow site data.";
}

/// The step during which something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reading settings.
    Configuration,
    /// Fetching the provider's metadata.
    Discovery,
    /// Fetching the provider's keys.
    Jwks,
    /// Building the authorization request.
    Authorization,
    /// Reading the authorization response.
    Callback,
    /// Talking to the token endpoint.
    Token,
    /// Validating the ID Token.
    IdToken,
    /// Talking to the userinfo endpoint.
    Userinfo,
    /// Calling a protected API.
    Fetch,
    /// Talking to the device authorization endpoint.
    DeviceAuthorization,
    /// Talking to the backchannel authentication endpoint.
    BackchannelAuthentication,
    /// Talking to the pushed authorization request endpoint.
    PushedAuthorization,
    /// Talking to the introspection endpoint.
    Introspection,
    /// Talking to the revocation endpoint.
    Revocation,
    /// Registering a client, or managing its registration.
    Registration,
    /// Fetching the metadata of a protected resource.
    ProtectedResource,
    /// Validating a logout token.
    LogoutToken,
    /// Signing out.
    Logout,
    /// Reading or writing storage.
    Storage,
}

impl Phase {
    /// The name that JavaScript sees.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Discovery => "discovery",
            Self::Jwks => "jwks",
            Self::Authorization => "authorization",
            Self::Callback => "callback",
            Self::Token => "token",
            Self::IdToken => "id_token",
            Self::Userinfo => "userinfo",
            Self::Fetch => "fetch",
            Self::DeviceAuthorization => "device_authorization",
            Self::BackchannelAuthentication => "backchannel_authentication",
            Self::PushedAuthorization => "pushed_authorization",
            Self::Introspection => "introspection",
            Self::Revocation => "revocation",
            Self::Registration => "registration",
            Self::ProtectedResource => "protected_resource",
            Self::LogoutToken => "logout_token",
            Self::Logout => "logout",
            Self::Storage => "storage",
        }
    }
}

/// An error that an OAuth server named itself.
///
/// See RFC 6749, sections 4.1.2.1 and 5.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerError {
    /// `error`.
    pub error: String,
    /// `error_description`: text for developers, never HTML.
    pub description: Option<String>,
    /// `error_uri`: shown, never opened.
    pub uri: Option<String>,
}

impl ServerError {
    /// Takes the three members over, cleaned of control characters and cut to a sane length.
    pub fn new(error: &str, description: Option<&str>, uri: Option<&str>) -> Self {
        Self { error: clean(error), description: description.map(clean), uri: uri.map(clean) }
    }
}

/// An answer, which says nothing about whether two errors are the same.
#[derive(Debug)]
struct Raw(Secret);

impl PartialEq for Raw {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Raw {}

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    code: ErrorCode,
    phase: Option<Phase>,
    status: Option<u16>,
    server: Option<ServerError>,
    raw: Option<Raw>,
    details: Vec<(&'static str, String)>,
}

/// What every fallible function of this crate returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Rc<Inner>);

/// `Result` with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with nothing but its code.
    pub fn new(code: ErrorCode) -> Self {
        Self(Rc::new(Inner { code, phase: None, status: None, server: None, raw: None, details: Vec::new() }))
    }

    /// Adds evidence. Never pass a secret; the text is cleaned and cut.
    #[must_use]
    pub fn with(self, name: &'static str, value: &str) -> Self {
        self.change(|inner| inner.details.push((name, clean(value))))
    }

    /// Adds the HTTP status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// Adds what the server said.
    #[must_use]
    pub fn with_server(self, server: ServerError) -> Self {
        self.change(|inner| inner.server = Some(server))
    }

    /// Adds the answer itself, which may hold secrets: whoever asked for it by hand may look at it.
    #[must_use]
    pub fn with_raw(self, raw: String) -> Self {
        self.change(|inner| inner.raw = Some(Raw(Secret::new(raw))))
    }

    /// The same without the answer: what a session's requests bring back is nobody's to look at.
    #[must_use]
    pub fn without_raw(self) -> Self {
        self.change(|inner| inner.raw = None)
    }

    /// Names the step, unless a deeper layer already did.
    #[must_use]
    pub fn during(self, phase: Phase) -> Self {
        self.change(|inner| {
            inner.phase.get_or_insert(phase);
        })
    }

    /// An error is changed only while it is made. One that several callers already share stays as it is.
    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Rc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The step that failed.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What the server said, where it spoke OAuth.
    pub fn server(&self) -> Option<&ServerError> {
        self.0.server.as_ref()
    }

    /// The answer itself, where there was one and it was kept.
    pub fn raw(&self) -> Option<&Secret> {
        self.0.raw.as_ref().map(|raw| &raw.0)
    }

    /// Evidence: names and values, never a secret.
    pub fn details(&self) -> &[(&'static str, String)] {
        &self.0.details
    }

    /// One piece of evidence; empty when there is none of that name.
    pub fn detail(&self, name: &str) -> &str {
        self.0.details.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(&self) -> bool {
        match self.0.code {
            ErrorCode::NetworkError | ErrorCode::Offline | ErrorCode::RenewalPostponed | ErrorCode::Timeout => true,
            ErrorCode::UnexpectedStatus
            | ErrorCode::TokenError
            | ErrorCode::UserinfoError
            | ErrorCode::EndpointError => matches!(self.0.status, Some(408 | 429 | 500..=599)),
            _ => false,
        }
    }
}

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.as_str())?;
        f.write_str(": ")?;
        f.write_str(self.0.code.message())
    }
}

impl std::error::Error for Error {}

/// Nothing when two public texts are the same, and an error that shows both when they are not.
pub fn require_equal(code: ErrorCode, expected: &str, actual: &str) -> Result<()> {
    if actual == expected { Ok(()) } else { Err(Error::new(code).with("expected", expected).with("actual", actual)) }
}

/// Names the step of a failed result.
pub trait During {
    /// See [`Error::during`].
    #[must_use]
    fn during(self, phase: Phase) -> Self;
}

impl<T> During for Result<T> {
    fn during(self, phase: Phase) -> Self {
        self.map_err(|error| error.during(phase))
    }
}

/// Text from outside, made safe to show: no control or direction-changing characters, bounded length.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .take(MAX_TEXT)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_snake_case_and_say_what_to_do() {
        let mut seen = std::collections::HashSet::new();
        for code in ErrorCode::ALL {
            let name = code.as_str();
            assert!(seen.insert(name), "{name} stands twice");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert!(code.message().ends_with('.'), "{name} lacks a sentence");
        }
    }

    #[test]
    fn lg_03_server_text_is_capped_and_stripped() {
        let long = "x".repeat(1_000_000);
        let error = ServerError::new("a\r\nb\u{1b}[31m", Some(&long), Some("\u{202e}evil<script>"));
        assert_eq!(error.error, "ab[31m");
        assert_eq!(error.description.map(|d| d.len()), Some(MAX_TEXT));
        assert_eq!(error.uri.as_deref(), Some("evil<script>"));
    }
}
