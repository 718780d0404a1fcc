import { describe, expect, test } from "vitest";
import { alice, useWorld } from "./support.js";

const the = useWorld("app", [
  { client_id: "spa-par", client_name: "Pushing page", require_pushed_authorization_requests: true },
]);

describe("pushed authorization requests", () => {
  test("AR-11: the address names the request and the client, and nothing else", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options({ clientId: "spa-par", pushedAuthorization: "always" }));
    expect(await visit.page.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
    const pushes = visit.requests.filter((request) => request === `${world.provider.url}/request`);
    expect(pushes, "one push").toHaveLength(1);
    const address = visit.requests.find((request) => request.startsWith(`${world.provider.url}/auth?`)) ?? "";
    const query = new URL(address).searchParams;
    expect([...query.keys()]).toEqual(["client_id", "request_uri"]);
  });

  test("AR-12: each sign-in has a request of its own", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options({ clientId: "spa-par", pushedAuthorization: "always" }));
    const urls = await visit.page.evaluate(async () => [
      (await window.clients.main.prepareSignIn()).url,
      (await window.clients.main.prepareSignIn()).url,
    ]);
    expect(new Set(urls).size).toBe(2);
  });

  test("AR-13: a client that must push and does not is refused by the provider, and nobody is signed in", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options({ clientId: "spa-par" }));
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    const response = await visit.page.request.get(url, { maxRedirects: 0 });
    expect([302, 303, 400]).toContain(response.status());
    expect(`${response.headers()["location"] ?? ""}${await response.text()}`).toMatch(/Pushed|invalid_request/i);
  });
});
