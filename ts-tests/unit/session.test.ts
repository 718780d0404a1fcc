import { execFile } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { OidcClientOptions, OidcError, SessionStore, SignOutOptions } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { packageFolder } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve } from "./support/server.ts";
import { makeGate, openTab, settle, sharedStore, signIn, type Gate, type SharedStore, type Tab } from "./support/tab.ts";

const APP = "https://app.example.com";

let provider: TinyProvider;
let page: FakePage;
let tabs: Tab[];

beforeEach(async () => {
  provider = await startProvider();
  provider.settings.refreshes = true;
  page = openPage(`${APP}/`);
  tabs = [];
});

afterEach(async () => {
  for (const { client } of tabs) client.dispose();
  await provider[Symbol.asyncDispose]();
});

async function open(options: Partial<OidcClientOptions> = {}, tab?: Tab): Promise<Tab> {
  const opened = await openTab({ authority: provider.issuer, clientId: "spa", redirectUri: `${APP}/callback`, ...options }, tab);
  tabs.push(opened);
  return opened;
}

/** Two clients that have one session; nobody is signed in. */
const PAIRS: Readonly<Record<string, () => Promise<[Tab, Tab]>>> = {
  "two tabs with a store of the application": async () => {
    const store = sharedStore();
    return [await open({ storage: store.view() }), await open({ storage: store.view() })];
  },
  "two clients of one page with a store of the application": async () => {
    const storage = sharedStore().view();
    const first = await open({ storage });
    return [first, await open({ storage }, first)];
  },
  "two clients of one page with its memory": async () => {
    const first = await open();
    return [first, await open({}, first)];
  },
  "two clients of one page with sessionStorage": async () => {
    const first = await open({ storage: "session" });
    return [first, await open({ storage: "session" }, first)];
  },
};

describe.each(Object.entries(PAIRS))("%s", (_name, makePair) => {
  async function openPair(): Promise<[Tab, Tab]> {
    const pair = await makePair();
    for (const { client } of pair) expect(await client.start()).toBeNull();
    return pair;
  }

  test("LO-09: tell every event once, wherever it came from", async () => {
    const both = await openPair();
    const [first, second] = both;
    const expected: string[] = [];
    const happened = async (what: string): Promise<void> => {
      expected.push(what);
      for (const { told } of both) await expect.poll(() => told).toEqual(expected);
      expect(second.client.session).toEqual(first.client.session);
    };
    await signIn(first, provider);
    await happened("signedIn ada");
    await second.client.renew();
    await happened("renewed ada");
    await signIn(second, provider);
    await happened("signedIn ada");
    await signIn(first, provider, "eve");
    await happened("sessionChanged eve");
    await first.client.getAccessToken({ minValiditySeconds: 1000 });
    await happened("renewed eve");
    await second.client.signOut({ localOnly: true });
    await happened("signedOut undefined");
    await signIn(second, provider, "bob");
    await happened("signedIn bob");
    await settle();
    for (const { told } of both) expect(told).toEqual(expected);
  });

  test("tell nothing at all about what was there before", async () => {
    const both = await openPair();
    const [first, second] = both;
    const callback = await signIn(first, provider);
    await expect.poll(() => second.client.session?.subject).toBe("ada");
    for (const { told } of both) told.length = 0;
    for (const { client } of both) {
      expect((await client.start())?.subject).toBe("ada");
      await client.handleCallback(callback);
    }
    page.comeBack();
    await first.client.getAccessToken();
    await settle();
    for (const { told } of both) expect(told).toEqual([]);
  });

  test("clearSession is no news where it was called, and signs out everywhere else", async () => {
    const [first, second] = await openPair();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    await first.client.clearSession();
    await expect.poll(() => second.told).toEqual(["signedIn ada", "signedOut undefined"]);
    await settle();
    expect(first.told).toEqual(["signedIn ada"]);
    for (const { client } of [first, second]) expect(client.session).toBeNull();
  });
});

test("a tab that opens later is told nothing, and tells the others nothing", async () => {
  const store = sharedStore();
  const first = await open({ storage: store.view() });
  await signIn(first, provider);
  const later = await open({ storage: store.view() });
  expect(later.client.session).toBeNull();
  expect((await later.client.start())?.id).toBe(first.client.session?.id);
  await settle();
  expect([first.told, later.told]).toEqual([["signedIn ada"], []]);
});

test("a tab that begins with a callback tells the others, and hears them", async () => {
  const store = sharedStore();
  const first = await open({ storage: store.view() });
  await first.client.start();
  const callback = provider.approve((await first.client.prepareSignIn()).url);
  history.replaceState(null, "", callback);
  const second = await open({ storage: store.view() });
  await second.client.start();
  await expect.poll(() => first.told).toEqual(["signedIn ada"]);
  await first.client.signOut({ localOnly: true });
  await expect.poll(() => second.told).toEqual(["signedIn ada", "signedOut undefined"]);
});

describe("what a tab shows", () => {
  /** A store whose answers may take long: they are as old as the question. */
  function slowStore({ entries, view }: SharedStore, gate: Gate): { readonly storage: SessionStore; asked: number } {
    const load = async (name: string): Promise<string | undefined> => {
      const text = entries.get(name);
      slow.asked += 1;
      await gate.pass();
      return text;
    };
    const slow = { storage: { ...view(), load }, asked: 0 };
    return slow;
  }

  test("is the latest, however long an answer of the store takes", async () => {
    const gate = makeGate();
    const slow = slowStore(sharedStore(), gate);
    const tab = await open({ storage: slow.storage });
    await tab.client.start();
    const callback = provider.approve((await tab.client.prepareSignIn()).url);
    // It looks what is stored: nobody. Before it hears that, somebody signs in here.
    const [answer, before] = [gate.close(), slow.asked];
    page.comeBack();
    await expect.poll(() => slow.asked).toBeGreaterThan(before);
    gate.pass = () => undefined;
    await tab.client.handleCallback(callback);
    answer();
    await settle();
    expect(tab.client.session?.subject).toBe("ada");
    expect(tab.told).toEqual(["signedIn ada"]);
  });

  test("is the latest of what other tabs have written", async () => {
    const gate = makeGate();
    const store = sharedStore();
    const slow = slowStore(store, gate);
    const first = await open({ storage: store.view() });
    const second = await open({ storage: slow.storage });
    for (const { client } of [first, second]) await client.start();
    const [answer, before] = [gate.close(), slow.asked];
    page.comeBack();
    await expect.poll(() => slow.asked).toBeGreaterThan(before);
    gate.pass = () => undefined;
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    answer();
    await settle();
    expect(second.client.session?.subject).toBe("ada");
    expect(second.told).toEqual(["signedIn ada"]);
  });
});

describe("another person", () => {
  test("RF-12: gets none of the calls that were begun before", async () => {
    await using api = await serve((_request, response) => response.end());
    const store = sharedStore();
    const gate = makeGate();
    const allowedOrigins = [api.origin];
    const first = await open({ storage: store.view(), allowedOrigins });
    const second = await open({ storage: store.view(gate.pass), allowedOrigins });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);

    const release = gate.close();
    const calls = [
      ...Array.from({ length: 20 }, (_, number) => second.client.fetch(`${api.origin}/${number}`, { method: "POST", body: "hers" })),
      second.client.getAccessToken(),
      second.client.getIdToken(),
      second.client.fetchUserInfo(),
      second.client.renew(),
    ];
    await signIn(first, provider, "eve");
    const requests = provider.requests.length;
    release();
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "session_changed", type: "interaction", retryable: false } });
    }
    expect(api.requests).toEqual([]);
    expect(provider.requests).toHaveLength(requests);
    expect(second.client.session?.subject).toBe("eve");
    // What begins now is hers.
    expect((await second.client.fetch(api.origin)).status).toBe(200);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer CANARY-access-token-of-eve"]);
    await settle();
    expect(second.told.filter((event) => event.startsWith("session"))).toEqual(["sessionChanged eve"]);
  });

  test("RF-12: gets none of those that wait for a renewal either", async () => {
    await using api = await serve((_request, response) => response.end());
    const store = sharedStore();
    const options = { allowedOrigins: [api.origin], automaticRenewal: false };
    const first = await open({ storage: store.view(), ...options });
    const second = await open({ storage: store.view(), ...options });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 301_000);
    const release = provider.holdTokens("refresh_token");
    const calls = Array.from({ length: 20 }, () => second.client.fetch(api.origin));
    await expect.poll(() => provider.count("/token")).toBe(2);
    const switching = signIn(first, provider, "eve");
    release();
    const outcomes = await Promise.allSettled(calls);
    await switching;
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as OidcError] : []));
    expect(reasons.filter(({ code }) => code !== "session_changed")).toEqual([]);
    expect(new Set(api.requests.map(({ headers }) => headers.authorization)).has("Bearer CANARY-access-token-of-eve")).toBe(false);
    for (const { client } of [first, second]) await expect.poll(() => client.session?.subject).toBe("eve");
  });

  test("is no other one who signs in once more: calls go on", async () => {
    await using api = await serve((_request, response) => response.end());
    const store = sharedStore();
    const gate = makeGate();
    const first = await open({ storage: store.view() });
    const second = await open({ storage: store.view(gate.pass), allowedOrigins: [api.origin] });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    const release = gate.close();
    const calls = [second.client.fetch(api.origin), second.client.getIdToken()];
    await signIn(first, provider);
    release();
    await Promise.all(calls);
    expect(api.requests).toHaveLength(1);
  });
});

describe("a session that is gone", () => {
  test("ST-08: was lost where nobody has ended it", async () => {
    const store = sharedStore();
    const tab = await open({ storage: store.view() });
    await signIn(tab, provider);
    store.entries.clear();
    await expect(tab.client.getAccessToken()).rejects.toMatchObject({ code: "session_lost", type: "storage" });
    expect(tab.client.session).toBeNull();
    expect(tab.told).toEqual(["signedIn ada", "signedOut undefined"]);
    // That was the news; from now on nobody is signed in.
    await expect(tab.client.getAccessToken()).rejects.toMatchObject({ code: "not_signed_in" });
    await expect(tab.client.renew()).rejects.toMatchObject({ code: "not_signed_in" });
    await settle();
    expect(tab.told).toHaveLength(2);
  });

  test("was ended by a sign-out in another tab, also where that has not been heard of", async () => {
    const store = sharedStore();
    let isDeaf = false;
    vi.stubGlobal("BroadcastChannel", class extends BroadcastChannel {
      override postMessage(message: unknown): void {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
        if (!isDeaf) super.postMessage(message);
      }
    });
    const first = await open({ storage: store.view() });
    const second = await open({ storage: store.view() });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    isDeaf = true;
    await first.client.signOut({ localOnly: true });
    expect(second.client.session?.subject).toBe("ada");
    await expect(second.client.getAccessToken()).rejects.toMatchObject({ code: "not_signed_in" });
    expect(second.client.session).toBeNull();
    expect(second.told).toEqual(["signedIn ada", "signedOut undefined"]);
  });

  test("RF-11: does not come back by a renewal that was under way, and what that got is taken back", async () => {
    const store = sharedStore();
    const first = await open({ storage: store.view() });
    const second = await open({ storage: store.view() });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    const release = provider.holdTokens("refresh_token");
    const renewing = second.client.renew();
    await expect.poll(() => provider.count("/token")).toBe(2);
    await first.client.signOut({ localOnly: true });
    release();
    await expect(renewing).rejects.toMatchObject({ code: "not_signed_in" });
    await expect.poll(() => provider.sent("/revoke").map((body) => body.get("token"))).toEqual(["CANARY-refresh-token-2"]);
    await settle();
    for (const { client } of [first, second]) expect(client.session).toBeNull();
    expect(await (await open({ storage: store.view() })).client.start()).toBeNull();
  });
});

describe("renewals", () => {
  /** More than any token here has left. */
  const LONG = { minValiditySeconds: 1000 };

  /** Two tabs, in both of which somebody is signed in. */
  async function openBoth(options: Partial<OidcClientOptions> = {}): Promise<[Tab, Tab]> {
    const store = sharedStore();
    const first = await open({ storage: store.view(), ...options });
    const second = await open({ storage: store.view(), ...options });
    for (const { client } of [first, second]) await client.start();
    await signIn(first, provider);
    await expect.poll(() => second.told).toEqual(["signedIn ada"]);
    for (const { told } of [first, second]) told.length = 0;
    return [first, second];
  }

  test("RF-01, RX-08: a thousand who ask when the token has expired cause one request", async () => {
    const both = await openBoth({ automaticRenewal: false });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 301_000);
    const calls = Array.from({ length: 1000 }, (_, number) => both[number % 2]?.client.getAccessToken());
    const tokens = new Set((await Promise.all(calls)).map((found) => found?.token));
    expect([...tokens]).toEqual(["CANARY-access-token-2"]);
    expect(provider.count("/token")).toBe(2);
    for (const { told } of both) await expect.poll(() => told).toEqual(["renewed ada"]);
  });

  test("RX-08: a thousand who wait for one that fails have one error, and one event tells it", async () => {
    const both = await openBoth({ automaticRenewal: false });
    const [first] = both;
    provider.failTokens(503, "temporarily_unavailable");
    const calls = Array.from({ length: 1000 }, () => first.client.getAccessToken(LONG));
    const outcomes = await Promise.allSettled(calls);
    const reasons = new Set(outcomes.map((outcome) => outcome.status === "rejected" && (outcome.reason as unknown)));
    expect(reasons.size).toBe(1);
    expect([...reasons][0]).toMatchObject({ code: "token_error", error: "temporarily_unavailable" });
    expect(provider.count("/token")).toBe(2);
    await settle();
    expect(both.map(({ told }) => told)).toEqual([["renewalFailed token_error"], []]);
  });

  test("RF-06: that have failed are not tried again at once, in any tab", async () => {
    const both = await openBoth({ automaticRenewal: false });
    const [first, second] = both;
    provider.failTokens(503, "temporarily_unavailable");
    await expect(first.client.getAccessToken(LONG)).rejects.toMatchObject({ code: "token_error" });
    for (const { client } of both) {
      for (const outcome of await Promise.allSettled([client.getAccessToken(LONG), client.renew()])) {
        const postponed = { code: "renewal_postponed", type: "network", retryable: true };
        expect(outcome).toMatchObject({ status: "rejected", reason: postponed });
      }
      // The token is still good.
      expect((await client.getAccessToken()).token).toBe("CANARY-access-token");
      expect(client.session?.subject).toBe("ada");
    }
    expect(provider.count("/token")).toBe(2);
    provider.failTokens(200, undefined);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 5000);
    expect((await second.client.getAccessToken(LONG)).token).toBe("CANARY-access-token-3");
    // What was not tried has not failed.
    await expect.poll(() => both.map(({ told }) => told)).toEqual([["renewalFailed token_error", "renewed ada"], ["renewed ada"]]);
  });

  test("RF-06: wait as long as the provider asks for", async () => {
    const [first, second] = await openBoth({ automaticRenewal: false });
    provider.settings.retryAfter = 120;
    provider.failTokens(429, "slow_down");
    const before = Math.floor(Date.now() / 1000);
    await expect(first.client.renew()).rejects.toMatchObject({ status: 429, retryable: true });
    const failure: unknown = await second.client.renew().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "renewal_postponed" });
    const retryAt = Number((failure as OidcError).details["retryAt"]);
    expect(retryAt - before).toBeGreaterThanOrEqual(120);
    // Not all at the same time.
    expect(retryAt - before).toBeLessThanOrEqual(182);
    provider.failTokens(200, undefined);
    const clock = vi.spyOn(Date, "now").mockReturnValue((retryAt - 1) * 1000);
    await expect(first.client.renew()).rejects.toMatchObject({ code: "renewal_postponed" });
    clock.mockReturnValue(retryAt * 1000);
    await first.client.renew();
  });

  test("that end the session tell both, in this order, and the end only where nothing was tried", async () => {
    const both = await openBoth();
    provider.failTokens(400, "invalid_grant");
    await expect(both[0].client.renew()).rejects.toMatchObject({ code: "session_ended" });
    await expect.poll(() => both.map(({ told }) => told)).toEqual([["renewalFailed session_ended", "signedOut undefined"], ["signedOut undefined"]]);
    await settle();
    expect(both[0].told).toHaveLength(2);
    expect(both[1].told).toHaveLength(1);
  });

  test("TM-10: that have no network keep the session, and say so", async () => {
    const [first] = await openBoth({ automaticRenewal: false });
    const connected = fetch;
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    vi.stubGlobal("navigator", { onLine: false });
    await expect(first.client.renew()).rejects.toMatchObject({ code: "offline", type: "network", retryable: true });
    expect(first.client.session?.subject).toBe("ada");
    vi.stubGlobal("navigator", { onLine: true });
    vi.stubGlobal("fetch", connected);
    // Nobody has to wait because there was no network.
    await first.client.renew();
  });
});

describe("automatic renewal", () => {
  /** Lets time go by, and waits for whatever that sets off. */
  async function pass(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= 5) {
      await vi.advanceTimersByTimeAsync(Math.min(left, 5) * 1000);
      do await settle(2);
      while (running.size > 0);
    }
  }

  const running = new Set<unknown>();

  beforeEach(() => {
    const send = fetch;
    vi.stubGlobal("fetch", async (...request: Parameters<typeof fetch>) => {
      running.add(request);
      try {
        return await send(...request);
      } finally {
        running.delete(request);
      }
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"], shouldAdvanceTime: true });
  });

  afterEach(() => {
    for (const { client } of tabs) client.dispose();
    vi.useRealTimers();
  });

  /** So many tabs, in all of which somebody is signed in. */
  async function openMany(count: number, options: Partial<OidcClientOptions> = {}): Promise<Tab[]> {
    const store = sharedStore();
    const opened: Tab[] = [];
    for (let number = 0; number < count; number += 1) {
      const tab = await open({ storage: store.view(), ...options });
      await tab.client.start();
      opened.push(tab);
    }
    await signIn(opened[0] as Tab, provider);
    for (const { told } of opened) await expect.poll(() => told.splice(0)).toEqual(["signedIn ada"]);
    return opened;
  }

  test("RF-09: comes ahead of expiry, once for all tabs, again and again", async () => {
    const opened = await openMany(3);
    for (const count of [2, 3, 4]) {
      const before = Date.now();
      while (provider.count("/token") < count) await pass(5);
      const age = (Date.now() - before) / 1000;
      expect(age).toBeGreaterThan(230);
      expect(age).toBeLessThan(280);
    }
    await pass(60);
    expect(provider.count("/token")).toBe(4);
    for (const { told } of opened) expect(told).toEqual(["renewed ada", "renewed ada", "renewed ada"]);
  });

  test("does not come where it is not wanted, and the end is told instead", async () => {
    const opened = await openMany(2, { automaticRenewal: false });
    await pass(235);
    for (const { told } of opened) expect(told).toEqual([]);
    await pass(50);
    for (const { told } of opened) expect(told).toEqual(["expiring ada"]);
    await pass(30);
    for (const { told } of opened) expect(told).toEqual(["expiring ada", "expired ada"]);
    expect(provider.count("/token")).toBe(1);
    // Whoever asks has it renewed.
    await opened[0]?.client.getAccessToken();
    await pass(30);
    for (const { told } of opened) expect(told).toEqual(["expiring ada", "expired ada", "renewed ada"]);
  });

  test("cannot come without a refresh token", async () => {
    provider.settings.refreshes = false;
    const [tab] = await openMany(1);
    await pass(310);
    expect(tab?.told).toEqual(["expiring ada", "expired ada"]);
    expect(provider.count("/token")).toBe(1);
  });

  test("TM-10: waits for the network, and comes as soon as it is there", async () => {
    const opened = await openMany(2);
    vi.stubGlobal("navigator", { onLine: false });
    await pass(310);
    expect(provider.count("/token")).toBe(1);
    for (const { told } of opened) expect(told).toEqual(["expired ada"]);
    vi.stubGlobal("navigator", { onLine: true });
    page.happens("online");
    await pass(5);
    expect(provider.count("/token")).toBe(2);
    for (const { told } of opened) expect(told).toEqual(["expired ada", "renewed ada"]);
  });

  test("TM-04, TM-05: comes once when a computer wakes up after hours", async () => {
    const opened = await openMany(4);
    vi.setSystemTime(Date.now() + 8 * 3_600_000);
    page.happens("visibilitychange");
    page.happens("focus");
    const calls = opened.flatMap(({ client }) => Array.from({ length: 50 }, () => client.getAccessToken()));
    // They may have to wait for their turn.
    void pass(30);
    const tokens = new Set((await Promise.all(calls)).map(({ token }) => token));
    expect([...tokens]).toEqual(["CANARY-access-token-2"]);
    expect(provider.count("/token")).toBe(2);
  });

  test("RF-06: goes on after failures, ever more slowly", async () => {
    const opened = await openMany(2);
    provider.failTokens(503, "temporarily_unavailable");
    await pass(275);
    const early = provider.count("/token") - 1;
    expect(early).toBeGreaterThanOrEqual(1);
    await pass(900);
    // Every five minutes at the latest, and not more often than the pauses say: 2, 4, 8, … seconds at least.
    expect(provider.count("/token") - 1).toBeLessThanOrEqual(14);
    const failed = opened.flatMap(({ told }) => told.filter((event) => event.startsWith("renewalFailed")));
    expect(failed).toHaveLength(provider.count("/token") - 1);
    provider.failTokens(200, undefined);
    await pass(310);
    for (const { told } of opened) expect(told.at(-1)).toBe("renewed ada");
  });

  test("ends with the session, and with the client", async () => {
    const opened = await openMany(2);
    await opened[0]?.client.signOut({ localOnly: true });
    await pass(600);
    expect(provider.count("/token")).toBe(1);
    await signIn(opened[0] as Tab, provider);
    for (const { client } of opened) client.dispose();
    await pass(600);
    expect(provider.count("/token")).toBe(2);
  });
});

describe("dispose", () => {
  /** Timers of the package that have not ended. Node's own `fetch` has some too. */
  function watchTimers(): ReadonlySet<unknown> {
    const running = new Set<unknown>();
    const [start, stop] = [setTimeout, clearTimeout];
    vi.stubGlobal("setTimeout", (run: (...values: unknown[]) => void, milliseconds: number, ...values: unknown[]) => {
      if (!new Error().stack?.includes("/dist/node.js")) return start(run, milliseconds, ...values);
      const timer = start(() => {
        running.delete(timer);
        run(...values);
      }, milliseconds);
      running.add(timer);
      return timer;
    });
    vi.stubGlobal("clearTimeout", (timer: NodeJS.Timeout) => {
      running.delete(timer);
      stop(timer);
    });
    return running;
  }

  /** Channels that are open. */
  function watchChannels(): ReadonlySet<unknown> {
    const channels = new Set<unknown>();
    const Watched = class extends BroadcastChannel {
      constructor(name: string) {
        super(name);
        channels.add(this);
      }
      override close(): void {
        channels.delete(this);
        super.close();
      }
    };
    vi.stubGlobal("BroadcastChannel", Watched);
    return channels;
  }

  test("RX-03: leaves no timer, no handler and no channel", async () => {
    const [timers, channels] = [watchTimers(), watchChannels()];
    const store = sharedStore();
    const tab = await open({ storage: store.view() });
    await tab.client.start();
    await signIn(tab, provider);
    await tab.client.renew();
    await expect.poll(() => [timers.size, channels.size]).toEqual([1, 1]);
    expect(page.listening).not.toEqual([]);
    tab.client.dispose();
    expect([timers.size, channels.size]).toEqual([0, 0]);
    expect(page.listening).toEqual([]);
    // Nor does anything that comes later bring one back.
    const other = await open({ storage: store.view() });
    await other.client.start();
    await other.client.signOut({ localOnly: true });
    await settle();
    expect(tab.told).toEqual(["signedIn ada", "renewed ada"]);
    expect(tab.client.session).toBeNull();
    other.client.dispose();
    expect([timers.size, channels.size]).toEqual([0, 0]);
  });

  test("RX-03: during work leaves nothing either, once that is done", async () => {
    const [timers, channels] = [watchTimers(), watchChannels()];
    const tab = await open({ storage: sharedStore().view() });
    await signIn(tab, provider);
    const release = provider.holdTokens("refresh_token");
    const renewing = tab.client.renew();
    await expect.poll(() => provider.count("/token")).toBe(2);
    tab.client.dispose();
    release();
    expect((await renewing).subject).toBe("ada");
    expect(page.listening).toEqual([]);
    expect([timers.size, channels.size]).toEqual([0, 0]);
    expect(tab.told).toEqual(["signedIn ada"]);
  });

  test("lets Node end, also where it was forgotten", async () => {
    const script = `
      const { OidcClient } = await import(${JSON.stringify(pathToFileURL(path.join(packageFolder, "dist/node.js")).href)});
      const entries = new Map();
      const storage = { load: (name) => entries.get(name), save: (name, text) => void entries.set(name, text), remove: (name) => void entries.delete(name) };
      const client = await OidcClient.create({ authority: "${provider.issuer}", clientId: "spa", redirectUri: "${APP}/", storage });
      console.log(await client.start());
    `;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { timeout: 20_000 });
    expect((await run).stdout.trim()).toBe("null");
  });
});

describe("sign-out", () => {
  /** What the provider was asked for since then, by path. */
  const paths = (since: number): string[] => provider.requests.slice(since).map(({ path }) => path);

  test.each<[string, Partial<OidcClientOptions>, SignOutOptions, readonly string[]]>([
    ["takes nothing back unless it is told to", {}, {}, []],
    ["takes the refresh token back where the client does", { revokeOnSignOut: true }, {}, ["CANARY-refresh-token-1"]],
    ["takes it back this time", {}, { revoke: true }, ["CANARY-refresh-token-1"]],
    ["takes nothing back this time", { revokeOnSignOut: true }, { revoke: false }, []],
    ["takes it back too when nobody visits the provider", { revokeOnSignOut: true }, { localOnly: true }, ["CANARY-refresh-token-1"]],
  ])("LO-08: %s", async (_name, options, signOut, revoked) => {
    const tab = await open(options);
    await signIn(tab, provider);
    const since = provider.requests.length;
    expect(await tab.client.signOut(signOut)).toEqual({ remote: signOut.localOnly !== true });
    expect(provider.sent("/revoke").map((body) => body.get("token"))).toEqual(revoked);
    expect(paths(since)).toEqual(revoked.map(() => "/revoke"));
    expect(page.visited).toHaveLength(signOut.localOnly === true ? 0 : 1);
    expect(tab.told).toEqual(["signedIn ada", "signedOut undefined"]);
  });

  test("LO-08: takes the access token back where there is no other", async () => {
    provider.settings.refreshes = false;
    const tab = await open({ revokeOnSignOut: true });
    await signIn(tab, provider);
    await tab.client.signOut();
    const [body] = provider.sent("/revoke");
    expect([body?.get("token"), body?.get("token_type_hint")]).toEqual(["CANARY-access-token", "access_token"]);
  });

  test("LO-01: has nobody signed in before the provider is asked for anything, and whatever that answers", async () => {
    provider.settings.revocationStatus = 500;
    const store = sharedStore();
    const tab = await open({ revokeOnSignOut: true, storage: store.view() });
    await signIn(tab, provider);
    let stored: string[] | undefined;
    const send = fetch;
    vi.stubGlobal("fetch", (...request: Parameters<typeof fetch>) => {
      stored ??= [...store.entries.keys()];
      return send(...request);
    });
    expect(await tab.client.signOut()).toEqual({ remote: true });
    expect(provider.count("/revoke")).toBe(1);
    expect(stored?.map((name) => name.replace(/.*\./, ""))).toEqual(["ended"]);
    expect(tab.client.session).toBeNull();
  });

  test("LO-01: has nobody signed in where the network is gone", async () => {
    const tab = await open({ revokeOnSignOut: true });
    await signIn(tab, provider);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    expect(await tab.client.signOut()).toEqual({ remote: true });
    expect(tab.told).toEqual(["signedIn ada", "signedOut undefined"]);
  });

  test("is told nobody twice, and nothing where nobody was signed in", async () => {
    const tab = await open();
    await tab.client.start();
    await tab.client.signOut({ localOnly: true });
    await signIn(tab, provider);
    await Promise.all([tab.client.signOut({ localOnly: true }), tab.client.signOut({ localOnly: true })]);
    await tab.client.signOut({ localOnly: true });
    expect(tab.told).toEqual(["signedIn ada", "signedOut undefined"]);
  });
});

describe("a store that does not work", () => {
  const rejecting = (name: string) => () => Promise.reject(new DOMException("No.", name));

  test.each<[string, Partial<SessionStore>, string]>([
    ["rejects what is to be saved", { save: rejecting("QuotaExceededError") }, "QuotaExceededError"],
    ["rejects everything", { load: rejecting("A"), save: rejecting("A"), remove: rejecting("A") }, "A"],
    [
      "throws",
      {
        load: () => {
          throw new TypeError("No.");
        },
      },
      "TypeError",
    ],
    ["gives what is no text", { load: () => ({ text: 1 }) as never }, "TypeError"],
  ])("ST-04: is told once and replaced by memory: %s", async (_name, broken, reason) => {
    const storage = { ...sharedStore().view(), ...broken };
    const tab = await open({ storage });
    expect(await tab.client.start()).toBeNull();
    await signIn(tab, provider);
    await tab.client.renew();
    expect((await tab.client.getAccessToken()).token).toBe("CANARY-access-token-2");
    await tab.client.signOut({ localOnly: true });
    const degraded = `degraded storage ${reason}`;
    expect(tab.told.filter((event) => event === degraded)).toHaveLength(1);
    expect(tab.told.filter((event) => event !== degraded)).toEqual(["signedIn ada", "renewed ada", "signedOut undefined"]);
  });

  test("ST-04: hangs for a while, and for good", async () => {
    const never = (): Promise<never> => new Promise(() => {});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], shouldAdvanceTime: true, advanceTimeDelta: 200 });
    const tab = await open({ storage: { load: never, save: never, remove: never } });
    expect(await tab.client.start()).toBeNull();
    await signIn(tab, provider);
    expect((await tab.client.getAccessToken()).token).toBe("CANARY-access-token");
    await tab.client.signOut({ localOnly: true });
    vi.useRealTimers();
    expect(tab.told).toEqual(["degraded storage TimeoutError", "signedIn ada", "signedOut undefined"]);
  });

  test("is refused where it is none", async () => {
    for (const storage of ["cookie", null, {}, { load: () => "", save: () => {} }] as never[]) {
      await expect(open({ storage })).rejects.toMatchObject({ code: "invalid_configuration", details: { option: "storage" } });
    }
  });
});
