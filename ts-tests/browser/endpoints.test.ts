import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createPage } from "../../demo/spa/serve.js";
import { ANSWER, exactRequests, HEADERS } from "../support/protocol/exact.js";
import type { Recorded } from "../support/protocol/recording.js";
import { scenarios } from "../support/protocol/scenarios.js";
import { startServers } from "../support/protocol/servers.js";
import type { Servers } from "../support/protocol/world.js";
import type {} from "./endpoints-page/main.js";
import { FLAGS } from "./support.js";

const out = fileURLToPath(new URL("../../target/browser-tests/endpoints", import.meta.url));

let started: Awaited<ReturnType<typeof startServers>>;
let served: Awaited<ReturnType<typeof createPage>>;
/** By the servers' own host name: cookies would not be sent to another site in any case. */
let address: string;
let browser: Browser;
let page: Page;
let servers: Servers;
const violations: string[] = [];

beforeAll(async () => {
  await build({
    configFile: false,
    root: fileURLToPath(new URL("./endpoints-page", import.meta.url)),
    logLevel: "warn",
    build: { outDir: out, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
  started = await startServers();
  ({ servers } = started);
  const { provider, rfc } = servers;
  served = await createPage({
    port: 0,
    directory: out,
    provider: `${provider.issuer} ${provider.aliasOrigin}`,
    api: `${rfc.origin} ${rfc.aliasOrigin}`,
  });
  address = served.url.replace("localhost", "127.0.0.1");
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
  page = await browser.newPage();
  await page.exposeBinding("reportViolation", (_source, violation: string) => violations.push(violation));
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      const report = (globalThis as unknown as { reportViolation(text: string): void }).reportViolation;
      report(`${event.effectiveDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(`${address}/`);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
});

afterEach(() => {
  expect(violations.splice(0), "violations of the Content Security Policy").toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([served?.close(), started?.[Symbol.asyncDispose]()]);
});

describe.each(Object.entries(scenarios))("every endpoint, in Chromium: %s", (group, scenarios) => {
  test.each(scenarios)("$rule", async ({ rule, check }) => {
    const run = ([servers, group, rule]: [Servers, string, string]): Promise<string> =>
      window.runScenario(servers, group, rule);
    const result = JSON.parse(await page.evaluate(run, [servers, group, rule] as [Servers, string, string])) as unknown;
    expect(result).toBeDefined();
    check(result, expect, servers);
  });
});

async function command(name: string, argument: unknown): Promise<unknown> {
  const response = await fetch(`${servers.rfc.origin}/-/${name}`, { method: "POST", body: JSON.stringify(argument) });
  return response.json();
}

describe("what a page puts on the wire", () => {
  test("is the same as in Node, with its origin and without cookies or referrer", async () => {
    const path = "/exact";
    await command("script", { path, answers: [{ body: ANSWER }] });
    // As if a person had been there before.
    await page.context().addCookies([{ name: "session", value: "s", url: servers.rfc.origin }]);
    for (const { name, method, headers, body } of exactRequests.filter(({ name }) => !name.startsWith("poll"))) {
      await command("take", {});
      await page.evaluate(([name, address]) => window.runExactRequest(name, address), [
        name,
        servers.rfc.origin + path,
      ] as const);
      const [request, ...more] = (await command("take", {})) as Recorded[];
      expect(more, name).toEqual([]);
      const sent = Object.entries(request?.headers ?? {}).filter(([header]) =>
        (HEADERS as readonly string[]).includes(header),
      );
      expect({ method: request?.method, body: request?.body, headers: Object.fromEntries(sent) }, name).toEqual({
        method,
        body,
        headers,
      });
      expect(request?.headers["origin"], name).toBe(address);
      expect(request?.headers, name).not.toHaveProperty("referer");
    }
  });

  test("shows cookies, and with them a certificate, to the alias alone", async () => {
    const path = "/certificate";
    await command("script", { path, answers: [{ body: ANSWER }] });
    await page.context().addCookies([{ name: "session", value: "s", url: servers.rfc.origin }]);
    await command("take", {});
    await page.evaluate(
      async ([origin, alias]) => {
        const metadata = { issuer: origin, token_endpoint: origin, mtls_endpoint_aliases: { token_endpoint: alias } };
        await window.oidc.requestClientCredentialsToken({
          metadata,
          clientId: "tls",
          clientAuthentication: { method: "tls_client_auth" },
        });
      },
      [servers.rfc.origin + path, servers.rfc.aliasOrigin + path] as const,
    );
    const requests = (await command("take", {})) as Recorded[];
    expect(requests).toMatchObject([
      { alias: true, body: "grant_type=client_credentials&client_id=tls", headers: { cookie: "session=s" } },
    ]);
  });
});

describe("the discovery cache of a page", () => {
  test("is shared with the next page of the tab, where storage allows", async () => {
    const authority = `${servers.rfc.origin}/cached`;
    await command("script", {
      path: "/cached/.well-known/openid-configuration",
      answers: [{ body: { issuer: authority, jwks_uri: `${authority}/jwks` } }],
    });
    const ask = async (storage: "session" | "memory"): Promise<number> => {
      await command("take", {});
      const issuer = await page.evaluate(
        async ([authority, storage]) => {
          const cache = new window.oidc.DiscoveryCache({ authority, storage });
          return (await cache.get()).metadata.issuer;
        },
        [authority, storage] as const,
      );
      expect(issuer).toBe(authority);
      return ((await command("take", {})) as Recorded[]).length;
    };
    expect(await ask("session")).toBe(1);
    await page.reload();
    await page.locator("body[data-ready]").waitFor({ state: "attached" });
    expect(await ask("session"), "after a reload").toBe(0);
    expect(await ask("memory"), "without storage").toBe(1);
  });
});
