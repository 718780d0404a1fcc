import { decodeProtectedHeader, EmbeddedJWK, jwtVerify } from "jose";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import type { OidcClientOptions } from "oidc-wasm";
import { useWorld, type Visit, type World } from "./support.js";

const the = useWorld();

const options = (world: World, more: Partial<OidcClientOptions> = {}): OidcClientOptions =>
  world.options({ clientId: "spa-dpop", scope: "openid profile email api", dpop: true, pushedAuthorization: "always", storage: "session", ...more });

/** What begins a sign-in without any request: the URL then says the thumbprint. */
const unpushed = (world: World, more: Partial<OidcClientOptions> = {}): OidcClientOptions =>
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
async function kept(page: Page): Promise<{ thumbprint: string; awaitedSince: number | undefined; extractable: boolean }[]> {
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
    return (entries as { keyPair: CryptoKeyPair; thumbprint: string; awaitedSince?: number }[]).map(({ keyPair, thumbprint, awaitedSince }) => ({
      thumbprint,
      awaitedSince,
      extractable: keyPair.privateKey.extractable,
    }));
  });
}

/** Makes every key that waits for its callback that much older. */
async function age(page: Page, milliseconds: number): Promise<void> {
  await page.evaluate(async (milliseconds) => {
    const opening = indexedDB.open("oidc-wasm");
    await new Promise((resolve) => opening.addEventListener("success", resolve));
    const transaction = opening.result.transaction("keys", "readwrite");
    const reading = transaction.objectStore("keys").openCursor();
    reading.addEventListener("success", () => {
      const cursor = reading.result;
      if (!cursor) return;
      const entry = cursor.value as { awaitedSince?: number };
      if (entry.awaitedSince !== undefined) cursor.update({ ...entry, awaitedSince: entry.awaitedSince - milliseconds });
      cursor.continue();
    });
    await new Promise((resolve) => transaction.addEventListener("complete", resolve));
    opening.result.close();
  }, milliseconds);
}

async function callApi(visit: Visit, count = 1): Promise<number[]> {
  return visit.page.evaluate(
    ([url, count]) => Promise.all(Array.from({ length: count }, async () => (await window.clients.main.fetch(url)).status)),
    [`${visit.world.api.url}/me`, count] as const,
  );
}

describe("keys in IndexedDB", () => {
  test("DP-08: each issuer and each client has its own, and keeps it", async () => {
    const { world } = the;
    const visit = await world.visit();
    const other = `${world.provider.url}/other`;
    await visit.context.route(`${other}/.well-known/openid-configuration`, async (route) => {
      const response = await route.fetch({ url: `${world.provider.url}/.well-known/openid-configuration` });
      await route.fulfill({ response, json: { ...((await response.json()) as object), issuer: other } });
    });
    const jkts: (string | null)[] = [];
    for (const more of [{}, { authority: other }, { clientId: "another" }, {}, { authority: other }]) {
      await visit.openHarness();
      await visit.createClient(unpushed(world, more));
      jkts.push((await prepare(visit.page)).jkt);
    }
    const [first, second, third] = jkts;
    expect(jkts).toEqual([first, second, third, first, second]);
    expect(new Set(jkts).size).toBe(3);
    const stored = await kept(visit.page);
    expect(stored.map(({ thumbprint }) => thumbprint).toSorted()).toEqual([first, second, third].toSorted());
    expect(stored.every(({ extractable, awaitedSince }) => !extractable && awaitedSince === undefined)).toBe(true);
  });

  test("DP-09: twenty tabs that look for one at the same time agree", async () => {
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
    const [{ jkt } = { jkt: "none" }] = prepared;
    expect(prepared).toEqual(Array.from({ length: 20 }, () => ({ jkt, events: [] })));
    expect((await kept(pages[0] ?? visit.page)).map(({ thumbprint }) => thumbprint)).toEqual([jkt]);
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
    const [stored] = await kept(visit.page);
    expect(new Set(world.api.seen.proofs.map(({ jkt }) => jkt))).toEqual(new Set([stored?.thumbprint]));
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
    await visit.openHarness();
    await visit.createClient(unpushed(world));
    const { jkt: lasting } = await prepare(visit.page);
    await visit.createClient(unpushed(world, { storage: "memory" }));
    const { jkt: old } = await prepare(visit.page);
    await age(visit.page, 14 * 60_000);
    const { jkt: young } = await prepare(visit.page);
    expect((await kept(visit.page)).map(({ thumbprint }) => thumbprint).toSorted()).toEqual([lasting, old, young].toSorted());
    await age(visit.page, 2 * 60_000);
    const { jkt: last } = await prepare(visit.page);
    expect((await kept(visit.page)).map(({ thumbprint }) => thumbprint).toSorted()).toEqual([lasting, young, last].toSorted());
  });

  test("one that is broken gives way to a new one, for all tabs", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(unpushed(world));
    const { jkt: before } = await prepare(visit.page);
    await visit.page.evaluate(async () => {
      const opening = indexedDB.open("oidc-wasm");
      await new Promise((resolve) => opening.addEventListener("success", resolve));
      const transaction = opening.result.transaction("keys", "readwrite");
      const reading = transaction.objectStore("keys").openCursor();
      reading.addEventListener("success", () => reading.result?.update({ ...(reading.result.value as object), keyPair: {} }));
      await new Promise((resolve) => transaction.addEventListener("complete", resolve));
      opening.result.close();
    });
    const after = [(await prepare(visit.page)).jkt, (await prepare(visit.page)).jkt];
    expect(after[0]).toBe(after[1]);
    expect(after[0]).not.toBe(before);
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
      expect(await visit.page.evaluate(() => window.clients.main.start()), "gone with its page").toBeNull();
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
