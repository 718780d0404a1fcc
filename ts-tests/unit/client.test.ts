import type { OidcClient, OidcClientOptions, Session } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freshPackage, type Package } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";

const APP = "https://app.example.com";

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
    expect(page.listeners("pageshow")).toBe(1);
    client.dispose();
    expect(page.listeners("pageshow")).toBe(0);
    expect(page.listeners("unload") + page.listeners("beforeunload")).toBe(0);
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
