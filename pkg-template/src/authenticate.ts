/** Turns client authentication into what the core knows, and signs what it may not see the key for. */
import { base64urlEncode } from "#wasm";
import type { ClientAuthentication, ClientSecretJwt, PrivateKeyJwt } from "./client-authentication.js";
import { enter } from "./core.js";
import { OidcError } from "./errors.js";
import type { ClientRequest } from "./messages.js";
import { ask, invalid, type Hooks } from "./request.js";

/** A request that a client makes in its own name. */
export async function askAsClient<T>(operation: string, request: ClientRequest, hooks: Hooks = {}): Promise<T> {
  const { clientAuthentication, ...rest } = request;
  if (clientAuthentication === undefined) return ask(operation, rest, hooks);
  const [wire, own] = await prepare(clientAuthentication);
  const authenticated = { ...rest, clientAuthentication: wire };
  return ask(operation, authenticated, { ...hooks, ...own });
}

/** What crosses to the core, and the functions that stay here. */
async function prepare(authentication: ClientAuthentication): Promise<[wire: object, hooks: Hooks]> {
  switch (authentication.method) {
    case "client_secret_jwt":
      return withSecret(authentication);
    case "private_key_jwt":
      return withKey(authentication);
    case "client_assertion": {
      const { assertion, ...rest } = authentication;
      return typeof assertion === "function" ? [rest, { assertion: async () => text(await assertion()) }] : [authentication, {}];
    }
    default:
      return [authentication, {}];
  }
}

function text(assertion: unknown): string {
  if (typeof assertion === "string") return assertion;
  throw new TypeError("The function in clientAuthentication.assertion gave no text.");
}

async function withSecret(authentication: ClientSecretJwt): Promise<[object, Hooks]> {
  const { clientSecret, algorithm = "HS256", ...rest } = authentication;
  const parameters = parametersOf(algorithm);
  if (parameters?.name !== "HMAC") throw invalid("algorithm");
  if (typeof clientSecret !== "string" || clientSecret === "") throw invalid("clientSecret");
  const engine = subtle();
  const key = await engine.importKey("raw", new TextEncoder().encode(clientSecret), parameters, false, ["sign"]);
  return [{ ...rest, algorithm }, { sign: signer(engine, key, parameters) }];
}

async function withKey(authentication: PrivateKeyJwt): Promise<[object, Hooks]> {
  const { key: given, algorithm: wanted, ...rest } = authentication;
  if (typeof given !== "object" || given === null) throw invalid("key");
  const jwk = "kty" in given ? (given as Readonly<Record<string, unknown>>) : undefined;
  const algorithm = wanted ?? (jwk ? algorithmOfJwk(jwk) : algorithmOfKey(given as CryptoKey));
  const parameters = parametersOf(algorithm);
  if (!parameters || parameters.name === "HMAC") throw invalid(wanted === undefined ? "key" : "algorithm");
  if (jwk?.["alg"] !== undefined && !isSame(jwk["alg"], algorithm)) throw invalid("algorithm", { reason: "not the key's" });
  const engine = subtle();
  const key = jwk ? await importPrivate(engine, jwk, parameters) : (given as CryptoKey);
  if (!fits(key, parameters)) throw invalid("algorithm", { reason: "not the key's" });
  if (key.type !== "private" || !key.usages.includes("sign")) throw invalid("key", { reason: "not a private key that may sign" });
  const keyId = rest.keyId ?? jwk?.["kid"];
  return [{ ...rest, keyId, algorithm }, { sign: signer(engine, key, parameters) }];
}

/** `alg` is checked already, and engines do not agree about its name for Ed25519. */
async function importPrivate(
  engine: SubtleCrypto,
  { alg: _, ...jwk }: Readonly<Record<string, unknown>>,
  parameters: Parameters,
): Promise<CryptoKey> {
  try {
    return await engine.importKey("jwk", jwk, parameters, false, ["sign"]);
  } catch (cause) {
    throw invalid("key", { reason: "not a private key that may sign" }, cause);
  }
}

function signer(engine: SubtleCrypto, key: CryptoKey, parameters: Parameters): (input: string) => Promise<string> {
  return async (input) => {
    const signature = new Uint8Array(await engine.sign(parameters, key, new TextEncoder().encode(input)));
    return enter(() => base64urlEncode(signature));
  };
}

function subtle(): SubtleCrypto {
  // Pages without TLS have no WebCrypto.
  const engine = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (engine) return engine;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: "WebCrypto is missing here: serve the page by https.",
    details: { feature: "crypto.subtle" },
  });
}

/** What WebCrypto calls an algorithm: enough to import a key for it and to sign with that. */
interface Parameters {
  readonly name: string;
  readonly hash: string;
  readonly namedCurve: string;
  readonly saltLength: number;
}

const CURVES: Readonly<Record<string, string>> = { ES256: "P-256", ES384: "P-384", ES512: "P-521" };
const NAMES: Readonly<Record<string, string>> = { HS: "HMAC", RS: "RSASSA-PKCS1-v1_5", PS: "RSA-PSS", ES: "ECDSA", Ed: "Ed25519" };

/** RFC 7518, section 3; RFC 8037, section 3.1; RFC 9864, section 2.2. */
function parametersOf(algorithm: unknown): Parameters | undefined {
  if (typeof algorithm !== "string" || !/^([HRPE]S(256|384|512)|EdDSA|Ed25519)$/.test(algorithm)) return undefined;
  const bits = algorithm.slice(2);
  return {
    name: NAMES[algorithm.slice(0, 2)] ?? "",
    hash: `SHA-${bits}`,
    namedCurve: CURVES[algorithm] ?? "",
    saltLength: Number(bits) / 8,
  };
}

/** Two names of Ed25519 are the same algorithm. */
function isSame(one: unknown, other: string): boolean {
  return one === other || (String(one).startsWith("Ed") && other.startsWith("Ed"));
}

/** A key of WebCrypto is bound to one algorithm. */
function fits(key: CryptoKey, parameters: Parameters): boolean {
  const algorithm = key.algorithm as Partial<RsaHashedKeyAlgorithm & EcKeyAlgorithm> | undefined;
  return (
    algorithm?.name === parameters.name &&
    (algorithm.hash === undefined || algorithm.hash.name === parameters.hash) &&
    (algorithm.namedCurve === undefined || algorithm.namedCurve === parameters.namedCurve)
  );
}

function algorithmOfKey(key: CryptoKey): string {
  const all = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
  return all.find((algorithm) => fits(key, parametersOf(algorithm) as Parameters)) ?? "";
}

function algorithmOfJwk(jwk: Readonly<Record<string, unknown>>): string {
  if (typeof jwk["alg"] === "string") return jwk["alg"];
  if (jwk["kty"] === "RSA") return "PS256";
  return Object.keys(CURVES).find((algorithm) => CURVES[algorithm] === jwk["crv"]) ?? "EdDSA";
}
