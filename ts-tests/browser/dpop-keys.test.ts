import { decodeProtectedHeader, EmbeddedJWK, jwtVerify } from "jose";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { useWorld, type Visit, type World } from "./support.js";

const the = useWorld();

const options = (world: World, more: Partial<PlainOptions> = {}): PlainOptions =>
  world.options({ clientId: "spa-dpop", scope: "openid profile email api", dpop: true, pushedAuthorization: "always", storage: "session", ...more });

/** What begins a sign-in without any request: the URL then says the thumbprint. */
const unpushed = (world: World, more: Partial<PlainOptions> = {}): PlainOptions =>
  options(world, { clientId: "spa", pushedAuthorization: "never", ...more });

/** Begins a sign-in and stays. What the URL says of the key, and which events there were. */
async function prepare(page: Page): Promise<{ jkt: string | null; events: string[] }> {
  return page.evaluate(async () => {
    const events: string[] = [];
    const off = window.clients.main.on("degraded", ({ feature, reason }) => events.push(`${feature} ${reason}`));
    const { url } = await window.clients.main.prepareSignIn();
    off();
    return { jkt: new URL(url).searchParams.get("dpop_jkt"), events };
  });
}

/** What IndexedDB has, without what cannot leave the page. */
async function kept(page: Page): Promise<{ thumbprint: string; awaitedSince: number | undefined; usedAt: number | undefined; extractable: boolean }[]> {
  return page.evaluate(async () => {
    const answer = (request: IDBRequest): Promise<unknown> =>
      new Promise((resolve, reject) => {
        request.addEventListener("success", () => resolve(request.result));
        request.addEventListener("error", () => reject(request.error));
      });
    if (!(await indexedDB.databases()).some(({ name }) => name === "oidc-wasm")) return [];
    const opening = indexedDB.open("oidc-wasm");
    await answer(opening);
    const store = opening.result.transaction("keys").objectStore("keys");
    const entries = await answer(store.getAll());
    opening.result.close();
    return (entries as { keyPair: CryptoKeyPair; thumbprint: string; awaitedSince?: number; usedAt?: number }[]).map(
      ({ keyPair, thumbprint, awaitedSince, usedAt }) => ({ thumbprint, awaitedSince, usedAt, extractable: keyPair.privateKey.extractable }),
    );
  });
}

/** Changes every entry that IndexedDB has. */
async function change(page: Page, how: "ages" | "breaks" | "is of the former layout", milliseconds = 0): Promise<void> {
  await page.evaluate(
    async ([how, milliseconds]) => {
      const opening = indexedDB.open("oidc-wasm");
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      const transaction = opening.result.transaction("keys", "readwrite");
      const reading = transaction.objectStore("keys").openCursor();
      reading.addEventListener("success", () => {
        const cursor = reading.result;
        if (!cursor) return;
        const { awaitedSince, usedAt, ...rest } = cursor.value as { awaitedSince?: number; usedAt?: number };
        if (how === "breaks") cursor.update({ ...rest, awaitedSince, usedAt, keyPair: {} });
        if (how === "is of the former layout") cursor.update(rest);
        if (how === "ages" && awaitedSince !== undefined) cursor.update({ ...rest, awaitedSince: awaitedSince - milliseconds });
        if (how === "ages" && usedAt !== undefined) cursor.update({ ...rest, usedAt: usedAt - milliseconds });
        cursor.continue();
      });
      await new Promise((resolve) => transaction.addEventListener("complete", resolve));
      opening.result.close();
    },
    [how, milliseconds] as const,
  );
}

const thumbprints = async (page: Page): Promise<string[]> => (await kept(page)).map(({ thumbprint }) => thumbprint).toSorted();

const MINUTE = 60_000;
const DAY = 86_400_000;

async function callApi(visit: Visit, count = 1): Promise<number[]> {
  return visit.page.evaluate(
    ([url, count]) => Promise.all(Array.from({ length: count }, async () => (await window.clients.main.fetch(url)).status)),
    [`${visit.world.api.url}/me`, count] as const,
  );
}

describe("keys in IndexedDB", () => {
  test("DP-08, DP-24: each sign-in has its own, of each issuer and each client", async () => {
    const { world } = the;
    const visit = await world.visit();
    const other = `${world.provider.url}/other`;
    await visit.context.route(`${other}/.well-known/openid-configuration`, async (route) => {
      const response = await route.fetch({ url: `${world.provider.url}/.well-known/openid-configuration` });
      await route.fulfill({ response, json: { ...((await response.json()) as object), issuer: other } });
    });
    const jkts: (string | null)[] = [];
    for (const more of [{}, { authority: other }, { clientId: "another" }, {}, { storage: "indexedDb" }] as const) {
      await visit.openHarness();
      await visit.createClient(unpushed(world, more));
      jkts.push((await prepare(visit.page)).jkt);
    }
    expect(new Set(jkts).size).toBe(5);
    expect(await thumbprints(visit.page)).toEqual(jkts.toSorted());
    const stored = await kept(visit.page);
    expect(stored.every(({ extractable, awaitedSince, usedAt }) => !extractable && awaitedSince !== undefined && usedAt === undefined)).toBe(true);
  });

  test("DP-09: twenty tabs that make one at the same time lose none", async () => {
    const { world } = the;
    const visit = await world.visit();
    const pages = await Promise.all(Array.from({ length: 20 }, () => visit.context.newPage()));
    for (const page of pages) {
      await page.goto(`${world.page.url}/harness/`);
      await page.locator("body[data-ready]").waitFor({ state: "attached" });
    }
    await Promise.all(
      pages.map((page) =>
        page.evaluate(async (options) => {
          window.clients.main = await window.oidc.OidcClient.create(options);
        }, unpushed(world)),
      ),
    );
    const prepared = await Promise.all(pages.map(prepare));
    expect(prepared.flatMap(({ events }) => events)).toEqual([]);
    expect(await thumbprints(pages[0] ?? visit.page)).toEqual(prepared.map(({ jkt }) => jkt).toSorted());
  });

  test("DP-12: one for sign-in, three renewals and fifty calls, also after a reload", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    for (let renewal = 0; renewal < 3; renewal++) await visit.page.evaluate(() => window.clients.main.renew());
    expect(new Set(await callApi(visit, 25))).toEqual(new Set([200]));
    await visit.openHarness();
    await visit.createClient(options(world));
    await visit.page.evaluate(() => window.clients.main.start());
    expect(new Set(await callApi(visit, 25))).toEqual(new Set([200]));
    await visit.page.evaluate(() => window.clients.main.renew());
    expect([...new Set(world.api.seen.proofs.map(({ jkt }) => jkt))]).toEqual(await thumbprints(visit.page));
    expect(world.api.seen.proofs.length).toBeGreaterThanOrEqual(50);
    expect(new Set(world.api.seen.proofs.map(({ jti }) => jti)).size).toBe(world.api.seen.proofs.length);
  });

  test("DP-24: a sign-in into memory has one of its own, which the callback takes away with it", async () => {
    const { world } = the;
    const visit = await world.visit();
    const inMemory = options(world, { storage: "memory" });
    await visit.reachCallback(inMemory);
    const [waiting, ...others] = await kept(visit.page);
    expect([waiting?.extractable, typeof waiting?.awaitedSince, others.length]).toEqual([false, "number", 0]);
    await visit.createClient(inMemory);
    await visit.page.evaluate(() => window.clients.main.start());
    expect(await kept(visit.page)).toEqual([]);
    expect(await callApi(visit)).toEqual([200]);
    expect(world.api.seen.proofs.at(-1)?.jkt).toBe(waiting?.thumbprint);
  });

  test("DP-24: what a sign-in left behind is removed by the next one, when it is old enough, and nothing else", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    const [lasting = ""] = await thumbprints(visit.page);
    await visit.createClient(unpushed(world, { storage: "memory" }), "other");
    const begin = (): Promise<string> => visit.page.evaluate(async () => new URL((await window.clients.other.prepareSignIn()).url).searchParams.get("dpop_jkt") ?? "");
    const old = await begin();
    await change(visit.page, "ages", 14 * MINUTE);
    const young = await begin();
    expect(await thumbprints(visit.page)).toEqual([lasting, old, young].toSorted());
    await change(visit.page, "ages", 2 * MINUTE);
    const last = await begin();
    expect(await thumbprints(visit.page)).toEqual([lasting, young, last].toSorted());
  });

  test("one of a session is kept as long as a page uses it now and then; ninety days after the last time it goes", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    const [entry] = await kept(visit.page);
    expect([typeof entry?.usedAt, entry?.awaitedSince]).toEqual(["number", undefined]);
    const sweep = async (): Promise<string> => {
      await visit.openHarness();
      await visit.createClient(unpushed(world, { clientId: "another" }));
      return (await prepare(visit.page)).jkt ?? "";
    };
    await change(visit.page, "ages", 89 * DAY);
    await sweep();
    expect(await thumbprints(visit.page)).toContain(entry?.thumbprint);
    await visit.openHarness();
    await visit.createClient(options(world));
    await visit.page.evaluate(() => window.clients.main.start());
    expect(await callApi(visit)).toEqual([200]);
    await change(visit.page, "ages", 89 * DAY);
    await sweep();
    expect(await thumbprints(visit.page)).toContain(entry?.thumbprint);
    await change(visit.page, "ages", 2 * DAY);
    const last = await sweep();
    expect(await thumbprints(visit.page)).toEqual([last]);
  });

  test("those of the former layout, one for all sessions of a client, go with the next sign-in", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(unpushed(world));
    await prepare(visit.page);
    await change(visit.page, "is of the former layout");
    const { jkt } = await prepare(visit.page);
    expect(await thumbprints(visit.page)).toEqual([jkt]);
  });

  test("LO-01: it goes with its session, and those of others stay", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    const [mine = ""] = await thumbprints(visit.page);
    await visit.createClient(unpushed(world, { clientId: "another" }), "other");
    await visit.page.evaluate(() => window.clients.other.prepareSignIn());
    const others = (await thumbprints(visit.page)).filter((thumbprint) => thumbprint !== mine);
    await visit.page.evaluate(() => window.clients.main.signOut({ localOnly: true }));
    expect([others.length, await thumbprints(visit.page)]).toEqual([1, others]);
  });

  test("one that is broken is lost, and the next sign-in has another", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world));
    await change(visit.page, "breaks");
    await visit.openHarness();
    await visit.createClient(options(world));
    const events = await visit.page.evaluate(async () => {
      const events: string[] = [];
      window.clients.main.on("degraded", ({ feature, reason }) => events.push(`${feature} ${reason}`));
      await window.clients.main.start();
      return [...events, String(window.clients.main.session?.subject)];
    });
    expect(events).toEqual(["dpopKey lost", "undefined"]);
    // The provider still knows who it is.
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    await visit.page.goto(url);
    await visit.harnessReady();
    await visit.createClient(options(world));
    await visit.page.evaluate(() => window.clients.main.start());
    expect(await callApi(visit)).toEqual([200]);
  });
});

describe("DP-10: where no key can be kept, sign-in works for this tab, and says so", () => {
  const faults: readonly (readonly [name: string, reason: string, fault: string | (() => void)])[] = [
    ["there is no IndexedDB", "NotSupportedError", () => Object.defineProperty(window, "indexedDB", { value: undefined })],
    [
      "IndexedDB is forbidden",
      "SecurityError",
      () => {
        IDBFactory.prototype.open = () => {
          throw new DOMException("no", "SecurityError");
        };
      },
    ],
    [
      "IndexedDB cannot be opened",
      "VersionError",
      () => {
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function (name) {
          // A database of a later version is there already.
          const later = open.call(this, name, 7);
          later.addEventListener("success", () => later.result.close());
          return open.call(this, name, 1);
        };
      },
    ],
    [
      "IndexedDB never answers",
      "TimeoutError",
      () => {
        IDBFactory.prototype.open = () => new EventTarget() as IDBOpenDBRequest;
      },
    ],
    ...["DataCloneError", "QuotaExceededError", "InvalidStateError"].map(
      (name) =>
        [
          `storing throws ${name}`,
          name,
          `IDBObjectStore.prototype.put = () => { throw new DOMException("no", ${JSON.stringify(name)}); };`,
        ] as const,
    ),
    [
      "the transaction is given up at its end",
      "AbortError",
      () => {
        const { put } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.put = function (...values) {
          const request = put.apply(this, values);
          request.addEventListener("success", () => this.transaction.abort());
          return request;
        };
      },
    ],
  ];

  test.each(faults.flatMap(([name, reason, fault]) => (["session", "memory"] as const).map((storage) => ({ name, reason, fault, storage }))))(
    "$name ($storage)",
    async ({ reason, fault, storage }) => {
      const { world } = the;
      const visit = await world.visit();
      await visit.context.addInitScript(fault);
      await visit.openHarness();
      await visit.createClient(unpushed(world, { storage }));
      const { jkt, events } = await prepare(visit.page);
      // The code is not bound: no key of now is there when it is exchanged.
      expect({ jkt, events }).toEqual({ jkt: null, events: [`dpopKey ${reason}`] });

      await visit.signInToHarness(options(world, { storage }));
      expect(await callApi(visit, 2)).toEqual([200, 200]);
      await visit.page.evaluate(() => window.clients.main.renew());
      expect(await callApi(visit)).toEqual([200]);
      expect(new Set(world.api.seen.proofs.map(({ jkt }) => jkt)).size).toBe(1);

      await visit.openHarness();
      await visit.createClient(options(world, { storage }));
      // Where IndexedDB does not answer, nobody can say that the key is gone: another tab may have it.
      const isOpen = reason === "TimeoutError" && storage === "session";
      const failure = await visit.page.evaluate(() => window.failureOf(() => window.clients.main.start()));
      expect(failure?.code, "gone with its page").toBe(isOpen ? "storage_unavailable" : undefined);
      expect(await visit.page.evaluate(() => window.clients.main.session)).toBeNull();
    },
  );
});

describe('the signer "software"', () => {
  test("DP-06: signs a person in, with a key that is stored nowhere", async () => {
    const { world } = the;
    const visit = await world.visit();
    const software = options(world, { dpop: { signer: "software" } });
    await visit.signInToHarness(software);
    expect(await callApi(visit, 3)).toEqual([200, 200, 200]);
    await visit.page.evaluate(() => window.clients.main.renew());
    expect(await callApi(visit)).toEqual([200]);
    expect(await kept(visit.page)).toEqual([]);
    const texts = await visit.page.evaluate(() => [...Object.values(sessionStorage), ...Object.values(localStorage)].join("\n"));
    expect(texts).not.toMatch(/"d":|-----BEGIN/);
    await visit.openHarness();
    await visit.createClient(software);
    expect(await visit.page.evaluate(() => window.clients.main.start()), "gone with its page").toBeNull();
  });

  test("makes proofs in a page without TLS, where WebCrypto does not", async () => {
    const { world } = the;
    const context = await world.browser.newContext();
    try {
      // A name that is not this machine's own is not trusted without TLS.
      await context.route("http://insecure.example/**", async (route) => {
        const { pathname } = new URL(route.request().url());
        await route.fulfill({ response: await route.fetch({ url: world.page.url + pathname }) });
      });
      const page = await context.newPage();
      await page.goto("http://insecure.example/harness/");
      await page.locator("body[data-ready]").waitFor({ state: "attached" });
      const { isSecure, failure, proof } = await page.evaluate(async () => {
        const failure = await window.failureOf(() => window.oidc.DpopKey.generate());
        const key = await window.oidc.DpopKey.generate({ signer: "software" });
        return { isSecure: isSecureContext, failure, proof: await key.proof({ method: "GET", url: "https://api.example/" }) };
      });
      expect([isSecure, failure?.code]).toEqual([false, "unsupported_environment"]);
      expect(failure?.message).toContain('signer "software"');
      const { payload } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
      expect([payload["htm"], payload["htu"], decodeProtectedHeader(proof).alg]).toEqual(["GET", "https://api.example/", "ES256"]);
    } finally {
      await context.close();
    }
  });
});
