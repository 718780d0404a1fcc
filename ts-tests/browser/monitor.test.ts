import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { another, authorizations, clients, framesLeft, TINY } from "./interaction.js";
import { alice, bob, useWorld, type Visit, type VisitOptions } from "./support.js";

const the = useWorld("app", clients, { page: { frames: true }, provider: { sessionManagement: true } });

const optionsFor = (): PlainOptions => the.world.options({ clientId: "spa-windows", silentRedirectUri: TINY });

/** Somebody is signed in on the test page, which watches the provider; what happens is in `window.events`. */
async function watching(more?: VisitOptions, before: (visit: Visit) => Promise<unknown> = async () => {}): Promise<Visit> {
  const visit = await the.world.visit(more);
  await visit.signInToHarness(optionsFor());
  await before(visit);
  const isWatching = await visit.page.evaluate(() => {
    window.events = [];
    window.asked = [];
    window.clients.main.on("signedOut", () => void window.events.push("signedOut"));
    window.clients.main.on("sessionChanged", () => void window.events.push("sessionChanged"));
    addEventListener("message", ({ data, origin }) => void window.asked.push(`${data} from ${origin}`));
    return window.clients.main.monitorSession({ intervalSeconds: 1, onStopped: (reason) => void window.events.push(reason) });
  });
  expect(isWatching).toBe(true);
  the.world.provider.log.clear();
  return visit;
}

/** Waits until the provider has answered so often. */
const answers = (visit: Visit, count: number): Promise<unknown> =>
  visit.page.waitForFunction((count) => window.asked.length >= count, count);

const events = (visit: Visit, count: number): Promise<unknown> =>
  visit.page.waitForFunction((count) => window.events.length >= count && window.events, count).then((found) => found.jsonValue());

const subject = (visit: Visit): Promise<string | undefined> => visit.page.evaluate(() => window.clients.main.session?.subject);

/** In another tab: signs in at the provider once more, as whom it may be. */
async function signInElsewhere(visit: Visit, user: typeof alice): Promise<void> {
  const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn({ prompt: "login" }));
  const other = await another(visit);
  await other.page.goto(url);
  await other.enterPassword(user);
  if (user !== alice) await other.allow();
  await other.page.waitForURL(`${the.world.page.url}/**`);
  await other.page.close();
}

describe("the monitor", () => {
  test("LO-06: asks the provider and leaves the session alone", async () => {
    const visit = await watching();
    await answers(visit, 3);
    expect(new Set(await visit.page.evaluate(() => window.asked))).toEqual(new Set([`unchanged from ${the.world.provider.url}`]));
    expect(await events(visit, 0)).toEqual([]);
    expect([await subject(visit), authorizations(the.world)]).toEqual([alice.subject, 0]);
    expect(await visit.page.evaluate(() => document.querySelectorAll("iframe").length)).toBe(1);
    await visit.page.evaluate(() => window.clients.main.dispose());
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("LO-06: a sign-out at the provider ends the session here, after one silent attempt", async () => {
    const visit = await watching();
    await answers(visit, 1);
    const other = await another(visit);
    await other.page.goto(`${the.world.provider.url}/session/end`);
    await other.page.getByRole("button", { name: "Sign out" }).click();
    await other.page.locator('[data-testid="provider-signed-out"]').waitFor();
    await other.page.close();
    expect(await events(visit, 1)).toEqual(["signedOut"]);
    expect([await subject(visit), authorizations(the.world)]).toEqual([undefined, 1]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("LO-06: the same person in a new session goes on", async () => {
    const visit = await watching();
    await answers(visit, 1);
    await signInElsewhere(visit, alice);
    await visit.page.waitForFunction(() => window.asked.some((text) => text.startsWith("changed")));
    await visit.page.waitForFunction(() => window.asked.slice(window.asked.findIndex((text) => text.startsWith("changed"))).some((text) => text.startsWith("unchanged")));
    expect(await events(visit, 0)).toEqual([]);
    expect(await subject(visit)).toBe(alice.subject);
    // The other tab's, and the silent one.
    expect([authorizations(the.world), the.world.tokenRequests]).toEqual([2, 1]);
  });

  test("LO-06: another person's session ends this one", async () => {
    const visit = await watching();
    await answers(visit, 1);
    await signInElsewhere(visit, bob);
    expect(await events(visit, 1)).toEqual(["signedOut"]);
    expect(await subject(visit)).toBeUndefined();
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("PM-08: a browser that keeps the provider's cookies out of frames ends nothing", async () => {
    const visit = await watching({}, (before) => before.context.clearCookies());
    expect(await events(visit, 1)).toEqual(["not_visible"]);
    expect([await subject(visit), authorizations(the.world)]).toEqual([alice.subject, 1]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("LO-06: an error stops it, without an attempt to sign in", async () => {
    const body = "<script>addEventListener('message', ({ source, origin }) => source.postMessage('error', origin));</script>";
    const visit = await watching({}, (before) =>
      before.context.route(`${the.world.provider.url}/session/check`, (route) => route.fulfill({ contentType: "text/html", body })),
    );
    expect(await events(visit, 1)).toEqual(["error"]);
    expect([await subject(visit), authorizations(the.world)]).toEqual([alice.subject, 0]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("LO-06: what others say is ignored", async () => {
    const visit = await watching();
    await answers(visit, 1);
    await visit.page.evaluate(async (provider) => {
      // A frame of the provider's origin that is not the one that was asked, and this page itself.
      const frame = document.createElement("iframe");
      frame.src = `${provider}/session/check`;
      await new Promise((resolve) => {
        frame.addEventListener("load", resolve);
        document.body.append(frame);
      });
      const timer = setInterval(() => {
        window.postMessage("changed", location.origin);
        // Its answer to this is "error".
        frame.contentWindow?.postMessage("nonsense", provider);
      }, 10);
      setTimeout(() => clearInterval(timer), 20_000);
    }, the.world.provider.url);
    await visit.page.waitForFunction((provider) => {
      const count = (text: string) => window.asked.filter((asked) => asked === text).length;
      return count(`unchanged from ${provider}`) > 3 && count(`error from ${provider}`) > 10 && count(`changed from ${location.origin}`) > 10;
    }, the.world.provider.url);
    expect(await events(visit, 0)).toEqual([]);
    expect([await subject(visit), authorizations(the.world)]).toEqual([alice.subject, 0]);
  });

  test("a signal ends it", async () => {
    const visit = await the.world.visit();
    await visit.signInToHarness(optionsFor());
    await visit.page.evaluate(async () => {
      const controller = new AbortController();
      if (!(await window.clients.main.monitorSession({ signal: controller.signal }))) throw new Error("nothing to watch");
      if (document.querySelectorAll("iframe").length !== 1) throw new Error("no frame");
      controller.abort();
    });
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });
});

declare global {
  interface Window {
    /** What came as messages. */
    asked: string[];
  }
}
