import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, type JWK } from "jose";
import type { Degradation, JsonWebKey, OidcClient, OidcClientOptions, OidcError, Session, SessionStore } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freshPackage, type Package } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve } from "./support/server.ts";

const APP = "https://app.example.com";
/** After the first failure of a renewal, in milliseconds. */
const LONGEST_PAUSE = 5000;

let provider: TinyProvider;
/** The package as the page of this test has loaded it. */
let loaded: Package;
let clients: OidcClient[];

beforeEach(async () => {
  provider = await startProvider();
  loaded = await freshPackage("node");
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.dispose();
  await provider[Symbol.asyncDispose]();
});

async function makeClient(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const client = await loaded.OidcClient.create({
    authority: provider.issuer,
    clientId: "spa",
    redirectUri: `${APP}/callback`,
    ...options,
  });
  clients.push(client);
  return client;
}

/** Another document of the same tab: everything in memory is gone, the tab's storage is not. */
async function load(url: string): Promise<void> {
  for (const client of clients.splice(0)) client.dispose();
  loaded = await freshPackage("node");
  history.replaceState(null, "", url);
}

/** A person who has just come back from the provider to a page of this application. */
async function comeBack(appState?: Session["appState"], options: Partial<OidcClientOptions> = {}): Promise<{ page: FakePage; callback: string }> {
  const page = openPage(`${APP}/`);
  const before = await makeClient(options);
  const { url } = await before.prepareSignIn(appState === undefined ? {} : { appState });
  const callback = provider.approve(url);
  await load(callback);
  return { page, callback };
}

async function signedIn(options: Partial<OidcClientOptions> = {}): Promise<{ page: FakePage; client: OidcClient }> {
  const { page } = await comeBack(undefined, options);
  const client = await makeClient(options);
  await client.start();
  return { page, client };
}

describe("create", () => {
  test.each<[string, Partial<OidcClientOptions>]>([
    ["authority", { authority: "not a url" }],
    ["scope", { scope: "profile" }],
    ["redirectUri", { redirectUri: "/callback" }],
  ])("checks %s", async (option, options) => {
    const failure: unknown = await makeClient(options).catch((error: unknown) => error);
    expect(failure).toSatisfy((error) => loaded.isOidcError(error));
    expect(JSON.stringify(failure)).toContain(option);
  });

  test("sends no request", async () => {
    await makeClient();
    expect(provider.requests).toEqual([]);
  });

  test("takes the callback out of the address bar before anything waits, and leaves the rest alone", async () => {
    const page = openPage(`${APP}/callback?tab=a%20b+c&code=CANARY&iss=x&state=s&session_state=y&tab=2#/route?x=1`, { kept: true });
    const creating = makeClient();
    expect(page.address).toBe(`${APP}/callback?tab=a%20b+c&tab=2#/route?x=1`);
    expect(page.historyState).toEqual({ kept: true });
    await creating;
  });

  test.each([
    ["a code and a state in the query", "/callback?code=c&state=s", "/callback"],
    ["an error", "/callback?error=access_denied&error_description=No&error_uri=u&state=s", "/callback"],
    ["a signed response", "/callback?response=jwt&state=s", "/callback"],
    ["a response in the fragment, which is refused later", "/callback?a=1#code=c&state=s", "/callback?a=1"],
    ["tokens in the fragment, which are refused later", "/callback#access_token=t&token_type=Bearer&expires_in=1", "/callback"],
    ["repeated parameters", "/callback?code=c&code=d&state=s", "/callback"],
  ])("recognises %s", async (_name, from, to) => {
    const page = openPage(APP + from);
    await makeClient();
    expect(page.address).toBe(APP + to);
  });

  test.each(["/other?code=c&state=s", "/callback?code=c", "/callback?state=s", "/callback/?code=c&state=s", "/callback#state=s"])(
    "leaves %s alone",
    async (path) => {
      const page = openPage(APP + path);
      await makeClient();
      expect(page.address).toBe(APP + path);
    },
  );

  test("keeps what the redirect URI itself has in its query", async () => {
    const page = openPage(`${APP}/callback?scope=mine&code=c&state=s`);
    await makeClient({ redirectUri: `${APP}/callback?scope=mine` });
    expect(page.address).toBe(`${APP}/callback?scope=mine`);
  });
});

describe("start", () => {
  test("completes a captured callback with one token request", async () => {
    const { page } = await comeBack({ returnTo: "/notes" });
    const client = await makeClient();
    expect(page.address).toBe(`${APP}/callback`);
    const session = await client.start();
    expect(session).toMatchObject({ issuer: provider.issuer, subject: "ada", appState: { returnTo: "/notes" } });
    expect(session?.claims.sub).toBe("ada");
    expect(provider.count("/token")).toBe(1);
    expect(client.session).toBe(session);
  });

  test("is shared while it runs and does nothing when it is done", async () => {
    await comeBack();
    const client = await makeClient();
    const sessions = await Promise.all([client.start(), client.start()]);
    sessions.push(await client.start());
    expect(new Set(sessions).size).toBe(1);
    expect(provider.count("/token")).toBe(1);
  });

  test("finds nobody, and fetches metadata and keys in the background", async () => {
    openPage(`${APP}/`);
    const client = await makeClient();
    expect(await client.start()).toBeNull();
    await expect.poll(() => provider.count("/jwks")).toBe(1);
    expect(provider.count("/.well-known/openid-configuration")).toBe(1);
  });

  test("does not fail when the background work does", async () => {
    openPage(`${APP}/`);
    const client = await makeClient({ authority: `${provider.issuer}/elsewhere` });
    expect(await client.start()).toBeNull();
    await expect.poll(() => provider.requests.length).toBe(1);
  });

  test("works without a page", async () => {
    const client = await makeClient();
    expect(await client.start()).toBeNull();
    await expect(client.signIn()).rejects.toMatchObject({ code: "unsupported_environment" });
    await expect(client.handleCallback()).rejects.toMatchObject({ code: "not_a_callback" });
  });

  test("reports a callback that nobody here began, then goes on without it", async () => {
    openPage(`${APP}/callback?code=c&state=stranger&iss=${encodeURIComponent(provider.issuer)}`);
    const client = await makeClient();
    await expect(client.start()).rejects.toMatchObject({ code: "unknown_state", type: "validation" });
    expect(provider.count("/token")).toBe(0);
    expect(await client.start()).toBeNull();
  });

  test("reports what the provider says", async () => {
    const page = openPage(`${APP}/`);
    const { state } = await (await makeClient()).prepareSignIn();
    const iss = encodeURIComponent(provider.issuer);
    await load(`${APP}/callback?error=access_denied&error_description=No&state=${state}&iss=${iss}`);
    const client = await makeClient();
    await expect(client.start()).rejects.toMatchObject({ code: "authorization_error", error: "access_denied", errorDescription: "No" });
    expect(page.address).toBe(`${APP}/callback`);
  });

  test("ignores a callback that was used before", async () => {
    const { callback } = await comeBack();
    const client = await makeClient();
    await client.start();
    await load(callback);
    const again = await makeClient();
    expect(await again.start()).toBeNull();
    expect(provider.count("/token")).toBe(1);
  });

  test("keeps the session when a used callback is reloaded", async () => {
    const { callback } = await comeBack(undefined, { storage: "session" });
    await (await makeClient({ storage: "session" })).start();
    await load(callback);
    const again = await makeClient({ storage: "session" });
    expect((await again.start())?.subject).toBe("ada");
    expect(provider.count("/token")).toBe(1);
  });

  test("restores a session of this tab, or starts anew when it lives in memory", async () => {
    for (const storage of ["session", "memory"] as const) {
      await comeBack(undefined, { storage });
      await (await makeClient({ storage })).start();
      await load(`${APP}/notes`);
      expect((await (await makeClient({ storage })).start())?.subject).toBe(storage === "session" ? "ada" : undefined);
    }
  });
});

describe("a callback is completed once", () => {
  test("by two clients at once, as React's StrictMode makes them", async () => {
    await comeBack();
    const first = makeClient();
    const second = makeClient();
    const announced: Session[] = [];
    for (const client of await Promise.all([first, second])) client.on("signedIn", (session) => announced.push(session));
    const [a, b] = await Promise.all([(await first).start(), (await second).start()]);
    expect(a).toEqual(b);
    expect(a?.subject).toBe("ada");
    expect(provider.count("/token")).toBe(1);
    expect((await second).session?.subject).toBe("ada");
    expect(announced).toHaveLength(2);
  });

  test("when the first client is disposed of while it works", async () => {
    await comeBack();
    const release = provider.holdTokens();
    const first = await makeClient();
    const running = first.start();
    first.dispose();
    const second = await makeClient();
    const joined = second.start();
    await expect.poll(() => provider.count("/token")).toBe(1);
    release();
    expect((await joined)?.subject).toBe("ada");
    expect((await running)?.subject).toBe("ada");
    expect(provider.count("/token")).toBe(1);
    await expect(second.getIdToken()).resolves.toMatch(/^ey/);
  });

  test("by handleCallback, with and without the URL, and announced once", async () => {
    const { callback } = await comeBack();
    const client = await makeClient();
    let announced = 0;
    client.on("signedIn", () => (announced += 1));
    const sessions = await Promise.all([client.handleCallback(), client.handleCallback(callback), client.start()]);
    sessions.push(await client.handleCallback());
    expect(new Set(sessions.map((session) => session?.subject))).toEqual(new Set(["ada"]));
    expect(announced).toBe(1);
    expect(provider.count("/token")).toBe(1);
  });

  test("and its failure reaches both", async () => {
    await comeBack();
    provider.failTokens(400, "invalid_grant");
    const both = await Promise.all([makeClient(), makeClient()]);
    const outcomes = await Promise.allSettled(both.map((client) => client.start()));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "token_error", error: "invalid_grant" } });
    }
    expect(provider.count("/token")).toBe(1);
  });

  test("and not by a client of another provider", async () => {
    await comeBack();
    await using other = await startProvider();
    const stranger = await makeClient({ authority: other.issuer });
    await expect(stranger.handleCallback()).rejects.toMatchObject({ type: "validation" });
    expect(stranger.session).toBeNull();
    expect(provider.count("/token") + other.count("/token")).toBe(0);
  });

  test("handleCallback says when there is none", async () => {
    openPage(`${APP}/callback`);
    const client = await makeClient();
    await expect(client.handleCallback()).rejects.toMatchObject({ code: "not_a_callback" });
    await expect(client.handleCallback("not a url")).rejects.toMatchObject({ code: "not_a_callback" });
    await expect(client.handleCallback(`${APP}/other?code=c&state=s`)).rejects.toMatchObject({ code: "not_a_callback" });
  });

  test("handleCallback believes the application that this is one, and says what is missing", async () => {
    const page = openPage(`${APP}/callback?code=c&tab=1`);
    const client = await makeClient();
    expect(page.address).toContain("code=c");
    await expect(client.handleCallback()).rejects.toMatchObject({ code: "missing_state" });
    expect(page.address).toBe(`${APP}/callback?tab=1`);
  });
});

describe("signIn", () => {
  test("sends the browser to the provider, once, however often it is clicked", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    await Promise.all([client.signIn({ loginHint: "ada" }), client.signIn({ loginHint: "eve" })]);
    expect(page.visited).toHaveLength(1);
    const url = new URL(page.visited[0] ?? "");
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/authorize`);
    expect(url.searchParams.get("login_hint")).toBe("ada");
    await client.signIn();
    expect(page.visited).toHaveLength(2);
  });

  test("can be tried again after a failure", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    await expect(client.signIn({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(page.visited).toEqual([]);
    await client.signIn();
    expect(page.visited).toHaveLength(1);
  });

  test("is prepared without leaving the page", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    const { url, state } = await client.prepareSignIn();
    expect(new URL(url).searchParams.get("state")).toBe(state);
    expect(page.visited).toEqual([]);
  });
});

describe("a page in a frame", () => {
  beforeEach(() => {
    vi.stubGlobal("self", globalThis);
    vi.stubGlobal("parent", { postMessage: () => {} });
  });

  test("PM-09: is not sent to the provider, where the person would type a password into it", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    const refused = { code: "unsupported_environment", type: "usage", details: { feature: "top-level window" } };
    await expect(client.signIn()).rejects.toMatchObject(refused);
    const prepared = await client.prepareSignIn();
    const before = provider.requests.length;
    await expect(client.signIn({ prepared })).rejects.toMatchObject(refused);
    expect(provider.requests).toHaveLength(before);
    expect(page.visited).toEqual([]);
  });

  test("PM-09: can sign in through a window all the same", async () => {
    openPage(`${APP}/`);
    for (const name of ["screenX", "screenY", "outerWidth", "outerHeight"]) vi.stubGlobal(name, 0);
    const replace = (url: string): void => {
      const callback = provider.approve(url);
      const channel = new BroadcastChannel(`oidc-wasm ${new URL(callback).searchParams.get("state")}`);
      channel.addEventListener("message", () => channel.close());
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
      channel.postMessage(callback);
    };
    vi.stubGlobal("open", () => ({ closed: false, close: () => {}, location: { replace } }));
    const client = await makeClient();
    expect((await client.signInPopup()).subject).toBe("ada");
  });
});

describe("signIn with what was prepared", () => {
  /** A sign-in that the provider knows for a minute. */
  async function prepare(): Promise<{ page: FakePage; client: OidcClient; prepared: Awaited<ReturnType<OidcClient["prepareSignIn"]>> }> {
    provider.settings.pushes = 60;
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    return { page, client, prepared: await client.prepareSignIn({ loginHint: "ada", appState: { from: "here" } }) };
  }

  test("AR-12: leaves at once, without another request", async () => {
    const { page, client, prepared } = await prepare();
    const before = provider.requests.length;
    const leaving = client.signIn({ prepared });
    expect(page.visited).toEqual([prepared.url]);
    await leaving;
    expect(provider.requests).toHaveLength(before);
    expect(prepared.expiresAt).toBeGreaterThan(Date.now() / 1000);
  });

  test("AR-12: pushes the same options again when it was used", async () => {
    const { page, client, prepared } = await prepare();
    for (let click = 0; click < 3; click += 1) await client.signIn({ prepared });
    expect(provider.count("/par")).toBe(3);
    expect(new Set(page.visited).size).toBe(3);
    const states = provider.sent("/par").map((body) => body.get("state"));
    expect(new Set(states).size).toBe(3);
    expect(provider.sent("/par").map((body) => body.get("login_hint"))).toEqual(["ada", "ada", "ada"]);
    await load(provider.approve(page.visited[2] ?? ""));
    expect((await (await makeClient()).start())?.appState).toEqual({ from: "here" });
  });

  test("AR-13: pushes again when the provider has forgotten it", async () => {
    const { page, client, prepared } = await prepare();
    vi.spyOn(Date, "now").mockReturnValue(((prepared.expiresAt ?? 0) + 1) * 1000);
    await client.signIn({ prepared });
    expect(provider.count("/par")).toBe(2);
    expect(page.visited).toHaveLength(1);
    expect(page.visited).not.toContain(prepared.url);
  });

  test("prepares again what was not pushed too, when it is used or old", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    const [first, second] = [await client.prepareSignIn({ loginHint: "ada" }), await client.prepareSignIn()];
    expect(first).not.toHaveProperty("expiresAt");
    await client.signIn({ prepared: first });
    await client.signIn({ prepared: first });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 301_000);
    await client.signIn({ prepared: second });
    expect(page.visited[0]).toBe(first.url);
    expect(provider.asked(page.visited[1] ?? "").get("login_hint")).toBe("ada");
    expect(new Set([...page.visited, second.url]).size).toBe(4);
  });

  test("lets what else is said count", async () => {
    const { page, client, prepared } = await prepare();
    await client.signIn({ prepared, prompt: "login", signal: new AbortController().signal });
    const asked = provider.asked(page.visited[0] ?? "");
    expect([asked.get("prompt"), asked.get("login_hint")]).toEqual(["login", "ada"]);
    const leaving = client.signIn({ prepared, signal: new AbortController().signal });
    expect(page.visited[1]).toBe(prepared.url);
    await leaving;
  });

  test("goes nowhere when it is aborted, and can be used afterwards", async () => {
    const { page, client, prepared } = await prepare();
    await expect(client.signIn({ prepared, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(page.visited).toEqual([]);
    await client.signIn({ prepared });
    expect(page.visited).toEqual([prepared.url]);
  });

  test("takes nothing that this client has not prepared", async () => {
    const { page, client, prepared } = await prepare();
    const refused = { code: "invalid_argument", details: { option: "prepared" } };
    await expect(client.signIn({ prepared: { ...prepared } })).rejects.toMatchObject(refused);
    await expect((await makeClient()).signIn({ prepared })).rejects.toMatchObject(refused);
    expect(page.visited).toEqual([]);
    client.dispose();
    await expect(client.signIn({ prepared })).rejects.toMatchObject({ code: "client_disposed" });
  });
});

describe("what one sign-in asks for", () => {
  const detail = { type: "payment", amount: "12.30" };
  const claims = { userinfo: { email: { essential: true } }, id_token: { acr: null } };

  test("is what the client asks for, or something else", async () => {
    openPage(`${APP}/`);
    const client = await makeClient({ authorizationDetails: [detail], claims, scope: "openid email" });
    const usual = provider.asked((await client.prepareSignIn()).url);
    expect(JSON.parse(usual.get("authorization_details") ?? "")).toEqual([detail]);
    expect(JSON.parse(usual.get("claims") ?? "")).toEqual(claims);
    expect(usual.get("scope")).toBe("openid email");
    const special = { authorizationDetails: [{ type: "account" }], claims: { id_token: { acr: { value: "urn:mfa" } } }, scope: "openid" };
    const asked = provider.asked((await client.prepareSignIn(special)).url);
    expect(JSON.parse(asked.get("authorization_details") ?? "")).toEqual(special.authorizationDetails);
    expect(JSON.parse(asked.get("claims") ?? "")).toEqual(special.claims);
    expect(asked.get("scope")).toBe("openid");
  });

  test("AR-16: is refused when a detail has no type", async () => {
    openPage(`${APP}/`);
    const wrong = { authorizationDetails: [{ amount: 1 } as unknown as { type: string }] };
    await expect(makeClient(wrong)).rejects.toMatchObject({ code: "invalid_configuration" });
    await expect((await makeClient()).prepareSignIn(wrong)).rejects.toMatchObject({ code: "invalid_argument" });
  });

  test("counts as it was when the call was made", async () => {
    openPage(`${APP}/`);
    const client = await makeClient({ dpop: true });
    const appState = { from: "then" };
    const preparing = client.prepareSignIn({ appState });
    appState.from = "now";
    await load(provider.approve((await preparing).url));
    expect((await (await makeClient({ dpop: true })).start())?.appState).toEqual({ from: "then" });
  });

  test("may be granted otherwise", async () => {
    provider.settings.authorizationDetails = [{ ...detail, account: "DE89" }];
    const { client } = await signedIn({ authorizationDetails: [detail] });
    expect(client.session).toMatchObject({ tokenType: "Bearer", authorizationDetails: [{ ...detail, account: "DE89" }] });
    expect(Object.isFrozen(client.session?.authorizationDetails?.[0])).toBe(true);
    expect(await client.getAccessToken()).toMatchObject({ type: "Bearer", authorizationDetails: [{ account: "DE89" }] });
  });
});

describe("access tokens", () => {
  /** More than any token here has left. */
  const LONG = { minValiditySeconds: 1000 };

  test("that are good are given without a request", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    const before = provider.requests.length;
    expect(await client.getAccessToken({ minValiditySeconds: 30 })).toMatchObject({ token: "CANARY-access-token", type: "Bearer" });
    expect(provider.requests).toHaveLength(before);
  });

  test("that are too old are renewed once for all who ask, by the refresh token that came last", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => client.getAccessToken(LONG)));
    expect(new Set(tokens.map(({ token }) => token))).toEqual(new Set(["CANARY-access-token-2"]));
    expect(await client.getAccessToken(LONG)).toMatchObject({ token: "CANARY-access-token-3" });
    expect(await client.getAccessToken()).toMatchObject({ token: "CANARY-access-token-3" });
    expect(provider.sent("/token").map((body) => body.get("refresh_token"))).toEqual([
      null,
      "CANARY-refresh-token-1",
      "CANARY-refresh-token-2",
    ]);
  });

  test("that have expired are renewed before userinfo is asked", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 301_000);
    expect(await client.fetchUserInfo()).toMatchObject({ sub: "ada" });
    const asked = provider.requests.find(({ path }) => path === "/userinfo");
    expect(asked?.headers.authorization).toBe("Bearer CANARY-access-token-2");
  });

  test("for a resource or a scope are asked for by name, kept, and one at a time", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn({ scope: "openid read write" });
    const resource = "https://api.example.com/";
    const wanted = [{ resource }, { scope: "read" }, { resource, scope: "read write" }];
    // A refresh token that is sent twice would be refused.
    const tokens = await Promise.all([...wanted, ...wanted].map((options) => client.getAccessToken(options)));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(3);
    expect(tokens[0]).toMatchObject({ resource });
    expect(tokens[1]).toMatchObject({ scope: "read" });
    const bodies = provider.sent("/token").slice(1);
    expect(bodies.map((body) => [body.get("resource"), body.get("scope")])).toEqual([
      [resource, null],
      [null, "read"],
      [resource, "read write"],
    ]);
    expect(await client.getAccessToken({ scope: "write read", resource })).toEqual(tokens[2]);
    expect(await client.getAccessToken()).toMatchObject({ token: "CANARY-access-token" });
    expect(provider.count("/token")).toBe(4);
  });

  test("go to the addresses they are for", async () => {
    provider.settings.refreshes = true;
    await using api = await serve((_request, response) => response.end());
    const resource = "https://api.example.com/";
    const { client } = await signedIn({
      scope: "openid read",
      allowedOrigins: [{ baseAddress: `${api.origin}/own`, resource }, { baseAddress: `${api.origin}/read`, scope: "read" }, api.origin],
    });
    for (const path of ["/own/a", "/read", "/owned", "/own"]) await client.fetch(api.origin + path);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
      "Bearer CANARY-access-token-2",
      "Bearer CANARY-access-token-3",
      "Bearer CANARY-access-token",
      "Bearer CANARY-access-token-2",
    ]);
  });

  test("that are being renewed are waited for by whoever needs them, and by nobody else", async () => {
    provider.settings.refreshes = true;
    await using api = await serve((_request, response) => response.end());
    const { client } = await signedIn({ allowedOrigins: [api.origin] });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 301_000);
    const release = provider.holdTokens();
    const leaving = new AbortController();
    const left = client.fetch(api.origin, { signal: leaving.signal });
    await expect.poll(() => provider.count("/token")).toBe(2);
    leaving.abort();
    await expect(left).rejects.toMatchObject({ code: "aborted" });
    const waiting = client.fetch(api.origin);
    client.dispose();
    release();
    expect((await waiting).status).toBe(200);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer CANARY-access-token-2"]);
    expect(provider.count("/token")).toBe(2);
  });

  test("cannot be renewed without a refresh token", async () => {
    const { client } = await signedIn();
    const refused = { code: "access_token_expired", type: "interaction" };
    await expect(client.getAccessToken(LONG)).rejects.toMatchObject(refused);
    await expect(client.renew()).rejects.toMatchObject(refused);
    expect(client.session?.subject).toBe("ada");
  });

  test("that came too late are an error, not a loop", async () => {
    Object.assign(provider.settings, { refreshes: true, tokenSeconds: 0 });
    const { client } = await signedIn({ allowedOrigins: ["https://api.example.com"] });
    await expect(client.fetch("https://api.example.com/")).rejects.toMatchObject({ code: "access_token_expired" });
    expect(provider.count("/token")).toBe(2);
  });
});

describe("renew", () => {
  test("gets new tokens however good the old ones are, once for all who call it together", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    provider.settings.tokenSeconds = 3000;
    const before = client.session;
    const sessions = await Promise.all([client.renew(), client.renew()]);
    expect(provider.count("/token")).toBe(2);
    expect(sessions[0]).toBe(client.session);
    expect(sessions[1]).toBe(client.session);
    expect(sessions[0]?.expiresAt).toBeGreaterThan(before?.expiresAt ?? Infinity);
    await client.renew();
    expect(provider.count("/token")).toBe(3);
  });

  test("goes on when the client is disposed of, and another client has what came of it", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn({ storage: "session" });
    const release = provider.holdTokens();
    const renewing = client.renew();
    await expect.poll(() => provider.count("/token")).toBe(2);
    client.dispose();
    release();
    expect((await renewing).subject).toBe("ada");
    const next = await makeClient({ storage: "session" });
    expect(await next.getAccessToken()).toMatchObject({ token: "CANARY-access-token-2" });
    await next.renew();
    expect(provider.count("/token")).toBe(3);
  });

  test("ends the session when the provider says so, and tells it once", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    let events = 0;
    client.on("signedOut", () => (events += 1));
    provider.failTokens(400, "invalid_grant");
    const calls = [client.renew(), client.renew(), client.getAccessToken({ minValiditySeconds: 1000 })];
    const outcomes = await Promise.allSettled(calls);
    const ended = { code: "session_ended", type: "interaction", error: "invalid_grant" };
    for (const outcome of outcomes.slice(0, 2)) expect(outcome).toMatchObject({ status: "rejected", reason: ended });
    expect(outcomes[2]).toMatchObject({ status: "rejected", reason: { code: "not_signed_in" } });
    expect(provider.count("/token")).toBe(2);
    expect(client.session).toBeNull();
    expect(events).toBe(1);
  });

  test("leaves the session alone when the provider has another problem", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    provider.failTokens(503, "temporarily_unavailable");
    await expect(client.renew()).rejects.toMatchObject({ code: "token_error" });
    expect(client.session?.subject).toBe("ada");
    provider.failTokens(200, undefined);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + LONGEST_PAUSE);
    expect((await client.renew()).subject).toBe("ada");
  });

  test("RF-06: waits after a failure for as long as it says, whoever asks", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn();
    provider.failTokens(503, "temporarily_unavailable");
    await expect(client.renew()).rejects.toMatchObject({ code: "token_error" });
    provider.failTokens(200, undefined);
    const postponed: unknown = await client.renew().catch((failure: unknown) => failure);
    expect(postponed).toMatchObject({ code: "renewal_postponed", type: "network", retryable: true });
    await expect(client.getAccessToken({ minValiditySeconds: 1000 })).rejects.toMatchObject({ code: "renewal_postponed" });
    // What is good needs no renewal.
    expect(await client.getAccessToken()).toMatchObject({ token: "CANARY-access-token" });
    expect(provider.count("/token")).toBe(2);
    const retryAt = Number((postponed as OidcError).details["retryAt"]);
    vi.spyOn(Date, "now").mockReturnValue(retryAt * 1000);
    await client.renew();
    expect(provider.count("/token")).toBe(3);
  });
});

describe("one renewal at a time", () => {
  /** A store that all tabs would have: what one tab says about it is not heard here. */
  function sharedStore(): SessionStore & { readonly names: Set<string> } {
    const entries = new Map<string, string>();
    const names = new Set<string>();
    return {
      names,
      load: (name) => entries.get(name),
      save(name, text) {
        names.add(name);
        entries.set(name, text);
      },
      remove: (name) => void entries.delete(name),
    };
  }

  /** Web Locks as they are, of one page. */
  function stubLocks(): { readonly log: string[] } {
    const log: string[] = [];
    let last: Promise<unknown> = Promise.resolve();
    const request = <T>(name: string, _options: LockOptions, run: () => Promise<T>): Promise<T> => {
      const turn = last.then(async () => {
        log.push(`take ${name}`);
        try {
          return await run();
        } finally {
          log.push(`give ${name}`);
        }
      });
      last = turn.catch(() => {});
      return turn;
    };
    vi.stubGlobal("navigator", { locks: { request, query: async () => ({ held: [] }) } });
    return { log };
  }

  test("is held by a lock that all tabs of this issuer and client share, where they share the session", async () => {
    const { log } = stubLocks();
    provider.settings.refreshes = true;
    const storage = sharedStore();
    const { client } = await signedIn({ storage });
    await client.getAccessToken();
    const name = [...storage.names].find((known) => known.endsWith(".session"));
    // The session is put in its place in turn too.
    expect(log).toEqual([`take ${name}`, `give ${name}`]);
    log.length = 0;
    await Promise.all([client.renew(), client.getAccessToken({ scope: "openid" })]);
    expect(log).toEqual([`take ${name}`, `give ${name}`, `take ${name}`, `give ${name}`]);
    expect([...storage.names].filter((known) => known.endsWith(".lease"))).toEqual([]);
  });

  test.each(["memory", "session"] as const)("needs no lock of the browser where no other tab has the session (%s)", async (storage) => {
    const { log } = stubLocks();
    provider.settings.refreshes = true;
    const { client } = await signedIn({ storage });
    // A refresh token that is sent twice would be refused.
    await Promise.all([client.renew(), client.getAccessToken({ scope: "openid" })]);
    expect(provider.count("/token")).toBe(3);
    expect(log).toEqual([]);
  });

  test("is kept from page to page: what another tab has renewed meanwhile is not renewed again", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn({ storage: "session" });
    const other = await makeClient({ storage: "session" });
    const ask = { minValiditySeconds: 299 };
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 10_000);
    const tokens = await Promise.all([client.getAccessToken(ask), other.getAccessToken(ask)]);
    expect(tokens[0]).toEqual(tokens[1]);
    expect(provider.count("/token")).toBe(2);
  });

  test("works where locks are there and may not be used", async () => {
    const request = (): Promise<never> => Promise.reject(new DOMException("No origin.", "SecurityError"));
    vi.stubGlobal("navigator", { locks: { request, query: request } });
    provider.settings.refreshes = true;
    const storage = sharedStore();
    const { client } = await signedIn({ storage });
    await Promise.all([client.renew(), client.getAccessToken({ scope: "openid" })]);
    expect(provider.count("/token")).toBe(3);
    // A lease in the store is what tabs have instead, and nobody has it any more.
    const lease = [...storage.names].find((known) => known.endsWith(".lease")) ?? "";
    expect(lease).not.toBe("");
    expect(storage.load(lease)).toBeUndefined();
  });

  test.each(["with", "without"])("is not tried again after a failure, %s locks, and does not block the next", async (locks) => {
    if (locks === "with") stubLocks();
    provider.settings.refreshes = true;
    const { client } = await signedIn({ storage: sharedStore() });
    provider.failTokens(503, "temporarily_unavailable");
    await expect(client.renew()).rejects.toMatchObject({ code: "token_error" });
    await expect(client.renew()).rejects.toMatchObject({ code: "renewal_postponed" });
    expect(provider.count("/token")).toBe(2);
    provider.failTokens(200, undefined);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + LONGEST_PAUSE);
    await client.renew();
    expect(provider.count("/token")).toBe(3);
  });
});

describe("with dpop", () => {
  /** The keys of the proofs that the provider saw, by path. */
  async function provers(): Promise<Record<string, string>> {
    const seen: Record<string, string> = {};
    for (const { path, headers } of provider.requests) {
      if (headers["dpop"] === undefined) continue;
      seen[path] = await calculateJwkThumbprint(decodeProtectedHeader(String(headers["dpop"])).jwk as JWK);
    }
    return seen;
  }

  test("DP-10: a key that cannot be kept lives in this page, and the application is told", async () => {
    // Node has no IndexedDB.
    openPage(`${APP}/`);
    const before = await makeClient({ dpop: true });
    const told: Degradation[] = [];
    before.on("degraded", (what) => told.push(what));
    const { url } = await before.prepareSignIn();
    expect(told).toEqual([{ feature: "dpopKey", reason: "NotSupportedError" }]);
    expect(provider.asked(url).has("dpop_jkt")).toBe(false);

    await load(provider.approve(url));
    const client = await makeClient({ dpop: true });
    expect((await client.start())?.tokenType).toBe("DPoP");
    expect((await client.getAccessToken()).type).toBe("DPoP");
    await client.fetchUserInfo();
    const keys = await provers();
    expect(Object.keys(keys)).toEqual(["/token", "/userinfo"]);
    expect(keys["/userinfo"]).toBe(keys["/token"]);
  });

  test("DP-12: a renewal is proved by the key of the session", async () => {
    provider.settings.refreshes = true;
    const { client } = await signedIn({ dpop: true });
    const first = (await provers())["/token"];
    await client.renew();
    expect((await provers())["/token"]).toBe(first);
    expect(client.session?.tokenType).toBe("DPoP");
  });

  test("the software signer is chosen by name, and its key lives in this page", async () => {
    openPage(`${APP}/`);
    const before = await makeClient({ dpop: { signer: "software" } });
    const told: Degradation[] = [];
    before.on("degraded", (what) => told.push(what));
    const { url } = await before.prepareSignIn();
    expect(told).toEqual([{ feature: "dpopKey", reason: "software" }]);
    await load(provider.approve(url));
    const client = await makeClient({ dpop: { signer: "software" } });
    expect((await client.start())?.tokenType).toBe("DPoP");
  });

  test("DP-11: a session whose key is lost is no session, and no request is made for it", async () => {
    provider.settings.refreshes = true;
    await signedIn({ dpop: true, storage: "session" });
    const before = provider.requests.length;
    await load(`${APP}/`);
    const client = await makeClient({ dpop: true, storage: "session" });
    const told: Degradation[] = [];
    client.on("degraded", (what) => told.push(what));
    expect(await client.start()).toBeNull();
    expect(told).toEqual([{ feature: "dpopKey", reason: "lost" }]);
    expect(provider.requests.slice(before).filter(({ path }) => path === "/token" || path === "/userinfo")).toEqual([]);
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("DP-11: a key that is found lost later ends the session by name", async () => {
    provider.settings.refreshes = true;
    const { page } = await signedIn({ dpop: true, storage: "session" });
    await load(`${APP}/`);
    const client = await makeClient({ dpop: true, storage: "session" });
    // A page that comes back only looks what is stored.
    page.comeBack();
    await expect.poll(() => client.session?.subject).toBe("ada");
    let events = 0;
    client.on("signedOut", () => (events += 1));
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "dpop_key_lost", type: "storage" });
    expect(client.session).toBeNull();
    expect(events).toBe(1);
  });

  test.each<[string, unknown]>([
    ["a misspelt member", { sginer: "software" }],
    ["an algorithm with a shared secret", { algorithm: "HS256" }],
    ["a text", "yes"],
    ["an unknown signer", { signer: "hardware" }],
    ["an algorithm that the software lacks", { signer: "software", algorithm: "PS256" }],
  ])("%s is refused", async (_what, dpop) => {
    const wrong = { dpop: dpop as boolean };
    await expect(makeClient(wrong)).rejects.toMatchObject({ code: "invalid_configuration", type: "usage" });
  });

  test.each([false, null])("%o means without", async (dpop) => {
    const { client } = await signedIn({ dpop: dpop as boolean });
    expect(client.session?.tokenType).toBe("Bearer");
    expect(await provers()).toEqual({});
  });

  test("comes with the profile, which does not go without", async () => {
    const wrong = { profile: "fapi2", dpop: false } as const;
    await expect(makeClient(wrong)).rejects.toMatchObject({ code: "profile_violation", type: "policy" });
    const client = await makeClient({ profile: "fapi2" });
    const told: Degradation[] = [];
    client.on("degraded", (what) => told.push(what));
    openPage(`${APP}/`);
    await client.prepareSignIn().catch(() => {});
    expect(told).toHaveLength(1);
  });
});

describe("signed requests", () => {
  test("AR-15: have everything in a JWT that the key has signed", async () => {
    provider.settings.pushes = 60;
    openPage(`${APP}/`);
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const client = await makeClient({ requestObject: { key: privateKey, keyId: "k1" }, resource: ["https://a.example/", "https://b.example/"] });
    await client.prepareSignIn({ loginHint: "ada" });
    const [body] = provider.sent("/par");
    expect([...(body?.keys() ?? [])].sort()).toEqual(["client_id", "request"]);
    const options = { issuer: "spa", audience: provider.issuer, typ: "oauth-authz-req+jwt", algorithms: ["ES256"] };
    const { payload, protectedHeader } = await jwtVerify(body?.get("request") ?? "", publicKey, options);
    expect(protectedHeader.kid).toBe("k1");
    expect(payload).toMatchObject({ client_id: "spa", response_type: "code", login_hint: "ada", scope: "openid" });
    expect(payload["resource"]).toEqual(["https://a.example/", "https://b.example/"]);
    for (const claim of ["sub", "request", "request_uri"]) expect(payload).not.toHaveProperty(claim);
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(300);
  });

  test("are signed by a JWK too, whose members tell how", async () => {
    openPage(`${APP}/`);
    const { privateKey, publicKey } = await generateKeyPair("PS256", { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: "k2" } as JsonWebKey;
    const client = await makeClient({ requestObject: { key: jwk } });
    // What becomes of it later is nobody's business here.
    Reflect.deleteProperty(jwk, "d");
    const [first, second] = [await client.prepareSignIn(), await client.prepareSignIn()];
    const request = new URL(first.url).searchParams.get("request") ?? "";
    const { protectedHeader } = await jwtVerify(request, publicKey);
    expect(protectedHeader).toMatchObject({ alg: "PS256", kid: "k2" });
    expect(decodeJwt(request).jti).not.toBe(decodeJwt(new URL(second.url).searchParams.get("request") ?? "").jti);
  });

  test("are signed again when they are too old to leave with", async () => {
    const page = openPage(`${APP}/`);
    const { privateKey } = await generateKeyPair("ES256");
    const client = await makeClient({ requestObject: { key: privateKey } });
    const prepared = await client.prepareSignIn();
    const { exp = 0 } = decodeJwt(new URL(prepared.url).searchParams.get("request") ?? "");
    expect(prepared.expiresAt).toBe(exp);
    vi.spyOn(Date, "now").mockReturnValue(exp * 1000);
    await client.signIn({ prepared });
    expect(decodeJwt(new URL(page.visited[0] ?? "").searchParams.get("request") ?? "").exp).toBeGreaterThan(exp);
  });

  test("are refused with a key that cannot sign them, before anything is sent", async () => {
    const { publicKey } = await generateKeyPair("ES256");
    const { privateKey } = await generateKeyPair("ES256");
    for (const requestObject of [{ key: publicKey }, { key: privateKey, algorithm: "PS256" }, { key: "pem" }, {}]) {
      const wrong = { requestObject } as unknown as Partial<OidcClientOptions>;
      await expect(makeClient(wrong)).rejects.toMatchObject({ code: "invalid_argument", type: "usage" });
    }
    openPage(`${APP}/`);
    for (const key of [{ kty: "EC", crv: "P-256", x: "AA", y: "AA", d: "AA" }, { kty: "oct", k: "c2VjcmV0" }]) {
      const client = await makeClient({ requestObject: { key } });
      await expect(client.prepareSignIn()).rejects.toMatchObject({ code: "invalid_argument", details: { option: "key" } });
    }
    expect(provider.sent("/par")).toEqual([]);
  });
});

describe("session", () => {
  test("is frozen, keeps its identity, and holds no token", async () => {
    const { client } = await signedIn();
    const session = client.session;
    expect(session).toBe(client.session);
    expect(Object.isFrozen(session)).toBe(true);
    expect(Object.isFrozen(session?.claims)).toBe(true);
    const { token } = await client.getAccessToken();
    expect(token).toBe("CANARY-access-token");
    expect(JSON.stringify(session)).not.toMatch(/CANARY|eyJ/);
  });

  test("is not shared with a client of another id", async () => {
    await signedIn();
    const other = await makeClient({ clientId: "other" });
    expect(other.session).toBeNull();
    await expect(other.getIdToken()).rejects.toMatchObject({ code: "not_signed_in" });
  });

  test("gives the ID Token and userinfo", async () => {
    const { client } = await signedIn();
    expect((await client.getIdToken()).split(".")).toHaveLength(3);
    expect(await client.fetchUserInfo()).toMatchObject({ sub: "ada", email: "ada@example.com" });
  });

  test("ends by clearSession", async () => {
    const { client, page } = await signedIn();
    await client.clearSession();
    expect(client.session).toBeNull();
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "not_signed_in" });
    expect(page.visited).toEqual([]);
  });
});

describe("signOut", () => {
  test("ends the session here first, then sends the browser to the provider", async () => {
    const { client, page } = await signedIn({ postLogoutRedirectUri: `${APP}/bye` });
    let events = 0;
    client.on("signedOut", () => {
      events += 1;
      expect(page.visited.length).toBeLessThanOrEqual(1);
    });
    expect(await client.signOut()).toEqual({ remote: true });
    expect(client.session).toBeNull();
    expect(events).toBe(1);
    const url = new URL(page.visited[0] ?? "");
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/end`);
    expect(url.searchParams.get("post_logout_redirect_uri")).toBe(`${APP}/bye`);
  });

  test("stays here when asked to", async () => {
    const { client, page } = await signedIn();
    expect(await client.signOut({ localOnly: true })).toEqual({ remote: false });
    expect(client.session).toBeNull();
    expect(page.visited).toEqual([]);
  });

  test("posts a form when the ID Token is too long for an address", async () => {
    provider.growTokens(8192);
    const { client, page } = await signedIn();
    const hint = await client.getIdToken();
    expect(await client.signOut()).toEqual({ remote: true });
    expect(page.visited).toEqual([]);
    expect(page.posted).toEqual([
      { action: `${provider.issuer}/end`, fields: expect.objectContaining({ id_token_hint: hint, client_id: "spa" }) as object },
    ]);
  });

  test("ends the session here even when the provider cannot be asked", async () => {
    await signedIn({ storage: "session" });
    await load(`${APP}/`);
    await provider[Symbol.asyncDispose]();
    const later = await makeClient({ storage: "session" });
    expect((await later.start())?.subject).toBe("ada");
    let events = 0;
    later.on("signedOut", () => (events += 1));
    // The provider's metadata may or may not have been kept; both ways nobody is signed in here any more.
    await later.signOut().catch(() => {});
    expect(later.session).toBeNull();
    expect(events).toBe(1);
  });

  test("is recognised when the browser comes back, and tidies the address bar", async () => {
    const { client, page } = await signedIn({ postLogoutRedirectUri: `${APP}/bye` });
    await client.signOut();
    const state = new URL(page.visited[0] ?? "").searchParams.get("state") ?? "";
    await load(`${APP}/bye?from=app&state=${state}`);
    const next = await makeClient({ postLogoutRedirectUri: `${APP}/bye` });
    expect(await next.start()).toBeNull();
    expect(page.address).toBe(`${APP}/bye?from=app`);
  });

  test("does not touch a state that is none of its business", async () => {
    const page = openPage(`${APP}/bye?state=mine`);
    const client = await makeClient({ postLogoutRedirectUri: `${APP}/bye` });
    await client.start();
    expect(page.address).toBe(`${APP}/bye?state=mine`);
  });
});

describe("a page that comes back from the back/forward cache", () => {
  test("shows nobody when its session has ended in the stored record", async () => {
    const { client, page } = await signedIn({ storage: "session" });
    let events = 0;
    client.on("signedOut", () => (events += 1));
    sessionStorage.clear();
    page.comeBack();
    await expect.poll(() => client.session).toBeNull();
    expect(events).toBe(1);
  });

  test("still shows who is signed in", async () => {
    const { client, page } = await signedIn({ storage: "session" });
    const session = client.session;
    page.comeBack();
    await client.getIdToken();
    expect(client.session).toBe(session);
  });
});

describe("events", () => {
  test("go to every handler once per registration until it is removed", async () => {
    const { client } = await signedIn();
    const calls: string[] = [];
    const handler = (): void => void calls.push("twice");
    const off = client.on("signedOut", handler);
    client.on("signedOut", handler);
    client.on("signedOut", () => calls.push("once"));
    off();
    off();
    await client.signOut({ localOnly: true });
    expect(calls).toEqual(["twice", "once"]);
  });

  test("are not disturbed by a handler that throws", async () => {
    const reported: unknown[] = [];
    globalThis.reportError = (error: unknown) => void reported.push(error);
    const { client } = await signedIn();
    const fault = new Error("a fault of the application");
    let reached = false;
    client.on("signedOut", () => {
      throw fault;
    });
    client.on("signedOut", () => (reached = true));
    await client.signOut({ localOnly: true });
    Reflect.deleteProperty(globalThis, "reportError");
    expect(reached).toBe(true);
    expect(reported).toEqual([fault]);
  });

  test("have known names and functions as handlers", async () => {
    const client = await makeClient();
    expect(() => client.on("nope" as "signedIn", () => {})).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    expect(() => client.on("signedIn", "nope" as never)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });
});

describe("dispose", () => {
  test("ends everything that comes later and may be called twice", async () => {
    const { client } = await signedIn();
    client.dispose();
    client.dispose();
    client[Symbol.dispose]();
    expect(client.session).toBeNull();
    const calls = [
      client.start(),
      client.signIn(),
      client.prepareSignIn(),
      client.handleCallback(`${APP}/callback?code=c&state=s`),
      client.getAccessToken(),
      client.getIdToken(),
      client.renew(),
      client.signInPopup(),
      client.fetch(`${APP}/`),
      client.fetchUserInfo(),
      client.signOut(),
      client.clearSession(),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "client_disposed" } });
    }
  });

  test("lets work that has begun end", async () => {
    await comeBack();
    const release = provider.holdTokens();
    const client = await makeClient();
    const running = client.handleCallback();
    await expect.poll(() => provider.count("/token")).toBe(1);
    client.dispose();
    release();
    expect((await running).subject).toBe("ada");
  });

  test("takes its handlers off the page", async () => {
    const page = openPage(`${APP}/`);
    const client = await makeClient();
    await client.start();
    expect(page.listening).toContain("pageshow");
    // Those would keep the page out of the back/forward cache.
    expect(page.listening).not.toContain("unload");
    expect(page.listening).not.toContain("beforeunload");
    client.dispose();
    expect(page.listening).toEqual([]);
  });
});

describe("no error", () => {
  test("carries a code, a token or a state", async () => {
    const { callback } = await comeBack();
    const state = new URL(callback).searchParams.get("state") ?? "";
    provider.failTokens(400, "invalid_grant");
    const client = await makeClient();
    const failures: unknown[] = [];
    const attempts = [
      () => client.start(),
      () => client.handleCallback(callback),
      () => client.handleCallback(`${callback}x`),
      () => client.handleCallback(callback.replace(APP, "https://evil.example")),
      () => client.fetch("https://evil.example/?t=CANARY-query"),
      () => client.getAccessToken(),
    ];
    for (const attempt of attempts) await attempt().catch((error: unknown) => failures.push(error));
    expect(failures).toHaveLength(attempts.length);
    for (const failure of failures) expect(everything(failure)).not.toMatch(new RegExp(`CANARY|${state}`));
  });
});

/** All text that can be reached from a value, hidden properties included. */
function everything(value: unknown, seen = new Set<unknown>()): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (seen.has(value)) return "";
  seen.add(value);
  return Reflect.ownKeys(value)
    .map((key) => `${String(key)}=${everything(Reflect.get(value, key), seen)}`)
    .join("\n");
}
