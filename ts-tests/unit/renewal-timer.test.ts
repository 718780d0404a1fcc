import { execFileSync } from "node:child_process";
import { setMaxListeners } from "node:events";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
// A part of the client that nobody can import from the package: here it runs alone, on a clock of its own.
import { startTimer, type RenewalTimer, type Watched } from "../../pkg-template/src/renewal-timer.ts";
import type { OidcClient, OidcClientOptions } from "oidc-wasm/node";
import { freshPackage, workspace } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long tokens are good, in seconds, and how long before their end they are renewed. */
const LIFE = 300;
const AHEAD = 60;
const START = Date.UTC(2030, 0, 1);

const seconds = (): number => Date.now() / 1000;
const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
/** What waits for nothing but promises is done. */
const settle = (): Promise<unknown> => pass(0);
/** The clock is another; timers and the clock that nobody sets do not notice. */
const setClock = (by: number): unknown => vi.setSystemTime(Date.now() + by);

/** Targets that know how many listeners they have. */
class Target extends EventTarget {
  count = 0;
  override addEventListener(type: string, listener: EventListener, options: { signal: AbortSignal }): void {
    setMaxListeners(100, options.signal);
    this.count += 1;
    options.signal.addEventListener("abort", () => (this.count -= 1));
    super.addEventListener(type, listener, options);
  }
}

let root: Target;
let page: Target;
let online: { onLine: boolean };

beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
  root = new Target();
  page = new Target();
  online = { onLine: true };
  vi.stubGlobal("addEventListener", root.addEventListener.bind(root));
  vi.stubGlobal("document", page);
  vi.stubGlobal("navigator", online);
});

afterEach(() => {
  expect(root.count + page.count, "listeners are left").toBe(0);
  expect(vi.getTimerCount(), "timers are left").toBe(0);
  // First what was laid over the timers, or it would bring them back.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

interface World extends Disposable {
  readonly timer: RenewalTimer;
  readonly told: string[];
  readonly renew: ReturnType<typeof vi.fn>;
  readonly next: ReturnType<typeof vi.fn>;
  session: Watched | null;
  /** When the next renewal is due; `null` where nothing can renew. */
  at: number | null;
  /** Signs in or renews. */
  grant(life?: number): void;
}

/** A client with a provider that gives a new token for every renewal, unless the test says otherwise. */
function open(renews = true): World {
  const told: string[] = [];
  const next = vi.fn(async () => (world.at === null ? {} : { at: world.at }));
  const renew = vi.fn(async (): Promise<unknown> => world.grant());
  const timer = startTimer({ next, renew, tell: (event) => void told.push(event) });
  const world: World = {
    timer,
    told,
    renew,
    next,
    session: null,
    at: null,
    grant(life = LIFE) {
      const expiresAt = Math.floor(seconds()) + life;
      world.session = { id: "one", expiresAt };
      world.at = renews ? expiresAt - AHEAD : null;
      timer.schedule(world.session);
    },
    [Symbol.dispose]: () => timer.stop(),
  };
  return world;
}

describe("ahead of expiry", () => {
  test("RF-09 a token is renewed when it is due, and not before", async () => {
    using world = open();
    world.grant();
    await pass((LIFE - AHEAD) * 1000 - 1);
    expect(world.renew).not.toHaveBeenCalled();
    await pass(1);
    expect(world.renew).toHaveBeenCalledTimes(1);
    await pass((LIFE - AHEAD) * 1000 * 9);
    expect(world.renew).toHaveBeenCalledTimes(10);
    expect(world.told).toEqual([]);
  });

  test("an idle client has one timer and asks nothing", async () => {
    using world = open();
    world.grant(DAY / 1000);
    await settle();
    expect(world.next).toHaveBeenCalledTimes(1);
    await pass(DAY / 2);
    world.timer.schedule(world.session);
    await pass(MINUTE);
    expect(world.next).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(1);
  });

  test("there is no timer where nobody is signed in, and none where nothing ends", async () => {
    using world = open();
    world.timer.schedule(null);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    world.timer.schedule({ id: "one" });
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    world.grant();
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    world.timer.schedule(null);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    await pass(DAY);
    expect(world.renew).not.toHaveBeenCalled();
  });

  test("TM-04 no timer is longer than a minute", async () => {
    const set = vi.spyOn(globalThis, "setTimeout");
    using world = open();
    world.grant(365 * 86_400);
    await pass(10 * MINUTE);
    expect(set.mock.calls.length).toBeGreaterThan(9);
    // Browsers cut fractions off, and the timer would come too early.
    world.at = seconds() + 30.0005;
    world.timer.schedule({ ...world.session });
    await settle();
    expect(set.mock.lastCall?.[1]).toBe(30_001);
    for (const [, milliseconds] of set.mock.calls) expect(milliseconds).toBeLessThanOrEqual(MINUTE);
  });

  test("one renewal runs at a time, however many signs come meanwhile", async () => {
    using world = open();
    let finish = (): void => {};
    world.renew.mockImplementation(() => new Promise<void>((resolve) => (finish = resolve)));
    world.grant();
    await pass((LIFE - AHEAD) * 1000);
    for (let i = 0; i < 20; i += 1) {
      root.dispatchEvent(new Event("focus"));
      page.dispatchEvent(new Event("visibilitychange"));
    }
    await pass(20 * MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
    world.grant();
    finish();
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("what another tab has renewed is not renewed again", async () => {
    using world = open();
    world.grant();
    await pass((LIFE - AHEAD) * 1000 - 1000);
    world.grant();
    await pass((LIFE - AHEAD) * 1000 - 1);
    expect(world.renew).not.toHaveBeenCalled();
    await pass(1);
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("an answer about a session that is gone meanwhile counts for nothing", async () => {
    using world = open();
    let answer: (due: { at?: number }) => void = () => {};
    world.next.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    world.grant();
    await settle();
    world.grant(DAY / 1000);
    answer({ at: seconds() });
    await pass(HOUR);
    expect(world.renew).not.toHaveBeenCalled();
    expect(world.next).toHaveBeenCalledTimes(2);
  });

  test("a session that ends while it is renewed leaves nothing behind", async () => {
    using world = open();
    world.renew.mockImplementation(async () => world.timer.schedule(null));
    world.grant();
    await pass(LIFE * 1000);
    expect(world.renew).toHaveBeenCalledTimes(1);
    expect(world.next).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("failures", () => {
  test("after one the core says when to try again", async () => {
    using world = open();
    const tries: number[] = [];
    world.renew.mockImplementation(async () => {
      tries.push((Date.now() - START) / 1000);
      world.at = seconds() + 10 * 2 ** tries.length;
    });
    world.grant();
    await pass(LIFE * 1000);
    expect(tries).toEqual([240, 260, 300]);
  });

  test.each([
    ["whose tokens are dead when they come", (world: World) => world.grant(0)],
    ["that fails, while the core says that it is time", () => {}],
  ])("a provider %s is asked less and less, at last every five minutes", async (_, answer) => {
    using world = open();
    const times: number[] = [];
    world.renew.mockImplementation(async () => {
      times.push(performance.now());
      answer(world);
    });
    world.grant(0);
    await pass(DAY / 4);
    const pauses = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) / 1000));
    expect(pauses.slice(0, 10)).toEqual([4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    // Signs that come meanwhile change nothing.
    const before = times.length;
    for (let i = 0; i < 100; i += 1) {
      root.dispatchEvent(new Event("focus"));
      await settle();
    }
    expect(times.length).toBe(before);
    // A token that is good ends it.
    world.grant();
    await pass((LIFE - AHEAD) * 1000);
    expect(times.length).toBe(before + 1);
  });

  test("tokens of a few seconds are renewed all the time", async () => {
    using world = open();
    world.renew.mockImplementation(async () => {
      world.grant(4);
      world.at = seconds() + 3;
    });
    world.grant(AHEAD);
    await pass(MINUTE);
    expect(world.renew.mock.calls.length).toBeGreaterThanOrEqual(19);
    expect(world.told).toEqual([]);
  });

  test("what cannot be asked is asked again a minute later", async () => {
    using world = open();
    world.next.mockRejectedValueOnce(new Error("no storage"));
    world.grant();
    await pass(MINUTE - 1);
    expect(world.next).toHaveBeenCalledTimes(1);
    await pass(1);
    expect(world.next).toHaveBeenCalledTimes(2);
    await pass((LIFE - AHEAD) * 1000);
    expect(world.renew).toHaveBeenCalledTimes(1);
    // Also where nothing else would make it look.
    world.next.mockRejectedValueOnce(new Error("no storage"));
    const before = world.next.mock.calls.length;
    world.timer.schedule({ id: "endless" });
    await pass(MINUTE);
    expect(world.next).toHaveBeenCalledTimes(before + 2);
  });
});

describe("the clock", () => {
  for (const [name, jump] of [
    ["an hour ahead", HOUR],
    ["an hour back", -HOUR],
    ["a day ahead", DAY],
    ["a day back", -DAY],
    ["five minutes ahead", 5 * MINUTE],
    ["five minutes back", -5 * MINUTE],
  ] as const) {
    test(`TM-03 set ${name}: one renewal, then as usual`, async () => {
      using world = open();
      world.grant();
      await pass(MINUTE + 1);
      setClock(jump);
      await pass(MINUTE);
      expect(world.renew).toHaveBeenCalledTimes(1);
      await pass((LIFE - AHEAD) * 1000 - MINUTE);
      expect(world.renew).toHaveBeenCalledTimes(1);
      await pass((LIFE - AHEAD) * 1000);
      expect(world.renew).toHaveBeenCalledTimes(2);
    });
  }

  test("TM-03 there and back again: one renewal each", async () => {
    using world = open();
    world.grant();
    for (const jump of [HOUR, -HOUR, DAY, -DAY]) {
      const before = world.renew.mock.calls.length;
      setClock(jump);
      await pass(MINUTE);
      expect(world.renew.mock.calls.length - before).toBe(1);
      await pass(MINUTE);
      expect(world.renew.mock.calls.length - before).toBe(1);
    }
  });

  test("TM-02 that is corrected a little all the time is not set back", async () => {
    using world = open();
    world.grant(2 * (HOUR / 1000));
    for (let i = 0; i < 20; i += 1) {
      setClock(-10_000);
      await pass(MINUTE);
    }
    expect(world.renew).not.toHaveBeenCalled();
  });

  test("TM-03 set back, and the renewal fails: the next one is when the core says", async () => {
    using world = open();
    world.grant();
    await pass(MINUTE + 1);
    world.renew.mockImplementation(async () => void (world.at = seconds() + 120));
    setClock(-HOUR);
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
    await pass(MINUTE - 1);
    expect(world.renew).toHaveBeenCalledTimes(1);
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(2);
  });

  test("TM-03 set back: a token that another tab got since is good", async () => {
    using world = open();
    world.grant();
    await pass(MINUTE + 1);
    setClock(-HOUR);
    world.grant();
    await pass((LIFE - AHEAD) * 1000 - 2000);
    expect(world.renew).not.toHaveBeenCalled();
  });

  test("TM-03 set back while the device is offline: one renewal when it is online", async () => {
    using world = open();
    world.grant();
    await pass(MINUTE + 1);
    online.onLine = false;
    setClock(-HOUR);
    await pass(10 * MINUTE);
    expect(world.renew).not.toHaveBeenCalled();
    online.onLine = true;
    root.dispatchEvent(new Event("online"));
    await settle();
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("TM-03 set back while the device is offline, and another tab has a new token since: none", async () => {
    using world = open();
    world.grant();
    await pass(MINUTE + 1);
    online.onLine = false;
    setClock(-HOUR);
    await pass(MINUTE);
    world.grant();
    online.onLine = true;
    await pass((LIFE - AHEAD) * 1000 - 2000);
    expect(world.renew).not.toHaveBeenCalled();
  });

  test("set back where nothing can renew: nothing is tried", async () => {
    using world = open(false);
    world.grant();
    await pass(MINUTE + 1);
    setClock(-HOUR);
    const set = vi.spyOn(globalThis, "setTimeout");
    await pass(HOUR);
    expect(world.renew).not.toHaveBeenCalled();
    expect(set.mock.calls.length).toBeLessThanOrEqual(62);
  });
});

describe("sleep", () => {
  for (const [target, sign] of [
    ["page", "visibilitychange"],
    ["page", "resume"],
    ["root", "focus"],
    ["root", "online"],
    ["root", "pageshow"],
  ] as const) {
    test(`TM-04 of eight hours with frozen timers: one renewal as soon as "${sign}" comes`, async () => {
      using world = open();
      world.grant();
      await pass(30_000);
      setClock(8 * HOUR);
      expect(world.renew).not.toHaveBeenCalled();
      (target === "page" ? page : root).dispatchEvent(new Event(sign));
      await settle();
      expect(world.renew).toHaveBeenCalledTimes(1);
      expect(world.told).toEqual([]);
    });
  }

  test("TM-04 of eight hours in a worker without a document: one renewal within a minute", async () => {
    vi.stubGlobal("document", undefined);
    vi.stubGlobal("addEventListener", undefined);
    using world = open();
    world.grant();
    await pass(30_000);
    setClock(8 * HOUR);
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("TM-05 all signs of waking at once: one renewal", async () => {
    using world = open();
    world.grant();
    setClock(8 * HOUR);
    for (const sign of ["resume", "visibilitychange"]) page.dispatchEvent(new Event(sign));
    for (const sign of ["pageshow", "focus", "online"]) root.dispatchEvent(new Event(sign));
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("TM-04 timers that come late, as in pages in the background", async () => {
    using world = open();
    world.grant();
    await settle();
    // The browser runs the timer once in a while, far behind its time.
    for (let i = 0; i < 10; i += 1) {
      setClock(10 * MINUTE);
      vi.runOnlyPendingTimers();
      await settle();
    }
    expect(world.renew).toHaveBeenCalledTimes(10);
  });

  test("TM-04 a page that comes back from the back/forward cache", async () => {
    using world = open();
    world.grant();
    setClock(HOUR);
    root.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true }));
    await settle();
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("signs of life while nothing is due do nothing", async () => {
    using world = open();
    world.grant();
    await settle();
    for (let i = 0; i < 50; i += 1) page.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(world.next).toHaveBeenCalledTimes(1);
    expect(world.renew).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
  });
});

describe("offline", () => {
  test("TM-10 nothing is tried, and once the browser is online it is, at once", async () => {
    using world = open();
    world.grant();
    online.onLine = false;
    await pass(LIFE * 1000 * 3);
    expect(world.renew).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(1);
    online.onLine = true;
    root.dispatchEvent(new Event("online"));
    await settle();
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("TM-10 where the event does not come, it is seen within a minute", async () => {
    using world = open();
    world.grant();
    online.onLine = false;
    await pass(HOUR);
    online.onLine = true;
    await pass(MINUTE);
    expect(world.renew).toHaveBeenCalledTimes(1);
  });

  test("the token that expires meanwhile is told of once", async () => {
    using world = open();
    world.grant();
    online.onLine = false;
    await pass(HOUR);
    expect(world.told).toEqual(["expired"]);
  });
});

describe("the events", () => {
  test("expiring comes a minute before the end where nothing can renew, expired with it, each once", async () => {
    using world = open(false);
    world.grant(HOUR / 1000);
    await pass(HOUR - MINUTE - 1);
    expect(world.told).toEqual([]);
    await pass(1);
    expect(world.told).toEqual(["expiring"]);
    await pass(MINUTE - 1);
    expect(world.told).toEqual(["expiring"]);
    await pass(1);
    expect(world.told).toEqual(["expiring", "expired"]);
    await pass(DAY);
    expect(world.told).toEqual(["expiring", "expired"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("expiring comes after four fifths of a short life", async () => {
    using world = open(false);
    world.grant(100);
    await pass(80_000 - 1);
    expect(world.told).toEqual([]);
    await pass(1);
    expect(world.told).toEqual(["expiring"]);
  });

  test("neither comes where it is renewed in time", async () => {
    using world = open();
    world.grant();
    await pass(DAY);
    expect(world.told).toEqual([]);
  });

  test("expiring comes too where the next renewal would be too late", async () => {
    using world = open();
    world.renew.mockImplementation(async () => void (world.at = seconds() + 600));
    world.grant();
    await pass(LIFE * 1000);
    expect(world.told).toEqual(["expiring", "expired"]);
  });

  test("they come again for the next token", async () => {
    using world = open(false);
    for (let i = 0; i < 3; i += 1) {
      world.grant();
      await pass(HOUR);
    }
    expect(world.told).toEqual(["expiring", "expired", "expiring", "expired", "expiring", "expired"]);
  });

  test("not for the same one, whatever object it comes in", async () => {
    using world = open(false);
    world.grant();
    await pass(HOUR);
    for (let i = 0; i < 3; i += 1) {
      world.timer.schedule({ ...world.session });
      await settle();
    }
    expect(world.told).toEqual(["expiring", "expired"]);
    world.timer.schedule({ ...world.session, id: "two" });
    await settle();
    expect(world.told).toEqual(["expiring", "expired", "expired"]);
  });

  test("after eight hours of sleep only the last is told", async () => {
    using world = open(false);
    world.grant();
    setClock(8 * HOUR);
    page.dispatchEvent(new Event("visibilitychange"));
    await settle();
    expect(world.told).toEqual(["expired"]);
  });

  test("expired comes when a renewal that was due could not be made", async () => {
    using world = open();
    world.renew.mockImplementation(async () => void (world.at = seconds() + 90));
    world.grant();
    await pass(LIFE * 1000 + 1);
    expect(world.told.filter((event) => event === "expired")).toHaveLength(1);
    // The core goes on all the same.
    world.renew.mockImplementation(async () => world.grant());
    await pass(3 * MINUTE);
    expect(world.told.filter((event) => event === "expired")).toHaveLength(1);
  });

  test("a handler may end the session or the client", async () => {
    for (const act of ["schedule", "stop"] as const) {
      const told: string[] = [];
      const timer = startTimer({
        next: async () => ({}),
        renew: async () => {},
        tell: (event) => {
          told.push(event);
          timer[act](null);
        },
      });
      timer.schedule({ id: "one", expiresAt: seconds() + 300 });
      await pass(HOUR);
      expect(told).toEqual(["expiring"]);
      expect(vi.getTimerCount()).toBe(0);
      timer.stop();
    }
  });
});

describe("stop", () => {
  test("TM-07 leaves no timer and no listener, in whatever it is busy with", async () => {
    const world = open();
    expect(root.count + page.count).toBeGreaterThan(5);
    let answer: (due: { at?: number }) => void = () => {};
    world.next.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    world.grant();
    await settle();
    world.timer.stop();
    answer({ at: seconds() });
    world.grant();
    await pass(DAY);
    expect(world.renew).not.toHaveBeenCalled();
    expect(vi.getTimerCount() + root.count + page.count).toBe(0);
  });

  test("during a renewal asks nothing afterwards", async () => {
    const world = open();
    let finish = (): void => {};
    world.renew.mockImplementation(() => new Promise<void>((resolve) => (finish = resolve)));
    world.grant();
    await pass(LIFE * 1000);
    world.timer.stop();
    finish();
    await pass(DAY);
    expect(world.next).toHaveBeenCalledTimes(1);
    expect(world.told).toEqual([]);
  });

  test("TM-07 no listener is one that keeps a page out of the back/forward cache", () => {
    const types: string[] = [];
    vi.stubGlobal("addEventListener", (type: string) => void types.push(type));
    vi.stubGlobal("document", { addEventListener: (type: string) => void types.push(type) });
    using world = open();
    expect(world.told).toEqual([]);
    expect(types).toContain("pageshow");
    expect(types).not.toContain("unload");
    expect(types).not.toContain("beforeunload");
  });
});

describe("in a client, with a provider that gives each refresh token once", () => {
  const APP = "https://app.example.com";
  let provider: TinyProvider;
  let client: OidcClient | undefined;

  beforeEach(async () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    // Only the date: what goes over the network takes its own time.
    vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
    vi.stubGlobal("navigator", online);
    provider = await startProvider();
    Object.assign(provider.settings, { refreshes: true, tokenSeconds: LIFE });
  });

  afterEach(async () => {
    client?.dispose();
    client = undefined;
    await provider[Symbol.asyncDispose]();
  });

  async function signIn(options: Partial<OidcClientOptions> = {}): Promise<{ client: OidcClient; page: FakePage; told: string[] }> {
    const page = openPage(`${APP}/`);
    const { OidcClient } = await freshPackage("node");
    client = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri: `${APP}/callback`, ...options });
    const { url } = await client.prepareSignIn();
    await client.handleCallback(provider.approve(url));
    const told: string[] = [];
    for (const event of ["renewed", "renewalFailed", "expiring", "expired", "signedOut"] as const) client.on(event, () => told.push(event));
    expect(provider.count("/token")).toBe(1);
    return { client, page, told };
  }

  /** Everything that a page notices when it wakes. */
  const wake = (page: FakePage): void => ["resume", "visibilitychange", "pageshow", "focus", "online"].forEach((sign) => page.happens(sign));
  /** What was begun is done, where nothing is to come of it: calls of the client take longer than what a timer would do. */
  const calm = async (known: OidcClient): Promise<void> => {
    for (let i = 0; i < 5; i += 1) await known.getIdToken();
  };

  test("TM-04 after eight hours of sleep there is one renewal, whoever else wants a token", async () => {
    const { client, page, told } = await signIn();
    setClock(8 * HOUR);
    wake(page);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => client.getAccessToken()));
    wake(page);
    await calm(client);
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1);
    expect(provider.count("/token")).toBe(2);
    expect(told).toEqual(["renewed"]);
    expect(client.session?.expiresAt).toBeGreaterThan(seconds());
  });

  test.each([HOUR, -HOUR, DAY, -DAY])("TM-03 a clock that is set by %i milliseconds costs one renewal", async (jump) => {
    const { client, page, told } = await signIn();
    setClock(jump);
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["renewed"]));
    wake(page);
    await calm(client);
    expect(provider.count("/token")).toBe(2);
    expect(client.session?.expiresAt).toBeLessThanOrEqual(seconds() + LIFE);
    expect(told).toEqual(["renewed"]);
  });

  test("TM-10 offline nothing is asked and nobody is signed out; online it is renewed once", async () => {
    const { client, page, told } = await signIn();
    online.onLine = false;
    setClock(HOUR);
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["expired"]));
    expect(provider.count("/token")).toBe(1);
    expect(client.session).not.toBeNull();
    online.onLine = true;
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["expired", "renewed"]));
    await calm(client);
    expect(provider.count("/token")).toBe(2);
  });

  test("RF-06 a provider that is down is asked once, and the session stays", async () => {
    const { client, page, told } = await signIn();
    provider.failTokens(503, "temporarily_unavailable");
    setClock(LIFE * 1000 - 10_000);
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["renewalFailed"]));
    for (let i = 0; i < 5; i += 1) {
      wake(page);
      await calm(client);
    }
    expect(provider.count("/token")).toBe(2);
    provider.failTokens(200, undefined);
    setClock(MINUTE);
    wake(page);
    // By the clock that nobody sets it is too early for another attempt; a second later it is not.
    await vi.waitFor(() => expect(told).toContain("renewed"), { timeout: 10_000 });
    expect(provider.count("/token")).toBe(3);
    expect(told).not.toContain("signedOut");
  });

  test.each<[string, Partial<OidcClientOptions>, boolean]>([
    ["automaticRenewal is false", { automaticRenewal: false }, true],
    ["there is no refresh token", {}, false],
  ])("where %s, it is told that the token ends", async (_, options, refreshes) => {
    provider.settings.refreshes = refreshes;
    const { client, page, told } = await signIn(options);
    setClock(LIFE * 1000 - 30_000);
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["expiring"]));
    setClock(30_000);
    wake(page);
    await vi.waitFor(() => expect(told).toEqual(["expiring", "expired"]));
    wake(page);
    await calm(client);
    expect(told).toEqual(["expiring", "expired"]);
    expect(provider.count("/token")).toBe(1);
  });

  test("TM-07 a client that was disposed of renews nothing and listens to nothing", async () => {
    const { client, page, told } = await signIn();
    expect(page.listening).toContain("visibilitychange");
    client.dispose();
    expect(page.listening).toEqual([]);
    setClock(HOUR);
    wake(page);
    expect(told).toEqual([]);
    expect(provider.count("/token")).toBe(1);
  });
});

test("a timer does not keep Node running", () => {
  const module = path.join(workspace, "pkg-template/src/renewal-timer.ts");
  const script = `
    import { transformSync } from "esbuild";
    import { readFileSync } from "node:fs";
    const { code } = transformSync(readFileSync(${JSON.stringify(module)}, "utf8"), { loader: "ts", format: "esm" });
    const { startTimer } = await import("data:text/javascript," + encodeURIComponent(code));
    const timer = startTimer({ next: async () => ({ at: Date.now() / 1000 + 3600 }), renew: async () => {}, tell: () => {} });
    timer.schedule({ id: "one", expiresAt: Date.now() / 1000 + 7200 });
    setTimeout(() => process.stdout.write("armed " + process.getActiveResourcesInfo().filter((name) => name === "Timeout").length), 50);
  `;
  // With the timer it would run for an hour; the limit ends it.
  const out = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8", cwd: workspace, timeout: 20_000 });
  expect(out).toMatch(/^armed/);
});
