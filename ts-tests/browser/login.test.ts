import { createRemoteJWKSet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { alice, bob, type Mode, useWorld } from "./support.js";

describe.each<Mode>(["app", "inline"])("the demo, built as %s", (mode) => {
  const the = useWorld(mode);

  test("a person signs in, sees who they are, uses the API and signs out", async () => {
    const { world } = the;
    const visit = await world.visit();
    const shot = async (name: string): Promise<void> => visit.shot(mode === "app" ? name : `${mode}-${name}`);

    await visit.openDemo();
    await shot("signed-out");
    await visit.id("api-without-token").click();
    await visit.page.locator('[data-testid="api-result"][data-status="401"]').waitFor();
    expect(await visit.id("api-challenge-raw").textContent()).toBe('Bearer realm="demo-api"');
    await shot("api-401");

    await visit.id("sign-in").click();
    await visit.id("provider-sign-in").waitFor();
    await shot("provider-login");
    await visit.enterPassword({ name: "alice", password: "not her password" });
    await visit.id("provider-failure").waitFor();
    await shot("provider-login-failed");
    await visit.enterPassword(alice);
    await visit.id("provider-consent").waitFor();
    expect(await visit.id("provider-user").textContent()).toBe("Alice Liddell");
    await shot("provider-consent");
    await visit.allow();

    await visit.settled("signed-in");
    expect(visit.page.url(), "the address after the callback").toBe(`${world.page.url}/`);
    expect(await visit.id("greeting").textContent()).toBe("Hello, Alice");
    expect(await visit.id("avatar").textContent()).toBe("AL");
    expect(await visit.id("subject").textContent()).toBe(alice.subject);
    expect(await visit.id("id-token-verified").textContent()).toBe("Signature verified, RS256");
    expect(await visit.page.locator('[data-testid="claims"] [data-claim="iss"] td').first().textContent()).toBe(world.provider.url);
    await visit.id("events-list").getByText("Request to the provider: /token").waitFor();
    const events = await visit.id("events-list").locator("li").allTextContents();
    expect(events.some((line) => line.includes("Going to the provider")), "the list reaches back before the redirect").toBe(true);
    expect(events.filter((line) => line.includes(`signedIn: ${alice.subject}`))).toHaveLength(1);
    await visit.page.getByText("Decoded token").click();
    await shot("signed-in");

    // What the page shows is what the provider signed: an implementation of others says so too.
    const idToken = [...world.tokens].find((token) => token.split(".").length === 3) ?? "";
    const verified = await jwtVerify(idToken, createRemoteJWKSet(new URL(`${world.provider.url}/jwks`)), {
      issuer: world.provider.url,
      audience: "spa",
    });
    expect(JSON.parse((await visit.id("id-token-payload").textContent()) ?? "")).toEqual(verified.payload);

    await visit.id("api-with-token").click();
    await visit.page.locator('[data-testid="api-result"][data-status="200"]').waitFor();
    expect(JSON.parse((await visit.id("api-body").textContent()) ?? "")).toMatchObject({ subject: alice.subject, client: "spa" });
    await shot("api-200");
    await visit.id("api-without-token").click();
    await visit.page.locator('[data-testid="api-result"][data-status="401"]').waitFor();

    await visit.id("note-text").fill("Buy milk");
    await visit.id("note-send").click();
    await visit.page.locator('[data-testid="api-result"][data-status="201"]').waitFor();
    expect(JSON.parse((await visit.id("api-body").textContent()) ?? "").notes[0].text).toBe("Buy milk");

    await visit.id("user-info").click();
    await visit.id("user-info-result").waitFor();
    expect(JSON.parse((await visit.id("user-info-result").textContent()) ?? "")).toMatchObject({
      sub: alice.subject,
      email: "alice@example.com",
    });

    await visit.page.reload();
    await visit.settled("signed-in");
    expect(world.tokenRequests, "token requests after a reload").toBe(1);

    await visit.id("sign-out").click();
    await visit.id("provider-sign-out").waitFor();
    await shot("provider-sign-out");
    await visit.page.getByRole("button", { name: "Sign out" }).click();
    await visit.page.waitForURL(`${world.page.url}/**`);
    await visit.settled("signed-out");
    expect(visit.page.url(), "the address after sign-out").toBe(`${world.page.url}/`);
    expect(await visit.page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(idToken);
    await shot("signed-out-again");

    await visit.id("sign-in").click();
    await visit.id("provider-sign-in").waitFor();
    expect(await visit.page.getByLabel("User name").inputValue(), "the provider asks again").toBe("");
  });

  test("LO-01: after sign-out the provider and the API do not know the access token any more", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openDemo();
    const before = new Set(world.tokens);
    await visit.signInToDemo(bob);
    expect(await visit.id("greeting").textContent()).toBe("Hello, Bob");
    const accessToken = [...world.tokens].find((token) => !before.has(token) && !token.includes(".")) ?? "";
    const ask = async (): Promise<Response> => fetch(`${world.api.url}/me`, { headers: { authorization: `Bearer ${accessToken}` } });
    expect((await ask()).status).toBe(200);

    await visit.signOutOfDemo();
    const refused = await ask();
    expect(refused.status).toBe(401);
    expect(refused.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});

describe("the demo on other screens", () => {
  const the = useWorld();

  test.each([
    ["dark", { colorScheme: "dark" }],
    ["mobile", { viewport: { width: 390, height: 844 } }],
  ] as const)("it works and is shown: %s", async (name, context) => {
    const visit = await the.world.visit({ context });
    await visit.openDemo();
    await visit.shot(`${name}-signed-out`);
    await visit.id("sign-in").click();
    await visit.id("provider-sign-in").waitFor();
    await visit.shot(`${name}-provider-login`);
    await visit.enterPassword();
    await visit.allow();
    await visit.settled("signed-in");
    await visit.id("api-with-token").click();
    await visit.page.locator('[data-testid="api-result"][data-status="200"]').waitFor();
    await visit.shot(`${name}-signed-in`);
    const { scroll, client } = await visit.page.evaluate(() => ({
      scroll: document.documentElement.scrollWidth,
      client: document.documentElement.clientWidth,
    }));
    expect(scroll, "the page does not scroll sideways").toBe(client);
  });

  test("the sign-in works without script at the provider", async () => {
    const { world } = the;
    const visit = await world.visit({ context: { javaScriptEnabled: false } });
    const url = new URL(`${world.provider.url}/auth`);
    url.search = new URLSearchParams({
      client_id: "spa",
      redirect_uri: `${world.page.url}/callback`,
      response_type: "code",
      scope: "openid",
      state: "a-state",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      login_hint: '"><script>alert(1)</script>',
    }).toString();
    await visit.page.goto(url.href);
    expect(await visit.page.getByLabel("User name").inputValue(), "a hint is text").toBe('"><script>alert(1)</script>');
    await visit.enterPassword();
    await visit.allow();
    const response = new URL(visit.callbacks[0] ?? "");
    expect(response.searchParams.get("iss"), "RFC 9207").toBe(world.provider.url);
    expect(response.searchParams.get("state")).toBe("a-state");
  });
});
