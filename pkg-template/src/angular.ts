/**
 * `oidc-wasm/angular`: who is signed in, for Angular applications, with a guard and an interceptor. It has no core of its own: it is
 * given a client. Plain functions, without decorators: nothing here has to be compiled by Angular.
 *
 * @module
 */
import { isPlatformBrowser, Location } from "@angular/common";
import {
  HttpContext,
  HttpContextToken,
  HttpErrorResponse,
  HttpEventType,
  HttpHeaderResponse,
  HttpHeaders,
  HttpResponse,
  type HttpEvent,
  type HttpHandlerFn,
  type HttpRequest,
} from "@angular/common/http";
import {
  DestroyRef,
  EnvironmentInjector,
  inject,
  InjectionToken,
  makeEnvironmentProviders,
  NgZone,
  PLATFORM_ID,
  provideAppInitializer,
  runInInjectionContext,
  signal,
  type EnvironmentProviders,
  type Signal,
} from "@angular/core";
import { Router, type ActivatedRouteSnapshot, type GuardResult, type RouterStateSnapshot } from "@angular/router";
import { Observable, type Subscription } from "rxjs";
import type { AuthorizationDetail, OidcClient } from "./api.js";
import { SessionSource, type AutomaticSignInOptions, type ClientSource, type SessionState } from "./session-source.js";

export type {
  AutomaticSignInOptions,
  ClientSource,
  FailedState,
  LoadingState,
  SessionState,
  SignedInState,
  SignedOutState,
} from "./session-source.js";

/** Options of {@link createOidcGuard}. */
export interface OidcGuardOptions extends AutomaticSignInOptions {
  /**
   * A page of the application to show instead of going to the provider at once. It gets the address that was wanted as the query
   * parameter `returnTo`.
   */
  readonly redirectTo?: string;
}

/** What the functions here share in one application. */
interface Oidc {
  readonly source: SessionSource;
  readonly session: Signal<SessionState>;
  readonly client: Signal<OidcClient | undefined>;
  /** Who is signed in is known in a browser alone. */
  readonly isBrowser: boolean;
}

const OIDC = /* @__PURE__ */ new InjectionToken<Oidc>("oidc-wasm");
const WITHOUT_TOKEN = /* @__PURE__ */ new HttpContextToken<boolean>(() => false);

/** What some servers put before JSON, so that it is no script. */
const PREFIX = /^\)\]\}',?\n/;

/**
 * Gives the application the client, and calls its `start()` before the first component is made and the router looks at the address.
 * A failure does not hold the application up: it is the state of {@link injectSession}. A function is called where `inject()` works.
 *
 * @see https://angular.dev/api/core/provideAppInitializer
 * @example
 * ```ts
 * import { provideHttpClient, withInterceptors } from "@angular/common/http";
 * import type { ApplicationConfig } from "@angular/core";
 * import { OidcClient } from "oidc-wasm";
 * import { oidcInterceptor, provideOidc } from "oidc-wasm/angular";
 *
 * const client = OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: `${location.origin}/`,
 *   allowedOrigins: ["https://api.example.com"],
 * });
 *
 * export const appConfig: ApplicationConfig = {
 *   providers: [provideOidc(client), provideHttpClient(withInterceptors([oidcInterceptor]))],
 * };
 * ```
 */
export function provideOidc(client: ClientSource): EnvironmentProviders {
  const create = (): Oidc => {
    const injector = inject(EnvironmentInjector);
    const isBrowser = isPlatformBrowser(inject(PLATFORM_ID));
    const source = new SessionSource(typeof client === "function" ? () => runInInjectionContext(injector, client) : client);
    const session = signal(source.state);
    const made = signal(source.client);
    const off = source.subscribe(() => {
      session.set(source.state);
      made.set(source.client);
    });
    inject(DestroyRef).onDestroy(off);
    return { source, session: session.asReadonly(), client: made.asReadonly(), isBrowser };
  };
  return makeEnvironmentProviders([
    { provide: OIDC, useFactory: create },
    provideAppInitializer(() => {
      const { source, isBrowser } = inject(OIDC);
      if (!isBrowser) return undefined;
      // Not where it is made: a function that makes the client may send a request, which comes to the interceptor.
      inject(DestroyRef).onDestroy(source.connect());
      return source.ready();
    }),
  ]);
}

/**
 * Who is signed in, as a signal that changes here and with other tabs, and when the tokens were renewed. The type parameter describes
 * the entries of `authorizationDetails`, where an application uses them.
 *
 * @throws {Error} Angular's, without {@link provideOidc}.
 * @see https://angular.dev/guide/signals
 * @example
 * ```ts
 * import { computed } from "@angular/core";
 * import { injectSession } from "oidc-wasm/angular";
 *
 * export class Greeting {
 *   readonly session = injectSession();
 *   readonly name = computed(() => this.session().session?.claims["name"]);
 * }
 * ```
 */
export function injectSession<Detail extends AuthorizationDetail = AuthorizationDetail>(): Signal<SessionState<Detail>> {
  return inject(OIDC).session as Signal<SessionState<Detail>>;
}

/**
 * The client, to sign in and out, as a signal: `undefined` where it could not be made, and on a server.
 *
 * @throws {Error} Angular's, without {@link provideOidc}.
 * @example
 * ```ts
 * import { injectOidcClient } from "oidc-wasm/angular";
 *
 * export class SignOutButton {
 *   readonly #client = injectOidcClient();
 *   click = () => void this.#client()?.signOut();
 * }
 * ```
 */
export function injectOidcClient<Detail extends AuthorizationDetail = AuthorizationDetail>(): Signal<OidcClient<Detail> | undefined> {
  return inject(OIDC).client as Signal<OidcClient<Detail> | undefined>;
}

/**
 * Lets those pass who are signed in. Where nobody is, the browser goes to the provider and comes back to the page that was wanted.
 * After a failure, which is the state then, it stops the navigation and does not try again. On a server everybody passes, and nobody is
 * signed in.
 *
 * @see https://angular.dev/api/router/CanActivateFn
 * @example
 * ```ts
 * import type { Routes } from "@angular/router";
 * import { oidcGuard } from "oidc-wasm/angular";
 *
 * export const routes: Routes = [{ path: "notes", canActivate: [oidcGuard], children: [] }];
 * ```
 */
export function oidcGuard(_route: ActivatedRouteSnapshot, state: RouterStateSnapshot): Promise<GuardResult> {
  return guard(state, {});
}

/**
 * An {@link oidcGuard} with options.
 *
 * @see https://angular.dev/api/router/CanActivateFn
 * @example
 * ```ts
 * import type { Routes } from "@angular/router";
 * import { createOidcGuard } from "oidc-wasm/angular";
 *
 * export const routes: Routes = [
 *   { path: "notes", canActivate: [createOidcGuard({ redirectTo: "/welcome" })], children: [] },
 *   { path: "bank", canActivate: [createOidcGuard({ acrValues: "urn:example:mfa" })], children: [] },
 * ];
 * ```
 */
export function createOidcGuard(options: OidcGuardOptions): typeof oidcGuard {
  return (_route, state) => guard(state, options);
}

/**
 * Sends requests to the servers in `allowedOrigins` by the client's `fetch`, so that token, proof, renewal and repetition are its
 * business; all others go on as they are. What `fetch` rejects with becomes the `error` of an `HttpErrorResponse`. Interceptors that
 * come after it see nothing of requests to those servers: let it be the last one.
 *
 * @see https://angular.dev/api/common/http/HttpInterceptorFn
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @example
 * ```ts
 * import { provideHttpClient, withInterceptors } from "@angular/common/http";
 * import { oidcInterceptor } from "oidc-wasm/angular";
 *
 * export const http = provideHttpClient(withInterceptors([oidcInterceptor]));
 * ```
 */
export function oidcInterceptor(request: HttpRequest<unknown>, next: HttpHandlerFn): Observable<HttpEvent<unknown>> {
  const { source, isBrowser } = inject(OIDC);
  // A function that makes the client may need a request itself.
  if (!isBrowser || source.isMaking || request.context.get(WITHOUT_TOKEN)) return next(request);
  const zone = inject(NgZone);
  return new Observable((observer) => {
    const end = new AbortController();
    const tell = (event: HttpEvent<unknown>): void => zone.run(() => observer.next(event));
    let elsewhere: Subscription | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const run = async (): Promise<void> => {
      await source.ready();
      if (end.signal.aborted) return;
      const response = await send(source.client, request, end.signal);
      if (!response) {
        clearTimeout(timer);
        elsewhere = zone.run(() => next(request).subscribe(observer));
        return;
      }
      const answer = await read(request, response, tell);
      zone.run(() => {
        if (answer instanceof HttpErrorResponse) return observer.error(answer);
        observer.next(answer);
        observer.complete();
      });
    };
    const fail = (error: unknown): void => zone.run(() => observer.error(failed(request, end.signal.aborted ? end.signal.reason : error)));
    zone.runOutsideAngular(() => {
      const { timeout } = request;
      if (timeout) timer = setTimeout(() => end.abort(new DOMException("The request took too long.", "TimeoutError")), timeout);
      run().catch(fail);
    });
    return () => {
      clearTimeout(timer);
      end.abort();
      elsewhere?.unsubscribe();
    };
  });
}

/**
 * A context for requests that {@link oidcInterceptor} leaves alone, for what an API shows to everybody.
 *
 * @see https://angular.dev/api/common/http/HttpContext
 * @example
 * ```ts
 * import type { HttpClient } from "@angular/common/http";
 * import { withoutToken } from "oidc-wasm/angular";
 *
 * declare const http: HttpClient;
 * http.get("https://api.example.com/status", { context: withoutToken() }).subscribe(console.log);
 * ```
 */
export function withoutToken(context: HttpContext = new HttpContext()): HttpContext {
  return context.set(WITHOUT_TOKEN, true);
}

async function guard({ url }: RouterStateSnapshot, { redirectTo, ...signIn }: OidcGuardOptions): Promise<GuardResult> {
  const { source, isBrowser } = inject(OIDC);
  // With the base address, which the router's own addresses lack.
  const returnTo = inject(Location).prepareExternalUrl(url);
  const router = inject(Router);
  if (!isBrowser) return true;
  const { status } = await source.ready();
  if (status === "signedIn") return true;
  if (redirectTo !== undefined) return router.createUrlTree([redirectTo], { queryParams: { returnTo } });
  // The page goes away; an answer would make the router change the address once more.
  return status === "signedOut" && (await source.signIn(returnTo, signIn)) ? new Promise(() => {}) : false;
}

/** The client's answer, or nothing where the request is none of its business. */
async function send(client: OidcClient | undefined, request: HttpRequest<unknown>, end: AbortSignal): Promise<Response | undefined> {
  const none = Response.error();
  const response = await client?.createFetch({ elsewhere: async () => none })(request.urlWithParams, initOf(request, end));
  return response === none ? undefined : response;
}

/** The request as Angular's own back end would make it with `fetch`. */
function initOf(request: HttpRequest<unknown>, end: AbortSignal): RequestInit {
  const headers = new Headers();
  for (const name of request.headers.keys()) {
    for (const value of request.headers.getAll(name) ?? []) headers.append(name, value);
  }
  const type = request.detectContentTypeHeader();
  if (!headers.has("accept")) headers.set("accept", "application/json, text/plain, */*");
  if (!headers.has("content-type") && type !== null) headers.set("content-type", type);
  const { method, keepalive, cache, mode, redirect, referrer, referrerPolicy, integrity, priority } = request;
  const credentials = request.withCredentials ? "include" : request.credentials;
  const init = { keepalive, cache, mode, redirect, referrer, referrerPolicy, integrity, priority, credentials };
  return { ...(init as RequestInit), method, headers, signal: end, body: request.serializeBody() as BodyInit | null };
}

/** The whole answer as Angular has it; before that, where somebody asked for it, how far it is. */
async function read(
  request: HttpRequest<unknown>,
  response: Response,
  tell: (event: HttpEvent<unknown>) => void,
): Promise<HttpResponse<unknown> | HttpErrorResponse> {
  const { status, statusText } = response;
  const head = { headers: new HttpHeaders(response.headers), status, statusText, url: response.url };
  tell({ type: HttpEventType.Sent });
  if (request.reportProgress) tell(new HttpHeaderResponse(head));
  try {
    const body = await bodyOf(request, request.reportProgress ? watched(request, response, tell) : response, response.ok);
    return response.ok ? new HttpResponse({ ...head, body }) : new HttpErrorResponse({ ...head, error: body });
  } catch (error) {
    return new HttpErrorResponse({ ...head, error });
  }
}

async function bodyOf({ responseType }: HttpRequest<unknown>, response: Response, isOk: boolean): Promise<unknown> {
  if (!response.body) return null;
  if (responseType === "arraybuffer") return response.arrayBuffer();
  if (responseType === "blob") return response.blob();
  const text = await response.text();
  if (responseType === "text") return text;
  const json = text.replace(PREFIX, "");
  try {
    return json === "" ? null : JSON.parse(json);
  } catch (failure) {
    // What goes wrong on a server is often no JSON.
    if (!isOk) return text;
    throw failure;
  }
}

/** The same answer, which tells how much of it has come. */
function watched(request: HttpRequest<unknown>, { body, headers }: Response, tell: (event: HttpEvent<unknown>) => void): Response {
  const total = Number(headers.get("content-length")) || undefined;
  const decoder = new TextDecoder();
  let loaded = 0;
  let text = "";
  const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      loaded += chunk.byteLength;
      if (request.responseType === "text") text += decoder.decode(chunk, { stream: true });
      const partialText = request.responseType === "text" ? { partialText: text } : {};
      tell({ type: HttpEventType.DownloadProgress, loaded, ...(total === undefined ? {} : { total }), ...partialText });
      controller.enqueue(chunk);
    },
  });
  return new Response(body && body.pipeThrough(counting), { headers });
}

/** As Angular's own back ends tell that there is no answer; what `fetch` of the client rejected with is its `error`. */
function failed({ urlWithParams }: HttpRequest<unknown>, error: unknown): HttpErrorResponse {
  return new HttpErrorResponse({ error, status: 0, url: urlWithParams });
}
