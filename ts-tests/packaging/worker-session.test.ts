import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import type { OidcClient, OidcClientOptions } from "oidc-wasm";
import { beforeAll, expect, test } from "vitest";
import { apps, installed, output } from "./support/paths.ts";
import { alice, useWorld } from "./support/world.ts";

const folder = path.join(output, "worker-session");
const the = useWorld({ page: { directory: folder } });

/** What the script of the page puts there. */
interface Page {
  readonly OidcClient: typeof OidcClient;
  ask(question: { options: OidcClientOptions; api: string }): Promise<unknown>;
}

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(installed, "dist"), path.join(folder, "oidc-wasm"), { recursive: true });
  await writeFile(path.join(folder, "index.html"), '<!doctype html><title>Session</title><script type="module" src="/session.js"></script>');
  await build({
    bundle: true,
    format: "esm",
    target: "es2022",
    entryPoints: [path.join(apps, "runtimes/session.ts")],
    outfile: path.join(folder, "session.js"),
    plugins: [{ name: "elsewhere", setup: ({ onResolve }) => onResolve({ filter: /^oidc-wasm$/ }, () => ({ path: "./oidc-wasm/index.js", external: true })) }],
  });
});

test.each(["Bearer", "DPoP"])("a Worker has the session that its page keeps in IndexedDB, and calls APIs with it (%s)", async (type) => {
  const { url, settings } = the.world.site("page");
  const visit = await the.world.visit("page");
  const { page } = visit;
  const options: OidcClientOptions = {
    authority: settings.authority,
    clientId: settings.clientId,
    redirectUri: `${url}/`,
    scope: "openid api",
    storage: "indexedDb",
    allowedOrigins: [settings.api],
    dpop: type === "DPoP",
  };
  // As text: the types of such options do not survive the way into the page.
  const text = JSON.stringify(options);
  const ask = (): Promise<unknown> =>
    page.evaluate(([text, api]) => (globalThis as unknown as Page).ask({ options: JSON.parse(text), api }), [text, `${settings.api}/me`] as const);
  await page.goto(`${url}/`);
  await page.waitForFunction(() => "ask" in globalThis);
  expect(await ask()).toMatchObject({ failed: expect.stringContaining("OidcError") });
  await page.evaluate(async (text) => (await (globalThis as unknown as Page).OidcClient.create(JSON.parse(text))).signIn(), text);
  await visit.enterPassword();
  await page.waitForURL(`${url}/?**`);
  await page.waitForFunction(() => "ask" in globalThis);
  const start = async (text: string): Promise<string | undefined> =>
    (await (await (globalThis as unknown as Page).OidcClient.create(JSON.parse(text))).start())?.tokenType;
  expect(await page.evaluate(start, text)).toBe(type);
  expect(await ask()).toEqual({ subject: alice.subject, status: 200 });
  // The browser notes every answer that asks for a nonce, which is how nonces begin.
  const notes = visit.problems.splice(0);
  expect(notes.filter((note) => type === "Bearer" || !/status of 40[01] .*(\/token|\/me)\]$/.test(note))).toEqual([]);
  await visit.close();
});
