/**
 * Signed request objects.
 *
 * @module
 */
import { call } from "#wasm";
import { enter, json } from "./core.js";
import { init } from "./init.js";
import type { AuthorizationDetail, ParametersInit } from "./messages.js";
import { withPairs } from "./request.js";
import { givenKey } from "./signing.js";
import type { RequestObjectSigning } from "./types.js";
import type { AuthorizeParameters } from "./urls.js";

/** Options of {@link createRequestObject}: the parameters, whose they are, and the key. */
export interface RequestObjectParameters<Detail extends AuthorizationDetail = AuthorizationDetail>
  extends AuthorizeParameters<Detail>, RequestObjectSigning {
  /** The client's identifier: `iss` of the request object. */
  readonly clientId: string;
  /** The server that it is for, by its issuer identifier: `aud` of the request object. */
  readonly issuer: string;
  /** How long it is good, in seconds, 1 to 3600. Default 60. */
  readonly lifetimeSeconds?: number;
  /** Further parameters. One that has an option of its own may be given here or there, not in both places. */
  readonly parameters?: ParametersInit;
}

/**
 * Signs an authorization request, so that nobody on the way can change it and the server knows who made it. What comes of it
 * goes as `request` into {@link pushAuthorizationRequest} or {@link createAuthorizeUrl}.
 *
 * @throws {OidcError} `invalid_argument`, also for a key that may not sign and for an algorithm with a shared secret;
 * `unsupported_environment` where WebCrypto is missing; and what {@link init} throws.
 * @see https://www.rfc-editor.org/rfc/rfc9101#section-4
 * @example
 * ```ts
 * import {
 *   createRequestObject, generatePkce, init, pushAuthorizationRequest, randomString, type ProviderMetadata,
 * } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const key: CryptoKey;
 * await init();
 * const { codeVerifier, codeChallenge } = generatePkce();
 * const state = randomString();
 * sessionStorage.setItem(state, codeVerifier);
 * const request = await createRequestObject({
 *   clientId: "spa",
 *   issuer: metadata.issuer,
 *   key,
 *   keyId: "2026-1",
 *   responseType: "code",
 *   redirectUri: "https://app.example.com/callback",
 *   scope: "openid",
 *   state,
 *   codeChallenge,
 * });
 * const { requestUri } = await pushAuthorizationRequest({ metadata, clientId: "spa", request });
 * console.log(requestUri);
 * ```
 */
export async function createRequestObject<Detail extends AuthorizationDetail = AuthorizationDetail>(
  request: RequestObjectParameters<Detail>,
): Promise<string> {
  const { key: _, ...rest } = request;
  const { algorithm, keyId, load } = givenKey(request);
  const text = json(withPairs({ ...rest, algorithm, keyId }));
  const sign = await load();
  await init();
  const input = enter(() => call("request_object", text)) as string;
  return `${input}.${await sign(input)}`;
}
