import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { type BrowserContext, chromium, type Frame, type Page } from "playwright-core";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SessionStore } from "oidc-wasm";
import type { PlainOptions } from "../support/plain-options.ts";
import type * as Modules from "./support-modules.js";
import { alice, FLAGS, useWorld, type Visit, type World } from "./support.js";

declare global {
  interface Window {
    /** What the clients of this page have told, in order. */
    told: string[];
    /** A store as an application would write one, in a database of its own. */
    ownStore: SessionStore;
    modules: typeof Modules;
  }
}

type Kind = "memory" | "session" | "local" | "indexedDb" | "an application's own";
const KINDS = ["memory", "session", "local", "indexedDb", "an application's own"] as const;
const SHARED = KINDS.slice(2);

const the = useWorld("app", [], { page: { frames: true } });

afterEach(async () => {
  // Every other test leaves localStorage empty.
  for (const { context } of the.world.visits) {
    for (const page of context.pages()) {
      if (page.url().startsWith(the.world.page.url)) await page.evaluate(() => localStorage.clear());
    }
  }
});

/** A client that the provider gives refresh tokens to. */
const refreshing = (world: World): PlainOptions => world.options({ clientId: "spa-dpop", dpop: true, pushedAuthorization: "always" });

/** Puts what these tests need into every page of the visit. */
async function prepare({ context }: Visit): Promise<void> {
  await context.addInitScript(() => {
    window.told = [];
    const inOwn = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
      const opening = indexedDB.open("application");
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("texts"));
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      const transaction = opening.result.transaction("texts", mode);
      const request = work(transaction.objectStore("texts"));
      await new Promise((resolve) => transaction.addEventListener("complete", resolve));
      opening.result.close();
      return request.result;
    };
    window.ownStore = {
      load: (name) => inOwn<string | undefined>("readonly", (store) => store.get(name)),
      save: async (name, text) => void (await inOwn("readwrite", (store) => store.put(text, name))),
      remove: (name) => inOwn("readwrite", (store) => store.delete(name)),
    };
  });
}

async function visitFor(world: World, allowedConsole?: RegExp): Promise<Visit> {
  const visit = await world.visit(allowedConsole ? { allowedConsole } : {});
  await prepare(visit);
  return visit;
}

/** Makes a client on a harness page, and notes what it tells. */
async function create(page: Page | Frame, options: PlainOptions, kind: Kind): Promise<void> {
  await page.evaluate(
    async ([options, kind]) => {
      const storage = kind === "an application's own" ? window.ownStore : kind;
      const client = await window.oidc.OidcClient.create({ ...options, storage });
      for (const name of ["signedIn", "renewed", "renewalFailed", "signedOut", "sessionChanged"] as const) client.on(name, () => window.told.push(name));
      client.on("degraded", ({ feature, reason }) => window.told.push(`degraded ${feature} ${reason}`));
      window.clients.main = client;
    },
    [options, kind] as const,
  );
}

/** Signs in; `again` where the provider still knows who it is. */
async function signIn(visit: Visit, kind: Kind, options: PlainOptions = visit.world.options(), again = false): Promise<void> {
  await visit.openHarness();
  await create(visit.page, options, kind);
  const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
  await visit.page.goto(url);
  if (!again) {
    await visit.enterPassword(alice);
    await visit.allow();
  }
  await visit.harnessReady();
  await create(visit.page, options, kind);
  expect(await start(visit.page)).toBe(alice.subject);
}

async function openTab(visit: Visit, kind: Kind, options: PlainOptions = visit.world.options()): Promise<Page> {
  const page = await visit.context.newPage();
  await page.goto(`${visit.world.page.url}/harness/`);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
  await create(page, options, kind);
  return page;
}

const start = (page: Page | Frame): Promise<string | undefined> => page.evaluate(async () => (await window.clients.main.start())?.subject);
const told = (page: Page | Frame): Promise<string[]> => page.evaluate(() => window.told);

async function until(page: Page, what: string): Promise<void> {
  await page.waitForFunction((what) => window.told.includes(what), what);
}

/** Whether the API takes what the client sends it; otherwise the code that it fails with. */
async function callApi(page: Page): Promise<number | string | undefined> {
  return page.evaluate(async (url) => {
    let status: number | undefined;
    const failure = await window.failureOf(async () => {
      ({ status } = await window.clients.main.fetch(url));
    });
    return status ?? failure?.code;
  }, `${the.world.api.url}/me`);
}

/** Everything that this origin has stored, as text. */
async function stored(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const texts = [...Object.entries(localStorage), ...Object.entries(sessionStorage)].flat();
    for (const { name = "" } of await indexedDB.databases()) {
      const opening = indexedDB.open(name);
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      const database = opening.result;
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store).getAll();
        await new Promise((resolve) => reading.addEventListener("success", resolve));
        texts.push(JSON.stringify(reading.result));
      }
      database.close();
    }
    return texts.join("\n");
  });
}

describe.each(KINDS)("storage: %s", (kind) => {
  const outlivesPage = kind !== "memory";
  const isShared = SHARED.includes(kind as (typeof SHARED)[number]);

  test("a session in it is there as long and as widely as it says, and is gone everywhere after sign-out", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await signIn(visit, kind);
    const texts = await stored(visit.page);
    expect([...world.tokens].some((token) => texts.includes(token)), "a token is stored").toBe(outlivesPage);

    const other = await openTab(visit, kind);
    expect(await start(other)).toBe(isShared ? alice.subject : undefined);
    await visit.page.bringToFront();
    expect(await callApi(visit.page)).toBe(200);
    expect(await callApi(other)).toBe(isShared ? 200 : "not_signed_in");

    await visit.openHarness();
    await create(visit.page, world.options(), kind);
    expect(await start(visit.page)).toBe(outlivesPage ? alice.subject : undefined);
    await visit.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
    if (isShared) await until(other, "signedOut");
    for (const page of [visit.page, other]) {
      expect(await page.evaluate(() => window.clients.main.session)).toBeNull();
      expect(await callApi(page)).toBe("not_signed_in");
    }
    const after = await stored(visit.page);
    expect([...world.tokens].filter((token) => after.includes(token)), "tokens that are left").toEqual([]);
    expect([...(await told(visit.page)), ...(await told(other))].filter((event) => event.startsWith("degraded"))).toEqual([]);
  });

  test("several clients of a page have one session in it", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await signIn(visit, kind);
    const subjects = await visit.page.evaluate(
      async ([options, kind]) => {
        const storage = kind === "an application's own" ? window.ownStore : kind;
        const other = await window.oidc.OidcClient.create({ ...options, storage });
        const first = (await other.start())?.subject;
        const heard = new Promise((resolve) => other.on("signedOut", resolve));
        await window.clients.main.signOut({ localOnly: true });
        await heard;
        return [first, other.session?.subject];
      },
      [world.options(), kind] as const,
    );
    expect(subjects).toEqual([alice.subject, undefined]);
  });

  test("without IndexedDB everything works, in this page at least", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await visit.context.addInitScript(() => Object.defineProperty(window, "indexedDB", { value: undefined }));
    await signIn(visit, kind, refreshing(world));
    expect(await callApi(visit.page)).toBe(200);
    await visit.page.evaluate(() => window.clients.main.renew());
    expect(await callApi(visit.page)).toBe(200);
    await visit.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
    expect(await callApi(visit.page)).toBe("not_signed_in");
  });
});

describe.each(SHARED)("news between tabs, storage: %s", (kind) => {
  test.each(["channels", "storage events alone"])("sign-in and sign-out reach the other tab by %s", async (way) => {
    const { world } = the;
    const visit = await visitFor(world);
    if (way !== "channels") await visit.context.addInitScript(() => Object.defineProperty(window, "BroadcastChannel", { value: undefined }));
    await visit.openHarness();
    const other = await openTab(visit, kind);
    expect(await start(other)).toBeUndefined();
    await visit.page.bringToFront();
    await signIn(visit, kind);
    await until(other, "signedIn");
    expect(await other.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
    await visit.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
    await until(other, "signedOut");
    expect(await told(other)).toEqual(["signedIn", "signedOut"]);
  });
});

describe("ST-04: storage that fails", () => {
  test("a full localStorage: this page goes on, the spent token is not left behind, and it is said once", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await signIn(visit, "local", refreshing(world));
    const other = await openTab(visit, "local", refreshing(world));
    expect(await start(other)).toBe(alice.subject);
    await visit.page.evaluate(() => {
      // To the last character: not even an equally long text can replace the record.
      for (let size = 2 ** 22; size >= 1; size = Math.floor(size / 2)) {
        for (let number = 0; number < 3; number++) {
          try {
            localStorage.setItem(`filler ${size} ${number}`, "x".repeat(size));
          } catch {
            break;
          }
        }
      }
      const setItem = Storage.prototype.setItem;
      Storage.prototype.setItem = function (key, text) {
        setItem.call(this, key, key.startsWith("oidc-wasm.") ? text + " ".repeat(4096) : text);
      };
    });
    await visit.page.evaluate(() => window.clients.main.renew());
    expect(await callApi(visit.page)).toBe(200);
    expect(await visit.page.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
    expect((await told(visit.page)).filter((event) => event.startsWith("degraded"))).toEqual(["degraded storage QuotaExceededError"]);
    const texts = await stored(visit.page);
    expect([...world.tokens].filter((token) => texts.includes(token))).toEqual([]);
    // Chromium shows the other tab's process late what was removed.
    await expect.poll(async () => String(await callApi(other))).toMatch(/^(?:session_lost|not_signed_in)$/);
  });

  test.each(["QuotaExceededError", "DataCloneError", "InvalidStateError"])("storing in IndexedDB throws %s: this page goes on", async (reason) => {
    const { world } = the;
    const visit = await visitFor(world);
    await visit.context.addInitScript(`IDBObjectStore.prototype.put = () => { throw new DOMException("no", ${JSON.stringify(reason)}); };`);
    await signIn(visit, "indexedDb");
    expect(await callApi(visit.page)).toBe(200);
    expect(await told(visit.page)).toContain(`degraded storage ${reason}`);
  });

  test("IndexedDB that never answers: this page goes on, and waits for it once", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await visit.openHarness();
    await visit.context.addInitScript(() => {
      IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
    });
    await signIn(visit, "indexedDb");
    const began = Date.now();
    for (let time = 0; time < 5; time++) expect(await callApi(visit.page)).toBe(200);
    expect(Date.now() - began).toBeLessThan(3000);
    expect((await told(visit.page)).filter((event) => event.startsWith("degraded"))).toEqual(["degraded storage TimeoutError"]);
  });

  test("a frame without an origin has no storage, no locks and no channels: memory, said once, and nothing throws", async () => {
    const { world } = the;
    const visit = await visitFor(world, /from origin 'null'|net::ERR_FAILED/);
    await visit.context.route(`${world.page.url}/harness/**`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "access-control-allow-origin": "*" } });
    });
    await visit.openHarness();
    await visit.page.evaluate((src) => {
      const frame = document.createElement("iframe");
      frame.setAttribute("sandbox", "allow-scripts");
      frame.src = src;
      document.body.append(frame);
    }, `${world.page.url}/harness/framed`);
    const frame = await (await visit.page.waitForSelector("iframe")).contentFrame();
    if (!frame) throw new Error("There is no frame.");
    await frame.locator("body[data-ready]").waitFor({ state: "attached" });
    expect(await frame.evaluate(() => self.origin)).toBe("null");
    for (const kind of ["local", "session", "indexedDb"] as const) {
      await frame.evaluate(() => window.told.splice(0));
      await create(frame, world.options(), kind);
      expect(await start(frame)).toBeUndefined();
      const codes = await frame.evaluate(async () => [
        (await window.failureOf(() => window.clients.main.getAccessToken()))?.code,
        (await window.failureOf(() => window.clients.main.signOut({ localOnly: true })))?.code,
      ]);
      expect(codes).toEqual(["not_signed_in", undefined]);
      expect(await told(frame)).toEqual(["degraded storage SecurityError"]);
      await frame.evaluate(() => window.clients.main.dispose());
    }
  });
});

describe("the database", () => {
  test("ST-08: deleted by the person while pages are open: nobody is in the way, and the session is lost", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await signIn(visit, "indexedDb");
    const other = await openTab(visit, "indexedDb");
    await start(other);
    const outcome = await visit.page.evaluate(
      () =>
        new Promise((resolve) => {
          const deleting = indexedDB.deleteDatabase("oidc-wasm");
          deleting.addEventListener("success", () => resolve("deleted"));
          deleting.addEventListener("blocked", () => resolve("blocked"));
        }),
    );
    expect(outcome).toBe("deleted");
    expect(await callApi(other)).toBe("session_lost");
    await until(other, "signedOut");
    expect(await told(other)).toEqual(["signedOut"]);
    await signIn(visit, "indexedDb", world.options(), true);
    await until(other, "signedIn");
  });

  test("many calls at once share its openings", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await signIn(visit, "indexedDb");
    const opened = await visit.page.evaluate(async () => {
      let opened = 0;
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (...name) {
        opened += 1;
        return open.apply(this, name);
      };
      await Promise.all(Array.from({ length: 200 }, () => window.clients.main.getAccessToken()));
      return opened;
    });
    expect(opened).toBeLessThanOrEqual(8);
  });

  test("of the first version becomes one of the second, with the keys that it had", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    await visit.openHarness();
    await visit.page.evaluate(async () => {
      const opening = indexedDB.open("oidc-wasm", 1);
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("keys").put({ thumbprint: "old", usedAt: Date.now() }, "old"));
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      opening.result.close();
    });
    await signIn(visit, "indexedDb");
    const texts = await stored(visit.page);
    expect([texts.includes('"thumbprint":"old"'), [...world.tokens].some((token) => texts.includes(token))]).toEqual([true, true]);
    expect(await told(visit.page)).toEqual(["signedIn"]);
  });

  test("held open in its first version by somebody who does not let go: memory, after some seconds", async () => {
    const { world } = the;
    const visit = await visitFor(world);
    const blocker = await visit.context.newPage();
    await blocker.goto(`${world.page.url}/harness/`);
    await blocker.evaluate(() => {
      const opening = indexedDB.open("oidc-wasm", 1);
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("keys"));
      // Kept, and deaf for versionchange.
      return new Promise<void>((resolve) => opening.addEventListener("success", () => resolve(void Object.assign(window, { kept: opening.result }))));
    });
    await visit.page.bringToFront();
    await signIn(visit, "indexedDb");
    expect(await callApi(visit.page)).toBe(200);
    expect(await told(visit.page)).toContain("degraded storage TimeoutError");
  });
});

describe("locks and news, in pages of their own", () => {
  let script: string;

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL("./support-modules.ts", import.meta.url))],
      bundle: true,
      format: "esm",
      target: "es2022",
      write: false,
    });
    script = outputFiles[0]?.text ?? "";
  });

  /** Pages with the modules, each opened by itself. */
  async function openPages(world: World, context: BrowserContext, count: number): Promise<Page[]> {
    const url = `${world.page.url}/harness/modules.js`;
    await context.route(url, (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    return Promise.all(
      Array.from({ length: count }, async () => {
        const page = await context.newPage();
        await page.goto(`${world.page.url}/harness/`);
        await page.locator("body[data-ready]").waitFor({ state: "attached" });
        // As text, because vitest would make another import of it.
        await page.evaluate(`import(${JSON.stringify(url)}).then((modules) => void Object.assign(window, { modules }))`);
        return page;
      }),
    );
  }

  test.each(["local", "indexedDb"] as const)("RF-01: who gets the lock reads what the one before has written: %s", async (kind) => {
    const { world } = the;
    const { context } = await world.visit();
    const pages = await openPages(world, context, 6);
    const seen = await Promise.all(
      pages.map((page) =>
        page.evaluate(async (kind) => {
          const { openStore, lock, unlock } = window.modules;
          const store = openStore(kind, (reason) => {
            throw new Error(reason);
          });
          const seen: number[] = [];
          for (let round = 0; round < 40; round++) {
            const ticket = await lock("test", 30_000, true);
            await store.settle?.();
            const number = Number((await store.load("oidc-wasm.test")).trim());
            seen.push(number);
            await store.save("oidc-wasm.test", String(number + 1).padEnd(6000));
            unlock(ticket);
            await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
          }
          return seen;
        }, kind),
      ),
    );
    expect(seen.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 240 }, (_, number) => number));
  });

  test("ST-05: what came too late for IndexedDB does not happen later", async () => {
    const { world } = the;
    const { context } = await world.visit();
    const [blocker, writer, reader] = (await openPages(world, context, 3)) as [Page, Page, Page];
    await blocker.evaluate(() => {
      const opening = indexedDB.open("oidc-wasm", 1);
      opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore("keys"));
      return new Promise<void>((resolve) => opening.addEventListener("success", () => resolve(void Object.assign(window, { kept: opening.result }))));
    });
    const load = (page: Page): Promise<string> =>
      page.evaluate(async () => {
        const { openStore } = window.modules;
        return openStore("indexedDb", () => {}).load("oidc-wasm.test");
      });
    await writer.evaluate(async () => {
      const { openStore } = window.modules;
      await openStore("indexedDb", () => {}).save("oidc-wasm.test", "late");
    });
    await blocker.close();
    expect([await load(reader), await load(writer)]).toEqual(["", "late"]);
  });

  test("RF-02: a page that hangs loses the lock to one of those that wait, and that one keeps it", async () => {
    const { world } = the;
    const { context } = await world.visit();
    const [holder, ...others] = await openPages(world, context, 8);
    const rejections: unknown[] = [];
    context.on("weberror", (error) => rejections.push(error.error()));
    await holder?.evaluate(() => window.modules.lock("test", 60_000, true));
    const began = Date.now();
    const spans = await Promise.all(
      others.map((page) =>
        page.evaluate(async () => {
          const ticket = await window.modules.lock("test", 1000, true);
          const from = Date.now();
          await new Promise((resolve) => setTimeout(resolve, 100));
          const to = Date.now();
          window.modules.unlock(ticket);
          return { from, to };
        }),
      ),
    );
    spans.sort((a, b) => a.from - b.from);
    // After the second that they wait, and long before the minute that the holder has; the others one after another.
    expect((spans[0]?.from ?? Infinity) - began).toBeLessThan(10_000);
    expect(spans.every(({ from }, index) => index === 0 || from >= (spans[index - 1]?.to ?? Infinity)), JSON.stringify(spans)).toBe(true);
    expect((spans.at(-1)?.to ?? Infinity) - (spans[0]?.from ?? 0)).toBeLessThan(5000);
    expect(rejections).toEqual([]);
  });

  test("RF-02: a page that the browser has frozen does not stop the others", async () => {
    const { world } = the;
    const { context } = await world.visit();
    const [holder, other] = (await openPages(world, context, 2)) as [Page, Page];
    await holder.evaluate(() => window.modules.lock("test", 60_000, true));
    const session = await context.newCDPSession(holder);
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
    const waited = await other.evaluate(async () => {
      const began = performance.now();
      window.modules.unlock(await window.modules.lock("test", 1000, true));
      return performance.now() - began;
    });
    expect(waited).toBeLessThan(10_000);
    await session.send("Page.setWebLifecycleState", { state: "active" });
  });

  test("a page that is closed leaves the lock to the next at once", async () => {
    const { world } = the;
    const { context } = await world.visit();
    const [holder, other] = (await openPages(world, context, 2)) as [Page, Page];
    await holder.evaluate(() => window.modules.lock("test", 60_000, true));
    const ticket = other.evaluate(() => window.modules.lock("test", 60_000, true));
    await holder.close();
    expect(await ticket).not.toBe("");
  });

  test("RF-14: with nothing to do, no lock is held or waited for", async () => {
    const { world } = the;
    const { context } = await world.visit();
    const pages = await openPages(world, context, 3);
    await Promise.all(
      pages.map((page) =>
        page.evaluate(async () => {
          const { openStore, lock, unlock } = window.modules;
          const ticket = await lock("test", 1000, true);
          await openStore("local", () => {}).save("oidc-wasm.test", "text");
          unlock(ticket);
        }),
      ),
    );
    const locks = (): Promise<unknown> => (pages[0] as Page).evaluate(() => navigator.locks.query());
    // What was written is told for a second.
    await expect.poll(locks).toEqual({ held: [], pending: [] });
  });
});

test.each(KINDS)("TM-07, RF-14: a page with an idle client comes back from the back/forward cache: %s", async (kind) => {
  const { world } = the;
  // Playwright turns the cache off, because its own pages do not follow it.
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
    args: FLAGS,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
  try {
    const context = await browser.newContext();
    await prepare({ context } as Visit);
    const page = await context.newPage();
    await page.goto(`${world.page.url}/harness/`);
    await page.locator("body[data-ready]").waitFor({ state: "attached" });
    await create(page, world.options(), kind);
    await start(page);
    await page.evaluate(() => {
      addEventListener("pageshow", ({ persisted }) => {
        document.title = persisted ? "from the cache" : "anew";
      });
    });
    const session = await context.newCDPSession(page);
    const reasons: unknown[] = [];
    await session.send("Page.enable");
    session.on("Page.backForwardCacheNotUsed", ({ notRestoredExplanations }) => reasons.push(...notRestoredExplanations.map(({ reason }) => reason)));
    await page.goto(`${world.provider.url}/.well-known/openid-configuration`);
    await session.send("Page.getNavigationHistory").then(({ currentIndex, entries }) => session.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1]?.id ?? 0 }));
    await expect.poll(() => session.send("Runtime.evaluate", { expression: "document.title" }).then(({ result }) => result.value as unknown), { timeout: 10_000 }).toBe("from the cache");
    expect(reasons).toEqual([]);
  } finally {
    await browser.close();
  }
});
