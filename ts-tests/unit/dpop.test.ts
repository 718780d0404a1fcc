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
  type WebCryptoDpopKey,
} from "oidc-wasm/node";
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { copiedPackage, freshPackage } from "./support/package.ts";

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

let key: WebCryptoDpopKey;

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
    // 128 bits; section 4.2 wants 96.
    expect(jti).toMatch(/^[\w-]{22}$/);
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

  test.each([
    ["jwk", { jwk: EXAMPLE_KEY }],
    ["algorithm", { algorithm: "RS256" }],
  ])("cannot be made for another %s", async (option, other) => {
    const error = await refusal(() => key.proof({ ...TOKEN_REQUEST, ...other }));
    expect(error).toMatchObject({ code: "invalid_argument", details: { option } });
  });

  test("DP-01: of 10 000, each has exactly the members it has to have", async () => {
    const accessToken = EXAMPLE_TOKEN;
    const variants = [
      [{}, "iat,jti,htm,htu"],
      [{ accessToken }, "iat,jti,htm,htu,ath"],
      [{ nonce: "N" }, "iat,jti,htm,htu,nonce"],
      [{ accessToken, nonce: "N" }, "iat,jti,htm,htu,ath,nonce"],
    ] as const;
    const seen = new Map<string, number>();
    for (let index = 0; index < 2500; index++) {
      for (const [members, expected] of variants) {
        const proof = await key.proof({ ...TOKEN_REQUEST, ...members });
        const parts = [decodeProtectedHeader(proof), decodeJwt(proof)].map((part) => Object.keys(part).join());
        const outcome = `${parts.join(" ")} for ${expected}`;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    }
    expect([...seen]).toEqual(variants.map(([, expected]) => [`typ,alg,jwk ${expected} for ${expected}`, 2500]));
    const { jwk } = decodeProtectedHeader(await key.proof(TOKEN_REQUEST));
    expect(Object.keys(jwk ?? {})).toEqual(["crv", "kty", "x", "y"]);
  });

  test("DP-02: of 100 000, no two have the same jti", async () => {
    // Signing is not what counts here, and takes most of the time.
    vi.spyOn(crypto.subtle, "sign").mockImplementation(async () => new ArrayBuffer(64));
    const ids = new Set<unknown>();
    for (let index = 0; index < 100_000; index++) ids.add(decodeJwt(await key.proof(TOKEN_REQUEST)).jti);
    expect(ids.size).toBe(100_000);
  });

  test.each(["get", "GET", "Post", "put", "delete", "head", "options", "patch", "PATCH", "Patch", "query", "x-own"])(
    "DP-03: names the method %s as fetch sends it",
    async (method) => {
      const { htm } = decodeJwt(await key.proof({ method, url: "https://api.example/" }));
      expect(htm).toBe(new Request("https://api.example/", { method }).method);
    },
  );

  test.each([
    ["HTTPS://RS.Example:443/a/../b%7Ec?x#y", "https://rs.example/b%7Ec"],
    ["https://rs.example", "https://rs.example/"],
    ["https://rs.example/x/%2e%2e/é?#", "https://rs.example/%C3%A9"],
    ["https://RS.example/a%2fb", "https://rs.example/a%2fb"],
    ["https://faß.example:0443//x", "https://xn--fa-hia.example//x"],
    ["  https://rs.example/a\\b\n ", "https://rs.example/a/b"],
    ["https://0x7f.1/", "https://127.0.0.1/"],
  ])("DP-04: names %j as %s, first and again", async (url, htu) => {
    const wire = new URL(new Request(url).url);
    expect(wire.origin + wire.pathname).toBe(htu);
    const proofs = [await key.proof({ method: "GET", url }), await key.proof({ method: "GET", url })];
    expect(proofs.map((proof) => decodeJwt(proof)["htu"])).toEqual([htu, htu]);
  });

  test("DP-05: goes with its own access token and URL, however many take turns", async () => {
    const { publicKey } = key.keyPair;
    for (const round of [1, 2, 3]) {
      for (let index = 0; index < 40; index++) {
        const accessToken = `${EXAMPLE_TOKEN}${index % (round * 10)}`;
        const url = `https://api.example/${index % (round * 13)}`;
        const { payload } = await jwtVerify(await key.proof({ method: "GET", url, accessToken }), publicKey);
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(accessToken));
        expect(payload).toMatchObject({ ath: Buffer.from(digest).toString("base64url"), htu: url });
      }
    }
  });

  test("is good when many are made at the same time, of different lengths", async () => {
    const proofs = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => key.proof({ method: "GET", url: `https://api.example/${"x".repeat((index * 37) % 3000)}` })),
    );
    const { publicKey } = key.keyPair;
    const verified = await Promise.all(proofs.map(async (proof) => jwtVerify(proof, publicKey, { typ: "dpop+jwt" })));
    expect(new Set(verified.map(({ payload }) => payload.jti)).size).toBe(200);
  });

  test.each([0, 300, -300, 600, -600, 12.7])("DP-22: has the time of a server that is %d seconds ahead", async (clockOffset) => {
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    const { iat } = decodeJwt(await key.proof({ ...TOKEN_REQUEST, clockOffset }));
    vi.useRealTimers();
    expect(iat).toBe(1_800_000_000 + Math.trunc(clockOffset));
  });

  test.each([601, -600.5, Number.NaN, Infinity, "5", null, 2 ** 40, 5n])("DP-22: is not made for a clock that is %s seconds ahead", async (clockOffset) => {
    const error = await refusal(() => key.proof({ ...TOKEN_REQUEST, clockOffset } as DpopProofRequest));
    expect(error).toMatchObject({ code: "invalid_argument", details: { option: "clockOffset" } });
    // And the wasm lives on.
    await key.proof(TOKEN_REQUEST);
  });

  test("DP-23: is of the moment when it is asked for, with nothing made ahead", async () => {
    const sign = vi.spyOn(crypto.subtle, "sign");
    vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 });
    const first = decodeJwt(await key.proof(TOKEN_REQUEST));
    vi.setSystemTime(1_800_003_600_000);
    const second = decodeJwt(await key.proof(TOKEN_REQUEST));
    vi.useRealTimers();
    expect([first.iat, second.iat]).toEqual([1_800_000_000, 1_800_003_600]);
    expect(second.jti).not.toBe(first.jti);
    expect(sign).toHaveBeenCalledTimes(2);
  });

  test("is the same with and without toBase64 of newer engines", async () => {
    const prototype: object = Uint8Array.prototype;
    const original = Object.getOwnPropertyDescriptor(prototype, "toBase64");
    const native = vi.fn((): string => "native");
    const made: string[] = [];
    try {
      Reflect.deleteProperty(prototype, "toBase64");
      made.push(await key.proof(TOKEN_REQUEST));
      Object.defineProperty(prototype, "toBase64", { value: native, configurable: true });
      made.push(await key.proof(TOKEN_REQUEST));
    } finally {
      Reflect.deleteProperty(prototype, "toBase64");
      if (original) Object.defineProperty(prototype, "toBase64", original);
    }
    const [without = "", newer] = made;
    expect((await jwtVerify(without, key.keyPair.publicKey)).payload["htm"]).toBe("POST");
    expect(newer).toMatch(/\.native$/);
    expect(native).toHaveBeenCalledWith({ alphabet: "base64url", omitPadding: true });
  });
});

describe('the signer "software"', () => {
  const software = { signer: "software" } as const;
  /** RFC 7515, appendix A.3.1. */
  const RFC_KEY = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    d: "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
  };

  test("DP-06: makes a key that WebCrypto verifies, another one each time", async () => {
    const made = [await DpopKey.generate(software), await DpopKey.generate({ ...software, algorithm: "ES256", extractable: false })];
    for (const { publicJwk, algorithm, thumbprint } of made) {
      expect(algorithm).toBe("ES256");
      expect(Object.keys(publicJwk)).toEqual(PUBLIC_MEMBERS["EC"]);
      expect(thumbprint).toBe(await calculateJwkThumbprint(publicJwk as JWK));
    }
    expect(made[0]?.thumbprint).not.toBe(made[1]?.thumbprint);
    for (let index = 0; index < 50; index++) {
      const proof = (await made[0]?.proof({ ...TOKEN_REQUEST, accessToken: EXAMPLE_TOKEN, nonce: `${index}` })) ?? "";
      const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"] });
      expect(payload).toMatchObject({ nonce: `${index}`, ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" });
    }
  });

  test("DP-06: never gives its key away", async () => {
    const imported = await DpopKey.import(RFC_KEY, software);
    expect(imported.keyPair).toBeUndefined();
    const proof = await imported.proof(TOKEN_REQUEST);
    const seen = inspect(imported, { depth: 9, showHidden: true }) + JSON.stringify(imported) + JSON.stringify({ ...imported }) + proof;
    expect(seen).not.toContain(RFC_KEY.d);
    // Nor can it be kept somewhere: what a store would get is no key.
    expect(() => structuredClone(imported.proof)).toThrow("could not be cloned");
    expect(structuredClone({ ...imported })).toEqual({
      keyPair: undefined,
      algorithm: "ES256",
      publicJwk: imported.publicJwk,
      thumbprint: imported.thumbprint,
    });
  });

  test("imports the key of RFC 7515, appendix A.3", async () => {
    const imported = await DpopKey.import({ ...RFC_KEY, alg: "ES256", use: "sig", key_ops: ["sign"], kid: "k", ext: true }, software);
    const { d: _, ...publicJwk } = RFC_KEY;
    expect(imported.publicJwk).toEqual(publicJwk);
    expect(imported.thumbprint).toBe("oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    await jwtVerify(await imported.proof(TOKEN_REQUEST), await crypto.subtle.importKey("jwk", publicJwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]));
  });

  test.each([
    ["nothing", undefined],
    ["a text", JSON.stringify(RFC_KEY)],
    ["no members", {}],
    ["a public key", EXAMPLE_KEY],
    ["another algorithm", { ...RFC_KEY, alg: "ES384" }],
    ["another use", { ...RFC_KEY, use: "enc" }],
    ["another operation", { ...RFC_KEY, key_ops: ["verify"] }],
    ["another curve", { ...RFC_KEY, crv: "secp256k1" }],
    ["zero", { ...RFC_KEY, d: "A".repeat(43) }],
    ["too large a number", { ...RFC_KEY, d: "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE" }],
    ["too short a number", { ...RFC_KEY, d: RFC_KEY.d.slice(0, 40) }],
    ["padding", { ...RFC_KEY, d: `${RFC_KEY.d}=` }],
    ["the public half of another key", { ...RFC_KEY, x: EXAMPLE_KEY.x, y: EXAMPLE_KEY.y }],
    ["the private half of another key", { ...RFC_KEY, d: EXAMPLE_KEY.x }],
    ["a point that is not on the curve", { ...RFC_KEY, x: EXAMPLE_KEY.x }],
    ["a key of another kind", { kty: "OKP", crv: "Ed25519", x: EXAMPLE_KEY.x, d: RFC_KEY.d }],
  ])("does not import %s, and does not repeat it", async (_name, jwk) => {
    const error = await refusal(() => DpopKey.import(jwk as JsonWebKey, software));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option: "jwk" } });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(RFC_KEY.d.slice(0, 40));
  });

  test.each([
    ["algorithm", { signer: "software", algorithm: "ES384" }],
    ["algorithm", { signer: "software", algorithm: "EdDSA" }],
    ["extractable", { signer: "software", extractable: true }],
    ["signer", { signer: "hardware" }],
    ["signer", { signer: null }],
  ])("says that %s is wrong: %o", async (option, options) => {
    const error = await refusal(() => DpopKey.generate(options as DpopKeyOptions));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option } });
  });

  test.each([
    ["signer", { signer: "hardware" }],
    ["kid", { signer: "software", kid: "k" }],
  ])("says of an import that %s is wrong: %o", async (option, options) => {
    const error = await refusal(() => DpopKey.import(RFC_KEY, options as typeof software));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option } });
  });

  test("works in a page without TLS, and is named where it would help, but never chosen by itself", async () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    for (const work of [() => DpopKey.generate(), () => DpopKey.import(RFC_KEY), () => DpopKey.generate({ signer: "webcrypto" })]) {
      const error = await refusal(work);
      expect(error).toMatchObject({ code: "unsupported_environment", details: { feature: "crypto.subtle" } });
      expect(error.message).toBe('WebCrypto is missing here: serve the page by https, or choose the signer "software".');
    }
    const proofs = [await DpopKey.generate(software), await DpopKey.import(RFC_KEY, software)].map((made) => made.proof(TOKEN_REQUEST));
    const made = await Promise.all(proofs);
    vi.unstubAllGlobals();
    for (const proof of made) await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
  });

  test("DP-06: is the only one with a key in the memory of the wasm", async () => {
    const Original = WebAssembly.Instance;
    // Of the core and of the signer: neither may have the key of WebCrypto, and the core has neither.
    const memories: WebAssembly.Memory[] = [];
    const spy = vi.spyOn(WebAssembly, "Instance").mockImplementation(function (module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      const instance = new Original(module, imports);
      memories.push(...Object.values(instance.exports).filter((value) => value instanceof WebAssembly.Memory));
      return instance;
    } as never);
    onTestFinished(() => spy.mockRestore());
    const fresh = await copiedPackage("node");
    const d = Buffer.from(RFC_KEY.d, "base64url");
    // As octets; as a number in the order of the machine, also in the form that arithmetic modulo the order may keep it in.
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const montgomery = ((BigInt(`0x${d.toString("hex")}`) << 256n) % order).toString(16).padStart(64, "0");
    const forms = [d, Buffer.from(d.toReversed()), Buffer.from(Buffer.from(montgomery, "hex").toReversed())];
    const found = (): { readonly key: boolean; readonly text: boolean }[] =>
      memories.map(({ buffer }) => {
        const bytes = Buffer.from(buffer);
        return { key: forms.some((form) => bytes.includes(form)), text: bytes.includes(RFC_KEY.d) };
      });
    const nothing = { key: false, text: false };
    const closed = await fresh.DpopKey.import(RFC_KEY);
    await closed.proof(TOKEN_REQUEST);
    expect(found()).toEqual([nothing]);
    const open = await fresh.DpopKey.import(RFC_KEY, software);
    await open.proof(TOKEN_REQUEST);
    // The key itself is there; the text it came as was overwritten.
    expect(found()).toEqual([nothing, { key: true, text: false }]);
  });

  test("is loaded when somebody wants it, once, and into both ways to have the rest", async () => {
    for (const entry of ["node", "inline"] as const) {
      const fresh = await copiedPackage(entry);
      const compile = vi.spyOn(WebAssembly, "compile");
      onTestFinished(() => compile.mockRestore());
      await (await fresh.DpopKey.generate()).proof(TOKEN_REQUEST);
      expect(compile, entry).toHaveBeenCalledTimes(1);
      const made = await Promise.all([fresh.DpopKey.generate(software), fresh.DpopKey.import(RFC_KEY, software)]);
      await fresh.DpopKey.generate(software);
      expect(compile, entry).toHaveBeenCalledTimes(2);
      for (const key of made) await jwtVerify(await key.proof(TOKEN_REQUEST), EmbeddedJWK, { typ: "dpop+jwt" });
      compile.mockRestore();
    }
  });

  test("says so when it cannot be loaded, and leaves the rest as it is", async () => {
    const fresh = await copiedPackage("node", ["software-signer.js"]);
    for (const work of [() => fresh.DpopKey.generate(software), () => fresh.DpopKey.import(RFC_KEY, software)]) {
      const error = await refusal(work);
      expect([error.code, error.phase, error.type]).toEqual(["wasm_load_failed", "init", "usage"]);
      expect(error.message).toMatch(/^software-signer\.js could not be loaded: .*\.$/);
      expect(error.cause).toMatchObject({ code: "ERR_MODULE_NOT_FOUND" });
    }
    await (await fresh.DpopKey.generate()).proof(TOKEN_REQUEST);
  });

  test("can be loaded after a failure", async () => {
    const fresh = await copiedPackage("node");
    await fresh.init();
    const compile = vi.spyOn(WebAssembly, "compile").mockRejectedValueOnce(new WebAssembly.CompileError("blocked by CSP"));
    onTestFinished(() => compile.mockRestore());
    expect((await refusal(() => fresh.DpopKey.generate(software))).code).toBe("wasm_blocked_by_csp");
    expect((await fresh.DpopKey.generate(software)).algorithm).toBe("ES256");
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
    for (const work of [() => DpopKey.generate(), async () => DpopKey.from(key.keyPair), async () => DpopKey.import(jwk)]) {
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
