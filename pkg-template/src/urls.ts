/**
 * URLs that the browser is sent to, and the one that it comes back with. Nothing here is asynchronous: `await init()` first.
 *
 * @module
 */
import type { AuthorizationDetail, EndpointRequest, JsonObject, ParametersInit } from "./messages.js";
import { compute, pairs, withPairs } from "./request.js";
import type { ClaimsRequest } from "./types.js";

/**
 * Parameters of an authorization request, one by one. The type parameter describes the entries of `authorizationDetails`.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export interface AuthorizeParameters<Detail extends AuthorizationDetail = AuthorizationDetail> {
  /**
   * `response_type`. A code comes with `codeChallenge`. Types that put an access token into the address are refused (RFC 9700,
   * section 2.1.2).
   */
  readonly responseType: "code" | "id_token" | "code id_token" | "none";
  /** Space-separated scopes. */
  readonly scope?: string;
  /** Where the browser comes back to: registered at the server, character for character. */
  readonly redirectUri?: string;
  /** Comes back in the response, which is refused without it: {@link randomString}, kept in this browser. */
  readonly state?: string;
  /** Comes back in the ID Token, which is refused without it: {@link randomString}, kept in this browser. */
  readonly nonce?: string;
  /** Who is expected to sign in. */
  readonly loginHint?: string;
  /** Requested authentication context classes, separated by spaces. */
  readonly acrValues?: string;
  /** `none`, or one or more of `login`, `consent`, `select_account`, `create`, separated by spaces. */
  readonly prompt?: string;
  /** How the response comes back: `query`, `fragment`, `form_post`, `query.jwt` and others. */
  readonly responseMode?: string;
  /** The challenge of {@link generatePkce}. */
  readonly codeChallenge?: string;
  /** Always `S256`: the other method protects nobody. */
  readonly codeChallengeMethod?: "S256";
  /** How the server is to show its pages. */
  readonly display?: "page" | "popup" | "touch" | "wap";
  /** Seconds since the last sign-in; 0 asks for a fresh one. */
  readonly maxAge?: number;
  /** Languages of the server's pages, separated by spaces. */
  readonly uiLocales?: string;
  /** Languages of claims, separated by spaces. */
  readonly claimsLocales?: string;
  /** An ID Token of the person who is expected. */
  readonly idTokenHint?: string;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
  /** Services that the token is for, where a server wants their names instead. */
  readonly audience?: string | readonly string[];
  /** The thumbprint of the DPoP key that the code is bound to (RFC 9449, section 10): {@link DpopKey.thumbprint}. */
  readonly dpopJkt?: string;
  /** Single claims, as OpenID Connect Core describes them in section 5.5. */
  readonly claims?: ClaimsRequest;
  /** What is to be allowed, in detail (RFC 9396). */
  readonly authorizationDetails?: readonly Detail[];
  /** The client's metadata, where the client is its own provider's (OpenID Connect Core, section 7.2.1). */
  readonly registration?: JsonObject;
  readonly request?: never;
  readonly requestUri?: never;
}

/**
 * A signed request object, which has the parameters in it. Those beside it are for servers that look for them there.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9101#section-5
 */
export interface AuthorizeRequestObject {
  /** The signed JWT: {@link createRequestObject}. */
  readonly request: string;
  /** As in {@link AuthorizeParameters.responseType}. */
  readonly responseType?: AuthorizeParameters["responseType"];
  /** As in {@link AuthorizeParameters.scope}. */
  readonly scope?: string;
  /** As in {@link AuthorizeParameters.redirectUri}. */
  readonly redirectUri?: string;
  /** As in {@link AuthorizeParameters.state}. */
  readonly state?: string;
  readonly requestUri?: never;
}

/**
 * A reference to parameters that the server has already: {@link PushedAuthorization.requestUri}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9126#section-4
 */
export interface AuthorizeRequestReference {
  /** `request_uri` */
  readonly requestUri: string;
  readonly responseType?: never;
  readonly request?: never;
}

/** Where an authorization request goes, and whose it is. */
export interface AuthorizeTarget extends Pick<EndpointRequest, "address" | "metadata" | "dangerousAllowHttp"> {
  /** The client's identifier. */
  readonly clientId: string;
  /** Further parameters. One that has an option of its own may be given here or there, not in both places. */
  readonly parameters?: ParametersInit;
}

/** Options of {@link createAuthorizeUrl}: the parameters, a request object, or a reference to either. */
export type AuthorizeUrlRequest<Detail extends AuthorizationDetail = AuthorizationDetail> = AuthorizeTarget &
  (AuthorizeParameters<Detail> | AuthorizeRequestObject | AuthorizeRequestReference);

/** Options of {@link createEndSessionUrl}. */
export interface EndSessionUrlRequest extends Pick<EndpointRequest, "address" | "metadata" | "dangerousAllowHttp"> {
  /** An ID Token of the session that ends: without it the server asks the person. */
  readonly idTokenHint?: string;
  /** Who is signing out. */
  readonly logoutHint?: string;
  /** The client's identifier. */
  readonly clientId?: string;
  /** Where the browser goes afterwards: registered at the server, character for character. */
  readonly postLogoutRedirectUri?: string;
  /** Comes back to `postLogoutRedirectUri`. */
  readonly state?: string;
  /** Languages of the server's pages, separated by spaces. */
  readonly uiLocales?: string;
  /** Further parameters. */
  readonly parameters?: ParametersInit;
}

/** What an authorization response must agree with. */
export interface ExpectedAuthorization {
  /** `state` of the request. Always give it, unless the response is only to be looked at. */
  readonly state?: string;
  /** The issuer that was asked. */
  readonly issuer?: string;
  /** Whether the issuer promises to name itself: `authorization_response_iss_parameter_supported`. Default `false`. */
  readonly issRequired?: boolean;
}

/**
 * An authorization response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 */
export interface AuthorizationResponse {
  /** `code` */
  readonly code?: string;
  /** `state` */
  readonly state?: string;
  /** `iss`: who answers. */
  readonly iss?: string;
  /** `error`, where the response was only looked at. */
  readonly error?: string;
  /** `error_description`: foreign text. */
  readonly errorDescription?: string;
  /** `error_uri`: foreign text. */
  readonly errorUri?: string;
  /** `session_state` of Session Management. */
  readonly sessionState?: string;
  /** `access_token`. Nobody should ask for it this way. */
  readonly accessToken?: string;
  /** `id_token`, not validated: {@link validateIdToken}. */
  readonly idToken?: string;
  /** `token_type` */
  readonly tokenType?: string;
  /** `expires_in`, seconds. */
  readonly expiresIn?: number;
  /** `scope` */
  readonly scope?: string;
  /** `response` of JARM: a signed JWT, not validated: {@link validateAuthorizeResponse}. */
  readonly response?: string;
  /** All parameters, by their names on the wire. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * Puts parameters behind a URL, before its fragment. What the URL already has stays, letter for letter.
 *
 * @param url Absolute or relative.
 * @throws {OidcError} `invalid_argument`; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-3.4
 * @example
 * ```ts
 * import { createRequestUrl, init } from "oidc-wasm";
 *
 * await init();
 * // /search?lang=en&q=caf%C3%A9%20noir&page=2&tag=a&tag=b#top
 * console.log(createRequestUrl("/search?lang=en#top", { q: "café noir", page: 2, tag: ["a", "b"], unused: undefined }));
 * ```
 */
export function createRequestUrl(url: string, parameters: ParametersInit = {}): string {
  return compute("request_url", { url, parameters: pairs(parameters) });
}

/**
 * The URL of an authorization request, to send the browser to.
 *
 * @throws {OidcError} `invalid_argument`, for example for a code without `codeChallenge`; `insecure_url`, `endpoint_missing`;
 * `repeated_parameter` when the endpoint's own query has a name too; `not_initialized` before `await init()`.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { createAuthorizeUrl, generatePkce, init, randomString, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * await init();
 * const { codeVerifier, codeChallenge } = generatePkce();
 * const [state, nonce] = [randomString(), randomString()];
 * sessionStorage.setItem(state, JSON.stringify({ codeVerifier, nonce }));
 * const url = createAuthorizeUrl({
 *   metadata,
 *   clientId: "spa",
 *   responseType: "code",
 *   redirectUri: "https://app.example.com/callback",
 *   scope: "openid profile",
 *   state,
 *   nonce,
 *   codeChallenge,
 *   claims: { userinfo: { email: { essential: true } } },
 * });
 * location.assign(url);
 * ```
 */
export function createAuthorizeUrl<Detail extends AuthorizationDetail = AuthorizationDetail>(
  request: AuthorizeUrlRequest<Detail>,
): string {
  return compute("authorize_url", withPairs(request));
}

/**
 * The URL of an end-session request, to send the browser to.
 *
 * @throws {OidcError} `invalid_argument`, `insecure_url`, `endpoint_missing`; `repeated_parameter` when the endpoint's own query
 * has a name too; `not_initialized` before `await init()`.
 * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
 * @example
 * ```ts
 * import { createEndSessionUrl, init, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const idToken: string;
 * await init();
 * const postLogoutRedirectUri = "https://app.example.com/bye";
 * location.assign(createEndSessionUrl({ metadata, clientId: "spa", idTokenHint: idToken, postLogoutRedirectUri }));
 * ```
 */
export function createEndSessionUrl(request: EndSessionUrlRequest): string {
  return compute("end_session_url", withPairs(request));
}

/**
 * Reads an authorization response. What it must agree with is compared first; only then an error in it is believed and thrown.
 * Without `expected` nothing is compared, and an error is data.
 *
 * @param response The whole URL, its query with "?", its fragment with "#", or the body of a posted form.
 * @throws {OidcError} `authorization_error` or `interaction_required` for an error of the server (`error` says why);
 * `unknown_state`, `missing_state`, `wrong_issuer`, `missing_issuer`; `repeated_parameter`, `ambiguous_response`,
 * `wrong_response_mode`, `invalid_response`; `invalid_argument`; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
 * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
 * @example
 * ```ts
 * import { init, parseAuthorizeResponse } from "oidc-wasm";
 *
 * declare const state: string;
 * await init();
 * const { code } = parseAuthorizeResponse(location.search, { state, issuer: "https://id.example.com" });
 * console.log(code?.length);
 * ```
 */
export function parseAuthorizeResponse(response: string, expected: ExpectedAuthorization = {}): AuthorizationResponse {
  return compute("authorize_response", { ...expected, response });
}
