import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { PlainOptions } from "./plain-options.ts";
import { createPage } from "../../demo/spa/serve.js";
import { alice, FLAGS } from "../browser/support.js";
import type {} from "../browser/page/main.js";
import { slot } from "./slot.js";
import { agent, CHANNEL, jumpingClock, type Order, type Report, type Seen, stopPoints } from "./tabs-page.js";
import type { PeerSettings } from "./tabs-peer/main.js";
import { LIFETIME, TabsProvider } from "./tabs-provider.js";

type Served = Awaited<ReturnType<typeof createPage>>;

/** Nothing takes longer than this, in milliseconds, if it ends at all. */
const PATIENCE = 20_000;
/** For `expect.poll`. */
export const SOON = { timeout: PATIENCE, interval: 50 };

const EVENTS = ["signedIn", "signedOut", "renewed", "renewalFailed", "sessionChanged", "expired", "degraded"] as const;

/** Provider, page and browser of one test file. */
export class TabsWorld {
  readonly profiles: Profile[] = [];

  private constructor(
    readonly provider: TabsProvider,
    readonly page: Served,
    readonly peer: Served | undefined,
    readonly browser: Browser,
  ) {}

  static async start({ peer: withPeer = false } = {}): Promise<TabsWorld> {
    const { providerPort, pagePort, apiPort, pages } = slot();
    const [own, other] = [`http://localhost:${pagePort}`, `http://localhost:${apiPort}`];
    const redirects = [`${own}/harness/callback`, `${other}/callback`];
    const registered = {
      token_endpoint_auth_method: "none",
      response_types: ["code"],
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: redirects,
      post_logout_redirect_uris: [`${own}/harness/`],
    };
    const provider = await TabsProvider.start({
      port: providerPort,
      page: own,
      clients: [
        { client_id: "tabs", client_name: "Many tabs", ...registered },
        { client_id: "other", client_name: "Another client", ...registered },
      ],
      redirectUris: redirects,
      postLogoutRedirectUris: [`${own}/harness/`],
    });
    const serve = (port: number, directory: string) =>
      createPage({ port, directory, provider: provider.url, api: provider.url, pages: ["/", "/harness/"] });
    const page = await serve(pagePort, pages.app);
    const peer = withPeer ? await serve(apiPort, await buildPeer()) : undefined;
    return new TabsWorld(provider, page, peer, await launch());
  }

  options(more: Partial<PlainOptions> = {}): PlainOptions {
    return {
      authority: this.provider.url,
      clientId: "tabs",
      redirectUri: `${this.page.url}/harness/callback`,
      postLogoutRedirectUri: `${this.page.url}/harness/`,
      scope: "openid profile offline_access",
      storage: "local",
      ...more,
    };
  }

  peerSettings(more: Partial<PeerSettings> = {}): PeerSettings {
    const redirectUri = `${this.peer?.url}/callback`;
    return { authority: this.provider.url, clientId: "tabs", redirectUri, scope: "openid profile offline_access", ...more };
  }

  /**
   * Without `jumps` the pages have the clock of the machine. With `comesBack` pages can be kept for the back button, which takes a
   * browser of their own.
   */
  async profile({ jumps = true, comesBack = false } = {}): Promise<Profile> {
    const profile = await Profile.open(this, comesBack ? await launch(true) : this.browser, jumps);
    this.profiles.push(profile);
    return profile;
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.page.close(), this.peer?.close(), this.provider.close()]);
  }
}

/** Starts everything for a test file. */
export function useTabs(options?: Parameters<typeof TabsWorld.start>[0]): { readonly world: TabsWorld } {
  let world: TabsWorld | undefined;
  beforeAll(async () => {
    world = await TabsWorld.start(options);
  });
  afterEach(async () => {
    await Promise.all((world?.profiles.splice(0) ?? []).map((profile) => profile.close()));
    world?.provider.reset();
  });
  afterAll(() => world?.close());
  return {
    get world() {
      if (!world) throw new Error("The servers are not running yet.");
      return world;
    },
  };
}

/** Whether a tab asks for a token in each round, has the library's timer, or both. */
export type Manner = "asks" | "timer" | "both";

/** One page. */
export interface Tab {
  readonly name: string;
  readonly page: Page;
  readonly manner: Manner;
}

/** How the tabs that were there met one round. */
export interface Round {
  readonly reports: ReadonlyMap<Tab, Report>;
  /** How many token requests it took. */
  readonly requests: number;
}

/** A page that waits for the test to go on: its script, or what it has sent to the provider. */
export interface Stopped {
  readonly tab: Tab;
  readonly isBlocked: boolean;
  release(): Promise<void>;
}

/** One person's browser profile with many tabs. */
export class Profile {
  readonly tabs: Tab[] = [];
  readonly #byPage = new Map<Page, Tab>();
  readonly #listeners = new Set<(tab: Tab, report: Report) => void>();
  #count = 0;
  #round = 0;
  #knownToProvider = false;
  /** How many tabs have reported in the round that goes on. */
  #reported = (): number => 0;
  #stops: { readonly point: string; readonly reached: (stopped: Stopped) => void }[] = [];

  private constructor(
    readonly world: TabsWorld,
    readonly browser: Browser,
    readonly context: BrowserContext,
  ) {}

  static async open(world: TabsWorld, browser: Browser, jumps: boolean): Promise<Profile> {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    const profile = new Profile(world, browser, context);
    await context.exposeBinding("report", ({ page }, report: Report) => {
      const tab = profile.#byPage.get(page);
      if (tab) for (const listener of profile.#listeners) listener(tab, report);
    });
    await context.addInitScript(agent, CHANNEL);
    if (jumps) await context.addInitScript(jumpingClock, world.provider.ahead);
    return profile;
  }

  async close(): Promise<void> {
    await this.context.close();
    if (this.browser !== this.world.browser) await this.browser.close();
  }

  async #newPage(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url);
    await page.locator("body[data-ready]").waitFor({ state: "attached" });
    return page;
  }

  #add(page: Page, manner: Manner): Tab {
    this.#count += 1;
    const tab = { name: `tab ${this.#count}`, page, manner };
    this.tabs.push(tab);
    this.#byPage.set(page, tab);
    return tab;
  }

  /** Goes through the provider's pages, from the authorization request back to the application. */
  async #passProvider(page: Page, user: { name: string; password: string }): Promise<void> {
    if (!this.#knownToProvider) {
      await page.getByLabel("User name").fill(user.name);
      await page.getByLabel("Password").fill(user.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      this.#knownToProvider = true;
    }
    await page.getByRole("button", { name: "Allow" }).click();
    await page.locator("body[data-ready]").waitFor({ state: "attached" });
  }

  /** The provider asks for a password again. */
  async forgetAtProvider(): Promise<void> {
    await this.context.clearCookies();
    this.#knownToProvider = false;
  }

  /** Signs in with our library, in a tab that is there or in a new one. */
  async signIn(options: PlainOptions, { tab, user = alice, manner = "asks" }: { tab?: Tab; user?: typeof alice; manner?: Manner } = {}): Promise<Tab> {
    const page = tab?.page ?? (await this.#newPage(`${this.world.page.url}/harness/`));
    const signedIn = tab ?? this.#add(page, manner);
    await this.reachCallback(signedIn, options, user);
    await this.startClient(signedIn, options);
    return signedIn;
  }

  /** The same up to the moment where the provider has sent the browser back. */
  async reachCallback({ page }: Tab, options: PlainOptions, user = alice): Promise<void> {
    const url = await page.evaluate(async (options) => {
      const client = await window.oidc.OidcClient.create(options);
      const { url } = await client.prepareSignIn({ prompt: "consent" });
      client.dispose();
      return url;
    }, options);
    await page.goto(url);
    await this.#passProvider(page, user);
  }

  /** A tab without a client. */
  async openEmpty(manner: Manner = "asks", path = "/harness/"): Promise<Tab> {
    return this.#add(await this.#newPage(this.world.page.url + path), manner);
  }

  /** Makes the client of a tab; who is signed in. */
  async startClient({ page, manner }: Tab, options: PlainOptions): Promise<string | undefined> {
    return page.evaluate(
      async ([options, asks, names]) => {
        const client = await window.oidc.OidcClient.create(options);
        window.clients.main = client;
        for (const name of names) client.on(name, (detail) => window.tab.saw(name, detail));
        window.tab.asks = asks;
        window.tab.ask = async () => (await client.getAccessToken()).token;
        return (await client.start())?.subject;
      },
      [{ automaticRenewal: manner !== "asks", ...options }, manner !== "timer", EVENTS] as const,
    );
  }

  /** Opens further tabs, which find the session. */
  async open(count: number, options: PlainOptions, manner: (index: number) => Manner = () => "asks"): Promise<Tab[]> {
    const opened: Tab[] = [];
    for (let first = 0; first < count; first += 4) {
      const batch = Array.from({ length: Math.min(4, count - first) }, async (_, index) => {
        const tab = await this.openEmpty(manner(first + index));
        const subject = await this.startClient(tab, options);
        if (subject === undefined) throw new Error(`${tab.name} finds nobody signed in.`);
        opened.push(tab);
      });
      await Promise.all(batch);
    }
    return opened;
  }

  /** The same with the other library. */
  async openPeers(count: number, settings: PeerSettings): Promise<void> {
    const { url } = this.world.peer ?? { url: "" };
    const first = this.#add(await this.#newPage(`${url}/`), "timer");
    await first.page.evaluate((settings) => void window.peer.signIn(settings), settings);
    await this.#passProvider(first.page, alice);
    const start = async ({ page }: Tab): Promise<void> => {
      const subject = await page.evaluate((settings) => window.peer.start(settings), settings);
      if (subject !== alice.subject) throw new Error("The other library finds nobody signed in.");
    };
    await start(first);
    for (let index = 1; index < count; index += 4) {
      const batch = Array.from({ length: Math.min(4, count - index) }, async () => start(this.#add(await this.#newPage(`${url}/`), "timer")));
      await Promise.all(batch);
    }
  }

  /**
   * Makes the clock jump in all tabs at once, and waits until each has a token or an error; with `patience`, not longer than so
   * many milliseconds.
   */
  async round({ seconds = LIFETIME + 1, calls = 1, patience = PATIENCE, orders = this.tabs[0], whileRunning }: RoundOptions = {}): Promise<Round> {
    this.#round += 1;
    const round = this.#round;
    const reports = new Map<Tab, Report>();
    await this.#rest();
    const before = this.world.provider.requests.length;
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const isComplete = (): boolean => this.tabs.every((tab) => reports.has(tab));
    const listener = (tab: Tab, report: Report): void => {
      if (report.round !== round || reports.has(tab)) return;
      reports.set(tab, report);
      if (isComplete()) finish();
    };
    this.#listeners.add(listener);
    this.#reported = () => reports.size;
    const late = setTimeout(finish, patience);
    try {
      this.world.provider.advance(seconds);
      const order: Order = { round, seconds, calls };
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
      await orders?.page.evaluate(([name, order]) => new BroadcastChannel(name).postMessage(order), [CHANNEL, order] as const);
      await whileRunning?.();
      if (isComplete()) finish();
      await finished;
    } finally {
      clearTimeout(late);
      this.#listeners.delete(listener);
    }
    return { reports, requests: this.world.provider.requests.length - before };
  }

  /** Waits until no tab has its turn to renew, or waits for one. */
  async #rest(): Promise<void> {
    const turns = (): Promise<number> | undefined =>
      this.tabs[0]?.page.evaluate(async () => {
        const { held = [], pending = [] } = (await (navigator.locks as LockManager | undefined)?.query()) ?? {};
        // Not those that only mark what was written; their names have more words.
        return [...held, ...pending].filter(({ name }) => /^oidc-wasm\S*\.session$/.test(name ?? "")).length;
      });
    await expect.poll(turns, SOON).toBe(0);
  }

  /** Waits until so many tabs have reported in the round that goes on. */
  async whenReported(count: number): Promise<void> {
    await expect.poll(() => this.#reported(), SOON).toBeGreaterThanOrEqual(count);
  }

  /** Makes the clock jump in all tabs, and at the provider. */
  async jump(seconds: number): Promise<void> {
    this.world.provider.advance(seconds);
    await Promise.all(this.tabs.map(({ page }) => page.evaluate((seconds) => window.advanceClock(seconds), seconds)));
  }

  async ready({ page }: Tab): Promise<void> {
    await page.locator("body[data-ready]").waitFor({ state: "attached" });
  }

  /** What the browser's "Duplicate" makes: another page at this address with a copy of `sessionStorage`. */
  async duplicate({ page, manner }: Tab, url: string): Promise<Tab> {
    const [copy] = await Promise.all([page.waitForEvent("popup"), page.evaluate((url) => void window.open(url), url)]);
    const tab = this.#add(copy, manner);
    await this.ready(tab);
    return tab;
  }

  async closeTab(tab: Tab): Promise<void> {
    this.#remove(tab);
    await tab.page.close();
  }

  /** What the library told the tabs. */
  async events(): Promise<Seen[]> {
    return (await Promise.all(this.tabs.map(({ page }) => page.evaluate(() => window.tab.events)))).flat();
  }

  /** Lets pages stop where they call `window.tab.stop`; those that nobody waits for go on at once. */
  async watchStops(): Promise<void> {
    await this.context.addInitScript(stopPoints);
    await this.context.route("**/stop/*", async (route) => {
      const point = decodeURIComponent(new URL(route.request().url()).pathname.slice("/stop/".length));
      const index = this.#stops.findIndex((stop) => stop.point === point);
      const tab = this.tabOf(route.request());
      if (index < 0 || !tab) return route.fulfill({ status: 204 });
      const [stop] = this.#stops.splice(index, 1);
      stop?.reached({ tab, isBlocked: true, release: () => route.fulfill({ status: 204 }).catch(() => {}) });
    });
  }

  /** The next tab that comes to this point; it stays there. */
  stopAt(point: string): Promise<Stopped> {
    return new Promise((reached) => this.#stops.push({ point, reached }));
  }

  tabOf(request: Request): Tab | undefined {
    return this.#byPage.get(request.frame().page());
  }

  /** The page's process dies. A page that stands still in its script goes on nowhere before that. */
  async kill({ tab, isBlocked }: Stopped): Promise<void> {
    this.#remove(tab);
    const { page } = tab;
    const session = await this.context.newCDPSession(page);
    if (isBlocked) {
      // Chromium kills what has not answered after half a second; a crash would need the script to end first.
      const { targetInfo } = await session.send("Target.getTargetInfo");
      const ofBrowser = await this.browser.newBrowserCDPSession();
      const closed = page.waitForEvent("close");
      await ofBrowser.send("Target.closeTarget", { targetId: targetInfo.targetId });
      await closed;
      await ofBrowser.detach();
    } else {
      const crashed = page.waitForEvent("crash");
      session.send("Page.crash").catch(() => {});
      await crashed;
      await page.close();
    }
  }

  #remove(tab: Tab): void {
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.#byPage.delete(tab.page);
  }
}

export interface RoundOptions {
  /** How far the clock jumps. */
  readonly seconds?: number;
  /** How many calls each tab makes that asks. */
  readonly calls?: number;
  readonly patience?: number;
  /** The tab that gives the order. */
  readonly orders?: Tab | undefined;
  /** What the test does after the order. */
  readonly whileRunning?: () => Promise<unknown>;
}

function launch(comesBack = false): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium",
    // Each page has a process of its own, so that one can die alone.
    args: [...FLAGS, "--renderer-process-limit=100"],
    ...(comesBack && { ignoreDefaultArgs: ["--disable-back-forward-cache"] }),
  });
}

/** The middle, and the value that 95 of 100 stay below. */
export function percentiles(numbers: readonly number[]): { p50: number; p95: number; max: number } {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (part: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

async function buildPeer(): Promise<string> {
  const outDir = fileURLToPath(new URL("../../target/browser-tests/peer", import.meta.url));
  await build({
    configFile: false,
    root: fileURLToPath(new URL("./tabs-peer", import.meta.url)),
    logLevel: "warn",
    build: { outDir, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
  return outDir;
}
