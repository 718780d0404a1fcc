import { describe, expect, test } from "vitest";
import { alice, useWorld, type Visit } from "./support.js";

const the = useWorld();

/** Somebody follows a link of another site to the page at `initiate_login_uri`. */
async function follow(parameters: Record<string, string>): Promise<Visit> {
  const visit = await the.world.visit();
  await visit.openHarness(`?${new URLSearchParams(parameters)}`);
  await visit.createClient(the.world.options());
  return visit;
}

describe("a sign-in that somebody else begins", () => {
  test("goes to this client's provider, with the hint, and comes back where the link wants within the application", async () => {
    const { world } = the;
    const target = `${world.page.url}/harness/notes?id=3`;
    for (const [targetLinkUri, returnTo] of [[target, target], ["https://evil.example/", `${world.page.url}/`]] as const) {
      const visit = await follow({ iss: world.provider.url, login_hint: "alice", target_link_uri: targetLinkUri });
      await Promise.all([
        visit.page.waitForURL(`${world.provider.url}/**`),
        visit.page.evaluate(() => window.clients.main.signInFromThirdParty({ appState: { kept: true } })),
      ]);
      await visit.id("provider-sign-in").waitFor();
      expect(await visit.page.getByLabel("User name").inputValue()).toBe("alice");
      await visit.enterPassword();
      await visit.allow();
      await visit.harnessReady();
      await visit.createClient(world.options());
      const session = await visit.page.evaluate(async () => {
        const found = await window.clients.main.start();
        return { subject: found?.subject, appState: JSON.stringify(found?.appState) };
      });
      expect(session.subject).toBe(alice.subject);
      expect(JSON.parse(session.appState)).toEqual({ kept: true, returnTo });
    }
  });

  test.each([
    ["another provider", () => ({ iss: "https://evil.example" })],
    ["no provider", () => ({ login_hint: "alice" })],
    ["one that is almost this one", () => ({ iss: `${the.world.provider.url}/` })],
  ])("is refused for %s, and nothing is sent", async (_, parameters) => {
    const visit = await follow(parameters() as Record<string, string>);
    the.world.provider.log.clear();
    const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.signInFromThirdParty()));
    expect(failure).toMatchObject({ code: "wrong_issuer" });
    expect(the.world.provider.log.requests).toEqual([]);
    expect(new URL(visit.page.url()).origin).toBe(the.world.page.url);
  });
});
