/** Signatures between implementations: ours checked by OpenSSL (`node:crypto`), OpenSSL's by ours. */
import { constants, createPrivateKey, createPublicKey, randomBytes, sign, verify, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { DpopKey, isOidcError, validateIdToken, type JsonWebKey } from "oidc-wasm/node";
import { describe, expect, test } from "vitest";

type Members = Readonly<Record<string, string>>;

interface TestKeys {
  readonly keys: Readonly<Record<"rsa-1" | "ec-384", Members>>;
}

const { keys } = JSON.parse(readFileSync(new URL("../../fixtures/test-keys.json", import.meta.url), "utf8")) as TestKeys;
/** RFC 7515, appendix A.3. */
const P256 = {
  kty: "EC",
  crv: "P-256",
  x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
  y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
  d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
};
/** RFC 7515, appendix A.4. */
const P521 = {
  kty: "EC",
  crv: "P-521",
  x: "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
  y: "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
  d: "AY5pb7A0UFiB3RELSD64fTLOSV_jazdF7fLYyuTw8lOfRhWg6Y6rUrPAxerEzgdRhajnu0ferB0d53vM9mE15j2C",
};
/** RFC 8037, appendix A.1. */
const ED25519 = {
  kty: "OKP",
  crv: "Ed25519",
  x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
  d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
};

const ALGORITHMS: readonly (readonly [algorithm: string, jwk: Members])[] = [
  ["ES256", P256],
  ["ES384", keys["ec-384"]],
  ["ES512", P521],
  ["EdDSA", ED25519],
  ...["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"].map((name) => [name, keys["rsa-1"]] as const),
];
const ISSUER = "https://op.example";

/** What OpenSSL takes for an algorithm: RFC 7518, section 3. */
function options(algorithm: string, key: KeyObject) {
  const bits = Number(algorithm.slice(2));
  if (algorithm.startsWith("ES")) return { key, dsaEncoding: "ieee-p1363" as const };
  if (!algorithm.startsWith("PS")) return { key };
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 };
}

function hashOf(algorithm: string): string | undefined {
  return algorithm === "EdDSA" ? undefined : `sha${algorithm.slice(2)}`;
}

function base64url(value: Buffer | object): string {
  return (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value))).toString("base64url");
}

function publicHalf(jwk: Members): Members {
  return Object.fromEntries(["kty", "crv", "x", "y", "n", "e"].flatMap((name) => (jwk[name] ? [[name, jwk[name]]] : [])));
}

/** Whether OpenSSL finds a token signed by this key. */
function isSigned(token: string, algorithm: string, jwk: Members): boolean {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const key = createPublicKey({ key: { ...publicHalf(jwk) }, format: "jwk" });
  const signed = Buffer.from(`${header}.${payload}`);
  return verify(hashOf(algorithm), signed, options(algorithm, key), Buffer.from(signature, "base64url"));
}

/** An ID Token that OpenSSL signs, with changes to how. */
function idToken(algorithm: string, jwk: Members, change: object = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: "spa", sub: "alice", iat: now, exp: now + 300, jti: randomBytes(9).toString("hex") };
  const input = `${base64url({ alg: algorithm })}.${base64url(claims)}`;
  const key = createPrivateKey({ key: { ...jwk }, format: "jwk" });
  const signature = sign(hashOf(algorithm), Buffer.from(input), { ...options(algorithm, key), ...change });
  return `${input}.${base64url(signature)}`;
}

/** The subject of an ID Token, or why it is refused. */
async function outcome(token: string, algorithm: string, jwk: Members): Promise<unknown> {
  const keySet = { keys: [publicHalf(jwk) as unknown as JsonWebKey] };
  const request = { idToken: token, metadata: { issuer: ISSUER }, clientId: "spa", nonce: null, algorithm, keySet };
  try {
    return (await validateIdToken(request as Parameters<typeof validateIdToken>[0])).sub;
  } catch (error) {
    return isOidcError(error) ? error.code : error;
  }
}

/** The other `s` of an ECDSA signature on P-256, which is as good (JO-16). */
function withOtherS(token: string): string {
  const order = 0xff_ff_ff_ff_00_00_00_00_ff_ff_ff_ff_ff_ff_ff_ff_bc_e6_fa_ad_a7_17_9e_84_f3_b9_ca_c2_fc_63_25_51n;
  const at = token.lastIndexOf(".") + 1;
  const signature = Buffer.from(token.slice(at), "base64url");
  const s = order - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  return token.slice(0, at) + base64url(Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]));
}

describe("a proof", () => {
  test.each(ALGORITHMS)("DP-01 signed with %s by WebCrypto is good for OpenSSL, and a changed one is not", async (algorithm, jwk) => {
    const key = await DpopKey.import({ ...jwk, alg: algorithm } as unknown as JsonWebKey);
    expect(key.publicJwk).toEqual(publicHalf(jwk));
    for (let count = 0; count < 10; count++) {
      const proof = await key.proof({ method: "POST", url: "https://op.example/token" });
      expect(isSigned(proof, algorithm, jwk)).toBe(true);
      expect(isSigned(proof.replace(".", ".A"), algorithm, jwk)).toBe(false);
    }
  });

  test("DP-06 signed by the software signer is good for OpenSSL, and a changed one is not", async () => {
    const key = await DpopKey.import(P256 as unknown as JsonWebKey, { signer: "software" });
    expect(key.publicJwk).toEqual(publicHalf(P256));
    for (let count = 0; count < 60; count++) {
      const proof = await key.proof({ method: "POST", url: "https://op.example/token" });
      expect(isSigned(proof, "ES256", P256)).toBe(true);
      expect(isSigned(proof.replace(".", ".A"), "ES256", P256)).toBe(false);
    }
  });

  test("DP-06 signed by keys that the software signer makes is good for OpenSSL", async () => {
    for (let count = 0; count < 20; count++) {
      const key = await DpopKey.generate({ signer: "software" });
      const proof = await key.proof({ method: "GET", url: "https://api.example/" });
      expect(isSigned(proof, "ES256", key.publicJwk as unknown as Members)).toBe(true);
    }
  });
});

describe("an ID Token", () => {
  test.each(ALGORITHMS)("JO-03 signed with %s by OpenSSL is good here, and by no other key or algorithm", async (algorithm, jwk) => {
    const token = idToken(algorithm, jwk);
    expect(await outcome(token, algorithm, jwk)).toBe("alice");
    const [header, , signature] = token.split(".");
    const [, otherPayload] = idToken(algorithm, jwk).split(".");
    expect(await outcome(`${header}.${otherPayload}.${signature}`, algorithm, jwk)).toBe("signature_invalid");
    for (const [other, otherJwk] of ALGORITHMS) {
      if (other === algorithm) continue;
      expect(await outcome(token, other, otherJwk), other).toBe("algorithm_mismatch");
      const renamed = `${base64url({ alg: other })}.${otherPayload}.${signature}`;
      expect(await outcome(renamed, other, otherJwk), other).toBe("signature_invalid");
    }
  });

  test("JO-16 has a high s as often as a low one", async () => {
    for (let count = 0; count < 30; count++) {
      const token = idToken("ES256", P256);
      expect(await outcome(token, "ES256", P256)).toBe("alice");
      expect(await outcome(withOtherS(token), "ES256", P256)).toBe("alice");
    }
  });

  test.each(["ES256", "ES384", "ES512"])("JO-15 with an ECDSA signature in DER is refused: %s", async (algorithm) => {
    const [, jwk = P256] = ALGORITHMS.find(([name]) => name === algorithm) ?? [];
    const token = idToken(algorithm, jwk, { dsaEncoding: "der" });
    expect(await outcome(token, algorithm, jwk)).toBe("signature_invalid");
  });

  test.each([
    ["PS256", [0, 20, 31, 33, 48, 64, 222]],
    ["PS384", [0, 20, 32, 47, 49, 64]],
    ["PS512", [0, 20, 32, 48, 63, 65]],
  ] as const)("JO-18 signed with %s and a salt of another length is refused", async (algorithm, lengths) => {
    for (const saltLength of lengths) {
      const token = idToken(algorithm, keys["rsa-1"], { saltLength });
      expect(await outcome(token, algorithm, keys["rsa-1"]), String(saltLength)).toBe("signature_invalid");
    }
  });
});
