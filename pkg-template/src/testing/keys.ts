/** Signing keys, and JSON Web Signatures in their compact form (RFC 7515). */
import { base64url, fromBase64url, random, sha256, utf8 } from "./bytes.js";
import type { TestSigningAlgorithm } from "./types.js";

/** Claims of a JWT, and other JSON objects. */
export type Members = Record<string, unknown>;

type Parameters = EcKeyGenParams & EcdsaParams & RsaHashedKeyGenParams & RsaPssParams;

const RSA = { hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const PARAMETERS: Readonly<Record<string, Parameters | undefined>> = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as Parameters,
  RS256: { name: "RSASSA-PKCS1-v1_5", ...RSA } as Parameters,
  PS256: { name: "RSA-PSS", saltLength: 32, ...RSA } as Parameters,
};
/** By which members a public key is known (RFC 7638, section 3.2), in the order of the alphabet. */
const IDENTITY: Readonly<Record<string, readonly (keyof JsonWebKey)[] | undefined>> = { EC: ["crv", "kty", "x", "y"], RSA: ["e", "kty", "n"] };

/** What proofs of clients may be signed with. */
export const PROOF_ALGORITHMS: readonly string[] = Object.keys(PARAMETERS);

/** A key pair with its name. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: TestSigningAlgorithm;
  readonly privateKey: CryptoKey;
  /** The public half, as `jwks_uri` shows it. */
  readonly jwk: Members;
}

/** Makes a key pair that only this process knows. */
export async function makeKey(alg: TestSigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(PARAMETERS[alg] as Parameters, false, ["sign", "verify"]);
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", publicKey);
  const kid = random().slice(0, 8);
  // JSON leaves out what this kind of key does not have.
  return { kid, alg, privateKey, jwk: { kty, crv, x, y, n, e, kid, alg, use: "sig" } };
}

/** A signed JWT. `header` has what is in there besides `alg` and `kid`. */
export async function signJwt({ kid, alg, privateKey }: SigningKey, claims: Members, header: Members = {}): Promise<string> {
  const part = (members: Members): string => base64url(utf8(JSON.stringify(members)));
  const input = `${part({ alg, kid, ...header })}.${part(claims)}`;
  const signature = await crypto.subtle.sign(PARAMETERS[alg] as Parameters, privateKey, utf8(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** A JWT as it says it is: nothing of it is proven. `undefined` where it is none. */
export function readJwt(token: string): { readonly header: Members; readonly claims: Members } | undefined {
  const parts = token.split(".");
  try {
    const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(fromBase64url(part))));
    return parts.length === 3 && isObject(header) && isObject(claims) ? { header, claims } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether this public key made the signature, with this algorithm. */
export async function isSignedBy(token: string, jwk: JsonWebKey, alg: unknown): Promise<boolean> {
  const parameters = PARAMETERS[String(alg)];
  const end = token.lastIndexOf(".");
  if (!parameters) return false;
  try {
    const { kty, crv, x, y, n, e } = jwk;
    const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
    const key = await crypto.subtle.importKey("jwk", Object.fromEntries(members), parameters, false, ["verify"]);
    return await crypto.subtle.verify(parameters, key, fromBase64url(token.slice(end + 1)), utf8(token.slice(0, end)));
  } catch {
    // No key of that kind, or no base64url.
    return false;
  }
}

/**
 * The thumbprint of a public key, or `undefined` where it is none that is known here.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7638
 */
export async function thumbprint(jwk: JsonWebKey): Promise<string | undefined> {
  const names = IDENTITY[String(jwk.kty)];
  if (!names?.every((name) => typeof jwk[name] === "string")) return undefined;
  return base64url(await sha256(JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]])))));
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
