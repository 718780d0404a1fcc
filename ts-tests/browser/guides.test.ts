/** What the guides tell people to copy, as it stands there: built, served by the demo's strict policy, gone through. */
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProvider } from "../../demo/provider/index.js";
import { listen } from "../../demo/server.js";
import { apiClientSecret } from "../../demo/settings.js";
import { slot } from "../support/slot.js";
import { type Files, files, put, readdressed, workspace } from "../support/snippets.js";
import { useWorld, Visit, type World, type WorldOptions } from "./support.js";

const { providerPort, apiPort, pagePort } = slot();
const provider = `http://localhost:${providerPort}`;
const api = `http://localhost:${apiPort}`;
const page = `http://localhost:${pagePort}`;

/** What the examples call the API, and an example without one. */
const API = { "https://api.example.com": api };
const NO_API = {};

/** Builds an application as its reader does, and gives the folder to serve. */
async function built(name: string, found: Files): Promise<string> {
  const root = await put(name, found);
  const config = join(root, "vite.config.ts");
  await build({ root, configFile: existsSync(config) ? config : false, logLevel: "warn" });
  return join(root, "dist");
}

interface GuideOptions extends Pick<WorldOptions, "provider"> {
  /** What the example calls the provider. */
  readonly issuer?: string;
  /** What stands for the example's other addresses. Default: the API alone. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** Starts further servers, and gives what stands for their addresses. */
  readonly begin?: () => Promise<Readonly<Record<string, string>>>;
  /** Whether pages may have frames. */
  readonly frames?: boolean;
}

/** The servers around one application; the client is registered as the guide says. */
function useGuide(
  name: string,
  find: () => Promise<Files>,
  { issuer = "https://id.example.com", addresses = API, begin, frames = false, ...options }: GuideOptions = {},
  registration: Readonly<Record<string, unknown>> = {},
): ReturnType<typeof useWorld> {
  const served = { directory: join(workspace, "target/snippets", name, "dist"), pages: ["/"], frames, provider };
  beforeAll(async () => {
    const others = (await begin?.()) ?? {};
    served.provider = [provider, ...Object.values(others)].join(" ");
    await built(name, readdressed(await find(), { [issuer]: provider, ...addresses, ...others }));
  });
  const client = {
    client_id: "my-spa",
    client_name: "My app",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [`${page}/callback`],
    post_logout_redirect_uris: [`${page}/`],
    ...registration,
  };
  return useWorld("app", [client], { ...options, page: served });
}

/** A visit that goes to more servers than a world has; what else every visit has to keep is checked at the end. */
async function among(world: World, work: (visit: Visit) => Promise<void>): Promise<void> {
  const visit = await Visit.open(world, {});
  try {
    await work(visit);
    expect([visit.consoleErrors, visit.violations]).toEqual([[], []]);
  } finally {
    await visit.context.close();
  }
}

const by = (visit: Visit, id: string): Locator => visit.page.locator(`#${id}`);
const says = (where: Page, id: string, text: string | RegExp): Promise<void> =>
  where.locator(`#${id}`, { hasText: text }).waitFor({ state: "attached" });

/** The person at the provider, from its first page to the application's. */
async function signIn(visit: Visit): Promise<void> {
  await visit.enterPassword();
  await visit.allow();
}

/** Says yes at the provider. */
async function signOut(visit: Visit): Promise<void> {
  await visit.page.getByRole("button", { name: "Sign out" }).click();
  await visit.page.waitForURL(`${page}/**`);
}

describe("docs/guides/redirect.md", () => {
  const the = useGuide("redirect", () => files("docs/guides/redirect.md#redirect"));

  test("people sign in, come back to where they were, call the API, go elsewhere, and sign out", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(`${page}/notes?page=2`);
    await says(visit.page, "who", "Not signed in");
    await by(visit, "sign-in").click();
    await signIn(visit);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    expect(visit.page.url()).toBe(`${page}/notes?page=2`);
    await by(visit, "call-api").click();
    await says(visit.page, "output", /^200 /);
    // The session remembers where its sign-in began; nobody is sent there again.
    await visit.page.goto(`${page}/elsewhere`);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    expect(visit.page.url()).toBe(`${page}/elsewhere`);
    await by(visit, "sign-out").click();
    await signOut(visit);
    await says(visit.page, "who", "Not signed in");
    expect(the.world.tokenRequests).toBe(1);
  });

  test("who says no at the provider reads why", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await by(visit, "sign-in").click();
    await visit.enterPassword();
    await visit.page.getByRole("button", { name: "Deny" }).click();
    await says(visit.page, "output", /^authorization_error/);
    await says(visit.page, "who", "Not signed in");
    expect(the.world.tokenRequests).toBe(0);
  });
});

describe("README.md", () => {
  const the = useGuide("readme", async () => ({
    ...(await files("README.md#start")),
    // create-vite has put one there.
    "public/favicon.svg": '<svg xmlns="http://www.w3.org/2000/svg" />',
  }), {}, { redirect_uris: [`${page}/`] });

  test("the five-minute start signs in, calls the API and signs out", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await says(visit.page, "who", "Not signed in");
    await by(visit, "sign-in").click();
    await signIn(visit);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    await visit.page.reload();
    await says(visit.page, "who", "Signed in as Alice Liddell");
    await by(visit, "call-api").click();
    await says(visit.page, "output", /^200 /);
    await by(visit, "sign-out").click();
    await signOut(visit);
    await says(visit.page, "who", "Not signed in");
    expect(the.world.tokenRequests).toBe(1);
  });
});

describe("docs/guides/popup.md", () => {
  const back = [`${page}/popup.html`];
  const registered = { redirect_uris: back, post_logout_redirect_uris: back };
  const the = useGuide("popup", () => files("docs/guides/popup.md#popup"), {}, registered);

  /** The window that a click opens. */
  async function opened(visit: Visit, id: string): Promise<Visit> {
    const event = visit.context.waitForEvent("page");
    await by(visit, id).click();
    return new Visit(visit.world, visit.context, await event, visit.options);
  }

  test("a window signs in and out, and what was typed on the page stays", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await says(visit.page, "who", "Not signed in");
    await by(visit, "draft").fill("Dear Bob");
    const first = await opened(visit, "sign-in");
    await signIn(first);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    await by(visit, "call-api").click();
    await says(visit.page, "api", /^200 /);
    const second = await opened(visit, "sign-out");
    await second.page.getByRole("button", { name: "Sign out" }).click();
    await says(visit.page, "who", "Not signed in");
    expect(await by(visit, "draft").inputValue()).toBe("Dear Bob");
    expect(visit.context.pages()).toHaveLength(1);
    expect(visit.requests.filter((url) => url.endsWith(".wasm"))).toHaveLength(1);
  });

  test("who closes the window reads that nothing has changed", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await says(visit.page, "who", "Not signed in");
    const window = await opened(visit, "sign-in");
    await window.id("provider-sign-in").waitFor();
    await window.page.close();
    await says(visit.page, "output", "You closed the window. Nothing has changed.");
    expect(the.world.tokenRequests).toBe(0);
  });
});

describe("docs/dpop.md", () => {
  const registered = { redirect_uris: [`${page}/`], dpop_bound_access_tokens: true };
  const the = useGuide("dpop", () => files("docs/dpop.md#dpop"), {}, registered);

  test("the smallest application gets a bound token, and the API takes it with its proof", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await says(visit.page, "output", "Not signed in");
    await by(visit, "sign-in").click();
    await signIn(visit);
    await says(visit.page, "output", /^DPoP 200 /);
    // Of two token requests one is the answer to a nonce that was not known before.
    expect(the.world.tokenRequests).toBeLessThanOrEqual(2);
  });
});

describe("docs/guides/silent.md", () => {
  const registered = { redirect_uris: [`${page}/callback`, `${page}/silent.html`] };
  const options = { addresses: NO_API, frames: true };
  const the = useGuide("silent", () => files("docs/guides/silent.md#silent"), options, registered);

  test("nobody is signed in at the provider: a button; after a sign-in a reload needs none", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await says(visit.page, "who", "Not signed in");
    expect(await by(visit, "output").textContent()).toBe("");
    await by(visit, "sign-in").click();
    await signIn(visit);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    expect(visit.page.url()).toBe(`${page}/`);
    await visit.page.reload();
    await says(visit.page, "who", "Signed in as Alice Liddell");
    expect(await by(visit, "sign-in").isVisible()).toBe(false);
    expect(the.world.tokenRequests).toBe(2);
    expect(await visit.page.evaluate(() => document.querySelectorAll("iframe").length)).toBe(0);
  });
});

describe("docs/guides/par.md", () => {
  const registered = { require_pushed_authorization_requests: true };
  const the = useGuide("par", () => files("docs/guides/par.md#par"), { addresses: NO_API }, registered);

  test("the request is pushed before the click, and the address has a reference to it", async () => {
    const visit = await the.world.visit();
    await visit.page.goto(page);
    await by(visit, "sign-in").waitFor();
    expect(the.world.provider.log.count("POST", "/request")).toBe(1);
    await by(visit, "sign-in").click();
    await signIn(visit);
    await says(visit.page, "who", "Signed in as Alice Liddell");
    expect(the.world.provider.log.count("POST", "/request")).toBe(1);
    const address = visit.requests.find((url) => url.startsWith(`${provider}/auth?`)) ?? "";
    expect([...new URL(address).searchParams.keys()]).toEqual(["client_id", "request_uri"]);
  });
});

/** An API that says what the token it was sent is for, as its provider sees it. */
async function startApi(): Promise<{ url: string; close(): Promise<void> }> {
  const { port, handle, close } = await listen({ name: "API", port: 0, host: "127.0.0.1" });
  handle(async (request, response) => {
    response.setHeader("access-control-allow-origin", page);
    response.setHeader("access-control-allow-headers", "authorization");
    if (request.method === "OPTIONS") return response.writeHead(204).end();
    const [, token = ""] = (request.headers.authorization ?? "").split(" ");
    const authorization = `Basic ${Buffer.from(`api:${apiClientSecret}`).toString("base64")}`;
    const question = { method: "POST", headers: { authorization }, body: new URLSearchParams({ token }) };
    const answer = await fetch(`${provider}/token/introspection`, question);
    const { active, aud, scope } = (await answer.json()) as Record<string, unknown>;
    response.writeHead(active === true ? 200 : 401, { "content-type": "application/json" });
    return response.end(JSON.stringify({ aud, scope }));
  });
  return { url: `http://localhost:${port}`, close };
}

describe("docs/guides/several-apis.md", () => {
  const resources: Record<string, string> = {};
  const apis: Awaited<ReturnType<typeof startApi>>[] = [];
  const begin = async (): Promise<Record<string, string>> => {
    apis.push(await startApi(), await startApi());
    const [notes = "", documents = ""] = apis.map(({ url }) => url);
    Object.assign(resources, { [`${notes}/`]: "notes", [`${documents}/`]: "files.read files.write" });
    return { "https://notes.example.com": notes, "https://files.example.com": documents };
  };
  const options = { addresses: NO_API, begin, provider: { resources } };
  const the = useGuide("several-apis", () => files("docs/guides/several-apis.md#several-apis"), options);
  afterAll(() => Promise.all(apis.map((each) => each.close())));

  test("each API gets a token for itself, with its scope, and the second call asks for none", async () => {
    const { world } = the;
    const [notes, documents] = apis.map(({ url }) => url);
    await among(world, async (visit) => {
      await visit.page.goto(page);
      await says(visit.page, "who", "Not signed in");
      await by(visit, "sign-in").click();
      await signIn(visit);
      await says(visit.page, "who", "Signed in as alice-7f3c");
      await by(visit, "notes").click();
      await says(visit.page, "output", `200 ${JSON.stringify({ aud: `${notes}/`, scope: "notes" })}`);
      await by(visit, "files").click();
      await says(visit.page, "output", `200 ${JSON.stringify({ aud: `${documents}/`, scope: "files.read" })}`);
      await by(visit, "notes").click();
      await says(visit.page, "output", `200 ${JSON.stringify({ aud: `${notes}/`, scope: "notes" })}`);
      expect(world.tokenRequests).toBe(3);
    });
  });
});

describe("docs/guides/several-issuers.md", () => {
  const at = (name: string): Record<string, unknown> => ({ redirect_uris: [`${page}/callback/${name}`] });
  let partner: Awaited<ReturnType<typeof createProvider>> | undefined;
  const begin = async (): Promise<Record<string, string>> => {
    const back = { ...at("partner"), post_logout_redirect_uris: [`${page}/`] };
    const client = { client_id: "my-spa", token_endpoint_auth_method: "none", ...back };
    partner = await createProvider({ port: 0, page, clients: [client] });
    return { "https://login.partner.example.com": partner.url };
  };
  const options = { addresses: NO_API, begin };
  const find = (): Promise<Files> => files("docs/guides/several-issuers.md#several-issuers");
  const the = useGuide("several-issuers", find, options, at("work"));
  afterAll(() => partner?.close());

  test("one person is signed in at both, and signs out at one", async () => {
    await among(the.world, async (visit) => {
      await visit.page.goto(page);
      await says(visit.page, "partner", "partner: nobody");
      await by(visit, "work-in").click();
      await signIn(visit);
      await says(visit.page, "work", `work: alice-7f3c at ${provider}`);
      await says(visit.page, "partner", "partner: nobody");
      await by(visit, "partner-in").click();
      await visit.enterPassword({ name: "bob", password: "builder" });
      await visit.allow();
      await says(visit.page, "partner", `partner: bob-91d2 at ${partner?.url}`);
      await says(visit.page, "work", `work: alice-7f3c at ${provider}`);
      await by(visit, "partner-out").click();
      await signOut(visit);
      await says(visit.page, "partner", "partner: nobody");
      await says(visit.page, "work", `work: alice-7f3c at ${provider}`);
      expect(await by(visit, "output").textContent()).toBe("");
    });
  });
});

/** What each peer leaves behind, and what a page of somebody else keeps under a name that is like it. */
interface Leftovers {
  readonly issuer: string;
  readonly api: Readonly<Record<string, string>>;
  readonly stored: Readonly<Record<"sessionStorage" | "localStorage", readonly string[]>>;
  readonly cookies: readonly string[];
  readonly database?: string;
}

const migrations: Readonly<Record<string, Leftovers>> = {
  "docs/migrate/oidc-client-ts.md#redirect": {
    issuer: "https://id.example.com",
    api: API,
    stored: { sessionStorage: ["oidc.user:https://id.example.com:my-spa"], localStorage: ["oidc.0123456789abcdef"] },
    cookies: [],
    database: "oidc",
  },
  "docs/migrate/auth0-spa-js.md#redirect": {
    issuer: "https://id.example.com/",
    api: API,
    stored: {
      sessionStorage: ["a0.spajs.txs.my-spa"],
      localStorage: ["@@auth0spajs@@::my-spa::default::openid", "@@auth0spajs@@::my-spa::@@user@@"],
    },
    cookies: ["", "_legacy_"].flatMap((before) => [
      `${before}auth0.my-spa.is.authenticated`,
      `${before}auth0.my-spa.organization_hint`,
    ]),
    database: "auth0-spa-js",
  },
  "docs/migrate/msal-browser.md#redirect": {
    issuer: "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
    // The scope of an API that has its own way to write them.
    api: { ...API, "api://my-api/access": "api" },
    stored: { sessionStorage: ["msal.my-spa.request.params", "msal.version"], localStorage: ["msal.3.account.keys"] },
    cookies: ["msal.cache.encryption"],
  },
  "docs/migrate/keycloak-js.md#redirect": {
    issuer: "https://id.example.com/realms/my-realm",
    api: API,
    stored: { sessionStorage: [], localStorage: ["kc-callback-0b0f2d4e"] },
    cookies: [],
  },
};

const html = (found: Files): string => found["index.html"] ?? "";

describe("docs/migrate", () => {
  /** The page as it was: without what comes with the change. */
  const former = async (): Promise<Files> => {
    const after = html(await files("docs/migrate/oidc-client-ts.md#redirect"));
    const before = after.replace('<script type="module" src="/src/leftovers.ts"></script>', "");
    return { ...(await files("docs/migrate/oidc-client-ts.md#before")), "index.html": before };
  };
  // One after the other at the same address, as an application that is deployed anew.
  const the = useGuide("former", former, {}, { redirect_uris: [`${page}/callback`, `${page}/`] });
  const deploy = async (name: string, addresses: Readonly<Record<string, string>>): Promise<void> => {
    const next = await built("latter", readdressed(await files(name), addresses));
    await cp(next, join(workspace, "target/snippets/former/dist"), { recursive: true });
  };

  test("the code before leaves what the page says, and who comes with it signs in once more unasked", async () => {
    await among(the.world, async (visit) => {
      const stored = (): Promise<string[][]> =>
        visit.page.evaluate(() => {
          const keys = [sessionStorage, localStorage].map((storage) => Object.keys(storage));
          return keys.map((each) => each.filter((key) => key.startsWith("oidc.")));
        });
      await visit.page.goto(page);
      await says(visit.page, "who", "Not signed in");
      await by(visit, "sign-in").click();
      await visit.id("provider-sign-in").waitFor();
      await visit.page.goto(page);
      await says(visit.page, "who", "Not signed in");
      await by(visit, "sign-in").click();
      await signIn(visit);
      await says(visit.page, "who", "Signed in as Alice Liddell");
      await by(visit, "call-api").click();
      await says(visit.page, "output", /^200 /);
      const state = expect.stringMatching(/^oidc\.[0-9a-f]{32}$/);
      expect(await stored()).toEqual([[`oidc.user:${provider}:my-spa`], [state]]);

      await deploy("docs/migrate/oidc-client-ts.md#redirect", { "https://id.example.com": provider, ...API });
      await visit.page.goto(page);
      await says(visit.page, "who", "Not signed in");
      expect(await stored()).toEqual([[], []]);
      await by(visit, "sign-in").click();
      await says(visit.page, "who", "Signed in as Alice Liddell");
    });
  });

  const removes = "the code after signs in, calls the API, survives a reload, and removes what was left behind";
  test.each(Object.entries(migrations))(`%s: ${removes}`, async (name, { issuer, api: addresses, ...left }) => {
    await deploy(name, { [issuer]: provider, ...addresses });
    await among(the.world, async (visit) => {
      await visit.page.goto(page);
      await says(visit.page, "who", "Not signed in");
      await visit.page.evaluate(async ({ stored, cookies, database }) => {
        for (const place of ["sessionStorage", "localStorage"] as const) {
          for (const key of [...stored[place], `kept.${place}`]) globalThis[place].setItem(key, "x");
        }
        for (const cookie of [...cookies, "kept"]) document.cookie = `${cookie}=x; path=/`;
        if (database === undefined) return;
        const request = indexedDB.open(database);
        await new Promise((resolve) => request.addEventListener("success", resolve));
        request.result.close();
      }, left);
      await by(visit, "sign-in").click();
      await signIn(visit);
      await says(visit.page, "who", "Signed in as Alice Liddell");
      await by(visit, "call-api").click();
      await says(visit.page, "output", /^200 /);
      await visit.page.reload();
      await says(visit.page, "who", "Signed in as Alice Liddell");
      const found = await visit.page.evaluate(async () => {
        const keys = [...Object.keys(sessionStorage), ...Object.keys(localStorage)];
        const databases = (await indexedDB.databases()).map((database) => database.name);
        return { keys: keys.filter((key) => !key.startsWith("oidc-wasm")), cookies: document.cookie, databases };
      });
      expect(found).toEqual({ keys: ["kept.sessionStorage", "kept.localStorage"], cookies: "kept=x", databases: [] });
      await by(visit, "sign-out").click();
      await signOut(visit);
      await says(visit.page, "who", "Not signed in");
    });
  });
});
