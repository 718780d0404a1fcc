/**
 * The backchannel authentication endpoint (CIBA).
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { ClientRequest, JsonObject, JsonResponse } from "./messages.js";

/** Options of {@link requestBackchannelAuthentication} one by one. One of the three hints says who is asked. */
export interface BackchannelAuthenticationByParameters extends ClientRequest {
  /** Space-separated scopes, `openid` among them. */
  readonly scope: string;
  /** The token with which the server calls the client back, in the modes ping and push. */
  readonly clientNotificationToken?: string;
  /** Requested authentication context classes, separated by spaces. */
  readonly acrValues?: string;
  /** Who is asked: a token whose format both sides know. */
  readonly loginHintToken?: string;
  /** Who is asked: an ID Token of the person. */
  readonly idTokenHint?: string;
  /** Who is asked: a name, an e-mail address, a telephone number. */
  readonly loginHint?: string;
  /** What the person sees on both devices, to know that they belong together. */
  readonly bindingMessage?: string;
  /** A code that only the person knows. */
  readonly userCode?: string;
  /** How long the request is to be good, in seconds. */
  readonly requestedExpiry?: number;
  /** Resources that the token is for (RFC 8707). */
  readonly resource?: string | readonly string[];
  readonly request?: never;
}

/** Options of {@link requestBackchannelAuthentication} as a signed request object, which has everything in it. */
export interface BackchannelAuthenticationByRequestObject extends ClientRequest {
  /** The signed JWT. */
  readonly request: string;
  readonly scope?: never;
}

/** Options of {@link requestBackchannelAuthentication}. */
export type BackchannelAuthenticationEndpointRequest =
  | BackchannelAuthenticationByParameters
  | BackchannelAuthenticationByRequestObject;

/**
 * An authentication that has begun.
 *
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#successful_authentication_request_acknowdlegment
 */
export interface BackchannelAuthentication<Json extends object = JsonObject> extends JsonResponse<Json> {
  /** `auth_req_id`, for {@link pollBackchannelAuthentication}. */
  readonly authReqId: string;
  /** `expires_in`: seconds from the answer. */
  readonly expiresIn: number;
  /** `interval`: seconds between two polls; 5 when the server did not say. */
  readonly interval: number;
}

/**
 * Asks a person to approve a sign-in on a device of their own, without a browser. Not for pages: such clients authenticate
 * themselves, which takes a host that can keep a secret (Node, server-side rendering).
 *
 * @throws {OidcError} `endpoint_error` when the server refuses (`error` says why, for example `unknown_user_id`); and the
 * codes of {@link ClientRequest}.
 * @see https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html#auth_request
 * @example
 * ```ts
 * import { requestBackchannelAuthentication, type ProviderMetadata } from "oidc-wasm/node";
 *
 * declare const metadata: ProviderMetadata;
 * declare const clientSecret: string;
 * const { authReqId, interval } = await requestBackchannelAuthentication({
 *   metadata,
 *   clientId: "till",
 *   clientAuthentication: { method: "client_secret_basic", clientSecret },
 *   scope: "openid",
 *   loginHint: "ada@example.com",
 *   bindingMessage: "W4SCT",
 * });
 * console.log(authReqId.length, interval);
 * ```
 */
export function requestBackchannelAuthentication<Json extends object = JsonObject>(
  request: BackchannelAuthenticationEndpointRequest,
): Promise<BackchannelAuthentication<Json>> {
  return askAsClient("backchannel_authentication", request);
}
