import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { type Browser, type BrowserContext, chromium, type Locator, type Page, type Response } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { createApi } from "../../../demo/api/index.js";
import { createProvider } from "../../../demo/provider/index.js";
import { freePort } from "./programs.ts";
import { serveStatic, type StaticServer } from "./static-server.ts";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const alice = { name: "alice", password: "wonderland", subject: "alice-7f3c" };

type Api = Awaited<ReturnType<typeof createApi>>;
type Provider = Awaited<ReturnType<typeof createProvider>>;

/** What every application of these tests reads from `globalThis.settings`: addresses are not known when it is built. */
export interface Settings {
  readonly authority: string;
  readonly clientId: string;
  readonly api: string;
}

/** Where an application comes from: a folder of files, or a program that the test starts at the port. */
export type Source = "program" | Folder;

interface Folder {
  readonly directory: string;
  /** Redirect URIs besides `/` and `/callback`. */
  readonly paths?: readonly string[];
}

type ProviderOptions = Parameters<typeof createProvider>[0];

/** One application: its address, its API, and its files' server. */
export interface Site {
  readonly url: string;
  readonly port: number;
  readonly api: Api;
  readonly files: StaticServer | undefined;
  readonly settings: Settings;
}

/** One person's browser profile with one tab, and what is watched in it. */
export class Visit {
  readonly requests: string[] = [];
  readonly problems: string[] = [];
  readonly violations: string[] = [];
  readonly #scripts: Promise<readonly [name: string, body: Buffer]>[] = [];

  private constructor(
    readonly world: World,
    readonly site: Site,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async open(world: World, site: Site): Promise<Visit> {
    const context = await world.browser.newContext();
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const visit = new Visit(world, site, context, page);
    context.on("request", (request) => visit.requests.push(request.url()));
    context.on("response", (response) => visit.#measure(response));
    context.on("console", (message) => {
      // Browsers ask for an icon by themselves.
      const isIcon = message.location().url.endsWith("/favicon.ico");
      if (message.type() === "error" && !isIcon) visit.problems.push(`${message.text()} [${message.location().url}]`);
    });
    context.on("weberror", (error) => visit.problems.push(String(error.error().stack)));
    await context.exposeBinding("reportViolation", (_source, violation: string) => visit.violations.push(violation));
    await context.addInitScript((settings) => {
      Object.assign(globalThis, { settings });
      addEventListener("securitypolicyviolation", (event) => {
        const { reportViolation } = globalThis as unknown as { reportViolation(text: string): void };
        reportViolation(`${event.effectiveDirective} ${event.blockedURI} ${event.sample} in ${event.documentURI}`);
      });
    }, site.settings);
    return visit;
  }

  id(name: string): Locator {
    return this.page.locator(`[data-testid="${name}"]`);
  }

  /** Opens the application and waits until it has decided whether somebody is signed in. */
  async open(who = "Not signed in"): Promise<void> {
    await this.page.goto(`${this.site.url}/`);
    await this.shows(who);
  }

  /** Waits until the application says who is there, and complains with what it says instead. */
  async shows(who: string): Promise<void> {
    await expect.poll(() => this.id("who").textContent(), { timeout: 30_000 }).toBe(who);
  }

  /** Fills in the provider's forms as a person does, in this page or in a window. */
  async enterPassword(page = this.page): Promise<void> {
    await page.locator('[data-testid="provider-sign-in"]').waitFor();
    await page.getByLabel("User name").fill(alice.name);
    await page.getByLabel("Password").fill(alice.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator('[data-testid="provider-consent"]').waitFor();
    await page.getByRole("button", { name: "Allow" }).click();
  }

  async signIn(): Promise<void> {
    await this.id("sign-in").click();
    await this.enterPassword();
    await this.shows(`Signed in as ${alice.subject}`);
  }

  async callApi(): Promise<void> {
    await this.id("call-api").click();
    await expect.poll(() => this.id("output").textContent(), { timeout: 30_000 }).toContain(`200 {"message"`);
  }

  async signOut(): Promise<void> {
    await this.id("sign-out").click();
    await this.id("provider-sign-out").waitFor();
    await this.page.getByRole("button", { name: "Sign out" }).click();
    await this.page.waitForURL(`${this.site.url}/**`);
    await this.shows("Not signed in");
  }

  /** Everything that every application has to be able to do. */
  async signInAndOut(): Promise<void> {
    await this.open();
    await this.signIn();
    expect(new URL(this.page.url()).search, "the response is out of the address bar").toBe("");
    await this.callApi();
    await this.signOut();
  }

  /** Files of the application that the browser asked for, by the end of their names. */
  loaded(extension: string): string[] {
    const own = this.requests.filter((url) => url.startsWith(`${this.site.url}/`)).map((url) => new URL(url).pathname);
    return [...new Set(own)].filter((name) => name.endsWith(extension));
  }

  /** Bytes of script that were loaded, with brotli, each file once. */
  async scriptBytes(): Promise<number> {
    const files = new Map(await Promise.all(this.#scripts));
    return [...files.values()].reduce((sum, body) => sum + brotliCompressSync(body).byteLength, 0);
  }

  /** Signs in by the provider's forms in the window that opens. */
  async enterPasswordInWindow(open: () => Promise<void>): Promise<void> {
    const [window] = await Promise.all([this.context.waitForEvent("page"), open()]);
    await this.enterPassword(window);
  }

  /** Checks what every visit has to keep, whatever it was about, and closes it. */
  async close(): Promise<void> {
    await this.context.close();
    this.check();
  }

  check(): void {
    expect(this.problems, "errors in the console").toEqual([]);
    expect(this.violations, "violations of a Content Security Policy").toEqual([]);
    const { site, world } = this;
    const known = new Set([site.url, site.api.url, world.provider.url]);
    const toOthers = this.requests.filter((url) => /^https?:/.test(url) && !known.has(new URL(url).origin));
    expect(toOthers, "requests to others").toEqual([]);
  }

  #measure(response: Response): void {
    const { origin, pathname } = new URL(response.url());
    if (origin !== this.site.url || !/\.m?js$/.test(pathname) || response.status() !== 200) return;
    // A page that is left takes its answers with it.
    const body = response.body().catch(() => Buffer.alloc(0));
    this.#scripts.push(body.then((bytes) => [pathname, bytes] as const));
  }
}

/** A provider, a browser and the applications of one test file. */
export class World {
  private constructor(
    readonly browser: Browser,
    readonly provider: Provider,
    readonly sites: ReadonlyMap<string, Site>,
  ) {}

  /** The applications by name; the provider knows each address, with `/` and `/callback` as redirect URIs. */
  static async start(sources: Readonly<Record<string, Source>>, options: ProviderOptions = {}): Promise<World> {
    const places = await Promise.all(
      Object.entries(sources).map(async ([name, source]) => {
        const files = source === "program" ? undefined : await serveStatic(path.resolve(source.directory));
        const port = files ? Number(new URL(files.url).port) : await freePort();
        const url = `http://localhost:${port}`;
        const paths = ["/", "/callback", ...(source === "program" ? [] : (source.paths ?? []))];
        return { name, files, port, url, uris: paths.map((pathname) => url + pathname) };
      }),
    );
    const uris = places.flatMap((place) => place.uris);
    const page = places[0]?.url ?? "";
    const registered = { redirectUris: uris, postLogoutRedirectUris: uris };
    const provider = await createProvider({ port: 0, page, ...registered, ...options });
    const sites = new Map<string, Site>();
    for (const { name, files, port, url } of places) {
      // The demo's API answers the pages of one origin.
      const api = await createApi({ port: 0, issuer: provider.url, page: url });
      sites.set(name, { url, port, api, files, settings: { authority: provider.url, clientId: "spa", api: api.url } });
    }
    const executablePath = process.env["CHROMIUM"] || "/usr/bin/chromium";
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    return new World(browser, provider, sites);
  }

  site(name: string): Site {
    const site = this.sites.get(name);
    if (!site) throw new Error(`There is no application "${name}" in this world.`);
    return site;
  }

  visit(name: string): Promise<Visit> {
    return Visit.open(this, this.site(name));
  }

  async close(): Promise<void> {
    await this.browser.close();
    const servers = [...this.sites.values()].flatMap(({ api, files }) => [api, files]);
    await Promise.all([...servers, this.provider].map((server) => server?.close()));
  }
}

/** Starts everything for a test file and closes it at its end. */
export function useWorld(
  sources: Readonly<Record<string, Source>>,
  options?: ProviderOptions,
): { readonly world: World } {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(sources, options);
  });
  afterAll(() => world?.close());
  return {
    get world() {
      if (!world) throw new Error("The servers are not running yet.");
      return world;
    },
  };
}
