/** Signatures by WebCrypto, for whatever needs one: which keys fit an algorithm, and how they sign. */
import { base64urlEncode } from "#wasm";
import { enter } from "./core.js";
import { OidcError } from "./errors.js";
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
  return async (input) => {
    const signature = new Uint8Array(await engine.sign(parameters, key, new TextEncoder().encode(input)));
    return enter(() => base64urlEncode(signature));
  };
}

/** Pages without TLS have no WebCrypto. */
export function subtle(): SubtleCrypto {
  const engine = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (engine) return engine;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: "WebCrypto is missing here: serve the page by https.",
    details: { feature: "crypto.subtle" },
  });
}
