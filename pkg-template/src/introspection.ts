/**
 * The introspection endpoint.
 *
 * @module
 */
import { askAsClient } from "./authenticate.js";
import type { ClientRequest, JsonObject, JsonResponse } from "./messages.js";
import type { JsonWebKeySet } from "./metadata.js";
import type { SigningAlgorithm } from "./types.js";

/** Options of {@link introspectToken}. */
export interface IntrospectionEndpointRequest extends ClientRequest {
  /** The token that is asked about. */
  readonly token: string;
  /** What kind of token it is, for example `access_token`: the server looks there first. */
  readonly tokenTypeHint?: string;
  /**
   * `"json"` (default), or `"jwt"` for an answer that the server signs. The signature is then verified with the keys of
   * the server in `metadata`, or else with `issuer` and `keySet`; the answer must be for `clientId`.
   */
  readonly responseFormat?: "json" | "jwt";
  /** The algorithm of the signature. Default: `RS256`, `PS256`, `ES256` or Ed25519. */
  readonly algorithm?: SigningAlgorithm;
  /** Keys to verify the signature with. Default: those at `jwks_uri` of `metadata`. */
  readonly keySet?: JsonWebKeySet;
  /** Who must have signed the answer. Default: the issuer in `metadata`. */
  readonly issuer?: string;
  /** A check of your own, after all others: it gets the signed answer and refuses it by throwing. */
  readonly validate?: (jwt: string) => void | Promise<void>;
  /** Believe a signed answer without verifying it. Who can reach the server's name can then make tokens valid. */
  readonly dangerousSkipSignatureValidation?: boolean;
  /** Tolerated difference between this clock and the server's, in seconds, 0 to 300. Default 60. */
  readonly clockToleranceSeconds?: number;
}

/**
 * What the server knows about a token. Everything but `active` may be missing; for an inactive token it mostly is.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.2
 */
export interface Introspection<Json extends object = JsonObject> extends JsonResponse<Json> {
  /** The claims about the token, whichever way they came. */
  readonly json: Json;
  /** Whether the token is good now. Look at nothing else when it is not. */
  readonly active: boolean;
  /** `scope`, one by one. */
  readonly scopes: readonly string[];
  /** `aud`: whom the token is for. */
  readonly audiences: readonly string[];
  /** `client_id`: whom it was issued to. */
  readonly clientId?: string;
  /** `username`: the person, for people to read. */
  readonly username?: string;
  /** `token_type` */
  readonly tokenType?: string;
  /** Expiry, seconds since 1970. */
  readonly exp?: number;
  /** Time of issue, seconds since 1970. */
  readonly iat?: number;
  /** Not good before, seconds since 1970. */
  readonly nbf?: number;
  /** `sub`: the person, unique at the issuer. */
  readonly sub?: string;
  /** `iss`: who issued it. */
  readonly iss?: string;
  /** `jti`: the token's own identifier. */
  readonly jti?: string;
}

/**
 * Asks the server whether a token is good, and for what. Not for pages: it is what an API does, and such clients
 * authenticate themselves, which takes a host that can keep a secret.
 *
 * @throws {OidcError} `endpoint_error` when the server refuses (`error` says why); for signed answers the codes of JWTs, such
 * as `signature_invalid`, `jwt_issuer_mismatch` and `jwt_audience_mismatch`, and `hook_failed` when `validate` threw (`cause`
 * is what it threw); and the codes of {@link ClientRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7662#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9701#section-4
 * @example
 * ```ts
 * import { introspectToken, type ProviderMetadata } from "oidc-wasm/node";
 *
 * declare const metadata: ProviderMetadata;
 * declare const clientSecret: string;
 * declare const token: string;
 * const found = await introspectToken<{ readonly tenant?: string }>({
 *   metadata,
 *   clientId: "api",
 *   clientAuthentication: { method: "client_secret_basic", clientSecret },
 *   token,
 *   responseFormat: "jwt",
 * });
 * if (found.active && found.scopes.includes("reports.read")) console.log(found.sub, found.json.tenant);
 * ```
 */
export async function introspectToken<Json extends object = JsonObject>(
  request: IntrospectionEndpointRequest,
): Promise<Introspection<Json>> {
  const { validate, issuer, ...rest } = request;
  // To the core an issuer is a member of metadata.
  const known = issuer === undefined ? rest : { ...rest, metadata: { ...rest.metadata, issuer } };
  if (validate === undefined) return askAsClient("introspection", known);
  return askAsClient("introspection", known, {
    validate: async (jwt) => {
      await validate(jwt);
      return "";
    },
  });
}
