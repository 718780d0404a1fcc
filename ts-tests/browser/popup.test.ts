import { chromium, type Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { APPLICATION, clients as onPages, serveOptions, TINY } from "./interaction.js";
import { alice, FLAGS, useWorld, Visit } from "./support.js";

const the = useWorld("app", [{ client_id: "spa-jarm", authorization_signed_response_alg: "RS256" }, ...onPages]);

/** What a click on the application's button does: the outcome is there when the window is done with. */
async function click(visit: Visit, more: { timeoutSeconds?: number } = {}): Promise<void> {
  await visit.page.evaluate((more) => {
    const opened = window.open.bind(window);
    window.open = (...rest) => (window.popup = opened(...rest));
    window.abort = new AbortController();
    window.outcome = window.clients.main.signInPopup({ ...more, signal: window.abort.signal }).then(
      (session) => ({ subject: session.subject }),
      (failure: unknown) => window.oidc.isOidcError(failure) && { code: failure.code, type: failure.type, error: failure.error },
    );
  }, more);
}

/** Opens the test page with a client on it, clicks, and gives the window as a visit of its own. */
async function open(visit: Visit, options: PlainOptions, more?: { timeoutSeconds?: number }): Promise<Visit> {
  await visit.openHarness();
  await visit.createClient(options);
  const opened = visit.context.waitForEvent("page");
  await click(visit, more);
  return new Visit(visit.world, visit.context, await opened, visit.options);
}

/** What the application does in every page, and so also on the callback page in the window. */
async function startIn(page: Page, options: PlainOptions): Promise<void> {
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  await page.evaluate((options) => {
    window.started = (async () => {
      window.clients.main = await window.oidc.OidcClient.create(options);
      return window.clients.main.start();
    })();
    window.started.catch(() => {});
  }, options);
}

/** Signs in in the window, until it has closed itself. */
async function signInWithin(popup: Visit, options: PlainOptions): Promise<void> {
  await popup.enterPassword();
  await popup.allow();
  const closed = popup.page.waitForEvent("close");
  await startIn(popup.page, options);
  await closed;
}

const outcomeOf = (page: Page): Promise<unknown> => page.evaluate(() => window.outcome);

/** The provider cuts its windows off from the pages that opened them. */
async function isolate(visit: Visit): Promise<void> {
  await visit.context.route(`${visit.world.provider.url}/**`, async (route) => {
    if (!route.request().isNavigationRequest()) return route.continue();
    const response = await route.fetch({ maxRedirects: 0 });
    return route.fulfill({ response, headers: { ...response.headers(), "cross-origin-opener-policy": "same-origin" } });
  });
}

describe("sign-in in a window", () => {
  test("PM-04, PM-10: the page that opened it completes it, once, and the window closes itself", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options({ storage: "session" });
    const popup = await open(visit, options);
    await visit.page.evaluate(() => {
      window.events = [];
      window.clients.main.on("signedIn", (session) => void window.events.push(session.subject));
    });
    // PM-06: no name by which other pages could reach it.
    await popup.id("provider-sign-in").waitFor();
    expect(await popup.page.evaluate(() => window.name)).toBe("");
    await signInWithin(popup, options);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    expect(await visit.page.evaluate(() => [window.events, window.clients.main.session?.subject])).toEqual([[alice.subject], alice.subject]);
    expect(await visit.page.evaluate(async (api) => (await window.clients.main.fetch(`${api}/me`)).status, world.api.url)).toBe(200);
    expect(world.tokenRequests).toBe(1);
    expect(visit.page.url()).toBe(`${world.page.url}/harness/`);
  });

  const clients: Record<string, Partial<PlainOptions>> = {
    "proofs and a pushed request": { clientId: "spa-dpop", dpop: true, pushedAuthorization: "always" },
    "a signed response": { clientId: "spa-jarm", responseMode: "jwt" },
  };
  test.each(Object.entries(clients))("with %s", async (_, more) => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options(more);
    await signInWithin(await open(visit, options), options);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
  });

  /** Signs in in the window, until a page there that does it by itself has closed it. */
  async function signInAndClose(popup: Visit): Promise<void> {
    await popup.enterPassword();
    await popup.allow();
    if (!popup.page.isClosed()) await popup.page.waitForEvent("close");
  }

  test.each([
    ["only hands over", () => TINY, false],
    ["only hands over, cut off", () => TINY, true],
    ["has the whole application", () => APPLICATION, false],
    ["has the whole application, cut off", () => APPLICATION, true],
  ])("PM-10: popupRedirectUri may be a page of its own that %s", async (_, page, isCutOff) => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options({ clientId: "spa-windows", popupRedirectUri: page() });
    await serveOptions(visit, options);
    if (isCutOff) await isolate(visit);
    const popup = await open(visit, options);
    if (isCutOff) await visit.page.evaluate(() => void (document.hasFocus = () => false));
    await signInAndClose(popup);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    expect(world.tokenRequests).toBe(1);
    expect(await visit.page.evaluate(async (api) => (await window.clients.main.fetch(`${api}/me`)).status, world.api.url)).toBe(200);
  });

  test.each([false, true])("PM-04: the person may go elsewhere in the window, come back, and load it again (cut off: %s)", async (isCutOff) => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options({ clientId: "spa-windows", popupRedirectUri: TINY });
    if (isCutOff) await isolate(visit);
    const popup = await open(visit, options);
    if (isCutOff) await visit.page.evaluate(() => void (document.hasFocus = () => false));
    await popup.id("provider-sign-in").waitFor();
    await popup.page.goto(`${world.api.url}/`);
    await popup.page.goBack();
    await popup.id("provider-sign-in").waitFor();
    await popup.page.reload();
    await signInAndClose(popup);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    expect(world.tokenRequests).toBe(1);
  });

  test("one window after the other works, for sign-in and sign-out", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options({ clientId: "spa-windows", popupRedirectUri: TINY, postLogoutRedirectUri: TINY });
    await signInAndClose(await open(visit, options));
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    for (let round = 0; round < 2; round += 1) {
      // The provider knows the person: the window goes through by itself.
      await click(visit);
      expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    }
    const opened = visit.context.waitForEvent("page");
    const outcome = visit.page.evaluate(() => window.clients.main.signOutPopup());
    const popup = await opened;
    await popup.getByRole("button", { name: "Sign out" }).click();
    expect(await outcome).toEqual({ remote: true });
    const again = visit.context.waitForEvent("page");
    await click(visit);
    await signInAndClose(new Visit(world, visit.context, await again, visit.options));
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    expect(world.tokenRequests).toBe(4);
    expect(visit.context.pages().length).toBe(1);
  });

  test("PM-04: Cross-Origin-Opener-Policy does not disturb it", async () => {
    const { world } = the;
    const visit = await world.visit();
    await isolate(visit);
    const options = world.options();
    const popup = await open(visit, options);
    // The tests' browser says of every page that it has the focus; while the person is in the window, this one has not.
    await visit.page.evaluate(() => void (document.hasFocus = () => false));
    await popup.id("provider-sign-in").waitFor();
    expect(await visit.page.evaluate(() => window.popup?.closed), "what the page sees of the window").toBe(true);
    await signInWithin(popup, options);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
  });

  test.each([false, true])("PM-04: a window that the person closed is popup_closed (cut off: %s)", async (isCutOff) => {
    const { world } = the;
    const visit = await world.visit();
    if (isCutOff) await isolate(visit);
    const popup = await open(visit, world.options());
    await popup.id("provider-sign-in").waitFor();
    await popup.page.close();
    expect(await outcomeOf(visit.page)).toEqual({ code: "popup_closed", type: "interaction" });
    expect(world.tokenRequests).toBe(0);
  });

  test("PM-05: a window that the browser does not open is popup_blocked, at once", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(world.options());
    world.provider.log.clear();
    const failure = await visit.page.evaluate(async () => {
      window.open = () => null;
      const order: string[] = [];
      const failed = window.failureOf(() => window.clients.main.signInPopup()).then((failure) => (order.push("failed"), failure));
      setTimeout(() => order.push("a task later"));
      await new Promise((resolve) => setTimeout(resolve));
      return { order, code: (await failed)?.code };
    });
    expect(failure).toEqual({ order: ["failed", "a task later"], code: "popup_blocked" });
    expect(world.provider.log.requests).toEqual([]);
  });

  test("the caller's signal ends it and closes the window", async () => {
    const { world } = the;
    const visit = await world.visit();
    const popup = await open(visit, world.options());
    await popup.id("provider-sign-in").waitFor();
    const closed = popup.page.waitForEvent("close");
    await visit.page.evaluate(() => window.abort.abort());
    await closed;
    expect(await outcomeOf(visit.page)).toEqual({ code: "aborted", type: "aborted" });
  });

  test("a person who takes too long is a timeout, and the window closes", async () => {
    const { world } = the;
    const visit = await world.visit();
    const popup = await open(visit, world.options(), { timeoutSeconds: 1 });
    if (!popup.page.isClosed()) await popup.page.waitForEvent("close");
    expect(await outcomeOf(visit.page)).toEqual({ code: "timeout", type: "timeout" });
  });

  test("an error response is the error of the sign-in", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options();
    const popup = await open(visit, options);
    await popup.enterPassword();
    await popup.id("provider-consent").waitFor();
    await popup.page.getByRole("button", { name: "Deny" }).click();
    const closed = popup.page.waitForEvent("close");
    await startIn(popup.page, options);
    await closed;
    expect(await outcomeOf(visit.page)).toMatchObject({ code: "authorization_error", error: "access_denied" });
    expect(world.tokenRequests).toBe(0);
  });

  test("a second one takes the place of the first", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options();
    const first = await open(visit, options);
    await first.id("provider-sign-in").waitFor();
    const outcome = visit.page.evaluate(() => window.outcome);
    const closed = first.page.waitForEvent("close");
    const opened = visit.context.waitForEvent("page");
    await click(visit);
    await closed;
    expect(await outcome).toEqual({ code: "aborted", type: "aborted" });
    await signInWithin(new Visit(world, visit.context, await opened, visit.options), options);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
  });

  test("PM-01, PM-03: messages from elsewhere are ignored", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options();
    const popup = await open(visit, options);
    await popup.id("provider-sign-in").waitFor();
    const request = visit.requests.find((url) => url.startsWith(`${world.provider.url}/auth?`)) ?? "";
    const state = new URL(request).searchParams.get("state") ?? "";
    expect(state).toMatch(/^p\.[\w-]{20,}$/);
    await visit.page.evaluate(([redirectUri, state]) => {
      // The right state, from a window that is not ours.
      window.postMessage(`${redirectUri}?code=forged&state=${state}`, location.origin);
      for (let number = 0; number < 1000; number += 1) window.postMessage({ number }, location.origin);
      // The right channel, the wrong state; and no text at all.
      const channel = new BroadcastChannel(`oidc-wasm ${state}`);
      for (const message of [`${redirectUri}?code=forged&state=p.other`, { url: redirectUri }]) {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
        channel.postMessage(message);
      }
      channel.close();
    }, [options.redirectUri, state] as const);
    await signInWithin(popup, options);
    expect(await outcomeOf(visit.page)).toEqual({ subject: alice.subject });
    expect(world.tokenRequests).toBe(1);
  });

  test("PM-01, PM-04: a page in another site, where channels are apart, hears its window directly", async () => {
    const { world } = the;
    const options = world.options();
    // The answers below come from no address, and a browser would keep their pages from asking a server on this machine.
    const args = [...FLAGS, "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"];
    const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args });
    const context = await browser.newContext();
    const page = await context.newPage();
    const embedder = world.page.url.replace("localhost", "127.0.0.1");
    await context.route(`${embedder}/**`, (route) =>
      route.fulfill({ contentType: "text/html", body: `<iframe src="${world.page.url}/harness/"></iframe>` }),
    );
    // The demo's page may not be framed.
    await context.route(`${world.page.url}/harness/**`, async (route) => {
      if (!route.request().isNavigationRequest()) return route.continue();
      const response = await route.fetch();
      const { "content-security-policy": _, ...headers } = response.headers();
      return route.fulfill({ response, headers });
    });
    await page.goto(embedder);
    const frame = page.frames()[1];
    if (!frame) throw new Error("There is no frame.");
    await frame.locator("body[data-ready]").waitFor({ state: "attached" });
    const opened = context.waitForEvent("page");
    await frame.evaluate(async (options) => {
      window.clients.main = await window.oidc.OidcClient.create(options);
      window.outcome = window.clients.main.signInPopup().then(
        ({ subject }) => subject,
        (failure: unknown) => String(failure),
      );
    }, options);
    await signInWithin(new Visit(world, context, await opened, {}), options);
    expect(await frame.evaluate(() => window.outcome)).toBe(alice.subject);
    await browser.close();
  });

  test("PM-10: a window whose page is gone closes itself, and the code is not sent", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = world.options();
    const popup = await open(visit, options);
    await popup.enterPassword();
    await visit.page.reload();
    await popup.allow();
    const closed = popup.page.waitForEvent("close");
    await startIn(popup.page, options);
    await closed;
    expect(world.tokenRequests).toBe(0);
  });

  test("a provider that does not answer is a network_error, and the window closes", async () => {
    const { world } = the;
    const visit = await world.visit({ allowedConsole: /net::ERR_FAILED/ });
    await visit.openHarness();
    await visit.createClient(world.options());
    await visit.context.route(`${world.provider.url}/**`, (route) => route.abort());
    const opened = visit.context.waitForEvent("page");
    await click(visit);
    const popup = await opened;
    expect(await outcomeOf(visit.page)).toMatchObject({ code: "network_error" });
    if (!popup.isClosed()) await popup.waitForEvent("close");
  });
});

declare global {
  interface Window {
    popup: Window | null;
    abort: AbortController;
    outcome: Promise<unknown>;
    started: Promise<unknown>;
    events: string[];
  }
}
