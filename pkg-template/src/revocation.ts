/**
 * The revocation endpoint.
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { ClientRequest, ProtocolResponse } from "./messages.js";

/** Options of {@link revokeToken}. */
export interface RevocationEndpointRequest extends ClientRequest {
  /** The token that is to end. */
  readonly token: string;
  /** What kind of token it is, for example `refresh_token`: the server looks there first. */
  readonly tokenTypeHint?: string;
}

/**
 * Ends a token at the server. Revoking a refresh token mostly ends the access tokens made from it too. A token that the
 * server does not know counts as ended.
 *
 * @throws {OidcError} `endpoint_error` when the server refuses, for example with `error: "unsupported_token_type"`; and the
 * codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1
 * @example
 * ```ts
 * import { revokeToken, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const refreshToken: string;
 * await revokeToken({ metadata, clientId: "spa", token: refreshToken, tokenTypeHint: "refresh_token" });
 * ```
 */
export function revokeToken(request: RevocationEndpointRequest): Promise<ProtocolResponse> {
  return askAsClient("revocation", request);
}
