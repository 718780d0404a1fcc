import { inspect } from "node:util";
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  exportJWK,
  generateKeyPair,
  jwtVerify,
  type JWK,
} from "jose";
import {
  DpopKey,
  init,
  isOidcError,
  jwkThumbprint,
  type DpopKeyOptions,
  type DpopProofRequest,
  type JsonWebKey,
  type OidcError,
  type SigningAlgorithm,
} from "oidc-wasm/node";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";

/** The example of RFC 9449, sections 4.1 and 7.1. */
const EXAMPLE_KEY = {
  kty: "EC",
  crv: "P-256",
  x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
  y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
};
const EXAMPLE_TOKEN = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ALGORITHMS = ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
const TOKEN_REQUEST: DpopProofRequest = { method: "POST", url: "https://server.example.com/token" };
const PUBLIC_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

let key: DpopKey;

beforeAll(async () => {
  key = await DpopKey.generate();
});

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What some work rejects with. */
async function refusal(work: () => Promise<unknown>): Promise<OidcError> {
  let caught: unknown;
  await work().catch((failure: unknown) => void (caught = failure));
  if (isOidcError(caught)) return caught;
  throw new Error("no OidcError", { cause: caught });
}

/** A private key in JWK form. */
async function privateJwk(algorithm = "ES256", options: object = {}): Promise<JWK> {
  return exportJWK((await generateKeyPair(algorithm, { extractable: true, ...options })).privateKey);
}

async function generateRsa(modulusLength: number): Promise<CryptoKeyPair> {
  const algorithm = { name: "RSA-PSS", modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function generateEc(namedCurve = "P-256", name = "ECDSA"): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name, namedCurve }, true, name === "ECDSA" ? ["sign", "verify"] : ["deriveBits"]);
}

describe("a proof", () => {
  test("has the header and the claims of RFC 9449, section 4.2", async () => {
    const before = Math.floor(Date.now() / 1000);
    const proof = await key.proof(TOKEN_REQUEST);
    expect(proof).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{86}$/);
    expect(decodeProtectedHeader(proof)).toEqual({ typ: "dpop+jwt", alg: "ES256", jwk: key.publicJwk });
    const { jti, iat = 0, ...claims } = decodeJwt(proof);
    expect(claims).toEqual({ htm: "POST", htu: "https://server.example.com/token" });
    // 256 bits; section 4.2 wants 96.
    expect(jti).toMatch(/^[\w-]{43}$/);
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000);
  });

  test("has the hash of the access token and the nonce (sections 7.1 and 8)", async () => {
    const url = "https://resource.example.org/protectedresource";
    const proof = await key.proof({ method: "GET", url, accessToken: EXAMPLE_TOKEN, nonce: "eyJ7S_zG.eyJH0-Z.HX4w-7v" });
    const { jti: _, iat: __, ...claims } = decodeJwt(proof);
    expect(claims).toEqual({
      htm: "GET",
      htu: url,
      ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
      nonce: "eyJ7S_zG.eyJH0-Z.HX4w-7v",
    });
    expect(proof).not.toContain(EXAMPLE_TOKEN);
  });

  test("has no nonce where none is known yet", async () => {
    expect(decodeJwt(await key.proof({ ...TOKEN_REQUEST, nonce: undefined }))).not.toHaveProperty("nonce");
  });

  test.each(ALGORITHMS)("is signed with %s, by the key in its header", async (name) => {
    const algorithm = name as SigningAlgorithm;
    const made = await DpopKey.generate({ algorithm });
    expect(made.algorithm).toBe(algorithm);
    const verified = await jwtVerify(await made.proof(TOKEN_REQUEST), EmbeddedJWK, {
      typ: "dpop+jwt",
      algorithms: [algorithm],
    });
    const jwk = verified.protectedHeader.jwk ?? {};
    expect(Object.keys(jwk).toSorted()).toEqual(PUBLIC_MEMBERS[made.publicJwk.kty]);
    expect(jwk).toEqual(made.publicJwk);
  });

  test("is never the same twice", async () => {
    const proofs = await Promise.all(Array.from({ length: 1000 }, async () => key.proof(TOKEN_REQUEST)));
    expect(new Set(proofs.map((proof) => decodeJwt(proof).jti)).size).toBe(1000);
  });

  const urls: readonly (readonly [given: string | URL, htu: string])[] = [
    ["https://api.example/notes?page=2#end", "https://api.example/notes"],
    ["https://api.example#a?b", "https://api.example/"],
    ["HTTPS://API.example:443/A%20b/%2f", "https://api.example/A%20b/%2f"],
    ["https://api.example:8443/a/../b c", "https://api.example:8443/b%20c"],
    ["https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"],
    ["http://localhost:8080/", "http://localhost:8080/"],
    [new URL("https://api.example/notes?x"), "https://api.example/notes"],
  ];
  test.each(urls)("names %s as it is fetched, without query and fragment", async (url, htu) => {
    expect(decodeJwt(await key.proof({ method: "get", url }))).toMatchObject({ htm: "GET", htu });
  });

  const bad: readonly (readonly [name: string, change: object, option: string])[] = [
    ["a relative URL", { url: "/CANARY" }, "url"],
    ["no URL", { url: undefined }, "url"],
    ["an empty URL", { url: "" }, "url"],
    ["a URL with a user name", { url: "https://CANARY@api.example/" }, "url"],
    ["a URL with a password", { url: "https://u:CANARY@api.example/?CANARY" }, "url"],
    ["a broken URL", { url: "https://api.example:CANARY/" }, "url"],
    ["a URL of another kind", { url: "data:text/plain,CANARY" }, "url"],
    ["a URL of another scheme", { url: new URL("wss://api.example/CANARY") }, "url"],
    ["no method", { method: undefined }, "method"],
    ["an empty method", { method: "" }, "method"],
    ["a token that is no text", { accessToken: 1 }, "accessToken"],
    ["a nonce that is no text", { nonce: ["CANARY"] }, "nonce"],
    ["an option that does not exist", { token: "CANARY" }, "token"],
  ];
  test.each(bad)("is not made for %s", async (_name, change, option) => {
    const error = await refusal(() => key.proof({ ...TOKEN_REQUEST, ...change } as DpopProofRequest));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("CANARY");
  });

  test("cannot be made for another key or by another algorithm", async () => {
    const other = { jwk: EXAMPLE_KEY, algorithm: "RS256" };
    const proof = await key.proof({ ...TOKEN_REQUEST, ...other });
    expect(decodeProtectedHeader(proof)).toEqual({ typ: "dpop+jwt", alg: "ES256", jwk: key.publicJwk });
  });
});

describe("making a key", () => {
  test("gives one of ES256 whose private half stays in WebCrypto", async () => {
    expect(key.algorithm).toBe("ES256");
    const { privateKey } = key.keyPair;
    expect(privateKey.extractable).toBe(false);
    for (const format of ["jwk", "pkcs8"] as const) {
      await expect(crypto.subtle.exportKey(format as "jwk", privateKey)).rejects.toThrow("extractable");
    }
    expect(JSON.stringify(key)).not.toMatch(/"d":/);
  });

  test("gives one that can be exported where that is asked for", async () => {
    const { keyPair, publicJwk } = await DpopKey.generate({ extractable: true, algorithm: "PS256" });
    const { n, d } = await crypto.subtle.exportKey("jwk", keyPair.privateKey);
    expect(n).toBe(publicJwk.n);
    expect(d).toBeTypeOf("string");
    // RFC 7518, section 3.5.
    expect((keyPair.privateKey.algorithm as RsaHashedKeyAlgorithm).modulusLength).toBe(2048);
  });

  test("gives another one each time", async () => {
    expect((await DpopKey.generate()).thumbprint).not.toBe(key.thumbprint);
  });

  test.each([
    ["algorithm", { algorithm: "HS256" }],
    ["algorithm", { algorithm: "none" }],
    ["algorithm", { algorithm: "ES256K" }],
    ["algorithm", { algorithm: 256 }],
    ["extractable", { extractable: "false" }],
    ["alg", { alg: "ES256" }],
  ])("says that %s is wrong: %o", async (option, options) => {
    const error = await refusal(() => DpopKey.generate(options as DpopKeyOptions));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option } });
  });

  test("says so where the page has no WebCrypto", async () => {
    const jwk = (await privateJwk()) as JsonWebKey;
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    for (const work of [() => DpopKey.generate(), () => DpopKey.from(key.keyPair), () => DpopKey.import(jwk)]) {
      expect(await refusal(work)).toMatchObject({
        code: "unsupported_environment",
        type: "usage",
        details: { feature: "crypto.subtle" },
      });
    }
  });

  test("says so where WebCrypto lacks the algorithm", async () => {
    vi.spyOn(crypto.subtle, "generateKey").mockRejectedValueOnce(new DOMException("no", "NotSupportedError"));
    const error = await refusal(() => DpopKey.generate({ algorithm: "Ed25519" }));
    expect(error).toMatchObject({ code: "unsupported_environment", details: { feature: "Ed25519" } });
    expect(error.cause).toMatchObject({ name: "NotSupportedError" });
  });

  test("loads the wasm by itself", async () => {
    const fresh = await freshPackage("node");
    const made = await fresh.DpopKey.generate();
    expect(made.thumbprint).toBe(await calculateJwkThumbprint(made.publicJwk as JWK));
  });
});

describe("the thumbprint", () => {
  test("is that of RFC 9449, section 6.1, for the key of section 4.1", async () => {
    await init();
    expect(jwkThumbprint(EXAMPLE_KEY)).toBe("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  });

  test.each(["ES256", "ES512", "EdDSA", "PS256"] as const)("of a key for %s is what others compute", async (algorithm) => {
    const { publicJwk, thumbprint } = await DpopKey.generate({ algorithm });
    expect(thumbprint).toBe(await calculateJwkThumbprint(publicJwk as JWK));
    expect(thumbprint).toBe(jwkThumbprint(publicJwk));
  });
});

describe("taking a pair", () => {
  test.each(ALGORITHMS)("of %s that a store gave back makes the same key, as closed as before", async (name) => {
    const first = await DpopKey.generate({ algorithm: name as SigningAlgorithm });
    const again = await DpopKey.from(structuredClone(first.keyPair));
    expect(again.algorithm).toBe(name === "Ed25519" ? "EdDSA" : name);
    expect({ jwk: again.publicJwk, jkt: again.thumbprint }).toEqual({ jwk: first.publicJwk, jkt: first.thumbprint });
    expect(again.keyPair.privateKey.extractable).toBe(false);
    await jwtVerify(await again.proof(TOKEN_REQUEST), first.keyPair.publicKey, { typ: "dpop+jwt" });
  });

  test("does not look at what becomes of the caller's object", async () => {
    const pair = { ...(await generateEc()) };
    const taken = await DpopKey.from(pair);
    Object.assign(pair, await generateEc());
    const { payload } = await jwtVerify(await taken.proof(TOKEN_REQUEST), EmbeddedJWK);
    expect(payload["htm"]).toBe("POST");
    expect(taken.keyPair.privateKey).not.toBe(pair.privateKey);
  });

  test("whose public half may do nothing is fine: it is only shown", async () => {
    const { privateKey, publicKey } = await generateEc();
    const jwk = await crypto.subtle.exportKey("jwk", publicKey);
    const idle = await crypto.subtle.importKey("jwk", { ...jwk, key_ops: [] }, { name: "ECDSA", namedCurve: "P-256" }, true, []);
    const taken = await DpopKey.from({ privateKey, publicKey: idle });
    const { payload } = await jwtVerify(await taken.proof(TOKEN_REQUEST), publicKey);
    expect(payload["htm"]).toBe("POST");
  });

  const bad: readonly (readonly [name: string, make: () => Promise<unknown>])[] = [
    ["nothing", async () => undefined],
    ["null", async () => null],
    ["one key", async () => key.keyPair.privateKey],
    ["no public key", async () => ({ privateKey: key.keyPair.privateKey })],
    ["a pair that was through JSON", async () => JSON.parse(JSON.stringify(key.keyPair)) as unknown],
    ["two public keys", async () => ({ privateKey: key.keyPair.publicKey, publicKey: key.keyPair.publicKey })],
    ["two private keys", async () => generateEc().then(({ privateKey }) => ({ privateKey, publicKey: privateKey }))],
    [
      "halves of two pairs",
      async () => ({ privateKey: key.keyPair.privateKey, publicKey: (await generateEc()).publicKey }),
    ],
    [
      "halves of two algorithms",
      async () => ({ privateKey: key.keyPair.privateKey, publicKey: (await generateEc("P-384")).publicKey }),
    ],
    ["a pair for key agreement", async () => generateEc("P-256", "ECDH")],
    ["RSA with 1024 bits", async () => generateRsa(1024)],
    ["RSA with 2047 bits", async () => generateRsa(2047)],
    [
      "a public key that may not be exported",
      async () => {
        const { privateKey, publicKey } = await generateEc();
        const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), ext: false };
        const parameters = { name: "ECDSA", namedCurve: "P-256" };
        return { privateKey, publicKey: await crypto.subtle.importKey("jwk", jwk, parameters, false, ["verify"]) };
      },
    ],
    [
      "objects that look like keys",
      async () => {
        const algorithm = { name: "ECDSA", namedCurve: "P-256" };
        return {
          privateKey: { type: "private", usages: ["sign"], algorithm },
          publicKey: { type: "public", usages: ["verify"], algorithm },
        };
      },
    ],
  ];
  test.each(bad)("is refused: %s", async (_name, make) => {
    const pair = (await make()) as CryptoKeyPair;
    expect(await refusal(() => DpopKey.from(pair))).toMatchObject({
      code: "invalid_argument",
      type: "usage",
      details: { option: "keyPair" },
    });
  });
});

describe("importing a JWK", () => {
  test.each([
    ["ES256", "ES256", {}],
    ["ES384", "ES384", {}],
    ["ES512", "ES512", {}],
    ["EdDSA", "EdDSA", {}],
    ["Ed25519", "EdDSA", {}],
    ["EdDSA", "Ed25519", { alg: "Ed25519" }],
    ["PS256", "PS256", {}],
    ["RS256", "RS384", { alg: "RS384" }],
    ["ES256", "ES256", { alg: "ES256", use: "sig", key_ops: ["sign"], kid: "k", ext: true }],
  ])("of %s makes a key for %s that cannot be exported: %o", async (made, algorithm, members) => {
    const jwk = { ...(await privateJwk(made)), ...members } as JsonWebKey;
    const imported = await DpopKey.import(jwk);
    expect(imported.algorithm).toBe(algorithm);
    await expect(crypto.subtle.exportKey("jwk", imported.keyPair.privateKey)).rejects.toThrow("extractable");
    expect(Object.keys(imported.publicJwk).toSorted()).toEqual(PUBLIC_MEMBERS[jwk.kty]);
    expect(imported.thumbprint).toBe(jwkThumbprint(jwk));
    const proof = await imported.proof(TOKEN_REQUEST);
    await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", algorithms: [algorithm] });
    expect(proof).not.toContain(jwk["d"] as string);
  });

  const bad: readonly (readonly [name: string, make: () => Promise<unknown>])[] = [
    ["nothing", async () => undefined],
    ["a text", async () => JSON.stringify(await privateJwk())],
    ["an empty object", async () => ({})],
    ["a public key", async () => EXAMPLE_KEY],
    ["a secret", async () => ({ kty: "oct", k: "Q0FOQVJZQ0FOQVJZ" })],
    ["an algorithm with a secret", async () => ({ ...(await privateJwk()), alg: "HS256" })],
    ["no algorithm at all", async () => ({ ...(await privateJwk()), alg: "none" })],
    ["the algorithm of another curve", async () => ({ ...(await privateJwk()), alg: "ES384" })],
    ["a key for key agreement", async () => privateJwk("ECDH-ES", { crv: "X25519" })],
    ["a key for encryption", async () => ({ ...(await privateJwk()), use: "enc" })],
    ["a key that may only verify", async () => ({ ...(await privateJwk()), key_ops: ["verify"] })],
    ["a point that is not on the curve", async () => ({ ...(await privateJwk()), x: EXAMPLE_KEY.x })],
    [
      "the private half of one key and the public one of another",
      async () => {
        const { x, y } = EXAMPLE_KEY;
        return { ...(await privateJwk()), x, y };
      },
    ],
    [
      "the halves of two keys of Ed25519",
      async () => ({ ...(await privateJwk("Ed25519")), x: (await privateJwk("Ed25519")).x }),
    ],
    ["RSA with 1024 bits", async () => crypto.subtle.exportKey("jwk", (await generateRsa(1024)).privateKey)],
  ];
  test.each(bad)("is refused, and not repeated: %s", async (_name, make) => {
    const jwk = (await make()) as JsonWebKey;
    const error = await refusal(() => DpopKey.import(jwk));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option: "jwk" } });
    const text = inspect(error, { depth: 9, showHidden: true });
    const secrets = ["d", "k", "p"].map((name) => jwk?.[name]).filter((secret) => typeof secret === "string");
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });
});
