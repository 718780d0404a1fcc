import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createApi } from "../../demo/api/index.js";
import { createProvider } from "../../demo/provider/index.js";
import { apps, installed, output, workspace } from "./support/paths.ts";
import { serveStatic, type StaticServer } from "./support/static-server.ts";
import { alice, FLAGS } from "./support/world.ts";

const folder = path.join(output, "blazor");
const CALLBACK = "authentication/login-callback";
const FAREWELL = "authentication/logout-callback";

let files: StaticServer;
let provider: Awaited<ReturnType<typeof createProvider>>;
let api: Awaited<ReturnType<typeof createApi>>;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const problems: string[] = [];

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(path.join(apps, "blazor"), folder, { recursive: true });
  // Exactly what the guide says to copy.
  for (const file of ["blazor.js", "index.js", "interaction.js", "oidc_wasm_bg.wasm"]) {
    await cp(path.join(installed, "dist", file), path.join(folder, "oidc-wasm", file));
  }
  files = await serveStatic(folder);
  provider = await createProvider({
    port: 0,
    page: files.url,
    redirectUris: [`${files.url}/${CALLBACK}`, `${files.url}/interop.html`],
    postLogoutRedirectUris: [`${files.url}/${FAREWELL}`, `${files.url}/interop.html`],
  });
  api = await createApi({ port: 0, issuer: provider.url, page: files.url });
  // For applications that fetch their settings, and whose provider has its metadata elsewhere.
  const document = await fetch(`${provider.url}/.well-known/openid-configuration`);
  const { end_session_endpoint: _, ...metadata } = (await document.json()) as Record<string, unknown>;
  await writeFile(path.join(folder, "metadata.json"), JSON.stringify(metadata));
  const settings = options({ metadataUrl: `${files.url}/metadata.json`, defaultScopes: null, scope: "profile openid" });
  await writeFile(path.join(folder, "settings.json"), JSON.stringify(settings));
  const policy = [
    "default-src 'none'; base-uri 'self'; script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${provider.url} ${api.url}; frame-src 'self' ${provider.url}`,
  ];
  files.setHeaders(() => ({ "content-security-policy": policy.join("; ") }));
  browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
});
afterAll(async () => {
  await browser?.close();
  await Promise.all([files?.close(), provider?.close(), api?.close()]);
});

beforeEach(async () => {
  problems.length = 0;
  provider.log.clear();
  context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  context.on("weberror", (error) => problems.push(String(error.error())));
  page = await context.newPage();
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) problems.push(message.text());
  });
});
afterEach(async () => {
  await context.close();
  expect(problems).toEqual([]);
});

/** `OidcProviderOptions` as .NET writes them: what was not set is null, paths are absolute already. */
function options(more: object = {}): object {
  return {
    authority: provider.url,
    metadataUrl: null,
    client_id: "spa",
    defaultScopes: ["openid", "profile"],
    redirect_uri: `${files.url}/${CALLBACK}`,
    post_logout_redirect_uri: `${files.url}/${FAREWELL}`,
    response_type: null,
    response_mode: null,
    extraQueryParams: {},
    ...more,
  };
}

/** Calls a function by its name and waits for it, all of it as JSON, as `IJSRuntime.InvokeAsync` does. */
async function invoke(name: string, ...args: unknown[]): Promise<unknown> {
  const json = await page.evaluate(
    async ([name, args]) => {
      let target: unknown = globalThis;
      let owner: unknown;
      for (const part of name.split(".")) [owner, target] = [target, (target as Record<string, unknown>)[part]];
      const found = (target as (...args: unknown[]) => unknown).bind(owner);
      return JSON.stringify((await found(...(JSON.parse(args) as unknown[]))) ?? null);
    },
    [name, JSON.stringify(args)] as const,
  );
  return JSON.parse(json) as unknown;
}

/** Opens an address of the application and starts as .NET does. */
async function open(address = "/", more: object = {}): Promise<void> {
  await page.goto(new URL(address, files.url).href);
  await start(more);
}

async function start(more: object = {}): Promise<void> {
  await invoke("AuthenticationService.init", options(more), { debugEnabled: false, traceEnabled: false });
}

/** The address that .NET has read when it started. */
function uri(): Promise<string> {
  return page.evaluate(() => (globalThis as unknown as { started: { uri: string } }).started.uri);
}

/** Clicks through the provider's pages, and waits for the page that it leads back to. */
async function enterPassword(decision: "Allow" | "Deny" = "Allow"): Promise<void> {
  await page.getByLabel("User name").fill(alice.name);
  await page.getByLabel("Password").fill(alice.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await decide(decision);
}

async function decide(decision: "Allow" | "Deny" = "Allow"): Promise<void> {
  await page.getByRole("button", { name: decision }).click();
  await page.waitForURL(`${files.url}/${CALLBACK}**`);
  await page.waitForFunction(() => "started" in globalThis);
}

const contextOf = (more: object = {}) => ({
  url: null,
  state: { returnUrl: `${files.url}/orders?page=2#top`, odd: [null, 1.5, "ü\u2028", { deep: {} }] },
  interactiveRequest: { returnUrl: `${files.url}/orders`, scopes: [], interaction: "SignIn", additionalRequestParameters: null },
  ...more,
});

/** The whole sign-in up to the point where C# knows who it is. */
async function signIn(): Promise<void> {
  await open();
  expect(await invoke("AuthenticationService.signIn", contextOf())).toEqual({ status: "Redirect" });
  await enterPassword();
  await start();
  expect(await invoke("AuthenticationService.completeSignIn", await uri())).toMatchObject({ status: "Success" });
}

test("the seven functions are there before the next script of the page runs", async () => {
  await page.goto(files.url);
  const { functions } = await page.evaluate(() => (globalThis as unknown as { started: { functions: string[] } }).started);
  expect(functions.toSorted()).toEqual(
    ["completeSignIn", "completeSignOut", "getAccessToken", "getUser", "init", "signIn", "signOut"].toSorted(),
  );
});

test("init is shared by all who call it: settings and core are fetched once", async () => {
  await page.goto(files.url);
  files.log.clear();
  const init = (): Promise<unknown> => invoke("AuthenticationService.init", { configurationEndpoint: "/settings.json" });
  await Promise.all([init(), init(), init()]);
  await init();
  for (const file of ["/settings.json", "/oidc-wasm/oidc_wasm_bg.wasm"]) expect(files.log.count("GET", file), file).toBe(1);
});

test("nobody is signed in: one silent try, in a frame; then a token takes a redirect", async () => {
  await open();
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
  expect(provider.log.count("GET", "/auth")).toBe(1);
  expect(page.frames()).toHaveLength(1);
  expect(await invoke("AuthenticationService.getAccessToken")).toEqual({ status: "RequiresRedirect" });
});

test("sign-in by redirect: the state comes back unchanged, the profile is that of ID Token and userinfo, the token works", async () => {
  await open();
  const length = await page.evaluate(() => history.length);
  expect(await invoke("AuthenticationService.signIn", contextOf())).toEqual({ status: "Redirect" });
  await page.getByLabel("User name").waitFor();
  expect(await page.evaluate(() => history.length), "the page before was replaced").toBe(length);
  await enterPassword();

  await start();
  // AuthorizeView asks before the callback's own page does.
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
  const callback = await uri();
  expect(new URL(callback).searchParams.get("code")).toBeTruthy();
  expect(page.url(), "the response is out of the address bar").toBe(`${files.url}/${CALLBACK}`);
  const { state } = contextOf();
  // Twice at once, and again: the code is sent once.
  const results = await Promise.all([1, 2].map(() => invoke("AuthenticationService.completeSignIn", callback)));
  expect([...results, await invoke("AuthenticationService.completeSignIn", callback)]).toEqual([1, 2, 3].map(() => ({ status: "Success", state })));
  expect(provider.log.count("POST", "/token")).toBe(1);

  const user = (await invoke("AuthenticationService.getUser")) as Record<string, unknown>;
  expect(user).toMatchObject({ sub: alice.subject, name: expect.any(String) });
  await invoke("AuthenticationService.getUser");
  expect(provider.log.count("GET", "/me"), "userinfo is asked once for a session").toBe(1);
  for (const name of ["nonce", "at_hash", "exp", "iat", "aud", "iss"]) expect(user).not.toHaveProperty(name);

  const { status, token } = (await invoke("AuthenticationService.getAccessToken", null)) as {
    status: string;
    token: { value: string; expires: string; grantedScopes: string[] };
  };
  expect(status).toBe("Success");
  expect(token.grantedScopes.toSorted()).toEqual(["openid", "profile"]);
  expect(Date.parse(token.expires)).toBeGreaterThan(Date.now() + 60_000);
  const answer = await fetch(`${provider.url}/me`, { headers: { authorization: `Bearer ${token.value}` } });
  expect(await answer.json()).toMatchObject({ sub: alice.subject });
});

test("the session is there after a reload, and a sign-in that nobody clicked for is silent", async () => {
  await signIn();
  await open("/counter");
  expect(await invoke("AuthenticationService.getUser")).toMatchObject({ sub: alice.subject });
  const { state } = contextOf();
  const asked = provider.log.count("GET", "/auth");
  expect(await invoke("AuthenticationService.signIn", contextOf({ interactiveRequest: null }))).toEqual({ status: "Success", state });
  expect(page.url()).toBe(`${files.url}/counter`);
  expect(provider.log.count("GET", "/auth")).toBe(asked + 1);
});

test("a person who is known to the provider is signed in by the first getUser of a new tab, before .NET starts in the frame", async () => {
  await signIn();
  page = await context.newPage();
  // In a frame nothing comes after our script.
  await page.route("**/framework.js", async (route) => {
    if (route.request().frame() === page.mainFrame()) await route.continue();
  });
  await open();
  expect(await invoke("AuthenticationService.getUser")).toMatchObject({ sub: alice.subject });
});

test("a token for further scopes takes a redirect, which asks for them and for what the person has already", async () => {
  await signIn();
  const request = { scopes: ["api"], returnUrl: "/" };
  expect(await invoke("AuthenticationService.getAccessToken", request)).toEqual({ status: "RequiresRedirect" });
  const interactiveRequest = { returnUrl: "/", scopes: ["api"], interaction: "GetToken", additionalRequestParameters: { login_hint: "alice", prompt: "consent" } };
  const left = page.waitForRequest((asked) => asked.url().startsWith(`${provider.url}/auth?`));
  expect(await invoke("AuthenticationService.signIn", contextOf({ interactiveRequest }))).toEqual({ status: "Redirect" });
  const { searchParams } = new URL((await left).url());
  expect(Object.fromEntries(searchParams)).toMatchObject({ scope: "openid profile api", login_hint: "alice", prompt: "consent" });
  await decide();
  await start();
  expect(await invoke("AuthenticationService.completeSignIn", await uri())).toMatchObject({ status: "Success" });
  const { status, token } = (await invoke("AuthenticationService.getAccessToken", request)) as { status: string; token: { value: string } };
  expect(status).toBe("Success");
  const answer = await fetch(`${api.url}/me`, { headers: { authorization: `Bearer ${token.value}` } });
  expect(answer.status).toBe(200);
});

test("what failed is said as it is, and what is no answer is nothing to complete", async () => {
  await open();
  await invoke("AuthenticationService.signIn", contextOf());
  await enterPassword("Deny");
  await start();
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
  const { status, errorMessage } = (await invoke("AuthenticationService.completeSignIn", await uri())) as Record<string, string>;
  expect(status).toBe("Failure");
  expect(errorMessage).toMatch(/access_denied.*\(authorization_error\)/s);
  // Its page loaded again, or opened by hand.
  for (const address of [await uri(), `${files.url}/${CALLBACK}`, `${files.url}/${CALLBACK}?code=c&state=of-somebody-else`]) {
    expect(await invoke("AuthenticationService.completeSignIn", address)).toEqual({ status: "OperationCompleted" });
  }
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
});

test("sign-out goes to the provider and back, with its state, once", async () => {
  await signIn();
  await open("/counter");
  const { state } = contextOf();
  expect(await invoke("AuthenticationService.signOut", { state })).toEqual({ status: "Redirect" });
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${files.url}/${FAREWELL}**`);
  await page.waitForFunction(() => "started" in globalThis);
  await start();
  expect(await invoke("AuthenticationService.completeSignOut", await uri())).toEqual({ status: "Success", state });
  expect(await invoke("AuthenticationService.completeSignOut", await uri())).toEqual({ status: "OperationCompleted" });
  expect(await invoke("AuthenticationService.completeSignOut", `${files.url}/${FAREWELL}`)).toEqual({ status: "OperationCompleted" });
  expect(await invoke("AuthenticationService.getUser")).toBeNull();
});

test("without an end-session endpoint sign-out is done at once; metadata may be elsewhere, and the settings at an address", async () => {
  await signIn();
  await page.goto(`${files.url}/counter`);
  await invoke("AuthenticationService.init", { configurationEndpoint: "/settings.json" });
  expect(await invoke("AuthenticationService.getUser")).toMatchObject({ sub: alice.subject });
  const { state } = contextOf();
  expect(await invoke("AuthenticationService.signOut", { state })).toEqual({ status: "Success", state });
  expect(await invoke("AuthenticationService.getAccessToken")).toMatchObject({ status: "Success" });
});

test("settings that cannot be kept to are refused by name, and the next call tries again", async () => {
  await page.goto(files.url);
  await expect(start({ response_type: "id_token token" })).rejects.toThrow(/ResponseType has to be "code"/);
  await expect(start({ response_mode: "fragment" })).rejects.toThrow(/ResponseMode "query"/);
  await start({ response_type: "code", response_mode: "query" });
});

test("the guide's own module signs in, calls an API and signs out, with nothing but texts crossing over", async () => {
  const guide = await readFile(path.join(workspace, "docs/guides/blazor.md"), "utf8");
  const [, module = ""] = /^```js\n(.*?)^```$/ms.exec(guide) ?? [];
  await writeFile(path.join(folder, "oidc.js"), module);
  // As JSHost.ImportAsync does.
  await writeFile(path.join(folder, "import.js"), 'Object.assign(globalThis, { oidc: await import("/oidc.js") });');
  await writeFile(path.join(folder, "interop.html"), '<!doctype html><title>Interop</title><script type="module" src="/import.js"></script>');
  const address = `${files.url}/interop.html`;
  const call = async (name: string, ...args: unknown[]): Promise<unknown> => {
    await page.waitForFunction(() => "oidc" in globalThis);
    return page.evaluate(
      ([name, args]) => {
        const { oidc } = globalThis as unknown as { oidc: Record<string, (...args: unknown[]) => unknown> };
        return oidc[name]?.(...(JSON.parse(args) as unknown[]));
      },
      [name, JSON.stringify(args)] as const,
    );
  };
  const given = { authority: provider.url, clientId: "spa", redirectUri: address, postLogoutRedirectUri: address, scope: "openid api" };
  const text = JSON.stringify({ ...given, allowedOrigins: [api.url] });

  await page.goto(address);
  expect(await call("start", text)).toBeNull();
  await call("signIn", "/orders");
  await page.getByLabel("User name").fill(alice.name);
  await page.getByLabel("Password").fill(alice.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(`${address}?**`);
  expect(JSON.parse(String(await call("start", text)))).toMatchObject({ sub: alice.subject });
  expect(JSON.parse(String(await call("send", "GET", `${api.url}/me`, null)))).toMatchObject({ status: 200, text: expect.stringContaining(alice.subject) });
  await call("signOut");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(`${address}?**`);
  expect(await call("start", text)).toBeNull();
  await expect(call("send", "GET", `${api.url}/me`, null)).rejects.toThrow(/OidcError: /);
});
