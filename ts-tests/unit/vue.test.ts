import { OidcClient, type OidcClientOptions } from "oidc-wasm/node";
import { createOidc, useOidcClient, useSession, type ClientSource, type Oidc, type OidcOptions, type SessionState } from "oidc-wasm/vue";
import { createRenderer, createSSRApp, defineComponent, h, watchEffect, type App } from "vue";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";

/** Another one for each test: what was taken out of an address bar is kept for the whole page. */
let home: string;
let tests = 0;
const clients: OidcClient[] = [];
const apps: App[] = [];
let provider: TinyProvider;
let page: FakePage;

beforeEach(async () => {
  provider = await startProvider();
  home = `https://app.example.com/${(tests += 1)}/`;
  page = openPage(home);
});

afterEach(async () => {
  for (const app of apps.splice(0)) app.unmount();
  for (const client of clients.splice(0)) client.dispose();
  await provider[Symbol.asyncDispose]();
});

async function makeClient(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const client = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri: home, ...options });
  clients.push(client);
  return client;
}

/** The page after the provider has sent the browser back. */
async function comeBack(appState?: { readonly returnTo: string }): Promise<void> {
  const before = await makeClient();
  const { url } = await before.prepareSignIn(appState ? { appState } : {});
  before.dispose();
  history.replaceState(null, "", provider.approve(url));
}

/** A tree of plain objects is enough for Vue. */
interface Item {
  parent: Item | null;
}
const { createApp } = createRenderer<Item, Item>({
  createElement: () => ({ parent: null }),
  createText: () => ({ parent: null }),
  createComment: () => ({ parent: null }),
  insert: (item, parent) => void (item.parent = parent),
  remove: (item) => void (item.parent = null),
  parentNode: ({ parent }) => parent,
  nextSibling: () => null,
  setText: () => {},
  setElementText: () => {},
  patchProp: () => {},
});

interface Mounted {
  readonly oidc: Oidc;
  readonly app: App;
  /** Every state that a component has seen, in order. */
  readonly seen: SessionState[];
}

function mount(client: ClientSource, options?: OidcOptions): Mounted {
  const oidc = createOidc(client, options);
  const seen: SessionState[] = [];
  const Root = defineComponent(() => {
    const state = useSession();
    watchEffect(() => void seen.push(state.value), { flush: "sync" });
    return () => null;
  });
  const app = createApp(Root).use(oidc);
  app.mount({ parent: null });
  apps.push(app);
  return { oidc, app, seen };
}

const statuses = (seen: readonly SessionState[]): string[] => seen.map(({ status }) => status);
const until = (oidc: Oidc, status: SessionState["status"]): Promise<void> =>
  vi.waitFor(() => expect(oidc.session.value.status).toBe(status));

describe("the session", () => {
  test.each(["a client", "a promise", "a function", "a function with a promise"])("is known once it has started: %s", async (kind) => {
    const client = await makeClient();
    const sources: Record<string, ClientSource> = {
      "a client": client,
      "a promise": Promise.resolve(client),
      "a function": () => client,
      "a function with a promise": () => Promise.resolve(client),
    };
    const { oidc, seen } = mount(sources[kind] as ClientSource);
    expect(oidc.session.value).toEqual({ status: "loading" });
    await until(oidc, "signedOut");
    expect(statuses(seen)).toEqual(["loading", "signedOut"]);
    expect(oidc.client.value).toBe(client);
  });

  test("TM-08: of a callback costs one token request, however many components ask", async () => {
    await comeBack();
    const client = await makeClient();
    const first = mount(client);
    const second = mount(client);
    await until(first.oidc, "signedIn");
    await until(second.oidc, "signedIn");
    expect(provider.count("/token")).toBe(1);
    expect(first.oidc.session.value.session).toBe(client.session);
  });

  test("follows what happens later, and is one object for one thing", async () => {
    provider.settings.refreshes = true;
    const client = await makeClient();
    const { oidc, seen } = mount(client);
    await until(oidc, "signedOut");
    await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
    await client.renew();
    provider.settings.subject = "bob";
    await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
    await client.signOut({ localOnly: true });
    expect(statuses(seen)).toEqual(["loading", "signedOut", "signedIn", "signedIn", "signedIn", "signedOut"]);
    expect(seen.flatMap(({ session }) => session?.subject ?? [])).toEqual(["ada", "ada", "bob"]);
  });

  test("a failure of start() is the state, and nothing is tried again before retry()", async () => {
    await comeBack();
    const client = await makeClient();
    provider.failTokens(503, "temporarily_unavailable");
    const { oidc, seen } = mount(client);
    await until(oidc, "failed");
    expect(oidc.session.value.error).toMatchObject({ name: "OidcError" });
    expect(provider.count("/token")).toBe(1);
    provider.failTokens(200, undefined);
    oidc.session.value.retry?.();
    expect(oidc.session.value.status).toBe("loading");
    // The callback is used up; a person can sign in again.
    await until(oidc, "signedOut");
    expect(statuses(seen)).toEqual(["loading", "failed", "loading", "signedOut"]);
  });

  test("so is one of the function that makes the client, which retry() calls again; an old retry() does nothing", async () => {
    const client = await makeClient();
    const make = vi.fn<() => Promise<OidcClient>>().mockRejectedValueOnce(new Error("no network")).mockResolvedValueOnce(client);
    const { oidc } = mount(make);
    await until(oidc, "failed");
    const { error, retry } = oidc.session.value;
    expect(error).toEqual(new Error("no network"));
    retry?.();
    await until(oidc, "signedOut");
    retry?.();
    expect(oidc.session.value.status).toBe("signedOut");
    expect(make).toHaveBeenCalledTimes(2);
  });

  test("a promise of a client that fails before anybody asks is nobody's uncaught error", async () => {
    const uncaught = vi.fn();
    process.on("unhandledRejection", uncaught);
    const oidc = createOidc(Promise.reject(new Error("no network")));
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", uncaught);
    expect(uncaught).not.toHaveBeenCalled();
    const app = createApp(defineComponent(() => () => null)).use(oidc);
    app.mount({ parent: null });
    apps.push(app);
    await until(oidc, "failed");
  });
});

describe("the way back", () => {
  test("replaces the address by the one where the sign-in began, before anybody knows of the session", async () => {
    await comeBack({ returnTo: "/notes?page=2#last" });
    const addresses: string[] = [];
    const client = await makeClient();
    const oidc = createOidc(client);
    watchEffect(() => void (oidc.session.value.session && addresses.push(page.address)), { flush: "sync" });
    const app = createApp(defineComponent(() => () => null)).use(oidc);
    apps.push(app);
    app.mount({ parent: null });
    await until(oidc, "signedIn");
    expect(addresses).toEqual(["/notes?page=2#last"]);
  });

  test("is told to the application's router instead", async () => {
    await comeBack({ returnTo: "https://app.example.com/notes" });
    const onReturn = vi.fn();
    const { oidc } = mount(await makeClient(), { onReturn });
    await until(oidc, "signedIn");
    expect(onReturn.mock.calls).toEqual([["/notes"]]);
    expect(page.address).toBe(home);
  });

  const elsewhere = ["https://evil.example/notes", "//evil.example/notes", "/\\evil.example", "https://app.example.com//evil.example"];
  test.each([...elsewhere, "javascript:alert(1)", "http://[", "/notes/..%2f..%2fevil", "/no\u0009tes"])(
    "does not lead out of the application: %s",
    async (returnTo) => {
      await comeBack({ returnTo });
      const onReturn = vi.fn();
      const { oidc } = mount(await makeClient(), { onReturn });
      await until(oidc, "signedIn");
      expect(onReturn).not.toHaveBeenCalled();
      expect(page.address).toBe(home);
    },
  );

  test("is gone once: neither a restored session nor a sign-in in a window leads anywhere", async () => {
    await comeBack({ returnTo: "/notes" });
    const first = await makeClient({ storage: "session" });
    await first.start();
    first.dispose();
    const reloaded = await freshPackage("node");
    const client = await reloaded.OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri: home, storage: "session" });
    clients.push(client);
    const onReturn = vi.fn();
    const { oidc } = mount(client, { onReturn });
    await until(oidc, "signedIn");
    expect(oidc.session.value.session?.appState).toEqual({ returnTo: "/notes" });
    const { url } = await client.prepareSignIn({ appState: { returnTo: "/other" } });
    await client.handleCallback(provider.approve(url));
    expect(onReturn).not.toHaveBeenCalled();
  });
});

describe("the guard", () => {
  const to = { fullPath: "/notes?page=2" };

  test("lets pass who is signed in, also while that is still being found out", async () => {
    await comeBack();
    const { oidc } = mount(await makeClient());
    expect(await oidc.guard(to)).toBe(true);
  });

  test("sends everybody else to the provider, with the way back and what the sign-in asks for, and gives no answer", async () => {
    const client = await makeClient();
    const signIn = vi.spyOn(client, "signIn");
    const { oidc } = mount(client, { signIn: { prompt: "login" } });
    const answered = vi.fn();
    void oidc.guard(to).then(answered);
    await vi.waitFor(() => expect(page.visited).toHaveLength(1));
    expect(signIn.mock.calls).toEqual([[{ prompt: "login", appState: { returnTo: "/notes?page=2" } }]]);
    expect(new URL(page.visited[0] ?? "").searchParams.get("prompt")).toBe("login");
    await new Promise((resolve) => setTimeout(resolve));
    expect(answered).not.toHaveBeenCalled();
  });

  test("CB-15: stops after a failure, and does not go to the provider", async () => {
    await comeBack();
    provider.failTokens(400, "invalid_grant");
    const { oidc } = mount(await makeClient());
    expect(await oidc.guard(to)).toBe(false);
    expect(await oidc.guard(to)).toBe(false);
    expect(oidc.session.value.status).toBe("failed");
    expect(page.visited).toEqual([]);
    expect(provider.count("/token")).toBe(1);
  });

  test("a sign-in that cannot begin is the state", async () => {
    const client = await makeClient({ authority: "http://127.0.0.1:9" });
    const { oidc } = mount(client);
    expect(await oidc.guard(to)).toBe(false);
    expect(oidc.session.value.error).toMatchObject({ code: "network_error" });
  });
});

describe("the end", () => {
  test("leaves nothing at a client that was handed over, and the client alone", async () => {
    const client = await makeClient();
    const off = vi.fn();
    const on = client.on.bind(client);
    vi.spyOn(client, "on").mockImplementation((name, handler) => {
      const remove = on(name, handler);
      return () => (off(name), remove());
    });
    const { app, oidc } = mount(client);
    await until(oidc, "signedOut");
    const names = vi.mocked(client.on).mock.calls.map(([name]) => name);
    app.unmount();
    apps.length = 0;
    await vi.waitFor(() => expect(off.mock.calls.flat().toSorted()).toEqual(names.toSorted()));
    expect(await client.start()).toBeNull();
  });

  test("disposes of a client that a function made, also when it comes too late", async () => {
    const client = await makeClient();
    const { app, oidc } = mount(() => client);
    await until(oidc, "signedOut");
    app.unmount();
    await vi.waitFor(async () => await expect(client.start()).rejects.toMatchObject({ code: "client_disposed" }));

    const late = await makeClient();
    let arrive: ((client: OidcClient) => void) | undefined;
    const second = mount(() => new Promise<OidcClient>((resolve) => (arrive = resolve)));
    second.app.unmount();
    apps.length = 0;
    await new Promise((resolve) => setTimeout(resolve));
    arrive?.(late);
    await vi.waitFor(async () => await expect(late.start()).rejects.toMatchObject({ code: "client_disposed" }));
  });
});

describe("on a server", () => {
  test("nothing is started, and everybody passes", async () => {
    const make = vi.fn<() => OidcClient>();
    vi.stubGlobal("document", undefined);
    const oidc = createOidc(make);
    const app = createSSRApp(defineComponent(() => () => h("p"))).use(oidc);
    expect(app.runWithContext(() => useSession().value)).toEqual({ status: "loading" });
    expect(app.runWithContext(() => useOidcClient().value)).toBeUndefined();
    expect(await oidc.guard({ fullPath: "/notes" })).toBe(true);
    expect(make).not.toHaveBeenCalled();
  });
});

test("a component without the plugin is told what is missing", () => {
  const app = createApp(defineComponent(() => () => null));
  expect(() => app.runWithContext(() => useSession())).toThrow("useSession() needs app.use(createOidc(client)).");
  expect(() => app.runWithContext(() => useOidcClient())).toThrow("useOidcClient() needs");
});
