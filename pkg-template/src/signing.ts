/** Signatures by WebCrypto, for whatever needs one: which keys fit an algorithm, and how they sign. */
import { base64urlEncode, type Bytes } from "#wasm";
import { enter } from "./core.js";
import { OidcError } from "./errors.js";
import type { JsonWebKeyLike } from "./metadata.js";
import { invalid } from "./request.js";

/** What WebCrypto calls an algorithm: enough to import a key for it and to sign with that. */
export interface SignatureParameters {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve: string;
  readonly saltLength: number;
}

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
const NAMES: Readonly<Record<string, string>> = { HS: "HMAC", RS: "RSASSA-PKCS1-v1_5", PS: "RSA-PSS", ES: "ECDSA", Ed: "Ed25519" };
const CANNOT_SIGN = "not a private key that may sign";

const UNPADDED = { alphabet: "base64url", omitPadding: true };

/** RFC 7518, section 3; RFC 8037, section 3.1; RFC 9864, section 2.2. */
export function parametersOf(algorithm: unknown): SignatureParameters | undefined {
  if (typeof algorithm !== "string" || !/^([HRPE]S(256|384|512)|EdDSA|Ed25519)$/.test(algorithm)) return undefined;
  const bits = algorithm.slice(2);
  return {
    name: NAMES[algorithm.slice(0, 2)] ?? "",
    hash: `SHA-${bits}`,
    namedCurve: CURVES[algorithm] ?? "",
    saltLength: Number(bits) / 8,
  };
}

/** The same for algorithms with a key pair; the option is to blame for any other. */
export function keyPairParametersOf(algorithm: unknown, option: string): SignatureParameters {
  const parameters = parametersOf(algorithm);
  if (!parameters || parameters.name === "HMAC") throw invalid(option);
  return parameters;
}

/** Two names of Ed25519 are the same algorithm. */
export function isSame(one: unknown, other: string): boolean {
  return one === other || (String(one).startsWith("Ed") && other.startsWith("Ed"));
}

/** A key of WebCrypto is bound to one algorithm. */
export function fits(key: CryptoKey, parameters: SignatureParameters): boolean {
  const algorithm = key.algorithm as Partial<RsaHashedKeyAlgorithm & EcKeyAlgorithm> | undefined;
  return (
    algorithm?.name === parameters.name &&
    (algorithm.hash === undefined || algorithm.hash.name === parameters.hash) &&
    (algorithm.namedCurve === undefined || algorithm.namedCurve === parameters.namedCurve)
  );
}

export function algorithmOfKey(key: CryptoKey): string {
  const all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
  return all.find((algorithm) => fits(key, parametersOf(algorithm) as SignatureParameters)) ?? "";
}

export function algorithmOfJwk(jwk: Readonly<Record<string, unknown>>): string {
  if (typeof jwk["alg"] === "string") return jwk["alg"];
  if (jwk["kty"] === "RSA") return "PS256";
  return Object.keys(CURVES).find((algorithm) => CURVES[algorithm] === jwk["crv"]) ?? "EdDSA";
}

/** The option is to blame for a key that cannot sign. */
export function requirePrivate(key: CryptoKey, option: string): void {
  if (key.type !== "private" || !key.usages.includes("sign")) throw invalid(option, { reason: CANNOT_SIGN });
}

/** `alg` is checked already, and engines do not agree about its name for Ed25519. */
export async function importPrivate(
  engine: SubtleCrypto,
  { alg: _, ...jwk }: Readonly<Record<string, unknown>>,
  parameters: SignatureParameters,
  option: string,
): Promise<CryptoKey> {
  try {
    return await engine.importKey("jwk", jwk, parameters, false, ["sign"]);
  } catch (cause) {
    throw invalid(option, { reason: CANNOT_SIGN }, cause);
  }
}

/** What signs a text, base64url. */
export function signer(
  engine: SubtleCrypto,
  key: CryptoKey,
  parameters: SignatureParameters,
): (input: string) => Promise<string> {
  const sign = rawSigner(engine, key, parameters);
  return async (input) => encoded(new Uint8Array(await sign(input)));
}

/** The same in two halves: whoever waits between them anyway saves a promise. */
export function rawSigner(
  engine: SubtleCrypto,
  key: CryptoKey,
  parameters: SignatureParameters,
): (input: string) => Promise<ArrayBuffer> {
  const encoder = new TextEncoder();
  let room = new Uint8Array(0);
  return (input) => {
    // WebCrypto copies what it is given before it waits, so one buffer does for all.
    if (room.length < input.length * 3) room = new Uint8Array(input.length * 6);
    return engine.sign(parameters, key, room.subarray(0, encoder.encodeInto(input, room).written));
  };
}

/** base64url, by whoever does it quickest. */
export function encoded(bytes: Bytes): string {
  return bytes.toBase64?.(UNPADDED) ?? enter(() => base64urlEncode(bytes));
}

/** Pages without TLS have no WebCrypto; `remedy` says what else helps there. */
export function subtle(remedy = ""): SubtleCrypto {
  const engine = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (engine) return engine;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: `WebCrypto is missing here: serve the page by https${remedy}.`,
    details: { feature: "crypto.subtle" },
  });
}

/** A private key that an application gives, with what is to be known about it. */
export interface GivenKey {
  readonly key: CryptoKey | JsonWebKeyLike;
  readonly algorithm?: string;
  readonly keyId?: string;
}

/** Judges a given key. WebCrypto gets it when `load` is called; what the caller changes later has no effect. */
export function givenKey({ key: given, algorithm: wanted, keyId }: GivenKey): {
  readonly algorithm: string;
  readonly keyId: unknown;
  load(): Promise<(input: string) => Promise<string>>;
} {
  if (typeof given !== "object" || given === null) throw invalid("key");
  const jwk: Readonly<Record<string, unknown>> | undefined = "kty" in given ? { ...given } : undefined;
  const algorithm = wanted ?? (jwk ? algorithmOfJwk(jwk) : algorithmOfKey(given as CryptoKey));
  const parameters = keyPairParametersOf(algorithm, wanted === undefined ? "key" : "algorithm");
  if (jwk ? jwk["alg"] !== undefined && !isSame(jwk["alg"], algorithm) : !fits(given as CryptoKey, parameters)) {
    throw invalid("algorithm", { reason: "not the key's" });
  }
  if (!jwk) requirePrivate(given as CryptoKey, "key");
  const load = async (): Promise<(input: string) => Promise<string>> => {
    const engine = subtle();
    return signer(engine, jwk ? await importPrivate(engine, jwk, parameters, "key") : (given as CryptoKey), parameters);
  };
  return { algorithm, keyId: keyId ?? jwk?.["kid"], load };
}
