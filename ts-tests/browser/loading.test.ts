import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { useWorld } from "./support.js";

const the = useWorld();

const create = (page: Page): Promise<{ code: string; message: string } | undefined> =>
  page.evaluate((options) => window.failureOf(() => window.oidc.OidcClient.create(options)), the.world.options());

describe("CS-02: the Content Security Policy", () => {
  test("without 'wasm-unsafe-eval' the error names the missing word", async () => {
    const visit = await the.world.visit({ allowViolations: true, allowedConsole: /Content Security Policy/ });
    await visit.page.route("**/harness/", async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), "content-security-policy": "default-src 'self'; script-src 'self'" },
      });
    });
    await visit.openHarness();
    const failure = await create(visit.page);
    expect(failure?.code).toBe("wasm_blocked_by_csp");
    expect(failure?.message).toContain("'wasm-unsafe-eval'");
  });

  test("without it the demo says what to do", async () => {
    const visit = await the.world.visit({ allowViolations: true, allowedConsole: /Content Security Policy/ });
    await visit.page.route(`${the.world.page.url}/`, async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      await route.fulfill({
        response,
        headers: { ...headers, "content-security-policy": (headers["content-security-policy"] ?? "").replace("'wasm-unsafe-eval'", "") },
      });
    });
    await visit.openDemo("signed-out");
    expect(await visit.id("error-code").textContent()).toBe("wasm_blocked_by_csp");
    expect(await visit.id("error-message").textContent()).toContain("'wasm-unsafe-eval'");
    await visit.shot("error-csp");
  });
});

describe("WA-02: the wasm file", () => {
  test("a fallback page in its place answers wasm_wrong_content_type", async () => {
    const visit = await the.world.visit();
    await visit.page.route("**/*.wasm", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<!doctype html><title>App</title>" }));
    await visit.openHarness();
    const failure = await create(visit.page);
    expect(failure?.code).toBe("wasm_wrong_content_type");
    expect(failure?.message).toContain("text/html");
  });

  test("a missing file answers wasm_not_found, and the next try may succeed", async () => {
    const visit = await the.world.visit({ allowedConsole: /404/ });
    await visit.page.route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
    await visit.openHarness();
    expect((await create(visit.page))?.code).toBe("wasm_not_found");
    await visit.page.unroute("**/*.wasm");
    expect(await create(visit.page)).toBeUndefined();
  });

  test("no answer at all is wasm_load_failed", async () => {
    const visit = await the.world.visit({ allowedConsole: /ERR_FAILED/ });
    await visit.page.route("**/*.wasm", (route) => route.abort());
    await visit.openHarness();
    expect((await create(visit.page))?.code).toBe("wasm_load_failed");
  });

  test("served as application/octet-stream it still works", async () => {
    const visit = await the.world.visit();
    await visit.page.route("**/*.wasm", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), "content-type": "application/octet-stream" } });
    });
    await visit.openHarness();
    expect(await create(visit.page)).toBeUndefined();
  });

  test("importing loads nothing; many first calls load once", async () => {
    const visit = await the.world.visit();
    const loads = (): number => visit.requests.filter((url) => url.endsWith(".wasm")).length;
    await visit.openHarness();
    const early = await visit.page.evaluate((options) => window.failureOf(() => new window.oidc.OidcClient(options)), the.world.options());
    expect(early?.code).toBe("not_initialized");
    expect(loads()).toBe(0);
    expect(await visit.page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie])).toEqual([0, 0, ""]);
    await visit.page.evaluate((options) => Promise.all(Array.from({ length: 10 }, () => window.oidc.OidcClient.create(options))), the.world.options());
    expect(loads()).toBe(1);
    expect(the.world.scriptRequests, "creating a client asks the provider nothing").toEqual([]);
  });
});

describe("the software signer", () => {
  const generate = (page: Page): Promise<{ code: string; message: string } | undefined> =>
    page.evaluate(() => window.failureOf(() => window.oidc.DpopKey.generate({ signer: "software" })));

  test("is loaded when somebody wants it, once", async () => {
    const visit = await the.world.visit();
    const loads = (): number => visit.requests.filter((url) => url.includes("software-signer")).length;
    await visit.openHarness();
    expect(await create(visit.page)).toBeUndefined();
    expect(loads()).toBe(0);
    await visit.page.evaluate(() => Promise.all([1, 2, 3].map(() => window.oidc.DpopKey.generate({ signer: "software" }))));
    expect(loads()).toBe(1);
  });

  test("that does not come is wasm_load_failed, and all else works", async () => {
    const visit = await the.world.visit({ allowedConsole: /ERR_FAILED/ });
    await visit.page.route("**/*software-signer*", (route) => route.abort());
    await visit.openHarness();
    const failure = await generate(visit.page);
    expect(failure?.code).toBe("wasm_load_failed");
    expect(failure?.message).toContain("software-signer.js");
    expect(await create(visit.page)).toBeUndefined();
  });

  test("needs no more of the Content Security Policy than the rest", async () => {
    const visit = await the.world.visit();
    await visit.page.route("**/harness/", async (route) => {
      const response = await route.fetch();
      const headers = { ...response.headers(), "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
      await route.fulfill({ response, headers });
    });
    await visit.openHarness();
    expect(await generate(visit.page)).toBeUndefined();
  });
});
