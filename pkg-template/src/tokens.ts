/**
 * Signed tokens of a provider.
 *
 * @module
 */
import type { EndpointRequest } from "./messages.js";
import type { JsonWebKeySet, ProviderMetadata } from "./metadata.js";
import { ask, invalid } from "./request.js";
import type { IdTokenClaims, SigningAlgorithm } from "./types.js";
import type { AuthorizationResponse } from "./urls.js";

/** What the validation of every token needs. */
export interface TokenValidationRequest extends Pick<EndpointRequest, "timeoutSeconds" | "signal" | "fetch" | "dangerousAllowHttp"> {
  /** The provider: its `issuer`, and `jwks_uri` for the keys. */
  readonly metadata: ProviderMetadata;
  /** The client that the token is for. */
  readonly clientId: string;
  /** Keys to verify the signature with. Default: those at `jwks_uri`, fetched now. */
  readonly keySet?: JsonWebKeySet;
  /** The one algorithm of the signature. Default `RS256`, or the only acceptable one that `metadata` lists. */
  readonly algorithm?: SigningAlgorithm;
  /** Tolerated difference between this clock and the provider's, in seconds, 0 to 300. Default 60. */
  readonly clockToleranceSeconds?: number;
}

/** Options of {@link validateIdToken}. */
export interface IdTokenValidationRequest extends TokenValidationRequest {
  /** The ID Token. */
  readonly idToken: string;
  /** `nonce` of the authorization request; `null` says that none was sent. */
  readonly nonce: string | null;
  /** `max_age` of the authorization request, in seconds: `auth_time` is then demanded and checked. */
  readonly maxAge?: number;
  /** The access token that came with it: compared with `at_hash` where that is there. */
  readonly accessToken?: string;
  /** The code that stood beside it in an authorization response: `c_hash` must be there and fit. */
  readonly code?: string;
  /** The state that stood beside it in an authorization response: `s_hash` must be there and fit. */
  readonly state?: string;
  /** Claims of the ID Token that this one renews: it must be about the same sign-in (OpenID Connect Core, section 12.2). */
  readonly previousClaims?: IdTokenClaims;
  /** Whether `at_hash` must be there. Default `false`. */
  readonly requireAtHash?: boolean;
  /** Audiences that the token may name besides `clientId`. Default none: any other audience is refused. */
  readonly trustedAudiences?: readonly string[];
}

/** Options of {@link validateLogoutToken}. */
export interface LogoutTokenValidationRequest extends TokenValidationRequest {
  /** The logout token, which the provider posts to the client's back-channel logout URI. */
  readonly logoutToken: string;
}

/** Options of {@link validateAuthorizeResponse}. */
export interface AuthorizeResponseValidationRequest extends TokenValidationRequest {
  /** The signed response: {@link AuthorizationResponse.response}. */
  readonly response: string;
  /** `state` of the request. Always give it when there was one. */
  readonly state?: string;
}

/**
 * Claims of a validated logout token. It has `sub` or `sid` or both.
 *
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken
 */
export interface LogoutTokenClaims {
  readonly iss: string;
  readonly aud: string | readonly string[];
  /** Time of issue, seconds since 1970. */
  readonly iat: number;
  /** Expiry, seconds since 1970. */
  readonly exp: number;
  /** The token's own identifier: refuse one that was seen before. */
  readonly jti: string;
  /** Has the member `http://schemas.openid.net/event/backchannel-logout`. */
  readonly events: Readonly<Record<string, unknown>>;
  /** Whose sessions end. */
  readonly sub?: string;
  /** Which session ends. */
  readonly sid?: string;
  readonly [claim: string]: unknown;
}

/**
 * Validates an ID Token: signature, issuer, audience, times, nonce, and the hashes of what came with it.
 *
 * @throws {OidcError} `signature_invalid`, `jwt_issuer_mismatch`, `jwt_audience_mismatch`, `jwt_expired`, `nonce_mismatch`,
 * `access_token_hash_mismatch`, `code_hash_mismatch`, `state_hash_mismatch`, `auth_time_invalid`, `signing_key_not_found` and the
 * other codes of JWTs; `invalid_argument`; what {@link fetchJsonWebKeySet} throws.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 * @see https://openid.net/specs/openid-connect-core-1_0.html#HybridIDToken
 * @example
 * ```ts
 * import { validateIdToken, type ProviderMetadata, type TokenEndpointResponse } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const nonce: string;
 * declare const tokens: TokenEndpointResponse;
 * const { idToken = "", accessToken } = tokens;
 * const claims = await validateIdToken({ idToken, metadata, clientId: "spa", nonce, accessToken });
 * console.log(claims.sub);
 * ```
 */
export async function validateIdToken(request: IdTokenValidationRequest): Promise<IdTokenClaims> {
  // Left out by accident it must not pass for "none was sent".
  if (request.nonce === undefined) throw invalid("nonce");
  return ask("validate_id_token", request);
}

/**
 * Validates a logout token, for the server part of an application: a page cannot receive one. Whether its `jti` was seen before
 * is yours to check.
 *
 * @throws {OidcError} `signature_invalid`, `jwt_issuer_mismatch`, `jwt_audience_mismatch`, `jwt_expired`, `claim_invalid` and the
 * other codes of JWTs; `invalid_argument`; what {@link fetchJsonWebKeySet} throws.
 * @see https://openid.net/specs/openid-connect-backchannel-1_0.html#Validation
 * @example
 * ```ts
 * import { DiscoveryCache, validateLogoutToken } from "oidc-wasm/node";
 *
 * const cache = new DiscoveryCache({ authority: "https://id.example.com" });
 *
 * export async function backchannelLogout(request: Request): Promise<Response> {
 *   const logoutToken = String((await request.formData()).get("logout_token"));
 *   const { metadata } = await cache.get();
 *   const { sub, sid } = await validateLogoutToken({ logoutToken, metadata, clientId: "web" });
 *   console.log("end the sessions of", sub, sid);
 *   return new Response(null, { headers: { "cache-control": "no-store" } });
 * }
 * ```
 */
export function validateLogoutToken(request: LogoutTokenValidationRequest): Promise<LogoutTokenClaims> {
  return ask("validate_logout_token", request);
}

/**
 * Validates a signed authorization response (JARM): signature, issuer, audience, times and `state`; only then an error in it is
 * believed and thrown.
 *
 * @throws {OidcError} `authorization_error` or `interaction_required` for an error of the server (`error` says why);
 * `signature_invalid`, `jwt_issuer_mismatch`, `jwt_audience_mismatch`, `jwt_expired`, `algorithm_mismatch` and the other codes of
 * JWTs; `unknown_state`, `missing_state`, `ambiguous_response`; `invalid_argument`; what {@link fetchJsonWebKeySet} throws.
 * @see https://openid.net/specs/oauth-v2-jarm.html
 * @example
 * ```ts
 * import { init, parseAuthorizeResponse, validateAuthorizeResponse, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const state: string;
 * await init();
 * const { response = "" } = parseAuthorizeResponse(location.search);
 * const { code } = await validateAuthorizeResponse({ response, metadata, clientId: "spa", state });
 * console.log(code?.length);
 * ```
 */
export function validateAuthorizeResponse(request: AuthorizeResponseValidationRequest): Promise<AuthorizationResponse> {
  return ask("validate_authorize_response", request);
}

/**
 * The hash of a value as an ID Token carries it: `at_hash` of an access token, `c_hash` of a code, `s_hash` of a state.
 *
 * @param algorithm The algorithm of the ID Token's signature, which says how to hash.
 * @throws {OidcError} `invalid_argument`; `algorithm_not_allowed`; what {@link init} throws.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeIDToken
 * @example
 * ```ts
 * import { computeTokenHash } from "oidc-wasm";
 *
 * // 77QmUPtjPfzWtF2AnpK9RQ
 * console.log(await computeTokenHash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256"));
 * ```
 */
export function computeTokenHash(value: string, algorithm: SigningAlgorithm): Promise<string> {
  return ask("token_hash", { value, algorithm } as object);
}
