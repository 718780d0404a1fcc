import { calculateJwkThumbprint, type JWK } from "jose";
import { describe, expect, test } from "vitest";
import { alice, type Mode, useWorld, type Visit } from "./support.js";

const START = "/?mode=dpop";

const parsed = async (visit: Visit, name: string): Promise<Record<string, unknown>> =>
  JSON.parse((await visit.id(name).textContent()) ?? "") as Record<string, unknown>;

/** Waits for the answer that a button of a panel brings. */
const answered = async (visit: Visit, panel: "api" | "thief", status: number): Promise<void> =>
  visit.page.locator(`[data-testid="${panel}-result"][data-status="${status}"]`).waitFor();

async function signIn(visit: Visit): Promise<void> {
  await visit.openDemo("signed-out", START);
  await visit.signInToDemo();
}

describe.each<Mode>(["app", "inline"])("the demo with DPoP and PAR, built as %s", (mode) => {
  const the = useWorld(mode);

  test("a person signs in, uses the API with proofs, and a thief of the token is refused", async () => {
    const { world } = the;
    const visit = await world.visit();
    const shot = async (name: string): Promise<void> => visit.shot(mode === "app" ? `dpop-${name}` : `${mode}-dpop-${name}`);

    await visit.openDemo();
    await visit.id("mode-dpop").click();
    await visit.page.waitForURL(world.page.url + START);
    await visit.settled("signed-out");
    expect(await visit.id("mode-dpop").getAttribute("aria-current")).toBe("true");
    await shot("signed-out");

    await visit.signInToDemo();
    expect(visit.page.url(), "the mode outlives the redirect").toBe(world.page.url + START);
    expect(await visit.id("greeting").textContent()).toBe("Hello, Alice");
    expect(await visit.id("access-token-type").textContent()).toBe("DPoP");
    const address = visit.requests.find((request) => request.startsWith(`${world.provider.url}/auth?`)) ?? "";
    expect([...new URL(address).searchParams.keys()], "AR-11").toEqual(["client_id", "request_uri"]);

    await visit.id("api-with-token").click();
    await answered(visit, "api", 200);
    const answer = await parsed(visit, "api-body");
    expect(answer).toMatchObject({ subject: alice.subject, client: "spa-dpop", scheme: "DPoP" });

    // What the page shows is what the API got.
    const header = await parsed(visit, "proof-header");
    const claims = await parsed(visit, "proof-claims");
    const { id: _, jkt, ...received } = world.api.seen.proofs.at(-1) ?? { id: "", jkt: "" };
    expect(claims).toEqual(received);
    expect(claims).toMatchObject({ htm: "GET", htu: `${world.api.url}/me` });
    expect(header).toMatchObject({ typ: "dpop+jwt", alg: "ES256", jwk: { kty: "EC", crv: "P-256" } });
    expect(await calculateJwkThumbprint(header["jwk"] as JWK)).toBe(jkt);
    expect(answer["boundTo"]).toBe(jkt);
    await visit.page.getByText("What each part is good for").click();
    await shot("signed-in");

    await visit.id("thief-other-key").click();
    await answered(visit, "thief", 401);
    expect(await visit.id("thief-error").textContent()).toBe("invalid_token");
    expect(await visit.id("thief-words").textContent()).toContain("bound to another key");
    const thief = world.api.seen.proofs.at(-1);
    expect(thief?.jkt, "a proof of the thief's key, good but for that").toBe(await visit.id("thief-key").textContent());
    expect(thief?.jkt).not.toBe(jkt);
    expect(await parsed(visit, "proof-claims"), "the last proof of this page is its own").toEqual(claims);
    await shot("thief-other-key");

    await visit.id("thief-no-proof").click();
    await visit.id("thief-attempt").getByText("as a Bearer token").waitFor();
    await answered(visit, "thief", 401);
    expect(await visit.id("thief-error").textContent()).toBe("invalid_token");
    expect(await visit.id("thief-words").textContent()).toContain("opens nothing without a proof");
    await shot("thief-no-proof");

    await visit.id("api-without-token").click();
    await answered(visit, "api", 401);
    expect(await visit.id("api-challenge-raw").textContent()).toBe('DPoP algs="ES256 PS256 Ed25519"');

    await visit.id("note-text").fill("Buy milk");
    await visit.id("note-send").click();
    await answered(visit, "api", 201);
    await visit.id("user-info").click();
    await visit.id("user-info-result").waitFor();
    expect(await parsed(visit, "proof-claims")).toMatchObject({ htu: `${world.provider.url}/me` });

    await visit.page.reload();
    await visit.settled("signed-in");
    await visit.id("proof-empty").waitFor();
    await visit.id("api-with-token").click();
    await answered(visit, "api", 200);
    expect(await parsed(visit, "api-body"), "DP-12: the same key").toMatchObject({ boundTo: jkt });

    await visit.signOutOfDemo();
    expect(visit.page.url()).toBe(world.page.url + START);
  });
});

describe("the demo's DPoP mode", () => {
  const the = useWorld();

  test("the refresh token renews, with the same key", async () => {
    const { world } = the;
    const visit = await world.visit();
    await signIn(visit);
    const masked = await visit.id("access-token-masked").textContent();
    await visit.id("renew").click();
    await visit.id("events-list").getByText("The token was renewed").waitFor();
    expect(await visit.id("access-token-masked").textContent()).not.toBe(masked);
    await visit.id("api-with-token").click();
    await answered(visit, "api", 200);
    expect(world.tokenRequests, "the code, and the refresh token").toBe(2);
  });

  test("the vault opens after a second device confirmed, in a window, and the session has the new sign-in", async () => {
    const { world } = the;
    const visit = await world.visit();
    await signIn(visit);
    await visit.id("api-vault").click();
    await answered(visit, "api", 401);
    expect(await visit.id("api-challenge-raw").textContent()).toContain('error="insufficient_user_authentication"');
    await visit.shot("dpop-vault-closed");
    const [popup] = await Promise.all([visit.context.waitForEvent("page"), visit.id("api-step-up").click()]);
    await popup.locator('[data-testid="provider-confirm"]').waitFor();
    await visit.shot("provider-confirm", popup);
    await popup.getByLabel("Code", { exact: true }).fill("not the code");
    await popup.getByRole("button", { name: "Confirm" }).click();
    await popup.locator('[data-testid="provider-failure"]').waitFor();
    await popup.getByLabel("Code", { exact: true }).fill((await popup.locator('[data-testid="provider-code"]').textContent()) ?? "");
    await popup.getByRole("button", { name: "Confirm" }).click();
    await answered(visit, "api", 200);
    expect(await parsed(visit, "api-body")).toMatchObject({ subject: alice.subject, acr: "urn:demo:mfa" });
    await visit.page.locator('[data-claim="acr"]').waitFor();
    expect(await visit.page.locator('[data-claim="acr"] td').first().textContent()).toBe("urn:demo:mfa");
    await visit.shot("dpop-vault-open");

    await visit.id("renew").click();
    await visit.id("events-list").getByText("The token was renewed").waitFor();
    await visit.id("api-with-token").click();
    await visit.id("api-request").getByText("GET /me").waitFor();
    await visit.id("api-vault").click();
    await visit.id("api-request").getByText("GET /vault").waitFor();
    expect(await visit.id("api-status").textContent(), "a renewed token tells of the same sign-in").toBe("200");
  });

  test("who cannot confirm stays signed in as before, and the vault stays closed", async () => {
    const { world } = the;
    const visit = await world.visit();
    await signIn(visit);
    await visit.id("api-vault").click();
    await answered(visit, "api", 401);
    const [popup] = await Promise.all([visit.context.waitForEvent("page"), visit.id("api-step-up").click()]);
    for (const tries of [1, 2, 3]) {
      await popup.locator('[data-testid="provider-confirm"]').waitFor();
      await popup.getByLabel("Code", { exact: true }).fill(`wrong ${tries}`);
      await popup.getByRole("button", { name: "Confirm" }).click();
      if (tries < 3) await popup.locator('[data-testid="provider-failure"]').waitFor();
    }
    await visit.id("error").waitFor();
    expect(await visit.id("error-server").textContent()).toBe("unmet_authentication_requirements");
    await visit.settled("signed-in");
    await visit.id("api-vault").click();
    await answered(visit, "api", 401);
  });

  test("each mode has its own session", async () => {
    const { world } = the;
    const visit = await world.visit();
    await signIn(visit);
    await visit.id("mode-bearer").click();
    await visit.page.waitForURL(`${world.page.url}/`);
    await visit.settled("signed-out");
    await visit.id("mode-dpop").click();
    await visit.settled("signed-in");
    expect(await visit.id("greeting").textContent()).toBe("Hello, Alice");
  });

  test("a refusal at the provider comes back in this mode", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openDemo("signed-out", START);
    await visit.id("sign-in").click();
    await visit.page.getByRole("button", { name: "Cancel and go back" }).click();
    await visit.id("error").waitFor();
    expect(await visit.id("error-server").textContent()).toBe("access_denied");
    expect(visit.page.url()).toBe(world.page.url + START);
  });

  test.each([
    ["dark", { colorScheme: "dark" }],
    ["mobile", { viewport: { width: 390, height: 844 } }],
  ] as const)("it works and is shown: %s", async (name, context) => {
    const visit = await the.world.visit({ context });
    await visit.openDemo("signed-out", START);
    await visit.shot(`${name}-dpop-signed-out`);
    await visit.signInToDemo();
    await visit.id("api-with-token").click();
    await answered(visit, "api", 200);
    await visit.id("thief-other-key").click();
    await answered(visit, "thief", 401);
    await visit.shot(`${name}-dpop-signed-in`);
    const { scroll, client } = await visit.page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    expect(scroll, "the page does not scroll sideways").toBe(client);
  });

  test("it works by keyboard alone", async () => {
    const visit = await the.world.visit();
    await visit.openDemo();
    await visit.id("mode-dpop").focus();
    await visit.page.keyboard.press("Enter");
    await visit.page.waitForURL(the.world.page.url + START);
    await visit.signInToDemo();
    await visit.id("thief-no-proof").focus();
    await visit.page.keyboard.press("Enter");
    await answered(visit, "thief", 401);
    await visit.id("proof-claims").focus();
    expect(await visit.id("proof-claims").evaluate((element) => element === document.activeElement), "scrolled by keys").toBe(true);
  });
});
