import { createHash, randomBytes } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { runInNewContext } from "node:vm";
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, SignJWT, type CryptoKey } from "jose";
import * as oauth from "oauth4webapi";
import { OidcClient, isOidcError, type OidcClientOptions, type OidcError } from "oidc-wasm/node";
import { TestProvider, type IdTokenFault, type TestEndpoint, type TestFailure, type TestProviderOptions, type TestSigningAlgorithm } from "oidc-wasm/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const APP = "https://app.example.com";
const API = "https://api.example.com";
const CALLBACK = `${APP}/callback`;
const SPA = { clientId: "spa", redirectUris: [CALLBACK], postLogoutRedirectUris: [`${APP}/`] };
const HOST = { clientId: "host", clientSecret: "a secret: +&%/ü", redirectUris: [`${APP}/host`] };
const CLIENTS = [SPA, HOST, { clientId: "other", redirectUris: [CALLBACK] }];
/** A clock that stands still, where a second more would matter. */
const NOON = 1_800_000_000_000;
const ALL = "openid profile email offline_access";

/** The guide's table of failures: what is asked for, and the code that it says the application sees. */
const ROWS = await readRows();

async function readRows() {
  const guide = await readFile(path.join(workspace, "docs/guides/testing.md"), "utf8");
  const rows = [...guide.matchAll(/^\| `\((.*)\)` \| `(\w+)`/gm)].map(([, row = "", code = ""]) => ({ row, code }));
  const script = `export default [${rows.map(({ row }) => `[${row}]`).join(",\n")}]`;
  const { default: all } = (await import(`data:text/javascript,${encodeURIComponent(script)}`)) as { default: [TestEndpoint, TestFailure][] };
  return all.map(([endpoint, failure], index) => ({ endpoint, failure, row: rows[index]?.row ?? "", code: rows[index]?.code ?? "" }));
}

function make(options: Partial<TestProviderOptions> = {}): Promise<TestProvider> {
  return TestProvider.create({ clients: CLIENTS, elsewhere: () => Promise.reject(new Error("somewhere else")), ...options });
}

const hash = (text: string): string => createHash("sha256").update(text).digest("base64url");

/** What an endpoint says, and the members of its answer that are used here. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly error?: string;
  readonly access_token?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly request_uri?: string;
}

/** A client made of nothing but requests, which can be wrong in every way. */
class Raw {
  readonly verifier = randomBytes(32).toString("base64url");

  constructor(readonly provider: TestProvider) {}

  /** An authorization request; `undefined` leaves a parameter out. */
  url(changes: Readonly<Record<string, string | undefined>> = {}): string {
    const parameters = {
      client_id: "spa",
      response_type: "code",
      redirect_uri: CALLBACK,
      scope: ALL,
      state: "a state",
      nonce: "a nonce",
      code_challenge: hash(this.verifier),
      code_challenge_method: "S256",
      ...changes,
    };
    const url = new URL(`${this.provider.issuer}/authorize`);
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
    return url.href;
  }

  async code(changes: Readonly<Record<string, string | undefined>> = {}): Promise<string> {
    return new URL(await this.provider.signIn(this.url(changes))).searchParams.get("code") ?? "";
  }

  async post(path: string, form: Readonly<Record<string, string>> | string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const body = typeof form === "string" ? form : String(new URLSearchParams(form));
    const response = await this.provider.fetch(this.provider.issuer + path, { method: "POST", headers: { ...type, ...headers }, body });
    const text = await response.text();
    return { ...(JSON.parse(text || "{}") as object), status: response.status, headers: response.headers };
  }

  redeem(code: string, changes: Readonly<Record<string, string>> = {}, headers?: Readonly<Record<string, string>>) {
    const form = { grant_type: "authorization_code", client_id: "spa", code, redirect_uri: CALLBACK, code_verifier: this.verifier };
    return this.post("/token", { ...form, ...changes }, headers);
  }

  async tokens(changes: Readonly<Record<string, string | undefined>> = {}) {
    return this.redeem(await this.code(changes));
  }

  refresh(refreshToken: string | undefined, changes: Readonly<Record<string, string>> = {}, headers?: Readonly<Record<string, string>>) {
    return this.post("/token", { grant_type: "refresh_token", client_id: "spa", refresh_token: refreshToken ?? "", ...changes }, headers);
  }

  /** Asks with an access token. */
  async get(address: string, token: string | undefined, more: Readonly<Record<string, string>> = {}) {
    const response = await this.provider.fetch(address, { headers: { ...(token && { authorization: `Bearer ${token}` }), ...more } });
    return { status: response.status, challenge: response.headers.get("www-authenticate"), headers: response.headers, text: await response.text() };
  }
}

/** Makes proofs, right ones and wrong ones. */
class Prover {
  private constructor(
    readonly keys: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey },
    readonly jwk: Awaited<ReturnType<typeof exportJWK>>,
  ) {}

  static async make(alg = "ES256"): Promise<Prover> {
    const keys = await generateKeyPair(alg, { extractable: true });
    return new Prover(keys, await exportJWK(keys.publicKey));
  }

  thumbprint(): Promise<string> {
    return calculateJwkThumbprint(this.jwk);
  }

  async proof(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const all = { jti: randomBytes(8).toString("hex"), iat: Math.floor(Date.now() / 1000), htm: "POST", ...claims };
    return new SignJWT(all).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: this.jwk, ...header }).sign(this.keys.privateKey);
  }
}

describe("for oauth4webapi, a client of other people,", () => {
  const client: oauth.Client = { client_id: "spa" };
  const confidential: oauth.Client = { client_id: "host" };

  async function discover(provider: TestProvider) {
    const options = { [oauth.customFetch]: (url: string, init: object) => provider.fetch(url, init) };
    const issuer = new URL(provider.issuer);
    // The library writes an issuer without a path with a slash at its end.
    const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
    return { server, options };
  }

  test.each<TestSigningAlgorithm>(["ES256", "RS256", "PS256"])("a whole login with %s: metadata, code, tokens, userinfo, renewal, revocation", async (alg) => {
    const provider = await make({ issuer: "https://provider.test/tenant", signingAlgorithm: alg });
    const { server, options } = await discover(provider);
    const [verifier, state, nonce] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(server.authorization_endpoint ?? "");
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    url.search = String(
      new URLSearchParams({
        client_id: "spa",
        response_type: "code",
        redirect_uri: CALLBACK,
        scope: ALL,
        state,
        nonce,
        code_challenge: challenge,
        code_challenge_method: "S256",
        max_age: "60",
      }),
    );
    const parameters = oauth.validateAuthResponse(server, client, new URL(await provider.signIn(url)), state);
    const response = await oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, CALLBACK, verifier, options);
    const signingAlg = { ...client, id_token_signed_response_alg: alg };
    const check = { expectedNonce: nonce, requireIdToken: true, maxAge: 60 };
    const tokens = await oauth.processAuthorizationCodeResponse(server, signingAlg, response, check);
    await oauth.validateApplicationLevelSignature(server, response, options);
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: "ada", name: "Ada Lovelace", email: "ada@example.com" });

    const about = await oauth.userInfoRequest(server, client, tokens.access_token, options);
    expect(await oauth.processUserInfoResponse(server, client, "ada", about)).toMatchObject({ email: "ada@example.com" });

    const request = new Request(`${API}/x`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    expect(await oauth.validateJwtAccessToken(server, request, provider.issuer, { ...options, signingAlgorithms: [alg] })).toMatchObject({ client_id: "spa" });

    const again = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), tokens.refresh_token ?? "", options);
    const renewed = await oauth.processRefreshTokenResponse(server, signingAlg, again);
    expect(renewed.refresh_token).not.toBe(tokens.refresh_token);

    const introspect = async () =>
      oauth.processIntrospectionResponse(
        server,
        confidential,
        await oauth.introspectionRequest(server, confidential, oauth.ClientSecretBasic(HOST.clientSecret), renewed.access_token, options),
      );
    expect(await introspect()).toMatchObject({ active: true, sub: "ada", client_id: "spa", scope: ALL });
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, oauth.None(), renewed.refresh_token ?? "", options));
    expect(await introspect()).toEqual({ active: false });
  });

  test("tokens bound to a key, with the nonces that the server wants", async () => {
    const provider = await make({ demandDpopNonce: true });
    provider.addApi(API, (_request, { subject, tokenType }) => Response.json({ subject, tokenType }));
    const { server, options } = await discover(provider);
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair("ES256"));
    const raw = new Raw(provider);
    const code = await raw.code({ dpop_jkt: await DPoP.calculateThumbprint() });
    const callback = new URL(`${CALLBACK}?code=${code}&state=x&iss=${encodeURIComponent(provider.issuer)}`);
    const parameters = oauth.validateAuthResponse(server, client, callback, "x");
    const ask = () => oauth.authorizationCodeGrantRequest(server, client, oauth.None(), parameters, CALLBACK, raw.verifier, { ...options, DPoP });
    const process = async (response: Response) =>
      oauth.processAuthorizationCodeResponse(server, { ...client, id_token_signed_response_alg: "ES256" }, response, { expectedNonce: "a nonce" });
    const refused = await process(await ask()).catch((failure: unknown) => failure);
    expect(oauth.isDPoPNonceError(refused)).toBe(true);
    const tokens = await process(await ask());
    expect(tokens.token_type).toBe("dpop");
    const call = () => oauth.protectedResourceRequest(tokens.access_token, "GET", new URL(`${API}/x`), undefined, undefined, { ...options, DPoP });
    expect(oauth.isDPoPNonceError(await call().catch((failure: unknown) => failure))).toBe(true);
    expect(await (await call()).json()).toEqual({ subject: "ada", tokenType: "DPoP" });
  });

  test("a token for a host itself, and pushed requests of it", async () => {
    const provider = await make({ requirePushedAuthorizationRequests: true });
    const { server, options } = await discover(provider);
    for (const secret of [oauth.ClientSecretBasic(HOST.clientSecret), oauth.ClientSecretPost(HOST.clientSecret)]) {
      const response = await oauth.clientCredentialsGrantRequest(server, confidential, secret, { scope: "reports" }, options);
      expect(await oauth.processClientCredentialsResponse(server, confidential, response)).toMatchObject({ scope: "reports", expires_in: 300 });
      const raw = new Raw(provider);
      const pushed = Object.fromEntries(new URL(raw.url({ client_id: "host", redirect_uri: HOST.redirectUris[0] })).searchParams);
      const answer = await oauth.pushedAuthorizationRequest(server, confidential, secret, pushed, options);
      const { request_uri } = await oauth.processPushedAuthorizationResponse(server, confidential, answer);
      const callback = await provider.signIn(`${server.authorization_endpoint}?${new URLSearchParams({ client_id: "host", request_uri })}`);
      expect(callback).toMatch(/^https:\/\/app\.example\.com\/host\?code=/);
    }
  });
});

describe("what is signed", () => {
  test.each<TestSigningAlgorithm>(["ES256", "RS256", "PS256"])("is verified by jose with the published %s key, and by no other", async (alg) => {
    const provider = await make({ signingAlgorithm: alg });
    const tokens = await new Raw(provider).tokens();
    const keys = await (await provider.fetch(`${provider.issuer}/jwks`)).json();
    const set = createLocalJWKSet(keys);
    const { payload, protectedHeader } = await jwtVerify(tokens.id_token ?? "", set, { issuer: provider.issuer, audience: "spa", algorithms: [alg] });
    expect(payload).toMatchObject({ sub: "ada", nonce: "a nonce", at_hash: halfHash(tokens.access_token ?? ""), auth_time: expect.any(Number), sid: expect.any(String) });
    expect(protectedHeader).toEqual({ alg, kid: keys.keys[0].kid });
    const access = await jwtVerify(tokens.access_token ?? "", set, { typ: "at+jwt" });
    expect(access.payload).toMatchObject({ sub: "ada", client_id: "spa", scope: ALL, aud: provider.issuer });
    expect(JSON.stringify(keys)).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
    const other = await (await (await make({ signingAlgorithm: alg })).fetch(`${provider.issuer}/jwks`)).json();
    await expect(jwtVerify(tokens.id_token ?? "", createLocalJWKSet({ keys: [{ ...other.keys[0], kid: keys.keys[0].kid }] }))).rejects.toThrow("signature");
  });

  test("has a new key after a rotation; the one before is published until it is withdrawn", async () => {
    const provider = await make();
    const raw = new Raw(provider);
    const published = async (): Promise<string[]> =>
      (await (await provider.fetch(`${provider.issuer}/jwks`)).json()).keys.map(({ kid }: { kid: string }) => kid);
    const [first] = await published();
    const second = await provider.rotateKeys();
    expect(await published()).toEqual([second, first]);
    expect(decodeProtectedHeader((await raw.tokens()).id_token ?? "").kid).toBe(second);
    const third = await provider.rotateKeys({ withdraw: true, signingAlgorithm: "RS256" });
    expect(await published()).toEqual([third]);
    const metadata = await (await provider.fetch(`${provider.issuer}/.well-known/openid-configuration`)).json();
    expect(metadata.id_token_signing_alg_values_supported).toEqual(["RS256"]);
  });

  test("has the claims whose scope was granted, and those that no scope governs", async () => {
    const claims = { name: "Eve", email: "eve@example.com", address: { country: "SE" }, roles: ["admin"] };
    const provider = await make({ users: [{ subject: "eve", claims }] });
    const raw = new Raw(provider);
    for (const [scope, expected] of [
      ["openid", { roles: ["admin"] }],
      ["openid email", { roles: ["admin"], email: "eve@example.com" }],
      ["openid profile address", { roles: ["admin"], name: "Eve", address: { country: "SE" } }],
    ] as const) {
      const tokens = await raw.tokens({ scope });
      const { text } = await raw.get(`${provider.issuer}/userinfo`, tokens.access_token);
      expect(JSON.parse(text)).toEqual({ sub: "eve", ...expected });
      const [, payload = ""] = (tokens.id_token ?? "").split(".");
      const inToken = JSON.parse(Buffer.from(payload, "base64url").toString());
      for (const name of Object.keys(claims)) expect(inToken[name], `${scope} ${name}`).toEqual((expected as Record<string, unknown>)[name]);
    }
    expect(await raw.tokens({ scope: "notes" })).not.toHaveProperty("id_token");
  });
});

function halfHash(text: string): string {
  return createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");
}

describe("an authorization request is refused", () => {
  let provider: TestProvider;
  let raw: Raw;
  beforeEach(async () => {
    provider = await make({ clients: [...CLIENTS, { clientId: "narrow", redirectUris: [CALLBACK], scope: "openid notes" }] });
    raw = new Raw(provider);
  });

  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ["of a client that is not registered", { client_id: "nobody" }, /invalid_client/],
    ["without redirect_uri", { redirect_uri: undefined }, /invalid_request/],
    ["with a redirect_uri of another client", { redirect_uri: `${APP}/host` }, /invalid_redirect_uri/],
    ["with a redirect_uri that has a slash too many", { redirect_uri: `${CALLBACK}/` }, /invalid_redirect_uri/],
    ["with a redirect_uri that has a query", { redirect_uri: `${CALLBACK}?a=b` }, /invalid_redirect_uri/],
  ])("on a page of the provider, and the browser goes nowhere: %s", async (_name, changes, error) => {
    await expect(provider.signIn(raw.url(changes))).rejects.toThrow(error);
    const response = await provider.handle(new Request(raw.url(changes)));
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    expect(await response.text()).toMatch(error);
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    ["without PKCE", { code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    ["with a plain challenge", { code_challenge_method: "plain" }, "invalid_request"],
    ["with a challenge that is no hash", { code_challenge: "short" }, "invalid_request"],
    ["for a token in the front channel", { response_type: "id_token token" }, "unsupported_response_type"],
    ["by a form", { response_mode: "form_post" }, "invalid_request"],
    ["that is signed", { request: "x.y.z" }, "request_not_supported"],
    ["for a scope that the client may not have", { client_id: "narrow", scope: "openid admin" }, "invalid_scope"],
    ["for an API that is no URI", { resource: "notes" }, "invalid_target"],
    ["with a fragment in the name of an API", { resource: `${API}/#a` }, "invalid_target"],
    ["with details that are no list", { authorization_details: "{}" }, "invalid_authorization_details"],
    ["with details without a type", { authorization_details: "[{}]" }, "invalid_authorization_details"],
    ["with prompt=none and more", { prompt: "none login" }, "invalid_request"],
    ["with a max_age that is no number", { max_age: "soon" }, "invalid_request"],
    ["with a thumbprint that is no hash", { dpop_jkt: "short" }, "invalid_request"],
    ["with prompt=none, when nobody is signed in", { prompt: "none" }, "login_required"],
  ])("%s, and the browser goes back with the error, the state and the issuer", async (_name, changes, error) => {
    const { origin, pathname, searchParams } = new URL(await provider.signIn(raw.url(changes)));
    expect(origin + pathname).toBe(CALLBACK);
    const { error_description, ...rest } = Object.fromEntries(searchParams);
    expect(rest).toEqual({ error, state: "a state", iss: provider.issuer });
    expect(error_description).not.toBe("");
  });

  test("with a parameter that is there twice", async () => {
    await expect(provider.signIn(`${raw.url()}&state=other`)).rejects.toThrow("state is there more than once");
  });

  test("where requests have to be pushed and this one was not, was used, belongs to another client, or is too old", async () => {
    const strict = await make({ requirePushedAuthorizationRequests: true });
    const asked = new Raw(strict);
    await expect(strict.signIn(asked.url())).rejects.toThrow("invalid_request: Requests have to be pushed");
    const push = async (): Promise<string> => {
      const { status, ...answer } = await asked.post("/par", Object.fromEntries(new URL(asked.url()).searchParams));
      expect(status).toBe(201);
      return answer.request_uri ?? "";
    };
    const url = (uri: string, client = "spa"): string => `${strict.issuer}/authorize?${new URLSearchParams({ client_id: client, request_uri: uri })}`;
    const uri = await push();
    expect(await strict.signIn(url(uri))).toMatch(/code=/);
    await expect(strict.signIn(url(uri))).rejects.toThrow("invalid_request_uri");
    await expect(strict.signIn(url(await push(), "other"))).rejects.toThrow("Another client");
    const old = await push();
    strict.clock.advance(61);
    await expect(strict.signIn(url(old))).rejects.toThrow("invalid_request_uri");
    expect(await asked.post("/par", { client_id: "spa", request_uri: old })).toMatchObject({ status: 400, error: "invalid_request" });
    const wrong = await asked.post("/par", Object.fromEntries(new URL(asked.url({ redirect_uri: `${APP}/x` })).searchParams));
    expect(wrong).toMatchObject({ status: 400, error: "invalid_redirect_uri" });
  });
});

describe("the person at the provider", () => {
  test("is remembered until a sign-out: prompt=none then goes without asking, max_age and other prompts do not", async () => {
    const provider = await make({ now: () => NOON });
    const raw = new Raw(provider);
    await raw.code();
    expect(provider.signedIn).toBe("ada");
    expect(await provider.signIn(raw.url({ prompt: "none" }), "bob")).toMatch(/code=/);
    expect(provider.signedIn).toBe("ada");
    const visit = async (changes: Record<string, string> = {}) => (await provider.handle(new Request(raw.url(changes)))).status;
    expect([await visit(), await visit({ prompt: "login" }), await visit({ prompt: "select_account" })]).toEqual([303, 200, 200]);
    provider.clock.advance(100);
    expect([await visit({ max_age: "99" }), await visit({ max_age: "100" })]).toEqual([200, 303]);
    expect(await provider.signIn(raw.url({ prompt: "none", max_age: "99" }))).toMatch(/error=login_required/);
    const other = await raw.tokens();
    await provider.signIn(raw.url({ prompt: "login" }), "bob");
    expect(await provider.signIn(raw.url({ prompt: "none", id_token_hint: other.id_token }))).toMatch(/error=login_required/);
    provider.forgetSession();
    expect(await provider.signIn(raw.url({ prompt: "none" }))).toMatch(/error=login_required/);
  });

  test("signs in or refuses on a page with buttons, once", async () => {
    const provider = await make({ users: [{ subject: `<"ada'&>`, claims: { name: "<b>Ada" } }] });
    const raw = new Raw(provider);
    const show = async (): Promise<{ action: string; interaction: string; text: string }> => {
      const response = await provider.handle(new Request(raw.url()));
      expect(response.headers.get("content-type")).toMatch("text/html");
      const text = await response.text();
      const [, action = ""] = /action="([^"]*)"/.exec(text) ?? [];
      const [, interaction = ""] = /name="interaction" value="([^"]*)"/.exec(text) ?? [];
      return { action, interaction, text };
    };
    const press = ({ action, interaction }: { action: string; interaction: string }, subject?: string) => {
      const body = new URLSearchParams({ interaction, ...(subject && { subject }) });
      return provider.handle(new Request(action, { method: "POST", body }));
    };
    const page = await show();
    expect(page.text).toContain('<button name="subject" value="&#60;&#34;ada&#39;&#38;&#62;">&#60;b&#62;Ada</button>');
    expect((await press(page, `<"ada'&>`)).headers.get("location")).toMatch(/^https:\/\/app\.example\.com\/callback\?code=/);
    expect((await press(page, `<"ada'&>`)).status).toBe(400);
    provider.forgetSession();
    const response = await press(await show());
    expect(new URL(response.headers.get("location") ?? "").searchParams.get("error")).toBe("access_denied");
    expect(provider.signedIn).toBeUndefined();
  });

  test("signs out at the end-session endpoint, and comes back only where that is registered", async () => {
    const provider = await make();
    const raw = new Raw(provider);
    const { id_token } = await raw.tokens();
    const end = (parameters: Record<string, string | undefined>): Promise<string | undefined> =>
      provider.signOut(`${provider.issuer}/logout?${new URLSearchParams(JSON.parse(JSON.stringify(parameters)))}`);
    const back = { id_token_hint: id_token, post_logout_redirect_uri: `${APP}/`, state: "s" };
    await expect(end({ ...back, post_logout_redirect_uri: `${APP}/elsewhere` })).rejects.toThrow("has not registered");
    await expect(end({ ...back, id_token_hint: undefined })).rejects.toThrow("has not registered");
    await expect(end({ ...back, client_id: "other" })).rejects.toThrow("another client");
    const stranger = await new Raw(await make()).tokens();
    await expect(end({ ...back, id_token_hint: stranger.id_token })).rejects.toThrow("not of this provider");
    expect(provider.signedIn).toBe("ada");
    expect(await end(back)).toBe(`${APP}/?state=s`);
    expect(provider.signedIn).toBeUndefined();
    expect(await end({ client_id: "spa", post_logout_redirect_uri: `${APP}/` })).toBe(`${APP}/`);
    expect(await end({})).toBeUndefined();
  });
});

describe("the token endpoint", () => {
  let provider: TestProvider;
  let raw: Raw;
  beforeEach(async () => {
    provider = await make();
    raw = new Raw(provider);
  });
  const grantError = (error: string, status = 400) => expect.objectContaining({ error, status });

  test("takes a code once: the second time ends everything that came of it", async () => {
    const code = await raw.code();
    const tokens = await raw.redeem(code);
    expect((await raw.get(`${provider.issuer}/userinfo`, tokens.access_token)).status).toBe(200);
    expect(await raw.redeem(code)).toEqual(grantError("invalid_grant"));
    expect((await raw.get(`${provider.issuer}/userinfo`, tokens.access_token)).status).toBe(401);
    expect(await raw.refresh(tokens.refresh_token)).toEqual(grantError("invalid_grant"));
  });

  test.each<[string, Record<string, string>]>([
    ["another verifier", { code_verifier: randomBytes(32).toString("base64url") }],
    ["another redirect_uri", { redirect_uri: `${APP}/` }],
    ["another client", { client_id: "other" }],
    ["an invented code", { code: "invented" }],
  ])("refuses %s with invalid_grant, and the code stays good", async (_name, changes) => {
    const code = await raw.code();
    expect(await raw.redeem(code, changes)).toEqual(grantError("invalid_grant"));
    expect((await raw.redeem(code)).status).toBe(200);
  });

  test("refuses a code after its time", async () => {
    const code = await raw.code();
    provider.clock.advance(60);
    expect(await raw.redeem(code)).toEqual(grantError("invalid_grant"));
  });

  test("gives another refresh token each time, and takes a used one for a theft", async () => {
    const first = await raw.tokens();
    const second = await raw.refresh(first.refresh_token);
    expect(second).toMatchObject({ status: 200, scope: ALL });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [, payload = ""] = (second.id_token ?? "").split(".");
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).not.toHaveProperty("nonce");
    expect(await raw.refresh(second.refresh_token, { client_id: "other" })).toEqual(grantError("invalid_grant"));
    expect(await raw.refresh(first.refresh_token)).toEqual(grantError("invalid_grant"));
    expect(await raw.refresh(second.refresh_token)).toEqual(grantError("invalid_grant"));
    expect((await raw.get(`${provider.issuer}/userinfo`, second.access_token)).status).toBe(401);
  });

  test("refuses a refresh token after its time", async () => {
    const { refresh_token } = await raw.tokens();
    provider.clock.advance(86_400);
    expect(await raw.refresh(refresh_token)).toEqual(grantError("invalid_grant"));
  });

  test("takes one refresh token once, however many ask at the same time", async () => {
    const { refresh_token } = await raw.tokens();
    const answers = await Promise.all(Array.from({ length: 5 }, () => raw.refresh(refresh_token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
  });

  test("gives fewer scopes and APIs on demand, and no more than were granted", async () => {
    const two = new URL(raw.url());
    two.searchParams.append("resource", `${API}/a`);
    two.searchParams.append("resource", `${API}/b`);
    const code = new URL(await provider.signIn(two)).searchParams.get("code") ?? "";
    const tokens = await raw.redeem(code, { resource: `${API}/a` });
    const audience = (token = ""): unknown => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).aud;
    expect(audience(tokens.access_token)).toBe(`${API}/a`);
    const less = await raw.refresh(tokens.refresh_token, { scope: "openid" });
    expect(less).toMatchObject({ scope: "openid" });
    expect(audience(less.access_token)).toEqual([`${API}/a`, `${API}/b`]);
    expect(await raw.refresh(less.refresh_token, { scope: "openid admin" })).toEqual(grantError("invalid_scope"));
    expect(await raw.refresh(less.refresh_token, { resource: `${API}/c` })).toEqual(grantError("invalid_target"));
    expect((await raw.refresh(less.refresh_token)).status).toBe(200);
  });

  test.each<["offline_access" | "always" | "never", boolean, boolean]>([
    ["offline_access", true, false],
    ["always", true, true],
    ["never", false, false],
  ])("with refreshTokens %s gives one with the scope offline_access: %s, without: %s", async (refreshTokens, withScope, without) => {
    const asked = new Raw(await make({ refreshTokens }));
    expect("refresh_token" in (await asked.tokens())).toBe(withScope);
    expect("refresh_token" in (await asked.tokens({ scope: "openid" }))).toBe(without);
  });

  test("knows who asks: a secret that is wrong, missing or too many, and who has none", async () => {
    const form = { grant_type: "client_credentials" };
    const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` });
    const wrong = await raw.post("/token", form, basic("host", "wrong"));
    expect(wrong).toEqual(grantError("invalid_client", 401));
    expect(wrong.headers.get("www-authenticate")).toMatch(/^Basic /);
    expect(await raw.post("/token", { ...form, client_id: "host" })).toEqual(grantError("invalid_client", 401));
    expect(await raw.post("/token", { ...form, client_id: "host", client_secret: "x" }, basic("host", HOST.clientSecret))).toEqual(grantError("invalid_request"));
    expect(await raw.post("/token", { ...form, client_id: "spa" }, basic("host", HOST.clientSecret))).toEqual(grantError("invalid_request"));
    expect(await raw.post("/token", { ...form, client_id: "spa", client_secret: "x" })).toEqual(grantError("invalid_client", 401));
    expect(await raw.post("/token", { ...form, client_id: "spa" })).toEqual(grantError("unauthorized_client"));
    expect(await raw.post("/token", { ...form, client_id: "nobody" })).toEqual(grantError("invalid_client", 401));
    expect((await raw.post("/token", form, basic("host", HOST.clientSecret))).status).toBe(200);
  });

  test("takes forms by POST, known grants, and each parameter once", async () => {
    expect((await raw.get(`${provider.issuer}/token`, undefined)).status).toBe(405);
    expect(await raw.post("/token", "{}", { "content-type": "application/json" })).toEqual(grantError("invalid_request"));
    expect(await raw.post("/token", { client_id: "spa", grant_type: "password" })).toEqual(grantError("unsupported_grant_type"));
    expect(await raw.post("/token", "client_id=spa&client_id=spa&grant_type=x")).toEqual(grantError("invalid_request"));
    expect(await raw.redeem(await raw.code(), { code_verifier: "" })).toEqual(grantError("invalid_request"));
  });

  test("forgets what was revoked, and only for who owns it", async () => {
    const tokens = await raw.tokens();
    const revoke = (token: string | undefined, client_id = "spa") => raw.post("/revoke", { token: token ?? "", client_id });
    const isGood = async (): Promise<boolean> => (await raw.get(`${provider.issuer}/userinfo`, tokens.access_token)).status === 200;
    expect((await revoke(tokens.refresh_token, "other")).status).toBe(200);
    expect(await isGood()).toBe(true);
    expect((await revoke("invented")).status).toBe(200);
    await revoke(tokens.access_token);
    expect(await isGood()).toBe(false);
    expect((await raw.refresh(tokens.refresh_token)).status).toBe(200);
    provider.endGrants();
    expect(await raw.refresh(tokens.refresh_token)).toEqual(grantError("invalid_grant"));
    expect(await raw.post("/introspect", { client_id: "spa", token: "x" })).toEqual(grantError("invalid_client", 401));
  });
});

describe("DPoP proofs", () => {
  let provider: TestProvider;
  let raw: Raw;
  let prover: Prover;
  beforeEach(async () => {
    provider = await make({ clients: [...CLIENTS, { clientId: "bound", redirectUris: [CALLBACK], dpopBoundAccessTokens: true }] });
    provider.addApi(API, () => new Response("well done"));
    raw = new Raw(provider);
    prover = await Prover.make();
  });

  test.each<[string, (right: Prover) => Promise<string>]>([
    ["for another method", (right) => right.proof({ htm: "GET", htu: "https://provider.test/token" })],
    ["for another URL", (right) => right.proof({ htu: "https://provider.test/par" })],
    ["from too long ago", (right) => right.proof({ htu: "https://provider.test/token", iat: Math.floor(Date.now() / 1000) - 62 })],
    ["from the future", (right) => right.proof({ htu: "https://provider.test/token", iat: Math.floor(Date.now() / 1000) + 62 })],
    ["without jti", (right) => right.proof({ htu: "https://provider.test/token", jti: undefined })],
    ["of another type", (right) => right.proof({ htu: "https://provider.test/token" }, { typ: "JWT" })],
    ["with the private key", async (right) => right.proof({ htu: "https://provider.test/token" }, { jwk: await exportJWK(right.keys.privateKey) })],
    ["with the key of somebody else", async (right) => right.proof({ htu: "https://provider.test/token" }, { jwk: (await Prover.make()).jwk })],
    ["with an algorithm that is not listed", async () => {
      const other = await Prover.make("ES384");
      return other.proof({ htu: "https://provider.test/token" }, { alg: "ES384" });
    }],
    ["that is none", () => Promise.resolve("x.y.z")],
  ])("are refused %s", async (_name, proof) => {
    const code = await raw.code();
    expect(await raw.redeem(code, {}, { dpop: await proof(prover) })).toMatchObject({ status: 400, error: "invalid_dpop_proof" });
    expect(await raw.redeem(code, {}, { dpop: await prover.proof({ htu: "https://provider.test/token?x=y" }) })).toMatchObject({ token_type: "DPoP" });
  });

  test("are good once", async () => {
    const dpop = await prover.proof({ htu: `${provider.issuer}/token` });
    expect((await raw.redeem(await raw.code(), {}, { dpop })).status).toBe(200);
    expect(await raw.redeem(await raw.code(), {}, { dpop })).toMatchObject({ error: "invalid_dpop_proof" });
  });

  test("bind codes, refresh tokens of public clients, and access tokens to their key", async () => {
    const htu = `${provider.issuer}/token`;
    const other = await Prover.make();
    const code = await raw.code({ dpop_jkt: await prover.thumbprint() });
    expect(await raw.redeem(code)).toMatchObject({ error: "invalid_grant" });
    expect(await raw.redeem(code, {}, { dpop: await other.proof({ htu }) })).toMatchObject({ error: "invalid_grant" });
    const tokens = await raw.redeem(code, {}, { dpop: await prover.proof({ htu }) });
    expect(await raw.refresh(tokens.refresh_token)).toMatchObject({ error: "invalid_grant" });
    expect(await raw.refresh(tokens.refresh_token, {}, { dpop: await other.proof({ htu }) })).toMatchObject({ error: "invalid_grant" });
    const { access_token: token = "" } = await raw.refresh(tokens.refresh_token, {}, { dpop: await prover.proof({ htu }) });

    const call = async (by: Prover, claims: Record<string, unknown> = {}, scheme = "DPoP") => {
      const dpop = await by.proof({ htm: "GET", htu: `${API}/x`, ath: hash(token), ...claims });
      return raw.get(`${API}/x`, undefined, { authorization: `${scheme} ${token}`, dpop });
    };
    expect(await call(prover)).toMatchObject({ status: 200, text: "well done" });
    expect(await call(other)).toMatchObject({ status: 401, challenge: expect.stringMatching(/^DPoP error="invalid_token"/) });
    expect(await call(prover, { ath: hash("another token") })).toMatchObject({ status: 401, challenge: expect.stringContaining('"invalid_dpop_proof"') });
    expect(await call(prover, { ath: undefined })).toMatchObject({ status: 401 });
    expect(await call(prover, {}, "Bearer")).toMatchObject({ status: 401, challenge: expect.stringMatching(/^Bearer error="invalid_token"/) });
    const bearer = await raw.tokens();
    expect(await raw.get(`${API}/x`, undefined, { authorization: `DPoP ${bearer.access_token}` })).toMatchObject({ status: 401 });
  });

  test("are demanded of a client that is registered so", async () => {
    const code = await raw.code({ client_id: "bound" });
    expect(await raw.redeem(code, { client_id: "bound" })).toMatchObject({ error: "invalid_dpop_proof" });
    const dpop = await prover.proof({ htu: `${provider.issuer}/token` });
    expect(await raw.redeem(code, { client_id: "bound" }, { dpop })).toMatchObject({ token_type: "DPoP" });
  });

  test("need the nonce of their server where it wants one, and another after its time", async () => {
    provider = await make({ demandDpopNonce: true });
    raw = new Raw(provider);
    const code = await raw.code();
    const htu = `${provider.issuer}/token`;
    // The proofs of this test have the machine's time.
    const ask = async (nonce?: string, ahead = 0) => {
      const dpop = await prover.proof({ htu, nonce, iat: Math.floor(Date.now() / 1000) + ahead });
      const answer = await raw.redeem(code, {}, { dpop });
      return { status: answer.status, error: answer.error, nonce: answer.headers.get("dpop-nonce") ?? "" };
    };
    const first = await ask();
    expect(first).toMatchObject({ status: 400, error: "use_dpop_nonce" });
    expect(await ask("of somebody else")).toMatchObject({ error: "use_dpop_nonce" });
    provider.clock.advance(300);
    const later = await ask(first.nonce, 300);
    expect(later).toMatchObject({ error: "use_dpop_nonce" });
    expect(later.nonce).not.toBe(first.nonce);
    expect(await ask(later.nonce, 300)).toMatchObject({ error: "invalid_grant" });
  });

  test("of a pushed request bind its code", async () => {
    const form = Object.fromEntries(new URL(raw.url()).searchParams);
    const dpop = await prover.proof({ htu: `${provider.issuer}/par` });
    const wrong = await raw.post("/par", { ...form, dpop_jkt: "A".repeat(43) }, { dpop: await prover.proof({ htu: `${provider.issuer}/par` }) });
    expect(wrong).toMatchObject({ error: "invalid_dpop_proof" });
    const { request_uri = "" } = await raw.post("/par", form, { dpop });
    const url = `${provider.issuer}/authorize?${new URLSearchParams({ client_id: "spa", request_uri })}`;
    const code = new URL(await provider.signIn(url)).searchParams.get("code") ?? "";
    expect(await raw.redeem(code)).toMatchObject({ error: "invalid_grant" });
  });
});

describe("an API", () => {
  let provider: TestProvider;
  let raw: Raw;
  beforeEach(async () => {
    provider = await make();
    raw = new Raw(provider);
  });

  test("answers who may ask, and says to others what is missing", async () => {
    provider.addApi(`${API}/v1`, async (request, access) => Response.json({ ...access, claims: undefined, body: await request.text() }), { scope: "notes read" });
    provider.addApi(`${API}/named`, () => new Response(null, { status: 204 }), { resource: `${API}/named` });
    provider.addApi(`${API}/strong`, () => new Response(), { acrValues: "gold silver", maxAgeSeconds: 60 });
    const { access_token: plain } = await raw.tokens();
    const { access_token: notes } = await raw.tokens({ scope: "openid notes read", resource: `${API}/named`, acr_values: "silver" });
    expect(await raw.get(`${API}/v1/x`, undefined)).toMatchObject({ status: 401, challenge: 'Bearer, DPoP algs="ES256 RS256 PS256"', text: "" });
    expect(await raw.get(`${API}/v1/x`, "invented")).toMatchObject({ status: 401, challenge: expect.stringMatching(/^Bearer error="invalid_token", error_description=/) });
    const scoped = await raw.get(`${API}/v1/x`, plain);
    expect([scoped.status, scoped.challenge]).toEqual([403, expect.stringContaining('error="insufficient_scope"')]);
    expect(scoped.challenge).toContain('scope="notes read"');
    const headers = { authorization: `Bearer ${notes}` };
    const done = await provider.fetch(`${API}/v1`, { method: "PUT", headers, body: "hello" });
    expect(await done.json()).toEqual({ subject: "ada", clientId: "spa", scope: "openid notes read", tokenType: "Bearer", body: "hello" });
    expect((await raw.get(`${API}/named/x`, plain)).challenge).toContain("another API");
    expect((await raw.get(`${API}/named/x`, notes)).status).toBe(204);
    expect((await raw.get(`${API}/strong`, plain)).challenge).toMatch(/insufficient_user_authentication.*acr_values="gold silver", max_age="60"/);
    expect((await raw.get(`${API}/strong`, notes)).status).toBe(200);
    provider.clock.advance(61);
    expect((await raw.get(`${API}/strong`, notes)).challenge).toContain("insufficient_user_authentication");
    await expect(raw.get(`${API}/v10`, notes)).rejects.toThrow("somewhere else");
  });

  test("and the userinfo endpoint refuse tokens after their time, by the provider's clock", async () => {
    provider = await make({ now: () => NOON });
    raw = new Raw(provider);
    provider.addApi(API, () => new Response());
    const { access_token } = await raw.tokens();
    provider.clock.advance(299);
    expect([(await raw.get(API, access_token)).status, (await raw.get(`${provider.issuer}/userinfo`, access_token)).status]).toEqual([200, 200]);
    provider.clock.advance(1);
    expect([(await raw.get(API, access_token)).status, (await raw.get(`${provider.issuer}/userinfo`, access_token)).status]).toEqual([401, 401]);
  });

  test("lets the pages of registered clients read its answers, and nobody else", async () => {
    provider.addApi(API, () => new Response("x", { headers: { "x-own": "1" } }));
    const ask = (origin: string, method = "OPTIONS", address = `${API}/x`) =>
      provider.handle(
        new Request(address, { method, headers: { origin, "access-control-request-method": "PUT", "access-control-request-headers": "authorization,dpop" } }),
      );
    const allowed = await ask(APP);
    expect([allowed.status, ...["origin", "methods", "headers"].map((name) => allowed.headers.get(`access-control-allow-${name}`))]).toEqual([
      204,
      APP,
      "PUT",
      "authorization,dpop",
    ]);
    expect((await ask(APP, "GET")).headers.get("access-control-expose-headers")).toBe("Date, DPoP-Nonce, Retry-After, WWW-Authenticate");
    for (const address of [API, `${provider.issuer}/token`, `${provider.issuer}/userinfo`]) {
      expect((await ask("https://evil.example", "GET", address)).headers.has("access-control-allow-origin")).toBe(false);
    }
    expect((await ask("https://evil.example", "GET", `${provider.issuer}/jwks`)).headers.get("access-control-allow-origin")).toBe("https://evil.example");
  });
});

describe("oidc-wasm with the kit", () => {
  let provider: TestProvider;
  let clients: OidcClient[];
  beforeEach(async () => {
    provider = await make();
    provider.addApi(API, (_request, { subject, tokenType }) => Response.json({ subject, tokenType }));
    clients = [];
  });
  afterEach(() => {
    for (const client of clients) client.dispose();
    vi.useRealTimers();
  });

  async function open(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
    const installed = provider.install();
    clients.push({ dispose: () => installed.restore() } as OidcClient);
    const all = { authority: provider.issuer, clientId: "spa", redirectUri: CALLBACK, scope: ALL, allowedOrigins: [API], ...options };
    const client = await OidcClient.create(all);
    clients.push(client);
    return client;
  }

  async function signIn(client: OidcClient, person?: string) {
    return client.handleCallback(await provider.signIn((await client.prepareSignIn({ appState: "here" })).url, person));
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => "no error",
      (failure: unknown) => (isOidcError(failure) ? failure.code : String(failure)),
    );
  }

  test.each<[string, Partial<OidcClientOptions>, Partial<TestProviderOptions>]>([
    ["plainly", {}, {}],
    ["with RS256", {}, { signingAlgorithm: "RS256" }],
    ["with DPoP and nonces", { dpop: true }, { demandDpopNonce: true }],
    ["with pushed requests", {}, { requirePushedAuthorizationRequests: true }],
    ["with profile fapi2", { profile: "fapi2" }, {}],
    ["under a path", {}, { issuer: "https://provider.test/tenant" }],
    ["under a path with a slash", {}, { issuer: "https://provider.test/tenant/" }],
  ])("signs in, calls the API, asks userinfo, renews and signs out: %s", async (_name, options, more) => {
    provider = await make(more);
    provider.addApi(API, (_request, { subject, tokenType }) => Response.json({ subject, tokenType }));
    const client = await open(options);
    const tokenType = options.dpop || options.profile ? "DPoP" : "Bearer";
    const session = await signIn(client, "bob");
    expect(session).toMatchObject({ subject: "bob", tokenType, appState: "here", claims: { name: "Bob Kahn" } });
    expect(await (await client.fetch(`${API}/x`)).json()).toEqual({ subject: "bob", tokenType });
    expect(await client.fetchUserInfo()).toMatchObject({ sub: "bob", email: "bob@example.com" });
    const before = await client.getAccessToken();
    await client.renew();
    expect((await client.getAccessToken()).token).not.toBe(before.token);
    expect((await client.fetch(`${API}/x`)).status).toBe(200);
    await client.signOut({ localOnly: true, revoke: true });
    expect(provider.requests.at(-1)).toMatchObject({ endpoint: "revocation", status: 200 });
    expect(client.session).toBeNull();
  });

  test("the guide's table names every fault of an ID Token", () => {
    const faults: Readonly<Record<IdTokenFault, true>> = {
      bad_signature: true,
      unknown_key: true,
      alg_none: true,
      wrong_issuer: true,
      wrong_audience: true,
      wrong_nonce: true,
      wrong_at_hash: true,
      expired: true,
      issued_in_the_future: true,
    };
    const named = ROWS.flatMap(({ failure }) => (failure !== "network" && failure.idToken ? [failure.idToken] : []));
    expect(named.sort()).toEqual(Object.keys(faults).sort());
    expect(ROWS.length).toBeGreaterThan(named.length);
  });

  test.each(ROWS)("a row of the guide: $row is seen as $code, once", async ({ endpoint, failure, code }) => {
    const client = await open({ timeoutSeconds: 1 });
    provider.failNext(endpoint, failure);
    expect(await codeOf(signIn(client))).toBe(code);
    expect(client.session).toBeNull();
    expect((await signIn(client)).subject).toBe("ada");
  });

  test("signs in where Uint8Array is that of another realm, as in jsdom", async () => {
    const client = await open({ dpop: true });
    vi.stubGlobal("Uint8Array", runInNewContext("Uint8Array"));
    expect((await signIn(client)).tokenType).toBe("DPoP");
    expect((await client.fetch(`${API}/x`)).status).toBe(200);
  });

  test("is told what the person said", async () => {
    const client = await open();
    const { url } = await client.prepareSignIn();
    const failure = await client.handleCallback(await provider.deny(url, "access_denied", "No, thank you.")).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "authorization_error", error: "access_denied", errorDescription: "No, thank you." });
    const silent = await client.prepareSignIn({ prompt: "none" });
    expect(await codeOf(client.handleCallback(await provider.signIn(silent.url)))).toBe("interaction_required");
  });

  test("renews by itself when its token is over by Date, which the provider's clock follows", async () => {
    const client = await open();
    await signIn(client);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 301_000);
    expect((await client.fetch(`${API}/x`)).status).toBe(200);
    expect(provider.requests.filter(({ parameters }) => parameters["grant_type"] === "refresh_token")).toHaveLength(1);
  });

  test("renews once on the API's 401 when only the provider's clock has advanced", async () => {
    const client = await open({ clockToleranceSeconds: 300 });
    await signIn(client);
    provider.clock.advance(280);
    expect((await client.fetch(`${API}/x`)).status).toBe(200);
    provider.clock.advance(20);
    provider.requests.length = 0;
    expect((await client.fetch(`${API}/x`)).status).toBe(200);
    expect(provider.requests.map(({ endpoint, status }) => `${endpoint} ${status}`)).toEqual(["api 401", "token 200", "api 200"]);
  });

  test("loses the session when the grant has ended", async () => {
    const client = await open();
    await signIn(client);
    provider.endGrants();
    expect(await codeOf(client.renew())).toBe("session_ended");
    expect(client.session).toBeNull();
  });

  test("learns new keys", async () => {
    const client = await open();
    await signIn(client);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 61_000);
    await provider.rotateKeys({ withdraw: true });
    expect((await signIn(client)).subject).toBe("ada");
    expect(provider.requests.filter(({ endpoint }) => endpoint === "jwks")).toHaveLength(2);
  });

  test("asks for a stronger sign-in where the API wants one", async () => {
    provider.addApi("https://vault.example.com", () => new Response(), { acrValues: "gold" });
    const client = await open({ allowedOrigins: ["https://vault.example.com"] });
    await signIn(client);
    const challenge = client.stepUpChallenge(await client.fetch("https://vault.example.com/"));
    expect(challenge).toMatchObject({ acrValues: "gold" });
    await client.handleCallback(await provider.signIn((await client.prepareSignIn(challenge)).url));
    expect((await client.fetch("https://vault.example.com/")).status).toBe(200);
  });

  test("has the rich request granted as it is", async () => {
    const client = await open({ authorizationDetails: [{ type: "payment", amount: "12" }] });
    expect((await signIn(client)).authorizationDetails).toEqual([{ type: "payment", amount: "12" }]);
  });

  /** What each failure looks like for the application. */
  test.each<[string, TestEndpoint, TestFailure, Partial<OidcClientOptions>, Partial<OidcError>]>([
    ["a broken server", "token", { status: 503, body: "Sorry" }, {}, { code: "unexpected_status", status: 503 }],
    ["an error of OAuth", "token", { error: "invalid_grant", errorDescription: "Too late." }, {}, { error: "invalid_grant", errorDescription: "Too late." }],
    ["a busy provider", "authorization", { error: "temporarily_unavailable" }, {}, { error: "temporarily_unavailable" }],
    ["a push that fails", "pushed_authorization_request", { error: "invalid_request" }, { pushedAuthorization: "always" }, { code: "endpoint_error", error: "invalid_request" }],
  ])("fails to sign in with %s, once", async (_name, endpoint, failure, options, expected) => {
    const client = await open(options);
    provider.failNext(endpoint, failure);
    expect(await signIn(client).catch((error: unknown) => error)).toMatchObject(expected);
    expect((await signIn(client)).subject).toBe("ada");
  });

  test("gets userinfo of somebody else, and refusals of userinfo and API", async () => {
    const client = await open();
    await signIn(client);
    provider.failNext("userinfo", { answer: { sub: "eve" } });
    expect(await codeOf(client.fetchUserInfo())).toBe("userinfo_subject_mismatch");
    provider.failNext("userinfo", { error: "insufficient_scope" });
    expect(await client.fetchUserInfo().catch((error: unknown) => error)).toMatchObject({ code: "userinfo_error", status: 403 });
    provider.failNext("api", { status: 500 });
    expect((await client.fetch(API)).status).toBe(500);
    provider.failNext("api", { error: "invalid_token" });
    expect((await client.fetch(API)).status).toBe(200);
    provider.failNext("api", "network");
    expect(await codeOf(client.fetch(API))).toBe("network_error");
  });
});

describe("failures", () => {
  test("come in the order in which they were asked for, as often as was said, at their endpoint only", async () => {
    const provider = await make();
    const raw = new Raw(provider);
    provider.failNext("jwks", { status: 500 }, 2);
    provider.failNext("jwks", { status: 404, body: "gone" });
    provider.failNext("jwks", "network");
    const ask = async () => (await raw.get(`${provider.issuer}/jwks`, undefined)).status;
    expect((await raw.get(`${provider.issuer}/.well-known/openid-configuration`, undefined)).status).toBe(200);
    expect([await ask(), await ask(), await ask()]).toEqual([500, 500, 404]);
    await expect(ask()).rejects.toThrow(TypeError);
    expect(await ask()).toBe(200);
    provider.failNext("jwks", "network", 5);
    provider.clearFailures();
    expect(await ask()).toBe(200);
  });

  test("of a good answer wait for one", async () => {
    const provider = await make();
    const raw = new Raw(provider);
    provider.failNext("token", { answer: { scope: "changed" } });
    expect(await raw.redeem("invented")).toMatchObject({ error: "invalid_grant" });
    expect(await raw.tokens()).toMatchObject({ scope: "changed" });
    expect(await raw.tokens()).toMatchObject({ scope: ALL });
  });

  test("that take their time end with the request that waits, and leave nothing behind", async () => {
    const provider = await make();
    provider.failNext("jwks", { delaySeconds: 60 });
    const leaving = new AbortController();
    const asked = provider.fetch(`${provider.issuer}/jwks`, { signal: leaving.signal });
    leaving.abort();
    await expect(asked).rejects.toThrow(/abort/);
    provider.failNext("jwks", { delaySeconds: 0.05, status: 418 });
    const began = performance.now();
    expect((await provider.fetch(`${provider.issuer}/jwks`)).status).toBe(418);
    expect(performance.now() - began).toBeGreaterThan(45);
  });
});

describe("the record of requests", () => {
  test("says in order what was asked and answered, and no secret", async () => {
    const provider = await make();
    provider.addApi(API, () => new Response());
    const raw = new Raw(provider);
    const callback = await provider.signIn(raw.url());
    const code = new URL(callback).searchParams.get("code") ?? "";
    const tokens = await raw.redeem(code);
    await raw.get(`${API}/notes?page=2`, tokens.access_token);
    await raw.refresh(tokens.refresh_token, { scope: "admin" });
    await provider.signOut(`${provider.issuer}/logout?id_token_hint=${tokens.id_token}`);
    await raw.post("/token", { grant_type: "client_credentials", client_id: "host", client_secret: HOST.clientSecret });
    provider.failNext("jwks", "network");
    await raw.get(`${provider.issuer}/jwks`, undefined).catch(() => {});
    expect(provider.requests.map(({ endpoint, status, error = "" }) => `${endpoint} ${status} ${error}`.trim())).toEqual([
      "authorization 303",
      "token 200",
      "api 200",
      "token 400 invalid_scope",
      "end_session 200",
      "token 200",
      "jwks 0",
    ]);
    expect(provider.requests[2]).toEqual({
      endpoint: "api",
      method: "GET",
      url: `${API}/notes`,
      parameters: { page: "2" },
      scheme: "Bearer",
      hasProof: false,
      status: 200,
    });
    expect(provider.requests[1]?.parameters).toMatchObject({ grant_type: "authorization_code", redirect_uri: CALLBACK, code: "(hidden)" });
    const printed = JSON.stringify(provider.requests);
    const secrets = [code, raw.verifier, "a state", "a nonce", HOST.clientSecret, tokens.access_token, tokens.refresh_token, tokens.id_token];
    for (const secret of secrets) expect(printed.includes(String(secret))).toBe(false);
  });
});

describe("install", () => {
  test("puts back what was there, other addresses go on as before", async () => {
    const before = globalThis.fetch;
    vi.stubGlobal("fetch", async (input: string) => new Response(`elsewhere: ${input}`));
    const provider = await TestProvider.create({ clients: [SPA] });
    const there = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
    {
      using installed = provider.install();
      expect(installed.restore).toBeTypeOf("function");
      expect((await fetch(`${provider.issuer}/jwks`)).status).toBe(200);
      expect((await fetch(`${provider.issuer}/nothing`)).status).toBe(404);
      expect(await (await fetch("https://example.com/x")).text()).toBe("elsewhere: https://example.com/x");
      expect(await (await fetch("/relative")).text()).toBe("elsewhere: /relative");
      sessionStorage.setItem("a", "b");
      expect([sessionStorage.length, sessionStorage.key(0), sessionStorage.getItem("a")]).toEqual([1, "a", "b"]);
      sessionStorage.removeItem("a");
      expect(sessionStorage.getItem("a")).toBeNull();
    }
    expect(await (await fetch(`${provider.issuer}/jwks`)).text()).toBe(`elsewhere: ${provider.issuer}/jwks`);
    expect(Object.getOwnPropertyDescriptor(globalThis, "sessionStorage")).toEqual(there);
    vi.unstubAllGlobals();
    expect(globalThis.fetch).toBe(before);
  });
});

describe("the script", () => {
  test("is small, and has nothing of the client and of Node in it", async () => {
    const script = await readFile(path.join(packageFolder, "dist/testing.js"));
    const text = script.toString();
    expect(script.length).toBeLessThan(40_000);
    expect(brotliCompressSync(script).length).toBeLessThan(13_000);
    expect(text).not.toMatch(/\bimport\b|\bwasm\b|prepareSignIn|node:/);
  });
});

