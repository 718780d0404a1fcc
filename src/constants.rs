//! Names and values on the wire, in ONE table.
//!
//! `tests/constants.rs` writes `pkg-template/src/constants.ts` from it, so that Rust and TypeScript cannot drift.
//! Groups and members are named as in IdentityModel for .NET, which many people know; what that lacks comes after the
//! `+`. Rust names members as they are on the wire.

/// One group of constants, as TypeScript sees it.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Name of the object in TypeScript.
    pub name: &'static str,
    /// What the values are, in one sentence.
    pub doc: &'static str,
    /// Links to the specifications.
    pub see: &'static [&'static str],
    /// What IdentityModel has in this group; nothing if it lacks the group.
    pub members: &'static [Member],
    /// What it lacks.
    pub more: &'static [Member],
}

/// One constant.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Name of the constant in Rust.
    pub constant: &'static str,
    /// Name of the member in TypeScript.
    pub name: &'static str,
    /// What is sent.
    pub value: &'static str,
    /// What a name and a value do not say; often empty.
    pub doc: &'static str,
}

macro_rules! groups {
    ($(
        #[doc = $doc:literal]
        #[see($($see:literal),+ $(,)?)]
        $module:ident $group:ident {
            $($(#[doc = $member_doc:literal])? $constant:ident $member:ident = $value:literal;)*
        } $(+ {
            $($(#[doc = $more_doc:literal])? $more_constant:ident $more:ident = $more_value:literal;)*
        })?
    )+) => {
        $(
            #[doc = $doc]
            ///
            $(#[doc = concat!("See <", $see, ">.")])+
            pub mod $module {
                #![allow(missing_docs, reason = "each constant is its own documentation")]
                $($(#[doc = $member_doc])? pub const $constant: &str = $value;)*
                $($($(#[doc = $more_doc])? pub const $more_constant: &str = $more_value;)*)?
            }
        )+

        /// Every group, for the generator alone.
        #[cfg(not(target_arch = "wasm32"))]
        pub const GROUPS: &[Group] = &[$(Group {
            name: stringify!($group),
            doc: $doc,
            see: &[$($see),+],
            members: &[$(Member {
                constant: stringify!($constant),
                name: stringify!($member),
                value: $value,
                doc: concat!($($member_doc)?),
            },)*],
            more: &[$($(Member {
                constant: stringify!($more_constant),
                name: stringify!($more),
                value: $more_value,
                doc: concat!($($more_doc)?),
            },)*)?],
        },)+];
    };
}

groups! {
    /// Parameters of an authorization request.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1",
        "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
        "https://www.rfc-editor.org/rfc/rfc7636#section-4.3",
        "https://www.rfc-editor.org/rfc/rfc8707#section-2",
        "https://www.rfc-editor.org/rfc/rfc9449#section-10",
    )]
    authorize_request AuthorizeRequest {
        SCOPE Scope = "scope";
        RESPONSE_TYPE ResponseType = "response_type";
        CLIENT_ID ClientId = "client_id";
        REDIRECT_URI RedirectUri = "redirect_uri";
        STATE State = "state";
        RESPONSE_MODE ResponseMode = "response_mode";
        NONCE Nonce = "nonce";
        DISPLAY Display = "display";
        PROMPT Prompt = "prompt";
        MAX_AGE MaxAge = "max_age";
        UI_LOCALES UiLocales = "ui_locales";
        ID_TOKEN_HINT IdTokenHint = "id_token_hint";
        LOGIN_HINT LoginHint = "login_hint";
        ACR_VALUES AcrValues = "acr_values";
        CODE_CHALLENGE CodeChallenge = "code_challenge";
        CODE_CHALLENGE_METHOD CodeChallengeMethod = "code_challenge_method";
        REQUEST Request = "request";
        REQUEST_URI RequestUri = "request_uri";
        RESOURCE Resource = "resource";
        DPOP_JKT DPoPKeyThumbprint = "dpop_jkt";
    } + {
        /// RFC 9396, section 2.
        AUTHORIZATION_DETAILS AuthorizationDetails = "authorization_details";
        /// OpenID Connect Core, section 5.5.
        CLAIMS Claims = "claims";
        /// OpenID Connect Core, section 5.2.
        CLAIMS_LOCALES ClaimsLocales = "claims_locales";
    }

    /// Values of `error` in an authorization response.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
        "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
        "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html",
        "https://www.rfc-editor.org/rfc/rfc8707#section-2",
    )]
    authorize_errors AuthorizeErrors {
        INVALID_REQUEST InvalidRequest = "invalid_request";
        UNAUTHORIZED_CLIENT UnauthorizedClient = "unauthorized_client";
        ACCESS_DENIED AccessDenied = "access_denied";
        UNSUPPORTED_RESPONSE_TYPE UnsupportedResponseType = "unsupported_response_type";
        INVALID_SCOPE InvalidScope = "invalid_scope";
        SERVER_ERROR ServerError = "server_error";
        TEMPORARILY_UNAVAILABLE TemporarilyUnavailable = "temporarily_unavailable";
        UNMET_AUTHENTICATION_REQUIREMENTS UnmetAuthenticationRequirements = "unmet_authentication_requirements";
        INTERACTION_REQUIRED InteractionRequired = "interaction_required";
        LOGIN_REQUIRED LoginRequired = "login_required";
        ACCOUNT_SELECTION_REQUIRED AccountSelectionRequired = "account_selection_required";
        CONSENT_REQUIRED ConsentRequired = "consent_required";
        INVALID_REQUEST_URI InvalidRequestUri = "invalid_request_uri";
        INVALID_REQUEST_OBJECT InvalidRequestObject = "invalid_request_object";
        REQUEST_NOT_SUPPORTED RequestNotSupported = "request_not_supported";
        REQUEST_URI_NOT_SUPPORTED RequestUriNotSupported = "request_uri_not_supported";
        REGISTRATION_NOT_SUPPORTED RegistrationNotSupported = "registration_not_supported";
        INVALID_TARGET InvalidTarget = "invalid_target";
    } + {
        /// RFC 9396, section 5.
        INVALID_AUTHORIZATION_DETAILS InvalidAuthorizationDetails = "invalid_authorization_details";
    }

    /// Parameters of an authorization response.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2",
        "https://openid.net/specs/openid-connect-core-1_0.html#HybridAuthResponse",
        "https://www.rfc-editor.org/rfc/rfc9207#section-2",
        "https://openid.net/specs/openid-connect-session-1_0.html#CreatingUpdatingSessions",
    )]
    authorize_response AuthorizeResponse {
        SCOPE Scope = "scope";
        CODE Code = "code";
        ACCESS_TOKEN AccessToken = "access_token";
        EXPIRES_IN ExpiresIn = "expires_in";
        TOKEN_TYPE TokenType = "token_type";
        /// No specification has it in this place.
        REFRESH_TOKEN RefreshToken = "refresh_token";
        ID_TOKEN IdentityToken = "id_token";
        STATE State = "state";
        SESSION_STATE SessionState = "session_state";
        ISS Issuer = "iss";
        ERROR Error = "error";
        ERROR_DESCRIPTION ErrorDescription = "error_description";
    } + {
        /// RFC 6749, section 4.1.2.1.
        ERROR_URI ErrorUri = "error_uri";
        /// JARM, section 2.3: the whole response as a JWT.
        RESPONSE Response = "response";
    }

    /// Members of a device authorization response.
    #[see("https://www.rfc-editor.org/rfc/rfc8628#section-3.2")]
    device_authorization_response DeviceAuthorizationResponse {
        DEVICE_CODE DeviceCode = "device_code";
        USER_CODE UserCode = "user_code";
        VERIFICATION_URI VerificationUri = "verification_uri";
        VERIFICATION_URI_COMPLETE VerificationUriComplete = "verification_uri_complete";
        EXPIRES_IN ExpiresIn = "expires_in";
        INTERVAL Interval = "interval";
    }

    /// Parameters of an end-session request, and of the front-channel logout request (`sid`, `iss`).
    #[see(
        "https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout",
        "https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout",
    )]
    end_session_request EndSessionRequest {
        ID_TOKEN_HINT IdTokenHint = "id_token_hint";
        POST_LOGOUT_REDIRECT_URI PostLogoutRedirectUri = "post_logout_redirect_uri";
        STATE State = "state";
        SID Sid = "sid";
        ISS Issuer = "iss";
        UI_LOCALES UiLocales = "ui_locales";
    } + {
        /// RP-Initiated Logout, section 2.
        CLIENT_ID ClientId = "client_id";
        /// RP-Initiated Logout, section 2.
        LOGOUT_HINT LogoutHint = "logout_hint";
    }

    /// Parameters of a token request, of every grant.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3",
        "https://www.rfc-editor.org/rfc/rfc7521#section-4",
        "https://www.rfc-editor.org/rfc/rfc7636#section-4.5",
        "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
        "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
        "https://www.rfc-editor.org/rfc/rfc8707#section-2",
        "https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.10.1",
    )]
    token_request TokenRequest {
        GRANT_TYPE GrantType = "grant_type";
        REDIRECT_URI RedirectUri = "redirect_uri";
        CLIENT_ID ClientId = "client_id";
        CLIENT_SECRET ClientSecret = "client_secret";
        CLIENT_ASSERTION ClientAssertion = "client_assertion";
        CLIENT_ASSERTION_TYPE ClientAssertionType = "client_assertion_type";
        ASSERTION Assertion = "assertion";
        CODE Code = "code";
        REFRESH_TOKEN RefreshToken = "refresh_token";
        SCOPE Scope = "scope";
        USERNAME UserName = "username";
        PASSWORD Password = "password";
        CODE_VERIFIER CodeVerifier = "code_verifier";
        /// From an expired draft on proof-of-possession keys.
        TOKEN_TYPE TokenType = "token_type";
        /// From an expired draft on proof-of-possession keys.
        ALG Algorithm = "alg";
        /// From an expired draft on proof-of-possession keys.
        KEY Key = "key";
        DEVICE_CODE DeviceCode = "device_code";
        RESOURCE Resource = "resource";
        AUDIENCE Audience = "audience";
        REQUESTED_TOKEN_TYPE RequestedTokenType = "requested_token_type";
        SUBJECT_TOKEN SubjectToken = "subject_token";
        SUBJECT_TOKEN_TYPE SubjectTokenType = "subject_token_type";
        ACTOR_TOKEN ActorToken = "actor_token";
        ACTOR_TOKEN_TYPE ActorTokenType = "actor_token_type";
        AUTH_REQ_ID AuthenticationRequestId = "auth_req_id";
    } + {
        /// RFC 9396, section 6.
        AUTHORIZATION_DETAILS AuthorizationDetails = "authorization_details";
    }

    /// Parameters of a backchannel authentication request (CIBA).
    #[see("https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.7.1")]
    backchannel_authentication_request BackchannelAuthenticationRequest {
        SCOPE Scope = "scope";
        CLIENT_NOTIFICATION_TOKEN ClientNotificationToken = "client_notification_token";
        ACR_VALUES AcrValues = "acr_values";
        LOGIN_HINT_TOKEN LoginHintToken = "login_hint_token";
        ID_TOKEN_HINT IdTokenHint = "id_token_hint";
        LOGIN_HINT LoginHint = "login_hint";
        BINDING_MESSAGE BindingMessage = "binding_message";
        USER_CODE UserCode = "user_code";
        REQUESTED_EXPIRY RequestedExpiry = "requested_expiry";
        REQUEST Request = "request";
        RESOURCE Resource = "resource";
        DPOP_JKT DPoPKeyThumbprint = "dpop_jkt";
    }

    /// Values of `error` in a backchannel authentication response (CIBA).
    #[see("https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.13")]
    backchannel_authentication_request_errors BackchannelAuthenticationRequestErrors {
        INVALID_REQUEST_OBJECT InvalidRequestObject = "invalid_request_object";
        INVALID_REQUEST InvalidRequest = "invalid_request";
        INVALID_SCOPE InvalidScope = "invalid_scope";
        EXPIRED_LOGIN_HINT_TOKEN ExpiredLoginHintToken = "expired_login_hint_token";
        UNKNOWN_USER_ID UnknownUserId = "unknown_user_id";
        UNAUTHORIZED_CLIENT UnauthorizedClient = "unauthorized_client";
        MISSING_USER_CODE MissingUserCode = "missing_user_code";
        INVALID_USER_CODE InvalidUserCode = "invalid_user_code";
        INVALID_BINDING_MESSAGE InvalidBindingMessage = "invalid_binding_message";
        INVALID_CLIENT InvalidClient = "invalid_client";
        ACCESS_DENIED AccessDenied = "access_denied";
        INVALID_TARGET InvalidTarget = "invalid_target";
    }

    /// Values of `token_type` in a token request for proof-of-possession keys, from a draft that expired.
    #[see("https://datatracker.ietf.org/doc/html/draft-ietf-oauth-pop-key-distribution")]
    token_request_types TokenRequestTypes {
        BEARER Bearer = "bearer";
        POP Pop = "pop";
    }

    /// Values of `error` in a token response.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
        "https://www.rfc-editor.org/rfc/rfc8628#section-3.5",
        "https://www.rfc-editor.org/rfc/rfc8707#section-2",
        "https://www.rfc-editor.org/rfc/rfc9449#section-5",
        "https://www.rfc-editor.org/rfc/rfc9449#section-8",
        "https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.11",
    )]
    token_errors TokenErrors {
        INVALID_REQUEST InvalidRequest = "invalid_request";
        INVALID_CLIENT InvalidClient = "invalid_client";
        INVALID_GRANT InvalidGrant = "invalid_grant";
        UNAUTHORIZED_CLIENT UnauthorizedClient = "unauthorized_client";
        UNSUPPORTED_GRANT_TYPE UnsupportedGrantType = "unsupported_grant_type";
        UNSUPPORTED_RESPONSE_TYPE UnsupportedResponseType = "unsupported_response_type";
        INVALID_SCOPE InvalidScope = "invalid_scope";
        AUTHORIZATION_PENDING AuthorizationPending = "authorization_pending";
        ACCESS_DENIED AccessDenied = "access_denied";
        SLOW_DOWN SlowDown = "slow_down";
        EXPIRED_TOKEN ExpiredToken = "expired_token";
        INVALID_TARGET InvalidTarget = "invalid_target";
        INVALID_DPOP_PROOF InvalidDPoPProof = "invalid_dpop_proof";
        USE_DPOP_NONCE UseDPoPNonce = "use_dpop_nonce";
    } + {
        /// RFC 9396, section 8.
        INVALID_AUTHORIZATION_DETAILS InvalidAuthorizationDetails = "invalid_authorization_details";
    }

    /// Members of a token response, and the two values of `token_type`.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-5.1",
        "https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse",
        "https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1",
        "https://www.rfc-editor.org/rfc/rfc9449#section-5",
    )]
    token_response TokenResponse {
        ACCESS_TOKEN AccessToken = "access_token";
        EXPIRES_IN ExpiresIn = "expires_in";
        TOKEN_TYPE TokenType = "token_type";
        REFRESH_TOKEN RefreshToken = "refresh_token";
        ID_TOKEN IdentityToken = "id_token";
        ERROR Error = "error";
        ERROR_DESCRIPTION ErrorDescription = "error_description";
        /// A value of `token_type`.
        BEARER BearerTokenType = "Bearer";
        /// A value of `token_type`.
        DPOP DPoPTokenType = "DPoP";
        ISSUED_TOKEN_TYPE IssuedTokenType = "issued_token_type";
        SCOPE Scope = "scope";
    } + {
        /// RFC 6749, section 5.2.
        ERROR_URI ErrorUri = "error_uri";
        /// RFC 9396, section 7.
        AUTHORIZATION_DETAILS AuthorizationDetails = "authorization_details";
    }

    /// Members of a backchannel authentication response (CIBA).
    #[see("https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.7.3")]
    backchannel_authentication_response BackchannelAuthenticationResponse {
        AUTH_REQ_ID AuthenticationRequestId = "auth_req_id";
        EXPIRES_IN ExpiresIn = "expires_in";
        INTERVAL Interval = "interval";
    }

    /// Members of the response to a pushed authorization request.
    #[see("https://www.rfc-editor.org/rfc/rfc9126#section-2.2")]
    pushed_authorization_request_response PushedAuthorizationRequestResponse {
        EXPIRES_IN ExpiresIn = "expires_in";
        REQUEST_URI RequestUri = "request_uri";
    }

    /// Parameters of an introspection request; a revocation request has the same.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7662#section-2.1",
        "https://www.rfc-editor.org/rfc/rfc7009#section-2.1",
    )]
    token_introspection_request TokenIntrospectionRequest {
        TOKEN Token = "token";
        TOKEN_TYPE_HINT TokenTypeHint = "token_type_hint";
    }

    /// Members of a client registration response, besides the metadata of the client.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7591#section-3.2",
        "https://www.rfc-editor.org/rfc/rfc7592#section-3",
    )]
    registration_response RegistrationResponse {
        ERROR Error = "error";
        ERROR_DESCRIPTION ErrorDescription = "error_description";
        CLIENT_ID ClientId = "client_id";
        CLIENT_SECRET ClientSecret = "client_secret";
        REGISTRATION_ACCESS_TOKEN RegistrationAccessToken = "registration_access_token";
        REGISTRATION_CLIENT_URI RegistrationClientUri = "registration_client_uri";
        CLIENT_ID_ISSUED_AT ClientIdIssuedAt = "client_id_issued_at";
        CLIENT_SECRET_EXPIRES_AT ClientSecretExpiresAt = "client_secret_expires_at";
        SOFTWARE_STATEMENT SoftwareStatement = "software_statement";
    }

    /// Members of the metadata of a client, as it is registered.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7591#section-2",
        "https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata",
        "https://www.rfc-editor.org/rfc/rfc9449#section-5.2",
        "https://www.rfc-editor.org/rfc/rfc9701#section-6",
    )]
    client_metadata ClientMetadata {
        REDIRECT_URIS RedirectUris = "redirect_uris";
        RESPONSE_TYPES ResponseTypes = "response_types";
        GRANT_TYPES GrantTypes = "grant_types";
        APPLICATION_TYPE ApplicationType = "application_type";
        CONTACTS Contacts = "contacts";
        CLIENT_NAME ClientName = "client_name";
        LOGO_URI LogoUri = "logo_uri";
        CLIENT_URI ClientUri = "client_uri";
        POLICY_URI PolicyUri = "policy_uri";
        TOS_URI TosUri = "tos_uri";
        JWKS_URI JwksUri = "jwks_uri";
        JWKS Jwks = "jwks";
        SECTOR_IDENTIFIER_URI SectorIdentifierUri = "sector_identifier_uri";
        SCOPE Scope = "scope";
        POST_LOGOUT_REDIRECT_URIS PostLogoutRedirectUris = "post_logout_redirect_uris";
        FRONTCHANNEL_LOGOUT_URI FrontChannelLogoutUri = "frontchannel_logout_uri";
        FRONTCHANNEL_LOGOUT_SESSION_REQUIRED FrontChannelLogoutSessionRequired = "frontchannel_logout_session_required";
        BACKCHANNEL_LOGOUT_URI BackchannelLogoutUri = "backchannel_logout_uri";
        BACKCHANNEL_LOGOUT_SESSION_REQUIRED BackchannelLogoutSessionRequired = "backchannel_logout_session_required";
        SOFTWARE_ID SoftwareId = "software_id";
        SOFTWARE_STATEMENT SoftwareStatement = "software_statement";
        SOFTWARE_VERSION SoftwareVersion = "software_version";
        SUBJECT_TYPE SubjectType = "subject_type";
        TOKEN_ENDPOINT_AUTH_METHOD TokenEndpointAuthenticationMethod = "token_endpoint_auth_method";
        TOKEN_ENDPOINT_AUTH_SIGNING_ALG TokenEndpointAuthenticationSigningAlgorithm = "token_endpoint_auth_signing_alg";
        DEFAULT_MAX_AGE DefaultMaxAge = "default_max_age";
        REQUIRE_AUTH_TIME RequireAuthenticationTime = "require_auth_time";
        DEFAULT_ACR_VALUES DefaultAcrValues = "default_acr_values";
        INITIATE_LOGIN_URI InitiateLoginUri = "initiate_login_uri";
        REQUEST_URIS RequestUris = "request_uris";
        ID_TOKEN_SIGNED_RESPONSE_ALG IdentityTokenSignedResponseAlgorithm = "id_token_signed_response_alg";
        ID_TOKEN_ENCRYPTED_RESPONSE_ALG IdentityTokenEncryptedResponseAlgorithm = "id_token_encrypted_response_alg";
        ID_TOKEN_ENCRYPTED_RESPONSE_ENC IdentityTokenEncryptedResponseEncryption = "id_token_encrypted_response_enc";
        USERINFO_SIGNED_RESPONSE_ALG UserinfoSignedResponseAlgorithm = "userinfo_signed_response_alg";
        USERINFO_ENCRYPTED_RESPONSE_ALG UserInfoEncryptedResponseAlgorithm = "userinfo_encrypted_response_alg";
        USERINFO_ENCRYPTED_RESPONSE_ENC UserinfoEncryptedResponseEncryption = "userinfo_encrypted_response_enc";
        REQUEST_OBJECT_SIGNING_ALG RequestObjectSigningAlgorithm = "request_object_signing_alg";
        REQUEST_OBJECT_ENCRYPTION_ALG RequestObjectEncryptionAlgorithm = "request_object_encryption_alg";
        REQUEST_OBJECT_ENCRYPTION_ENC RequestObjectEncryptionEncryption = "request_object_encryption_enc";
        REQUIRE_SIGNED_REQUEST_OBJECT RequireSignedRequestObject = "require_signed_request_object";
        DPOP_BOUND_ACCESS_TOKENS AlwaysUseDPoPBoundAccessTokens = "dpop_bound_access_tokens";
        INTROSPECTION_SIGNED_RESPONSE_ALG IntrospectionSignedResponseAlgorithm = "introspection_signed_response_alg";
        INTROSPECTION_ENCRYPTED_RESPONSE_ALG IntrospectionEncryptedResponseAlgorithm
            = "introspection_encrypted_response_alg";
        INTROSPECTION_ENCRYPTED_RESPONSE_ENC IntrospectionEncryptedResponseEncryption
            = "introspection_encrypted_response_enc";
    } + {
        /// RFC 8705, section 3.4.
        TLS_CLIENT_CERTIFICATE_BOUND_ACCESS_TOKENS TlsClientCertificateBoundAccessTokens
            = "tls_client_certificate_bound_access_tokens";
        /// RFC 8705, section 2.1.2.
        TLS_CLIENT_AUTH_SUBJECT_DN TlsClientAuthSubjectDn = "tls_client_auth_subject_dn";
        /// RFC 8705, section 2.1.2.
        TLS_CLIENT_AUTH_SAN_DNS TlsClientAuthSanDns = "tls_client_auth_san_dns";
        /// RFC 8705, section 2.1.2.
        TLS_CLIENT_AUTH_SAN_URI TlsClientAuthSanUri = "tls_client_auth_san_uri";
        /// RFC 8705, section 2.1.2.
        TLS_CLIENT_AUTH_SAN_IP TlsClientAuthSanIp = "tls_client_auth_san_ip";
        /// RFC 8705, section 2.1.2.
        TLS_CLIENT_AUTH_SAN_EMAIL TlsClientAuthSanEmail = "tls_client_auth_san_email";
        /// RFC 9126, section 6.
        REQUIRE_PUSHED_AUTHORIZATION_REQUESTS RequirePushedAuthorizationRequests
            = "require_pushed_authorization_requests";
        /// RFC 9396, section 10.
        AUTHORIZATION_DETAILS_TYPES AuthorizationDetailsTypes = "authorization_details_types";
        /// CIBA, section 4.
        BACKCHANNEL_TOKEN_DELIVERY_MODE BackchannelTokenDeliveryMode = "backchannel_token_delivery_mode";
        /// CIBA, section 4.
        BACKCHANNEL_CLIENT_NOTIFICATION_ENDPOINT BackchannelClientNotificationEndpoint
            = "backchannel_client_notification_endpoint";
        /// CIBA, section 4.
        BACKCHANNEL_AUTHENTICATION_REQUEST_SIGNING_ALG BackchannelAuthenticationRequestSigningAlg
            = "backchannel_authentication_request_signing_alg";
        /// CIBA, section 4.
        BACKCHANNEL_USER_CODE_PARAMETER BackchannelUserCodeParameter = "backchannel_user_code_parameter";
    }

    /// Values of `token_type_hint` for introspection and revocation.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7009#section-4.1.2",
        "https://www.rfc-editor.org/rfc/rfc7662#section-2.1",
    )]
    token_types TokenTypes {
        ACCESS_TOKEN AccessToken = "access_token";
        /// Not a registered hint.
        ID_TOKEN IdentityToken = "id_token";
        REFRESH_TOKEN RefreshToken = "refresh_token";
    }

    /// Values of `subject_token_type`, `actor_token_type`, `requested_token_type` and `issued_token_type`.
    #[see("https://www.rfc-editor.org/rfc/rfc8693#section-3")]
    token_type_identifiers TokenTypeIdentifiers {
        ACCESS_TOKEN AccessToken = "urn:ietf:params:oauth:token-type:access_token";
        IDENTITY_TOKEN IdentityToken = "urn:ietf:params:oauth:token-type:id_token";
        REFRESH_TOKEN RefreshToken = "urn:ietf:params:oauth:token-type:refresh_token";
        SAML11 Saml11 = "urn:ietf:params:oauth:token-type:saml1";
        SAML2 Saml2 = "urn:ietf:params:oauth:token-type:saml2";
        JWT Jwt = "urn:ietf:params:oauth:token-type:jwt";
    }

    /// How an access token is sent: schemes of the `Authorization` header, and names of parameters.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6750#section-2",
        "https://www.rfc-editor.org/rfc/rfc9449#section-7.1",
    )]
    authentication_schemes AuthenticationSchemes {
        /// Scheme of the header.
        AUTHORIZATION_HEADER_BEARER AuthorizationHeaderBearer = "Bearer";
        /// Scheme of the header.
        AUTHORIZATION_HEADER_DPOP AuthorizationHeaderDPoP = "DPoP";
        /// Parameter of the body.
        FORM_POST_BEARER FormPostBearer = "access_token";
        /// Parameter of the query. Leaks into logs and histories: RFC 9700, section 4.3.2, forbids it.
        QUERY_STRING_BEARER QueryStringBearer = "access_token";
        /// From an expired draft.
        AUTHORIZATION_HEADER_POP AuthorizationHeaderPop = "PoP";
        /// From an expired draft.
        FORM_POST_POP FormPostPop = "pop_access_token";
        /// From an expired draft.
        QUERY_STRING_POP QueryStringPop = "pop_access_token";
    }

    /// Values of `grant_type`.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-4",
        "https://www.rfc-editor.org/rfc/rfc7522#section-2.1",
        "https://www.rfc-editor.org/rfc/rfc7523#section-2.1",
        "https://www.rfc-editor.org/rfc/rfc8628#section-3.4",
        "https://www.rfc-editor.org/rfc/rfc8693#section-2.1",
        "https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.10.1",
    )]
    grant_types GrantTypes {
        /// RFC 9700, section 2.4: must not be used.
        PASSWORD Password = "password";
        AUTHORIZATION_CODE AuthorizationCode = "authorization_code";
        CLIENT_CREDENTIALS ClientCredentials = "client_credentials";
        REFRESH_TOKEN RefreshToken = "refresh_token";
        /// A value of `grant_types` in metadata only. RFC 9700, section 2.1.2: should not be used.
        IMPLICIT Implicit = "implicit";
        SAML2_BEARER Saml2Bearer = "urn:ietf:params:oauth:grant-type:saml2-bearer";
        JWT_BEARER JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        DEVICE_CODE DeviceCode = "urn:ietf:params:oauth:grant-type:device_code";
        TOKEN_EXCHANGE TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
        CIBA Ciba = "urn:openid:params:grant-type:ciba";
    }

    /// Values of `client_assertion_type`.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7521#section-4.2",
        "https://www.rfc-editor.org/rfc/rfc7522#section-2.2",
        "https://www.rfc-editor.org/rfc/rfc7523#section-2.2",
    )]
    client_assertion_types ClientAssertionTypes {
        JWT_BEARER JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        SAML_BEARER SamlBearer = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    }

    /// Values of `response_type`.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1",
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html",
    )]
    response_types ResponseTypes {
        CODE Code = "code";
        /// An access token in the URL; never requested by this library.
        TOKEN Token = "token";
        ID_TOKEN IdToken = "id_token";
        /// An access token in the URL; never requested by this library.
        ID_TOKEN_TOKEN IdTokenToken = "id_token token";
        CODE_ID_TOKEN CodeIdToken = "code id_token";
        /// An access token in the URL; never requested by this library.
        CODE_TOKEN CodeToken = "code token";
        /// An access token in the URL; never requested by this library.
        CODE_ID_TOKEN_TOKEN CodeIdTokenToken = "code id_token token";
    } + {
        /// OAuth 2.0 Multiple Response Types, section 4.
        NONE None = "none";
    }

    /// Values of `response_mode`.
    #[see(
        "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes",
        "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html",
        "https://openid.net/specs/oauth-v2-jarm.html",
    )]
    response_modes ResponseModes {
        FORM_POST FormPost = "form_post";
        QUERY Query = "query";
        FRAGMENT Fragment = "fragment";
    } + {
        /// JARM, section 2.3.4.
        JWT Jwt = "jwt";
        /// JARM, section 2.3.1.
        QUERY_JWT QueryJwt = "query.jwt";
        /// JARM, section 2.3.2.
        FRAGMENT_JWT FragmentJwt = "fragment.jwt";
        /// JARM, section 2.3.3.
        FORM_POST_JWT FormPostJwt = "form_post.jwt";
    }

    /// Values of `display`.
    #[see("https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest")]
    display_modes DisplayModes {
        PAGE Page = "page";
        POPUP Popup = "popup";
        TOUCH Touch = "touch";
        WAP Wap = "wap";
    }

    /// Values of `prompt`.
    #[see(
        "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
        "https://openid.net/specs/openid-connect-prompt-create-1_0.html",
    )]
    prompt_modes PromptModes {
        NONE None = "none";
        LOGIN Login = "login";
        CONSENT Consent = "consent";
        SELECT_ACCOUNT SelectAccount = "select_account";
        CREATE Create = "create";
    }

    /// Values of `code_challenge_method`.
    #[see("https://www.rfc-editor.org/rfc/rfc7636#section-4.2")]
    code_challenge_methods CodeChallengeMethods {
        /// Protects nothing from whoever reads the request; never used by this library.
        PLAIN Plain = "plain";
        S256 Sha256 = "S256";
    }

    /// Values of `error` in the `WWW-Authenticate` header of a protected resource.
    #[see("https://www.rfc-editor.org/rfc/rfc6750#section-3.1")]
    protected_resource_errors ProtectedResourceErrors {
        INVALID_TOKEN InvalidToken = "invalid_token";
        /// Not registered for this place; `invalid_token` covers it.
        EXPIRED_TOKEN ExpiredToken = "expired_token";
        INVALID_REQUEST InvalidRequest = "invalid_request";
        INSUFFICIENT_SCOPE InsufficientScope = "insufficient_scope";
    } + {
        /// RFC 9470, section 3.
        INSUFFICIENT_USER_AUTHENTICATION InsufficientUserAuthentication = "insufficient_user_authentication";
        /// RFC 9449, section 7.1.
        INVALID_DPOP_PROOF InvalidDPoPProof = "invalid_dpop_proof";
        /// RFC 9449, section 9.
        USE_DPOP_NONCE UseDPoPNonce = "use_dpop_nonce";
    }

    /// How a client authenticates: values of `token_endpoint_auth_method`.
    #[see(
        "https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication",
        "https://www.rfc-editor.org/rfc/rfc7591#section-2",
        "https://www.rfc-editor.org/rfc/rfc8705#section-2",
    )]
    endpoint_authentication_methods EndpointAuthenticationMethods {
        CLIENT_SECRET_POST PostBody = "client_secret_post";
        CLIENT_SECRET_BASIC BasicAuthentication = "client_secret_basic";
        PRIVATE_KEY_JWT PrivateKeyJwt = "private_key_jwt";
        TLS_CLIENT_AUTH TlsClientAuth = "tls_client_auth";
        SELF_SIGNED_TLS_CLIENT_AUTH SelfSignedTlsClientAuth = "self_signed_tls_client_auth";
    } + {
        /// OpenID Connect Core, section 9.
        CLIENT_SECRET_JWT ClientSecretJwt = "client_secret_jwt";
        /// A public client. RFC 7591, section 2.
        NONE None = "none";
    }

    /// Values in the claim `amr`: how the end-user was authenticated.
    #[see("https://www.rfc-editor.org/rfc/rfc8176#section-2")]
    authentication_methods AuthenticationMethods {
        /// Face.
        FACE FacialRecognition = "face";
        /// Fingerprint.
        FPT FingerprintBiometric = "fpt";
        /// Where the end-user is.
        GEO Geolocation = "geo";
        /// A key in hardware.
        HWK ProofOfPossessionHardwareSecuredKey = "hwk";
        /// Iris.
        IRIS IrisScanBiometric = "iris";
        /// Answers that only the end-user knows.
        KBA KnowledgeBasedAuthentication = "kba";
        /// More than one channel, such as a call besides the page.
        MCA MultipleChannelAuthentication = "mca";
        /// More than one factor.
        MFA MultiFactorAuthentication = "mfa";
        /// A password for one use.
        OTP OneTimePassword = "otp";
        /// A PIN, or a pattern that unlocks a device.
        PIN PersonalIdentificationOrPattern = "pin";
        /// A key, without saying where it is kept.
        POP ProofOfPossessionKey = "pop";
        /// A password.
        PWD Password = "pwd";
        /// An assessment of the risk.
        RBA RiskBasedAuthentication = "rba";
        /// Retina.
        RETINA RetinaScanBiometric = "retina";
        /// A smart card.
        SC SmartCard = "sc";
        /// A text message to a known number.
        SMS ConfirmationBySms = "sms";
        /// A key in software.
        SWK ProofOfPossessionSoftwareSecuredKey = "swk";
        /// A call to a known number.
        TEL ConfirmationByTelephone = "tel";
        /// Somebody was there.
        USER UserPresenceTest = "user";
        /// Voice.
        VBM VoiceBiometric = "vbm";
        /// Sign-in of Windows.
        WIA WindowsIntegratedAuthentication = "wia";
    }

    /// The algorithm of a JWT that is not signed; see also `SymmetricAlgorithms` and `AsymmetricAlgorithms`.
    #[see("https://www.rfc-editor.org/rfc/rfc7518#section-3.6")]
    algorithms Algorithms {
        /// No signature; never accepted by this library.
        NONE None = "none";
    }

    /// Signature algorithms with a shared secret.
    #[see("https://www.rfc-editor.org/rfc/rfc7518#section-3.2")]
    symmetric_algorithms SymmetricAlgorithms {
        HS256 HS256 = "HS256";
        HS384 HS384 = "HS384";
        HS512 HS512 = "HS512";
    }

    /// Signature algorithms with a key pair.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7518#section-3.1",
        "https://www.rfc-editor.org/rfc/rfc8037#section-3.1",
        "https://www.rfc-editor.org/rfc/rfc9864#section-2.2",
    )]
    asymmetric_algorithms AsymmetricAlgorithms {
        RS256 RS256 = "RS256";
        RS384 RS384 = "RS384";
        RS512 RS512 = "RS512";
        ES256 ES256 = "ES256";
        ES384 ES384 = "ES384";
        ES512 ES512 = "ES512";
        PS256 PS256 = "PS256";
        PS384 PS384 = "PS384";
        PS512 PS512 = "PS512";
    } + {
        /// RFC 8037, section 3.1.
        EDDSA EdDSA = "EdDSA";
        /// RFC 9864, section 2.2: the same with a name that says the curve.
        ED25519 Ed25519 = "Ed25519";
    }

    /// Members of the metadata of a provider, and the path that the metadata has.
    #[see(
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata",
        "https://www.rfc-editor.org/rfc/rfc8414#section-2",
    )]
    discovery Discovery {
        ISSUER Issuer = "issuer";
        AUTHORIZATION_ENDPOINT AuthorizationEndpoint = "authorization_endpoint";
        DEVICE_AUTHORIZATION_ENDPOINT DeviceAuthorizationEndpoint = "device_authorization_endpoint";
        TOKEN_ENDPOINT TokenEndpoint = "token_endpoint";
        USERINFO_ENDPOINT UserInfoEndpoint = "userinfo_endpoint";
        INTROSPECTION_ENDPOINT IntrospectionEndpoint = "introspection_endpoint";
        REVOCATION_ENDPOINT RevocationEndpoint = "revocation_endpoint";
        /// The path, after the issuer and a `/`.
        DISCOVERY_ENDPOINT DiscoveryEndpoint = ".well-known/openid-configuration";
        JWKS_URI JwksUri = "jwks_uri";
        END_SESSION_ENDPOINT EndSessionEndpoint = "end_session_endpoint";
        CHECK_SESSION_IFRAME CheckSessionIframe = "check_session_iframe";
        REGISTRATION_ENDPOINT RegistrationEndpoint = "registration_endpoint";
        MTLS_ENDPOINT_ALIASES MtlsEndpointAliases = "mtls_endpoint_aliases";
        PUSHED_AUTHORIZATION_REQUEST_ENDPOINT PushedAuthorizationRequestEndpoint
            = "pushed_authorization_request_endpoint";
        FRONTCHANNEL_LOGOUT_SUPPORTED FrontChannelLogoutSupported = "frontchannel_logout_supported";
        FRONTCHANNEL_LOGOUT_SESSION_SUPPORTED FrontChannelLogoutSessionSupported
            = "frontchannel_logout_session_supported";
        BACKCHANNEL_LOGOUT_SUPPORTED BackChannelLogoutSupported = "backchannel_logout_supported";
        BACKCHANNEL_LOGOUT_SESSION_SUPPORTED BackChannelLogoutSessionSupported = "backchannel_logout_session_supported";
        GRANT_TYPES_SUPPORTED GrantTypesSupported = "grant_types_supported";
        CODE_CHALLENGE_METHODS_SUPPORTED CodeChallengeMethodsSupported = "code_challenge_methods_supported";
        SCOPES_SUPPORTED ScopesSupported = "scopes_supported";
        SUBJECT_TYPES_SUPPORTED SubjectTypesSupported = "subject_types_supported";
        RESPONSE_MODES_SUPPORTED ResponseModesSupported = "response_modes_supported";
        RESPONSE_TYPES_SUPPORTED ResponseTypesSupported = "response_types_supported";
        CLAIMS_SUPPORTED ClaimsSupported = "claims_supported";
        TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED TokenEndpointAuthenticationMethodsSupported
            = "token_endpoint_auth_methods_supported";
        CLAIMS_LOCALES_SUPPORTED ClaimsLocalesSupported = "claims_locales_supported";
        CLAIMS_PARAMETER_SUPPORTED ClaimsParameterSupported = "claims_parameter_supported";
        CLAIM_TYPES_SUPPORTED ClaimTypesSupported = "claim_types_supported";
        DISPLAY_VALUES_SUPPORTED DisplayValuesSupported = "display_values_supported";
        ACR_VALUES_SUPPORTED AcrValuesSupported = "acr_values_supported";
        ID_TOKEN_ENCRYPTION_ALG_VALUES_SUPPORTED IdTokenEncryptionAlgorithmsSupported
            = "id_token_encryption_alg_values_supported";
        ID_TOKEN_ENCRYPTION_ENC_VALUES_SUPPORTED IdTokenEncryptionEncValuesSupported
            = "id_token_encryption_enc_values_supported";
        ID_TOKEN_SIGNING_ALG_VALUES_SUPPORTED IdTokenSigningAlgorithmsSupported
            = "id_token_signing_alg_values_supported";
        OP_POLICY_URI OpPolicyUri = "op_policy_uri";
        OP_TOS_URI OpTosUri = "op_tos_uri";
        REQUEST_OBJECT_ENCRYPTION_ALG_VALUES_SUPPORTED RequestObjectEncryptionAlgorithmsSupported
            = "request_object_encryption_alg_values_supported";
        REQUEST_OBJECT_ENCRYPTION_ENC_VALUES_SUPPORTED RequestObjectEncryptionEncValuesSupported
            = "request_object_encryption_enc_values_supported";
        REQUEST_OBJECT_SIGNING_ALG_VALUES_SUPPORTED RequestObjectSigningAlgorithmsSupported
            = "request_object_signing_alg_values_supported";
        REQUEST_PARAMETER_SUPPORTED RequestParameterSupported = "request_parameter_supported";
        REQUEST_URI_PARAMETER_SUPPORTED RequestUriParameterSupported = "request_uri_parameter_supported";
        REQUIRE_REQUEST_URI_REGISTRATION RequireRequestUriRegistration = "require_request_uri_registration";
        SERVICE_DOCUMENTATION ServiceDocumentation = "service_documentation";
        TOKEN_ENDPOINT_AUTH_SIGNING_ALG_VALUES_SUPPORTED TokenEndpointAuthSigningAlgorithmsSupported
            = "token_endpoint_auth_signing_alg_values_supported";
        UI_LOCALES_SUPPORTED UILocalesSupported = "ui_locales_supported";
        USERINFO_ENCRYPTION_ALG_VALUES_SUPPORTED UserInfoEncryptionAlgorithmsSupported
            = "userinfo_encryption_alg_values_supported";
        USERINFO_ENCRYPTION_ENC_VALUES_SUPPORTED UserInfoEncryptionEncValuesSupported
            = "userinfo_encryption_enc_values_supported";
        USERINFO_SIGNING_ALG_VALUES_SUPPORTED UserInfoSigningAlgorithmsSupported
            = "userinfo_signing_alg_values_supported";
        TLS_CLIENT_CERTIFICATE_BOUND_ACCESS_TOKENS TlsClientCertificateBoundAccessTokens
            = "tls_client_certificate_bound_access_tokens";
        AUTHORIZATION_RESPONSE_ISS_PARAMETER_SUPPORTED AuthorizationResponseIssParameterSupported
            = "authorization_response_iss_parameter_supported";
        PROMPT_VALUES_SUPPORTED PromptValuesSupported = "prompt_values_supported";
        INTROSPECTION_SIGNING_ALG_VALUES_SUPPORTED IntrospectionSigningAlgorithmsSupported
            = "introspection_signing_alg_values_supported";
        INTROSPECTION_ENCRYPTION_ALG_VALUES_SUPPORTED IntrospectionEncryptionAlgorithmsSupported
            = "introspection_encryption_alg_values_supported";
        INTROSPECTION_ENCRYPTION_ENC_VALUES_SUPPORTED IntrospectionEncryptionEncValuesSupported
            = "introspection_encryption_enc_values_supported";
        REVOCATION_ENDPOINT_AUTH_METHODS_SUPPORTED RevocationEndpointAuthenticationMethodsSupported
            = "revocation_endpoint_auth_methods_supported";
        REVOCATION_ENDPOINT_AUTH_SIGNING_ALG_VALUES_SUPPORTED RevocationEndpointAuthenticationSigningAlgorithmsSupported
            = "revocation_endpoint_auth_signing_alg_values_supported";
        INTROSPECTION_ENDPOINT_AUTH_METHODS_SUPPORTED IntrospectionEndpointAuthenticationMethodsSupported
            = "introspection_endpoint_auth_methods_supported";
        INTROSPECTION_ENDPOINT_AUTH_SIGNING_ALG_VALUES_SUPPORTED
            IntrospectionEndpointAuthenticationSigningAlgorithmsSupported
            = "introspection_endpoint_auth_signing_alg_values_supported";
        SIGNED_METADATA SignedMetadata = "signed_metadata";
        REQUIRE_SIGNED_REQUEST_OBJECT RequireSignedRequestObject = "require_signed_request_object";
        REQUIRE_PUSHED_AUTHORIZATION_REQUESTS RequirePushedAuthorizationRequests
            = "require_pushed_authorization_requests";
        BACKCHANNEL_TOKEN_DELIVERY_MODES_SUPPORTED BackchannelTokenDeliveryModesSupported
            = "backchannel_token_delivery_modes_supported";
        BACKCHANNEL_AUTHENTICATION_ENDPOINT BackchannelAuthenticationEndpoint = "backchannel_authentication_endpoint";
        BACKCHANNEL_AUTHENTICATION_REQUEST_SIGNING_ALG_VALUES_SUPPORTED
            BackchannelAuthenticationRequestSigningAlgValuesSupported
            = "backchannel_authentication_request_signing_alg_values_supported";
        BACKCHANNEL_USER_CODE_PARAMETER_SUPPORTED BackchannelUserCodeParameterSupported
            = "backchannel_user_code_parameter_supported";
        AUTHORIZATION_DETAILS_TYPES_SUPPORTED AuthorizationDetailsTypesSupported
            = "authorization_details_types_supported";
        DPOP_SIGNING_ALG_VALUES_SUPPORTED DPoPSigningAlgorithmsSupported = "dpop_signing_alg_values_supported";
    } + {
        /// RFC 9728, section 4.
        PROTECTED_RESOURCES ProtectedResources = "protected_resources";
    }

    /// Values of `backchannel_token_delivery_mode` (CIBA).
    #[see("https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.5")]
    backchannel_token_delivery_modes BackchannelTokenDeliveryModes {
        POLL Poll = "poll";
        PING Ping = "ping";
        PUSH Push = "push";
    }

    /// Members of the claim `events`.
    #[see("https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken")]
    events Events {
        BACK_CHANNEL_LOGOUT BackChannelLogout = "http://schemas.openid.net/event/backchannel-logout";
    }

    /// Parameters of a back-channel logout request.
    #[see("https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest")]
    back_channel_logout_request BackChannelLogoutRequest {
        LOGOUT_TOKEN LogoutToken = "logout_token";
    }

    /// Words of `scope` that OpenID Connect defines.
    #[see(
        "https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest",
        "https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims",
        "https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess",
    )]
    standard_scopes StandardScopes {
        /// Makes the request one of OpenID Connect; without it there is no ID Token.
        OPENID OpenId = "openid";
        /// Asks for the claims that describe a person, such as `name` and `picture`.
        PROFILE Profile = "profile";
        /// Asks for `email` and `email_verified`.
        EMAIL Email = "email";
        /// Asks for `address`.
        ADDRESS Address = "address";
        /// Asks for `phone_number` and `phone_number_verified`.
        PHONE Phone = "phone";
        /// Asks for a refresh token that outlives the session at the provider.
        OFFLINE_ACCESS OfflineAccess = "offline_access";
    }

    /// Header fields of DPoP.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc9449#section-4.1",
        "https://www.rfc-editor.org/rfc/rfc9449#section-8.1",
    )]
    http_headers HttpHeaders {
        DPOP DPoP = "DPoP";
        DPOP_NONCE DPoPNonce = "DPoP-Nonce";
    }

    /// Names of claims, and of a few header parameters.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7519#section-4.1",
        "https://openid.net/specs/openid-connect-core-1_0.html#IDToken",
        "https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims",
        "https://www.iana.org/assignments/jwt/jwt.xhtml",
    )]
    jwt_claim_types JwtClaimTypes {
        /// Who this is about: unique at the issuer, never reassigned.
        SUB Subject = "sub";
        /// Full name, as it is displayed.
        NAME Name = "name";
        /// Given names.
        GIVEN_NAME GivenName = "given_name";
        /// Family names.
        FAMILY_NAME FamilyName = "family_name";
        /// Middle names.
        MIDDLE_NAME MiddleName = "middle_name";
        /// Casual name.
        NICKNAME NickName = "nickname";
        /// Name the end-user likes to be called by; neither unique nor stable.
        PREFERRED_USERNAME PreferredUserName = "preferred_username";
        /// URL of the profile page.
        PROFILE Profile = "profile";
        /// URL of the picture.
        PICTURE Picture = "picture";
        /// URL of a page or blog.
        WEBSITE WebSite = "website";
        /// E-mail address; not necessarily unique.
        EMAIL Email = "email";
        /// Whether the e-mail address was verified; a boolean.
        EMAIL_VERIFIED EmailVerified = "email_verified";
        /// Gender.
        GENDER Gender = "gender";
        /// `YYYY-MM-DD`, or `YYYY`; year `0000` if it is withheld.
        BIRTHDATE BirthDate = "birthdate";
        /// Time zone, such as `Europe/Paris`.
        ZONEINFO ZoneInfo = "zoneinfo";
        /// Language tag, such as `en-US`.
        LOCALE Locale = "locale";
        /// Telephone number, by preference as in E.164.
        PHONE_NUMBER PhoneNumber = "phone_number";
        /// Whether the number was verified; a boolean.
        PHONE_NUMBER_VERIFIED PhoneNumberVerified = "phone_number_verified";
        /// Postal address; a JSON object.
        ADDRESS Address = "address";
        /// For whom the token is: one text or a list.
        AUD Audience = "aud";
        /// Who made the token.
        ISS Issuer = "iss";
        /// Not valid before; seconds since 1970.
        NBF NotBefore = "nbf";
        /// Not valid from here on; seconds since 1970.
        EXP Expiration = "exp";
        /// Last change of the profile; seconds since 1970.
        UPDATED_AT UpdatedAt = "updated_at";
        /// When the token was made; seconds since 1970.
        IAT IssuedAt = "iat";
        /// How the end-user was authenticated; a list of `AuthenticationMethods`.
        AMR AuthenticationMethod = "amr";
        /// Session at the provider.
        SID SessionId = "sid";
        /// Which class of authentication was reached.
        ACR AuthenticationContextClassReference = "acr";
        /// When the end-user was authenticated; seconds since 1970.
        AUTH_TIME AuthenticationTime = "auth_time";
        /// Client that the ID Token was made for.
        AZP AuthorizedParty = "azp";
        /// Hash of the access token.
        AT_HASH AccessTokenHash = "at_hash";
        /// Hash of the code.
        C_HASH AuthorizationCodeHash = "c_hash";
        /// Hash of `state`. From FAPI 1.0, part 2.
        S_HASH StateHash = "s_hash";
        /// The `nonce` of the request.
        NONCE Nonce = "nonce";
        /// Identifier of the token.
        JTI JwtId = "jti";
        /// What happened; a JSON object with members of `Events`.
        EVENTS Events = "events";
        /// Client that the token was made for.
        CLIENT_ID ClientId = "client_id";
        /// Words divided by spaces.
        SCOPE Scope = "scope";
        /// Who acts for the subject; a JSON object.
        ACT Actor = "act";
        /// Who may act for the subject; a JSON object.
        MAY_ACT MayAct = "may_act";
        /// Not registered.
        ID Id = "id";
        /// Where the end-user was authenticated. Not registered.
        IDP IdentityProvider = "idp";
        /// Not registered.
        ROLE Role = "role";
        /// Roles at the resource; RFC 9068, section 2.2.3.1.
        ROLES Roles = "roles";
        /// Not registered.
        REFERENCE_TOKEN_ID ReferenceTokenId = "reference_token_id";
        /// Key that the token is bound to; a JSON object with members of `ConfirmationMethods`.
        CNF Confirmation = "cnf";
        /// Header parameter: how the token is signed.
        ALG Algorithm = "alg";
        /// Header parameter: the public key.
        JWK JsonWebKey = "jwk";
        /// Header parameter: one of `JwtTypes`.
        TYP TokenType = "typ";
        /// DPoP proof: method of the request.
        HTM DPoPHttpMethod = "htm";
        /// DPoP proof: URL of the request, without query and fragment.
        HTU DPoPHttpUrl = "htu";
        /// DPoP proof: hash of the access token.
        ATH DPoPAccessTokenHash = "ath";
    } + {
        /// Groups at the resource; RFC 9068, section 2.2.3.1.
        GROUPS Groups = "groups";
        /// Entitlements at the resource; RFC 9068, section 2.2.3.1.
        ENTITLEMENTS Entitlements = "entitlements";
        /// What was granted in detail; RFC 9396, section 9.1.
        AUTHORIZATION_DETAILS AuthorizationDetails = "authorization_details";
        /// The introspection response in its JWT; RFC 9701, section 5.
        TOKEN_INTROSPECTION TokenIntrospection = "token_introspection";
    }

    /// Values of the header parameter `typ`: what kind of JWT it is.
    #[see("https://www.rfc-editor.org/rfc/rfc8725#section-3.11")]
    jwt_types JwtTypes {
        /// RFC 9068, section 2.1.
        AT_JWT AccessToken = "at+jwt";
        /// RFC 9101, section 10.8.
        OAUTH_AUTHZ_REQ_JWT AuthorizationRequest = "oauth-authz-req+jwt";
        /// RFC 9449, section 4.2.
        DPOP_JWT DPoPProofToken = "dpop+jwt";
        /// RFC 9701, section 5.
        TOKEN_INTROSPECTION_JWT IntrospectionJwtResponse = "token-introspection+jwt";
        /// A client assertion; from the draft that renews RFC 7523.
        CLIENT_AUTHENTICATION_JWT ClientAuthentication = "client-authentication+jwt";
    } + {
        /// Back-Channel Logout, section 2.4.
        LOGOUT_JWT LogoutToken = "logout+jwt";
        /// Any JWT; RFC 7519, section 5.1.
        JWT Jwt = "JWT";
    }

    /// Members of the claim `cnf`: the key that a token is bound to.
    #[see("https://www.rfc-editor.org/rfc/rfc7800#section-3.1")]
    confirmation_methods ConfirmationMethods {
        /// The key itself; RFC 7800, section 3.2.
        JWK JsonWebKey = "jwk";
        /// Thumbprint of the key of DPoP; RFC 9449, section 6.1.
        JKT JwkThumbprint = "jkt";
        /// Thumbprint of the client certificate; RFC 8705, section 3.1.
        X5T_S256 X509ThumbprintSha256 = "x5t#S256";
    }

    /// Marks for claims whose value is JSON rather than text, as .NET has them; not sent anywhere.
    #[see("https://www.rfc-editor.org/rfc/rfc8259#section-3")]
    json_claim_value_types JsonClaimValueTypes {
        JSON Json = "JSON";
        JSON_ARRAY JsonArray = "JSON_ARRAY";
        JSON_NULL JsonNull = "JSON_NULL";
    }

    /// Members of a JSON Web Key, and `keys` of a set.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7517#section-4",
        "https://www.rfc-editor.org/rfc/rfc7517#section-5.1",
        "https://www.rfc-editor.org/rfc/rfc7518#section-6",
    )]
    json_web_key_parameter_names JsonWebKeyParameterNames {
        ALG Alg = "alg";
        CRV Crv = "crv";
        D D = "d";
        DP DP = "dp";
        DQ DQ = "dq";
        E E = "e";
        K K = "k";
        KEY_OPS KeyOps = "key_ops";
        KEYS Keys = "keys";
        KID Kid = "kid";
        KTY Kty = "kty";
        N N = "n";
        OTH Oth = "oth";
        P P = "p";
        Q Q = "q";
        /// Within `oth`; RFC 7518, section 6.3.2.7.
        R R = "r";
        /// Within `oth`; RFC 7518, section 6.3.2.7.
        T T = "t";
        QI QI = "qi";
        USE Use = "use";
        X X = "x";
        X5C X5c = "x5c";
        X5T X5t = "x5t";
        X5T_S256 X5tS256 = "x5t#S256";
        X5U X5u = "x5u";
        Y Y = "y";
    }

    /// Values of `kty`: the family of a key.
    #[see(
        "https://www.rfc-editor.org/rfc/rfc7518#section-6.1",
        "https://www.rfc-editor.org/rfc/rfc8037#section-2",
    )]
    json_web_algorithms_key_types JsonWebAlgorithmsKeyTypes {
        EC EllipticCurve = "EC";
        RSA RSA = "RSA";
        OCT Octet = "oct";
    } + {
        /// Ed25519 and its kin; RFC 8037, section 2.
        OKP OctetKeyPair = "OKP";
    }

    /// Values of `error` in a revocation response, besides `TokenErrors`.
    #[see("https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1")]
    revocation_errors RevocationErrors {
    } + {
        UNSUPPORTED_TOKEN_TYPE UnsupportedTokenType = "unsupported_token_type";
    }

    /// Values of `error` in a client registration response.
    #[see("https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2")]
    registration_errors RegistrationErrors {
    } + {
        INVALID_REDIRECT_URI InvalidRedirectUri = "invalid_redirect_uri";
        INVALID_CLIENT_METADATA InvalidClientMetadata = "invalid_client_metadata";
        INVALID_SOFTWARE_STATEMENT InvalidSoftwareStatement = "invalid_software_statement";
        UNAPPROVED_SOFTWARE_STATEMENT UnapprovedSoftwareStatement = "unapproved_software_statement";
    }

    /// Names below `/.well-known/` that metadata documents have.
    #[see(
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig",
        "https://www.rfc-editor.org/rfc/rfc8414#section-3",
        "https://www.rfc-editor.org/rfc/rfc9728#section-3",
    )]
    well_known_uris WellKnownUris {
    } + {
        OPENID_CONFIGURATION OpenIdConfiguration = "openid-configuration";
        OAUTH_AUTHORIZATION_SERVER OAuthAuthorizationServer = "oauth-authorization-server";
        OAUTH_PROTECTED_RESOURCE OAuthProtectedResource = "oauth-protected-resource";
    }

    /// Values of `subject_type`.
    #[see("https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes")]
    subject_types SubjectTypes {
    } + {
        /// The same `sub` for every client.
        PUBLIC Public = "public";
        /// Another `sub` for every sector.
        PAIRWISE Pairwise = "pairwise";
    }

    /// Values of `application_type`.
    #[see("https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata")]
    application_types ApplicationTypes {
    } + {
        WEB Web = "web";
        NATIVE Native = "native";
    }
}
