import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { alice, bob, useWorld, Visit } from "./support.js";

const the = useWorld();

/** A person in whose page an API wants more: the response is there. */
async function refused(options: PlainOptions): Promise<Visit> {
  const visit = await the.world.visit();
  await visit.signInToHarness(options);
  await visit.page.evaluate(async (url) => {
    window.refused = await window.clients.main.fetch(url);
  }, `${the.world.api.url}/vault`);
  return visit;
}

/** Begins to step up, as a click on a button does, and gives the window as a visit of its own. */
async function stepUp(visit: Visit): Promise<Visit> {
  const opened = visit.context.waitForEvent("page");
  await visit.page.evaluate(() => {
    window.steppedUp = window.clients.main.stepUp(window.refused).then(
      async (response) => ({ status: response.status, body: await response.text() }),
      (failure: unknown) => window.oidc.isOidcError(failure) && { code: failure.code, details: failure.details },
    );
  });
  return new Visit(visit.world, visit.context, await opened, visit.options);
}

/** What the application does on its callback page, in the window. */
async function start({ page }: Visit, options: PlainOptions): Promise<void> {
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  const closed = page.waitForEvent("close");
  await page.evaluate((options) => void window.oidc.OidcClient.create(options), options);
  await closed;
}

const clients: Record<string, Partial<PlainOptions>> = {
  Bearer: {},
  DPoP: { clientId: "spa-dpop", dpop: true, pushedAuthorization: "always" },
};

describe.each(Object.entries(clients))("RFC 9470 with %s", (scheme, more) => {
  test("an API asks for a stronger sign-in; the person confirms, and the request is sent again", async () => {
    const { world } = the;
    const options = world.options(more);
    const visit = await refused(options);
    expect(await visit.page.evaluate(() => [window.refused.status, window.clients.main.stepUpChallenge(window.refused)])).toEqual([
      401,
      { acrValues: "urn:demo:mfa", maxAgeSeconds: 300 },
    ]);
    const before = await visit.page.evaluate(() => window.clients.main.session?.claims.acr);
    const popup = await stepUp(visit);
    await popup.confirm();
    await start(popup, options);
    const { status, body } = (await visit.page.evaluate(() => window.steppedUp)) as { status: number; body: string };
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ subject: alice.subject });
    const after = await visit.page.evaluate(() => window.clients.main.session?.claims.acr);
    expect([before, after]).toEqual([before, "urn:demo:mfa"]);
    expect(before).not.toBe(after);
    expect(world.tokenRequests, scheme).toBe(2);
    // Once more, however often it is asked for.
    expect(await visit.page.evaluate(() => window.failureOf(() => window.clients.main.stepUp(window.refused)))).toMatchObject({
      code: "invalid_argument",
    });
  });

  test("what another person signed in for is not done in their name, and the session stays", async () => {
    const { world } = the;
    const options = world.options(more);
    const visit = await refused(options);
    // The first person's session at the provider ends meanwhile.
    await visit.context.clearCookies();
    const sends = world.api.seen.sends;
    const popup = await stepUp(visit);
    await popup.enterPassword(bob);
    await popup.confirm();
    await popup.allow();
    await start(popup, options);
    expect(await visit.page.evaluate(() => window.steppedUp)).toMatchObject({ code: "claim_invalid", details: { claim: "sub" } });
    expect(await visit.page.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
    expect(world.api.seen.sends).toBe(sends);
  });

  test("a person who will not leaves everything as it was", async () => {
    const { world } = the;
    const options = world.options(more);
    const visit = await refused(options);
    const popup = await stepUp(visit);
    await popup.id("provider-confirm").waitFor();
    await popup.page.getByRole("button", { name: "Cancel" }).click();
    await start(popup, options);
    expect(await visit.page.evaluate(() => window.steppedUp)).toMatchObject({ code: "authorization_error" });
    expect(await visit.page.evaluate(() => [window.clients.main.session?.subject, window.clients.main.stepUpChallenge(window.refused)])).toEqual([
      alice.subject,
      { acrValues: "urn:demo:mfa", maxAgeSeconds: 300 },
    ]);
    expect(world.tokenRequests).toBe(1);
  });
});

describe("what needs no other sign-in", () => {
  test("a response that asks for none, and one that is not of this client", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    const results = await visit.page.evaluate(async (api) => {
      const { main } = window.clients;
      const answered = await main.fetch(`${api}/me`);
      const own = new Response("", { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication"' } });
      return Promise.all(
        [answered, own].map(async (response) => [
          main.stepUpChallenge(response) ?? null,
          (await window.failureOf(() => main.stepUp(response)))?.code,
        ]),
      );
    }, world.api.url);
    expect(results).toEqual([
      [null, "invalid_argument"],
      [null, "invalid_argument"],
    ]);
  });
});

declare global {
  interface Window {
    refused: Response;
    steppedUp: Promise<unknown>;
  }
}
