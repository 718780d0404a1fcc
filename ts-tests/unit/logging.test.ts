import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from "jose";
import type { LogEvent, LogLevel, OidcClientOptions } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";
import { openTab, settle, sharedStore, signIn, type Tab } from "./support/tab.ts";

const APP = "https://app.example.com";

let provider: TinyProvider;
let api: TestServer;
let page: FakePage;
let tabs: Tab[];
let log: LogEvent[];
let sign: typeof import("oidc-wasm/node");

beforeEach(async () => {
  provider = await startProvider();
  provider.settings.refreshes = true;
  page = openPage(`${APP}/`);
  tabs = [];
  log = [];
  sign = (await freshPackage("node")) as typeof sign;
  let nonces = 0;
  api = await serve(({ headers, path }, response) => {
    const isNew = path.startsWith("/nonce") && nonces === 0;
    if (isNew) nonces += 1;
    if (isNew) response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "CANARY-dpop-nonce" });
    else if (path.startsWith("/new") && headers.authorization?.endsWith("CANARY-access-token")) {
      response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token", error_description="CANARY-description"' });
    }
    response.end("CANARY-answer");
  });
});

afterEach(async () => {
  for (const { client } of tabs) client.dispose();
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

async function open(options: Partial<OidcClientOptions> = {}, level: LogLevel = "trace"): Promise<Tab> {
  const logger = sign.createLogger((event) => void log.push(event), level);
  const common = { authority: provider.issuer, clientId: "spa", redirectUri: `${APP}/callback`, allowedOrigins: [api.origin], logger };
  const tab = await openTab({ ...common, ...options });
  tabs.push(tab);
  return tab;
}

/** The events that a call has brought about. */
async function during(work: () => Promise<unknown>): Promise<LogEvent[]> {
  const before = log.length;
  await work().catch(() => {});
  return log.slice(before);
}

const names = (events: readonly LogEvent[]): string[] => events.map(({ name }) => name);

/** What proofs give away: the key, its thumbprint, and themselves. */
async function proofSecrets(): Promise<string[]> {
  const secrets: string[] = [];
  for (const { headers } of [...provider.requests, ...api.requests]) {
    const proof = headers["dpop"];
    if (typeof proof !== "string") continue;
    const jwk = decodeProtectedHeader(proof).jwk as JWK;
    const { jti = "", ath } = decodeJwt(proof);
    secrets.push(proof, String(jwk.x), String(jwk.y), jti, await calculateJwkThumbprint(jwk), ...(typeof ath === "string" ? [ath] : []));
  }
  return secrets;
}

describe.each([false, true])("LG-01: at the level trace (DPoP: %s)", (dpop) => {
  test("a whole life tells nothing that is secret", async () => {
    const store = sharedStore();
    const options = { dpop, revokeOnSignOut: true, postLogoutRedirectUri: `${APP}/bye` };
    const tab = await open({ ...options, storage: store.view() });
    const other = await open({ ...options, storage: store.view() });
    const { client } = tab;
    const attempts: (() => Promise<unknown>)[] = [
      () => client.start(),
      () => other.client.start(),
      () => client.signIn({ appState: { CANARY: "CANARY-state-of-the-application" }, loginHint: "CANARY-hint" }),
      () => client.handleCallback(`${APP}/callback?code=CANARY-foreign-code&state=CANARY-foreign-state`),
      () => client.handleCallback(`${APP}/callback?error=access_denied&error_description=CANARY-description&state=CANARY-foreign-state`),
      () => signIn(tab, provider),
      () => client.getAccessToken(),
      () => client.fetchUserInfo(),
      () => client.fetch(`${api.origin}/nonce?q=CANARY-query`, { method: "POST", body: "CANARY-body" }),
      () => client.fetch(`${api.origin}/new?q=CANARY-query#CANARY-fragment`),
      () => client.fetch("https://user:CANARY-password@evil.example/?q=CANARY-query"),
      () => client.getAccessToken({ scope: "CANARY-scope" }),
      () => client.renew(),
      () => signIn(other, provider, "CANARY-eve"),
      () => settle(),
      async () => {
        provider.failTokens(503, "CANARY-error");
        await client.renew().finally(() => provider.failTokens(200, undefined));
      },
      () => client.frontChannelLogout(`${APP}/out?iss=${encodeURIComponent(provider.issuer)}&sid=CANARY-sid`),
      () => client.signOut(),
      () => settle(),
    ];
    for (const attempt of attempts) await attempt().catch(() => {});
    // All of that has left its mark.
    const told = new Set(names(log));
    const expected = [
      ...["sessionRestored", "signInStarted", "signInLeft", "callbackReceived", "callbackCompleted", "callFailed", "signedIn", "renewed"],
      ...["renewalStarted", "renewalSucceeded", "renewalFailed", "requestAnswered", "requestFailed", "messageReceived"],
      ...["fetchAnswered", "fetchRepeated", "frontChannelLogout", "signOutStarted", "signOutLeft", "signedOut"],
      // Node keeps no keys: with one, each tab has a session of its own.
      dpop ? "degraded" : "sessionChanged",
    ];
    expect(expected.filter((name) => !told.has(name))).toEqual([]);

    const text = JSON.stringify(log);
    const left = page.visited.flatMap((url) => [...new URL(url).searchParams].flatMap(([name, value]) => (name === "state" ? [value] : [])));
    const secrets = [...provider.secrets, ...left, ...(await proofSecrets()), ...tabs.flatMap(({ client: { session } }) => session?.id ?? [])];
    expect(secrets.length).toBeGreaterThan(20);
    for (const secret of secrets) expect(text).not.toContain(secret);
    // Whoever it is about is nobody's business either.
    expect(text).not.toMatch(/CANARY|"ada"|Ada/);
    expect(text).not.toContain("?");
  });
});

describe("a correlation id", () => {
  test("LG-05: is one for all that a call brings about, and another for the next", async () => {
    const tab = await open();
    await tab.client.start();
    const ids: string[] = [];
    const calls: (() => Promise<unknown>)[] = [
      () => tab.client.getAccessToken({ minValiditySeconds: 1000 }),
      () => tab.client.fetch(`${api.origin}/new`),
      () => tab.client.renew(),
      () => tab.client.getAccessToken({ scope: "none" }),
      () => tab.client.signOut({ localOnly: true }),
    ];
    await signIn(tab, provider);
    for (const call of calls) {
      const events = await during(call);
      // The session's own events have one of their own.
      const own = events.filter(({ name }) => name !== "renewed" && name !== "signedOut");
      expect(own.length).toBeGreaterThan(0);
      const found = new Set(own.map(({ correlationId }) => correlationId));
      expect(found.size).toBe(1);
      ids.push(...found);
    }
    expect(new Set(ids).size).toBe(calls.length);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{32}$/);
  });

  test("follows a request through renewal and repetition", async () => {
    const tab = await open();
    await signIn(tab, provider);
    const events = await during(() => tab.client.fetch(`${api.origin}/new?q=x`));
    const own = events.filter(({ name }) => name !== "renewed");
    expect(names(own)).toEqual([
      "fetchAnswered",
      "renewalStarted",
      "requestAnswered",
      "renewalSucceeded",
      "fetchRepeated",
      "fetchAnswered",
    ]);
    expect(new Set(own.map(({ correlationId }) => correlationId)).size).toBe(1);
    expect(own[0]?.data).toEqual({ url: `${api.origin}/new`, status: 401 });
    expect(own[2]?.data).toEqual({ phase: "token", status: 200 });
    expect(own[4]?.data).toEqual({ url: `${api.origin}/new`, reason: "renewed" });
    expect(own[5]?.data).toEqual({ url: `${api.origin}/new`, status: 200 });
  });
});

describe("what is told", () => {
  test("of a failure is its code, where it came from, and once for each call", async () => {
    const tab = await open();
    await signIn(tab, provider);
    provider.failTokens(503, "temporarily_unavailable");
    const events = await during(() => tab.client.renew());
    expect(events.map(({ name, level, data }) => [name, level, data])).toEqual([
      ["renewalStarted", "debug", {}],
      ["requestFailed", "warning", { phase: "token", status: 503, code: "token_error" }],
      ["renewalFailed", "warning", { code: "token_error", phase: "token", status: 503, error: "temporarily_unavailable" }],
      ["callFailed", "error", { code: "token_error", phase: "token", status: 503, error: "temporarily_unavailable" }],
    ]);
  });

  test("is as much as the level wants", async () => {
    const tab = await open({}, "warning");
    await tab.client.start();
    await signIn(tab, provider);
    expect(log).toEqual([]);
    await during(() => tab.client.getAccessToken({ scope: "none" }));
    expect(log.map(({ name, level }) => [name, level])).toEqual([["callFailed", "error"]]);
  });

  test("disturbs nobody where the logger fails", async () => {
    const logger = sign.createLogger(() => {
      throw new Error("a fault of the application");
    }, "trace");
    const tab = await open({ logger });
    await tab.client.start();
    await signIn(tab, provider);
    expect((await tab.client.fetch(`${api.origin}/new`)).status).toBe(200);
    expect(tab.told).toEqual(["signedIn ada", "renewed ada"]);
  });

  test("of a client without a logger is nothing at all", async () => {
    const writes = (["debug", "info", "log", "warn", "error"] as const).map((method) => vi.spyOn(console, method));
    const tab = await openTab({ authority: provider.issuer, clientId: "spa", redirectUri: `${APP}/callback` });
    tabs.push(tab);
    await tab.client.start();
    await signIn(tab, provider);
    await tab.client.getAccessToken({ scope: "none" }).catch(() => {});
    for (const write of writes) expect(write).not.toHaveBeenCalled();
  });
});
