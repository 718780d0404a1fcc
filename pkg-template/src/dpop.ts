/**
 * Proofs of possession: tokens that are worth nothing without a key that never leaves the browser.
 *
 * @module
 */
import type { Es256Key } from "#signer-wasm";
import { dpopClaims, dpopTokenHash } from "#wasm";
import { enter, json } from "./core.js";
import { OidcError } from "./errors.js";
import { init, initScript } from "./init.js";
import type { JsonWebKey, JsonWebKeyLike } from "./metadata.js";
import { compute, invalid } from "./request.js";
import {
  algorithmOfJwk,
  algorithmOfKey,
  encoded,
  fits,
  importPrivate,
  keyPairParametersOf,
  rawSigner,
  requirePrivate,
  subtle,
  type SignatureParameters,
} from "./signing.js";
import type { SigningAlgorithm } from "./types.js";
import type { CryptoKey, CryptoKeyPair } from "./web.js";

const NO_PAIR = "not a pair of keys";
const ONLY_WEBCRYPTO = "only keys in WebCrypto can be exported";
const ONLY_ES256 = 'the signer "software" has ES256 only';
const OR_SOFTWARE = ', or choose the signer "software"';
const PROOF_OPTIONS = new Set(["method", "url", "accessToken", "nonce", "clockOffset"]);
/** How many URLs, and how many access tokens, are remembered with what proofs say of them. */
const MOST_REMEMBERED = 16;

/**
 * Who signs proofs. `"webcrypto"`: the browser, with a key that not even script in the page can read. `"software"`: the wasm of this
 * package, with ES256, in a few milliseconds; for where WebCrypto is missing, as in pages without TLS. It is loaded when it is
 * chosen. Such a key lives in the memory of the page and nowhere else: it cannot be stored or exported.
 */
export type DpopSigner = "webcrypto" | "software";

/** A key in WebCrypto, which has its pair. */
export type WebCryptoDpopKey = DpopKey & { readonly keyPair: CryptoKeyPair };

/** Options of {@link DpopKey.generate}. */
export interface DpopKeyOptions {
  /**
   * What proofs are signed with; the server lists what it takes in `dpop_signing_alg_values_supported`. Default `"ES256"`. RSA
   * keys have 2048 bits.
   */
  readonly algorithm?: SigningAlgorithm;
  /** Whether the private key may be exported from WebCrypto. Default false: not even script in the page gets at it. */
  readonly extractable?: boolean;
  /** Who signs. Default `"webcrypto"`; nothing else is chosen unless it is named here. */
  readonly signer?: DpopSigner;
}

/** Options of {@link DpopKey.import}. */
export interface DpopImportOptions {
  /** Who signs. Default `"webcrypto"`; nothing else is chosen unless it is named here. */
  readonly signer?: DpopSigner;
}

/** The request that {@link DpopKey.proof} is for. */
export interface DpopProofRequest {
  /** The HTTP method as `fetch` gets it, which writes some methods in upper case (`get`) and others not (`patch`). */
  readonly method: string;
  /** The absolute URL that is requested. Query and fragment do not go into the proof. */
  readonly url: string | URL;
  /** The access token that goes along: for APIs and userinfo, not for the token endpoint. */
  readonly accessToken?: string;
  /** The latest nonce of this server: `dpop-nonce` of an answer, or `dpopNonce` in the details of an error. */
  readonly nonce?: string | undefined;
  /**
   * Seconds that the clock of the server is ahead of this one, from -600 to 600, where that is known: its header `date`, after it
   * refused a proof for its time. Default 0.
   */
  readonly clockOffset?: number;
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
  /**
   * The pair itself. IndexedDB keeps it as it is, unextractable keys too; {@link DpopKey.from} takes it again. A key of the signer
   * `"software"` has none.
   */
  readonly keyPair: CryptoKeyPair | undefined;
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
  readonly #header: string;
  readonly #sign: (input: string) => string | Promise<ArrayBuffer>;
  readonly #urls = new Map<string, string>();
  readonly #hashes = new Map<string, string>();

  /** The parts fit each other: see the static functions. */
  private constructor(
    keyPair: CryptoKeyPair | undefined,
    algorithm: string,
    publicJwk: JsonWebKey,
    sign: (input: string) => string | Promise<ArrayBuffer>,
  ) {
    this.keyPair = keyPair;
    this.algorithm = algorithm;
    this.publicJwk = publicJwk;
    this.thumbprint = compute("jwk_thumbprint", publicJwk);
    this.#header = compute("dpop_header", { jwk: publicJwk, algorithm });
    this.#sign = sign;
  }

  /**
   * Makes a new key.
   *
   * @throws {OidcError} `invalid_argument`; `unsupported_environment` where WebCrypto is missing, as in pages without TLS, or
   * lacks the algorithm (the signer `"software"` needs neither); and what {@link init} throws.
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
  static generate(options?: DpopKeyOptions & { readonly signer?: "webcrypto" }): Promise<WebCryptoDpopKey>;
  static generate(options: DpopKeyOptions): Promise<DpopKey>;
  static async generate(options: DpopKeyOptions = {}): Promise<DpopKey> {
    const { algorithm = "ES256", extractable = false, signer: chosen, ...others } = options;
    refuseOthers(others);
    const parameters = keyPairParametersOf(algorithm, "algorithm");
    if (typeof extractable !== "boolean") throw invalid("extractable");
    if (isSoftware(chosen)) {
      if (extractable) throw invalid("extractable", { reason: ONLY_WEBCRYPTO });
      if (algorithm !== "ES256") throw invalid("algorithm", { reason: ONLY_ES256 });
      return DpopKey.#inSoftware((signer) => signer.generate());
    }
    const engine = subtle(OR_SOFTWARE);
    const keyPair = await generatePair(engine, parameters, extractable);
    const publicJwk = publicMembers(await engine.exportKey("jwk", keyPair.publicKey));
    await init();
    return new DpopKey(keyPair, algorithm, publicJwk, rawSigner(engine, keyPair.privateKey, parameters)) as WebCryptoDpopKey;
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
  static async from(keyPair: CryptoKeyPair): Promise<WebCryptoDpopKey> {
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
    return new DpopKey(pair, algorithm, publicJwk, rawSigner(engine, privateKey, parameters)) as WebCryptoDpopKey;
  }

  /**
   * Imports a private key in JWK form. Afterwards it cannot be exported; the JWK itself is the caller's to forget. `alg` decides
   * about the algorithm, without it the curve, and for RSA keys `PS256`. The signer `"software"` takes keys for ES256 only.
   *
   * @throws {OidcError} `invalid_argument` when it is no private key for signatures, when its members contradict each other, or
   * when it is an RSA key of less than 2048 bits; `unsupported_environment` where WebCrypto is missing and the signer is not
   * `"software"`; and what {@link init} throws.
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
  static import(jwk: JsonWebKeyLike, options?: { readonly signer?: "webcrypto" }): Promise<WebCryptoDpopKey>;
  static import(jwk: JsonWebKeyLike, options: DpopImportOptions): Promise<DpopKey>;
  static async import(jwk: JsonWebKeyLike, options: DpopImportOptions = {}): Promise<DpopKey> {
    if (typeof jwk !== "object" || jwk === null) throw invalid("jwk");
    const { signer: chosen, ...others } = options;
    refuseOthers(others);
    const members = { ...jwk } as Readonly<Record<string, unknown>>;
    if (isSoftware(chosen)) {
      const text = json(members);
      return DpopKey.#inSoftware((signer) => signer.import(text));
    }
    const algorithm = algorithmOfJwk(members);
    const parameters = keyPairParametersOf(algorithm, "jwk");
    const engine = subtle(OR_SOFTWARE);
    const privateKey = await importPrivate(engine, members, parameters, "jwk");
    const publicKey = await importPublic(engine, publicMembers(members), parameters).catch((cause: unknown) => {
      throw invalid("jwk", { reason: NO_PAIR }, cause);
    });
    const pair = { privateKey, publicKey };
    const publicJwk = await checkPair(engine, pair, parameters, "jwk");
    await init();
    return new DpopKey(pair, algorithm, publicJwk, rawSigner(engine, privateKey, parameters)) as WebCryptoDpopKey;
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
    const { method, url, accessToken = "", nonce = "", clockOffset = 0 } = request;
    for (const option in request) if (!PROOF_OPTIONS.has(option)) refuse(option);
    // Nothing but texts and numbers may cross the boundary.
    if (typeof method !== "string") throw invalid("method");
    if (typeof accessToken !== "string") throw invalid("accessToken");
    if (typeof nonce !== "string") throw invalid("nonce");
    if (typeof clockOffset !== "number") throw invalid("clockOffset");
    const href = typeof url === "string" ? remembered(this.#urls, url, hrefOf) : hrefOf(url);
    const hash = accessToken && remembered(this.#hashes, accessToken, dpopTokenHash);
    const claims = enter(() => dpopClaims(method, href, hash, nonce, clockOffset));
    const input = `${this.#header}.${encoded(claims)}`;
    const signature = this.#sign(input);
    return `${input}.${typeof signature === "string" ? signature : encoded(new Uint8Array(await signature))}`;
  }

  static async #inSoftware(make: (signer: typeof Es256Key) => Es256Key): Promise<DpopKey> {
    const signer = await loadSigner();
    return enter(() => {
      const key = make(signer);
      const publicJwk = publicMembers(JSON.parse(key.publicJwk()) as object);
      return new DpopKey(undefined, "ES256", publicJwk, (input) => enter(() => key.sign(input)));
    });
  }
}

let loading: Promise<typeof Es256Key> | undefined;

/** Few use it, so it has a wasm of its own, which nobody else downloads. Calls share one load, as those of `init` do. */
function loadSigner(): Promise<typeof Es256Key> {
  loading ??= initScript("software-signer.js", () => import("./software-signer.js")).then(
    ({ Es256Key }) => Es256Key,
    (failure: unknown) => {
      loading = undefined;
      throw failure;
    },
  );
  return loading;
}

/** What was computed of a text before; all of it is forgotten when it becomes too much. */
function remembered(memory: Map<string, string>, text: string, make: (text: string) => string): string {
  let made = memory.get(text);
  if (made === undefined) {
    made = make(text);
    if (memory.size >= MOST_REMEMBERED) memory.clear();
    memory.set(text, made);
  }
  return made;
}

function isSoftware(signer: DpopSigner | undefined): boolean {
  if (signer !== undefined && signer !== "webcrypto" && signer !== "software") throw invalid("signer");
  return signer === "software";
}

function refuseOthers(others: object): void {
  for (const option of Object.keys(others)) refuse(option);
}

function refuse(option: string): never {
  throw invalid(option, { reason: "there is no such option" });
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
