import { describe, expect, test } from "vitest";
import { alice, useWorld } from "./support.js";

const the = useWorld();

describe("a callback costs little", () => {
  test("from callback to session is one request, when metadata and keys were cached before the redirect", async () => {
    const { world } = the;
    const visit = await world.visit();
    const keys = visit.page.waitForResponse(`${world.provider.url}/jwks`);
    await visit.openDemo();
    await (await keys).finished();
    await visit.id("sign-in").click();
    await visit.enterPassword();
    await visit.id("provider-consent").waitFor();

    world.provider.log.clear();
    await visit.allow();
    await visit.settled("signed-in");
    expect(world.scriptRequests).toEqual(["POST /token"]);
  });
});

describe("CB-09: the code leaves the address bar at once", () => {
  test("it is gone while the wasm is still loading", async () => {
    const visit = await the.world.visit();
    await visit.openDemo();
    await visit.id("sign-in").click();
    await visit.enterPassword();
    await visit.id("provider-consent").waitFor();

    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const asked = visit.page.waitForRequest("**/*.wasm");
    await visit.page.route("**/*.wasm", async (route) => {
      await held;
      await route.continue();
    });
    await visit.allow();
    await asked;
    expect(visit.callbacks).toHaveLength(1);
    expect(visit.page.url()).toBe(`${the.world.page.url}/callback`);
    expect(await visit.page.evaluate(() => location.href)).toBe(`${the.world.page.url}/callback`);
    expect(await visit.id("app").getAttribute("data-state")).toBe("loading");

    release();
    await visit.settled("signed-in");
  });

  test("no request after the callback carries the code, in its address or as Referer", async () => {
    const visit = await the.world.visit();
    await visit.openDemo();
    const referers: string[] = [];
    visit.context.on("request", (request) => referers.push(request.headers()["referer"] ?? ""));
    await visit.signInToDemo();
    const callback = visit.callbacks[0] ?? "";
    const code = new URL(callback).searchParams.get("code") ?? "";
    expect(code).not.toBe("");
    expect(visit.requests.filter((url) => url.includes(code))).toEqual([callback]);
    expect(referers.filter((referer) => referer.includes(code))).toEqual([]);
  });

  test("what belongs to the application stays in the address", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options());
    const { state } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    await visit.openHarness(`callback?tab=2&code=a&state=${state}&iss=${encodeURIComponent(world.provider.url)}#part`);
    await visit.createClient(world.options());
    expect(visit.page.url()).toBe(`${world.page.url}/harness/callback?tab=2#part`);
  });
});

describe("CB-03, CB-12: a callback is handled once", () => {
  test("reloading the page of the callback keeps the session and asks nothing", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    expect(visit.page.url()).toBe(`${world.page.url}/harness/callback`);
    world.provider.log.clear();
    await visit.page.reload();
    await visit.harnessReady();
    await visit.createClient(options);
    expect(await visit.page.evaluate(async () => (await window.clients.main.start())?.subject)).toBe(alice.subject);
    expect(world.tokenRequests).toBe(0);
  });

  test("coming back to it with the back button keeps the session and asks nothing", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    await visit.openHarness("elsewhere");
    world.provider.log.clear();
    await visit.page.goBack();
    await visit.harnessReady();
    await visit.createClient(options);
    expect(await visit.page.evaluate(async () => (await window.clients.main.start())?.subject)).toBe(alice.subject);
    expect(world.tokenRequests).toBe(0);
  });

  test("opening the used address again keeps the session and asks nothing", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openDemo();
    await visit.signInToDemo();
    world.provider.log.clear();
    await visit.page.goto(visit.callbacks[0] ?? "");
    await visit.settled("signed-in");
    expect(await visit.id("subject").textContent()).toBe(alice.subject);
    expect(await visit.id("error").isVisible()).toBe(false);
    expect(world.tokenRequests).toBe(0);
  });

  test("with tokens in memory, opening the used address again is no sign-in and no failure", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    world.provider.log.clear();
    await visit.page.goto(visit.callbacks[0] ?? "");
    await visit.harnessReady();
    await visit.createClient(world.options());
    expect(await visit.page.evaluate(() => window.clients.main.start())).toBeNull();
    expect(world.tokenRequests).toBe(0);
  });

  test("two clients and many calls at the same time share one token request", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.reachCallback(world.options());
    const subjects = await visit.page.evaluate(async (options) => {
      const url = location.href;
      const [one, two] = await Promise.all([window.oidc.OidcClient.create(options), window.oidc.OidcClient.create(options)]);
      const sessions = await Promise.all([
        one.handleCallback(url),
        two.handleCallback(url),
        one.handleCallback(),
        two.start(),
        one.start(),
      ]);
      return [...sessions, one.session, two.session].map((session) => session?.subject);
    }, world.options());
    expect(new Set(subjects)).toEqual(new Set([alice.subject]));
    expect(world.tokenRequests).toBe(1);
  });

  test("the event signedIn comes once", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.reachCallback(world.options());
    const heard = await visit.page.evaluate(async (options) => {
      const client = await window.oidc.OidcClient.create(options);
      const subjects: string[] = [];
      client.on("signedIn", (session) => subjects.push(session.subject));
      await Promise.all([client.start(), client.handleCallback(), client.start()]);
      await client.handleCallback();
      return subjects;
    }, world.options());
    expect(heard).toEqual([alice.subject]);
  });
});

describe("CB-13: a callback works in its own browser only", () => {
  test("pasted into another one it is refused, without a request", async () => {
    const { world } = the;
    const first = await world.visit();
    await first.openDemo();
    await first.signInToDemo();

    const second = await world.visit();
    world.provider.log.clear();
    await second.page.goto(first.callbacks[0] ?? "");
    await second.settled("signed-out");
    expect(await second.id("error-code").textContent()).toBe("unknown_state");
    expect(world.tokenRequests).toBe(0);
    expect(second.page.url()).toBe(`${world.page.url}/`);
    await second.shot("error");
  });

  test("an unsent code of one person cannot be planted on another", async () => {
    const { world } = the;
    const attacker = await world.visit();
    await attacker.reachCallback(world.options());
    const stolen = attacker.callbacks[0] ?? "";

    const victim = await world.visit();
    await victim.openHarness();
    await victim.createClient(world.options());
    await victim.page.evaluate(() => window.clients.main.prepareSignIn());
    await victim.page.goto(stolen);
    await victim.harnessReady();
    await victim.createClient(world.options());
    expect((await victim.page.evaluate(() => window.failureOf(() => window.clients.main.start())))?.code).toBe("unknown_state");
    expect(world.tokenRequests).toBe(0);
  });
});

describe("a response that does not fit is refused, without a request", () => {
  const codes = "a-code";
  test.each<[string, string, (url: URLSearchParams, issuer: string) => void]>([
    ["CB-01 a repeated code", "repeated_parameter", (query) => query.append("code", "another")],
    ["CB-01 a repeated state", "repeated_parameter", (query) => query.append("state", query.get("state") ?? "")],
    ["CB-02 another state", "unknown_state", (query) => query.set("state", `${query.get("state")}1`)],
    ["CB-04 another issuer", "wrong_issuer", (query, issuer) => query.set("iss", `${issuer}/`)],
    ["CB-04 no issuer, though promised", "missing_issuer", (query) => query.delete("iss")],
    ["CB-07 code and error together", "ambiguous_response", (query) => query.set("error", "access_denied")],
    ["CB-07 an empty code", "missing_code", (query) => query.set("code", "")],
    ["CB-10 an access token in the query", "wrong_response_mode", (query) => query.set("access_token", "x")],
  ])("%s", async (_name, code, change) => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options());
    const { state } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    const query = new URLSearchParams({ code: codes, state, iss: world.provider.url });
    change(query, world.provider.url);
    world.provider.log.clear();
    const url = `${world.page.url}/harness/callback?${query}`;
    const failure = await visit.page.evaluate((url) => window.failureOf(() => window.clients.main.handleCallback(url)), url);
    expect(failure?.code).toBe(code);
    expect(world.scriptRequests).toEqual([]);
  });

  test("CB-02 no state", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options());
    world.provider.log.clear();
    const url = `${world.page.url}/harness/callback?code=a&iss=${encodeURIComponent(world.provider.url)}`;
    const failure = await visit.page.evaluate((url) => window.failureOf(() => window.clients.main.handleCallback(url)), url);
    expect(failure?.code).toBe("missing_state");
    expect(world.scriptRequests).toEqual([]);
  });
});

describe("CB-06: the provider says no", () => {
  test("the page says so in words, stays signed out, and another try works", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openDemo();
    await visit.id("sign-in").click();
    await visit.enterPassword();
    await visit.id("provider-consent").waitFor();
    await visit.page.getByRole("button", { name: "Deny" }).click();
    await visit.settled("signed-out");
    expect(await visit.id("error-title").textContent()).toBe("Access was not allowed");
    expect(await visit.id("error-code").textContent()).toBe("authorization_error");
    expect(await visit.id("error-server").textContent()).toBe("access_denied");
    expect(visit.page.url()).toBe(`${world.page.url}/`);
    expect(world.tokenRequests).toBe(0);
    await visit.shot("error-access-denied");

    await visit.id("error-retry").click();
    await visit.allow();
    await visit.settled("signed-in");
    expect(await visit.id("error").isVisible()).toBe(false);
  });

  test("who was signed in before still is", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn({ prompt: "consent" }));
    await visit.page.goto(url);
    await visit.page.getByRole("button", { name: "Deny" }).click();
    await visit.harnessReady();
    await visit.createClient(options);
    const outcome = await visit.page.evaluate(async () => ({
      failure: await window.failureOf(() => window.clients.main.start()),
      session: await window.clients.main.start(),
    }));
    expect(outcome.failure).toMatchObject({ code: "authorization_error", error: "access_denied" });
    expect(outcome.session?.subject).toBe(alice.subject);
    expect(world.tokenRequests).toBe(1);
  });

  test("CB-17: prompt=none without a session at the provider is a result, not a loop", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options());
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn({ prompt: "none" }));
    await visit.page.goto(url);
    await visit.harnessReady();
    await visit.createClient(world.options());
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start()));
    expect(failure).toMatchObject({ code: "interaction_required", error: "login_required" });
    expect(world.provider.log.count("GET", "/auth")).toBe(1);
  });
});
