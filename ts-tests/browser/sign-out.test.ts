import { describe, expect, test } from "vitest";
import { alice, useWorld } from "./support.js";

const the = useWorld();

describe("sign-out", () => {
  test("local only: the session here is gone, the provider still knows the person", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit();
    await visit.signInToHarness(options);
    const outcome = await visit.page.evaluate(async () => {
      const events: string[] = [];
      window.clients.main.on("signedOut", () => events.push("signedOut"));
      const result = await window.clients.main.signOut({ localOnly: true });
      return { result, events, session: window.clients.main.session, kept: JSON.stringify(sessionStorage) };
    });
    expect(outcome).toMatchObject({ result: { remote: false }, events: ["signedOut"], session: null });
    for (const token of world.tokens) expect(outcome.kept.includes(token)).toBe(false);

    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    await visit.page.goto(url);
    await visit.harnessReady();
    await visit.createClient(options);
    expect(await visit.page.evaluate(async () => (await window.clients.main.start())?.subject), "without a password").toBe(alice.subject);
  });

  test("LO-01: saying no at the provider leaves this page signed out all the same", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openDemo();
    await visit.signInToDemo();
    await visit.signOutOfDemo("Stay signed in");
    expect(visit.page.url()).toBe(`${world.page.url}/`);
  });

  test("LO-03: the state of the return is taken out of the address; a foreign one is left to the application", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(world.options());
    await Promise.all([visit.page.waitForURL(`${world.provider.url}/**`), visit.page.evaluate(() => window.clients.main.signOut())]);
    await visit.page.getByRole("button", { name: "Sign out" }).click();
    await visit.harnessReady();
    expect(new URL(visit.page.url()).searchParams.has("state")).toBe(true);
    await visit.createClient(world.options());
    expect(await visit.page.evaluate(() => window.clients.main.start())).toBeNull();
    expect(visit.page.url()).toBe(`${world.page.url}/harness/`);

    await visit.openHarness("?state=of-the-application");
    await visit.createClient(world.options());
    expect(await visit.page.evaluate(() => window.clients.main.start())).toBeNull();
    expect(visit.page.url()).toBe(`${world.page.url}/harness/?state=of-the-application`);
  });

  test("LO-01: when the provider cannot be reached the session here is gone nevertheless", async () => {
    const { world } = the;
    const options = world.options({ storage: "session" });
    const visit = await world.visit({ allowedConsole: /ERR_FAILED/ });
    await visit.signInToHarness(options);
    await visit.page.reload();
    await visit.harnessReady();
    // Without metadata in the cache, sign-out has to ask the provider where to go.
    await visit.page.evaluate(() => {
      for (const key of Object.keys(sessionStorage)) if (key.includes(".document.")) sessionStorage.removeItem(key);
    });
    await visit.context.route(`${world.provider.url}/**`, (route) => route.abort());
    await visit.createClient(options);
    const outcome = await visit.page.evaluate(async () => ({
      before: (await window.clients.main.start())?.subject,
      failure: await window.failureOf(() => window.clients.main.signOut()),
      after: window.clients.main.session,
      kept: JSON.stringify(sessionStorage),
    }));
    expect(outcome).toMatchObject({ before: alice.subject, failure: { code: "network_error" }, after: null });
    for (const token of world.tokens) expect(outcome.kept.includes(token)).toBe(false);
  });
});
