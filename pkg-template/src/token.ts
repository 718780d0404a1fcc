/**
 * The token endpoint, grant by grant.
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { AuthorizationDetail, ClientRequest, JsonObject, JsonResponse } from "./messages.js";

/** Options of {@link requestToken}. */
export interface TokenEndpointRequest extends ClientRequest {
  /** `grant_type`, here or among `parameters`. */
  readonly grantType?: string;
}

/** Options of {@link requestAuthorizationCodeToken}. */
export interface AuthorizationCodeTokenRequest extends ClientRequest {
  /** The code of the authorization response. */
  readonly code: string;
  /** The redirect URI of the authorization request, character for character. */
  readonly redirectUri: string;
  /** The verifier whose challenge the authorization request carried: {@link generatePkce}. */
  readonly codeVerifier?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/** Options of {@link requestRefreshToken}. */
export interface RefreshTokenRequest extends ClientRequest {
  /** The refresh token. */
  readonly refreshToken: string;
  /** Space-separated scopes, fewer than were granted. Default: the same. */
  readonly scope?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/** Options of {@link requestClientCredentialsToken}. */
export interface ClientCredentialsTokenRequest extends ClientRequest {
  /** Space-separated scopes. */
  readonly scope?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/** Options of {@link requestPasswordToken}. */
export interface PasswordTokenRequest extends ClientRequest {
  /** The person's name. */
  readonly username: string;
  /** The person's password. Default: empty, and sent as that. */
  readonly password?: string;
  /** Space-separated scopes. */
  readonly scope?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/** Options of {@link requestDeviceToken}. */
export interface DeviceTokenRequest extends ClientRequest {
  /** {@link DeviceAuthorization.deviceCode} */
  readonly deviceCode: string;
}

/** Options of {@link requestBackchannelAuthenticationToken}. */
export interface BackchannelAuthenticationTokenRequest extends ClientRequest {
  /** {@link BackchannelAuthentication.authReqId} */
  readonly authReqId: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/** How to poll: what the server said when it began. */
export interface PollingOptions {
  /** Seconds between two requests. Default 5. The server may ask for more on the way. */
  readonly interval?: number;
  /** Seconds from now after which the call gives up with `polling_expired`. Default: when the server says so. */
  readonly expiresIn?: number;
}

/** Options of {@link pollDeviceToken}. */
export interface DeviceTokenPolling extends DeviceTokenRequest, PollingOptions {}

/** Options of {@link pollBackchannelAuthentication}. */
export interface BackchannelAuthenticationPolling extends BackchannelAuthenticationTokenRequest, PollingOptions {}

/** Options of {@link requestTokenExchangeToken}. Types are URNs such as `urn:ietf:params:oauth:token-type:access_token`. */
export interface TokenExchangeTokenRequest extends ClientRequest {
  /** The token of the party on whose behalf the request is made. */
  readonly subjectToken: string;
  /** What kind of token that is. */
  readonly subjectTokenType: string;
  /** URLs of the services that the new token is for. */
  readonly resource?: string | readonly string[];
  /** Names of the services that the new token is for. */
  readonly audience?: string | readonly string[];
  /** Space-separated scopes. */
  readonly scope?: string;
  /** What kind of token is wanted. */
  readonly requestedTokenType?: string;
  /** The token of the party that acts. It goes with `actorTokenType`. */
  readonly actorToken?: string;
  /** What kind of token that is. */
  readonly actorTokenType?: string;
}

/** Options of {@link requestJwtBearerToken}. */
export interface JwtBearerTokenRequest extends ClientRequest {
  /** The JWT. Not the client's own assertion: that is `clientAuthentication`. */
  readonly assertion: string;
  /** Space-separated scopes. */
  readonly scope?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
}

/**
 * What a token endpoint granted. The second type parameter describes the entries of `authorizationDetails`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 */
export interface TokenEndpointResponse<Json extends object = JsonObject, Detail extends AuthorizationDetail = AuthorizationDetail>
  extends JsonResponse<Json> {
  /** `access_token` */
  readonly accessToken: string;
  /** `token_type`, as the server writes it, mostly `Bearer`. */
  readonly tokenType: string;
  /** `expires_in`: seconds from the answer; absent when the server did not say. */
  readonly expiresIn?: number;
  /** `scope`: absent means as requested. */
  readonly scope?: string;
  /** `refresh_token`: absent means that none was issued, or that the one in use stays good. */
  readonly refreshToken?: string;
  /** `id_token`, not validated: {@link validateIdToken}. */
  readonly idToken?: string;
  /** `issued_token_type` of a token exchange. */
  readonly issuedTokenType?: string;
  /** `authorization_details` that were granted; the server may have changed entries and added members to them. */
  readonly authorizationDetails?: readonly Detail[];
}

/** What a token exchange granted: the kind of token is always known. */
export interface TokenExchangeTokenResponse<Json extends object = JsonObject, Detail extends AuthorizationDetail = AuthorizationDetail>
  extends TokenEndpointResponse<Json, Detail> {
  readonly issuedTokenType: string;
}

/**
 * Requests a token by any grant, with any parameters. For the common grants there are functions that know what they need.
 *
 * @throws {OidcError} `token_error` when the server refuses (`error` says why); `token_type_not_supported`; and the codes
 * of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.5
 * @example
 * ```ts
 * import { requestToken } from "oidc-wasm";
 *
 * const { accessToken, json } = await requestToken<{ readonly tenant?: string }>({
 *   address: "https://id.example.com/token",
 *   clientId: "spa",
 *   grantType: "urn:example:grant",
 *   parameters: { audience: ["https://a.example", "https://b.example"] },
 * });
 * console.log(accessToken.length, json.tenant);
 * ```
 */
export function requestToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: TokenEndpointRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("token", request);
}

/**
 * Exchanges an authorization code for tokens. An ID Token that comes along is not validated: {@link validateIdToken}.
 *
 * @throws {OidcError} `token_error` when the server refuses, mostly with `error: "invalid_grant"`;
 * `token_type_not_supported`; and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.5
 * @example
 * ```ts
 * import { parseAuthorizeResponse, requestAuthorizationCodeToken, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const begun: { readonly state: string; readonly codeVerifier: string };
 * const { code = "" } = parseAuthorizeResponse(location.href, { state: begun.state, issuer: metadata.issuer });
 * const { accessToken, expiresIn } = await requestAuthorizationCodeToken({
 *   metadata,
 *   clientId: "spa",
 *   code,
 *   redirectUri: "https://app.example.com/callback",
 *   codeVerifier: begun.codeVerifier,
 * });
 * console.log(accessToken.length, expiresIn);
 * ```
 */
export function requestAuthorizationCodeToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: AuthorizationCodeTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("authorization_code", request);
}

/**
 * Gets a new access token for a refresh token. A `refreshToken` in the answer replaces the old one: store it at once.
 *
 * @throws {OidcError} `token_error` when the server refuses: with `error: "invalid_grant"` the refresh token is used up;
 * `token_type_not_supported`; and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
 * @example
 * ```ts
 * import { requestRefreshToken, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare let refreshToken: string;
 * const renewed = await requestRefreshToken({ metadata, clientId: "spa", refreshToken, resource: "https://api.example.com" });
 * refreshToken = renewed.refreshToken ?? refreshToken;
 * ```
 */
export function requestRefreshToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: RefreshTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("refresh_token", request);
}

/**
 * Gets a token for the client itself, without a person. Not for pages: the client needs a secret or a private key, which
 * only a host such as Node can keep.
 *
 * @throws {OidcError} `token_error` when the server refuses; `token_type_not_supported`; and the codes of
 * {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @example
 * ```ts
 * import { requestClientCredentialsToken } from "oidc-wasm/node";
 *
 * declare const clientSecret: string;
 * const { accessToken } = await requestClientCredentialsToken({
 *   address: "https://id.example.com/token",
 *   clientId: "job",
 *   clientAuthentication: { method: "client_secret_basic", clientSecret },
 *   scope: "reports.read",
 * });
 * console.log(accessToken.length);
 * ```
 */
export function requestClientCredentialsToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: ClientCredentialsTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("client_credentials", request);
}

/**
 * Gets a token for a person's name and password. The grant is deprecated: it teaches people to type passwords anywhere and
 * rules out every second factor. For the migration of old hosts, never a page.
 *
 * @throws {OidcError} `token_error` when the server refuses; `token_type_not_supported`; and the codes of
 * {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.3
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-2.4
 * @example
 * ```ts
 * import { requestPasswordToken } from "oidc-wasm/node";
 *
 * declare const password: string;
 * const { accessToken } = await requestPasswordToken({
 *   address: "https://id.example.com/token",
 *   clientId: "legacy",
 *   username: "ada",
 *   password,
 *   scope: "reports.read",
 * });
 * console.log(accessToken.length);
 * ```
 */
export function requestPasswordToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: PasswordTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("password", request);
}

/**
 * Asks once whether the person has approved a device. {@link pollDeviceToken} asks until there is an answer.
 *
 * @throws {OidcError} `token_error`, with `error: "authorization_pending"` or `"slow_down"` while the person has not acted;
 * `token_type_not_supported`; and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.4
 * @example
 * ```ts
 * import { isOidcError, requestDeviceToken, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const deviceCode: string;
 * try {
 *   const { accessToken } = await requestDeviceToken({ metadata, clientId: "tv", deviceCode });
 *   console.log(accessToken.length);
 * } catch (failure) {
 *   if (!isOidcError(failure, "token_error") || failure.error !== "authorization_pending") throw failure;
 * }
 * ```
 */
export function requestDeviceToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: DeviceTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("device_code", request);
}

/**
 * Exchanges one token for another: for another service, with fewer rights, or on somebody's behalf.
 *
 * @throws {OidcError} `token_error` when the server refuses; `invalid_response` when it does not say what kind of token it
 * issued; `token_type_not_supported`; and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-2
 * @example
 * ```ts
 * import { requestTokenExchangeToken, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const accessToken: string;
 * const exchanged = await requestTokenExchangeToken({
 *   metadata,
 *   clientId: "gateway",
 *   subjectToken: accessToken,
 *   subjectTokenType: "urn:ietf:params:oauth:token-type:access_token",
 *   audience: ["billing", "shipping"],
 * });
 * console.log(exchanged.issuedTokenType);
 * ```
 */
export function requestTokenExchangeToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: TokenExchangeTokenRequest): Promise<TokenExchangeTokenResponse<Json, Detail>> {
  return askAsClient("token_exchange", request);
}

/**
 * Gets a token for a JWT that somebody trusted has signed.
 *
 * @throws {OidcError} `token_error` when the server refuses; `token_type_not_supported`; and the codes of
 * {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.1
 * @example
 * ```ts
 * import { requestJwtBearerToken } from "oidc-wasm/node";
 *
 * declare const assertion: string;
 * const { accessToken } = await requestJwtBearerToken({
 *   address: "https://id.example.com/token",
 *   assertion,
 *   scope: "reports.read",
 * });
 * console.log(accessToken.length);
 * ```
 */
export function requestJwtBearerToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: JwtBearerTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("jwt_bearer", request);
}

/**
 * Asks once whether the person has approved a backchannel authentication. {@link pollBackchannelAuthentication} asks until
 * there is an answer. Not for pages: such clients authenticate themselves, which takes a host that can keep a secret.
 *
 * @throws {OidcError} `token_error`, with `error: "authorization_pending"` or `"slow_down"` while the person has not acted;
 * `token_type_not_supported`; and the codes of {@link ClientRequest}.
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#token_request
 * @example
 * ```ts
 * import { requestBackchannelAuthenticationToken, type ClientAuthentication, type ProviderMetadata } from "oidc-wasm/node";
 *
 * declare const metadata: ProviderMetadata;
 * declare const clientAuthentication: ClientAuthentication;
 * declare const authReqId: string;
 * const token = await requestBackchannelAuthenticationToken({ metadata, clientId: "till", clientAuthentication, authReqId });
 * console.log(token.scope);
 * ```
 */
export function requestBackchannelAuthenticationToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: BackchannelAuthenticationTokenRequest): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("ciba", request);
}

/**
 * Waits until the person has approved a device. The first request comes after `interval`; `slow_down` makes it five seconds
 * longer for good; when the server does not answer or is busy, waits grow up to a minute, or as its `Retry-After` says. An
 * assertion is made afresh for every request.
 *
 * @throws {OidcError} `polling_expired` when the person did not act in time; `token_error` when the server refuses, with
 * `error: "access_denied"` when the person did; `token_type_not_supported`; `aborted`; and the codes of
 * {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.5
 * @example
 * ```ts
 * import { pollDeviceToken, requestDeviceAuthorization, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * const clientId = "tv";
 * const { userCode, verificationUri, ...begun } = await requestDeviceAuthorization({ metadata, clientId, scope: "openid" });
 * console.log(`Open ${verificationUri} and enter ${userCode}.`);
 * const { deviceCode, interval, expiresIn } = begun;
 * const { accessToken } = await pollDeviceToken({ metadata, clientId, deviceCode, interval, expiresIn });
 * console.log(accessToken.length);
 * ```
 */
export function pollDeviceToken<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: DeviceTokenPolling): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("poll_device", request);
}

/**
 * Waits until the person has approved a backchannel authentication, at the same pace as {@link pollDeviceToken}. Not for
 * pages: such clients authenticate themselves, which takes a host that can keep a secret.
 *
 * @throws {OidcError} `polling_expired` when the person did not act in time; `token_error` when the server refuses, with
 * `error: "access_denied"` when the person did; `token_type_not_supported`; `aborted`; and the codes of
 * {@link ClientRequest}.
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#token_request
 * @example
 * ```ts
 * import { pollBackchannelAuthentication, type BackchannelAuthentication, type ProviderMetadata } from "oidc-wasm/node";
 *
 * declare const metadata: ProviderMetadata;
 * declare const clientSecret: string;
 * declare const begun: BackchannelAuthentication;
 * const { idToken } = await pollBackchannelAuthentication({
 *   metadata,
 *   clientId: "till",
 *   clientAuthentication: { method: "client_secret_jwt", clientSecret },
 *   authReqId: begun.authReqId,
 *   interval: begun.interval,
 *   expiresIn: begun.expiresIn,
 * });
 * console.log(idToken?.length);
 * ```
 */
export function pollBackchannelAuthentication<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: BackchannelAuthenticationPolling): Promise<TokenEndpointResponse<Json, Detail>> {
  return askAsClient("poll_ciba", request);
}
