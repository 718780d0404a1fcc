import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";
import type { SignInOptions } from "oidc-wasm";
import type { PlainOptions } from "../support/plain-options.ts";
import { createApi } from "../../demo/api/index.js";
import { createProvider } from "../../demo/provider/index.js";
import { createPage } from "../../demo/spa/serve.js";
import { slot } from "../support/slot.js";
import type {} from "./page/main.js";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Mode = "app" | "inline";
type Provider = Awaited<ReturnType<typeof createProvider>>;
type Api = Awaited<ReturnType<typeof createApi>>;
type Served = Awaited<ReturnType<typeof createPage>>;

/** What a test file's servers do differently; `reset()` of the API brings its settings back after each test. */
export interface WorldOptions {
  readonly provider?: Parameters<typeof createProvider>[0];
  readonly api?: Parameters<typeof createApi>[0];
  readonly page?: Parameters<typeof createPage>[0];
}

export const alice = { name: "alice", password: "wonderland", subject: "alice-7f3c" };
export const bob = { name: "bob", password: "builder", subject: "bob-91d2" };

export interface VisitOptions {
  /** Screen, colours and the like. */
  readonly context?: BrowserContextOptions;
  /** What the console may say besides the browser's own notes about statuses of provider and API. */
  readonly allowedConsole?: RegExp;
  readonly allowViolations?: boolean;
}

/** One person's browser profile with one tab, and what is watched in it. */
export class Visit {
  readonly requests: string[] = [];
  readonly consoleErrors: string[] = [];
  readonly violations: string[] = [];
  /** Navigations to a redirect URI with a response in it. */
  readonly callbacks: string[] = [];

  constructor(
    readonly world: World,
    readonly context: BrowserContext,
    readonly page: Page,
    readonly options: VisitOptions,
  ) {}

  static async open(world: World, options: VisitOptions): Promise<Visit> {
    const context = await world.browser.newContext({ viewport: { width: 1280, height: 860 }, ...options.context });
    context.setDefaultTimeout(40_000);
    const page = await context.newPage();
    const visit = new Visit(world, context, page, options);
    context.on("request", (request) => {
      visit.requests.push(request.url());
      const url = new URL(request.url());
      if (request.isNavigationRequest() && url.origin === world.page.url && url.searchParams.has("state") && url.pathname.endsWith("/callback")) {
        visit.callbacks.push(request.url());
      }
    });
    context.on("console", (message) => {
      if (message.type() === "error") visit.consoleErrors.push(`${message.text()} [${message.location().url}]`);
    });
    context.on("weberror", (error) => visit.consoleErrors.push(String(error.error())));
    await context.exposeBinding("reportViolation", (_source, violation: string) => visit.violations.push(violation));
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        const report = (globalThis as unknown as { reportViolation(text: string): void }).reportViolation;
        report(`${event.effectiveDirective} ${event.blockedURI} in ${event.documentURI}`);
      });
    });
    return visit;
  }

  id(name: string): Locator {
    return this.page.locator(`[data-testid="${name}"]`);
  }

  async shot(name: string, page = this.page): Promise<void> {
    await page.screenshot({ path: join(inject("artifacts"), "screenshots", `${name}.png`), fullPage: true });
  }

  /** Opens the demo page and waits until it has decided whether somebody is signed in. */
  async openDemo(state: "signed-out" | "signed-in" = "signed-out", path = "/"): Promise<void> {
    await this.page.goto(this.world.page.url + path);
    await this.settled(state);
  }

  async settled(state: "signed-out" | "signed-in"): Promise<void> {
    await this.page.locator(`[data-testid="app"][data-state="${state}"]`).waitFor();
  }

  /** Fills in the provider's sign-in form as a person does. */
  async enterPassword(user: { name: string; password: string } = alice): Promise<void> {
    await this.id("provider-sign-in").waitFor();
    await this.page.getByLabel("User name").fill(user.name);
    await this.page.getByLabel("Password").fill(user.password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async allow(): Promise<void> {
    await this.id("provider-consent").waitFor();
    await this.page.getByRole("button", { name: "Allow" }).click();
  }

  /** Types the code that the provider's second device shows. */
  async confirm(): Promise<void> {
    await this.id("provider-confirm").waitFor();
    await this.page.getByLabel("Code", { exact: true }).fill((await this.id("provider-code").textContent()) ?? "");
    await this.page.getByRole("button", { name: "Confirm" }).click();
  }

  /** The whole sign-in, from the demo's button to the demo's signed-in state. */
  async signInToDemo(user = alice): Promise<void> {
    await this.id("sign-in").click();
    await this.enterPassword(user);
    await this.allow();
    await this.settled("signed-in");
  }

  /** Signs out with the demo's button and says yes, or no, at the provider. */
  async signOutOfDemo(answer: "Sign out" | "Stay signed in" = "Sign out"): Promise<void> {
    await this.id("sign-out").click();
    await this.id("provider-sign-out").waitFor();
    await this.page.getByRole("button", { name: answer }).click();
    await this.page.waitForURL(`${this.world.page.url}/**`);
    await this.settled("signed-out");
  }

  /** Opens the test page, which makes no client by itself. */
  async openHarness(path = ""): Promise<void> {
    await this.page.goto(`${this.world.page.url}/harness/${path}`);
    await this.harnessReady();
  }

  async harnessReady(): Promise<void> {
    await this.page.locator("body[data-ready]").waitFor({ state: "attached" });
  }

  /** Makes a client on the test page and keeps it there under `name`. */
  async createClient(options: PlainOptions, name: "main" | "other" = "main"): Promise<void> {
    await this.page.evaluate(
      async ([options, name]) => {
        window.clients[name] = await window.oidc.OidcClient.create(options);
      },
      [options, name] as const,
    );
  }

  /** Signs in through the test page, up to the moment where the provider has sent the browser back. */
  async reachCallback(options: PlainOptions, user = alice, signInOptions: SignInOptions = {}): Promise<void> {
    await this.openHarness();
    await this.createClient(options);
    // As text: the recursive type of appState is too deep for the types of evaluate.
    const { url } = await this.page.evaluate((request) => window.clients.main.prepareSignIn(JSON.parse(request)), JSON.stringify(signInOptions));
    await this.page.goto(url);
    await this.enterPassword(user);
    await this.allow();
    await this.harnessReady();
  }

  /** Signs in through the test page, completely. */
  async signInToHarness(options: PlainOptions, user = alice): Promise<void> {
    await this.reachCallback(options, user);
    await this.createClient(options);
    await this.page.evaluate(() => window.clients.main.start());
  }

  /** What every visit has to keep, whatever it was about. */
  async check(): Promise<void> {
    const stored: string[] = [];
    for (const page of this.context.pages()) {
      if (page.url().startsWith(this.world.page.url)) {
        stored.push(...(await page.evaluate(() => Object.entries(localStorage).flat())));
      }
    }
    const { page, provider, api } = this.world;
    const expected = (text: string): boolean =>
      (text.startsWith("Failed to load resource: the server responded with a status of") &&
        [`[${provider.url}`, `[${api.url}`].some((origin) => text.includes(origin))) ||
      this.options.allowedConsole?.test(text) === true;
    expect(this.consoleErrors.filter((text) => !expected(text)), "errors in the console").toEqual([]);
    if (!this.options.allowViolations) expect(this.violations, "violations of the Content Security Policy").toEqual([]);
    expect(stored, "localStorage").toEqual([]);
    for (const url of this.requests) {
      const { origin, pathname, searchParams } = new URL(url);
      // By its specification, sign-out at the provider names the session with the ID Token.
      if (origin === provider.url && pathname === "/session/end") searchParams.delete("id_token_hint");
      const rest = `${pathname}?${searchParams}`;
      for (const token of this.world.tokens) expect(rest.includes(token), `a token in a URL of ${origin}${pathname}`).toBe(false);
    }
    expect(this.requests.filter((url) => ![page.url, provider.url, api.url].includes(new URL(url).origin)), "requests to others").toEqual([]);
  }
}

/** Provider, API and page of one test file. */
export class World {
  /** Every token the provider gave out. */
  readonly tokens = new Set<string>();
  readonly visits: Visit[] = [];

  private constructor(
    readonly browser: Browser,
    readonly provider: Provider,
    readonly api: Api,
    readonly page: Served,
  ) {
    provider.provider.on("grant.success", (context: { body: Record<string, unknown> }) => {
      for (const name of ["access_token", "id_token", "refresh_token"]) {
        const token = context.body[name];
        if (typeof token === "string") this.tokens.add(token);
      }
    });
  }

  static async start(mode: Mode, clients: Record<string, unknown>[], options: WorldOptions = {}): Promise<World> {
    const { providerPort, apiPort, pagePort, pages } = slot();
    const pageUrl = `http://localhost:${pagePort}`;
    const harness = { redirect: `${pageUrl}/harness/callback`, signedOut: `${pageUrl}/harness/` };
    const provider = await createProvider({
      port: providerPort,
      page: pageUrl,
      redirectUris: [harness.redirect],
      postLogoutRedirectUris: [harness.signedOut],
      clients: clients.map((client) => ({
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: [harness.redirect],
        ...client,
      })),
      ...options.provider,
    });
    const api = await createApi({ port: apiPort, issuer: provider.url, page: pageUrl, ...options.api });
    const page = await createPage({
      port: pagePort,
      directory: pages[mode],
      provider: provider.url,
      api: api.url,
      pages: ["/", "/harness/"],
      ...options.page,
    });
    const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
    return new World(browser, provider, api, page);
  }

  /** Options of a client on the test page. */
  options(more: Partial<PlainOptions> = {}): PlainOptions {
    return {
      authority: this.provider.url,
      clientId: "spa",
      redirectUri: `${this.page.url}/harness/callback`,
      postLogoutRedirectUri: `${this.page.url}/harness/`,
      scope: "openid profile email api",
      allowedOrigins: [this.api.url],
      ...more,
    };
  }

  async visit(options: VisitOptions = {}): Promise<Visit> {
    const visit = await Visit.open(this, options);
    this.visits.push(visit);
    return visit;
  }

  /** How often a code was exchanged. */
  get tokenRequests(): number {
    return this.provider.log.count("POST", "/token");
  }

  /** Requests that scripts make at the provider, without a person's navigations there. */
  get scriptRequests(): string[] {
    return this.provider.log.requests
      .filter(({ path }) => !/^\/(auth|interaction|assets|session|favicon)\b/.test(path))
      .map(({ method, path }) => `${method} ${path}`);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.page.close(), this.api.close(), this.provider.close()]);
  }
}

/** Starts everything for a test file, and checks after each test what every visit has to keep. */
export function useWorld(
  mode: Mode = "app",
  clients: Record<string, unknown>[] = [],
  options: WorldOptions = {},
): { readonly world: World } {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(mode, clients, options);
  });
  afterEach(async () => {
    const visits = world?.visits.splice(0) ?? [];
    try {
      for (const visit of visits) await visit.check();
    } finally {
      for (const visit of visits) await visit.context.close();
      world?.provider.log.clear();
      world?.api.log.clear();
      world?.api.reset();
    }
  });
  afterAll(() => world?.close());
  return {
    get world() {
      if (!world) throw new Error("The servers are not running yet.");
      return world;
    },
  };
}
