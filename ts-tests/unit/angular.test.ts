// First: what Angular ships is finished by its compiler, here when it runs.
// oxlint-disable-next-line import/no-unassigned-import -- that is what it is for
import "@angular/compiler";
import { Location, PathLocationStrategy } from "@angular/common";
import {
  HttpClient,
  HttpErrorResponse,
  HttpEventType,
  HttpParams,
  provideHttpClient,
  withFetch,
  withInterceptors,
  type HttpEvent,
  type HttpInterceptorFn,
} from "@angular/common/http";
import {
  ApplicationInitStatus,
  createEnvironmentInjector,
  inject,
  InjectionToken,
  Injector,
  PLATFORM_ID,
  provideZonelessChangeDetection,
  runInInjectionContext,
  ɵINJECTOR_SCOPE as INJECTOR_SCOPE,
  type EnvironmentInjector,
  type EnvironmentProviders,
  type Provider,
} from "@angular/core";
import { Router, UrlTree, type ActivatedRouteSnapshot, type RouterStateSnapshot } from "@angular/router";
import { OidcClient, type OidcClientOptions } from "oidc-wasm/node";
import {
  createOidcGuard,
  injectOidcClient,
  injectSession,
  oidcGuard,
  oidcInterceptor,
  provideOidc,
  withoutToken,
  type ClientSource,
} from "oidc-wasm/angular";
import { firstValueFrom, toArray } from "rxjs";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPage, type FakePage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

const RUN_INITIALIZERS = "runInitializers";
const SEEN = new InjectionToken<string[]>("requests that came to the interceptor behind");

/** Another one for each test: what was taken out of an address bar is kept for the whole page. */
let home: string;
let tests = 0;
let provider: TinyProvider;
let api: TestServer;
let other: TestServer;
let page: FakePage;
const clients: OidcClient[] = [];
const injectors: EnvironmentInjector[] = [];

beforeEach(async () => {
  provider = await startProvider();
  home = `https://app.example.com/${(tests += 1)}/`;
  page = openPage(home);
  api = await serve(({ method, path: url, headers, body }, response) => {
    const [path = ""] = url.split("?");
    response.setHeader("content-type", "application/json");
    if (path === "/denied") return response.writeHead(403).end('{"reason":"no"}');
    if (path === "/broken") return response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    if (path === "/nonsense") return response.end("{");
    if (path === "/empty") return response.writeHead(204).end();
    if (path === "/nothing") return response.end();
    if (path === "/guarded") return response.end(`)]}',\n{"answer":42}`);
    if (path === "/moved") return response.writeHead(302, { location: "/echo" }).end();
    if (path === "/never") return undefined;
    if (path === "/expired" && headers.authorization?.endsWith("-2") !== true) {
      return response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
    }
    const { accept, "content-type": type } = headers;
    return response.setHeader("x-answer", "42").end(JSON.stringify({ method, url, body, type, accept }));
  });
  other = await serve((_request, response) => response.setHeader("content-type", "application/json").end('{"text":"public"}'));
});

afterEach(async () => {
  for (const injector of injectors.splice(0)) injector.destroy();
  for (const client of clients.splice(0)) client.dispose();
  for (const server of [api, other, provider]) await server[Symbol.asyncDispose]();
});

async function makeClient(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const required = { authority: provider.issuer, clientId: "spa", redirectUri: home, allowedOrigins: [api.origin] };
  const client = await OidcClient.create({ ...required, ...options });
  clients.push(client);
  return client;
}

async function signedIn(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const client = await makeClient(options);
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
  return client;
}

/** Notes what gets past our interceptor. */
const behind: HttpInterceptorFn = (request, next) => {
  inject(SEEN).push(request.url);
  return next(request);
};

/** What of an application there is without a page: its services. */
function open(client: ClientSource, ...more: (Provider | EnvironmentProviders)[]): EnvironmentInjector {
  const injector = createEnvironmentInjector(
    [
      // As the injector of a whole application, which takes a page to make.
      { provide: INJECTOR_SCOPE, useValue: "root" },
      { provide: PLATFORM_ID, useValue: "browser" },
      provideZonelessChangeDetection(),
      { provide: SEEN, useValue: [] },
      provideHttpClient(withFetch(), withInterceptors([oidcInterceptor, behind])),
      provideOidc(client),
      ...more,
    ],
    Injector.NULL as EnvironmentInjector,
  );
  injectors.push(injector);
  return injector;
}

/** What bootstrapping waits for. */
function bootstrap(injector: EnvironmentInjector): Promise<unknown> {
  const status = injector.get(ApplicationInitStatus);
  Reflect.get(status, RUN_INITIALIZERS).call(status);
  return status.donePromise;
}

async function failure(work: Promise<unknown>): Promise<HttpErrorResponse> {
  const thrown = await work.then(() => undefined, (error: unknown) => error);
  expect(thrown).toBeInstanceOf(HttpErrorResponse);
  return thrown as HttpErrorResponse;
}

describe("provideOidc", () => {
  test("has started before the application begins", async () => {
    const client = await makeClient();
    const injector = open(client);
    await bootstrap(injector);
    expect(runInInjectionContext(injector, injectSession)()).toEqual({ status: "signedOut" });
    expect(runInInjectionContext(injector, injectOidcClient)()).toBe(client);
  });

  test("lets the application begin when that fails, and tells why", async () => {
    const injector = open(Promise.reject(new Error("no network")));
    await bootstrap(injector);
    expect(runInInjectionContext(injector, injectSession)()).toMatchObject({ status: "failed", error: new Error("no network") });
    expect(runInInjectionContext(injector, injectOidcClient)()).toBeUndefined();
  });

  test("calls a function where inject() works", async () => {
    const NAME = new InjectionToken<string>("name");
    const client = await makeClient();
    const make = vi.fn(() => (inject(NAME), client));
    const injector = open(make, { provide: NAME, useValue: "app" });
    await bootstrap(injector);
    expect(make.mock.results).toMatchObject([{ type: "return" }]);
    expect(runInInjectionContext(injector, injectSession)().status).toBe("signedOut");
  });

  test("the signal follows the session, until the application ends", async () => {
    const client = await makeClient();
    const injector = open(client);
    await bootstrap(injector);
    const session = runInInjectionContext(injector, () => injectSession());
    await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
    expect(session().session).toBe(client.session);
    await client.signOut({ localOnly: true });
    expect(session().status).toBe("signedOut");
    injectors.length = 0;
    injector.destroy();
    await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
    expect(session().status).toBe("signedOut");
  });

  test("does nothing on a server: everybody passes, and requests go as they are", async () => {
    const make = vi.fn<() => OidcClient>();
    const injector = open(make, { provide: PLATFORM_ID, useValue: "server" }, ...routing());
    await bootstrap(injector);
    expect(await pass(injector)).toBe(true);
    await firstValueFrom(injector.get(HttpClient).get(`${api.origin}/echo`));
    expect(api.requests[0]?.headers.authorization).toBeUndefined();
    expect(make).not.toHaveBeenCalled();
    expect(runInInjectionContext(injector, injectSession)().status).toBe("loading");
  });
});

describe("the interceptor", () => {
  async function opened(options: Partial<OidcClientOptions> = {}): Promise<{ http: HttpClient; passed: string[] }> {
    const injector = open(await signedIn(options));
    await bootstrap(injector);
    return { http: injector.get(HttpClient), passed: injector.get(SEEN) };
  }

  test("sends the token to allowed origins, and leaves all other requests as they are", async () => {
    const { http, passed } = await opened();
    expect(await firstValueFrom(http.get(`${api.origin}/echo`))).toMatchObject({ method: "GET" });
    expect(await firstValueFrom(http.get(`${other.origin}/echo`))).toEqual({ text: "public" });
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual(["Bearer CANARY-access-token"]);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
    expect(passed).toEqual([`${other.origin}/echo`]);
  });

  test("logs no error because of a request to another server", async () => {
    const levels: string[] = [];
    const { createLogger } = await import("oidc-wasm/node");
    const { http } = await opened({ logger: createLogger(({ level }) => void levels.push(level)) });
    await firstValueFrom(http.get(`${other.origin}/echo`));
    expect(levels).not.toContain("error");
  });

  test("sends what Angular's own back end would", async () => {
    const { http } = await opened();
    const params = new HttpParams().append("a", "1 2").append("a", "3");
    const echo = (body: unknown, headers = {}): Promise<object> =>
      firstValueFrom(http.put<object>(`${api.origin}/echo`, body, { params, headers }));
    const accept = "application/json, text/plain, */*";
    const url = "/echo?a=1%202&a=3";
    expect(await echo({ text: "milk" })).toEqual({ method: "PUT", url, body: '{"text":"milk"}', type: "application/json", accept });
    expect(await echo("text")).toMatchObject({ body: "text", type: "text/plain" });
    const urlencoded = "application/x-www-form-urlencoded;charset=UTF-8";
    expect(await echo(new HttpParams().set("a", "b"))).toMatchObject({ body: "a=b", type: urlencoded });
    expect(await echo({ a: 1 }, { "Content-Type": "application/merge-patch+json", Accept: "text/plain" })).toMatchObject({
      type: "application/merge-patch+json",
      accept: "text/plain",
    });
    const form = new FormData();
    form.set("file", new Blob(["content"]), "name.txt");
    expect(JSON.stringify(await echo(form))).toMatch(/form-data; name=.*name\.txt.*content.*"multipart\/form-data; boundary=/);
    expect(await echo(null)).toMatchObject({ body: "" });
  });

  test("gives bodies as they are asked for", async () => {
    const { http } = await opened();
    const url = `${api.origin}/echo`;
    const response = await firstValueFrom(http.get(url, { observe: "response" }));
    expect(response).toMatchObject({ status: 200, ok: true, url, body: { method: "GET" } });
    expect(response.headers.get("X-Answer")).toBe("42");
    expect(await firstValueFrom(http.get(url, { responseType: "text" }))).toMatch(/^\{"method":"GET"/);
    const blob = await firstValueFrom(http.get(url, { responseType: "blob" }));
    expect(blob.type).toBe("application/json");
    const buffer = await firstValueFrom(http.get(url, { responseType: "arraybuffer" }));
    expect(new TextDecoder().decode(buffer)).toBe(await blob.text());
    expect(await firstValueFrom(http.get(`${api.origin}/empty`))).toBeNull();
    expect(await firstValueFrom(http.get(`${api.origin}/nothing`))).toBeNull();
    expect(await firstValueFrom(http.get(`${api.origin}/guarded`))).toEqual({ answer: 42 });
  });

  test("a status that is no success is an error with the body, and so is JSON that is none", async () => {
    const { http } = await opened();
    const get = (path: string): Promise<HttpErrorResponse> => failure(firstValueFrom(http.get(api.origin + path)));
    expect(await get("/denied")).toMatchObject({ status: 403, error: { reason: "no" }, url: `${api.origin}/denied` });
    expect(await get("/broken")).toMatchObject({ status: 502, error: "<h1>Bad gateway</h1>" });
    expect(await get("/nonsense")).toMatchObject({ status: 200, error: expect.any(SyntaxError) });
  });

  test("what fetch rejects with is the error", async () => {
    const { http } = await opened();
    const moved = await failure(firstValueFrom(http.get(`${api.origin}/moved`)));
    expect(moved).toMatchObject({ status: 0, error: { code: "redirect_refused" } });
    const injector = open(await makeClient({ clientId: "nobody" }));
    await bootstrap(injector);
    const { error } = await failure(firstValueFrom(injector.get(HttpClient).get(`${api.origin}/echo`)));
    expect(error).toMatchObject({ name: "OidcError", code: "not_signed_in" });
  });

  test("RF-09: a token that is refused is renewed, and the request sent again, once", async () => {
    provider.settings.refreshes = true;
    const { http } = await opened();
    expect(await firstValueFrom(http.post(`${api.origin}/expired`, { text: "milk" }))).toMatchObject({ body: '{"text":"milk"}' });
    expect(api.requests.map(({ headers }) => headers.authorization?.slice(-2))).toEqual(["en", "-2"]);
    expect(provider.count("/token")).toBe(2);
  });

  test("sends proofs where tokens are bound", async () => {
    const { http } = await opened({ dpop: true });
    await firstValueFrom(http.get(`${api.origin}/echo`));
    await firstValueFrom(http.get(`${other.origin}/echo`));
    expect(api.requests[0]?.headers).toMatchObject({ authorization: "DPoP CANARY-access-token", dpop: expect.stringMatching(/^ey/) });
    expect(other.requests[0]?.headers).not.toHaveProperty("dpop");
  });

  test("whoever unsubscribes ends the request", async () => {
    const { http } = await opened();
    const seen = vi.fn();
    const subscription = http.get(`${api.origin}/never`).subscribe({ next: seen, error: seen });
    await vi.waitFor(() => expect(api.requests).toHaveLength(1));
    const send = vi.spyOn(globalThis, "fetch");
    subscription.unsubscribe();
    const second = http.get(`${api.origin}/never`).subscribe({ next: seen, error: seen });
    await vi.waitFor(() => expect(send).toHaveBeenCalled());
    const request = send.mock.calls[0]?.[0] as Request;
    second.unsubscribe();
    expect(request.signal.aborted).toBe(true);
    expect(seen).not.toHaveBeenCalled();
  });

  test("a time limit ends the request as it does with Angular's own back end", async () => {
    const { http } = await opened();
    const { error, status } = await failure(firstValueFrom(http.get(`${api.origin}/never`, { timeout: 50 })));
    expect({ name: error.name, status }).toEqual({ name: "TimeoutError", status: 0 });
  });

  test("tells how far it is where that is asked for", async () => {
    const { http } = await opened();
    const body = "0123456789".repeat(10);
    const options = { observe: "events", reportProgress: true, responseType: "text" } as const;
    const events = await firstValueFrom(http.post(`${api.origin}/echo`, body, options).pipe(toArray<HttpEvent<string>>()));
    expect(events[0]?.type).toBe(HttpEventType.Sent);
    expect(events[1]?.type).toBe(HttpEventType.ResponseHeader);
    const progress = events.filter((event) => event.type === HttpEventType.DownloadProgress);
    const last = events.at(-1);
    const text = last?.type === HttpEventType.Response ? last.body : undefined;
    expect(text).toContain(body);
    expect(progress.at(-1)).toMatchObject({ loaded: text?.length, partialText: text });
  });

  test("leaves alone what is marked so", async () => {
    const { http, passed } = await opened();
    await firstValueFrom(http.get(`${api.origin}/echo`, { context: withoutToken() }));
    expect(api.requests[0]?.headers.authorization).toBeUndefined();
    expect(passed).toHaveLength(1);
  });

  test("waits until it is known who is signed in", async () => {
    const before = await makeClient();
    const { url } = await before.prepareSignIn();
    before.dispose();
    history.replaceState(null, "", provider.approve(url));
    const release = provider.holdTokens();
    const injector = open(makeClient());
    const ready = bootstrap(injector);
    const answer = firstValueFrom(injector.get(HttpClient).get(`${api.origin}/echo`));
    await vi.waitFor(() => expect(provider.count("/token")).toBe(1));
    expect(api.requests).toEqual([]);
    release();
    await Promise.all([ready, answer]);
    expect(api.requests[0]?.headers.authorization).toBe("Bearer CANARY-access-token");
  });

  test("does not wait for a function that needs a request to make the client", async () => {
    const injector = open(async () => {
      await firstValueFrom(inject(HttpClient).get(`${other.origin}/config.json`));
      return makeClient();
    });
    await bootstrap(injector);
    expect(runInInjectionContext(injector, injectSession)().status).toBe("signedOut");
    expect(other.requests).toHaveLength(1);
  });

  test("lets requests go on where there is no client", async () => {
    const injector = open(Promise.reject(new Error("no network")));
    await bootstrap(injector);
    expect(await firstValueFrom(injector.get(HttpClient).get(`${other.origin}/echo`))).toEqual({ text: "public" });
  });
});

/** What guards need of a router: addresses. */
function routing(base = "/"): Provider[] {
  const createUrlTree = (...parts: unknown[]): unknown => Object.assign(new UrlTree(), { parts });
  const { prepareExternalUrl } = PathLocationStrategy.prototype;
  return [
    { provide: Location, useValue: { prepareExternalUrl: (url: string) => prepareExternalUrl.call({ _baseHref: base }, url) } },
    { provide: Router, useValue: { createUrlTree } },
  ];
}

function pass(injector: EnvironmentInjector, guard = oidcGuard): Promise<unknown> {
  const state = { url: "/notes?page=2" } as RouterStateSnapshot;
  return runInInjectionContext(injector, () => guard({} as ActivatedRouteSnapshot, state));
}

describe("the guard", () => {
  test("lets pass who is signed in", async () => {
    const injector = open(await signedIn(), ...routing());
    await bootstrap(injector);
    expect(await pass(injector)).toBe(true);
    expect(await pass(injector, createOidcGuard({ redirectTo: "/welcome" }))).toBe(true);
  });

  test("sends everybody else to the provider, with the whole address to come back to, and gives no answer", async () => {
    const client = await makeClient();
    const signIn = vi.spyOn(client, "signIn");
    const injector = open(client, ...routing("/app"));
    await bootstrap(injector);
    const answered = vi.fn();
    void pass(injector, createOidcGuard({ prompt: "login" })).then(answered);
    await vi.waitFor(() => expect(page.visited).toHaveLength(1));
    expect(signIn.mock.calls).toEqual([[{ prompt: "login", appState: { returnTo: "/app/notes?page=2" } }]]);
    await new Promise((resolve) => setTimeout(resolve));
    expect(answered).not.toHaveBeenCalled();
  });

  test("shows another page instead where it is told so", async () => {
    const injector = open(await makeClient(), ...routing());
    await bootstrap(injector);
    const answer = await pass(injector, createOidcGuard({ redirectTo: "/welcome" }));
    expect(answer).toMatchObject({ parts: [["/welcome"], { queryParams: { returnTo: "/notes?page=2" } }] });
    expect(page.visited).toEqual([]);
  });

  test("CB-15: stops after a failure, and does not go to the provider", async () => {
    const before = await makeClient();
    const { url } = await before.prepareSignIn();
    before.dispose();
    provider.failTokens(400, "invalid_grant");
    history.replaceState(null, "", provider.approve(url));
    const injector = open(await makeClient(), ...routing());
    await bootstrap(injector);
    expect(await pass(injector)).toBe(false);
    expect(await pass(injector)).toBe(false);
    expect(page.visited).toEqual([]);
    expect(provider.count("/token")).toBe(1);
  });
});
