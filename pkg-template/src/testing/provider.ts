import { Authorization, escaped, type Decision } from "./authorize.js";
import { TestClock } from "./clock.js";
import type { Context } from "./context.js";
import { endSession } from "./end-session.js";
import { Script, type AnsweredFailure } from "./failures.js";
import { installIn } from "./install.js";
import { makeKey, PROOF_ALGORITHMS, type Members } from "./keys.js";
import { Proofs } from "./proofs.js";
import { Refusal, type Redirect, type Reply } from "./refusal.js";
import { recordOf } from "./requests.js";
import { admit, refusalOf, userInfo } from "./resource.js";
import { introspect, revoke, token } from "./token.js";
import { Tokens } from "./tokens.js";
import type {
  Installed,
  RotationOptions,
  TestApiHandler,
  TestApiOptions,
  TestEndpoint,
  TestFailure,
  TestProviderOptions,
  TestRequest,
  TestUser,
} from "./types.js";

const USERS: readonly TestUser[] = [
  { subject: "ada", claims: { name: "Ada Lovelace", email: "ada@example.com", email_verified: true } },
  { subject: "bob", claims: { name: "Bob Kahn", email: "bob@example.com", email_verified: true } },
];
const PATHS: Readonly<Record<string, TestEndpoint>> = {
  "/.well-known/openid-configuration": "discovery",
  "/jwks": "jwks",
  "/authorize": "authorization",
  "/authorize/decision": "authorization",
  "/par": "pushed_authorization_request",
  "/token": "token",
  "/userinfo": "userinfo",
  "/revoke": "revocation",
  "/introspect": "introspection",
  "/logout": "end_session",
};
/** To which one sends a form, and nothing else. */
const FORMS: ReadonlySet<TestEndpoint> = new Set(["pushed_authorization_request", "token", "revocation", "introspection"]);
/** Where a page may read the answer, whosever it is. */
const PUBLIC: ReadonlySet<TestEndpoint> = new Set(["discovery", "jwks"]);
/** To which the browser goes, so that a person sees what is wrong. */
const PAGES: ReadonlySet<TestEndpoint> = new Set(["authorization", "end_session"]);

interface Api {
  readonly baseAddress: string;
  readonly handler: TestApiHandler;
  readonly options: TestApiOptions;
  readonly proofs: Proofs;
}

/**
 * An OpenID Provider in memory, with real keys, for tests of applications. It checks what a provider has to check, and refuses with
 * the errors of the specifications. It shares no code with the client.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html
 * @example
 * ```ts
 * import { OidcClient } from "oidc-wasm";
 * import { TestProvider } from "oidc-wasm/testing";
 *
 * const redirectUri = "https://app.example.com/callback";
 * const provider = await TestProvider.create({ clients: [{ clientId: "spa", redirectUris: [redirectUri] }] });
 * using installed = provider.install();
 * const client = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri });
 * const { url } = await client.prepareSignIn();
 * const session = await client.handleCallback(await provider.signIn(url, "ada"));
 * console.log(session.subject, installed);
 * ```
 */
export class TestProvider {
  /** What the provider is called: `authority` of the client. */
  readonly issuer: string;
  /** The provider's time. */
  readonly clock: TestClock;
  /** What was asked, in order of arrival, without secrets. Emptied by `requests.length = 0`. */
  readonly requests: TestRequest[] = [];
  readonly #context: Context;
  readonly #options: TestProviderOptions;
  readonly #authorization: Authorization;
  readonly #script = new Script();
  readonly #apis: Api[] = [];
  readonly #elsewhere: typeof fetch;

  /**
   * Makes a provider and its first key.
   *
   * @example
   * ```ts
   * import { TestProvider } from "oidc-wasm/testing";
   *
   * const provider = await TestProvider.create({
   *   clients: [{ clientId: "spa", redirectUris: ["https://app.example.com/callback"] }],
   *   users: [{ subject: "ada", claims: { name: "Ada", roles: ["admin"] } }],
   *   accessTokenSeconds: 60,
   *   refreshTokens: "always",
   * });
   * console.log(provider.issuer);
   * ```
   */
  static async create(options: TestProviderOptions): Promise<TestProvider> {
    const key = await makeKey(options.signingAlgorithm ?? "ES256");
    return new TestProvider(options, (parts) => ({ ...parts, key, published: [key] }));
  }

  private constructor(options: TestProviderOptions, complete: (parts: Omit<Context, "key" | "published">) => Context) {
    const { issuer = "https://provider.test", now = () => Date.now(), users = USERS, clients } = options;
    const { codeSeconds = 60, accessTokenSeconds = 300, refreshTokenSeconds = 86_400, idTokenSeconds = 300 } = options;
    const clock = new TestClock(now);
    this.issuer = issuer;
    this.clock = clock;
    this.#options = options;
    this.#context = complete({
      issuer,
      clock,
      users,
      clients: new Map(clients.map((client) => [client.clientId, client])),
      tokens: new Tokens(issuer, clock, { codeSeconds, accessTokenSeconds, refreshTokenSeconds, idTokenSeconds }),
      proofs: new Proofs(clock),
      session: undefined,
      requiresPush: options.requirePushedAuthorizationRequests ?? false,
      wantsNonce: options.demandDpopNonce ?? false,
      refreshTokens: options.refreshTokens ?? "offline_access",
      at: (path) => issuer.replace(/\/$/, "") + path,
    });
    this.#authorization = new Authorization(this.#context);
    this.#elsewhere = options.elsewhere ?? globalThis.fetch;
  }

  /**
   * `fetch` for the application: what is for the provider and its APIs is answered here, everything else as without it. It needs no
   * `this`.
   *
   * @see https://fetch.spec.whatwg.org/#fetch-method
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * const response = await provider.fetch(`${provider.issuer}/.well-known/openid-configuration`);
   * console.log(response.status);
   * ```
   */
  readonly fetch: typeof fetch = async (input, init) => {
    const address = typeof input === "object" && "url" in input ? input.url : String(input);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !this.#placeOf(url)) return this.#elsewhere.call(globalThis, input, init);
    return this.handle(new Request(input, init));
  };

  /**
   * Answers one request, for whatever brings requests: a route of Playwright, a handler of MSW, a server. The answer to a navigation
   * is a redirect, or the page on which a person signs in.
   *
   * @throws {TypeError} Where a failure `"network"` was asked for: then there is no answer.
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * const response = await provider.handle(new Request(`${provider.issuer}/jwks`));
   * console.log(await response.json());
   * ```
   */
  async handle(request: Request): Promise<Response> {
    return this.#handle(request);
  }

  /**
   * Puts {@link TestProvider.fetch} in the place of the built-in `fetch`, and a `sessionStorage` where there is none, as in Node.
   *
   * @returns What takes both away again, by `restore()` or `using`.
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * const installed = provider.install();
   * // A test.
   * installed.restore();
   * ```
   */
  install(): Installed {
    return installIn(globalThis, this.fetch);
  }

  /**
   * A person signs in and consents, as it happens in a browser that was sent to `url`. With `prompt=none` nobody is asked: who was
   * signed in before is, or the answer is `login_required`.
   *
   * @param url The authorization request: `url` of `prepareSignIn()`.
   * @param person A `subject` among the provider's users, or somebody else with their claims. Default: the first of the users.
   * @returns Where the browser comes back to: for `handleCallback`.
   * @throws {Error} Where the provider shows an error instead of sending the browser back: another client, another redirect URI.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthResponse
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const client: OidcClient;
   * declare const provider: TestProvider;
   * const { url } = await client.prepareSignIn();
   * const callback = await provider.signIn(url, { subject: "eve", claims: { name: "Eve" } });
   * console.log((await client.handleCallback(callback)).claims["name"]);
   * ```
   */
  async signIn(url: string | URL, person?: string | TestUser): Promise<string> {
    const { users } = this.#context;
    const user = typeof person === "object" ? person : users.find(({ subject }) => subject === (person ?? subject));
    if (!user) throw new Error(`The test provider has no user ${String(person)}.`);
    return this.#navigate(url, "authorization", { user });
  }

  /**
   * The person does not sign in, or does not consent.
   *
   * @param error What the provider says then.
   * @returns Where the browser comes back to.
   * @throws {Error} As {@link TestProvider.signIn}.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthError
   * @example
   * ```ts
   * import { isOidcError, type OidcClient } from "oidc-wasm";
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const client: OidcClient;
   * declare const provider: TestProvider;
   * const { url } = await client.prepareSignIn();
   * const failure = await client.handleCallback(await provider.deny(url)).catch((error: unknown) => error);
   * console.log(isOidcError(failure) && failure.error);
   * ```
   */
  async deny(url: string | URL, error = "access_denied", errorDescription?: string): Promise<string> {
    return this.#navigate(url, "authorization", { error, description: errorDescription });
  }

  /**
   * The browser goes to the end-session endpoint, and the person is signed out at the provider.
   *
   * @param url The request: `createEndSessionUrl` makes one.
   * @returns Where the browser comes back to; `undefined` where it stays.
   * @throws {Error} Where the provider shows an error, for example for an address that is not registered.
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * console.log(await provider.signOut(`${provider.issuer}/logout`));
   * ```
   */
  async signOut(url: string | URL): Promise<string | undefined> {
    return (await this.#navigate(url, "end_session")) || undefined;
  }

  /** Who is signed in at the provider: after a sign-in, until a sign-out. */
  get signedIn(): string | undefined {
    return this.#context.session?.user.subject;
  }

  /**
   * The provider forgets who is signed in, as when its cookies are cleared: `prompt=none` is answered with `login_required`.
   *
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * provider.forgetSession();
   * ```
   */
  forgetSession(): void {
    this.#context.session = undefined;
  }

  /**
   * An administrator ends everything that was granted so far: refresh tokens are answered with `invalid_grant`, and APIs refuse access
   * tokens.
   *
   * @see https://www.rfc-editor.org/rfc/rfc7009#section-1
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * provider.endGrants();
   * ```
   */
  endGrants(): void {
    const { codes, refreshTokens, accessTokens } = this.#context.tokens;
    for (const { grant } of [...codes.values(), ...refreshTokens.values(), ...accessTokens.values()]) grant.isEnded = true;
  }

  /**
   * Signs with a new key from now on. The ones before stay published, as at a provider that changes its keys with care.
   *
   * @param options `withdraw`: whether they are taken away at once, as after a theft. Default `false`.
   * @returns The new `kid`.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * console.log(await provider.rotateKeys());
   * ```
   */
  async rotateKeys({ withdraw = false, signingAlgorithm = this.#context.key.alg }: RotationOptions = {}): Promise<string> {
    const key = await makeKey(signingAlgorithm);
    this.#context.key = key;
    this.#context.published = withdraw ? [key] : [key, ...this.#context.published];
    return key.kid;
  }

  /**
   * Adds an API that takes the provider's access tokens. It checks them, and DPoP proofs, before `handler` is asked; otherwise it
   * answers 401 or 403 with `WWW-Authenticate`, as the specifications have it.
   *
   * @param baseAddress An origin, or an address with everything below it.
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * provider.addApi("https://api.example.com", (request, { subject }) => Response.json({ subject, asked: request.url }), {
   *   scope: "notes",
   * });
   * ```
   */
  addApi(baseAddress: string, handler: TestApiHandler, options: TestApiOptions = {}): void {
    this.#apis.push({ baseAddress: baseAddress.replace(/\/$/, ""), handler, options, proofs: new Proofs(this.clock) });
  }

  /**
   * Makes the next request to an endpoint fail. What is asked for several times comes in that order.
   *
   * @param times How many requests. Default 1.
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * provider.failNext("token", { status: 503, headers: { "retry-after": "5" } }, 3);
   * provider.failNext("token", { idToken: "wrong_nonce" });
   * provider.failNext("authorization", { error: "temporarily_unavailable" });
   * provider.failNext("discovery", { answer: { issuer: "https://other.example" } });
   * ```
   */
  failNext(endpoint: TestEndpoint, failure: TestFailure, times = 1): void {
    this.#script.add(endpoint, failure, times);
  }

  /**
   * Forgets all failures that have not happened yet.
   *
   * @example
   * ```ts
   * import type { TestProvider } from "oidc-wasm/testing";
   *
   * declare const provider: TestProvider;
   * provider.clearFailures();
   * ```
   */
  clearFailures(): void {
    this.#script.clear();
  }

  /** The endpoint or API at an address; `undefined` for addresses of others. */
  #placeOf({ origin, pathname }: URL): { readonly endpoint?: TestEndpoint; readonly api?: Api } | undefined {
    const address = origin + pathname;
    const api = this.#apis.find(({ baseAddress }) => address === baseAddress || address.startsWith(`${baseAddress}/`));
    if (api) return { endpoint: "api", api };
    const base = this.#context.at("");
    const { origin: host, pathname: tenant } = new URL(base);
    // RFC 8414, section 3.1: between host and tenant.
    if (address === `${host}/.well-known/oauth-authorization-server${tenant.replace(/\/$/, "")}`) return { endpoint: "discovery" };
    if (!address.startsWith(`${base}/`)) return undefined;
    const endpoint = PATHS[address.slice(base.length)];
    return endpoint ? { endpoint } : {};
  }

  async #handle(request: Request, decision?: Decision): Promise<Response> {
    const url = new URL(request.url);
    const { endpoint, api } = this.#placeOf(url) ?? {};
    if (!endpoint) return new Response("There is nothing here.", { status: 404 });
    if (request.method === "OPTIONS") return this.#permit(request, endpoint, new Response(null, { status: 204 }));
    // An API reads the body itself.
    const form = new URLSearchParams(api || request.method !== "POST" ? "" : await request.text());
    let record = recordOf(endpoint, request, form, 0);
    this.requests.push(record);
    const failure = this.#script.before(endpoint);
    if (failure === "network") throw new TypeError("fetch failed");
    await pause(failure?.delaySeconds ?? 0, request.signal);
    let error: string | undefined;
    let response: Response;
    if (failure?.status !== undefined && failure.error === undefined) {
      response = new Response(failure.body ?? null, { status: failure.status, ...(failure.headers && { headers: failure.headers }) });
    } else {
      const outcome = await this.#outcome({ endpoint, api, request, form, decision, failure });
      response = outcome instanceof Response ? outcome : this.#write(outcome);
      error = outcome instanceof Response ? undefined : errorOf(outcome);
    }
    const at = this.requests.indexOf(record);
    record = recordOf(endpoint, request, form, response.status, error);
    if (at >= 0) this.requests[at] = record;
    const proofs = api?.proofs ?? this.#context.proofs;
    const nonce = this.#context.wantsNonce && request.headers.has("dpop") ? proofs.nonce : undefined;
    return this.#permit(request, endpoint, response, nonce);
  }

  /** What an endpoint says, errors included. */
  async #outcome(asked: Asked): Promise<Reply | Response> {
    const { endpoint, request } = asked;
    try {
      const reply = await this.#ask(asked);
      if (reply instanceof Response) return reply;
      const isGood = reply.json !== undefined || (reply.redirect !== undefined && !("error" in reply.redirect.parameters));
      const changes = isGood && this.#script.after(endpoint)?.answer;
      return changes ? changed(reply, changes) : reply;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (!PAGES.has(endpoint) || request.method === "OPTIONS") return refusal.reply;
      const { status, error, description } = refusal;
      return { status, html: `<title>Test provider</title>\n<h1>${escaped(error)}</h1>\n<p>${escaped(description)}</p>` };
    }
  }

  async #ask({ endpoint, api, request, form, decision, failure }: Asked): Promise<Reply | Response> {
    const context = this.#context;
    if (failure?.error !== undefined && endpoint !== "authorization") {
      const { error, errorDescription = "As the test wants it.", status, headers } = failure;
      if (endpoint === "api" || endpoint === "userinfo") throw refusalOf(request, error, errorDescription, status);
      throw new Refusal(error, errorDescription, status, headers);
    }
    if (FORMS.has(endpoint)) requireForm(request);
    const parameters = request.method === "POST" ? form : new URL(request.url).searchParams;
    switch (endpoint) {
      case "discovery":
        return { json: this.#metadata() };
      case "jwks":
        return { json: { keys: context.published.map(({ jwk }) => jwk) } };
      case "authorization": {
        if (new URL(request.url).pathname.endsWith("/decision")) return this.#authorization.submit(form);
        const scripted = failure?.error === undefined ? decision : { error: failure.error, description: failure.errorDescription };
        return this.#authorization.visit(parameters, scripted);
      }
      case "pushed_authorization_request":
        return this.#authorization.push(request, form);
      case "token":
        return token(context, request, form, () => this.#script.fault());
      case "userinfo":
        return { json: await userInfo(context, request) };
      case "revocation":
        return revoke(context, request, form);
      case "introspection":
        return introspect(context, request, form);
      case "end_session":
        return endSession(context, parameters);
      case "api": {
        if (!api) return { status: 404 };
        return api.handler(request, await admit(context, api.proofs, request, api.options));
      }
    }
  }

  /** @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata */
  #metadata(): Members {
    const { at, published, requiresPush } = this.#context;
    const methods = ["none", "client_secret_basic", "client_secret_post"];
    return {
      issuer: this.issuer,
      authorization_endpoint: at("/authorize"),
      token_endpoint: at("/token"),
      userinfo_endpoint: at("/userinfo"),
      jwks_uri: at("/jwks"),
      revocation_endpoint: at("/revoke"),
      introspection_endpoint: at("/introspect"),
      end_session_endpoint: at("/logout"),
      pushed_authorization_request_endpoint: at("/par"),
      require_pushed_authorization_requests: requiresPush,
      scopes_supported: ["openid", "profile", "email", "address", "phone", "offline_access"],
      response_types_supported: ["code"],
      response_modes_supported: ["query", "fragment"],
      grant_types_supported: ["authorization_code", "refresh_token", "client_credentials"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: [...new Set(published.map(({ alg }) => alg))],
      dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: methods.slice(1),
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      claims_parameter_supported: false,
      ...this.#options.metadata,
    };
  }

  #write({ status, json, html, redirect, headers }: Reply): Response {
    const common = { date: new Date(this.clock.now() * 1000).toUTCString(), "cache-control": "no-store", ...headers };
    if (redirect) return new Response(null, { status: 303, headers: { ...common, location: addressOf(redirect) } });
    if (html !== undefined) {
      const type = "text/html; charset=utf-8";
      return new Response(`<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n${html}\n</html>\n`, {
        status: status ?? 200,
        headers: { ...common, "content-type": type },
      });
    }
    const text = json && JSON.stringify(json);
    return new Response(text ?? null, { status: status ?? 200, headers: { ...common, ...(text && { "content-type": "application/json" }) } });
  }

  /**
   * Lets the pages of registered redirect URIs read the answer.
   *
   * @see https://fetch.spec.whatwg.org/#http-cors-protocol
   */
  #permit({ headers: asked }: Request, endpoint: TestEndpoint, { body, status, statusText, headers }: Response, nonce?: string): Response {
    const answer = new Response(body, { status, statusText, headers: new Headers(headers) });
    const set = (name: string, value: string): void => answer.headers.set(name, value);
    if (nonce !== undefined) set("dpop-nonce", nonce);
    const origin = asked.get("origin");
    const isKnown = [...this.#context.clients.values()].some(({ redirectUris = [] }) => redirectUris.some((uri) => new URL(uri).origin === origin));
    if (!origin || !(isKnown || PUBLIC.has(endpoint))) return answer;
    set("access-control-allow-origin", origin);
    set("access-control-expose-headers", "Date, DPoP-Nonce, Retry-After, WWW-Authenticate");
    set("vary", "Origin");
    const [method, names] = ["access-control-request-method", "access-control-request-headers"].map((name) => asked.get(name));
    if (method) set("access-control-allow-methods", method);
    if (names) set("access-control-allow-headers", names);
    return answer;
  }

  /** What a browser does that goes somewhere: where it is sent then. */
  async #navigate(address: string | URL, endpoint: "authorization" | "end_session", decision?: Decision): Promise<string> {
    const url = new URL(address);
    if (this.#placeOf(url)?.endpoint !== endpoint) throw new Error(`This is no request to the ${endpoint} endpoint of the test provider.`);
    const response = await this.#handle(new Request(url), decision);
    const location = response.headers.get("location");
    if (location !== null || response.ok) return location ?? "";
    const [, error, description] = /<h1>(.*)<\/h1>\n<p>(.*)<\/p>/.exec(await response.text()) ?? [];
    throw new Error(`The test provider shows an error: ${error === undefined ? response.status : `${error}: ${description}`}`);
  }
}

interface Asked {
  readonly endpoint: TestEndpoint;
  readonly api: Api | undefined;
  readonly request: Request;
  readonly form: URLSearchParams;
  readonly decision: Decision | undefined;
  readonly failure: AnsweredFailure | undefined;
}

function requireForm({ method, headers }: Request): void {
  if (method !== "POST") throw new Refusal("invalid_request", "This endpoint takes POST only.", 405, { allow: "POST" });
  const [type = ""] = (headers.get("content-type") ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/x-www-form-urlencoded") throw new Refusal("invalid_request", "The body has to be a form.");
}

/** A good answer with what a failure wants in it. */
function changed(reply: Reply, changes: Members): Reply {
  const { json, redirect } = reply;
  if (!redirect) return { ...reply, json: { ...json, ...changes } };
  const texts = Object.entries(changes).map(([name, value]) => [name, value === undefined ? undefined : String(value)]);
  return { ...reply, redirect: { ...redirect, parameters: { ...redirect.parameters, ...Object.fromEntries(texts) } } };
}

function errorOf({ json, redirect, status = 200 }: Reply): string | undefined {
  const error = redirect?.parameters["error"] ?? (status >= 400 ? json?.["error"] : undefined);
  return typeof error === "string" && error !== "" ? error : undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 */
function addressOf({ uri, parameters, isFragment = false }: Redirect): string {
  const url = new URL(uri);
  const target = isFragment ? new URLSearchParams() : url.searchParams;
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) target.append(name, value);
  if (isFragment) url.hash = String(target);
  return url.href;
}

/** Waits, unless whoever asked does not any more. */
function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    if (seconds === 0) return resolve();
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), stop()), { once: true });
  });
}
