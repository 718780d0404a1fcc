/**
 * How a client proves who it is: plain values, told apart by `method`.
 *
 * @module
 */
import type { JsonWebKeyLike } from "./metadata.js";
import type { SigningAlgorithm } from "./types.js";
import type { CryptoKey } from "./web.js";

/**
 * How a client proves who it is at an endpoint.
 *
 * A page cannot keep a secret: whatever is in its script or its storage belongs to everybody. Methods with a secret or a
 * private key that the server trusts are for Node and server-side rendering.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 * @example
 * ```ts
 * import { requestClientCredentialsToken, type ClientAuthentication } from "oidc-wasm";
 *
 * declare const privateKey: CryptoKey;
 * const clientAuthentication: ClientAuthentication = { method: "private_key_jwt", key: privateKey, keyId: "2026-1" };
 * await requestClientCredentialsToken({ address: "https://id.example.com/token", clientId: "job", clientAuthentication });
 * ```
 */
export type ClientAuthentication =
  | NoClientAuthentication
  | ClientSecretBasic
  | ClientSecretPost
  | ClientSecretJwt
  | PrivateKeyJwt
  | GivenClientAssertion
  | MutualTls;

/**
 * A public client: `client_id` in the body and no proof. The default, and all that a page can do.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.1
 */
export interface NoClientAuthentication {
  readonly method: "none";
}

/**
 * Identifier and secret in the `Authorization` header. Not for pages: for hosts that can keep a secret.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export interface ClientSecretBasic {
  readonly method: "client_secret_basic";
  readonly clientSecret: string;
  /**
   * `"rfc6749"` (default) form-encodes both parts first, as the specification says. `"rfc2617"` does not, for servers
   * that do not decode them.
   */
  readonly encoding?: "rfc6749" | "rfc2617";
}

/**
 * Identifier and secret in the body. Not for pages: for hosts that can keep a secret.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 */
export interface ClientSecretPost {
  readonly method: "client_secret_post";
  readonly clientSecret: string;
}

/**
 * A fresh assertion for every request, with an HMAC by the secret. Not for pages: for hosts that can keep a secret.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClientAuthentication
 */
export interface ClientSecretJwt {
  readonly method: "client_secret_jwt";
  readonly clientSecret: string;
  /** Default `"HS256"`. */
  readonly algorithm?: "HS256" | "HS384" | "HS512";
  /** `aud` of the assertion. Default: the issuer in `metadata`, or else the endpoint's URL. */
  readonly audience?: string;
}

/**
 * A fresh assertion for every request, signed by WebCrypto with a private key: RSA, P-256, P-384, P-521 or Ed25519.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7523#section-2.2
 */
export interface PrivateKeyJwt {
  readonly method: "private_key_jwt";
  /** The private key: a `CryptoKey` that may `sign` (it need not be extractable), or a JWK. It stays in WebCrypto. */
  readonly key: CryptoKey | JsonWebKeyLike;
  /**
   * Default: what the key is for. A JWK of type RSA that names no `alg` signs with `PS256`; an Ed25519 key with the name
   * `EdDSA`, which more servers know than `Ed25519`.
   */
  readonly algorithm?: SigningAlgorithm;
  /** `kid` of the assertion's header. Default: `kid` of the JWK. */
  readonly keyId?: string;
  /** `aud` of the assertion. Default: the issuer in `metadata`, or else the endpoint's URL. */
  readonly audience?: string;
}

/**
 * An assertion made elsewhere.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7521#section-4.2
 */
export interface GivenClientAssertion {
  readonly method: "client_assertion";
  /** The assertion, or a function that makes one. The function is called for every request, polling included. */
  readonly assertion: string | (() => string | Promise<string>);
  /** Default `"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"`. */
  readonly assertionType?: string;
}

/**
 * A TLS client certificate, which the browser or the host presents. Endpoints are taken from `mtls_endpoint_aliases` of
 * the metadata where it has them. A page cannot choose the certificate: the browser asks the person.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-2
 */
export interface MutualTls {
  readonly method: "tls_client_auth" | "self_signed_tls_client_auth";
}
