/// <reference lib="esnext.disposable" preserve="true" />
import { capture, capturedCallback, forget, removeState, stateOf } from "./callback.js";
import { Core } from "./core.js";
import { isOidcError, OidcError } from "./errors.js";
import { Emitter } from "./events.js";
import { init, requireLoaded } from "./init.js";
import { navigate, requirePage } from "./navigation.js";
import { protectedFetch } from "./protected-fetch.js";
import type {
  AccessToken,
  AccessTokenOptions,
  OidcClientOptions,
  OidcEvents,
  PreparedSignIn,
  RequestOptions,
  Session,
  SignInOptions,
  SignOutOptions,
  SignOutResult,
  UserInfo,
} from "./types.js";

/** Callbacks that are being completed, for the whole page: clients of one configuration share one token request. */
const completing = new Map<string, { readonly core: Core; readonly session: Promise<Session> }>();

/**
 * Signs people in at an OpenID Provider by the authorization code flow with PKCE, and keeps who is signed in.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 * @see https://www.rfc-editor.org/rfc/rfc7636
 * @example
 * ```ts
 * import { OidcClient } from "oidc-wasm";
 *
 * const client = await OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: new URL("/callback", location.href).href,
 *   scope: "openid profile",
 *   allowedOrigins: ["https://api.example.com"],
 * });
 * const session = await client.start();
 * if (session) {
 *   const response = await client.fetch("https://api.example.com/me");
 *   console.log(session.subject, await response.json());
 * } else {
 *   await client.signIn({ appState: { returnTo: location.pathname } });
 * }
 * ```
 */
export class OidcClient {
  readonly #core: Core;
  readonly #redirectUri: string;
  /** Clients with the same identity may share what happens to a callback. */
  readonly #identity: string;
  readonly #events = new Emitter<OidcEvents>(["signedIn", "signedOut"]);
  readonly #lifetime = new AbortController();
  #held = 0;
  #starting: Promise<Session | null> | undefined;
  #signingIn: Promise<void> | undefined;
  #announced: string | undefined;
  #snapshot: { readonly text: string; readonly session: Session } | undefined;

  /**
   * Makes a client. First, before anything waits, it takes an authorization response out of the address bar and keeps
   * it for {@link OidcClient.start}; then it loads the wasm and checks the options. No request goes to the provider.
   *
   * @throws {OidcError} `invalid_configuration`, `insecure_url`, and what {@link init} throws.
   * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.2.4
   * @example
   * ```ts
   * import { OidcClient } from "oidc-wasm";
   *
   * const client = await OidcClient.create({
   *   authority: "https://id.example.com",
   *   clientId: "spa",
   *   redirectUri: "https://app.example.com/callback",
   * });
   * ```
   */
  static async create(options: OidcClientOptions): Promise<OidcClient> {
    capture(options.redirectUri);
    await init();
    return new this(options);
  }

  /**
   * The same as {@link OidcClient.create} without waiting, for code that loaded the wasm before.
   *
   * @throws {OidcError} `not_initialized` before `await init()`; `invalid_configuration`, `insecure_url`.
   * @example
   * ```ts
   * import { init, OidcClient } from "oidc-wasm";
   *
   * await init();
   * const client = new OidcClient({
   *   authority: "https://id.example.com",
   *   clientId: "spa",
   *   redirectUri: "https://app.example.com/callback",
   * });
   * ```
   */
  constructor(options: OidcClientOptions) {
    requireLoaded();
    capture(options.redirectUri);
    this.#core = new Core(options);
    this.#redirectUri = options.redirectUri;
    this.#identity = JSON.stringify([options.authority, options.clientId, options.redirectUri, options.storage]);
    // A page that comes back from the back/forward cache may have been signed out meanwhile.
    const onPageShow = (event: PageTransitionEvent): void => {
      if (event.persisted) this.#reread().catch(() => {});
    };
    globalThis.addEventListener?.("pageshow", onPageShow, { signal: this.#lifetime.signal });
  }

  /**
   * Who is signed in, or `null`. Frozen, and the same object until something changes. After `dispose()` it is `null`.
   *
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * document.title = client.session?.claims["name"] as string ?? "Not signed in";
   * ```
   */
  get session(): Session | null {
    return this.#disposed ? null : this.#remember(this.#core.session());
  }

  /**
   * Call it once when the page starts; further calls join the first. It completes a sign-in when this page is the
   * callback of one, tidies up after a sign-out, or else restores a stored session. When nobody is signed in it
   * resolves with `null` and fetches the provider's metadata and keys in the background, so that they are ready when
   * needed. A callback that was used before (a bookmark, the back button) is ignored. After a failure the next call
   * tries again, without the callback unless the failure was `retryable`.
   *
   * @throws {OidcError} `authorization_error` when the provider refused (`error` says why), `interaction_required`;
   * `unknown_state`, `transaction_expired`, `wrong_issuer` and the other codes of type `validation` when the response
   * or a token failed a check; `network_error`, `timeout`, `token_error`; `storage_unavailable`; `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const session = await client.start();
   * if (!session) await client.signIn();
   * ```
   */
  async start(): Promise<Session | null> {
    this.#requireAlive();
    capture(this.#redirectUri);
    this.#starting ??= this.#hold((core) => this.#begin(core)).catch((failure: unknown) => {
      this.#starting = undefined;
      throw failure;
    });
    const found = await this.#starting;
    // A later call tells how things are now; work that outlives the client still tells what it found.
    return this.#disposed ? found : this.session;
  }

  /**
   * Sends the browser to the provider. Resolves once the navigation has begun; the page is about to go away. A second
   * call while the first prepares joins it.
   *
   * @throws {OidcError} `network_error`, `timeout`, `issuer_mismatch` and other codes of the phase `discovery`;
   * `invalid_argument`; `storage_unavailable`; `aborted`; `unsupported_environment` without a page; `client_disposed`.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * document.querySelector("button")?.addEventListener("click", () => {
   *   void client.signIn({ prompt: "select_account", appState: { returnTo: location.pathname } });
   * });
   * ```
   */
  async signIn(options: SignInOptions = {}): Promise<void> {
    requirePage();
    this.#signingIn ??= this.#leave(options);
    return this.#signingIn;
  }

  /**
   * Does everything of {@link OidcClient.signIn} but the navigation.
   *
   * @throws {OidcError} What {@link OidcClient.signIn} throws.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { url } = await client.prepareSignIn({ loginHint: "ada@example.com" });
   * location.assign(url);
   * ```
   */
  async prepareSignIn(options: SignInOptions = {}): Promise<PreparedSignIn> {
    const { signal, ...request } = options;
    return this.#ask((core) => core.run("prepareSignIn", request, signal));
  }

  /**
   * Completes a sign-in from the URL the provider sent the browser back to. {@link OidcClient.start} does this by
   * itself. However often it is called for one URL, by however many clients of one configuration, the code is sent once.
   *
   * @param url The whole callback URL. Default: the one in the address bar, or the one that {@link OidcClient.create} took from there.
   * @throws {OidcError} `not_a_callback`; `callback_already_processed` when the URL was used and its session is gone;
   * otherwise what {@link OidcClient.start} throws.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
   * @see https://www.rfc-editor.org/rfc/rfc9207#section-2.4
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const session = await client.handleCallback();
   * console.log("signed in", session.subject, session.appState);
   * ```
   */
  async handleCallback(url?: string): Promise<Session> {
    capture(this.#redirectUri, url === undefined);
    const response = url ?? capturedCallback(this.#redirectUri);
    if (response === undefined) {
      throw new OidcError({
        code: "not_a_callback",
        type: "validation",
        phase: "callback",
        message: "There is no authorization response at redirectUri.",
      });
    }
    return this.#hold((core) => this.#complete(core, response));
  }

  /**
   * The access token, for code that cannot use {@link OidcClient.fetch}.
   *
   * @throws {OidcError} `not_signed_in`; `access_token_expired` when it has expired or has less time left than asked
   * for: sign in again; `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { token, type } = await client.getAccessToken({ minValiditySeconds: 30 });
   * await fetch("https://api.example.com/me", { headers: { authorization: `${type} ${token}` } });
   * ```
   */
  async getAccessToken(options: AccessTokenOptions = {}): Promise<AccessToken> {
    return this.#ask((core) => core.run("accessToken", options));
  }

  /**
   * The ID Token as the provider issued it, already validated. It tells who signed in; it is not for calling APIs.
   *
   * @throws {OidcError} `not_signed_in`, `client_disposed`.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#IDToken
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const [header = ""] = (await client.getIdToken()).split(".");
   * console.log(atob(header));
   * ```
   */
  async getIdToken(): Promise<string> {
    return this.#ask((core) => core.run("idToken", undefined));
  }

  /**
   * The built-in `fetch` with the access token: only for URLs under `allowedOrigins`. Redirects are refused, because
   * they could carry the token elsewhere; with `redirect: "manual"` they are returned. A status such as 401 is not an
   * error here either. It needs no `this`: hand it on as a function.
   *
   * @throws {OidcError} `origin_not_allowed`; `not_signed_in`; `access_token_expired`; `redirect_refused`;
   * `invalid_argument` when the request cannot be made or already has an `Authorization` header; `network_error`;
   * `aborted`; `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const response = await client.fetch("https://api.example.com/notes", {
   *   method: "POST",
   *   headers: { "content-type": "application/json" },
   *   body: JSON.stringify({ text: "Buy milk" }),
   * });
   * if (response.status === 401) await client.signIn();
   * ```
   */
  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> =>
    protectedFetch((url) => this.#ask((core) => core.run("authorizationFor", url)), input, init);

  /**
   * Claims about the signed-in person from the provider's userinfo endpoint. They are checked to be about the same person
   * as the ID Token.
   *
   * @throws {OidcError} `not_signed_in`; `endpoint_missing`; `userinfo_error`; `userinfo_subject_mismatch`;
   * `network_error`, `timeout`, `aborted`; `client_disposed`.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { sub, ...claims } = await client.fetchUserInfo({ signal: AbortSignal.timeout(5000) });
   * console.log(sub, claims["email"]);
   * ```
   */
  async fetchUserInfo(options: RequestOptions = {}): Promise<UserInfo> {
    return this.#ask((core) => core.run("userInfo", undefined, options.signal));
  }

  /**
   * Ends the session: first here, always, then at the provider, by sending the browser there. With
   * `postLogoutRedirectUri` the provider sends it back, where {@link OidcClient.start} recognises it.
   *
   * @returns `remote: false` when the browser stays: the provider has no end-session endpoint, or `localOnly` was set.
   * @throws {OidcError} `network_error` and other codes of the phase `discovery` when the provider's address could not
   * be found out; `unsupported_environment` without a page. The local session is gone in these cases too.
   * `invalid_argument`; `client_disposed`.
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { remote } = await client.signOut();
   * if (!remote) location.reload();
   * ```
   */
  async signOut(options: SignOutOptions = {}): Promise<SignOutResult> {
    return this.#hold(async (core) => {
      const before = this.session;
      let succeeded = false;
      try {
        const { url, form } = await core.run("prepareSignOut", options);
        succeeded = true;
        if (url === undefined) return { remote: false };
        navigate(url, form);
        return { remote: true };
      } finally {
        const gone = !this.session;
        if (succeeded || (before && gone)) {
          forget(capturedCallback(this.#redirectUri));
          this.#events.emit("signedOut", undefined);
        }
      }
    });
  }

  /**
   * Forgets the session in this page and its storage, without an event and without visiting the provider.
   *
   * @throws {OidcError} `client_disposed`.
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * await client.clearSession();
   * ```
   */
  async clearSession(): Promise<void> {
    await this.#ask((core) => core.run("prepareSignOut", { localOnly: true }));
    forget(capturedCallback(this.#redirectUri));
  }

  /**
   * Calls `handler` at every event of this name. A handler that throws is reported as an uncaught error and disturbs
   * nobody else.
   *
   * @returns A function that removes the handler.
   * @throws {OidcError} `invalid_argument` for another name, or when `handler` is not a function.
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const off = client.on("signedIn", (session) => console.log("hello", session.subject));
   * off();
   * ```
   */
  on<Name extends keyof OidcEvents>(name: Name, handler: (detail: OidcEvents[Name]) => unknown): () => void {
    return this.#events.on(name, handler);
  }

  /**
   * Frees what the client holds. The session stays where it is stored. Work that has begun ends as usual; later calls
   * reject with `client_disposed`. Calling it twice is fine.
   *
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * client.dispose();
   * ```
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#lifetime.abort();
    this.#events.clear();
    this.#release();
  }

  /**
   * The same as {@link OidcClient.dispose}, for `using`.
   *
   * @example
   * ```ts
   * import { OidcClient, type OidcClientOptions } from "oidc-wasm";
   *
   * declare const options: OidcClientOptions;
   * using client = await OidcClient.create(options);
   * await client.start();
   * ```
   */
  [Symbol.dispose](): void {
    this.dispose();
  }

  get #disposed(): boolean {
    return this.#lifetime.signal.aborted;
  }

  async #begin(core: Core): Promise<Session | null> {
    const callback = capturedCallback(this.#redirectUri);
    if (callback === undefined) {
      await this.#finishSignOut(core);
    } else {
      try {
        return await this.#complete(core, callback);
      } catch (failure) {
        if (!isOidcError(failure) || !failure.retryable) forget(callback);
        if (!isOidcError(failure, "callback_already_processed")) throw failure;
      }
    }
    const session = this.#remember(await core.run("restore", undefined));
    // Nobody waits for this: what fails here fails again, and is reported, when it is needed.
    if (!session) this.#ask((warm) => warm.run("preload", undefined, this.#lifetime.signal)).catch(() => {});
    return session;
  }

  /** Not async itself: whoever comes second must find the first one registered. */
  #complete(core: Core, url: string): Promise<Session> {
    const finish = (): Promise<Session> => core.run("finishSignIn", url).then((made) => this.#announce(url, made));
    const key = JSON.stringify([this.#identity, url]);
    const running = completing.get(key);
    // What another client of this page does fails for both; after its success the core knows the session.
    if (running) return running.core === core ? running.session : running.session.then(finish);
    const session = finish();
    completing.set(key, { core, session });
    const done = (): unknown => completing.delete(key);
    session.then(done, done);
    return session;
  }

  #announce(url: string, made: Session): Session {
    const session = this.#remember(made) ?? made;
    if (this.#announced !== url) {
      this.#announced = url;
      this.#events.emit("signedIn", session);
    }
    return session;
  }

  async #finishSignOut(core: Core): Promise<void> {
    const here = globalThis.location?.href;
    const state = here === undefined ? null : stateOf(here);
    if (here === undefined || state === null) return;
    if (await core.run("finishSignOut", here)) removeState(state);
  }

  async #leave(options: SignInOptions): Promise<void> {
    try {
      const { url } = await this.prepareSignIn(options);
      if (options.signal?.aborted) {
        throw new OidcError({ code: "aborted", type: "aborted", message: "The caller aborted the call." });
      }
      navigate(url);
    } finally {
      this.#signingIn = undefined;
    }
  }

  async #reread(): Promise<void> {
    const shown = this.#snapshot;
    await this.#ask((core) => core.run("restore", undefined));
    if (shown && !this.session) this.#events.emit("signedOut", undefined);
  }

  /** Keeps one frozen object per state of the session, so that it can be compared by identity. */
  #remember(session: Session | undefined): Session | null {
    if (!session) {
      this.#snapshot = undefined;
      return null;
    }
    const text = JSON.stringify(session);
    if (this.#snapshot?.text !== text) this.#snapshot = { text, session: freeze(session) };
    return this.#snapshot.session;
  }

  /** One call into the core. */
  #ask<T>(run: (core: Core) => T | Promise<T>): Promise<T> {
    return this.#hold(run);
  }

  /** Keeps the core from being freed while something uses it, also between two calls. */
  async #hold<T>(run: (core: Core) => T | Promise<T>): Promise<T> {
    this.#requireAlive();
    this.#held += 1;
    try {
      return await run(this.#core);
    } finally {
      this.#held -= 1;
      this.#release();
    }
  }

  #requireAlive(): void {
    if (!this.#disposed) return;
    throw new OidcError({
      code: "client_disposed",
      type: "usage",
      message: "This client was disposed of: create another.",
    });
  }

  #release(): void {
    if (!this.#disposed || this.#held > 0) return;
    try {
      this.#core.free();
    } catch {
      // The instance is dead; there is nothing left to free.
    }
  }
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
