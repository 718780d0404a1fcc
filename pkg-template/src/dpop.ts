/**
 * Proofs of possession: tokens that are worth nothing without a key that never leaves the browser.
 *
 * @module
 */
import { init } from "./init.js";
import { OidcError } from "./errors.js";
import type { JsonWebKey, JsonWebKeyLike } from "./metadata.js";
import { compute, invalid } from "./request.js";
import {
  algorithmOfJwk,
  algorithmOfKey,
  fits,
  importPrivate,
  keyPairParametersOf,
  requirePrivate,
  signer,
  subtle,
  type SignatureParameters,
} from "./signing.js";
import type { SigningAlgorithm } from "./types.js";

const NO_PAIR = "not a pair of keys";

/** Options of {@link DpopKey.generate}. */
export interface DpopKeyOptions {
  /**
   * What proofs are signed with; the server lists what it takes in `dpop_signing_alg_values_supported`. Default `"ES256"`. RSA
   * keys have 2048 bits.
   */
  readonly algorithm?: SigningAlgorithm;
  /** Whether the private key may be exported from WebCrypto. Default false: not even script in the page gets at it. */
  readonly extractable?: boolean;
}

/** The request that {@link DpopKey.proof} is for. */
export interface DpopProofRequest {
  /** The HTTP method. It is written in upper case. */
  readonly method: string;
  /** The absolute URL that is requested. Query and fragment do not go into the proof. */
  readonly url: string | URL;
  /** The access token that goes along: for APIs and userinfo, not for the token endpoint. */
  readonly accessToken?: string;
  /** The latest nonce of this server: `dpop-nonce` of an answer, or `dpopNonce` in the details of an error. */
  readonly nonce?: string | undefined;
}

/**
 * A key pair for DPoP. Tokens that were asked for with its proofs are of no use to whoever steals them without the key.
 *
 * As the option `dpop` of a request it makes a proof for each attempt. For requests of your own, send a proof of its own with each
 * as the header `DPoP`: {@link DpopKey.proof}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449
 * @example
 * ```ts
 * import { DpopKey, fetchUserInfo, requestRefreshToken } from "oidc-wasm";
 *
 * const dpop = await DpopKey.generate();
 * const { accessToken } = await requestRefreshToken({
 *   address: "https://id.example.com/token",
 *   clientId: "spa",
 *   refreshToken: "8xLOxBtZp8",
 *   dpop,
 * });
 * await fetchUserInfo({ address: "https://id.example.com/userinfo", accessToken, subject: "248289761001", dpop });
 * ```
 */
export class DpopKey {
  /** The pair itself. IndexedDB keeps it as it is, unextractable keys too; {@link DpopKey.from} takes it again. */
  readonly keyPair: CryptoKeyPair;
  /** What proofs are signed with, as JWTs call it. */
  readonly algorithm: string;
  /** The public key, with the members that make it and no others. */
  readonly publicJwk: JsonWebKey;
  /**
   * The thumbprint of the key (`jkt`): `cnf` of a bound token has it, and as `dpopJkt` of {@link createAuthorizeUrl} or
   * {@link pushAuthorizationRequest} it binds the code as well.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-10
   */
  readonly thumbprint: string;
  readonly #sign: (input: string) => Promise<string>;

  /** The parts fit each other: see the static functions. */
  private constructor(keyPair: CryptoKeyPair, algorithm: string, publicJwk: JsonWebKey, sign: (input: string) => Promise<string>) {
    this.keyPair = keyPair;
    this.algorithm = algorithm;
    this.publicJwk = publicJwk;
    this.thumbprint = compute("jwk_thumbprint", publicJwk);
    this.#sign = sign;
  }

  /**
   * Makes a new key.
   *
   * @throws {OidcError} `invalid_argument`; `unsupported_environment` where WebCrypto is missing, as in pages without TLS, or
   * lacks the algorithm; and what {@link init} throws.
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-11.4
   * @example
   * ```ts
   * import { createAuthorizeUrl, DpopKey, generatePkce, type ProviderMetadata } from "oidc-wasm";
   *
   * declare const metadata: ProviderMetadata;
   * const key = await DpopKey.generate();
   * console.log(
   *   createAuthorizeUrl({
   *     metadata,
   *     clientId: "spa",
   *     responseType: "code",
   *     redirectUri: "https://app.example.com/callback",
   *     codeChallenge: generatePkce().codeChallenge,
   *     dpopJkt: key.thumbprint,
   *   }),
   * );
   * ```
   */
  static async generate(options: DpopKeyOptions = {}): Promise<DpopKey> {
    const { algorithm = "ES256", extractable = false, ...others } = options;
    for (const option of Object.keys(others)) throw invalid(option, { reason: "there is no such option" });
    const parameters = keyPairParametersOf(algorithm, "algorithm");
    if (typeof extractable !== "boolean") throw invalid("extractable");
    const engine = subtle();
    const keyPair = await generatePair(engine, parameters, extractable);
    const publicJwk = publicMembers(await engine.exportKey("jwk", keyPair.publicKey));
    await init();
    return new DpopKey(keyPair, algorithm, publicJwk, signer(engine, keyPair.privateKey, parameters));
  }

  /**
   * Takes a pair that exists, for example one from IndexedDB. Pairs of Ed25519 sign as `EdDSA`.
   *
   * @throws {OidcError} `invalid_argument` when it is no pair, may not sign, is for no algorithm of JWTs, is an RSA key of less
   * than 2048 bits, or when its public key may not be exported; `unsupported_environment`; and what {@link init} throws.
   * @see https://www.w3.org/TR/WebCryptoAPI/#cryptokey-interface-clone
   * @example
   * ```ts
   * import { DpopKey } from "oidc-wasm";
   *
   * const first = await DpopKey.generate();
   * // What IndexedDB does with a value that is put there and read again.
   * const stored = structuredClone(first.keyPair);
   * const again = await DpopKey.from(stored);
   * console.log(first.thumbprint === again.thumbprint);
   * ```
   */
  static async from(keyPair: CryptoKeyPair): Promise<DpopKey> {
    const { privateKey, publicKey } = (keyPair ?? {}) as Partial<CryptoKeyPair>;
    if (!Array.isArray(privateKey?.usages) || !publicKey) throw invalid("keyPair", { reason: NO_PAIR });
    requirePrivate(privateKey, "keyPair");
    const algorithm = algorithmOfKey(privateKey);
    const parameters = keyPairParametersOf(algorithm, "keyPair");
    const engine = subtle();
    // A copy, because the caller may change its own.
    const pair = { privateKey, publicKey };
    const publicJwk = await checkPair(engine, pair, parameters, "keyPair");
    await init();
    return new DpopKey(pair, algorithm, publicJwk, signer(engine, privateKey, parameters));
  }

  /**
   * Imports a private key in JWK form. Afterwards it cannot be exported; the JWK itself is the caller's to forget. `alg` decides
   * about the algorithm, without it the curve, and for RSA keys `PS256`.
   *
   * @throws {OidcError} `invalid_argument` when it is no private key for signatures, when its members contradict each other, or
   * when it is an RSA key of less than 2048 bits; `unsupported_environment`; and what {@link init} throws.
   * @see https://www.rfc-editor.org/rfc/rfc7517#section-4
   * @example
   * ```ts
   * import { DpopKey, type JsonWebKey } from "oidc-wasm";
   *
   * declare const privateJwk: JsonWebKey;
   * const key = await DpopKey.import(privateJwk);
   * console.log(key.algorithm, key.keyPair.privateKey.extractable); // ES256 false
   * ```
   */
  static async import(jwk: JsonWebKeyLike): Promise<DpopKey> {
    if (typeof jwk !== "object" || jwk === null) throw invalid("jwk");
    const members = { ...jwk } as Readonly<Record<string, unknown>>;
    const algorithm = algorithmOfJwk(members);
    const parameters = keyPairParametersOf(algorithm, "jwk");
    const engine = subtle();
    const privateKey = await importPrivate(engine, members, parameters, "jwk");
    const publicKey = await importPublic(engine, publicMembers(members), parameters).catch((cause: unknown) => {
      throw invalid("jwk", { reason: NO_PAIR }, cause);
    });
    const pair = { privateKey, publicKey };
    const publicJwk = await checkPair(engine, pair, parameters, "jwk");
    await init();
    return new DpopKey(pair, algorithm, publicJwk, signer(engine, privateKey, parameters));
  }

  /**
   * A proof for one request: the value of its header `DPoP`. Make a new one for every request, retries included; servers take
   * each once, and only for a short time by this clock.
   *
   * A server that wants a nonce refuses the first request with the error `use_dpop_nonce` and says the nonce; ask again with a
   * proof that has it. It may send a new one with any answer.
   *
   * @throws {OidcError} `invalid_argument` when a member is missing, or when `url` is not an absolute `https:` or `http:` URL or
   * has a user name in it.
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.2
   * @example
   * ```ts
   * import type { DpopKey } from "oidc-wasm";
   *
   * declare const key: DpopKey;
   * declare const accessToken: string;
   * const url = "https://api.example.com/notes?page=2";
   * const proof = await key.proof({ method: "GET", url, accessToken });
   * const response = await fetch(url, { headers: { authorization: `DPoP ${accessToken}`, dpop: proof } });
   * console.log(response.status, response.headers.get("dpop-nonce") ?? "no nonce");
   * ```
   */
  async proof(request: DpopProofRequest): Promise<string> {
    const url = hrefOf(request.url);
    const input: string = compute("dpop_proof", { ...request, url, jwk: this.publicJwk, algorithm: this.algorithm });
    return `${input}.${await this.#sign(input)}`;
  }
}

async function generatePair(engine: SubtleCrypto, parameters: SignatureParameters, extractable: boolean): Promise<CryptoKeyPair> {
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  try {
    const made = await engine.generateKey({ ...rsa, ...parameters }, extractable, ["sign", "verify"]);
    return made as CryptoKeyPair;
  } catch (cause) {
    throw new OidcError({
      code: "unsupported_environment",
      type: "usage",
      message: "WebCrypto lacks this algorithm here: choose another.",
      details: { feature: parameters.namedCurve || parameters.name },
      cause,
    });
  }
}

/** The public key of a pair that nobody here has made, if the pair is one and good enough. */
async function checkPair(
  engine: SubtleCrypto,
  { privateKey, publicKey }: CryptoKeyPair,
  parameters: SignatureParameters,
  option: string,
): Promise<JsonWebKey> {
  if (publicKey.type !== "public" || !fits(publicKey, parameters)) throw invalid(option, { reason: NO_PAIR });
  // RFC 7518, sections 3.3 and 3.5.
  const { modulusLength = 2048 } = publicKey.algorithm as Partial<RsaKeyAlgorithm>;
  if (modulusLength < 2048) throw invalid(option, { reason: "less than 2048 bits" });
  let jwk: JsonWebKey;
  let isPair: boolean;
  try {
    jwk = publicMembers(await engine.exportKey("jwk", publicKey));
    // The given one need not be allowed to verify.
    const verifier = await importPublic(engine, jwk, parameters);
    // Of nothing, so that the signature serves no other purpose.
    const nothing = new Uint8Array();
    isPair = await engine.verify(parameters, verifier, await engine.sign(parameters, privateKey, nothing), nothing);
  } catch (cause) {
    throw invalid(option, { reason: "the public key may not be exported, or WebCrypto cannot use the pair" }, cause);
  }
  if (!isPair) throw invalid(option, { reason: NO_PAIR });
  return jwk;
}

function importPublic(engine: SubtleCrypto, jwk: object, parameters: SignatureParameters): Promise<CryptoKey> {
  return engine.importKey("jwk", jwk as globalThis.JsonWebKey, parameters, true, ["verify"]);
}

/** What makes a public key, and nothing that is private or tells keys apart (RFC 7638, section 3.2). */
function publicMembers(jwk: object): JsonWebKey {
  const members = Object.entries(jwk).filter(([name]) => /^(crv|e|kty|n|x|y)$/.test(name));
  return Object.freeze(Object.fromEntries(members)) as unknown as JsonWebKey;
}

function hrefOf(url: unknown): string {
  try {
    return new URL(url as string).href;
  } catch {
    // Without the cause: that has the whole URL in it.
    throw invalid("url", { reason: "malformed" });
  }
}
