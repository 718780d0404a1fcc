/**
 * The pushed authorization request endpoint.
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { AuthorizationDetail, ClientRequest, JsonObject, JsonResponse } from "./messages.js";
import type { AuthorizeParameters, AuthorizeRequestObject } from "./urls.js";

/** Options of {@link pushAuthorizationRequest}: the parameters one by one. */
export interface PushedAuthorizationByParameters<Detail extends AuthorizationDetail = AuthorizationDetail>
  extends ClientRequest, AuthorizeParameters<Detail> {
  readonly clientId: string;
}

/** Options of {@link pushAuthorizationRequest}: a request object. */
export interface PushedAuthorizationByRequestObject extends ClientRequest, AuthorizeRequestObject {
  readonly clientId: string;
}

/** Options of {@link pushAuthorizationRequest}. */
export type PushedAuthorizationEndpointRequest<Detail extends AuthorizationDetail = AuthorizationDetail> =
  | PushedAuthorizationByParameters<Detail>
  | PushedAuthorizationByRequestObject;

/**
 * The reference to a pushed request.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9126#section-2.2
 */
export interface PushedAuthorization<Json extends object = JsonObject> extends JsonResponse<Json> {
  /** `request_uri`, for {@link createAuthorizeUrl}. Good for one use. */
  readonly requestUri: string;
  /** `expires_in`: seconds from the answer. */
  readonly expiresIn: number;
}

/**
 * Sends the parameters of an authorization request to the server, so that the browser only carries a reference to them:
 * nobody on the way can read or change them. The options are those of {@link createAuthorizeUrl}.
 *
 * @throws {OidcError} `endpoint_error` when the server refuses (`error` says why); and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc9126#section-2.1
 * @example
 * ```ts
 * import {
 *   createAuthorizeUrl, generatePkce, init, pushAuthorizationRequest, randomString, type ProviderMetadata,
 * } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * const clientId = "spa";
 * await init();
 * const { codeVerifier, codeChallenge } = generatePkce();
 * const state = randomString();
 * const { requestUri } = await pushAuthorizationRequest({
 *   metadata,
 *   clientId,
 *   responseType: "code",
 *   redirectUri: "https://app.example.com/callback",
 *   scope: "openid",
 *   state,
 *   codeChallenge,
 * });
 * sessionStorage.setItem(state, codeVerifier);
 * location.assign(createAuthorizeUrl({ metadata, clientId, requestUri }));
 * ```
 */
export function pushAuthorizationRequest<
  Json extends object = JsonObject,
  Detail extends AuthorizationDetail = AuthorizationDetail,
>(request: PushedAuthorizationEndpointRequest<Detail>): Promise<PushedAuthorization<Json>> {
  return askAsClient("pushed_authorization", request);
}
