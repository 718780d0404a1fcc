/** DPoP proofs as a resource server checks them: RFC 9449, section 4.3. */

import { constants, createHash, createPublicKey, verify } from "node:crypto";

const LONGEST_PROOF = 8_192;
const LONGEST_JTI = 256;
const SMALLEST_RSA_KEY = 2_048;

/** Oldest and newest `iat` in seconds, seen from here (RFC 9449, section 11.1): clocks differ less than proofs wait. */
const OLDEST = 60;
const NEWEST = 10;

/**
 * How long a proof can be good without a nonce, in seconds: from the first moment to the last one.
 */
export const PROOF_SECONDS = OLDEST + NEWEST;

/** Members of private and symmetric keys (RFC 7518, section 6). */
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * @typedef {{ kty: string, crv?: string, hash: string | null, pss?: number }} Algorithm
 * @typedef {{ jti: string, jkt: string, nonce: string | undefined, iat: number }} Proof
 * @typedef {{ jti?: unknown, htm?: unknown, htu?: unknown, iat?: unknown, ath?: unknown, nonce?: unknown }} Claims
 */

/** @type {Readonly<Record<string, Algorithm>>} */
const known = {
  ES256: { kty: "EC", crv: "P-256", hash: "sha256" },
  ES384: { kty: "EC", crv: "P-384", hash: "sha384" },
  ES512: { kty: "EC", crv: "P-521", hash: "sha512" },
  PS256: { kty: "RSA", hash: "sha256", pss: 32 },
  PS384: { kty: "RSA", hash: "sha384", pss: 48 },
  PS512: { kty: "RSA", hash: "sha512", pss: 64 },
  RS256: { kty: "RSA", hash: "sha256" },
  EdDSA: { kty: "OKP", crv: "Ed25519", hash: null },
  Ed25519: { kty: "OKP", crv: "Ed25519", hash: null },
};

/** What is wrong with a proof, in words for `error_description`. */
export class InvalidProof extends Error {}

/**
 * @param {unknown} condition
 * @param {string} words
 * @returns {asserts condition}
 */
function demand(condition, words) {
  if (!condition) throw new InvalidProof(words);
}

/**
 * Base64url as RFC 7515 has it: without padding, and one text for each sequence of bytes.
 *
 * @param {string} text
 */
function bytesOf(text) {
  const bytes = Buffer.from(text, "base64url");
  demand(bytes.toString("base64url") === text, "The DPoP proof is not a JWT.");
  return bytes;
}

/**
 * @param {string} part
 * @returns {Record<string, unknown>}
 */
function objectOf(part) {
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(bytesOf(part).toString("utf8"));
  } catch {
    throw new InvalidProof("The DPoP proof is not a JWT.");
  }
  demand(typeof value === "object" && value !== null && !Array.isArray(value), "The DPoP proof is not a JWT.");
  return /** @type {Record<string, unknown>} */ (value);
}

/**
 * Takes the public key out of the header: RFC 9449, section 4.3, items 5 to 7.
 *
 * @param {Record<string, unknown>} header
 * @param {readonly string[]} algorithms
 */
function keyOf(header, algorithms) {
  demand(header.typ === "dpop+jwt", "The typ of the DPoP proof is not dpop+jwt.");
  const { alg, jwk } = header;
  const algorithm = typeof alg === "string" && algorithms.includes(alg) ? known[alg] : undefined;
  demand(algorithm, `The DPoP proof has to be signed with one of ${algorithms.join(", ")}.`);
  demand(header.crit === undefined, "The DPoP proof has a critical header parameter that this API does not know.");
  demand(typeof jwk === "object" && jwk !== null && !Array.isArray(jwk), "The DPoP proof has no key in its header.");
  const members = /** @type {Record<string, unknown>} */ (jwk);
  demand(!PRIVATE.some((name) => Object.hasOwn(members, name)), "The DPoP proof carries a private key. That key must not be used any more.");
  demand(members.kty === algorithm.kty && members.crv === algorithm.crv, "The key of the DPoP proof does not fit its algorithm.");
  /** @type {import("node:crypto").KeyObject} */
  let key;
  try {
    key = createPublicKey({ key: members, format: "jwk" });
  } catch {
    throw new InvalidProof("The key of the DPoP proof is not a key.");
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  demand(bits === undefined || bits >= SMALLEST_RSA_KEY, "The key of the DPoP proof is too short.");
  return { algorithm, key };
}

/**
 * RFC 7638, from the key as it was understood and not as it was spelt.
 *
 * @param {import("node:crypto").KeyObject} key
 */
function thumbprintOf(key) {
  const { kty, crv, x, y, e, n } = key.export({ format: "jwk" });
  const members = kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

/**
 * @param {string} jws
 * @param {readonly string[]} algorithms
 * @returns {{ jkt: string, claims: Claims }}
 */
function open(jws, algorithms) {
  demand(jws.length <= LONGEST_PROOF, "The DPoP proof is too long.");
  const parts = jws.split(".");
  const [head = "", body = "", signature = ""] = parts;
  demand(parts.length === 3, "The DPoP proof is not a JWT.");
  const { algorithm, key } = keyOf(objectOf(head), algorithms);
  const claims = objectOf(body);
  const good = verify(
    algorithm.hash,
    Buffer.from(`${head}.${body}`),
    {
      key,
      ...(algorithm.kty === "EC" ? { dsaEncoding: "ieee-p1363" } : {}),
      ...(algorithm.pss === undefined ? {} : { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: algorithm.pss }),
    },
    bytesOf(signature),
  );
  demand(good, "The signature of the DPoP proof is not good.");
  return { jkt: thumbprintOf(key), claims };
}

/**
 * Checks everything about a proof that the proof and the request alone can tell. Nonce, time, replay and the token's
 * binding are the caller's: they need a memory, or the provider.
 *
 * @param {readonly string[]} headers values of all `DPoP` header fields
 * @param {{ method: string, url: string, token: string, algorithms: readonly string[], report?: (jkt: string, claims: Claims) => void }} request
 *   `url` without query and fragment; `report` hears of every proof with a good signature
 * @returns {Proof}
 * @throws {InvalidProof}
 */
export function checkProof(headers, { method, url, token, algorithms, report }) {
  const [jws] = headers;
  demand(jws !== undefined, "There is no DPoP proof. Send one in the DPoP header.");
  // A list in one field is two fields as well (RFC 9110, section 5.3).
  demand(headers.length === 1 && !jws.includes(","), "There is more than one DPoP proof.");
  const { jkt, claims } = open(jws, algorithms);
  report?.(jkt, claims);
  const { jti, htm, htu, iat, ath, nonce } = claims;
  demand(typeof jti === "string" && jti !== "" && jti.length <= LONGEST_JTI, "The DPoP proof has no jti.");
  demand(htm === method, "The htm of the DPoP proof is not the method of this request.");
  demand(htu === url, "The htu of the DPoP proof is not the URL of this request without its query.");
  demand(typeof iat === "number" && Number.isFinite(iat), "The DPoP proof has no iat.");
  demand(ath === createHash("sha256").update(token).digest("base64url"), "The ath of the DPoP proof is not the hash of this access token.");
  demand(nonce === undefined || typeof nonce === "string", "The nonce of the DPoP proof is not a text.");
  return { jti, jkt, nonce, iat };
}

/**
 * The window of `iat`; with a good nonce nobody has to look at it (RFC 9449, section 4.3, item 11).
 *
 * @param {number} iat
 * @param {number} now
 * @throws {InvalidProof}
 */
export function checkTime(iat, now) {
  demand(iat >= now - OLDEST, "The iat of the DPoP proof is too long ago. Compare your clock with the Date of this answer.");
  demand(iat <= now + NEWEST, "The iat of the DPoP proof is in the future. Compare your clock with the Date of this answer.");
}

/**
 * Remembers which proofs were used, each for as long as it could be good.
 *
 * @param {{ seconds: number, limit: number }} options how long, and how many
 */
export function createReplayStore({ seconds, limit }) {
  /** @type {Map<string, number>} */
  const used = new Map();
  return {
    /**
     * @param {string} name
     * @returns {"new" | "used" | "full"} "full" when only forgetting a proof that is still good would make room
     */
    take(name) {
      const now = performance.now();
      // Every entry lives for the same time, so the oldest come first.
      for (const [old, until] of used) {
        if (until > now) break;
        used.delete(old);
      }
      // Not the texts themselves: their length is the sender's choice.
      const key = createHash("sha256").update(name).digest("base64url");
      if (used.has(key)) return "used";
      if (used.size >= limit) return "full";
      used.set(key, now + seconds * 1000);
      return "new";
    },
    clear: () => used.clear(),
  };
}
