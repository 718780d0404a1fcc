//! Names on the wire.

/// Parameters of authorization requests (OpenID Connect Core, section 3.1.2.1; RFC 7636, section 4.3).
pub mod authorize_request {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const ACR_VALUES: &str = "acr_values";
    pub const CLIENT_ID: &str = "client_id";
    pub const CODE_CHALLENGE: &str = "code_challenge";
    pub const CODE_CHALLENGE_METHOD: &str = "code_challenge_method";
    pub const DPOP_JKT: &str = "dpop_jkt";
    pub const ID_TOKEN_HINT: &str = "id_token_hint";
    pub const LOGIN_HINT: &str = "login_hint";
    pub const MAX_AGE: &str = "max_age";
    pub const NONCE: &str = "nonce";
    pub const PROMPT: &str = "prompt";
    pub const REDIRECT_URI: &str = "redirect_uri";
    pub const REQUEST: &str = "request";
    pub const REQUEST_URI: &str = "request_uri";
    pub const RESPONSE_MODE: &str = "response_mode";
    pub const RESPONSE_TYPE: &str = "response_type";
    pub const SCOPE: &str = "scope";
    pub const STATE: &str = "state";
    pub const UI_LOCALES: &str = "ui_locales";
}

/// Parameters of authorization responses (RFC 6749, section 4.1.2; RFC 9207, section 2).
pub mod authorize_response {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const ACCESS_TOKEN: &str = "access_token";
    pub const CODE: &str = "code";
    pub const ERROR: &str = "error";
    pub const ERROR_DESCRIPTION: &str = "error_description";
    pub const ERROR_URI: &str = "error_uri";
    pub const ID_TOKEN: &str = "id_token";
    pub const ISS: &str = "iss";
    pub const RESPONSE: &str = "response";
    pub const SESSION_STATE: &str = "session_state";
    pub const STATE: &str = "state";
}

/// Parameters of token requests (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
pub mod token_request {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const CLIENT_ID: &str = "client_id";
    pub const CODE: &str = "code";
    pub const CODE_VERIFIER: &str = "code_verifier";
    pub const GRANT_TYPE: &str = "grant_type";
    pub const REDIRECT_URI: &str = "redirect_uri";
}

/// Values of `grant_type`.
pub mod grant_types {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const AUTHORIZATION_CODE: &str = "authorization_code";
}

/// Parameters of end-session requests (OpenID Connect RP-Initiated Logout, section 2).
pub mod end_session_request {
    #![allow(missing_docs, reason = "each constant is its own documentation")]
    pub const CLIENT_ID: &str = "client_id";
    pub const ID_TOKEN_HINT: &str = "id_token_hint";
    pub const POST_LOGOUT_REDIRECT_URI: &str = "post_logout_redirect_uri";
    pub const STATE: &str = "state";
}
