import type { Request } from "playwright-core";
import { expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { useWorld, Visit } from "./support.js";

declare global {
  interface Window {
    /** Hands a value over to the test, with everything that can be read of it. */
    note(kind: Kind, value: unknown): void;
    handOver(kind: Kind, text: string): Promise<void>;
    /** Runs what may fail, and hands the failure over; its code. */
    attempt(work: () => unknown): Promise<string>;
    /** How far the clock of the page is ahead, in seconds. */
    ahead: number;
    /** Makes a client that tells all it can. */
    makeClient(options: PlainOptions, logger: "console" | "function"): Promise<void>;
  }
}

/** Where something secret could show up. */
type Kind = "log" | "error" | "event" | "console" | "message" | "url" | "page" | "control";

interface Noted {
  readonly kind: Kind;
  readonly text: string;
}

const the = useWorld("app");

const SECRET_PARAMETERS = new Set(["code", "state", "nonce", "request_uri", "id_token_hint", "code_verifier", "refresh_token", "token"]);
/** Members of responses. */
const SECRET_MEMBERS = new Set(["access_token", "refresh_token", "id_token", "request_uri"]);
const PERSONAL = ["alice@example.com", "Alice Liddell", "Liddell"];
const APP_STATE = "canary-app-state-6f1d0c4b9e";
const IN_URL = "canary-in-an-address-77a1c03e52";
const IN_ANSWER = "canary-in-an-answer-0d9f41b7c8";

/** Everything secret that went over the wire, by its value, with what it is. */
function watchWire(visit: Visit): Map<string, string> {
  const secrets = new Map<string, string>([
    [IN_URL, "address"],
    [IN_ANSWER, "answer"],
  ]);
  const add = (kind: string, value: string | null | undefined): void => {
    if (!value || value.length < 12) return;
    secrets.set(value, kind);
    // A part of a token is no less secret; the header says nothing.
    for (const part of value.split(".").slice(1)) if (part.length >= 16) secrets.set(part, `${kind}, a part`);
  };
  const addParameters = (parameters: URLSearchParams): void => {
    for (const [name, value] of parameters) if (SECRET_PARAMETERS.has(name)) add(name, value);
  };
  const ofRequest = (request: Request): void => {
    addParameters(new URL(request.url()).searchParams);
    if (request.method() === "POST") addParameters(new URLSearchParams(request.postData() ?? ""));
    const { authorization, dpop } = request.headers();
    add("access_token", authorization?.split(" ")[1]);
    add("proof", dpop);
  };
  visit.context.on("request", ofRequest);
  visit.context.on("response", (response) => {
    add("dpop-nonce", response.headers()["dpop-nonce"]);
    if (!/\/(?:token|request)$/.test(new URL(response.url()).pathname)) return;
    response.json().then(
      (body: Record<string, unknown>) => {
        for (const [name, value] of Object.entries(body)) if (SECRET_MEMBERS.has(name) && typeof value === "string") add(name, value);
      },
      () => {},
    );
  });
  return secrets;
}

/** Before anything else runs in a page. */
function record(): void {
  const textOf = (value: unknown): string => {
    const seen = new Set<unknown>();
    const texts: string[] = [];
    const walk = (value: unknown): void => {
      if ((typeof value !== "object" && typeof value !== "function") || value === null) {
        texts.push(String(value));
        return;
      }
      if (seen.has(value)) return;
      seen.add(value);
      // What an error has, and its prototypes' getters, too.
      for (let owner: object | null = value; owner && owner !== Object.prototype && owner !== Function.prototype; owner = Object.getPrototypeOf(owner) as object | null) {
        for (const key of Reflect.ownKeys(owner)) {
          texts.push(String(key));
          try {
            walk(Reflect.get(owner, key, value));
          } catch {
            // A getter for something else.
          }
        }
      }
      if (value instanceof Map || value instanceof Set) walk([...value]);
      texts.push(Object.prototype.toString.call(value));
      if (value instanceof Error) texts.push(String(value));
      try {
        texts.push(JSON.stringify(value) ?? "");
      } catch {
        // It has a circle, and was walked through.
      }
    };
    walk(value);
    return texts.join("\n");
  };
  window.note = (kind, value) => void window.handOver(kind, textOf(value));
  window.attempt = async (work) => {
    try {
      await work();
      return "";
    } catch (failure) {
      window.note("error", failure);
      return window.oidc.isOidcError(failure) ? failure.code : String(failure);
    }
  };
  window.makeClient = async (options, logger) => {
    const { OidcClient, consoleLogger, createLogger } = window.oidc;
    const client = await OidcClient.create({
      ...options,
      logger: logger === "console" ? consoleLogger("trace") : createLogger((event) => window.note("log", event), "trace"),
    });
    window.clients.main = client;
    for (const name of ["signedIn", "signedOut", "renewed", "renewalFailed", "sessionChanged", "expiring", "expired", "degraded"] as const) {
      client.on(name, (detail) => window.note("event", { name, detail }));
    }
  };
  window.ahead = 0;
  const { now } = Date;
  Date.now = () => now.call(Date) + window.ahead * 1000;
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    window.note("message", message);
    postMessage.call(this, message);
  };
  for (const level of ["debug", "log", "info", "warn", "error"] as const) {
    const write = console[level].bind(console);
    console[level] = (...values: unknown[]) => {
      window.note("console", values);
      write(...values);
    };
  }
}

/** What others can read off a page that shows it: its address and those before it, what it loaded, its elements. */
async function look(visit: Visit, noted: Noted[]): Promise<void> {
  const provider = visit.world.provider.url;
  for (const page of visit.context.pages()) {
    if (!page.url().startsWith(visit.world.page.url)) continue;
    const { urls, html } = await page.evaluate((provider) => {
      const entries = (window as unknown as { navigation: { entries(): { url: string | null }[] } }).navigation.entries();
      // The document itself is named as it was loaded, with the response in it; nothing can change that, and the code is used.
      const loaded = performance.getEntries().filter(({ entryType }) => !["navigation", "visibility-state"].includes(entryType));
      const names = [location.href, document.referrer, document.title, document.cookie, ...entries.map(({ url }) => url ?? ""), ...loaded.map(({ name }) => name)];
      return { urls: names.filter((name) => !name.startsWith(provider)), html: document.documentElement.outerHTML };
    }, provider);
    for (const text of urls) noted.push({ kind: "url", text });
    noted.push({ kind: "page", text: html });
  }
}

test("LG-01, LG-02, RF-10: no secret of a whole run shows up in logs, errors, events, messages, addresses or the page", async () => {
  const { world } = the;
  const { page: pages, provider, api } = world;
  const visit = await world.visit({ allowedConsole: /.*/ });
  const { page, context } = visit;
  const secrets = watchWire(visit);
  const noted: Noted[] = [];
  await context.exposeBinding("handOver", (_source, kind: Kind, text: string) => void noted.push({ kind, text }));
  context.on("console", (message) => noted.push({ kind: "console", text: message.text() }));
  context.on("weberror", (error) => noted.push({ kind: "error", text: String(error.error().stack) }));
  await context.addInitScript(record);
  const codes: string[] = [];
  const attempt = async (name: string, work: () => Promise<string>): Promise<void> => {
    codes.push(`${name}: ${await work()}`);
    await look(visit, noted);
  };
  const answers = async (path: string, answer: { status?: number; body: string; contentType?: string } | "abort", work: () => Promise<void>): Promise<void> => {
    await context.route(provider.url + path, async (route) => {
      if (route.request().method() === "OPTIONS") return route.continue();
      return answer === "abort"
        ? route.abort()
        : route.fulfill({ contentType: "application/json", ...answer, headers: { "access-control-allow-origin": "*" } });
    });
    await work();
    await context.unroute(provider.url + path);
  };
  // After a failure nobody may ask again at once.
  const renewLater = (): Promise<string> =>
    page.evaluate(() => {
      window.ahead += 40;
      return window.attempt(() => window.clients.main.renew());
    });
  /** Begins anew in the page, with nobody signed in and no pauses left from failures. */
  const reachCallback = async (options: PlainOptions): Promise<void> => {
    await visit.openHarness();
    await page.evaluate((options) => window.makeClient(options, "function"), options);
    const url = await page.evaluate(async (appState) => {
      const { url } = await window.clients.main.prepareSignIn({ prompt: "login consent", appState });
      return url;
    }, APP_STATE);
    await page.goto(url);
    await visit.enterPassword();
    await visit.allow();
    await visit.harnessReady();
  };

  // With proofs, nonces and pushed requests, in a store that other tabs share.
  const bound = world.options({ clientId: "spa-dpop", dpop: true, pushedAuthorization: "always", storage: "indexedDb" });
  await reachCallback(bound);
  const callback = page.url();
  await page.evaluate((options) => window.makeClient(options, "function"), bound);
  await attempt("start", () => page.evaluate(() => window.attempt(() => window.clients.main.start())));
  const other = await context.newPage();
  await other.goto(`${pages.url}/harness/`);
  await other.locator("body[data-ready]").waitFor({ state: "attached" });
  await other.evaluate((options) => window.makeClient(options, "console"), bound);
  await other.evaluate(() => window.clients.main.start());
  for (const call of ["getAccessToken", "getIdToken", "renew", "fetchUserInfo"] as const) {
    await attempt(call, () => page.evaluate((call) => window.attempt(() => window.clients.main[call]()), call));
  }
  await attempt("fetch", () => page.evaluate((url) => window.attempt(() => window.clients.main.fetch(url)), `${api.url}/me`));
  await attempt("fetch elsewhere", () =>
    page.evaluate((url) => window.attempt(() => window.clients.main.fetch(url)), `https://elsewhere.example/x?token=${IN_URL}#${IN_URL}`),
  );
  await attempt("fetch nowhere", () => page.evaluate((url) => window.attempt(() => window.clients.main.fetch(url)), `${api.url.replace(/\d+$/, "1")}/me?token=${IN_URL}`));
  await attempt("other tab", () => other.evaluate(() => window.attempt(() => window.clients.main.renew())));

  // Callbacks that are none, or no good.
  for (const [name, query] of Object.entries({
    "another state": `code=${IN_ANSWER}&state=${IN_ANSWER}`,
    refused: `error=access_denied&error_description=no&state=${IN_ANSWER}`,
    "another issuer": `${new URL(callback).search.slice(1).replace(/iss=[^&]*/, "")}&iss=${encodeURIComponent(`https://evil.example/${IN_ANSWER}`)}`,
    replayed: new URL(callback).search.slice(1),
  })) {
    const url = `${pages.url}/harness/callback?${query}`;
    await attempt(name, () => page.evaluate((url) => window.attempt(() => window.clients.main.handleCallback(url)), url));
  }

  // A provider that answers wrongly, with secrets in its answers.
  const jwt = ["eyJhbGciOiJSUzI1NiJ9", Buffer.from(JSON.stringify({ sub: IN_ANSWER })).toString("base64url"), "c2lnbmF0dXJl"].join(".");
  const tokens = { access_token: IN_ANSWER, refresh_token: IN_ANSWER, token_type: "DPoP", expires_in: 60, id_token: jwt };
  const wrong: Record<string, { status?: number; body: string; contentType?: string } | "abort"> = {
    "no network": "abort",
    "not JSON": { body: `${IN_ANSWER} {` },
    "HTML": { status: 502, body: `<p>${IN_ANSWER}</p>`, contentType: "text/html" },
    "an unknown error": { status: 400, body: JSON.stringify({ error: "temporarily_odd", error_description: "x", refresh_token: IN_ANSWER }) },
    "another type": { body: JSON.stringify({ ...tokens, token_type: "mac" }) },
    "a forged ID Token": { body: JSON.stringify(tokens) },
  };
  for (const [name, answer] of Object.entries(wrong)) {
    await reachCallback(bound);
    await page.evaluate((options) => window.makeClient(options, "function"), bound);
    await answers("/token", answer, () => attempt(`sign-in, ${name}`, () => page.evaluate(() => window.attempt(() => window.clients.main.start()))));
    await page.evaluate(() => window.attempt(() => window.clients.main.start()));
  }
  await reachCallback(bound);
  await page.evaluate((options) => window.makeClient(options, "console"), bound);
  await page.evaluate(() => window.clients.main.start());
  const failures = Object.entries({ ...wrong, "invalid_grant": { status: 400, body: JSON.stringify({ error: "invalid_grant", error_description: "gone" }) } });
  for (const [name, answer] of failures) {
    await answers("/token", answer, () => attempt(`renewal, ${name}`, renewLater));
  }
  await answers("/me", { body: JSON.stringify({ sub: IN_ANSWER, email: IN_ANSWER }) }, () =>
    attempt("userinfo", () => page.evaluate(() => window.attempt(() => window.clients.main.fetchUserInfo()))),
  );

  // A window, bearer tokens, sign-out at the provider.
  const plain = world.options({ storage: "session" });
  await visit.openHarness();
  await page.evaluate((options) => window.makeClient(options, "function"), plain);
  const [popup] = await Promise.all([
    context.waitForEvent("page"),
    page.evaluate(() => {
      void window.clients.main.signInPopup({ prompt: "login consent" }).then(
        () => document.body.setAttribute("data-signed-in", ""),
        (failure: unknown) => window.note("error", failure),
      );
    }),
  ]);
  const within = new Visit(world, context, popup, visit.options);
  await within.enterPassword();
  await within.allow();
  await within.harnessReady();
  const messagesBefore = noted.length;
  await popup.evaluate((options) => void window.makeClient(options, "function"), plain);
  await page.locator("body[data-signed-in]").waitFor({ state: "attached" });
  // The window hands its response over to the page that opened it: that is what this channel is for.
  const handedOver = noted.splice(messagesBefore).filter(({ kind }) => kind !== "message");
  noted.push(...handedOver);
  await look(visit, noted);
  await page.evaluate(() => void window.attempt(() => window.clients.main.signOut()));
  await visit.id("provider-sign-out").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${pages.url}/**`);
  await visit.harnessReady();
  await page.evaluate((options) => window.makeClient(options, "console"), plain);
  await attempt("start after sign-out", () => page.evaluate(() => window.attempt(() => window.clients.main.start())));
  await attempt("after sign-out", () => page.evaluate(() => window.attempt(() => window.clients.main.getAccessToken())));

  // What is looked for is there, and would be found.
  const [token = ""] = [...secrets].find(([, kind]) => kind === "access_token") ?? [];
  await page.evaluate((token) => window.note("control", Object.assign(new Error("x", { cause: { deep: [new Map([["key", { [token]: 1 }]])] } }))), token);
  await expect.poll(() => noted.some(({ kind, text }) => kind === "control" && text.includes(token))).toBe(true);
  const kinds = new Set(secrets.values());
  const missing = ["code", "state", "nonce", "request_uri", "id_token_hint", "code_verifier", "access_token", "refresh_token", "id_token", "proof", "dpop-nonce"];
  expect(missing.filter((kind) => !kinds.has(kind))).toEqual([]);
  const counted = Object.fromEntries(["log", "error", "event", "console", "message", "url", "page"].map((kind) => [kind, noted.filter((one) => one.kind === kind).length]));
  console.log(`${secrets.size} secrets (with parts) looked for in ${JSON.stringify(counted)}\n${codes.join("\n")}`);
  for (const [kind, least] of Object.entries({ log: 30, error: 15, event: 5, console: 20, message: 1, url: 20, page: 20 })) {
    expect(counted[kind], kind).toBeGreaterThanOrEqual(least);
  }

  const hits = new Set<string>();
  for (const { kind, text } of noted) {
    if (kind === "control") continue;
    for (const [secret, what] of secrets) {
      // A claim of the ID Token, which is checked and used up when the application gets it.
      if (kind === "event" && what === "nonce") continue;
      if (!text.includes(secret)) continue;
      const at = text.indexOf(secret);
      hits.add(`${what} in ${kind}: …${text.slice(Math.max(0, at - 60), at + 12)}…`);
    }
    // Who it is stands in sessions, which are for the application, and never in what goes elsewhere.
    if (kind === "event" || kind === "page") continue;
    for (const personal of [...PERSONAL, APP_STATE]) if (text.includes(personal)) hits.add(`${personal} in ${kind}: ${text.slice(0, 200)}`);
    if ((kind === "log" || kind === "error") && /https?:\/\/[^\s"]*\?[^\s"]*=/.test(text)) hits.add(`an address with its query in ${kind}: ${text.slice(0, 300)}`);
  }
  expect([...hits]).toEqual([]);
}, 180_000);
