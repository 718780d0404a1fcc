import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { another, APPLICATION, clients, EMPTY, FAREWELL, framesLeft, inFrames, kept, serveOptions, TINY } from "./interaction.js";
import { useWorld, Visit, type VisitOptions } from "./support.js";

const the = useWorld("app", clients.map((client) => Object.assign(client, { frontchannel_logout_uri: FAREWELL })), { page: { frames: true } });

const optionsFor = (postLogoutRedirectUri: string, more: Partial<PlainOptions> = {}): PlainOptions =>
  the.world.options({ clientId: "spa-windows", storage: "session", postLogoutRedirectUri, ...more });

/** Somebody is signed in on the test page, which hears of the end. */
async function signedIn(options: PlainOptions, more?: VisitOptions): Promise<Visit> {
  const visit = await the.world.visit(more);
  await serveOptions(visit, options);
  await visit.signInToHarness(options);
  await visit.page.evaluate(() => {
    window.events = [];
    window.clients.main.on("signedOut", () => void window.events.push("signedOut"));
  });
  return visit;
}

/** What a click on the application's button does. */
async function click(visit: Visit, more: { timeoutSeconds?: number } = {}): Promise<void> {
  await visit.page.evaluate((more) => {
    const opened = window.open.bind(window);
    window.open = (...rest) => (window.popup = opened(...rest));
    window.outcome = window.clients.main.signOutPopup(more).catch((failure: { code: string }) => failure.code);
  }, more);
}

async function open(visit: Visit, more?: { timeoutSeconds?: number }): Promise<Visit> {
  const opened = visit.context.waitForEvent("page");
  await click(visit, more);
  return new Visit(visit.world, visit.context, await opened, visit.options);
}

const outcomeOf = (visit: Visit): Promise<unknown> => visit.page.evaluate(() => window.outcome);

/** LO-01: nobody is signed in here, everybody was told once, and no token is left. */
async function expectSignedOut(visit: Visit): Promise<void> {
  expect(await visit.page.evaluate(() => [window.clients.main.session, window.events])).toEqual([null, ["signedOut"]]);
  const left = await kept(visit.page);
  for (const token of the.world.tokens) expect(left.includes(token)).toBe(false);
  expect(await framesLeft(visit.page)).toEqual([0, 0]);
  expect(visit.page.url()).toBe(`${the.world.page.url}/harness/callback`);
}

describe("sign-out in a window", () => {
  test.each([["only hands over", () => TINY], ["has the whole application", () => APPLICATION]])(
    "comes back to a page that %s, which closes it",
    async (_, page) => {
      const visit = await signedIn(optionsFor(page()));
      const popup = await open(visit);
      await popup.id("provider-sign-out").waitFor();
      // Here it is done before the provider is asked.
      await expectSignedOut(visit);
      const closed = popup.page.waitForEvent("close");
      await popup.page.getByRole("button", { name: "Sign out" }).click();
      await closed;
      expect(await outcomeOf(visit)).toEqual({ remote: true });
      await expectSignedOut(visit);
      // The provider knows nobody any more.
      await visit.page.goto(`${the.world.page.url}/harness/`);
      await visit.harnessReady();
      await visit.createClient(optionsFor(page(), { silentRedirectUri: TINY }));
      expect(await visit.page.evaluate(() => window.failureOf(() => window.clients.main.signInSilent()))).toMatchObject({ error: "login_required" });
    },
  );

  test("PM-04: Cross-Origin-Opener-Policy does not disturb it", async () => {
    const visit = await signedIn(optionsFor(TINY));
    await visit.context.route(`${the.world.provider.url}/session/**`, async (route) => {
      const response = await route.fetch({ maxRedirects: 0 });
      await route.fulfill({ response, headers: { ...response.headers(), "cross-origin-opener-policy": "same-origin" } });
    });
    await visit.page.evaluate(() => void (document.hasFocus = () => false));
    const popup = await open(visit);
    await popup.id("provider-sign-out").waitFor();
    expect(await visit.page.evaluate(() => window.popup?.closed), "what the page sees of the window").toBe(true);
    const closed = popup.page.waitForEvent("close");
    await popup.page.getByRole("button", { name: "Sign out" }).click();
    await closed;
    expect(await outcomeOf(visit)).toEqual({ remote: true });
  });

  test("LO-01: whoever closes the window, or takes too long, is signed out here all the same", async () => {
    for (const timeoutSeconds of [60, 1]) {
      const visit = await signedIn(optionsFor(TINY));
      const popup = await open(visit, { timeoutSeconds });
      if (timeoutSeconds > 1) await popup.id("provider-sign-out").waitFor();
      if (timeoutSeconds > 1) await popup.page.close();
      else if (!popup.page.isClosed()) await popup.page.waitForEvent("close");
      expect(await outcomeOf(visit)).toEqual({ remote: false });
      await expectSignedOut(visit);
    }
  });

  test("PM-05: a blocked window is told before anything has happened", async () => {
    const visit = await signedIn(optionsFor(TINY));
    await visit.page.evaluate(() => void (window.open = () => null));
    expect(await visit.page.evaluate(() => window.failureOf(() => window.clients.main.signOutPopup()))).toMatchObject({ code: "popup_blocked" });
    expect(await visit.page.evaluate(() => [window.clients.main.session?.subject, window.events])).toEqual(["alice-7f3c", []]);
  });

  test("LO-01: a provider that cannot be reached: signed out here, and the window is closed", async () => {
    const visit = await signedIn(optionsFor(TINY), { allowedConsole: /ERR_FAILED/ });
    await visit.page.evaluate(() => {
      for (const key of Object.keys(sessionStorage)) if (key.includes(".document.")) sessionStorage.removeItem(key);
    });
    await visit.page.reload();
    await visit.harnessReady();
    await visit.createClient(optionsFor(TINY));
    await visit.page.evaluate(async () => {
      window.events = [];
      window.clients.main.on("signedOut", () => void window.events.push("signedOut"));
      await window.clients.main.start();
    });
    await visit.context.route(`${the.world.provider.url}/**`, (route) => route.abort());
    const popup = await open(visit);
    expect(await outcomeOf(visit)).toBe("network_error");
    if (!popup.page.isClosed()) await popup.page.waitForEvent("close");
    await expectSignedOut(visit);
  });
});

describe("silent sign-out", () => {
  const signOut = (visit: Visit, timeoutSeconds: number): Promise<unknown> =>
    visit.page.evaluate(
      (timeoutSeconds) => window.clients.main.signOutSilent({ timeoutSeconds }).catch((failure: { code: string }) => failure.code),
      timeoutSeconds,
    );

  test.each([["only hands over", () => TINY], ["has no script", () => EMPTY], ["has the whole application", () => APPLICATION]])(
    "of a provider that does not ask comes back to a page that %s",
    async (_, page) => {
      const visit = await signedIn(optionsFor(page()));
      let hint: string | null = null;
      await inFrames(visit, `${the.world.provider.url}/session/end?**`, async (route) => {
        const asked = new URL(route.request().url()).searchParams;
        hint = asked.get("id_token_hint");
        await route.fulfill({ status: 303, headers: { location: `${asked.get("post_logout_redirect_uri")}?state=${asked.get("state")}` } });
      });
      expect(await signOut(visit, 20)).toEqual({ remote: true });
      expect(hint).toMatch(/^ey/);
      await expectSignedOut(visit);
    },
  );

  test("LO-01, PM-12: a provider that asks and may not be framed: signed out here", async () => {
    const visit = await signedIn(optionsFor(TINY), { allowedConsole: /frame-ancestors/, allowViolations: true });
    expect(await signOut(visit, 1)).toEqual({ remote: false });
    await expectSignedOut(visit);
  });

  test("LO-01: signed out here even where the script for frames cannot be loaded", async () => {
    const visit = await signedIn(optionsFor(TINY), { allowedConsole: /ERR_FAILED|Failed to fetch/ });
    await visit.context.route("**/interaction*.js", (route) => route.abort());
    expect(await signOut(visit, 5)).toBe("wasm_load_failed");
    await expectSignedOut(visit);
  });
});

describe("front-channel logout", () => {
  const optionsOf = (): PlainOptions => optionsFor(TINY, { storage: "indexedDb", claims: { id_token: { sid: { essential: true } } } });

  test("LO-05: a sign-out at the provider ends the session in every tab", async () => {
    const { world } = the;
    const told = (): number => world.page.log.count("GET", new URL(FAREWELL).pathname);
    const before = told();
    const visit = await signedIn(optionsOf());
    const provider = await another(visit);
    await provider.page.goto(`${world.provider.url}/session/end`);
    await provider.page.getByRole("button", { name: "Sign out" }).click();
    await provider.id("provider-farewell").waitFor();
    await visit.page.waitForFunction(() => window.events.length > 0);
    await expectSignedOut(visit);
    await provider.id("provider-signed-out").waitFor();
    expect(told()).toBe(before + 1);
  });

  test("LO-05: only what names this session ends it", async () => {
    const visit = await signedIn(optionsOf());
    const sid = await visit.page.evaluate(() => String(window.clients.main.session?.claims["sid"]));
    expect(sid).toMatch(/^[\w-]{10,}$/);
    const farewell = (parameters: Record<string, string>): Promise<unknown> =>
      visit.page.evaluate(
        async (query) => [await window.clients.main.frontChannelLogout(`${location.origin}/farewell?${query}`), window.clients.main.session?.subject],
        String(new URLSearchParams(parameters)),
      );
    const iss = the.world.provider.url;
    for (const parameters of [{ iss, sid: "another" }, { iss: `${iss}/`, sid }, { iss: "https://evil.example", sid }, { sid }, { iss }, { iss, sid: "" }, {}]) {
      expect(await farewell(parameters), JSON.stringify(parameters)).toEqual([false, "alice-7f3c"]);
    }
    expect(await farewell({ iss, sid })).toEqual([true, undefined]);
    await expectSignedOut(visit);
  });
});
