import { mkdir, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { FrameworkSettings } from "./apps/shared/settings.ts";
import { emitted } from "./support/emitted.ts";
import { apps, installed, output } from "./support/paths.ts";
import { run, serveBy } from "./support/programs.ts";
import { alice, useWorld, type Visit } from "./support/world.ts";

/** An application as one build of it. */
interface Build {
  readonly name: string;
  /** The folder with the page, below the one that is built into. */
  readonly page: string;
  build(to: string): Promise<unknown>;
}

const vite = (app: string, to: string, mode: string): Promise<string> =>
  // The mode alone does not decide which React it is.
  run("vite", ["build", "--outDir", to, "--emptyOutDir", "--mode", mode], { cwd: path.join(apps, app), env: { NODE_ENV: mode } });
const ng = (to: string, configuration: string): Promise<string> =>
  run("ng", ["build", "--configuration", configuration, "--output-path", to], { cwd: path.join(apps, "angular") });

const builds: readonly Build[] = [
  { name: "react", page: "", build: (to) => vite("react", to, "production") },
  // Only this one runs effects twice in StrictMode, and complains when what a server rendered does not fit.
  { name: "react-development", page: "", build: (to) => vite("react", to, "development") },
  { name: "vue", page: "", build: (to) => vite("vue", to, "production") },
  { name: "angular", page: "browser", build: (to) => ng(to, "production") },
  { name: "angular-zone", page: "browser", build: (to) => ng(to, "zone") },
];
const folder = (name: string): string => path.join(output, "frameworks", name);
const built = builds.map(({ name, page }) => [name, { directory: path.join(folder(name), page) }] as const);
const the = useWorld({ ...Object.fromEntries(built), "ng serve": "program" });

/** Token requests that the provider has got from one application, by grant, whatever came of them. */
let tokenRequests: string[] = [];

beforeAll(async () => {
  const count = ({ oidc }: { oidc: { params: Record<string, string> } }): void =>
    void tokenRequests.push(oidc.params["grant_type"] ?? "");
  for (const event of ["grant.success", "grant.error"]) the.world.provider.provider.on(event, count);
  await rm(path.join(output, "frameworks"), { recursive: true, force: true });
  // Each keeps more than one core busy.
  await mkdir(path.join(apps, "angular/node_modules"), { recursive: true });
  await rm(path.join(apps, "angular/node_modules/oidc-wasm"), { force: true });
  // Angular copies files from within an application's folder only, where npm puts the package.
  await symlink(installed, path.join(apps, "angular/node_modules/oidc-wasm"));
  for (const { name, build } of builds) await build(folder(name));
});

/** A visit of an application that is told other things than usual. */
async function visit(name: string, settings: Partial<FrameworkSettings> = {}): Promise<Visit> {
  tokenRequests = [];
  const opened = await the.world.visit(name);
  // Before the application, and after the settings of all tests.
  await opened.context.addInitScript((more) => void Object.assign(Reflect.get(globalThis, "settings"), more), settings);
  return opened;
}

const signedIn = `Signed in as ${alice.subject}`;
const pathOf = ({ page }: Visit): string => page.url().replace(new URL(page.url()).origin, "");

describe.each(builds)("$name", ({ name }) => {
  test("has the core once, and no framework in the package's own script", async () => {
    const { wasm, inlined, faces, forServers } = await emitted(folder(name));
    expect({ wasm, inlined, forServers }).toEqual({ wasm: [expect.stringMatching(/oidc_wasm_bg/)], inlined: [], forServers: [] });
    expect(faces).toHaveLength(1);
  });

  test("signs in, calls the API, signs out", async () => {
    const someone = await visit(name);
    await someone.signInAndOut();
    expect(tokenRequests).toEqual(["authorization_code"]);
    await someone.close();
  });

  test("goes to the provider for a page that needs a session, and comes back to it", async () => {
    const someone = await visit(name);
    await someone.page.goto(`${the.world.site(name).url}/notes?page=2#last`);
    await someone.enterPassword();
    await someone.shows(signedIn);
    expect(pathOf(someone)).toBe("/notes?page=2#last");
    await someone.callApi();
    expect(tokenRequests).toEqual(["authorization_code"]);
    await someone.signOut();
    await someone.close();
  });

  test("the same by a link within the application", async () => {
    const someone = await visit(name);
    await someone.open();
    await someone.page.getByRole("link", { name: "Notes" }).click();
    await someone.enterPassword();
    await someone.shows(signedIn);
    expect(pathOf(someone)).toMatch(/^\/notes/);
    await someone.close();
  });

  test("shows a refusal, and does not go to the provider again by itself", async () => {
    const someone = await visit(name, { guarded: true });
    const { url } = the.world.site(name);
    await someone.page.goto(`${url}/notes`);
    await someone.page.getByRole("button", { name: "Cancel and go back" }).click();
    await expect.poll(() => someone.id("who").textContent()).toContain("OidcError");
    expect(new URL(someone.page.url()).origin).toBe(url);
    await someone.page.getByRole("button", { name: "Try again" }).first().waitFor();
    // A sign-in that had begun by itself would be on its way before this one is ready.
    await someone.page.evaluate(async () => void (await (await Reflect.get(globalThis, "client")).prepareSignIn()));
    expect(someone.requests.filter((request) => new URL(request).pathname === "/auth"), "visits of the provider").toHaveLength(1);
    expect(tokenRequests).toEqual([]);
    await someone.close();
  });

  test("holds nothing of the page any more when it is gone", async () => {
    const someone = await visit(name, { lazy: true });
    await watchListeners(someone);
    await someone.open();
    // What the client listens to; frameworks and routers have no use for these.
    expect(await listened(someone)).toContain("online");
    await someone.page.evaluate(async () => Reflect.get(globalThis, "unmount")());
    await expect.poll(() => listened(someone)).toEqual([]);
    await someone.close();
  });
});

describe("React", () => {
  test.each([false, true])("sends one token request although StrictMode mounts everything twice (function: %s)", async (lazy) => {
    const someone = await visit("react-development", { lazy });
    await someone.open();
    expect(await someone.id("effects").textContent(), "mounted twice").toBe("2");
    await someone.signIn();
    expect(await someone.id("effects").textContent(), "mounted twice").toBe("2");
    expect(await someone.page.evaluate(() => Reflect.get(globalThis, "made")()), "calls of the function").toBe(lazy ? 1 : 0);
    expect(tokenRequests).toEqual(["authorization_code"]);
    await someone.close();
  });

  test("has nothing to complain about when it takes over a page of a server", async () => {
    const someone = await visit("react-development", { hydrate: true });
    const rendered: (string | null)[] = [];
    await someone.context.exposeBinding("seen", (_source, text: string | null) => void rendered.push(text));
    await someone.context.addInitScript(() => {
      const look = (): void => Reflect.get(globalThis, "seen")(document.querySelector('[data-testid="who"]')?.textContent ?? null);
      new MutationObserver(look).observe(document, { childList: true, subtree: true });
    });
    await someone.open();
    await someone.signIn();
    await someone.page.goto(`${the.world.site("react-development").url}/`);
    await expect.poll(() => rendered.includes("Loading")).toBe(true);
    await someone.close();
  });
});

describe("Angular", () => {
  test("signs in with the development server", async () => {
    const { port, url } = the.world.site("ng serve");
    const server = await serveBy("ng", ["serve", "--port", String(port), "--no-hmr"], `${url}/`, { cwd: path.join(apps, "angular") });
    try {
      const someone = await visit("ng serve");
      await someone.signInAndOut();
      expect(tokenRequests).toEqual(["authorization_code"]);
      await someone.close();
    } finally {
      await server.stop();
    }
  });

  test("the interceptor sends proofs, and sends a request again that needs a nonce", async () => {
    const someone = await visit("angular", { clientId: "spa-dpop", dpop: true });
    const { api } = the.world.site("angular");
    api.seen.clear();
    await someone.open();
    await someone.signIn();
    await someone.callApi();
    expect({ sends: api.seen.sends, challenges: api.seen.challenges }).toEqual({ sends: 2, challenges: 1 });
    expect(api.seen.proofs).not.toEqual([]);
    // The browser's own notes: provider and API have refused a proof without a nonce.
    const notes = someone.problems.splice(0).map((problem) => /status of \d+/.exec(problem)?.[0]);
    expect(notes).toEqual(["status of 400", "status of 401"]);
    await someone.close();
  });

  test("the guard shows a page of the application instead, with the address that was wanted", async () => {
    const someone = await visit("angular");
    await someone.page.goto(`${the.world.site("angular").url}/drafts?page=2`);
    await someone.page.waitForURL("**/welcome?**");
    expect(pathOf(someone)).toBe("/welcome?returnTo=%2Fdrafts%3Fpage%3D2");
    await someone.close();
  });
});

/** Notes what is listened to on window and document, by any way to end that. */
async function watchListeners({ context }: Visit): Promise<void> {
  await context.addInitScript(() => {
    const active = new Set<{ target: EventTarget; type: string; handler: unknown }>();
    const { addEventListener: add, removeEventListener: remove } = EventTarget.prototype;
    EventTarget.prototype.addEventListener = function (type, handler, options) {
      const entry = { target: this ?? globalThis, type, handler };
      active.add(entry);
      if (typeof options === "object") options.signal?.addEventListener("abort", () => active.delete(entry));
      return add.call(this ?? globalThis, type, handler, options);
    };
    EventTarget.prototype.removeEventListener = function (type, handler, options) {
      for (const entry of active) {
        if (entry.target === (this ?? globalThis) && entry.type === type && entry.handler === handler) active.delete(entry);
      }
      return remove.call(this ?? globalThis, type, handler, options);
    };
    const types = new Set(["focus", "online", "pageshow", "resume"]);
    const listened = (): string[] => [...active].map(({ type }) => type).filter((type) => types.has(type));
    Object.assign(globalThis, { listened });
  });
}

function listened({ page }: Visit): Promise<string[]> {
  return page.evaluate(() => Reflect.get(globalThis, "listened")() as string[]);
}
