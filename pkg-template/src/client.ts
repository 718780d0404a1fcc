/// <reference lib="esnext.disposable" preserve="true" />
import { capture, capturedCallback, forget, removeState, stateOf } from "./callback.js";
import { Core, json, type Hooks, type InnerSignInOptions, type Renewal } from "./core.js";
import type { DpopKey } from "./dpop.js";
import { DpopKeys } from "./dpop-keys.js";
import { isOidcError, OidcError } from "./errors.js";
import { Emitter } from "./events.js";
import { exclusive } from "./exclusive.js";
import { init, requireLoaded } from "./init.js";
import type { AuthorizationDetail } from "./messages.js";
import { navigate, requirePage } from "./navigation.js";
import { handOver, signInPopup, type PopupSignInOptions } from "./popup.js";
import { protectedFetch, type Access, type Credentials } from "./protected-fetch.js";
import { invalid } from "./request.js";
import { givenKey } from "./signing.js";
import { challengeOf, stepUp, type StepUpChallenge } from "./step-up.js";
import type {
  AccessToken,
  AccessTokenOptions,
  ClientDpopOptions,
  OidcClientOptions,
  OidcEvents,
  PreparedSignIn,
  RequestOptions,
  Session,
  SignInOptions,
  SignOutOptions,
  SignOutResult,
  StartSignInOptions,
  UserInfo,
} from "./types.js";

/** How long after it was prepared a sign-in may begin, in milliseconds: half of what the core gives it in all. */
const FRESH = 300_000;

/** Callbacks that are being completed, for the whole page: clients of one configuration share one token request. */
const completing = new Map<string, { readonly core: unknown; readonly session: Promise<unknown> }>();

/**
 * Signs people in at an OpenID Provider by the authorization code flow with PKCE, and keeps who is signed in. The type parameter
 * describes the entries of `authorizationDetails`, where an application uses them.
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
export class OidcClient<Detail extends AuthorizationDetail = AuthorizationDetail> {
  readonly #core: Core<Detail>;
  readonly #redirectUri: string;
  /** Clients with the same identity may share what happens to a callback. */
  readonly #identity: string;
  /** The name under which tokens are renewed, one renewal at a time. */
  readonly #lock: string;
  readonly #keys: DpopKeys | undefined;
  readonly #signing: Hooks | undefined;
  readonly #access: Access;
  readonly #events = new Emitter<OidcEvents<Detail>>(["signedIn", "signedOut", "degraded"]);
  readonly #lifetime = new AbortController();
  /** What sign-ins were prepared with, and until when they can begin. */
  readonly #prepared = new WeakMap<PreparedSignIn, { readonly request: SignInOptions<Detail>; until: number }>();
  readonly #renewing = new Map<string, Promise<AccessToken<Detail>>>();
  /** Whether somebody was signed in, and the application does not know of an end. */
  #shown = false;
  #held = 0;
  #starting: Promise<Session<Detail> | null> | undefined;
  #signingIn: Promise<void> | undefined;
  #announced: string | undefined;
  #snapshot: { readonly text: string; readonly session: Session<Detail> } | undefined;

  /**
   * Makes a client. First, before anything waits, it takes an authorization response out of the address bar and keeps
   * it for {@link OidcClient.start}; then it loads the wasm and checks the options. No request goes to the provider.
   *
   * @throws {OidcError} `invalid_configuration`, `insecure_url`; `profile_violation`; `invalid_argument` when the key of
   * `requestObject` cannot sign; and what {@link init} throws.
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
  static async create<Detail extends AuthorizationDetail = AuthorizationDetail>(
    options: OidcClientOptions<Detail>,
  ): Promise<OidcClient<Detail>> {
    capture(options.redirectUri);
    await handOver(options.redirectUri);
    await init();
    return new this(options);
  }

  /**
   * The same as {@link OidcClient.create} without waiting, for code that loaded the wasm before.
   *
   * @throws {OidcError} `not_initialized` before `await init()`; otherwise what {@link OidcClient.create} throws.
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
  constructor(options: OidcClientOptions<Detail>) {
    requireLoaded();
    capture(options.redirectUri);
    const { authority, clientId } = options;
    const { dpop = options.profile === "fapi2", requestObject, ...rest } = options;
    const { signer = "webcrypto", ...proofs } = Object(dpop) as ClientDpopOptions;
    const signing = requestObject && givenKey(requestObject);
    this.#core = new Core({
      ...rest,
      dpop: dpop === Object(dpop) ? proofs : dpop,
      requestObject: signing && { algorithm: signing.algorithm, keyId: signing.keyId },
    });
    if (dpop) {
      const persisted = options.storage === "session";
      this.#keys = new DpopKeys({ authority, clientId, persisted, algorithm: proofs.algorithm ?? "ES256", signer });
    }
    if (signing) {
      let sign: ReturnType<typeof signing.load> | undefined;
      this.#signing = { signRequest: async (input) => (await (sign ??= signing.load()))(input) };
    }
    this.#access = {
      ...(dpop && { gates: new Map() }),
      // Part of work that has begun; it goes on when a signal has ended that.
      authorize: (...request) => this.#keep((core) => this.#authorize(core, ...request)),
      answered: (answer) => this.#core.run("answered", answer),
    };
    this.#lock = `oidc-wasm ${authority} ${clientId}`;
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
  get session(): Session<Detail> | null {
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
  async start(): Promise<Session<Detail> | null> {
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
   * call while the first prepares joins it. With `prepared` the browser leaves at once.
   *
   * @throws {OidcError} `network_error`, `timeout`, `issuer_mismatch` and other codes of the phase `discovery`;
   * `endpoint_error` when the provider refuses a pushed request; `profile_violation`, `dpop_algorithm_not_supported`;
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
  async signIn(options: StartSignInOptions<Detail> = {}): Promise<void> {
    requirePage();
    this.#signingIn ??= this.#leave(options).finally(() => {
      this.#signingIn = undefined;
    });
    return this.#signingIn;
  }

  /**
   * Does everything of {@link OidcClient.signIn} but the navigation. Each is for one navigation: a provider takes a pushed request
   * once, and for a short time only. Given to {@link OidcClient.signIn} it is prepared again where that is needed.
   *
   * @throws {OidcError} What {@link OidcClient.signIn} throws.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   * @see https://www.rfc-editor.org/rfc/rfc9126#section-4
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const prepared = await client.prepareSignIn({ loginHint: "ada@example.com" });
   * document.querySelector("button")?.addEventListener("click", () => void client.signIn({ prepared }));
   * ```
   */
  async prepareSignIn(options: SignInOptions<Detail> = {}): Promise<PreparedSignIn> {
    return this.#prepare(options);
  }

  /**
   * Signs in through a window of its own, while this page stays as it is. Call it in the handler of a click and wait for nothing
   * before: browsers open no window otherwise. The page at `redirectUri` has to be of this page's origin and to call
   * {@link OidcClient.create}, which hands the response over to here and closes the window.
   *
   * @throws {OidcError} `popup_blocked`, `popup_closed`; otherwise what {@link OidcClient.prepareSignIn} and
   * {@link OidcClient.handleCallback} throw.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * document.querySelector("button")?.addEventListener("click", async () => {
   *   const session = await client.signInPopup();
   *   console.log("signed in", session.subject);
   * });
   * ```
   */
  async signInPopup(options: PopupSignInOptions<Detail> = {}): Promise<Session<Detail>> {
    return this.#hold((core) => this.#inWindow(core, options));
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
  async handleCallback(url?: string): Promise<Session<Detail>> {
    capture(this.#redirectUri, url === undefined);
    return this.#hold(async (core) => {
      await handOver(this.#redirectUri);
      const response = url ?? capturedCallback(this.#redirectUri);
      if (response === undefined) {
        throw new OidcError({
          code: "not_a_callback",
          type: "validation",
          phase: "callback",
          message: "There is no authorization response at redirectUri.",
        });
      }
      return this.#complete(core, response);
    });
  }

  /**
   * The access token, for code that cannot use {@link OidcClient.fetch}; renewed by the refresh token when it is too old, once for
   * all who ask at the same time. With `resource` or `scope` it is a token for that alone. One of the type `DPoP` is of no use
   * without proofs, which only {@link OidcClient.fetch} makes.
   *
   * @throws {OidcError} `not_signed_in`; `access_token_expired` when it has expired or has less time left than asked for and the
   * provider gave no refresh token, `session_ended` when the provider takes that no longer, `dpop_key_lost`: sign in again;
   * `invalid_argument`, for example for a scope that was not granted; `token_error`, `network_error`, `timeout` of the renewal;
   * `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { token, type } = await client.getAccessToken({ minValiditySeconds: 30 });
   * await fetch("https://api.example.com/me", { headers: { authorization: `${type} ${token}` } });
   * ```
   */
  async getAccessToken(options: AccessTokenOptions = {}): Promise<AccessToken<Detail>> {
    return this.#hold((core) => this.#token(core, { ...options }));
  }

  /**
   * Gets new tokens by the refresh token now, however good the present ones are. Calls at the same time share one request,
   * renewals in other tabs are waited for, and once begun it is carried through.
   *
   * @throws {OidcError} `not_signed_in`; `access_token_expired` without a refresh token; `session_ended` when the provider takes
   * that no longer; `dpop_key_lost`; `token_error`, `network_error`, `timeout`; `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-6
   * @see https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { claims } = await client.renew();
   * console.log("still", claims["name"]);
   * ```
   */
  async renew(): Promise<Session<Detail>> {
    return this.#hold(async (core) => {
      await this.#renew(core, { force: true });
      return this.#remember(core.session()) as Session<Detail>;
    });
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
    return this.#hold((core) => core.run("idToken", undefined, this.#hooks()));
  }

  /**
   * The built-in `fetch` with the access token: only for URLs under `allowedOrigins`. The token is renewed before when it is too
   * old. With `dpop` every request has a proof of its own, and is sent a second time, once, where the API asks for another nonce.
   * Redirects are refused, because they could carry the token elsewhere; with `redirect: "manual"` they are returned. A status
   * such as 401 is not an error here either. It needs no `this`: hand it on as a function.
   *
   * @throws {OidcError} `origin_not_allowed`; what {@link OidcClient.getAccessToken} throws; `redirect_refused`;
   * `dpop_nonce_unreadable` when the API asks for a nonce that it does not show; `request_not_repeatable` when a request had to be
   * sent again and its body is a stream; `invalid_argument` when the request cannot be made or already has an `Authorization` or
   * `DPoP` header; `network_error`; `aborted`; `client_disposed`.
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-2.1
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
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
    this.#hold(() => protectedFetch(this.#access, input, init));

  /**
   * What an API wants that answered that the sign-in is not good enough for it, or `undefined`. The members are named as in
   * {@link SignInOptions}, and ask for what is granted already too.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const response = await client.fetch("https://api.example.com/transfer", { method: "POST" });
   * const challenge = client.stepUpChallenge(response);
   * if (challenge) await client.signIn({ ...challenge, appState: { returnTo: location.pathname } });
   * ```
   */
  stepUpChallenge(response: Response): StepUpChallenge | undefined {
    return challengeOf(response, this.session);
  }

  /**
   * Signs the same person in again as an API wants it, through a window as {@link OidcClient.signInPopup} does, and then sends the
   * request again that `response` was the answer to. What `options` has wins over what the API wants. The page at `redirectUri`
   * has to call {@link OidcClient.create}.
   *
   * @throws {OidcError} `invalid_argument` when `response` asks for nothing; `request_not_repeatable` when the body of the request
   * was a stream; `claim_invalid` when somebody else signed in; otherwise what {@link OidcClient.signInPopup} and
   * {@link OidcClient.fetch} throw.
   * @see https://www.rfc-editor.org/rfc/rfc9470#section-4
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const response = await client.fetch("https://api.example.com/transfer", { method: "POST" });
   * const button = document.querySelector("button");
   * if (client.stepUpChallenge(response)) {
   *   button?.addEventListener("click", async () => console.log((await client.stepUp(response)).status));
   * }
   * ```
   */
  async stepUp(response: Response, options: PopupSignInOptions<Detail> = {}): Promise<Response> {
    return this.#hold((core) => {
      const signIn = (wanted: PopupSignInOptions<Detail>, subject: string) => this.#inWindow(core, wanted, subject);
      return stepUp({ session: this.session, signIn }, response, options);
    });
  }

  /**
   * Claims about the signed-in person from the provider's userinfo endpoint. They are checked to be about the same person
   * as the ID Token.
   *
   * @throws {OidcError} What {@link OidcClient.getAccessToken} throws; `endpoint_missing`; `userinfo_error`;
   * `userinfo_subject_mismatch`; `network_error`, `timeout`, `aborted`; `client_disposed`.
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
    return this.#hold((core) => this.#renewed(core, () => core.run("userInfo", undefined, this.#hooks(), options.signal)));
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
          this.#tellSignedOut();
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
    await this.#hold((core) => core.run("prepareSignOut", { localOnly: true }));
    this.#shown = false;
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
  on<Name extends keyof OidcEvents>(name: Name, handler: (detail: OidcEvents<Detail>[Name]) => unknown): () => void {
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

  async #begin(core: Core<Detail>): Promise<Session<Detail> | null> {
    await handOver(this.#redirectUri);
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
    const session = this.#remember(await core.run("restore", undefined, this.#hooks()));
    // Nobody waits for this: what fails here fails again, and is reported, when it is needed.
    if (!session) this.#hold((warm) => warm.run("preload", undefined, undefined, this.#lifetime.signal)).catch(() => {});
    return session;
  }

  /** Not async itself: whoever comes second must find the first one registered. */
  #complete(core: Core<Detail>, url: string): Promise<Session<Detail>> {
    const finish = async () => this.#announce(url, await core.run("finishSignIn", url, this.#hooks()));
    const key = JSON.stringify([this.#identity, url]);
    const running = completing.get(key);
    // What another client of this page does fails for both; after its success the core knows the session.
    if (running) return running.core === core ? (running.session as Promise<Session<Detail>>) : running.session.then(finish);
    const session = finish();
    completing.set(key, { core, session });
    const done = (): unknown => completing.delete(key);
    session.then(done, done);
    return session;
  }

  #announce(url: string, made: Session<Detail>): Session<Detail> {
    const session = this.#remember(made) ?? made;
    if (this.#announced !== url) {
      this.#announced = url;
      this.#events.emit("signedIn", session);
    }
    return session;
  }

  async #finishSignOut(core: Core<Detail>): Promise<void> {
    const here = globalThis.location?.href;
    const state = here === undefined ? null : stateOf(here);
    if (here === undefined || state === null) return;
    if (await core.run("finishSignOut", here)) removeState(state);
  }

  async #prepare(options: SignInOptions<Detail>, inner?: InnerSignInOptions): Promise<PreparedSignIn> {
    const { signal, ...rest } = options;
    // A copy, because a key may have to be waited for.
    const request = JSON.parse(json(rest)) as SignInOptions<Detail>;
    return this.#hold(async (core) => {
      const made = await this.#keys?.forSignIn();
      const key = made?.key;
      if (made && !key) this.#degraded(made.reason);
      const wanted = { ...request, ...inner, dpopJkt: key?.thumbprint };
      const prepared = await core.run("prepareSignIn", wanted, this.#hooks(key), signal);
      const until = Math.min(Date.now() + FRESH, (prepared.expiresAt ?? Infinity) * 1000 - 5000);
      this.#prepared.set(prepared, { request, until });
      return prepared;
    });
  }

  #inWindow(core: Core<Detail>, options: PopupSignInOptions<Detail>, subject?: string): Promise<Session<Detail>> {
    return signInPopup(
      { prepare: (request) => this.#prepare(request, { popup: true, subject }), finish: (url) => this.#complete(core, url) },
      options,
    );
  }

  async #leave({ prepared, ...options }: StartSignInOptions<Detail>): Promise<void> {
    this.#requireAlive();
    const known = prepared && this.#prepared.get(prepared);
    if (prepared && !known) throw invalid("prepared");
    const { signal, ...others } = options;
    const isReady = known && Date.now() < known.until && Object.keys(others).length === 0;
    const { url } = isReady ? prepared : await this.#prepare({ ...known?.request, ...options });
    if (signal?.aborted) {
      throw new OidcError({ code: "aborted", type: "aborted", message: "The caller aborted the call." });
    }
    // RFC 9126, section 4: a request_uri is used once.
    if (isReady) known.until = 0;
    navigate(url);
  }

  async #reread(): Promise<void> {
    await this.#hold((core) => core.run("restore", undefined, this.#hooks()));
    this.#tellEnd();
  }

  /** Says once that a session is gone which nobody here has ended. */
  #tellEnd(): void {
    if (this.#shown && !this.session) this.#tellSignedOut();
  }

  #tellSignedOut(): void {
    this.#shown = false;
    this.#events.emit("signedOut", undefined);
  }

  #degraded(reason: string): void {
    this.#events.emit("degraded", { feature: "dpopKey", reason });
  }

  /** What the core asks of this script during one call, which has one key. */
  #hooks(key?: DpopKey) {
    return {
      ...this.#signing,
      key: async (thumbprint: string) => {
        key = await this.#keys?.find(thumbprint);
        if (!key && thumbprint !== "") this.#degraded("lost");
        return key?.thumbprint ?? "";
      },
      proof: async (subject: string) => (key as DpopKey).proof(JSON.parse(subject)),
    };
  }

  async #token(core: Core<Detail>, options: AccessTokenOptions): Promise<AccessToken<Detail>> {
    const found = await core.run("accessToken", options, this.#hooks());
    return "renew" in found ? this.#renew(core, options) : found;
  }

  /** One renewal for all who want the same. It goes on when they do not: a refresh token that was sent may be used up. */
  #renew(core: Core<Detail>, wanted: AccessTokenOptions & { readonly force?: true }): Promise<AccessToken<Detail>> {
    const name = json([wanted.resource, wanted.scope, wanted.minValiditySeconds, wanted.force]);
    let renewal = this.#renewing.get(name);
    if (!renewal) {
      renewal = exclusive(this.#lock, () => core.run("renew", wanted, this.#hooks()));
      this.#renewing.set(name, renewal);
      const done = (): unknown => this.#renewing.delete(name);
      renewal.then(done, done);
    }
    return renewal;
  }

  /** What the core gives, after a renewal if it wants one first. Claims about a person may be called anything, but have `sub`. */
  async #renewed<T extends object>(core: Core<Detail>, ask: () => Promise<T | Renewal>): Promise<T> {
    const isRenewal = (found: T | Renewal): found is Renewal => "renew" in found && !("sub" in found);
    let found = await ask();
    if (isRenewal(found)) {
      await this.#renew(core, found.renew);
      found = await ask();
    }
    if (!isRenewal(found)) return found;
    throw new OidcError({
      code: "access_token_expired",
      type: "interaction",
      message: "The access token had expired when it came.",
    });
  }

  async #authorize(core: Core<Detail>, ...[url, method, choose]: Parameters<Access["authorize"]>): Promise<Credentials> {
    const hooks = this.#hooks();
    const found = await this.#renewed(core, () => core.run("authorize", { url, method }, hooks));
    const { authorization, ...subject } = found;
    if (subject.accessToken === undefined) return { authorization };
    const nonce = choose ? choose(subject.nonce) : subject.nonce;
    const proof = await hooks.proof(json({ ...subject, method, url, nonce }));
    return { authorization, proof, nonce };
  }

  /** Keeps one frozen object per state of the session, so that it can be compared by identity. */
  #remember(session: Session<Detail> | undefined): Session<Detail> | null {
    if (!session) {
      this.#snapshot = undefined;
      return null;
    }
    this.#shown = true;
    const text = JSON.stringify(session);
    if (this.#snapshot?.text !== text) this.#snapshot = { text, session: freeze(session) };
    return this.#snapshot.session;
  }

  /** Work that begins now. */
  async #hold<T>(run: (core: Core<Detail>) => T | Promise<T>): Promise<T> {
    this.#requireAlive();
    return this.#keep(run);
  }

  /** Keeps the core from being freed while something uses it, also between two calls. */
  async #keep<T>(run: (core: Core<Detail>) => T | Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await run(this.#core);
    } catch (failure) {
      this.#tellEnd();
      throw failure;
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
