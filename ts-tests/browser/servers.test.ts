import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, CompactSign, exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createApi } from "../../demo/api/index.js";
import { alice, useWorld } from "./support.js";

const the = useWorld("app", [], { api: { echo: true } });

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
}

function ask(path: string, headers: Record<string, string | string[]> = {}, method = "GET", origin = the.world.api.url): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { method, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const challenge = ({ headers }: Answer): string => String(headers["www-authenticate"] ?? "");

interface Binding {
  readonly jkt?: string;
  readonly acr?: string;
  readonly authTime?: number;
  readonly audience?: string;
}

/** A token as the provider would issue it after a sign-in. */
async function issue(scope: string, seconds = 60, { jkt, acr, authTime, audience }: Binding = {}): Promise<string> {
  const { provider } = the.world.provider;
  const clientId = jkt === undefined ? "spa" : "spa-dpop";
  const client = await provider.Client.find(clientId);
  const grant = new provider.Grant({ accountId: alice.subject, clientId });
  grant.addOIDCScope(scope);
  const extra = { ...(acr === undefined ? {} : { acr }), ...(authTime === undefined ? {} : { auth_time: authTime }) };
  const token = new provider.AccessToken({ client, accountId: alice.subject, grantId: await grant.save(), scope, gty: "authorization_code", extra });
  if (jkt !== undefined) token.setThumbprint("jkt", jkt);
  if (audience !== undefined) token.setAudience(audience);
  token.expiresIn = seconds;
  return token.save();
}

describe("the API's answers, RFC 6750 section 3", () => {
  test("without a token: 401 and a challenge that names no error", async () => {
    const answer = await ask("/me");
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toBe('Bearer realm="demo-api", DPoP algs="ES256 PS256 Ed25519"');
  });

  test("another scheme counts as no token", async () => {
    const answer = await ask("/me", { authorization: "Basic YTpi" });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).not.toContain("error");
  });

  test.each<[string, string, Record<string, string | string[]>]>([
    ["no token after the scheme", "/me", { authorization: "Bearer" }],
    ["two tokens after the scheme", "/me", { authorization: "Bearer a b" }],
    ["characters no token has", "/me", { authorization: 'Bearer "a"' }],
    ["two headers", "/me", { authorization: ["Bearer a", "Bearer b"] }],
    ["a token in the address", "/me?access_token=a", {}],
  ])("malformed: %s", async (_name, path, headers) => {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(400);
    expect(challenge(answer)).toContain('error="invalid_request"');
  });

  test("an unknown token: 401 invalid_token", async () => {
    const answer = await ask("/me", { authorization: "Bearer unknown" });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('error="invalid_token"');
  });

  test("a token that has expired: 401 invalid_token", async () => {
    const token = await issue("openid api", -1);
    const answer = await ask("/me", { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('error="invalid_token"');
  });

  test("a token without the scope: 403 insufficient_scope, and which one", async () => {
    const answer = await ask("/me", { authorization: `Bearer ${await issue("openid")}` });
    expect(answer.status).toBe(403);
    expect(challenge(answer)).toContain('error="insufficient_scope"');
    expect(challenge(answer)).toContain('scope="api"');
  });

  test("a good token: 200, whatever the case of the scheme", async () => {
    const token = await issue("openid api");
    expect((await ask("/me", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask("/me", { authorization: `bearer ${token}` })).status).toBe(200);
  });

  test("only the page's origin may read answers, and it may read the challenge", async () => {
    const { world } = the;
    const own = await ask("/me", { origin: world.page.url });
    expect(own.headers["access-control-allow-origin"]).toBe(world.page.url);
    expect(own.headers["access-control-expose-headers"]).toBe("WWW-Authenticate, DPoP-Nonce, Date");
    const foreign = await ask("/me", { origin: "http://localhost:1" });
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
  });

  test("a token for another API: 401 invalid_token; for this one: 200", async () => {
    const foreign = await ask("/me", { authorization: `Bearer ${await issue("api", 60, { audience: "https://other.example" })}` });
    expect(foreign.status).toBe(401);
    expect(challenge(foreign)).toContain("another API");
    const own = await ask("/me", { authorization: `Bearer ${await issue("api", 60, { audience: the.world.api.url })}` });
    expect(own.status).toBe(200);
  });
});

type Signed = Record<string, unknown>;

interface ProofParts {
  /** Members of header and claims that differ; `undefined` takes one away. */
  readonly header?: Signed;
  readonly claims?: Signed;
  readonly keys?: GenerateKeyPairResult;
  readonly path?: string;
  readonly method?: string;
}

/** An honest client of the API, with what a test wants to have wrong. */
class Holder {
  nonce: string | undefined;
  token = "";

  constructor(
    readonly keys: GenerateKeyPairResult,
    readonly jwk: JWK,
    readonly thumbprint: string,
  ) {}

  static async create(algorithm = "ES256"): Promise<Holder> {
    const keys = await generateKeyPair(algorithm, { extractable: true });
    const jwk = await exportJWK(keys.publicKey);
    return new Holder(keys, jwk, await calculateJwkThumbprint(jwk));
  }

  async proof({ header = {}, claims = {}, keys = this.keys, path = "/me", method = "GET" }: ProofParts = {}): Promise<string> {
    const payload = {
      jti: randomUUID(),
      htm: method,
      htu: the.world.api.url + path,
      iat: Math.floor(Date.now() / 1000),
      ath: createHash("sha256").update(this.token).digest("base64url"),
      nonce: this.nonce,
      ...claims,
    };
    const protectedHeader = { typ: "dpop+jwt", alg: "ES256", jwk: this.jwk, ...header };
    return new CompactSign(new TextEncoder().encode(JSON.stringify(payload))).setProtectedHeader(protectedHeader).sign(keys.privateKey);
  }

  async send(proof: string | string[] | undefined, { path = "/me", scheme = "DPoP", method = "GET" } = {}): Promise<Answer> {
    const answer = await ask(path, { authorization: `${scheme} ${this.token}`, ...(proof === undefined ? {} : { dpop: proof }) }, method);
    const nonce = answer.headers["dpop-nonce"];
    if (typeof nonce === "string") this.nonce = nonce;
    return answer;
  }
}

/** An answer as its status and the parameters of its one challenge. */
function told(answer: Answer): Signed {
  const [scheme = "", rest = ""] = challenge(answer).split(/ (.*)/s, 2);
  const parameters = [...rest.matchAll(/([a-z_]+)="([^"]*)"(?:, |$)/g)].map(([, name = "", value]) => [name, value]);
  return { status: answer.status, scheme, ...Object.fromEntries(parameters) };
}

/** What `told` gives for a refusal: RFC 9449, section 7.1. */
const refusal = (error: string, words = "", more: Signed = {}): Signed => ({
  status: 401,
  scheme: "DPoP",
  realm: "demo-api",
  error,
  error_description: expect.stringContaining(words),
  algs: "ES256 PS256 Ed25519",
  ...more,
});

describe("DPoP proofs at the API, RFC 9449 section 4.3", () => {
  let holder: Holder;
  let thief: Holder;
  beforeAll(async () => {
    holder = await Holder.create();
    thief = await Holder.create();
  });
  // Each test begins with a good token and a good nonce, so that nothing but its one mistake is refused.
  beforeEach(async () => {
    holder.token = await issue("openid api", 60, { jkt: holder.thumbprint });
    holder.nonce = undefined;
    expect(told(await holder.send(await holder.proof()))).toEqual(refusal("use_dpop_nonce"));
    expect(holder.nonce).toMatch(/^[\w-]{20,}$/);
  });

  test("a good proof: 200", async () => {
    const answer = await holder.send(await holder.proof());
    expect(answer.status).toBe(200);
    expect(answer.headers["www-authenticate"]).toBeUndefined();
  });

  test("the scheme in another case: 200", async () => {
    expect((await holder.send(await holder.proof(), { scheme: "dpop" })).status).toBe(200);
  });

  test("no proof", async () => {
    expect(told(await holder.send(undefined))).toEqual(refusal("invalid_dpop_proof", "There is no DPoP proof"));
  });

  test("two proofs in two headers", async () => {
    expect(told(await holder.send([await holder.proof(), await holder.proof()]))).toEqual(refusal("invalid_dpop_proof", "more than one DPoP proof"));
  });

  test("two proofs in one header", async () => {
    expect(told(await holder.send(`${await holder.proof()}, ${await holder.proof()}`))).toEqual(refusal("invalid_dpop_proof", "more than one DPoP proof"));
  });

  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  test.each<[string, (proof: string) => string]>([
    ["not three parts", (proof) => `${proof}.x`],
    ["a text that is no base64url", (proof) => proof.replace(".", "=.")],
    ["a header that is no object", (proof) => proof.replace(/^[^.]+/, encoded(["dpop+jwt"]))],
    ["claims that are no JSON", (proof) => proof.replace(/\.[^.]+/, ".e30x")],
    ["nothing", () => ""],
  ])("not a JWT: %s", async (_name, spoil) => {
    expect(told(await holder.send(spoil(await holder.proof())))).toEqual(refusal("invalid_dpop_proof", "is not a JWT"));
  });

  test("longer than any proof", async () => {
    expect(told(await holder.send(await holder.proof({ claims: { more: "x".repeat(8_192) } })))).toEqual(refusal("invalid_dpop_proof", "too long"));
  });

  test("typ of another kind of token", async () => {
    expect(told(await holder.send(await holder.proof({ header: { typ: "jwt" } })))).toEqual(refusal("invalid_dpop_proof", "typ"));
    expect(told(await holder.send(await holder.proof({ header: { typ: undefined } })))).toEqual(refusal("invalid_dpop_proof", "typ"));
  });

  test("alg none", async () => {
    const [, claims = ""] = (await holder.proof()).split(".");
    const proof = `${encoded({ typ: "dpop+jwt", alg: "none", jwk: holder.jwk })}.${claims}.`;
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "signed with one of"));
  });

  test("alg symmetric", async () => {
    const secret = new TextEncoder().encode("a secret of at least thirty-two bytes");
    const jwk = { kty: "oct", k: Buffer.from(secret).toString("base64url") } as object;
    const proof = await new CompactSign(Buffer.from("{}")).setProtectedHeader({ typ: "dpop+jwt", alg: "HS256", jwk }).sign(secret);
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "signed with one of"));
  });

  test("alg that is good and not on the list", async () => {
    the.world.api.configure({ algorithms: ["PS256"] });
    const answer = await holder.send(await holder.proof());
    expect(challenge(answer)).toContain('error="invalid_dpop_proof"');
    expect(challenge(answer)).toMatch(/, algs="PS256"$/);
  });

  test("alg of another kind of key", async () => {
    const [, claims = "", signature = ""] = (await holder.proof()).split(".");
    const proof = `${encoded({ typ: "dpop+jwt", alg: "PS256", jwk: holder.jwk })}.${claims}.${signature}`;
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "does not fit its algorithm"));
  });

  test("a key of another curve than the algorithm's, though it signed", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const jwk = publicKey.export({ format: "jwk" });
    const [, claims = ""] = (await holder.proof()).split(".");
    const input = `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk })}.${claims}`;
    const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
    expect(told(await holder.send(`${input}.${signature}`))).toEqual(refusal("invalid_dpop_proof", "does not fit its algorithm"));
    const rsa = { ...jwk, kty: "RSA", crv: "P-256" };
    const other = `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk: rsa })}.${claims}.${signature}`;
    expect(told(await holder.send(other))).toEqual(refusal("invalid_dpop_proof", "does not fit its algorithm"));
  });

  test("a critical header parameter", async () => {
    const [, claims = "", signature = ""] = (await holder.proof()).split(".");
    const proof = `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk: holder.jwk, crit: ["exp"], exp: 1 })}.${claims}.${signature}`;
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "critical"));
  });

  test("jwk missing", async () => {
    expect(told(await holder.send(await holder.proof({ header: { jwk: undefined } })))).toEqual(refusal("invalid_dpop_proof", "has no key"));
  });

  test("jwk with the private key", async () => {
    const jwk = await exportJWK(holder.keys.privateKey);
    expect(jwk.d).toBeDefined();
    expect(told(await holder.send(await holder.proof({ header: { jwk } })))).toEqual(refusal("invalid_dpop_proof", "private key"));
  });

  test("jwk that is not a key", async () => {
    expect(told(await holder.send(await holder.proof({ header: { jwk: { ...holder.jwk, y: holder.jwk.x } } })))).toEqual(refusal("invalid_dpop_proof", "not a key"));
  });

  test("jwk with an RSA key that is too short", async () => {
    const jwk = { kty: "RSA", e: "AQAB", n: Buffer.alloc(128, 0xff).toString("base64url") };
    const proof = `${encoded({ typ: "dpop+jwt", alg: "PS256", jwk })}.${encoded({})}.AAAA`;
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "too short"));
  });

  test("signed with another key than the one in the header", async () => {
    expect(told(await holder.send(await holder.proof({ keys: thief.keys })))).toEqual(refusal("invalid_dpop_proof", "signature"));
  });

  test("changed after it was signed", async () => {
    const [header = "", , signature = ""] = (await holder.proof()).split(".");
    const [, claims = ""] = (await holder.proof()).split(".");
    expect(told(await holder.send(`${header}.${claims}.${signature}`))).toEqual(refusal("invalid_dpop_proof", "signature"));
  });

  test.each<[string, ProofParts, string]>([
    ["jti missing", { claims: { jti: undefined } }, "has no jti"],
    ["jti empty", { claims: { jti: "" } }, "has no jti"],
    ["htm of another method", { claims: { htm: "POST" } }, "htm"],
    ["htm in another case", { claims: { htm: "get" } }, "htm"],
    ["htm missing", { claims: { htm: undefined } }, "htm"],
    ["htu of another path", { path: "/notes" }, "htu"],
    ["htu with a slash more", { path: "/me/" }, "htu"],
    ["htu with a query", { path: "/me?id=1" }, "htu"],
    ["htu with a fragment", { path: "/me#top" }, "htu"],
    ["htu of another server", { claims: { htu: "http://localhost:1/me" } }, "htu"],
    ["htu missing", { claims: { htu: undefined } }, "htu"],
    ["iat missing", { claims: { iat: undefined } }, "has no iat"],
    ["iat as text", { claims: { iat: "1" } }, "has no iat"],
    ["ath of another token", { claims: { ath: createHash("sha256").update("another").digest("base64url") } }, "ath"],
    ["ath missing", { claims: { ath: undefined } }, "ath"],
    ["a nonce that is no text", { claims: { nonce: 1 } }, "not a text"],
  ])("%s", async (_name, parts, words) => {
    expect(told(await holder.send(await holder.proof(parts)))).toEqual(refusal("invalid_dpop_proof", words));
  });

  test("htu is the address as it was fetched, without its query", async () => {
    expect((await holder.send(await holder.proof(), { path: "/me?id=1&htu=/" })).status).toBe(200);
    const odd = "/echo/%7Ea/%2F/b;c";
    expect((await holder.send(await holder.proof({ path: odd }), { path: odd })).status).toBe(200);
    expect(told(await holder.send(await holder.proof({ path: "/echo/~a/%2F/b;c" }), { path: odd }))).toEqual(refusal("invalid_dpop_proof", "htu"));
  });

  test("DP-22: iat out of the window, and the answer tells the time", async () => {
    the.world.api.configure({ nonces: "none", clock: 300 });
    holder.nonce = undefined;
    const now = Math.floor(Date.now() / 1000);
    const late = await holder.send(await holder.proof());
    expect(told(late)).toEqual(refusal("invalid_dpop_proof", "too long ago"));
    const there = Date.parse(String(late.headers["date"])) / 1000;
    expect(Math.abs(there - now - 300)).toBeLessThan(5);
    expect((await holder.send(await holder.proof({ claims: { iat: there } }))).status).toBe(200);
    expect(told(await holder.send(await holder.proof({ claims: { iat: there - 62 } })))).toEqual(refusal("invalid_dpop_proof", "too long ago"));
    expect(told(await holder.send(await holder.proof({ claims: { iat: there + 20 } })))).toEqual(refusal("invalid_dpop_proof", "in the future"));
  });

  test("with a nonce the clocks need not agree", async () => {
    the.world.api.configure({ clock: 300 });
    await holder.send(await holder.proof());
    expect((await holder.send(await holder.proof())).status).toBe(200);
  });

  test("a proof used twice", async () => {
    const proof = await holder.proof();
    expect((await holder.send(proof)).status).toBe(200);
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "used before"));
  });

  test("a jti used twice, in another proof", async () => {
    expect((await holder.send(await holder.proof({ claims: { jti: "same" } }))).status).toBe(200);
    expect(told(await holder.send(await holder.proof({ claims: { jti: "same", more: 1 } })))).toEqual(refusal("invalid_dpop_proof", "used before"));
  });

  test("a jti that somebody else used is nobody's business", async () => {
    expect((await holder.send(await holder.proof({ claims: { jti: "same" } }))).status).toBe(200);
    thief.token = await issue("openid api", 60, { jkt: thief.thumbprint });
    thief.nonce = holder.nonce;
    expect((await thief.send(await thief.proof({ claims: { jti: "same" } }))).status).toBe(200);
  });

  test("more proofs than can be remembered: 503, and no proof is forgotten", async () => {
    the.world.api.configure({ replayLimit: 1 });
    await holder.send(await holder.proof());
    const proof = await holder.proof();
    expect((await holder.send(proof)).status).toBe(200);
    expect((await holder.send(await holder.proof())).status).toBe(503);
    expect(told(await holder.send(proof))).toEqual(refusal("invalid_dpop_proof", "used before"));
  });

  test("a bound token with the proof of another key", async () => {
    thief.token = holder.token;
    thief.nonce = holder.nonce;
    expect(told(await thief.send(await thief.proof()))).toEqual(refusal("invalid_token", "bound to another key"));
  });

  test("a bound token as Bearer, with and without a proof", async () => {
    for (const proof of [undefined, await holder.proof()]) {
      const answer = await holder.send(proof, { scheme: "Bearer" });
      expect(answer.status).toBe(401);
      expect(challenge(answer)).toMatch(
        /^Bearer realm="demo-api", error="invalid_token", error_description="The access token is bound to a key\. [^"]*", DPoP algs="ES256 PS256 Ed25519"$/,
      );
    }
  });

  test("a token that is not bound, with a proof", async () => {
    holder.token = await issue("openid api");
    expect(told(await holder.send(await holder.proof()))).toEqual(refusal("invalid_token", "not bound"));
  });

  test("an unknown token with a good proof", async () => {
    holder.token = "unknown";
    expect(told(await holder.send(await holder.proof()))).toEqual(refusal("invalid_token", "unknown"));
  });

  test("a bound token without the scope: 403", async () => {
    holder.token = await issue("openid", 60, { jkt: holder.thumbprint });
    const answer = await holder.send(await holder.proof());
    expect(answer.status).toBe(403);
    expect(challenge(answer)).toMatch(/^DPoP realm="demo-api", error="insufficient_scope"/);
  });

  test("malformed: no token after the scheme", async () => {
    const answer = await ask("/me", { authorization: "DPoP", dpop: await holder.proof() });
    expect(answer.status).toBe(400);
    expect(challenge(answer)).toMatch(/^DPoP realm="demo-api", error="invalid_request"/);
  });

  test.each(["PS256", "Ed25519"])("a proof signed with %s", async (algorithm) => {
    const other = await Holder.create(algorithm);
    other.token = await issue("openid api", 60, { jkt: other.thumbprint });
    other.nonce = holder.nonce;
    expect((await other.send(await other.proof({ header: { alg: algorithm } }))).status).toBe(200);
    expect(told(await other.send(await other.proof({ header: { alg: algorithm, jwk: holder.jwk } })))).toEqual(refusal("invalid_dpop_proof", "does not fit"));
  });

  describe("nonces, section 9", () => {
    test("missing or unknown: use_dpop_nonce, with a nonce in the answer", async () => {
      for (const nonce of [undefined, "another"]) {
        const answer = await holder.send(await holder.proof({ claims: { nonce } }));
        expect(told(answer)).toEqual(refusal("use_dpop_nonce"));
        expect(answer.headers["dpop-nonce"]).toBe(holder.nonce);
      }
    });

    test("none: a proof with a nonce is refused, and no nonce is given", async () => {
      the.world.api.configure({ nonces: "none" });
      const answer = await holder.send(await holder.proof());
      expect(told(answer)).toEqual(refusal("invalid_dpop_proof", "gives none"));
      expect(answer.headers["dpop-nonce"]).toBeUndefined();
      expect((await holder.send(await holder.proof({ claims: { nonce: undefined } }))).status).toBe(200);
    });

    test("window: the same for all, until it is rotated", async () => {
      const before = holder.nonce;
      expect((await holder.send(await holder.proof())).status).toBe(200);
      expect((await holder.send(await holder.proof())).status).toBe(200);
      expect(holder.nonce).toBe(before);
      the.world.api.rotateNonces();
      expect(told(await holder.send(await holder.proof()))).toEqual(refusal("use_dpop_nonce"));
      expect(holder.nonce).not.toBe(before);
      expect((await holder.send(await holder.proof())).status).toBe(200);
    });

    test("once: a new one with each answer, each good for one request", async () => {
      the.world.api.configure({ nonces: "once" });
      await holder.send(await holder.proof());
      const first = holder.nonce;
      await ask("/me");
      expect((await holder.send(await holder.proof())).status, "another was given since").toBe(200);
      const second = holder.nonce;
      expect(second).not.toBe(first);
      expect(told(await holder.send(await holder.proof({ claims: { nonce: first } })))).toEqual(refusal("use_dpop_nonce"));
      expect((await holder.send(await holder.proof({ claims: { nonce: second } }))).status).toBe(200);
    });

    test("latest: a new one with each answer, and no other is good", async () => {
      the.world.api.configure({ nonces: "latest" });
      await holder.send(await holder.proof());
      const first = holder.nonce;
      expect((await holder.send(await holder.proof())).status).toBe(200);
      expect(holder.nonce).not.toBe(first);
      await ask("/nowhere");
      expect(told(await holder.send(await holder.proof()))).toEqual(refusal("use_dpop_nonce"));
      // A preflight is no answer to the page: it takes no nonce away.
      await ask("/me", { origin: the.world.page.url, "access-control-request-method": "GET" }, "OPTIONS");
      expect((await holder.send(await holder.proof())).status).toBe(200);
    });
  });

  test("pages may send proofs, and read what they are told unless a test hides it", async () => {
    const { world } = the;
    const origin = world.page.url;
    const preflight = await ask("/me", { origin, "access-control-request-method": "GET" }, "OPTIONS");
    expect(preflight.headers["access-control-allow-headers"]).toBe("Authorization, Content-Type, DPoP, X-Request-Id");
    world.api.configure({ exposeNonce: false, exposeDate: false });
    expect((await ask("/me", { origin })).headers["access-control-expose-headers"]).toBe("WWW-Authenticate");
    world.api.configure({ exposeNonce: true, exposeChallenge: false });
    expect((await ask("/me", { origin })).headers["access-control-expose-headers"]).toBe("DPoP-Nonce");
  });

  test("what happened can be read: sends, challenges, proofs", async () => {
    const { seen } = the.world.api;
    seen.clear();
    await holder.send(await holder.proof({ claims: { nonce: undefined, jti: "first" } }), { path: "/me?id=7" });
    await holder.send(await holder.proof({ claims: { jti: "second" } }), { path: "/me?id=7" });
    await ask("/me", { "x-request-id": "8" });
    expect([seen.sends, seen.challenges]).toEqual([3, 1]);
    expect(seen.calls.get("7")).toEqual({ sends: 2, challenges: 1, statuses: [401, 200] });
    expect(seen.calls.get("8")).toEqual({ sends: 1, challenges: 0, statuses: [401] });
    expect(seen.proofs.map(({ id, jti, jkt }) => [id, jti, jkt])).toEqual([
      ["7", "first", holder.thumbprint],
      ["7", "second", holder.thumbprint],
    ]);
    the.world.api.reset();
    expect([seen.sends, seen.challenges, seen.calls.size, seen.proofs.length]).toEqual([0, 0, 0, 0]);
  });
});

describe("what the provider says about a token", () => {
  const now = (): number => Math.floor(Date.now() / 1000);
  let provider: Server;
  let api: Awaited<ReturnType<typeof createApi>>;
  let issuer = "";
  let holder: Holder;
  /** The answer of the introspection endpoint; a text is sent with the status 500. */
  let introspection: Signed | string = {};

  beforeAll(async () => {
    provider = createServer((asked, response) => {
      const metadata = asked.url === "/.well-known/openid-configuration";
      const body = metadata ? { issuer, introspection_endpoint: `${issuer}/introspection` } : introspection;
      response.writeHead(typeof body === "string" ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
    issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    api = await createApi({ port: 0, issuer, page: "http://page.invalid", settings: { nonces: "none" } });
    holder = await Holder.create();
    holder.token = "a-token";
  });
  afterAll(async () => {
    await api.close();
    await new Promise((resolve) => provider.close(resolve));
  });

  const good = (more: Signed = {}): Signed => ({ active: true, iss: issuer, sub: "alice", exp: now() + 60, scope: "api", token_type: "Bearer", ...more });
  const bound = (more: Signed = {}): Signed => good({ token_type: "DPoP", cnf: { jkt: holder.thumbprint }, ...more });
  const withProof = async (): Promise<Answer> =>
    ask("/me", { authorization: "DPoP a-token", dpop: await holder.proof({ claims: { htu: `${api.url}/me` } }) }, "GET", api.url);

  test("all is well: 200", async () => {
    introspection = good();
    expect((await ask("/me", { authorization: "Bearer a-token" }, "GET", api.url)).status).toBe(200);
    introspection = bound();
    expect((await withProof()).status).toBe(200);
  });

  test.each<[string, () => Signed, string]>([
    ["it is not active", () => ({ active: false }), "unknown"],
    ["active is a text", () => good({ active: "true" }), "unknown"],
    ["it is of another issuer", () => good({ iss: "https://other.example" }), "another issuer"],
    ["it is for another API", () => good({ aud: ["https://other.example"] }), "another API"],
    ["it has expired", () => good({ exp: now() - 1 }), "expired"],
    ["it never expires", () => good({ exp: undefined }), "expired"],
    ["it is not valid yet", () => good({ nbf: now() + 60 }), "not valid yet"],
    ["it is bound to a certificate", () => good({ cnf: { "x5t#S256": "abc" } }), "bound to a key"],
    ["it is bound, and says it is not", () => good({ cnf: { jkt: "abc" } }), "bound to a key"],
    ["it is of the type DPoP, bound to nothing", () => good({ token_type: "DPoP" }), "bound to a key"],
    ["it has no type", () => good({ token_type: undefined }), "bound to a key"],
    ["it is nobody's", () => good({ sub: undefined }), "does not belong to a person"],
  ])("as Bearer: %s", async (_name, answer, words) => {
    introspection = answer();
    const refused = await ask("/me", { authorization: "Bearer a-token" }, "GET", api.url);
    expect(refused.status).toBe(401);
    expect(challenge(refused)).toContain('Bearer realm="demo-api", error="invalid_token"');
    expect(challenge(refused)).toContain(words);
  });

  test.each<[string, () => Signed, string]>([
    ["it is of the type Bearer", () => bound({ token_type: "Bearer" }), "not bound to a key"],
    ["it is bound to nothing", () => bound({ cnf: undefined }), "not bound to a key"],
    ["it is bound to a certificate", () => bound({ cnf: { "x5t#S256": holder.thumbprint } }), "not bound to a key"],
    ["it is bound to another key", () => bound({ cnf: { jkt: `${holder.thumbprint}A` } }), "bound to another key"],
    ["it has expired", () => bound({ exp: now() - 1 }), "expired"],
  ])("with a good proof: %s", async (_name, answer, words) => {
    introspection = answer();
    expect(told(await withProof())).toEqual(refusal("invalid_token", words));
  });

  test("nothing: 503 and no challenge, because nobody knows whether the token is bad", async () => {
    introspection = "broken";
    const complaints = vi.spyOn(console, "error").mockImplementation(() => {});
    const answer = await withProof();
    expect(complaints.mock.calls).toEqual([["API: cannot check a token: introspection answered 500"]]);
    complaints.mockRestore();
    expect(answer.status).toBe(503);
    expect(answer.headers["www-authenticate"]).toBeUndefined();
  });
});

describe("the vault, RFC 9470 section 3", () => {
  const now = (): number => Math.floor(Date.now() / 1000);
  const open = async (binding: Binding): Promise<Answer> => ask("/vault", { authorization: `Bearer ${await issue("openid api", 60, binding)}` });
  const asks = 'acr_values="urn:demo:mfa", max_age="300", DPoP algs="ES256 PS256 Ed25519"';

  test.each<[string, Binding]>([
    ["a token that does not say how", {}],
    ["with a password only", { acr: "urn:demo:pwd", authTime: now() }],
    ["too long ago", { acr: "urn:demo:mfa", authTime: now() - 400 }],
    ["at a time that is not told", { acr: "urn:demo:mfa" }],
  ])("closed: %s", async (_name, binding) => {
    const answer = await open(binding);
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toMatch(/^Bearer realm="demo-api", error="insufficient_user_authentication", error_description="/);
    expect(challenge(answer).endsWith(asks), challenge(answer)).toBe(true);
  });

  test("open: recently, with a second device", async () => {
    expect((await open({ acr: "urn:demo:mfa", authTime: now() })).status).toBe(200);
  });

  test("a token that opens nothing else does not open it", async () => {
    const answer = await ask("/vault", { authorization: `Bearer ${await issue("openid", 60, { acr: "urn:demo:mfa", authTime: now() })}` });
    expect(answer.status).toBe(403);
  });

  test("a DPoP-bound token is asked in its own scheme", async () => {
    const holder = await Holder.create();
    holder.token = await issue("openid api", 60, { jkt: holder.thumbprint });
    await holder.send(await holder.proof());
    expect(told(await holder.send(await holder.proof({ path: "/vault" }), { path: "/vault" }))).toEqual(refusal("insufficient_user_authentication", "stronger", { acr_values: "urn:demo:mfa", max_age: "300" }));
  });
});

describe("the provider", () => {
  test("says in its metadata what the client relies on", async () => {
    const { provider } = the.world;
    const metadata = (await (await fetch(`${provider.url}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: provider.url,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ["S256"],
      id_token_signing_alg_values_supported: ["RS256", "PS256", "ES256"],
      response_types_supported: ["code"],
      dpop_signing_alg_values_supported: ["ES256", "PS256", "Ed25519"],
      authorization_signing_alg_values_supported: ["RS256", "PS256", "ES256"],
      request_object_signing_alg_values_supported: ["RS256", "PS256", "ES256"],
      authorization_details_types_supported: ["note"],
      acr_values_supported: ["urn:demo:pwd", "urn:demo:mfa"],
    });
  });

  test("insists on PKCE", async () => {
    const { provider, page } = the.world;
    const url = `${provider.url}/auth?${new URLSearchParams({ client_id: "spa", redirect_uri: `${page.url}/callback`, response_type: "code", scope: "openid", state: "s" })}`;
    const response = await fetch(url, { redirect: "manual" });
    const back = new URL(response.headers.get("location") ?? "");
    expect(back.searchParams.get("error")).toBe("invalid_request");
  });

  test("takes no request of the DPoP client that was not pushed", async () => {
    const { provider, page } = the.world;
    const query = { client_id: "spa-dpop", redirect_uri: `${page.url}/dpop/callback`, response_type: "code", scope: "openid", state: "s" };
    const response = await fetch(`${provider.url}/auth?${new URLSearchParams(query)}`, { redirect: "manual" });
    const back = new URL(response.headers.get("location") ?? "");
    expect(back.searchParams.get("error")).toBe("invalid_request");
    expect(back.searchParams.get("error_description")).toMatch(/Pushed Authorization Request/i);
  });

  test("wants a nonce in each proof, and takes none of before they were rotated", async () => {
    const { provider, page } = the.world;
    const holder = await Holder.create();
    let nonce: string | undefined;
    const push = async (): Promise<unknown> => {
      const dpop = await holder.proof({ claims: { htu: `${provider.url}/request`, htm: "POST", nonce, ath: undefined } });
      const body = new URLSearchParams({
        client_id: "spa-dpop",
        redirect_uri: `${page.url}/dpop/callback`,
        response_type: "code",
        scope: "openid",
        code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        code_challenge_method: "S256",
      });
      const response = await fetch(`${provider.url}/request`, { method: "POST", headers: { dpop }, body });
      nonce = response.headers.get("dpop-nonce") ?? nonce;
      const { error } = (await response.json()) as { error?: string };
      return error ?? response.status;
    };
    expect(await push()).toBe("use_dpop_nonce");
    expect(await push()).toBe(201);
    expect(await push()).toBe(201);
    await provider.rotateNonces();
    expect(await push()).toBe("use_dpop_nonce");
    expect(await push()).toBe(201);
  });
});
