import { readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { createPage } from "../../demo/spa/serve.js";
import { type Action, type Check, type Flow, HONEST_CALLBACK, loadFlows, type Step, USUAL_STEPS } from "../support/flows.js";
import { slot } from "../support/slot.js";
import { CLIENT_ID, MisbehavingProvider, START } from "../support/misbehaving-provider.js";
import type {} from "./page/main.js";

/** The flow scripts against the packed package: real requests, real signatures, a provider that misbehaves. */

const NONSENSE = '{"logins":[{"state":1}],"processed":7,"at":-1,"document":{"issuer":[],"keys":{}}}';

type Failure = NonNullable<Awaited<ReturnType<Window["failureOf"]>>> & { readonly phase?: string };
/** What one step came to: an error, or whether somebody is signed in. */
type Outcome = Failure | "session" | "nobody";

let provider: MisbehavingProvider;
let served: Awaited<ReturnType<typeof createPage>>;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  const { pagePort, pages } = slot();
  provider = await MisbehavingProvider.start(`http://localhost:${pagePort}/harness/callback`);
  served = await createPage({
    port: pagePort,
    directory: pages.app,
    provider: provider.issuer,
    // The page may reach it: what keeps requests away from it must be the client.
    api: provider.evil,
    pages: ["/", "/harness/"],
  });
  const { args } = (JSON.parse(readFileSync(new URL("../../webdriver.json", import.meta.url), "utf8")) as Record<string, { args: string[] }>)[
    "goog:chromeOptions"
  ] ?? { args: [] };
  const flags = args.filter((flag) => flag !== "--headless");
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: flags });
  page = await browser.newPage();
  await load();
});

afterAll(async () => {
  await browser?.close();
  await served?.close();
  await provider?.close();
});

async function load(): Promise<void> {
  await page.goto(`${served.url}/harness/`);
  await page.locator("body[data-ready]").waitFor({ state: "attached" });
}

function actionOf(step: Step | undefined): Action | undefined {
  if (typeof step === "string") return step;
  return step && "do" in step ? step.do : undefined;
}

/** What only the core has, or what leaves the page: `tests/flows` and `sign-out.test.ts` are for that. */
function runsHere({ steps = USUAL_STEPS, expect }: Flow): boolean {
  const actions = steps.map(actionOf);
  const preloadsLate = actions.lastIndexOf("preload") > 0 || (actions[0] === "preload" && steps.length === 1);
  // After a search that found nobody, the client preloads in the background.
  const searchesInVain = actions.includes("restore") && expect === "nobody";
  return !preloadsLate && !searchesInVain && !actions.includes("signOut");
}

/** One run of one flow. */
class Run {
  readonly #options: PlainOptions;

  constructor(readonly flow: Flow) {
    const slow = /"(silent|slowBody)"/.test(JSON.stringify(flow));
    const usual = { authority: provider.issuer, clientId: CLIENT_ID, redirectUri: provider.redirectUri, scope: "openid profile" };
    const options = provider.words().merge({ ...usual, ...(slow && { timeoutSeconds: 2 }) }, flow.options);
    this.#options = options as unknown as PlainOptions;
  }

  /** What it came to, and what reached the provider for it. */
  async run(): Promise<{ readonly outcome: string; readonly requests: readonly string[] }> {
    const { flow } = this;
    provider.behaviour = {};
    provider.now = START;
    provider.forget();
    await this.#setClock(0);
    await this.#signInBefore();
    provider.behaviour = flow.provider ?? {};
    await this.#setClock(flow.clientClockAhead ?? 0);
    await this.#createClient();
    const steps = flow.steps ?? USUAL_STEPS;
    let outcome = "";
    for (const [number, step] of steps.entries()) {
      outcome = await this.#step(step, number, number === steps.length - 1);
    }
    const requests = provider.requests.toSorted();
    await this.#compareSession();
    return { outcome, requests };
  }

  /** Requests as a script lists them. Those that go out together may arrive in any order. */
  static requests(expected: readonly string[]): string[] {
    return expected.map((request) => provider.words().text(request)).toSorted();
  }

  async #step(step: Step, number: number, isLast: boolean): Promise<string> {
    if (typeof step === "object" && "wait" in step) {
      provider.now += step.wait;
      await this.#setClock(this.flow.clientClockAhead ?? 0);
      return "";
    }
    if (typeof step === "object" && "change" in step) {
      provider.behaviour = step.change;
      return "";
    }
    const check: Partial<Check> = typeof step === "string" ? {} : step;
    const action = actionOf(step) ?? "reload";
    const asked = provider.requests.length;
    const before = await this.#snapshot();
    const outcome = await this.#act(action, check.callback);
    const name = typeof outcome === "string" ? outcome : outcome.code;
    const failed = typeof outcome === "object" ? JSON.stringify(outcome) : "no failure";
    if (check.expect !== undefined) expect(name, `step ${number}: ${action}: ${failed}`).toBe(check.expect);
    else if (!isLast) expect(failed, `step ${number}: ${action}`).toBe("no failure");
    if (check.requests) {
      expect(provider.requests.slice(asked).toSorted(), `requests of step ${number}`).toEqual(Run.requests(check.requests));
    }
    if (typeof outcome === "string") return name;
    expect(await this.#snapshot(), "the session after a failure").toBe(before);
    for (const secret of provider.secrets) expect(secret !== "" && failed.includes(secret), `the error gives ${secret} away`).toBe(false);
    if (isLast && this.flow.phase !== undefined) expect(outcome.phase).toBe(this.flow.phase);
    if (isLast && this.flow.error !== undefined) expect(outcome.error).toBe(this.flow.error);
    return name;
  }

  async #act(action: Action, callback: string | undefined): Promise<Outcome> {
    const url = provider.words().text(callback ?? this.flow.callback ?? HONEST_CALLBACK);
    switch (action) {
      case "preload":
        await page.evaluate(() => window.clients.main.start());
        // It goes on in the background until both documents are kept.
        await page.waitForFunction(() => sessionStorage.length === 2);
        return "nobody";
      case "signIn": {
        const options = JSON.stringify(provider.words().merge({}, this.flow.signIn));
        // As text: the recursive type of appState is too deep for the types of evaluate.
        const prepared = await page.evaluate(async (options) => {
          const result: { url?: string } = {};
          const failure = await window.failureOf(async () => Object.assign(result, await window.clients.main.prepareSignIn(JSON.parse(options))));
          return { failure, url: result.url };
        }, options);
        if (prepared.url !== undefined) provider.visit(prepared.url);
        return prepared.failure ?? this.#whoIsThere();
      }
      case "callback":
        return this.#outcome(page.evaluate((url) => window.failureOf(() => window.clients.main.handleCallback(url)), url));
      case "callbackTwice":
        return this.#outcome(
          page.evaluate((url) => {
            const both = [window.clients.main.handleCallback(url), window.clients.main.handleCallback(url)];
            return window.failureOf(() => Promise.all(both));
          }, url),
        );
      case "reload":
        await load();
        await this.#setClock(this.flow.clientClockAhead ?? 0);
        await this.#createClient();
        return this.#whoIsThere();
      case "restore":
        return this.#outcome(page.evaluate(() => window.failureOf(() => window.clients.main.start())));
      case "userInfo":
        return this.#outcome(page.evaluate(() => window.failureOf(() => window.clients.main.fetchUserInfo())));
      case "accessToken":
        return this.#outcome(page.evaluate(() => window.failureOf(() => window.clients.main.getAccessToken())));
      case "signOutHere":
        return this.#outcome(page.evaluate(() => window.failureOf(() => window.clients.main.signOut({ localOnly: true }))));
      case "clearSession":
        return this.#outcome(page.evaluate(() => window.failureOf(() => window.clients.main.clearSession())));
      case "garbleStorage":
        await page.evaluate((nonsense) => Object.keys(sessionStorage).forEach((name) => sessionStorage.setItem(name, nonsense)), NONSENSE);
        return this.#whoIsThere();
      case "breakStorage":
        await page.evaluate(() => {
          Storage.prototype.getItem = Storage.prototype.setItem = () => {
            throw new DOMException("blocked", "SecurityError");
          };
        });
        return this.#whoIsThere();
      default:
        throw new Error(`${action} is not for this runner.`);
    }
  }

  async #outcome(failure: Promise<Failure | undefined>): Promise<Outcome> {
    return (await failure) ?? this.#whoIsThere();
  }

  #whoIsThere(): Promise<Outcome> {
    return page.evaluate(() => (window.clients.main.session ? "session" : "nobody"));
  }

  /** All there is of a session, in one text. */
  #snapshot(): Promise<string> {
    return page.evaluate(async () => {
      const client = window.clients.main;
      if (!client.session) return "nobody";
      return JSON.stringify([client.session, await client.getIdToken(), await client.getAccessToken().catch(String)]);
    });
  }

  async #createClient(): Promise<void> {
    await page.evaluate(async (options) => {
      window.clients.main?.dispose();
      window.clients.main = await window.oidc.OidcClient.create(options);
    }, this.#options);
  }

  /** A clock that stands still makes times exact. */
  async #setClock(clientAhead: number): Promise<void> {
    await page.evaluate((now) => (Date.now = () => now), (provider.now + clientAhead) * 1000);
  }

  /** Leaves nothing of earlier runs; then somebody signs in, for flows that have to fail while signing in. */
  async #signInBefore(): Promise<void> {
    const { flow } = this;
    const steps = flow.steps ?? USUAL_STEPS;
    const last = actionOf(steps.at(-1));
    const fails = !["session", "nobody", "callback_already_processed"].includes(flow.expect);
    const useful = fails && (last === "signIn" || last === "callback") && actionOf(steps[0]) !== "preload";
    const honest = new Run({ id: "honest", expect: "session", requests: [] });
    await honest.#createClient();
    await page.evaluate(async () => {
      await window.clients.main.clearSession();
      sessionStorage.clear();
    });
    if (!useful) return;
    expect([await honest.#act("signIn", undefined), await honest.#act("callback", undefined)]).toEqual(["nobody", "session"]);
    // The session is in the page's memory; nothing of the provider is to be cached.
    await page.evaluate(() => sessionStorage.clear());
    provider.forget();
  }

  async #compareSession(): Promise<void> {
    if (!this.flow.session) return;
    const { expiresAt, ...expected } = provider.words().merge({}, this.flow.session);
    const actual = await page.evaluate(() => window.clients.main.session);
    expect(actual).toMatchObject(expected);
    if (expiresAt !== undefined) expect(actual?.expiresAt ?? null).toBe(expiresAt);
  }
}

describe.each([...loadFlows()])("%s", (_file, flows) => {
  test.each(flows.filter(runsHere).map((flow) => [flow.id, flow] as const))("%s", async (_id, flow) => {
    try {
      const came = await new Run(flow).run();
      expect(came).toEqual({ outcome: flow.expect, requests: Run.requests(flow.requests) });
    } finally {
      // A page whose storage was broken stays so.
      if (flow.steps?.includes("breakStorage")) await load();
    }
  });
});

test("few scripts are for the core alone", () => {
  const all = [...loadFlows().values()].flat();
  expect(all.length).toBeGreaterThan(500);
  expect(all.filter((flow) => !runsHere(flow)).length).toBeLessThan(20);
});
