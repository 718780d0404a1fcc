import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { alice, bob, useWorld, type Visit, type World } from "./support.js";

const the = useWorld("app", [{ client_id: "spa-bearer", grant_types: ["authorization_code", "refresh_token"] }]);

const options = (world: World, more: Partial<PlainOptions> = {}): PlainOptions =>
  world.options({ clientId: "spa-dpop", scope: "openid profile email api", dpop: true, pushedAuthorization: "always", ...more });

/** What scripts asked of the provider since, without the documents that are read once. */
function asked(world: World): string[] {
  return world.provider.log.requests
    .filter(({ method, path }) => method !== "OPTIONS" && /^\/(token|request|me)$/.test(path))
    .map(({ path, status }) => `${path} ${status}`);
}

/** One call of the API through the client, with what it took. */
async function call(visit: Visit, id: string, path = "/me"): Promise<{ status: number; sends: number | undefined }> {
  const url = `${visit.world.api.url}${path}?id=${id}`;
  const status = await visit.page.evaluate(async (address) => (await window.clients.main.fetch(address)).status, url);
  return { status, sends: visit.world.api.seen.calls.get(id)?.sends };
}

describe("DPoP at a provider that demands proofs, nonces and pushed requests", () => {
  test("DP-14, AR-11: sign-in, renewal, userinfo and API calls, each request counted", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.reachCallback(options(world));
    expect(asked(world), "the first nonce of the provider costs one retry").toEqual(["/request 400", "/request 201"]);
    const address = visit.requests.find((request) => request.startsWith(`${world.provider.url}/auth?`)) ?? "";
    expect([...new URL(address).searchParams.keys()]).toEqual(["client_id", "request_uri"]);

    world.provider.log.clear();
    await visit.createClient(options(world));
    const session = await visit.page.evaluate(() => window.clients.main.start());
    expect([session?.subject, session?.tokenType]).toEqual([alice.subject, "DPoP"]);
    expect(asked(world), "it is remembered over the redirect").toEqual(["/token 200"]);

    world.provider.log.clear();
    expect(await visit.page.evaluate(async () => (await window.clients.main.fetchUserInfo()).sub)).toBe(alice.subject);
    expect(asked(world), "the nonce of the role resource is another").toEqual(["/me 401", "/me 200"]);
    await visit.page.evaluate(() => window.clients.main.renew());
    await visit.page.evaluate(() => window.clients.main.fetchUserInfo());
    expect(asked(world).slice(2), "a known nonce costs no retry").toEqual(["/token 200", "/me 200"]);

    world.provider.log.clear();
    await world.provider.rotateNonces();
    await visit.page.evaluate(() => window.clients.main.renew());
    await visit.page.evaluate(() => window.clients.main.renew());
    expect(asked(world), "a rotated one exactly one").toEqual(["/token 400", "/token 200", "/token 200"]);

    expect(await call(visit, "first")).toEqual({ status: 200, sends: 2 });
    expect(await call(visit, "known")).toEqual({ status: 200, sends: 1 });
    world.api.rotateNonces();
    expect(await call(visit, "rotated")).toEqual({ status: 200, sends: 2 });

    const { proofs } = world.api.seen;
    expect(new Set(proofs.map(({ jti }) => jti)).size, "DP-02").toBe(proofs.length);
    expect(new Set(proofs.map(({ jkt }) => jkt)).size, "DP-12").toBe(1);
  });

  for (const nonces of ["latest", "once", "window"] as const) {
    test(`DP-13, DP-15: 200 calls at once while the API gives a new nonce with every response (${nonces})`, async () => {
      const { world } = the;
      const visit = await world.visit();
      await visit.signInToHarness(options(world));
      world.api.configure({ nonces });
      const statuses = await visit.page.evaluate(async (url) => {
        const calls = Array.from({ length: 200 }, (_, number) => window.clients.main.fetch(`${url}/me?id=${number}`));
        return (await Promise.all(calls)).map(({ status }) => status);
      }, world.api.url);
      expect(new Set(statuses)).toEqual(new Set([200]));
      const sends = Array.from({ length: 200 }, (_, number) => world.api.seen.calls.get(String(number))?.sends ?? 0);
      expect(Math.max(...sends)).toBeLessThanOrEqual(2);
      const { proofs } = world.api.seen;
      expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(proofs.length);
    });
  }

  test("DP-06, LG: the private key is in no storage as bytes, and cannot be exported", async () => {
    const { world } = the;
    const visit = await world.visit();
    const logged: string[] = [];
    visit.page.on("console", (message) => logged.push(message.text()));
    await visit.signInToHarness(options(world, { storage: "session" }));
    await call(visit, "canary");
    const found = await visit.page.evaluate(async () => {
      const open = indexedDB.open("oidc-wasm");
      await new Promise((resolve) => (open.onsuccess = resolve));
      const store = open.result.transaction("keys").objectStore("keys").getAll();
      await new Promise((resolve) => (store.onsuccess = resolve));
      const keys: CryptoKey[] = [];
      const others: unknown[] = [];
      const walk = (value: unknown): void => {
        if (value instanceof CryptoKey) keys.push(value);
        else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) others.push("bytes");
        else if (typeof value === "object" && value !== null) Object.values(value).forEach(walk);
        else others.push(value);
      };
      store.result.forEach(walk);
      const secret = keys.filter(({ type }) => type === "private");
      const exported = await Promise.all(
        secret.flatMap((key) => (["jwk", "pkcs8"] as const).map((format) => crypto.subtle.exportKey(format, key).then(() => "out", () => "kept"))),
      );
      return { secrets: secret.length, extractable: secret.some(({ extractable }) => extractable), exported, others: JSON.stringify(others) };
    });
    expect(found).toMatchObject({ secrets: 1, extractable: false, exported: ["kept", "kept"] });
    expect(found.others).not.toMatch(/"d"|bytes/);
    const texts = await visit.page.evaluate(() => [...Object.values(sessionStorage), ...Object.values(localStorage)].join("\n"));
    expect(texts).not.toMatch(/"d":"/);
    expect(logged.join("\n")).not.toMatch(/"d":/);
  });

  test("DP-11: a lost key ends the session before any request", async () => {
    const { world } = the;
    const visit = await world.visit();
    const stored = options(world, { storage: "session" });
    await visit.signInToHarness(stored);
    await visit.page.evaluate(async () => {
      const open = indexedDB.open("oidc-wasm");
      await new Promise((resolve) => (open.onsuccess = resolve));
      const clear = open.result.transaction("keys", "readwrite").objectStore("keys").clear();
      await new Promise((resolve) => (clear.onsuccess = resolve));
    });
    await visit.openHarness();
    world.provider.log.clear();
    await visit.createClient(stored);
    const outcome = await visit.page.evaluate(async () => {
      const events: string[] = [];
      window.clients.main.on("degraded", ({ feature, reason }) => events.push(`${feature} ${reason}`));
      const failure = await window.failureOf(() => window.clients.main.getAccessToken());
      return { failure: failure?.code, session: window.clients.main.session, again: (await window.failureOf(() => window.clients.main.getAccessToken()))?.code, events };
    });
    expect(outcome).toEqual({ failure: "dpop_key_lost", session: null, again: "not_signed_in", events: ["dpopKey lost"] });
    expect(world.tokenRequests).toBe(0);
  });

  test("AR-14: a key that was replaced between request and callback is noticed before the code is sent", async () => {
    const { world } = the;
    const visit = await world.visit();
    const stored = options(world, { storage: "session" });
    await visit.reachCallback(stored);
    await visit.page.evaluate(async () => {
      const open = indexedDB.open("oidc-wasm");
      await new Promise((resolve) => (open.onsuccess = resolve));
      const other = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
      const store = open.result.transaction("keys", "readwrite").objectStore("keys");
      const keys = store.getAllKeys();
      await new Promise((resolve) => (keys.onsuccess = resolve));
      const values = store.getAll();
      await new Promise((resolve) => (values.onsuccess = resolve));
      for (const [index, name] of keys.result.entries()) {
        const replaced = JSON.parse(JSON.stringify(values.result[index])) as Record<string, unknown>;
        const isPair = "privateKey" in values.result[index];
        store.put(isPair ? other : { ...replaced, keyPair: other }, name);
      }
    });
    world.provider.log.clear();
    await visit.createClient(stored);
    expect((await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start())))?.code).toBe("dpop_key_lost");
    expect(world.tokenRequests).toBe(0);
  });

  test("DP-24: two sign-ins with memory storage have two keys, and a token serves nobody with another", async () => {
    const { world } = the;
    const jkts = new Set<string | undefined>();
    for (const user of [alice, bob]) {
      const visit = await world.visit();
      await visit.signInToHarness(options(world), user);
      await call(visit, user.name);
      jkts.add(world.api.seen.proofs.at(-1)?.jkt);
    }
    expect(jkts.size).toBe(2);
  });

  test("DP-17: a provider and an API without nonces get proofs without nonces", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    world.api.configure({ nonces: "none" });
    expect(await call(visit, "none")).toEqual({ status: 200, sends: 1 });
    expect(world.api.seen.proofs.every(({ nonce }) => nonce === undefined)).toBe(true);
  });

  test("DP-19: an API that hides its nonce gets one request, and the error names the header", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    world.api.configure({ exposeNonce: false });
    const failure = await visit.page.evaluate(
      (url) => window.failureOf(() => window.clients.main.fetch(`${url}/me?id=hidden`)),
      world.api.url,
    );
    expect(failure).toMatchObject({ code: "dpop_nonce_unreadable", message: expect.stringContaining("Access-Control-Expose-Headers") });
    expect(world.api.seen.calls.get("hidden")?.sends).toBe(1);
  });

  test("DP-22: an API whose clock is five minutes away costs one corrected retry, once", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    for (const clock of [300, -300]) {
      world.api.configure({ nonces: "none", clock });
      expect(await call(visit, `wrong ${clock}`)).toEqual({ status: 200, sends: 2 });
      expect(await call(visit, `right ${clock}`)).toEqual({ status: 200, sends: 1 });
    }
  });

  test("a Bearer token where proofs went along is refused", async () => {
    const { world } = the;
    const visit = await world.visit();
    // This provider binds what comes with a proof; one that ignores proofs is imitated on the way.
    await visit.context.route(`${world.provider.url}/token`, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.json()) as Record<string, unknown>;
      await route.fulfill({ response: answer, json: { ...body, token_type: "Bearer" } });
    });
    await visit.reachCallback(options(world));
    await visit.createClient(options(world));
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start()));
    expect(failure?.code).toBe("token_type_not_supported");
  });
});
