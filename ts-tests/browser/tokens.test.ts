import { describe, expect, test } from "vitest";
import { alice, useWorld } from "./support.js";

const the = useWorld("app", [{ client_id: "spa-es256", client_name: "Test page", id_token_signed_response_alg: "ES256" }]);

describe("ST-01: where tokens are", () => {
  test("in memory by default: no storage and no cookie of the page holds one", async () => {
    const { world } = the;
    const visit = await world.visit();
    const before = world.tokens.size;
    await visit.signInToHarness(world.options());
    expect(world.tokens.size).toBeGreaterThan(before);
    const kept = await visit.page.evaluate(() => JSON.stringify([sessionStorage, localStorage, document.cookie, history.state, name]));
    for (const token of world.tokens) expect(kept.includes(token)).toBe(false);
    const databases = await visit.page.evaluate(() => indexedDB.databases());
    expect(databases).toEqual([]);
    await visit.page.reload();
    await visit.harnessReady();
    await visit.createClient(world.options());
    expect(await visit.page.evaluate(() => window.clients.main.start())).toBeNull();
  });

  test("in sessionStorage on request, for this tab only", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    const { token } = await visit.page.evaluate(() => window.clients.main.getAccessToken());
    expect(await visit.page.evaluate(() => JSON.stringify(sessionStorage))).toContain(token);

    const other = await visit.context.newPage();
    await other.goto(`${world.page.url}/harness/`);
    await other.locator("body[data-ready]").waitFor({ state: "attached" });
    expect(await other.evaluate(async (options) => (await window.oidc.OidcClient.create(options)).start(), options)).toBeNull();
  });

  test("ST-03: the record of a sign-in is gone once it is used", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.reachCallback(world.options());
    const state = new URL(visit.callbacks[0] ?? "").searchParams.get("state") ?? "";
    await visit.createClient(world.options());
    await visit.page.evaluate(() => window.clients.main.start());
    const kept = await visit.page.evaluate(() => JSON.stringify(sessionStorage));
    expect(kept).not.toMatch(/verifier|nonce/i);
    expect(state).not.toBe("");
  });

  test("ST-10: the session holds no token", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    const shown = await visit.page.evaluate(() => JSON.stringify([window.clients.main.session, structuredClone(window.clients.main.session), window.clients.main]));
    expect(shown).toContain(alice.subject);
    for (const token of world.tokens) expect(shown.includes(token)).toBe(false);
  });
});

describe("TR-22: where the access token is sent", () => {
  test("to the origins that were named, in the header", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    const answer = await visit.page.evaluate(async (api) => {
      const response = await window.clients.main.fetch(`${api}/me`);
      return { status: response.status, body: (await response.json()) as { subject: string } };
    }, world.api.url);
    expect(answer).toMatchObject({ status: 200, body: { subject: alice.subject } });
  });

  test("nowhere else: no request leaves", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    const before = visit.requests.length;
    const codes = await visit.page.evaluate(
      async (urls) => Promise.all(urls.map(async (url) => (await window.failureOf(() => window.clients.main.fetch(url)))?.code)),
      [`${world.provider.url}/me`, `${world.page.url}/me`, `${world.api.url.replace("localhost", "127.0.0.1")}/me`, world.api.url.replace("localhost", "localhost.example")],
    );
    expect(new Set(codes)).toEqual(new Set(["origin_not_allowed"]));
    expect(visit.requests.length).toBe(before);
  });

  test("a token without the scope is answered with 403 and a challenge that the page can read", async () => {
    const { world } = the;
    const options = world.options({ scope: "openid profile" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    const answer = await visit.page.evaluate(async (api) => {
      const response = await window.clients.main.fetch(`${api}/me`);
      return { status: response.status, challenge: response.headers.get("www-authenticate") };
    }, world.api.url);
    expect(answer.status).toBe(403);
    expect(answer.challenge).toContain('error="insufficient_scope"');
    expect(answer.challenge).toContain('scope="api"');
  });

  test("an expired one is not sent at all", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.page.clock.install();
    await visit.openDemo();
    await visit.signInToDemo();
    await visit.page.clock.fastForward("11:00");
    world.api.log.clear();
    await visit.id("api-with-token").click();
    await visit.id("error").waitFor();
    expect(await visit.id("error-code").textContent()).toBe("access_token_expired");
    expect(await visit.id("access-token-expiry").textContent()).toContain("Expired");
    expect(world.api.log.requests).toEqual([]);
    await visit.shot("error-expired");
  });
});

describe("ID-05: the algorithm of the ID Token is the client's", () => {
  const options = (more = {}) => the.world.options({ clientId: "spa-es256", scope: "openid profile", ...more });

  test("ES256 is verified when it is the one set", async () => {
    const visit = await the.world.visit();
    await visit.signInToHarness(options({ idTokenSignedResponseAlg: "ES256" }));
    const header = await visit.page.evaluate(async () => JSON.parse(atob((await window.clients.main.getIdToken()).split(".")[0] ?? "")) as { alg: string });
    expect(header.alg).toBe("ES256");
  });

  test("an ES256 token is refused where RS256 is expected, though the key is published", async () => {
    const visit = await the.world.visit();
    await visit.reachCallback(options());
    await visit.createClient(options());
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start()));
    expect(failure?.code).toBe("algorithm_mismatch");
    expect(await visit.page.evaluate(() => window.clients.main.session)).toBeNull();
  });

  test("a token whose signature was changed by one character is refused, and nothing is kept", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.page.route(`${world.provider.url}/token`, async (route) => {
      const response = await route.fetch();
      const body = (await response.json()) as { id_token: string };
      const cut = body.id_token.length - 20;
      const changed = body.id_token[cut] === "A" ? "B" : "A";
      body.id_token = body.id_token.slice(0, cut) + changed + body.id_token.slice(cut + 1);
      await route.fulfill({ response, json: body });
    });
    const session = world.options({ storage: "session" });
    await visit.reachCallback(session);
    await visit.createClient(session);
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start()));
    expect(failure?.code).toBe("signature_invalid");
    const kept = await visit.page.evaluate(() => JSON.stringify([sessionStorage, window.clients.main.session]));
    for (const token of world.tokens) expect(kept.includes(token)).toBe(false);
    expect(world.provider.log.count("GET", "/me"), "userinfo").toBe(0);
  });
});

describe("userinfo", () => {
  test("TR-21: claims about another person are refused", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    await visit.page.route(`${world.provider.url}/me`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), sub: `${alice.subject}x` } });
    });
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.fetchUserInfo()));
    expect(failure?.code).toBe("userinfo_subject_mismatch");
  });
});
