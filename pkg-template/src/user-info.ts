/**
 * The userinfo endpoint.
 *
 * @module
 */
import type { EndpointRequest, JsonResponse, ProofMaker } from "./messages.js";
import type { JsonWebKeySet } from "./metadata.js";
import { ask } from "./request.js";
import type { SigningAlgorithm, UserInfo } from "./types.js";

/** Options of {@link fetchUserInfo}, whoever the answer is about. */
export interface UserInfoEndpointOptions extends EndpointRequest {
  /** The access token. */
  readonly accessToken: string;
  /** Proves possession of the key that the access token is bound to. */
  readonly dpop?: ProofMaker;
  /** Whom a signed answer must be for. */
  readonly clientId?: string;
  /** `"jwt"` refuses plain JSON. Default: what the server sends; a JWT is verified in any case. */
  readonly responseFormat?: "json" | "jwt";
  /** The algorithm of a signed answer. Default: `RS256`, `PS256`, `ES256` or Ed25519. */
  readonly algorithm?: SigningAlgorithm;
  /** Keys to verify a signed answer with. Default: those at `jwks_uri` of `metadata`. */
  readonly keySet?: JsonWebKeySet;
  /** Tolerated difference between this clock and the server's, in seconds, 0 to 300. Default 60. */
  readonly clockToleranceSeconds?: number;
}

/** Options of {@link fetchUserInfo}. Who the answer must be about is never left out by accident. */
export type UserInfoEndpointRequest = UserInfoEndpointOptions &
  (
    | {
        /** `sub` of the ID Token: the answer must be about the same person. */
        readonly subject: string;
        readonly dangerousSkipSubjectCheck?: false;
      }
    | {
        /** Take an answer about anybody. Somebody else's access token then signs that person in. */
        readonly dangerousSkipSubjectCheck: true;
        readonly subject?: never;
      }
  );

/**
 * Claims about the person.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
 */
export interface UserInfoResponse<Json extends object = UserInfo> extends JsonResponse<Json> {
  /** The claims, whichever way they came. */
  readonly json: Json;
  /** The person: unique and stable at the issuer. */
  readonly sub: string;
}

/**
 * Fetches claims about the person an access token stands for, as JSON or as a JWT whose signature is verified.
 * The token goes by the scheme `DPoP` with `dpop` or a proof in `headers`, otherwise by `Bearer`.
 *
 * @throws {OidcError} `userinfo_error` when the server refuses the token (`error` says why); `userinfo_subject_mismatch` when
 * the answer is about somebody else; for signed answers the codes of JWTs, such as `signature_invalid`; and the codes of
 * {@link EndpointRequest}.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
 * @example
 * ```ts
 * import { fetchUserInfo, type IdTokenClaims, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * declare const accessToken: string;
 * declare const claims: IdTokenClaims;
 * const { json } = await fetchUserInfo({ metadata, accessToken, subject: claims.sub });
 * console.log(json["email"]);
 * ```
 */
export function fetchUserInfo<Json extends object = UserInfo>(request: UserInfoEndpointRequest): Promise<UserInfoResponse<Json>> {
  return ask("userinfo", request);
}
