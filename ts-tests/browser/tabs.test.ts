import { describe, expect, test } from "vitest";
import { alice, bob } from "./support.js";
import { percentiles, type Profile, SOON, type Tab, type TabsWorld, useTabs } from "../support/tabs.js";
import { LIFETIME } from "../support/tabs-provider.js";

const the = useTabs();

const TABS = 20;
const ROUNDS = 50;
/** What somebody may hear whose session has ended. */
const ENDED = ["session_ended", "not_signed_in", "session_lost"];

/** Who is signed in, as each tab knows it, by its snapshot. */
async function subjects({ tabs }: Profile): Promise<(string | undefined)[]> {
  return Promise.all(tabs.map(({ page }) => page.evaluate(() => window.clients.main.session?.subject)));
}

async function count(profile: Profile, event: string): Promise<number> {
  return (await profile.events()).filter(({ name }) => name === event).length;
}

/** The code that a call fails with in a tab. */
async function codeOf({ page }: Tab): Promise<string | undefined> {
  return (await page.evaluate(() => window.failureOf(() => window.clients.main.getAccessToken())))?.code;
}

describe.each(["local", "indexedDb"] as const)(`${TABS} tabs, storage "%s"`, (storage) => {
  test(`RF-01, RF-09, TM-04, TM-05: ${ROUNDS} expiries and a wake after eight hours cost one token request each`, async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage });
    await profile.signIn(options);
    await profile.open(TABS - 1, options, (index) => (index < 11 ? "asks" : index < 15 ? "both" : "timer"));
    world.provider.forget();

    const waits: number[] = [];
    const once = async (round: string, order: Parameters<Profile["round"]>[0]): Promise<void> => {
      const { reports, requests } = await profile.round(order);
      const found = new Set(profile.tabs.map((tab) => reports.get(tab)?.code ?? (reports.has(tab) ? "token" : `nothing from ${tab.name}`)));
      const failures = found.size === 1 ? [] : (await profile.events()).filter(({ name }) => ["renewalFailed", "degraded", "signedOut"].includes(name));
      expect([...found], `${round} ${JSON.stringify(failures)}`).toEqual(["token"]);
      expect(new Set([...reports.values()].map(({ token }) => token)).size, `tokens after ${round}`).toBe(1);
      expect(requests, `token requests in ${round}`).toBe(1);
      waits.push(...[...reports.values()].map(({ waited }) => waited));
    };
    for (let round = 1; round <= ROUNDS; round += 1) {
      // In each tenth round nobody asks, and the timers of all come due together shortly before the expiry.
      await once(`round ${round}`, round % 10 === 0 ? { seconds: LIFETIME - 20, calls: 0 } : { seconds: LIFETIME + 1 });
    }
    const { p50, p95, max } = percentiles(waits);
    console.log(`${TABS} tabs, ${ROUNDS} rounds, storage "${storage}": ${world.provider.requests.length} token requests; a token came after ${p50} ms (p50), ${p95} ms (p95), ${max} ms (longest)`);
    await once("the wake after eight hours", { seconds: 8 * 3600, calls: 50 });

    expect(world.provider.requests.map(({ outcome }) => outcome)).toEqual(Array.from({ length: ROUNDS + 1 }, () => "ok"));
    expect(new Set(world.provider.requests.map(({ family }) => family)).size).toBe(1);
    expect((await profile.events()).filter(({ name }) => ["signedOut", "renewalFailed", "sessionChanged", "degraded"].includes(name))).toEqual([]);
    expect(await subjects(profile)).toEqual(profile.tabs.map(() => alice.subject));
  }, 300_000);

  test("RF-11: who signs out while another tab renews is out everywhere, and the new refresh token is revoked", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage });
    const first = await profile.signIn(options);
    const [second] = await profile.open(2, options, (index) => (index === 0 ? "asks" : "timer"));
    for (const where of ["answer", "arrival"] as const) {
      await Promise.all(profile.tabs.map(({ page }) => page.evaluate(() => window.tab.events.splice(0))));
      world.provider.forget();
      const held = world.provider.hold(where);
      const { reports } = await profile.round({
        orders: second,
        whileRunning: async () => {
          await held.reached;
          await second?.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
          held.release();
        },
      });
      for (const { token, code } of reports.values()) {
        expect(token).toBeUndefined();
        expect([...ENDED, "signedOut"]).toContain(code);
      }
      await expect.poll(() => subjects(profile), SOON).toEqual(profile.tabs.map(() => undefined));
      const [request, ...more] = world.provider.requests;
      expect(more).toEqual([]);
      const refreshToken = request?.refreshToken ?? "";
      expect(refreshToken).not.toBe("");
      await expect.poll(() => world.provider.isUsable(refreshToken), SOON).toBe(false);
      const late = await profile.openEmpty();
      expect(await profile.startClient(late, options)).toBeUndefined();
      expect(await count(profile, "signedOut")).toBe(3);
      await profile.closeTab(late);
      await profile.signIn(options, { tab: first });
      await expect.poll(() => subjects(profile), SOON).toEqual(profile.tabs.map(() => alice.subject));
    }
  });

  test("a sign-in and a sign-out reach all tabs", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage });
    for (let index = 0; index < 3; index += 1) await profile.startClient(await profile.openEmpty(), options);
    expect(await subjects(profile)).toEqual([undefined, undefined, undefined]);
    const first = await profile.signIn(options);
    await expect.poll(() => subjects(profile), SOON).toEqual(profile.tabs.map(() => alice.subject));
    await expect.poll(() => count(profile, "signedIn"), SOON).toBe(4);
    await first.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
    await expect.poll(() => subjects(profile), SOON).toEqual(profile.tabs.map(() => undefined));
    await expect.poll(() => count(profile, "signedOut"), SOON).toBe(4);
  });
});

describe("RF-12: somebody else signs in in another tab", () => {
  /** Notes whose tokens go to the API, here the userinfo endpoint, and from which tab. */
  async function watchApi(profile: Profile): Promise<{ tab: Tab | undefined; owner: string | undefined }[]> {
    const calls: { tab: Tab | undefined; owner: string | undefined }[] = [];
    await profile.context.route("**/me", (route) => {
      const request = route.request();
      const [, token = ""] = (request.headers()["authorization"] ?? "").split(" ");
      if (request.method() === "GET") calls.push({ tab: profile.tabOf(request), owner: profile.world.provider.ownerOf(token) });
      return route.continue();
    });
    return calls;
  }
  const call20 = ({ page }: Tab, api: string): Promise<string[]> =>
    page.evaluate(
      async (url) =>
        Promise.all(
          Array.from({ length: 20 }, async () => {
            let status = 0;
            const failure = await window.failureOf(async () => {
              ({ status } = await window.clients.main.fetch(url));
            });
            return failure?.code ?? String(status);
          }),
        ),
      api,
    );

  test("while calls wait for a renewal: none goes out with the other person's token", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local", allowedOrigins: [world.provider.url] });
    const first = await profile.signIn(options);
    const [second] = await profile.open(1, options);
    if (!second) throw new Error("There is no second tab.");
    const calls = await watchApi(profile);
    await profile.round();
    const held = world.provider.hold("arrival");
    await profile.jump(LIFETIME + 1);
    const answers = call20(first, `${world.provider.url}/me`);
    await held.reached;
    await profile.forgetAtProvider();
    world.provider.forget();
    const signingIn = profile.signIn(options, { tab: second, user: bob });
    await expect.poll(() => world.provider.requests.filter(({ outcome }) => outcome === "ok").length, SOON).toBe(1);
    held.release();
    await signingIn;
    const outcomes = new Set(await answers);
    expect([...outcomes].every((outcome) => ["200", "session_changed"].includes(outcome)), [...outcomes].join()).toBe(true);
    expect(calls.filter(({ tab, owner }) => tab === first && owner !== alice.subject)).toEqual([]);
    await expect.poll(() => subjects(profile), SOON).toEqual([bob.subject, bob.subject]);
    const changes = (await first.page.evaluate(() => window.tab.events)).filter(({ name }) => name === "sessionChanged");
    expect(changes).toHaveLength(1);
  });

  test.each(["local", "indexedDb"] as const)('and no news of it comes: the next calls notice it before anything is sent, storage "%s"', async (storage) => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage, allowedOrigins: [world.provider.url] });
    // No news reach this tab.
    await profile.context.addInitScript(() => {
      if (new URL(location.href).searchParams.has("deaf")) {
        addEventListener("storage", (event) => event.stopImmediatePropagation(), true);
        Reflect.set(window, "BroadcastChannel", undefined);
      }
    });
    const second = await profile.signIn(options);
    const first = await profile.openEmpty("asks", "/harness/?deaf");
    await profile.startClient(first, options);
    const calls = await watchApi(profile);
    await profile.forgetAtProvider();
    await profile.signIn(options, { tab: second, user: bob });
    // Chromium takes its time to show another process what was written; a tab that reads before that cannot know.
    const stored = ({ page }: Tab): Promise<string> => page.evaluate(() => JSON.stringify(Object.entries(localStorage).sort()));
    await expect.poll(async () => (await stored(first)) === (await stored(second)), SOON).toBe(true);
    const before = calls.length;
    const outcomes = await call20(first, `${world.provider.url}/me`);
    expect(new Set(outcomes)).toEqual(new Set(["session_changed"]));
    expect(calls.slice(before)).toEqual([]);
    await expect.poll(() => first.page.evaluate(() => window.tab.events.map(({ name }) => name)), SOON).toContain("sessionChanged");
    expect(await first.page.evaluate(() => window.clients.main.session?.subject)).toBe(bob.subject);
  });
});

describe("one tab", () => {
  test.each(["memory", "session", "local", "indexedDb"] as const)('RF-01: 1,000 calls at expiry cost one request, storage "%s"', async (storage) => {
    const { world } = the;
    const profile = await world.profile();
    await profile.signIn(world.options({ storage }), { manner: "both" });
    world.provider.forget();
    const { reports, requests } = await profile.round({ calls: 1000 });
    const [report] = reports.values();
    expect(report).toMatchObject({ token: expect.stringMatching(/^\S+$/) });
    expect(requests).toBe(1);
    console.log(`1,000 calls, storage "${storage}": ${Math.round(report?.waited ?? 0)} ms`);
  });

  test("TM-10: a renewal that the network takes away signs nobody out, and it is made up for when the network is back", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local" });
    const tab = await profile.signIn(options, { manner: "both" });
    world.provider.forget();
    const held = world.provider.hold("arrival");
    const { reports } = await profile.round({
      whileRunning: async () => {
        await held.reached;
        await profile.context.setOffline(true);
        held.drop();
      },
    });
    expect(["offline", "network_error", "outcome_unknown"]).toContain(reports.get(tab)?.code);
    expect(await subjects(profile)).toEqual([alice.subject]);
    expect(await codeOf(tab)).toMatch(/^(?:offline|renewal_postponed)$/);
    await profile.jump(3600);
    expect(await codeOf(tab)).toBe("offline");
    expect(world.provider.requests, "no request while there is no network").toHaveLength(1);
    await profile.context.setOffline(false);
    await expect.poll(() => world.provider.requests.map(({ outcome }) => outcome), SOON).toEqual(["lost", "ok"]);
    await expect.poll(() => codeOf(tab), SOON).toBeUndefined();
    expect(await count(profile, "signedOut")).toBe(0);
    expect(world.provider.requests).toHaveLength(2);
  });

  test("a provider that is closed for a while signs nobody out, and is not asked again before the time that it names", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local" });
    await profile.signIn(options, { manner: "both" });
    await profile.open(3, options, () => "both");
    world.provider.forget();
    world.provider.outage = { status: 503, headers: { "retry-after": "60" } };
    const { reports, requests } = await profile.round();
    expect(new Set([...reports.values()].map(({ token }) => token))).toEqual(new Set([undefined]));
    expect(requests).toBe(1);
    expect((await profile.round({ seconds: 30 })).requests).toBe(0);
    world.provider.outage = undefined;
    const again = await profile.round({ seconds: 120 });
    expect([...again.reports.values()].map(({ code }) => code)).toEqual(profile.tabs.map(() => undefined));
    expect(again.requests).toBe(1);
    expect(await count(profile, "signedOut")).toBe(0);
  });

  test.each(["arrival", "answer"] as const)("TM-04: a computer that sleeps in the middle of a renewal signs nobody out (%s)", async (where) => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local" });
    await profile.signIn(options, { manner: "both" });
    await profile.open(3, options, () => "both");
    world.provider.forget();
    const held = world.provider.hold(where);
    const { reports } = await profile.round({
      whileRunning: async () => {
        await held.reached;
        await profile.jump(8 * 3600);
        held.release();
      },
    });
    // What came has expired meanwhile; nobody is out, and at most one more request makes it good.
    expect([...reports.values()].filter(({ code }) => ENDED.includes(code ?? ""))).toEqual([]);
    expect(world.provider.requests.map(({ outcome }) => outcome).filter((outcome) => outcome !== "ok")).toEqual([]);
    expect(world.provider.requests.length).toBeLessThanOrEqual(2);
    console.log(`asleep in the middle (${where}): ${[...reports.values()].map(({ code = "token" }) => code).join()}, ${world.provider.requests.length} requests`);
    await profile.jump(60);
    const again = await profile.round();
    expect([...again.reports.values()].map(({ code }) => code)).toEqual(profile.tabs.map(() => undefined));
    expect(again.requests).toBe(1);
    expect(await count(profile, "signedOut")).toBe(0);
  });

  test("TM-08: a page that starts twice, as in React's StrictMode, completes the sign-in once", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local" });
    const tab = await profile.openEmpty();
    await profile.reachCallback(tab, options);
    world.provider.forget();
    const found = await tab.page.evaluate(async (options) => {
      const mount = async (): Promise<string | undefined> => {
        const client = await window.oidc.OidcClient.create(options);
        window.clients.main = client;
        const [one, two] = await Promise.all([client.start(), client.start()]);
        return one === two ? one?.subject : "two sessions";
      };
      const first = await window.oidc.OidcClient.create(options);
      const early = first.start();
      first.dispose();
      const subjects = await Promise.all([mount(), mount()]);
      return [(await early)?.subject, ...subjects];
    }, options);
    expect(found).toEqual([alice.subject, alice.subject, alice.subject]);
    expect(world.provider.requests.map(({ grantType, outcome }) => `${grantType} ${outcome}`)).toEqual(["authorization_code ok"]);
  });

  test("CB-12: the back button, a bookmark and a copy of the tab come to a used callback, and nothing happens", async () => {
    const { world } = the;
    const profile = await world.profile();
    const options = world.options({ storage: "local" });
    const tab = await profile.openEmpty();
    await profile.reachCallback(tab, options);
    const callback = tab.page.url();
    expect(new URL(callback).searchParams.has("code")).toBe(true);
    await profile.startClient(tab, options);
    world.provider.forget();

    for (const where of ["back", "bookmark"] as const) {
      if (where === "back") {
        await tab.page.goto(`${world.page.url}/harness/`);
        await tab.page.evaluate((url) => history.replaceState(null, "", url), callback);
        await tab.page.goto(`${world.page.url}/harness/?elsewhere`);
        await tab.page.goBack();
      } else {
        await tab.page.goto(callback);
      }
      await profile.ready(tab);
      expect(await profile.startClient(tab, options), where).toBe(alice.subject);
    }
    const bookmark = await profile.openEmpty("asks", new URL(callback).pathname + new URL(callback).search);
    expect(await profile.startClient(bookmark, options), "a bookmark in another tab").toBe(alice.subject);
    const copy = await profile.duplicate(tab, callback);
    expect(await profile.startClient(copy, options), "a copy of the tab").toBe(alice.subject);
    expect(world.provider.requests).toEqual([]);
    expect(await subjects(profile)).toEqual([alice.subject, alice.subject, alice.subject]);
    expect(await count(profile, "signedOut")).toBe(0);
    const { requests } = await profile.round();
    expect(requests).toBe(1);
  });

  test("two clients on one page live side by side", async () => {
    const { world } = the;
    const profile = await world.profile();
    const [one, two] = [world.options(), world.options({ clientId: "other" })];
    const tab = await profile.signIn(one);
    await profile.signIn(two, { tab });
    await tab.page.goto(`${world.page.url}/harness/`);
    await profile.ready(tab);
    const found = await tab.page.evaluate(
      async ([one, two]) => {
        const [a, b] = await Promise.all([window.oidc.OidcClient.create(one), window.oidc.OidcClient.create(two)]);
        window.clients = { main: a, other: b };
        await Promise.all([a.start(), b.start()]);
        return [a.session?.subject, b.session?.subject];
      },
      [one, two] as const,
    );
    expect(found).toEqual([alice.subject, alice.subject]);
    world.provider.forget();
    await profile.jump(LIFETIME + 1);
    await tab.page.evaluate(() => Promise.all([window.clients.main.getAccessToken(), window.clients.other.getAccessToken()]));
    expect(world.provider.requests.map(({ clientId, outcome }) => `${clientId} ${outcome}`).sort()).toEqual(["other ok", "tabs ok"]);
    const left = await tab.page.evaluate(async () => {
      await window.clients.main.signOut({ localOnly: true });
      return [window.clients.main.session, window.clients.other.session?.subject, (await window.clients.other.getAccessToken()).token !== ""];
    });
    expect(left).toEqual([null, alice.subject, true]);
  });
});

test("without a word from one tab to another it is the same: messages are hints, lock and store decide", async () => {
  const { world } = the;
  const profile = await world.profile();
  await profile.context.addInitScript(() => {
    addEventListener("storage", (event) => event.stopImmediatePropagation(), true);
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (message) {
      if (!this.name.startsWith("oidc-wasm")) postMessage.call(this, message);
    };
  });
  const options = world.options();
  await profile.signIn(options);
  await profile.open(5, options, (index) => (index < 3 ? "asks" : "timer"));
  world.provider.forget();
  for (let round = 0; round < 5; round += 1) {
    const { reports, requests } = await profile.round();
    expect([...reports.values()].filter(({ token }) => token === undefined)).toEqual([]);
    expect(new Set([...reports.values()].map(({ token }) => token)).size).toBe(1);
    expect(requests).toBe(1);
  }
  await profile.tabs[1]?.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
  const codes = await Promise.all(profile.tabs.map(codeOf));
  expect(codes).toEqual(profile.tabs.map(() => "not_signed_in"));
});

test("RF-03: without Web Locks a lease in the store does the same", async () => {
  const { world } = the;
  const profile = await world.profile();
  await profile.context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "locks"));
  const options = world.options({ storage: "indexedDb" });
  await profile.signIn(options);
  await profile.open(7, options, (index) => (index < 5 ? "asks" : "timer"));
  world.provider.forget();
  const waits: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const { reports, requests } = await profile.round();
    expect([...reports.values()].filter(({ token }) => token === undefined)).toEqual([]);
    expect(requests).toBe(1);
    waits.push(...[...reports.values()].map(({ waited }) => waited));
  }
  const { p50, p95, max } = percentiles(waits);
  console.log(`8 tabs without Web Locks: a token came after ${p50} ms (p50), ${p95} ms (p95), ${max} ms (longest)`);
  expect(await count(profile, "signedOut")).toBe(0);
});

/** Leaves the page of a tab and comes back from the back/forward cache; why not, where it was loaded anew. */
async function awayAndBack(tab: Tab, world: TabsWorld, meanwhile: () => Promise<unknown>): Promise<unknown> {
  // A lock that somebody else wants costs a page its place; that of a write ends after a second.
  await expect.poll(() => tab.page.evaluate(async () => (await navigator.locks.query()).held?.length), SOON).toBe(0);
  await tab.page.evaluate(() => {
    Reflect.set(window, "isSamePage", true);
  });
  await tab.page.goto(`${world.page.url}/harness/?elsewhere`);
  await meanwhile();
  // A page that was kept does not load again.
  await tab.page.goBack({ waitUntil: "commit" });
  await tab.page.locator("body[data-ready]").waitFor({ state: "attached" });
  return tab.page.evaluate(() => {
    if (Reflect.get(window, "isSamePage") === true) return "same page";
    const [entry] = performance.getEntriesByType("navigation");
    return JSON.stringify(Reflect.get(entry ?? {}, "notRestoredReasons"));
  });
}

test("TM-06, RF-14: a page that comes back from the back/forward cache knows that another tab renewed, and that one signed out", async () => {
  const { world } = the;
  const profile = await world.profile({ comesBack: true });
  const options = world.options({ storage: "local" });
  const away = await profile.signIn(options, { manner: "both" });
  const [stays] = await profile.open(1, options);
  world.provider.forget();
  const renewed = await awayAndBack(away, world, async () => {
    await profile.jump(LIFETIME + 1);
    await stays?.page.evaluate(() => window.clients.main.getAccessToken());
  });
  expect(renewed).toBe("same page");
  const tokens = await Promise.all(profile.tabs.map(({ page }) => page.evaluate(async () => (await window.clients.main.getAccessToken()).token)));
  expect(new Set(tokens).size).toBe(1);
  expect(world.provider.requests).toHaveLength(1);

  const signedOut = await awayAndBack(away, world, async () => stays?.page.evaluate(() => window.clients.main.signOut({ localOnly: true })));
  expect(signedOut).toBe("same page");
  await expect.poll(() => subjects(profile), SOON).toEqual([undefined, undefined]);
  const events = await away.page.evaluate(() => window.tab.events.map(({ name }) => name));
  expect(events.filter((name) => name === "signedOut")).toHaveLength(1);
  expect(await codeOf(away)).toBe("not_signed_in");
});
