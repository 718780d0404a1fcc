/**
 * The device authorization endpoint.
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { ClientRequest, JsonObject, JsonResponse } from "./messages.js";

/** Options of {@link requestDeviceAuthorization}. */
export interface DeviceAuthorizationRequest extends ClientRequest {
  /** Space-separated scopes. */
  readonly scope?: string;
}

/**
 * What a device needs to be approved.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.2
 */
export interface DeviceAuthorization<Json extends object = JsonObject> extends JsonResponse<Json> {
  /** `device_code`, for {@link pollDeviceToken}. Do not show it. */
  readonly deviceCode: string;
  /** `user_code`: what the person types. */
  readonly userCode: string;
  /** `verification_uri`: where the person types it. */
  readonly verificationUri: string;
  /** `verification_uri_complete`: the same with the code in it, for a QR code. */
  readonly verificationUriComplete?: string;
  /** `expires_in`: seconds from the answer. */
  readonly expiresIn: number;
  /** `interval`: seconds between two polls; 5 when the server did not say. */
  readonly interval: number;
}

/**
 * Begins a sign-in on a device without a browser or keyboard: the person approves it elsewhere, while
 * {@link pollDeviceToken} waits. From a page it takes a server that allows other origins (CORS) at this endpoint.
 *
 * @throws {OidcError} `endpoint_error` when the server refuses (`error` says why); and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc8628#section-3.1
 * @example
 * ```ts
 * import { requestDeviceAuthorization } from "oidc-wasm";
 *
 * const { userCode, verificationUri } = await requestDeviceAuthorization({
 *   address: "https://id.example.com/device",
 *   clientId: "tv",
 *   scope: "openid offline_access",
 * });
 * console.log(`Open ${verificationUri} and enter ${userCode}.`);
 * ```
 */
export function requestDeviceAuthorization<Json extends object = JsonObject>(
  request: DeviceAuthorizationRequest,
): Promise<DeviceAuthorization<Json>> {
  return askAsClient("device_authorization", request);
}
