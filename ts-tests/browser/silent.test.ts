import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { APPLICATION, authorizations, clients, EMPTY, framesLeft, inFrames, serveOptions, SILENT, TINY } from "./interaction.js";
import { alice, useWorld, type Visit, type VisitOptions } from "./support.js";

const the = useWorld("app", clients, { page: { frames: true } });

const REFUSED = /X-Frame-Options|frame-ancestors|Content Security Policy|net::ERR_/;

interface Outcome {
  readonly subject?: string;
  readonly code?: string;
  readonly error?: string;
  readonly details?: Record<string, string>;
  readonly milliseconds: number;
}

const optionsFor = (silentRedirectUri: string): PlainOptions => the.world.options({ clientId: "spa-windows", silentRedirectUri });

/** A person who is signed in at the provider, on a page that does not know it: a session in memory ends with its page. */
async function known(options: PlainOptions, more?: VisitOptions): Promise<Visit> {
  const visit = await the.world.visit(more);
  await serveOptions(visit, options);
  await visit.signInToHarness(options);
  await visit.openHarness();
  await visit.createClient(options);
  the.world.provider.log.clear();
  return visit;
}

async function signInSilent(visit: Visit, timeoutSeconds = 20): Promise<Outcome> {
  return visit.page.evaluate(async (timeoutSeconds) => {
    const start = performance.now();
    const outcome = await window.clients.main.signInSilent({ timeoutSeconds }).then(
      ({ subject }) => ({ subject }),
      (failure: unknown) => (window.oidc.isOidcError(failure) ? failure.toJSON() : { code: String(failure) }),
    );
    return { ...outcome, milliseconds: performance.now() - start };
  }, timeoutSeconds);
}

describe("silent sign-in", () => {
  const pages = { "that only hands over": () => TINY, "without any script": () => EMPTY, "with the whole application": () => APPLICATION };
  test.each(Object.entries(pages))("PM-10: who is known to the provider is signed in, by a page %s", async (_, page) => {
    const { world } = the;
    const visit = await known(optionsFor(page()));
    await visit.page.evaluate(() => {
      window.events = [];
      window.clients.main.on("signedIn", ({ subject }) => void window.events.push(subject));
    });
    expect(await signInSilent(visit)).toMatchObject({ subject: alice.subject });
    expect([authorizations(world), world.tokenRequests]).toEqual([1, 1]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
    expect(await visit.page.evaluate(() => [window.events, window.clients.main.session?.subject])).toEqual([[alice.subject], alice.subject]);
    expect(await visit.page.evaluate(async (api) => (await window.clients.main.fetch(`${api}/me`)).status, world.api.url)).toBe(200);
    expect(visit.page.url()).toBe(`${world.page.url}/harness/`);
  });

  test("PM-08: nobody is signed in there: interaction_required, after one attempt", async () => {
    const { world } = the;
    const visit = await world.visit();
    const options = optionsFor(TINY);
    await serveOptions(visit, options);
    await visit.openHarness();
    await visit.createClient(options);
    world.provider.log.clear();
    const details = { reason: "frame", url: `${world.provider.url}/auth` };
    expect(await signInSilent(visit)).toMatchObject({ code: "interaction_required", error: "login_required", details });
    expect([authorizations(world), world.tokenRequests]).toEqual([1, 0]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("PM-08: a browser that keeps the provider's cookies out of frames: the same, and nothing is tried again", async () => {
    const { world } = the;
    const visit = await known(optionsFor(TINY));
    await inFrames(visit, `${world.provider.url}/auth?**`, async (route) => {
      const { status, headers } = await fetch(route.request().url(), { redirect: "manual" });
      await route.fulfill({ status, headers: { location: headers.get("location") ?? "" } });
    });
    expect(await signInSilent(visit)).toMatchObject({ code: "interaction_required", error: "login_required", details: { reason: "frame" } });
    expect([authorizations(world), world.tokenRequests]).toEqual([1, 0]);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
    expect(visit.page.url()).toBe(`${world.page.url}/harness/`);
  });

  test.each<[string, string, (route: Parameters<Parameters<typeof inFrames>[2]>[0]) => unknown]>([
    ["PM-12: a provider that may not be framed", "frame_refused_or_interactive", (route) => route.fulfill({ headers: { "x-frame-options": "DENY" }, body: "" })],
    ["PM-12: a provider that asks although it may not", "frame_refused_or_interactive", (route) => route.fulfill({ contentType: "text/html", body: "<form>Who are you?</form>" })],
    ["PM-12: a provider that wants to have the whole window", "frame_refused_or_interactive", (route) => route.fulfill({ contentType: "text/html", body: "<script>top.location = '/';</script>" })],
    ["a provider that cannot be reached", "frame_refused_or_interactive", (route) => route.abort()],
    ["a provider that never answers", "no_answer", () => {}],
  ])("%s is a timeout: %s", async (_, reason, answer) => {
    const { world } = the;
    const allowedConsole = new RegExp(`${REFUSED.source}|Refused to display|Unsafe attempt to initiate navigation|permission to navigate the target frame`);
    const visit = await known(optionsFor(TINY), { allowedConsole, allowViolations: true });
    await inFrames(visit, `${world.provider.url}/auth?**`, answer);
    const outcome = await signInSilent(visit, 3);
    expect(outcome).toMatchObject({ code: "timeout", details: { reason, url: `${world.provider.url}/auth` } });
    expect(outcome.milliseconds).toBeLessThan(15_000);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
    expect(visit.page.url()).toBe(`${world.page.url}/harness/`);
    await visit.context.unrouteAll({ behavior: "ignoreErrors" });
  });

  test("PM-12: a callback page that says nothing is a timeout that says so", async () => {
    const visit = await known(optionsFor(SILENT));
    expect(await signInSilent(visit, 4)).toMatchObject({ code: "timeout", details: { reason: "callback_page_silent" } });
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test.each(["'none'", "'self'", "the provider"])("PM-12: a policy of the page that allows frames of %s is told at once", async (source) => {
    const { world } = the;
    const visit = await known(optionsFor(TINY), { allowedConsole: REFUSED, allowViolations: true });
    await visit.page.evaluate((source) => {
      const meta = document.createElement("meta");
      meta.httpEquiv = "Content-Security-Policy";
      meta.content = `frame-src ${source}`;
      document.head.append(meta);
    }, source === "the provider" ? world.provider.url : source);
    const outcome = await signInSilent(visit, 30);
    expect(outcome).toMatchObject({ code: "timeout", details: { reason: "csp_frame_src" } });
    expect(outcome.milliseconds).toBeLessThan(15_000);
    expect(await framesLeft(visit.page)).toEqual([0, 0]);
  });

  test("PM-07: nothing is left of fifty attempts, several at a time", async () => {
    const visit = await known(optionsFor(TINY));
    for (let round = 0; round < 5; round += 1) {
      await visit.page.evaluate(async (round) => {
        const attempts = Array.from({ length: 10 }, (_, index) => {
          const controller = new AbortController();
          if (index % 2 === 1) setTimeout(() => controller.abort(), index * 20 * round);
          return window.clients.main.signInSilent({ signal: controller.signal }).catch((failure: { code: string }) => failure.code);
        });
        const outcomes = await Promise.all(attempts);
        const strange = outcomes.filter((outcome) => typeof outcome === "string" && outcome !== "aborted");
        if (strange.length > 0) throw new Error(strange.join());
      }, round);
      expect(await framesLeft(visit.page)).toEqual([0, 0]);
    }
  });

  test("PM-01: what other frames and pages say is ignored", async () => {
    const { world } = the;
    const visit = await known(optionsFor(TINY));
    let state = "";
    // While the provider thinks about it.
    await inFrames(visit, `${world.provider.url}/auth?**`, async (route) => {
      state = new URL(route.request().url()).searchParams.get("state") ?? "";
      await visit.page.evaluate(([state, page]) => {
        const forged = `${page}?code=forged&state=${state}`;
        window.postMessage(forged, location.origin);
        for (let number = 0; number < 1000; number += 1) window.postMessage({ number }, location.origin);
        const channel = new BroadcastChannel(`oidc-wasm ${state}`);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
        channel.postMessage(forged.replace(state, "p.of-somebody-else-entirely"));
        channel.close();
      }, [state, TINY] as const);
      await route.continue();
    });
    expect(await signInSilent(visit)).toMatchObject({ subject: alice.subject });
    expect(state).toMatch(/^p\.[\w-]{20,}$/);
    expect(world.tokenRequests).toBe(1);
  });
});
