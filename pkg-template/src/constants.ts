/**
 * Names and values on the wire: one object for each group, and one literal type for its values. Bundlers leave out the
 * objects that are not imported.
 *
 * Generated from `src/constants.rs`, with the groups and names of IdentityModel for .NET.
 *
 * @module
 */

/**
 * Parameters of an authorization request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.3
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-10
 * @example
 * ```ts
 * import { AuthorizeRequest } from "oidc-wasm";
 *
 * const value: AuthorizeRequest = AuthorizeRequest.Scope; // "scope"
 * ```
 */
export const AuthorizeRequest = {
  Scope: "scope",
  ResponseType: "response_type",
  ClientId: "client_id",
  RedirectUri: "redirect_uri",
  State: "state",
  ResponseMode: "response_mode",
  Nonce: "nonce",
  Display: "display",
  Prompt: "prompt",
  MaxAge: "max_age",
  UiLocales: "ui_locales",
  IdTokenHint: "id_token_hint",
  LoginHint: "login_hint",
  AcrValues: "acr_values",
  CodeChallenge: "code_challenge",
  CodeChallengeMethod: "code_challenge_method",
  Request: "request",
  RequestUri: "request_uri",
  Resource: "resource",
  DPoPKeyThumbprint: "dpop_jkt",
  // Not in IdentityModel:
  /** RFC 9396, section 2. */
  AuthorizationDetails: "authorization_details",
  /** OpenID Connect Core, section 5.5. */
  Claims: "claims",
  /** OpenID Connect Core, section 5.2. */
  ClaimsLocales: "claims_locales",
} as const;

/** One of the values of {@link AuthorizeRequest}. */
export type AuthorizeRequest = (typeof AuthorizeRequest)[keyof typeof AuthorizeRequest];

/**
 * Values of `error` in an authorization response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthError
 * @see https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 * @example
 * ```ts
 * import { AuthorizeErrors } from "oidc-wasm";
 *
 * const value: AuthorizeErrors = AuthorizeErrors.InvalidRequest; // "invalid_request"
 * ```
 */
export const AuthorizeErrors = {
  InvalidRequest: "invalid_request",
  UnauthorizedClient: "unauthorized_client",
  AccessDenied: "access_denied",
  UnsupportedResponseType: "unsupported_response_type",
  InvalidScope: "invalid_scope",
  ServerError: "server_error",
  TemporarilyUnavailable: "temporarily_unavailable",
  UnmetAuthenticationRequirements: "unmet_authentication_requirements",
  InteractionRequired: "interaction_required",
  LoginRequired: "login_required",
  AccountSelectionRequired: "account_selection_required",
  ConsentRequired: "consent_required",
  InvalidRequestUri: "invalid_request_uri",
  InvalidRequestObject: "invalid_request_object",
  RequestNotSupported: "request_not_supported",
  RequestUriNotSupported: "request_uri_not_supported",
  RegistrationNotSupported: "registration_not_supported",
  InvalidTarget: "invalid_target",
  // Not in IdentityModel:
  /** RFC 9396, section 5. */
  InvalidAuthorizationDetails: "invalid_authorization_details",
} as const;

/** One of the values of {@link AuthorizeErrors}. */
export type AuthorizeErrors = (typeof AuthorizeErrors)[keyof typeof AuthorizeErrors];

/**
 * Parameters of an authorization response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 * @see https://openid.net/specs/openid-connect-core-1_0.html#HybridAuthResponse
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2
 * @see https://openid.net/specs/openid-connect-session-1_0.html#CreatingUpdatingSessions
 * @example
 * ```ts
 * import { AuthorizeResponse } from "oidc-wasm";
 *
 * const value: AuthorizeResponse = AuthorizeResponse.Scope; // "scope"
 * ```
 */
export const AuthorizeResponse = {
  Scope: "scope",
  Code: "code",
  AccessToken: "access_token",
  ExpiresIn: "expires_in",
  TokenType: "token_type",
  /** No specification has it in this place. */
  RefreshToken: "refresh_token",
  IdentityToken: "id_token",
  State: "state",
  SessionState: "session_state",
  Issuer: "iss",
  Error: "error",
  ErrorDescription: "error_description",
  // Not in IdentityModel:
  /** RFC 6749, section 4.1.2.1. */
  ErrorUri: "error_uri",
  /** JARM, section 2.3: the whole response as a JWT. */
  Response: "response",
} as const;

/** One of the values of {@link AuthorizeResponse}. */
export type AuthorizeResponse = (typeof AuthorizeResponse)[keyof typeof AuthorizeResponse];

/**
 * Members of a device authorization response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.2
 * @example
 * ```ts
 * import { DeviceAuthorizationResponse } from "oidc-wasm";
 *
 * const value: DeviceAuthorizationResponse = DeviceAuthorizationResponse.DeviceCode; // "device_code"
 * ```
 */
export const DeviceAuthorizationResponse = {
  DeviceCode: "device_code",
  UserCode: "user_code",
  VerificationUri: "verification_uri",
  VerificationUriComplete: "verification_uri_complete",
  ExpiresIn: "expires_in",
  Interval: "interval",
} as const;

/** One of the values of {@link DeviceAuthorizationResponse}. */
export type DeviceAuthorizationResponse =
  (typeof DeviceAuthorizationResponse)[keyof typeof DeviceAuthorizationResponse];

/**
 * Parameters of an end-session request, and of the front-channel logout request (`sid`, `iss`).
 *
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 * @see https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout
 * @example
 * ```ts
 * import { EndSessionRequest } from "oidc-wasm";
 *
 * const value: EndSessionRequest = EndSessionRequest.IdTokenHint; // "id_token_hint"
 * ```
 */
export const EndSessionRequest = {
  IdTokenHint: "id_token_hint",
  PostLogoutRedirectUri: "post_logout_redirect_uri",
  State: "state",
  Sid: "sid",
  Issuer: "iss",
  UiLocales: "ui_locales",
  // Not in IdentityModel:
  /** RP-Initiated Logout, section 2. */
  ClientId: "client_id",
  /** RP-Initiated Logout, section 2. */
  LogoutHint: "logout_hint",
} as const;

/** One of the values of {@link EndSessionRequest}. */
export type EndSessionRequest = (typeof EndSessionRequest)[keyof typeof EndSessionRequest];

/**
 * Parameters of a token request, of every grant.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7521#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.4
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.10.1
 * @example
 * ```ts
 * import { TokenRequest } from "oidc-wasm";
 *
 * const value: TokenRequest = TokenRequest.GrantType; // "grant_type"
 * ```
 */
export const TokenRequest = {
  GrantType: "grant_type",
  RedirectUri: "redirect_uri",
  ClientId: "client_id",
  ClientSecret: "client_secret",
  ClientAssertion: "client_assertion",
  ClientAssertionType: "client_assertion_type",
  Assertion: "assertion",
  Code: "code",
  RefreshToken: "refresh_token",
  Scope: "scope",
  UserName: "username",
  Password: "password",
  CodeVerifier: "code_verifier",
  /** From an expired draft on proof-of-possession keys. */
  TokenType: "token_type",
  /** From an expired draft on proof-of-possession keys. */
  Algorithm: "alg",
  /** From an expired draft on proof-of-possession keys. */
  Key: "key",
  DeviceCode: "device_code",
  Resource: "resource",
  Audience: "audience",
  RequestedTokenType: "requested_token_type",
  SubjectToken: "subject_token",
  SubjectTokenType: "subject_token_type",
  ActorToken: "actor_token",
  ActorTokenType: "actor_token_type",
  AuthenticationRequestId: "auth_req_id",
  // Not in IdentityModel:
  /** RFC 9396, section 6. */
  AuthorizationDetails: "authorization_details",
} as const;

/** One of the values of {@link TokenRequest}. */
export type TokenRequest = (typeof TokenRequest)[keyof typeof TokenRequest];

/**
 * Parameters of a backchannel authentication request (CIBA).
 *
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.7.1
 * @example
 * ```ts
 * import { BackchannelAuthenticationRequest } from "oidc-wasm";
 *
 * const value: BackchannelAuthenticationRequest = BackchannelAuthenticationRequest.Scope; // "scope"
 * ```
 */
export const BackchannelAuthenticationRequest = {
  Scope: "scope",
  ClientNotificationToken: "client_notification_token",
  AcrValues: "acr_values",
  LoginHintToken: "login_hint_token",
  IdTokenHint: "id_token_hint",
  LoginHint: "login_hint",
  BindingMessage: "binding_message",
  UserCode: "user_code",
  RequestedExpiry: "requested_expiry",
  Request: "request",
  Resource: "resource",
  DPoPKeyThumbprint: "dpop_jkt",
} as const;

/** One of the values of {@link BackchannelAuthenticationRequest}. */
export type BackchannelAuthenticationRequest =
  (typeof BackchannelAuthenticationRequest)[keyof typeof BackchannelAuthenticationRequest];

/**
 * Values of `error` in a backchannel authentication response (CIBA).
 *
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.13
 * @example
 * ```ts
 * import { BackchannelAuthenticationRequestErrors } from "oidc-wasm";
 *
 * // "invalid_request_object"
 * const value: BackchannelAuthenticationRequestErrors = BackchannelAuthenticationRequestErrors.InvalidRequestObject;
 * ```
 */
export const BackchannelAuthenticationRequestErrors = {
  InvalidRequestObject: "invalid_request_object",
  InvalidRequest: "invalid_request",
  InvalidScope: "invalid_scope",
  ExpiredLoginHintToken: "expired_login_hint_token",
  UnknownUserId: "unknown_user_id",
  UnauthorizedClient: "unauthorized_client",
  MissingUserCode: "missing_user_code",
  InvalidUserCode: "invalid_user_code",
  InvalidBindingMessage: "invalid_binding_message",
  InvalidClient: "invalid_client",
  AccessDenied: "access_denied",
  InvalidTarget: "invalid_target",
} as const;

/** One of the values of {@link BackchannelAuthenticationRequestErrors}. */
export type BackchannelAuthenticationRequestErrors =
  (typeof BackchannelAuthenticationRequestErrors)[keyof typeof BackchannelAuthenticationRequestErrors];

/**
 * Values of `token_type` in a token request for proof-of-possession keys, from a draft that expired.
 *
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-oauth-pop-key-distribution
 * @example
 * ```ts
 * import { TokenRequestTypes } from "oidc-wasm";
 *
 * const value: TokenRequestTypes = TokenRequestTypes.Bearer; // "bearer"
 * ```
 */
export const TokenRequestTypes = {
  Bearer: "bearer",
  Pop: "pop",
} as const;

/** One of the values of {@link TokenRequestTypes}. */
export type TokenRequestTypes = (typeof TokenRequestTypes)[keyof typeof TokenRequestTypes];

/**
 * Values of `error` in a token response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.5
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-5
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-8
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.11
 * @example
 * ```ts
 * import { TokenErrors } from "oidc-wasm";
 *
 * const value: TokenErrors = TokenErrors.InvalidRequest; // "invalid_request"
 * ```
 */
export const TokenErrors = {
  InvalidRequest: "invalid_request",
  InvalidClient: "invalid_client",
  InvalidGrant: "invalid_grant",
  UnauthorizedClient: "unauthorized_client",
  UnsupportedGrantType: "unsupported_grant_type",
  UnsupportedResponseType: "unsupported_response_type",
  InvalidScope: "invalid_scope",
  AuthorizationPending: "authorization_pending",
  AccessDenied: "access_denied",
  SlowDown: "slow_down",
  ExpiredToken: "expired_token",
  InvalidTarget: "invalid_target",
  InvalidDPoPProof: "invalid_dpop_proof",
  UseDPoPNonce: "use_dpop_nonce",
  // Not in IdentityModel:
  /** RFC 9396, section 8. */
  InvalidAuthorizationDetails: "invalid_authorization_details",
} as const;

/** One of the values of {@link TokenErrors}. */
export type TokenErrors = (typeof TokenErrors)[keyof typeof TokenErrors];

/**
 * Members of a token response, and the two values of `token_type`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @see https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-5
 * @example
 * ```ts
 * import { TokenResponse } from "oidc-wasm";
 *
 * const value: TokenResponse = TokenResponse.AccessToken; // "access_token"
 * ```
 */
export const TokenResponse = {
  AccessToken: "access_token",
  ExpiresIn: "expires_in",
  TokenType: "token_type",
  RefreshToken: "refresh_token",
  IdentityToken: "id_token",
  Error: "error",
  ErrorDescription: "error_description",
  /** A value of `token_type`. */
  BearerTokenType: "Bearer",
  /** A value of `token_type`. */
  DPoPTokenType: "DPoP",
  IssuedTokenType: "issued_token_type",
  Scope: "scope",
  // Not in IdentityModel:
  /** RFC 6749, section 5.2. */
  ErrorUri: "error_uri",
  /** RFC 9396, section 7. */
  AuthorizationDetails: "authorization_details",
} as const;

/** One of the values of {@link TokenResponse}. */
export type TokenResponse = (typeof TokenResponse)[keyof typeof TokenResponse];

/**
 * Members of a backchannel authentication response (CIBA).
 *
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.7.3
 * @example
 * ```ts
 * import { BackchannelAuthenticationResponse } from "oidc-wasm";
 *
 * // "auth_req_id"
 * const value: BackchannelAuthenticationResponse = BackchannelAuthenticationResponse.AuthenticationRequestId;
 * ```
 */
export const BackchannelAuthenticationResponse = {
  AuthenticationRequestId: "auth_req_id",
  ExpiresIn: "expires_in",
  Interval: "interval",
} as const;

/** One of the values of {@link BackchannelAuthenticationResponse}. */
export type BackchannelAuthenticationResponse =
  (typeof BackchannelAuthenticationResponse)[keyof typeof BackchannelAuthenticationResponse];

/**
 * Members of the response to a pushed authorization request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9126#section-2.2
 * @example
 * ```ts
 * import { PushedAuthorizationRequestResponse } from "oidc-wasm";
 *
 * const value: PushedAuthorizationRequestResponse = PushedAuthorizationRequestResponse.ExpiresIn; // "expires_in"
 * ```
 */
export const PushedAuthorizationRequestResponse = {
  ExpiresIn: "expires_in",
  RequestUri: "request_uri",
} as const;

/** One of the values of {@link PushedAuthorizationRequestResponse}. */
export type PushedAuthorizationRequestResponse =
  (typeof PushedAuthorizationRequestResponse)[keyof typeof PushedAuthorizationRequestResponse];

/**
 * Parameters of an introspection request; a revocation request has the same.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 * @example
 * ```ts
 * import { TokenIntrospectionRequest } from "oidc-wasm";
 *
 * const value: TokenIntrospectionRequest = TokenIntrospectionRequest.Token; // "token"
 * ```
 */
export const TokenIntrospectionRequest = {
  Token: "token",
  TokenTypeHint: "token_type_hint",
} as const;

/** One of the values of {@link TokenIntrospectionRequest}. */
export type TokenIntrospectionRequest = (typeof TokenIntrospectionRequest)[keyof typeof TokenIntrospectionRequest];

/**
 * Members of a client registration response, besides the metadata of the client.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2
 * @see https://www.rfc-editor.org/rfc/rfc7592#section-3
 * @example
 * ```ts
 * import { RegistrationResponse } from "oidc-wasm";
 *
 * const value: RegistrationResponse = RegistrationResponse.Error; // "error"
 * ```
 */
export const RegistrationResponse = {
  Error: "error",
  ErrorDescription: "error_description",
  ClientId: "client_id",
  ClientSecret: "client_secret",
  RegistrationAccessToken: "registration_access_token",
  RegistrationClientUri: "registration_client_uri",
  ClientIdIssuedAt: "client_id_issued_at",
  ClientSecretExpiresAt: "client_secret_expires_at",
  SoftwareStatement: "software_statement",
} as const;

/** One of the values of {@link RegistrationResponse}. */
export type RegistrationResponse = (typeof RegistrationResponse)[keyof typeof RegistrationResponse];

/**
 * Members of the metadata of a client, as it is registered.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-2
 * @see https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-5.2
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-6
 * @example
 * ```ts
 * import { ClientMetadata } from "oidc-wasm";
 *
 * const value: ClientMetadata = ClientMetadata.RedirectUris; // "redirect_uris"
 * ```
 */
export const ClientMetadata = {
  RedirectUris: "redirect_uris",
  ResponseTypes: "response_types",
  GrantTypes: "grant_types",
  ApplicationType: "application_type",
  Contacts: "contacts",
  ClientName: "client_name",
  LogoUri: "logo_uri",
  ClientUri: "client_uri",
  PolicyUri: "policy_uri",
  TosUri: "tos_uri",
  JwksUri: "jwks_uri",
  Jwks: "jwks",
  SectorIdentifierUri: "sector_identifier_uri",
  Scope: "scope",
  PostLogoutRedirectUris: "post_logout_redirect_uris",
  FrontChannelLogoutUri: "frontchannel_logout_uri",
  FrontChannelLogoutSessionRequired: "frontchannel_logout_session_required",
  BackchannelLogoutUri: "backchannel_logout_uri",
  BackchannelLogoutSessionRequired: "backchannel_logout_session_required",
  SoftwareId: "software_id",
  SoftwareStatement: "software_statement",
  SoftwareVersion: "software_version",
  SubjectType: "subject_type",
  TokenEndpointAuthenticationMethod: "token_endpoint_auth_method",
  TokenEndpointAuthenticationSigningAlgorithm: "token_endpoint_auth_signing_alg",
  DefaultMaxAge: "default_max_age",
  RequireAuthenticationTime: "require_auth_time",
  DefaultAcrValues: "default_acr_values",
  InitiateLoginUri: "initiate_login_uri",
  RequestUris: "request_uris",
  IdentityTokenSignedResponseAlgorithm: "id_token_signed_response_alg",
  IdentityTokenEncryptedResponseAlgorithm: "id_token_encrypted_response_alg",
  IdentityTokenEncryptedResponseEncryption: "id_token_encrypted_response_enc",
  UserinfoSignedResponseAlgorithm: "userinfo_signed_response_alg",
  UserInfoEncryptedResponseAlgorithm: "userinfo_encrypted_response_alg",
  UserinfoEncryptedResponseEncryption: "userinfo_encrypted_response_enc",
  RequestObjectSigningAlgorithm: "request_object_signing_alg",
  RequestObjectEncryptionAlgorithm: "request_object_encryption_alg",
  RequestObjectEncryptionEncryption: "request_object_encryption_enc",
  RequireSignedRequestObject: "require_signed_request_object",
  AlwaysUseDPoPBoundAccessTokens: "dpop_bound_access_tokens",
  IntrospectionSignedResponseAlgorithm: "introspection_signed_response_alg",
  IntrospectionEncryptedResponseAlgorithm: "introspection_encrypted_response_alg",
  IntrospectionEncryptedResponseEncryption: "introspection_encrypted_response_enc",
  // Not in IdentityModel:
  /** RFC 8705, section 3.4. */
  TlsClientCertificateBoundAccessTokens: "tls_client_certificate_bound_access_tokens",
  /** RFC 8705, section 2.1.2. */
  TlsClientAuthSubjectDn: "tls_client_auth_subject_dn",
  /** RFC 8705, section 2.1.2. */
  TlsClientAuthSanDns: "tls_client_auth_san_dns",
  /** RFC 8705, section 2.1.2. */
  TlsClientAuthSanUri: "tls_client_auth_san_uri",
  /** RFC 8705, section 2.1.2. */
  TlsClientAuthSanIp: "tls_client_auth_san_ip",
  /** RFC 8705, section 2.1.2. */
  TlsClientAuthSanEmail: "tls_client_auth_san_email",
  /** RFC 9126, section 6. */
  RequirePushedAuthorizationRequests: "require_pushed_authorization_requests",
  /** RFC 9396, section 10. */
  AuthorizationDetailsTypes: "authorization_details_types",
  /** CIBA, section 4. */
  BackchannelTokenDeliveryMode: "backchannel_token_delivery_mode",
  /** CIBA, section 4. */
  BackchannelClientNotificationEndpoint: "backchannel_client_notification_endpoint",
  /** CIBA, section 4. */
  BackchannelAuthenticationRequestSigningAlg: "backchannel_authentication_request_signing_alg",
  /** CIBA, section 4. */
  BackchannelUserCodeParameter: "backchannel_user_code_parameter",
} as const;

/** One of the values of {@link ClientMetadata}. */
export type ClientMetadata = (typeof ClientMetadata)[keyof typeof ClientMetadata];

/**
 * Values of `token_type_hint` for introspection and revocation.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-4.1.2
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.1
 * @example
 * ```ts
 * import { TokenTypes } from "oidc-wasm";
 *
 * const value: TokenTypes = TokenTypes.AccessToken; // "access_token"
 * ```
 */
export const TokenTypes = {
  AccessToken: "access_token",
  /** Not a registered hint. */
  IdentityToken: "id_token",
  RefreshToken: "refresh_token",
} as const;

/** One of the values of {@link TokenTypes}. */
export type TokenTypes = (typeof TokenTypes)[keyof typeof TokenTypes];

/**
 * Values of `subject_token_type`, `actor_token_type`, `requested_token_type` and `issued_token_type`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-3
 * @example
 * ```ts
 * import { TokenTypeIdentifiers } from "oidc-wasm";
 *
 * // "urn:ietf:params:oauth:token-type:access_token"
 * const value: TokenTypeIdentifiers = TokenTypeIdentifiers.AccessToken;
 * ```
 */
export const TokenTypeIdentifiers = {
  AccessToken: "urn:ietf:params:oauth:token-type:access_token",
  IdentityToken: "urn:ietf:params:oauth:token-type:id_token",
  RefreshToken: "urn:ietf:params:oauth:token-type:refresh_token",
  Saml11: "urn:ietf:params:oauth:token-type:saml1",
  Saml2: "urn:ietf:params:oauth:token-type:saml2",
  Jwt: "urn:ietf:params:oauth:token-type:jwt",
} as const;

/** One of the values of {@link TokenTypeIdentifiers}. */
export type TokenTypeIdentifiers = (typeof TokenTypeIdentifiers)[keyof typeof TokenTypeIdentifiers];

/**
 * How an access token is sent: schemes of the `Authorization` header, and names of parameters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7.1
 * @example
 * ```ts
 * import { AuthenticationSchemes } from "oidc-wasm";
 *
 * const value: AuthenticationSchemes = AuthenticationSchemes.AuthorizationHeaderBearer; // "Bearer"
 * ```
 */
export const AuthenticationSchemes = {
  /** Scheme of the header. */
  AuthorizationHeaderBearer: "Bearer",
  /** Scheme of the header. */
  AuthorizationHeaderDPoP: "DPoP",
  /** Parameter of the body. */
  FormPostBearer: "access_token",
  /** Parameter of the query. Leaks into logs and histories: RFC 9700, section 4.3.2, forbids it. */
  QueryStringBearer: "access_token",
  /** From an expired draft. */
  AuthorizationHeaderPop: "PoP",
  /** From an expired draft. */
  FormPostPop: "pop_access_token",
  /** From an expired draft. */
  QueryStringPop: "pop_access_token",
} as const;

/** One of the values of {@link AuthenticationSchemes}. */
export type AuthenticationSchemes = (typeof AuthenticationSchemes)[keyof typeof AuthenticationSchemes];

/**
 * Values of `grant_type`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7522#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.4
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2.1
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.10.1
 * @example
 * ```ts
 * import { GrantTypes } from "oidc-wasm";
 *
 * const value: GrantTypes = GrantTypes.AuthorizationCode; // "authorization_code"
 * ```
 */
export const GrantTypes = {
  /** RFC 9700, section 2.4: must not be used. */
  Password: "password",
  AuthorizationCode: "authorization_code",
  ClientCredentials: "client_credentials",
  RefreshToken: "refresh_token",
  /** A value of `grant_types` in metadata only. RFC 9700, section 2.1.2: should not be used. */
  Implicit: "implicit",
  Saml2Bearer: "urn:ietf:params:oauth:grant-type:saml2-bearer",
  JwtBearer: "urn:ietf:params:oauth:grant-type:jwt-bearer",
  DeviceCode: "urn:ietf:params:oauth:grant-type:device_code",
  TokenExchange: "urn:ietf:params:oauth:grant-type:token-exchange",
  Ciba: "urn:openid:params:grant-type:ciba",
} as const;

/** One of the values of {@link GrantTypes}. */
export type GrantTypes = (typeof GrantTypes)[keyof typeof GrantTypes];

/**
 * Values of `client_assertion_type`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7521#section-4.2
 * @see https://www.rfc-editor.org/rfc/rfc7522#section-2.2
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.2
 * @example
 * ```ts
 * import { ClientAssertionTypes } from "oidc-wasm";
 *
 * // "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
 * const value: ClientAssertionTypes = ClientAssertionTypes.JwtBearer;
 * ```
 */
export const ClientAssertionTypes = {
  JwtBearer: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  SamlBearer: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
} as const;

/** One of the values of {@link ClientAssertionTypes}. */
export type ClientAssertionTypes = (typeof ClientAssertionTypes)[keyof typeof ClientAssertionTypes];

/**
 * Values of `response_type`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.1.1
 * @see https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html
 * @example
 * ```ts
 * import { ResponseTypes } from "oidc-wasm";
 *
 * const value: ResponseTypes = ResponseTypes.Code; // "code"
 * ```
 */
export const ResponseTypes = {
  Code: "code",
  /** An access token in the URL; never requested by this library. */
  Token: "token",
  IdToken: "id_token",
  /** An access token in the URL; never requested by this library. */
  IdTokenToken: "id_token token",
  CodeIdToken: "code id_token",
  /** An access token in the URL; never requested by this library. */
  CodeToken: "code token",
  /** An access token in the URL; never requested by this library. */
  CodeIdTokenToken: "code id_token token",
  // Not in IdentityModel:
  /** OAuth 2.0 Multiple Response Types, section 4. */
  None: "none",
} as const;

/** One of the values of {@link ResponseTypes}. */
export type ResponseTypes = (typeof ResponseTypes)[keyof typeof ResponseTypes];

/**
 * Values of `response_mode`.
 *
 * @see https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes
 * @see https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html
 * @see https://openid.net/specs/oauth-v2-jarm.html
 * @example
 * ```ts
 * import { ResponseModes } from "oidc-wasm";
 *
 * const value: ResponseModes = ResponseModes.FormPost; // "form_post"
 * ```
 */
export const ResponseModes = {
  FormPost: "form_post",
  Query: "query",
  Fragment: "fragment",
  // Not in IdentityModel:
  /** JARM, section 2.3.4. */
  Jwt: "jwt",
  /** JARM, section 2.3.1. */
  QueryJwt: "query.jwt",
  /** JARM, section 2.3.2. */
  FragmentJwt: "fragment.jwt",
  /** JARM, section 2.3.3. */
  FormPostJwt: "form_post.jwt",
} as const;

/** One of the values of {@link ResponseModes}. */
export type ResponseModes = (typeof ResponseModes)[keyof typeof ResponseModes];

/**
 * Values of `display`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { DisplayModes } from "oidc-wasm";
 *
 * const value: DisplayModes = DisplayModes.Page; // "page"
 * ```
 */
export const DisplayModes = {
  Page: "page",
  Popup: "popup",
  Touch: "touch",
  Wap: "wap",
} as const;

/** One of the values of {@link DisplayModes}. */
export type DisplayModes = (typeof DisplayModes)[keyof typeof DisplayModes];

/**
 * Values of `prompt`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @see https://openid.net/specs/openid-connect-prompt-create-1_0.html
 * @example
 * ```ts
 * import { PromptModes } from "oidc-wasm";
 *
 * const value: PromptModes = PromptModes.None; // "none"
 * ```
 */
export const PromptModes = {
  None: "none",
  Login: "login",
  Consent: "consent",
  SelectAccount: "select_account",
  Create: "create",
} as const;

/** One of the values of {@link PromptModes}. */
export type PromptModes = (typeof PromptModes)[keyof typeof PromptModes];

/**
 * Values of `code_challenge_method`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2
 * @example
 * ```ts
 * import { CodeChallengeMethods } from "oidc-wasm";
 *
 * const value: CodeChallengeMethods = CodeChallengeMethods.Sha256; // "S256"
 * ```
 */
export const CodeChallengeMethods = {
  /** Protects nothing from whoever reads the request; never used by this library. */
  Plain: "plain",
  Sha256: "S256",
} as const;

/** One of the values of {@link CodeChallengeMethods}. */
export type CodeChallengeMethods = (typeof CodeChallengeMethods)[keyof typeof CodeChallengeMethods];

/**
 * Values of `error` in the `WWW-Authenticate` header of a protected resource.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example
 * ```ts
 * import { ProtectedResourceErrors } from "oidc-wasm";
 *
 * const value: ProtectedResourceErrors = ProtectedResourceErrors.InvalidToken; // "invalid_token"
 * ```
 */
export const ProtectedResourceErrors = {
  InvalidToken: "invalid_token",
  /** Not registered for this place; `invalid_token` covers it. */
  ExpiredToken: "expired_token",
  InvalidRequest: "invalid_request",
  InsufficientScope: "insufficient_scope",
  // Not in IdentityModel:
  /** RFC 9470, section 3. */
  InsufficientUserAuthentication: "insufficient_user_authentication",
  /** RFC 9449, section 7.1. */
  InvalidDPoPProof: "invalid_dpop_proof",
  /** RFC 9449, section 9. */
  UseDPoPNonce: "use_dpop_nonce",
} as const;

/** One of the values of {@link ProtectedResourceErrors}. */
export type ProtectedResourceErrors = (typeof ProtectedResourceErrors)[keyof typeof ProtectedResourceErrors];

/**
 * How a client authenticates: values of `token_endpoint_auth_method`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-2
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 * @example
 * ```ts
 * import { EndpointAuthenticationMethods } from "oidc-wasm";
 *
 * const value: EndpointAuthenticationMethods = EndpointAuthenticationMethods.PostBody; // "client_secret_post"
 * ```
 */
export const EndpointAuthenticationMethods = {
  PostBody: "client_secret_post",
  BasicAuthentication: "client_secret_basic",
  PrivateKeyJwt: "private_key_jwt",
  TlsClientAuth: "tls_client_auth",
  SelfSignedTlsClientAuth: "self_signed_tls_client_auth",
  // Not in IdentityModel:
  /** OpenID Connect Core, section 9. */
  ClientSecretJwt: "client_secret_jwt",
  /** A public client. RFC 7591, section 2. */
  None: "none",
} as const;

/** One of the values of {@link EndpointAuthenticationMethods}. */
export type EndpointAuthenticationMethods =
  (typeof EndpointAuthenticationMethods)[keyof typeof EndpointAuthenticationMethods];

/**
 * Values in the claim `amr`: how the end-user was authenticated.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8176#section-2
 * @example
 * ```ts
 * import { AuthenticationMethods } from "oidc-wasm";
 *
 * const value: AuthenticationMethods = AuthenticationMethods.FacialRecognition; // "face"
 * ```
 */
export const AuthenticationMethods = {
  /** Face. */
  FacialRecognition: "face",
  /** Fingerprint. */
  FingerprintBiometric: "fpt",
  /** Where the end-user is. */
  Geolocation: "geo",
  /** A key in hardware. */
  ProofOfPossessionHardwareSecuredKey: "hwk",
  /** Iris. */
  IrisScanBiometric: "iris",
  /** Answers that only the end-user knows. */
  KnowledgeBasedAuthentication: "kba",
  /** More than one channel, such as a call besides the page. */
  MultipleChannelAuthentication: "mca",
  /** More than one factor. */
  MultiFactorAuthentication: "mfa",
  /** A password for one use. */
  OneTimePassword: "otp",
  /** A PIN, or a pattern that unlocks a device. */
  PersonalIdentificationOrPattern: "pin",
  /** A key, without saying where it is kept. */
  ProofOfPossessionKey: "pop",
  /** A password. */
  Password: "pwd",
  /** An assessment of the risk. */
  RiskBasedAuthentication: "rba",
  /** Retina. */
  RetinaScanBiometric: "retina",
  /** A smart card. */
  SmartCard: "sc",
  /** A text message to a known number. */
  ConfirmationBySms: "sms",
  /** A key in software. */
  ProofOfPossessionSoftwareSecuredKey: "swk",
  /** A call to a known number. */
  ConfirmationByTelephone: "tel",
  /** Somebody was there. */
  UserPresenceTest: "user",
  /** Voice. */
  VoiceBiometric: "vbm",
  /** Sign-in of Windows. */
  WindowsIntegratedAuthentication: "wia",
} as const;

/** One of the values of {@link AuthenticationMethods}. */
export type AuthenticationMethods = (typeof AuthenticationMethods)[keyof typeof AuthenticationMethods];

/**
 * The algorithm of a JWT that is not signed; see also `SymmetricAlgorithms` and `AsymmetricAlgorithms`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.6
 * @example
 * ```ts
 * import { Algorithms } from "oidc-wasm";
 *
 * const value: Algorithms = Algorithms.None; // "none"
 * ```
 */
export const Algorithms = {
  /** No signature; never accepted by this library. */
  None: "none",
} as const;

/** One of the values of {@link Algorithms}. */
export type Algorithms = (typeof Algorithms)[keyof typeof Algorithms];

/**
 * Signature algorithms with a shared secret.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.2
 * @example
 * ```ts
 * import { SymmetricAlgorithms } from "oidc-wasm";
 *
 * const value: SymmetricAlgorithms = SymmetricAlgorithms.HS256; // "HS256"
 * ```
 */
export const SymmetricAlgorithms = {
  HS256: "HS256",
  HS384: "HS384",
  HS512: "HS512",
} as const;

/** One of the values of {@link SymmetricAlgorithms}. */
export type SymmetricAlgorithms = (typeof SymmetricAlgorithms)[keyof typeof SymmetricAlgorithms];

/**
 * Signature algorithms with a key pair.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc8037#section-3.1
 * @see https://www.rfc-editor.org/rfc/rfc9864#section-2.2
 * @example
 * ```ts
 * import { AsymmetricAlgorithms } from "oidc-wasm";
 *
 * const value: AsymmetricAlgorithms = AsymmetricAlgorithms.RS256; // "RS256"
 * ```
 */
export const AsymmetricAlgorithms = {
  RS256: "RS256",
  RS384: "RS384",
  RS512: "RS512",
  ES256: "ES256",
  ES384: "ES384",
  ES512: "ES512",
  PS256: "PS256",
  PS384: "PS384",
  PS512: "PS512",
  // Not in IdentityModel:
  /** RFC 8037, section 3.1. */
  EdDSA: "EdDSA",
  /** RFC 9864, section 2.2: the same with a name that says the curve. */
  Ed25519: "Ed25519",
} as const;

/** One of the values of {@link AsymmetricAlgorithms}. */
export type AsymmetricAlgorithms = (typeof AsymmetricAlgorithms)[keyof typeof AsymmetricAlgorithms];

/**
 * Members of the metadata of a provider, and the path that the metadata has.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 * @example
 * ```ts
 * import { Discovery } from "oidc-wasm";
 *
 * const value: Discovery = Discovery.Issuer; // "issuer"
 * ```
 */
export const Discovery = {
  Issuer: "issuer",
  AuthorizationEndpoint: "authorization_endpoint",
  DeviceAuthorizationEndpoint: "device_authorization_endpoint",
  TokenEndpoint: "token_endpoint",
  UserInfoEndpoint: "userinfo_endpoint",
  IntrospectionEndpoint: "introspection_endpoint",
  RevocationEndpoint: "revocation_endpoint",
  /** The path, after the issuer and a `/`. */
  DiscoveryEndpoint: ".well-known/openid-configuration",
  JwksUri: "jwks_uri",
  EndSessionEndpoint: "end_session_endpoint",
  CheckSessionIframe: "check_session_iframe",
  RegistrationEndpoint: "registration_endpoint",
  MtlsEndpointAliases: "mtls_endpoint_aliases",
  PushedAuthorizationRequestEndpoint: "pushed_authorization_request_endpoint",
  FrontChannelLogoutSupported: "frontchannel_logout_supported",
  FrontChannelLogoutSessionSupported: "frontchannel_logout_session_supported",
  BackChannelLogoutSupported: "backchannel_logout_supported",
  BackChannelLogoutSessionSupported: "backchannel_logout_session_supported",
  GrantTypesSupported: "grant_types_supported",
  CodeChallengeMethodsSupported: "code_challenge_methods_supported",
  ScopesSupported: "scopes_supported",
  SubjectTypesSupported: "subject_types_supported",
  ResponseModesSupported: "response_modes_supported",
  ResponseTypesSupported: "response_types_supported",
  ClaimsSupported: "claims_supported",
  TokenEndpointAuthenticationMethodsSupported: "token_endpoint_auth_methods_supported",
  ClaimsLocalesSupported: "claims_locales_supported",
  ClaimsParameterSupported: "claims_parameter_supported",
  ClaimTypesSupported: "claim_types_supported",
  DisplayValuesSupported: "display_values_supported",
  AcrValuesSupported: "acr_values_supported",
  IdTokenEncryptionAlgorithmsSupported: "id_token_encryption_alg_values_supported",
  IdTokenEncryptionEncValuesSupported: "id_token_encryption_enc_values_supported",
  IdTokenSigningAlgorithmsSupported: "id_token_signing_alg_values_supported",
  OpPolicyUri: "op_policy_uri",
  OpTosUri: "op_tos_uri",
  RequestObjectEncryptionAlgorithmsSupported: "request_object_encryption_alg_values_supported",
  RequestObjectEncryptionEncValuesSupported: "request_object_encryption_enc_values_supported",
  RequestObjectSigningAlgorithmsSupported: "request_object_signing_alg_values_supported",
  RequestParameterSupported: "request_parameter_supported",
  RequestUriParameterSupported: "request_uri_parameter_supported",
  RequireRequestUriRegistration: "require_request_uri_registration",
  ServiceDocumentation: "service_documentation",
  TokenEndpointAuthSigningAlgorithmsSupported: "token_endpoint_auth_signing_alg_values_supported",
  UILocalesSupported: "ui_locales_supported",
  UserInfoEncryptionAlgorithmsSupported: "userinfo_encryption_alg_values_supported",
  UserInfoEncryptionEncValuesSupported: "userinfo_encryption_enc_values_supported",
  UserInfoSigningAlgorithmsSupported: "userinfo_signing_alg_values_supported",
  TlsClientCertificateBoundAccessTokens: "tls_client_certificate_bound_access_tokens",
  AuthorizationResponseIssParameterSupported: "authorization_response_iss_parameter_supported",
  PromptValuesSupported: "prompt_values_supported",
  IntrospectionSigningAlgorithmsSupported: "introspection_signing_alg_values_supported",
  IntrospectionEncryptionAlgorithmsSupported: "introspection_encryption_alg_values_supported",
  IntrospectionEncryptionEncValuesSupported: "introspection_encryption_enc_values_supported",
  RevocationEndpointAuthenticationMethodsSupported: "revocation_endpoint_auth_methods_supported",
  RevocationEndpointAuthenticationSigningAlgorithmsSupported: "revocation_endpoint_auth_signing_alg_values_supported",
  IntrospectionEndpointAuthenticationMethodsSupported: "introspection_endpoint_auth_methods_supported",
  IntrospectionEndpointAuthenticationSigningAlgorithmsSupported:
    "introspection_endpoint_auth_signing_alg_values_supported",
  SignedMetadata: "signed_metadata",
  RequireSignedRequestObject: "require_signed_request_object",
  RequirePushedAuthorizationRequests: "require_pushed_authorization_requests",
  BackchannelTokenDeliveryModesSupported: "backchannel_token_delivery_modes_supported",
  BackchannelAuthenticationEndpoint: "backchannel_authentication_endpoint",
  BackchannelAuthenticationRequestSigningAlgValuesSupported:
    "backchannel_authentication_request_signing_alg_values_supported",
  BackchannelUserCodeParameterSupported: "backchannel_user_code_parameter_supported",
  AuthorizationDetailsTypesSupported: "authorization_details_types_supported",
  DPoPSigningAlgorithmsSupported: "dpop_signing_alg_values_supported",
  // Not in IdentityModel:
  /** RFC 9728, section 4. */
  ProtectedResources: "protected_resources",
} as const;

/** One of the values of {@link Discovery}. */
export type Discovery = (typeof Discovery)[keyof typeof Discovery];

/**
 * Values of `backchannel_token_delivery_mode` (CIBA).
 *
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#rfc.section.5
 * @example
 * ```ts
 * import { BackchannelTokenDeliveryModes } from "oidc-wasm";
 *
 * const value: BackchannelTokenDeliveryModes = BackchannelTokenDeliveryModes.Poll; // "poll"
 * ```
 */
export const BackchannelTokenDeliveryModes = {
  Poll: "poll",
  Ping: "ping",
  Push: "push",
} as const;

/** One of the values of {@link BackchannelTokenDeliveryModes}. */
export type BackchannelTokenDeliveryModes =
  (typeof BackchannelTokenDeliveryModes)[keyof typeof BackchannelTokenDeliveryModes];

/**
 * Members of the claim `events`.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
 * @example
 * ```ts
 * import { Events } from "oidc-wasm";
 *
 * const value: Events = Events.BackChannelLogout; // "http://schemas.openid.net/event/backchannel-logout"
 * ```
 */
export const Events = {
  BackChannelLogout: "http://schemas.openid.net/event/backchannel-logout",
} as const;

/** One of the values of {@link Events}. */
export type Events = (typeof Events)[keyof typeof Events];

/**
 * Parameters of a back-channel logout request.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#BCRequest
 * @example
 * ```ts
 * import { BackChannelLogoutRequest } from "oidc-wasm";
 *
 * const value: BackChannelLogoutRequest = BackChannelLogoutRequest.LogoutToken; // "logout_token"
 * ```
 */
export const BackChannelLogoutRequest = {
  LogoutToken: "logout_token",
} as const;

/** One of the values of {@link BackChannelLogoutRequest}. */
export type BackChannelLogoutRequest = (typeof BackChannelLogoutRequest)[keyof typeof BackChannelLogoutRequest];

/**
 * Words of `scope` that OpenID Connect defines.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 * @example
 * ```ts
 * import { StandardScopes } from "oidc-wasm";
 *
 * const value: StandardScopes = StandardScopes.OpenId; // "openid"
 * ```
 */
export const StandardScopes = {
  /** Makes the request one of OpenID Connect; without it there is no ID Token. */
  OpenId: "openid",
  /** Asks for the claims that describe a person, such as `name` and `picture`. */
  Profile: "profile",
  /** Asks for `email` and `email_verified`. */
  Email: "email",
  /** Asks for `address`. */
  Address: "address",
  /** Asks for `phone_number` and `phone_number_verified`. */
  Phone: "phone",
  /** Asks for a refresh token that outlives the session at the provider. */
  OfflineAccess: "offline_access",
} as const;

/** One of the values of {@link StandardScopes}. */
export type StandardScopes = (typeof StandardScopes)[keyof typeof StandardScopes];

/**
 * Header fields of DPoP.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-8.1
 * @example
 * ```ts
 * import { HttpHeaders } from "oidc-wasm";
 *
 * const value: HttpHeaders = HttpHeaders.DPoP; // "DPoP"
 * ```
 */
export const HttpHeaders = {
  DPoP: "DPoP",
  DPoPNonce: "DPoP-Nonce",
} as const;

/** One of the values of {@link HttpHeaders}. */
export type HttpHeaders = (typeof HttpHeaders)[keyof typeof HttpHeaders];

/**
 * Names of claims, and of a few header parameters.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken
 * @see https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
 * @see https://www.iana.org/assignments/jwt/jwt.xhtml
 * @example
 * ```ts
 * import { JwtClaimTypes } from "oidc-wasm";
 *
 * const value: JwtClaimTypes = JwtClaimTypes.Subject; // "sub"
 * ```
 */
export const JwtClaimTypes = {
  /** Who this is about: unique at the issuer, never reassigned. */
  Subject: "sub",
  /** Full name, as it is displayed. */
  Name: "name",
  /** Given names. */
  GivenName: "given_name",
  /** Family names. */
  FamilyName: "family_name",
  /** Middle names. */
  MiddleName: "middle_name",
  /** Casual name. */
  NickName: "nickname",
  /** Name the end-user likes to be called by; neither unique nor stable. */
  PreferredUserName: "preferred_username",
  /** URL of the profile page. */
  Profile: "profile",
  /** URL of the picture. */
  Picture: "picture",
  /** URL of a page or blog. */
  WebSite: "website",
  /** E-mail address; not necessarily unique. */
  Email: "email",
  /** Whether the e-mail address was verified; a boolean. */
  EmailVerified: "email_verified",
  /** Gender. */
  Gender: "gender",
  /** `YYYY-MM-DD`, or `YYYY`; year `0000` if it is withheld. */
  BirthDate: "birthdate",
  /** Time zone, such as `Europe/Paris`. */
  ZoneInfo: "zoneinfo",
  /** Language tag, such as `en-US`. */
  Locale: "locale",
  /** Telephone number, by preference as in E.164. */
  PhoneNumber: "phone_number",
  /** Whether the number was verified; a boolean. */
  PhoneNumberVerified: "phone_number_verified",
  /** Postal address; a JSON object. */
  Address: "address",
  /** For whom the token is: one text or a list. */
  Audience: "aud",
  /** Who made the token. */
  Issuer: "iss",
  /** Not valid before; seconds since 1970. */
  NotBefore: "nbf",
  /** Not valid from here on; seconds since 1970. */
  Expiration: "exp",
  /** Last change of the profile; seconds since 1970. */
  UpdatedAt: "updated_at",
  /** When the token was made; seconds since 1970. */
  IssuedAt: "iat",
  /** How the end-user was authenticated; a list of `AuthenticationMethods`. */
  AuthenticationMethod: "amr",
  /** Session at the provider. */
  SessionId: "sid",
  /** Which class of authentication was reached. */
  AuthenticationContextClassReference: "acr",
  /** When the end-user was authenticated; seconds since 1970. */
  AuthenticationTime: "auth_time",
  /** Client that the ID Token was made for. */
  AuthorizedParty: "azp",
  /** Hash of the access token. */
  AccessTokenHash: "at_hash",
  /** Hash of the code. */
  AuthorizationCodeHash: "c_hash",
  /** Hash of `state`. From FAPI 1.0, part 2. */
  StateHash: "s_hash",
  /** The `nonce` of the request. */
  Nonce: "nonce",
  /** Identifier of the token. */
  JwtId: "jti",
  /** What happened; a JSON object with members of `Events`. */
  Events: "events",
  /** Client that the token was made for. */
  ClientId: "client_id",
  /** Words divided by spaces. */
  Scope: "scope",
  /** Who acts for the subject; a JSON object. */
  Actor: "act",
  /** Who may act for the subject; a JSON object. */
  MayAct: "may_act",
  /** Not registered. */
  Id: "id",
  /** Where the end-user was authenticated. Not registered. */
  IdentityProvider: "idp",
  /** Not registered. */
  Role: "role",
  /** Roles at the resource; RFC 9068, section 2.2.3.1. */
  Roles: "roles",
  /** Not registered. */
  ReferenceTokenId: "reference_token_id",
  /** Key that the token is bound to; a JSON object with members of `ConfirmationMethods`. */
  Confirmation: "cnf",
  /** Header parameter: how the token is signed. */
  Algorithm: "alg",
  /** Header parameter: the public key. */
  JsonWebKey: "jwk",
  /** Header parameter: one of `JwtTypes`. */
  TokenType: "typ",
  /** DPoP proof: method of the request. */
  DPoPHttpMethod: "htm",
  /** DPoP proof: URL of the request, without query and fragment. */
  DPoPHttpUrl: "htu",
  /** DPoP proof: hash of the access token. */
  DPoPAccessTokenHash: "ath",
  // Not in IdentityModel:
  /** Groups at the resource; RFC 9068, section 2.2.3.1. */
  Groups: "groups",
  /** Entitlements at the resource; RFC 9068, section 2.2.3.1. */
  Entitlements: "entitlements",
  /** What was granted in detail; RFC 9396, section 9.1. */
  AuthorizationDetails: "authorization_details",
  /** The introspection response in its JWT; RFC 9701, section 5. */
  TokenIntrospection: "token_introspection",
} as const;

/** One of the values of {@link JwtClaimTypes}. */
export type JwtClaimTypes = (typeof JwtClaimTypes)[keyof typeof JwtClaimTypes];

/**
 * Values of the header parameter `typ`: what kind of JWT it is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8725#section-3.11
 * @example
 * ```ts
 * import { JwtTypes } from "oidc-wasm";
 *
 * const value: JwtTypes = JwtTypes.AccessToken; // "at+jwt"
 * ```
 */
export const JwtTypes = {
  /** RFC 9068, section 2.1. */
  AccessToken: "at+jwt",
  /** RFC 9101, section 10.8. */
  AuthorizationRequest: "oauth-authz-req+jwt",
  /** RFC 9449, section 4.2. */
  DPoPProofToken: "dpop+jwt",
  /** RFC 9701, section 5. */
  IntrospectionJwtResponse: "token-introspection+jwt",
  /** A client assertion; from the draft that renews RFC 7523. */
  ClientAuthentication: "client-authentication+jwt",
  // Not in IdentityModel:
  /** Back-Channel Logout, section 2.4. */
  LogoutToken: "logout+jwt",
  /** Any JWT; RFC 7519, section 5.1. */
  Jwt: "JWT",
} as const;

/** One of the values of {@link JwtTypes}. */
export type JwtTypes = (typeof JwtTypes)[keyof typeof JwtTypes];

/**
 * Members of the claim `cnf`: the key that a token is bound to.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7800#section-3.1
 * @example
 * ```ts
 * import { ConfirmationMethods } from "oidc-wasm";
 *
 * const value: ConfirmationMethods = ConfirmationMethods.JsonWebKey; // "jwk"
 * ```
 */
export const ConfirmationMethods = {
  /** The key itself; RFC 7800, section 3.2. */
  JsonWebKey: "jwk",
  /** Thumbprint of the key of DPoP; RFC 9449, section 6.1. */
  JwkThumbprint: "jkt",
  /** Thumbprint of the client certificate; RFC 8705, section 3.1. */
  X509ThumbprintSha256: "x5t#S256",
} as const;

/** One of the values of {@link ConfirmationMethods}. */
export type ConfirmationMethods = (typeof ConfirmationMethods)[keyof typeof ConfirmationMethods];

/**
 * Marks for claims whose value is JSON rather than text, as .NET has them; not sent anywhere.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-3
 * @example
 * ```ts
 * import { JsonClaimValueTypes } from "oidc-wasm";
 *
 * const value: JsonClaimValueTypes = JsonClaimValueTypes.Json; // "JSON"
 * ```
 */
export const JsonClaimValueTypes = {
  Json: "JSON",
  JsonArray: "JSON_ARRAY",
  JsonNull: "JSON_NULL",
} as const;

/** One of the values of {@link JsonClaimValueTypes}. */
export type JsonClaimValueTypes = (typeof JsonClaimValueTypes)[keyof typeof JsonClaimValueTypes];

/**
 * Members of a JSON Web Key, and `keys` of a set.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-4
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5.1
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6
 * @example
 * ```ts
 * import { JsonWebKeyParameterNames } from "oidc-wasm";
 *
 * const value: JsonWebKeyParameterNames = JsonWebKeyParameterNames.Alg; // "alg"
 * ```
 */
export const JsonWebKeyParameterNames = {
  Alg: "alg",
  Crv: "crv",
  D: "d",
  DP: "dp",
  DQ: "dq",
  E: "e",
  K: "k",
  KeyOps: "key_ops",
  Keys: "keys",
  Kid: "kid",
  Kty: "kty",
  N: "n",
  Oth: "oth",
  P: "p",
  Q: "q",
  /** Within `oth`; RFC 7518, section 6.3.2.7. */
  R: "r",
  /** Within `oth`; RFC 7518, section 6.3.2.7. */
  T: "t",
  QI: "qi",
  Use: "use",
  X: "x",
  X5c: "x5c",
  X5t: "x5t",
  X5tS256: "x5t#S256",
  X5u: "x5u",
  Y: "y",
} as const;

/** One of the values of {@link JsonWebKeyParameterNames}. */
export type JsonWebKeyParameterNames = (typeof JsonWebKeyParameterNames)[keyof typeof JsonWebKeyParameterNames];

/**
 * Values of `kty`: the family of a key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6.1
 * @see https://www.rfc-editor.org/rfc/rfc8037#section-2
 * @example
 * ```ts
 * import { JsonWebAlgorithmsKeyTypes } from "oidc-wasm";
 *
 * const value: JsonWebAlgorithmsKeyTypes = JsonWebAlgorithmsKeyTypes.EllipticCurve; // "EC"
 * ```
 */
export const JsonWebAlgorithmsKeyTypes = {
  EllipticCurve: "EC",
  RSA: "RSA",
  Octet: "oct",
  // Not in IdentityModel:
  /** Ed25519 and its kin; RFC 8037, section 2. */
  OctetKeyPair: "OKP",
} as const;

/** One of the values of {@link JsonWebAlgorithmsKeyTypes}. */
export type JsonWebAlgorithmsKeyTypes = (typeof JsonWebAlgorithmsKeyTypes)[keyof typeof JsonWebAlgorithmsKeyTypes];

/**
 * Values of `error` in a revocation response, besides `TokenErrors`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1
 * @example
 * ```ts
 * import { RevocationErrors } from "oidc-wasm";
 *
 * const value: RevocationErrors = RevocationErrors.UnsupportedTokenType; // "unsupported_token_type"
 * ```
 */
export const RevocationErrors = {
  // Not in IdentityModel:
  UnsupportedTokenType: "unsupported_token_type",
} as const;

/** One of the values of {@link RevocationErrors}. */
export type RevocationErrors = (typeof RevocationErrors)[keyof typeof RevocationErrors];

/**
 * Values of `error` in a client registration response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2
 * @example
 * ```ts
 * import { RegistrationErrors } from "oidc-wasm";
 *
 * const value: RegistrationErrors = RegistrationErrors.InvalidRedirectUri; // "invalid_redirect_uri"
 * ```
 */
export const RegistrationErrors = {
  // Not in IdentityModel:
  InvalidRedirectUri: "invalid_redirect_uri",
  InvalidClientMetadata: "invalid_client_metadata",
  InvalidSoftwareStatement: "invalid_software_statement",
  UnapprovedSoftwareStatement: "unapproved_software_statement",
} as const;

/** One of the values of {@link RegistrationErrors}. */
export type RegistrationErrors = (typeof RegistrationErrors)[keyof typeof RegistrationErrors];

/**
 * Names below `/.well-known/` that metadata documents have.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
 * @example
 * ```ts
 * import { WellKnownUris } from "oidc-wasm";
 *
 * const value: WellKnownUris = WellKnownUris.OpenIdConfiguration; // "openid-configuration"
 * ```
 */
export const WellKnownUris = {
  // Not in IdentityModel:
  OpenIdConfiguration: "openid-configuration",
  OAuthAuthorizationServer: "oauth-authorization-server",
  OAuthProtectedResource: "oauth-protected-resource",
} as const;

/** One of the values of {@link WellKnownUris}. */
export type WellKnownUris = (typeof WellKnownUris)[keyof typeof WellKnownUris];

/**
 * Values of `subject_type`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#SubjectIDTypes
 * @example
 * ```ts
 * import { SubjectTypes } from "oidc-wasm";
 *
 * const value: SubjectTypes = SubjectTypes.Public; // "public"
 * ```
 */
export const SubjectTypes = {
  // Not in IdentityModel:
  /** The same `sub` for every client. */
  Public: "public",
  /** Another `sub` for every sector. */
  Pairwise: "pairwise",
} as const;

/** One of the values of {@link SubjectTypes}. */
export type SubjectTypes = (typeof SubjectTypes)[keyof typeof SubjectTypes];

/**
 * Values of `application_type`.
 *
 * @see https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
 * @example
 * ```ts
 * import { ApplicationTypes } from "oidc-wasm";
 *
 * const value: ApplicationTypes = ApplicationTypes.Web; // "web"
 * ```
 */
export const ApplicationTypes = {
  // Not in IdentityModel:
  Web: "web",
  Native: "native",
} as const;

/** One of the values of {@link ApplicationTypes}. */
export type ApplicationTypes = (typeof ApplicationTypes)[keyof typeof ApplicationTypes];
