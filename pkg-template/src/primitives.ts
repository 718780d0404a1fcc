/**
 * Small things that protocols are made of. None of them waits; those that need the wasm say so.
 *
 * @module
 */
import { base64urlDecode, base64urlEncode, timingSafeEqual as equal } from "#wasm";
import { enter } from "./core.js";
import { requireLoaded } from "./init.js";
import type { JsonWebKeyLike } from "./metadata.js";
import { compute, invalid } from "./request.js";
import type { BufferSource } from "./web.js";

/** What {@link generatePkce} makes. */
export interface Pkce {
  /** `code_verifier`, 43 characters: kept in this browser, sent with the code. */
  readonly codeVerifier: string;
  /** `code_challenge`, sent with the authorization request. */
  readonly codeChallenge: string;
  /** `code_challenge_method` */
  readonly codeChallengeMethod: "S256";
}

/** One challenge of a `WWW-Authenticate` header. */
export interface AuthenticationChallenge {
  /** The authentication scheme as the server writes it, for example `Bearer`. Compare it without regard to case. */
  readonly scheme: string;
  /** A single value instead of parameters, as old schemes have it. */
  readonly token68?: string;
  /** Parameters by lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Options of {@link randomString}. */
export interface RandomStringOptions {
  /** Random bytes, each two characters of hex or four thirds of base64. Default 32. */
  readonly bytes?: number;
  /** Default `"base64url"`, without padding. `"hex"` is lower-case. */
  readonly format?: "base64url" | "base64" | "hex";
}

/**
 * A verifier of 32 random bytes and its challenge.
 *
 * @throws {OidcError} `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4
 * @example
 * ```ts
 * import { generatePkce, init } from "oidc-wasm";
 *
 * await init();
 * const { codeVerifier, codeChallenge } = generatePkce();
 * console.log(codeVerifier.length, codeChallenge.length);
 * ```
 */
export function generatePkce(): Pkce {
  return compute("pkce", {});
}

/**
 * The `S256` challenge of a verifier.
 *
 * @throws {OidcError} `invalid_argument` when it is no verifier (43 to 128 letters, digits, `-`, `.`, `_`, `~`);
 * `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.2
 * @example
 * ```ts
 * import { computeCodeChallenge, init } from "oidc-wasm";
 *
 * await init();
 * // E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM
 * console.log(computeCodeChallenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
 * ```
 */
export function computeCodeChallenge(codeVerifier: string): string {
  return compute("code_challenge", codeVerifier);
}

/**
 * The thumbprint of a key: SHA-256 of its public members, base64url. It is `jkt` of DPoP.
 *
 * @throws {OidcError} `invalid_argument` when it is no key; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc7638#section-3
 * @example
 * ```ts
 * import { init, jwkThumbprint } from "oidc-wasm";
 *
 * await init();
 * const { publicKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
 * console.log(jwkThumbprint(await crypto.subtle.exportKey("jwk", publicKey)));
 * ```
 */
export function jwkThumbprint(jwk: JsonWebKeyLike): string {
  return compute("jwk_thumbprint", jwk);
}

/**
 * The size of a key in bits, in whole octets: of the modulus (RSA), a coordinate (EC, OKP) or the secret (oct). 0 for other
 * kinds.
 *
 * @throws {OidcError} `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc7518#section-6
 * @example
 * ```ts
 * import { fetchJsonWebKeySet, jwkKeySize } from "oidc-wasm";
 *
 * const { keys } = await fetchJsonWebKeySet({ address: "https://id.example.com/jwks" });
 * console.log(keys.map((key) => jwkKeySize(key)));
 * ```
 */
export function jwkKeySize(jwk: JsonWebKeyLike): number {
  return compute("jwk_key_size", jwk);
}

/**
 * Whether a key has anything in it that must stay secret. One private member is enough.
 *
 * @throws {OidcError} `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-9.2
 * @example
 * ```ts
 * import { init, isPrivateJwk, type JsonWebKey } from "oidc-wasm";
 *
 * declare const jwk: JsonWebKey;
 * await init();
 * if (isPrivateJwk(jwk)) throw new Error("Publish the public key only.");
 * ```
 */
export function isPrivateJwk(jwk: JsonWebKeyLike): boolean {
  return compute("jwk_is_private", jwk);
}

/**
 * `x5t#S256` of a certificate: SHA-256 of its DER, base64url. Compare it with `cnf` of a token that is bound to the certificate.
 * The certificate has to be at hand: no page can look into a certificate store.
 *
 * @param certificate PEM text, or DER bytes.
 * @throws {OidcError} `invalid_argument` when it is no certificate; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-3.1
 * @example
 * ```ts
 * import { certificateThumbprint, init } from "oidc-wasm";
 *
 * declare const pem: string;
 * declare const claims: { readonly cnf?: { readonly "x5t#S256"?: string } };
 * await init();
 * console.log(certificateThumbprint(pem) === claims.cnf?.["x5t#S256"]);
 * ```
 */
export function certificateThumbprint(certificate: string | BufferSource): string {
  const text = typeof certificate === "string" ? certificate : base64url.encode(certificate);
  return compute("certificate_thumbprint", text);
}

/**
 * Reads a `WWW-Authenticate` header with any number of challenges. What cannot be read ends the list.
 *
 * @throws {OidcError} `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @example
 * ```ts
 * import { init, parseWwwAuthenticate } from "oidc-wasm";
 *
 * await init();
 * const [challenge] = parseWwwAuthenticate('Bearer realm="api", error="insufficient_scope", scope="reports.read"');
 * console.log(challenge?.parameters["scope"]);
 * ```
 */
export function parseWwwAuthenticate(header: string): readonly AuthenticationChallenge[] {
  return compute("www_authenticate", header);
}

/**
 * The value of an `Authorization` header with a client's identifier and secret, for requests of your own. For hosts that can keep
 * a secret (Node, server-side rendering), never a page.
 *
 * @param encoding `"rfc6749"` (default) form-encodes both parts first; `"rfc2617"` does not.
 * @throws {OidcError} `invalid_argument`; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
 * @example
 * ```ts
 * import { basicAuthorization, init } from "oidc-wasm/node";
 *
 * declare const clientSecret: string;
 * await init();
 * await fetch("https://id.example.com/custom", { headers: { authorization: basicAuthorization("job", clientSecret) } });
 * ```
 */
export function basicAuthorization(clientId: string, clientSecret: string, encoding?: "rfc6749" | "rfc2617"): string {
  return compute("basic_authorization", { clientId, clientSecret, encoding });
}

/**
 * Compares two values in a time that depends on their lengths only, as far as an engine keeps that promise. Texts are compared
 * by their UTF-8.
 *
 * @throws {OidcError} `invalid_argument`; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.7
 * @example
 * ```ts
 * import { init, timingSafeEqual } from "oidc-wasm";
 *
 * declare const expected: string;
 * declare const given: string;
 * await init();
 * if (!timingSafeEqual(expected, given)) throw new Error("No.");
 * ```
 */
export function timingSafeEqual(a: string | BufferSource, b: string | BufferSource): boolean {
  requireLoaded();
  const [one, other] = [bytesOf("a", a), bytesOf("b", b)];
  return enter(() => equal(one, other));
}

/**
 * Base64 for URLs, without padding. Decoding is strict: padding, other letters and bits left over are refused, so that one value
 * has one spelling.
 *
 * @throws {OidcError} `invalid_argument`; `not_initialized` before `await init()`.
 * @see https://www.rfc-editor.org/rfc/rfc4648#section-5
 * @example
 * ```ts
 * import { base64url, init } from "oidc-wasm";
 *
 * await init();
 * const [, payload = ""] = "e30.eyJzdWIiOiJhZGEifQ.".split(".");
 * console.log(new TextDecoder().decode(base64url.decode(payload)));
 * ```
 */
export const base64url = {
  /** The text of bytes, or of the UTF-8 of a text. */
  encode(bytes: string | BufferSource): string {
    requireLoaded();
    const given = bytesOf("bytes", bytes);
    return enter(() => base64urlEncode(given));
  },
  /** The bytes of a text. */
  decode(text: string): Uint8Array<ArrayBuffer> {
    requireLoaded();
    const bytes = typeof text === "string" ? enter(() => base64urlDecode(text)) : undefined;
    if (!bytes) throw invalid("text");
    return bytes;
  },
} as const;

/**
 * Seconds since 1970, as tokens and messages count time. Needs no wasm.
 *
 * @throws {OidcError} `invalid_argument` for a date or number that is none.
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-2
 * @example
 * ```ts
 * import { epoch, type Session } from "oidc-wasm";
 *
 * declare const session: Session;
 * console.log(epoch.toDate(session.claims.exp), session.claims.exp - epoch.now());
 * ```
 */
export const epoch = {
  /** Now. */
  now(): number {
    return Math.floor(Date.now() / 1000);
  },
  /** The second that a date is in. */
  fromDate(date: Date): number {
    const seconds = Math.floor(date.getTime() / 1000);
    if (Number.isNaN(seconds)) throw invalid("date");
    return seconds;
  },
  /** The date of a second. */
  toDate(seconds: number): Date {
    const date = new Date(seconds * 1000);
    if (typeof seconds !== "number" || Number.isNaN(date.getTime())) throw invalid("seconds");
    return date;
  },
} as const;

/**
 * Bytes of the system's generator. Needs no wasm.
 *
 * @throws {OidcError} `invalid_argument` unless `count` is a whole number from 0 to 2^31 - 1.
 * @see https://www.w3.org/TR/WebCryptoAPI/#Crypto-method-getRandomValues
 * @example
 * ```ts
 * import { randomBytes } from "oidc-wasm";
 *
 * const key = await crypto.subtle.importKey("raw", randomBytes(32), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
 * console.log(key.type);
 * ```
 */
export function randomBytes(count: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 31) throw invalid("count");
  const bytes = new Uint8Array(count);
  // The generator gives no more than this at once.
  for (let start = 0; start < count; start += 65536) crypto.getRandomValues(bytes.subarray(start, start + 65536));
  return bytes;
}

/**
 * A random text: 32 bytes, which nobody guesses, in 43 characters of base64url. For `state`, `nonce` and identifiers. Needs no
 * wasm.
 *
 * @throws {OidcError} `invalid_argument`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-10.10
 * @example
 * ```ts
 * import { randomString } from "oidc-wasm";
 *
 * console.log(randomString(), randomString({ bytes: 16, format: "hex" }));
 * ```
 */
export function randomString({ bytes: count = 32, format = "base64url" }: RandomStringOptions = {}): string {
  const bytes = [...randomBytes(count)];
  if (format === "hex") return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const base64 = btoa(bytes.map((byte) => String.fromCharCode(byte)).join(""));
  if (format === "base64") return base64;
  if (format !== "base64url") throw invalid("format");
  return base64.replace(/[+/=]/g, (character) => ({ "+": "-", "/": "_" })[character] ?? "");
}

/**
 * A random whole number, each as likely as any other. Needs no wasm.
 *
 * @param min The least.
 * @param max One more than the greatest. Equal to `min`, it gives `min`.
 * @throws {OidcError} `invalid_argument` unless both are safe integers, in order, and less than 2^53 apart.
 * @see https://www.w3.org/TR/WebCryptoAPI/#Crypto-method-getRandomValues
 * @example
 * ```ts
 * import { randomInteger } from "oidc-wasm";
 *
 * console.log(`You rolled ${randomInteger(1, 7)}.`);
 * ```
 */
export function randomInteger(min: number, max: number): number {
  const range = max - min;
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) throw invalid("min");
  if (!Number.isSafeInteger(range) || range < 0) throw invalid("max");
  if (range === 0) return min;
  const all = 2 ** 53;
  for (;;) {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    const drawn = (high % 2 ** 21) * 2 ** 32 + low;
    // The incomplete round at the end would favour the small numbers.
    if (drawn < all - (all % range)) return min + (drawn % range);
  }
}

function bytesOf(name: string, value: unknown): Uint8Array {
  if (typeof value === "string") return new TextEncoder().encode(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw invalid(name);
}
