/// <reference lib="esnext.disposable" preserve="true" />
import { capture, capturedCallback, forget, removeState, stateOf } from "./callback.js";
import { json, type InnerSignInOptions } from "./core.js";
import { isOidcError, OidcError } from "./errors.js";
import { init, loadScript, requireLoaded } from "./init.js";
import type { AuthorizationDetail } from "./messages.js";
import { here, navigate, requirePage, requireTopPage } from "./navigation.js";
import { signInPopup, signOutPopup, type PopupSignInOptions, type PopupSignOutOptions } from "./popup.js";
import { protectedFetch, type Elsewhere } from "./protected-fetch.js";
import { invalid } from "./request.js";
import { SharedSession, type Call } from "./shared-session.js";
import { challengeOf, stepUp, type StepUpChallenge } from "./step-up.js";
import type { ThirdPartySignInOptions } from "./third-party.js";
import type {
  AccessToken,
  AccessTokenOptions,
  FetchOptions,
  MonitorSessionOptions,
  OidcClientOptions,
  OidcEvents,
  PreparedSignIn,
  RequestOptions,
  Session,
  SignInOptions,
  SignOutOptions,
  SignOutResult,
  SilentSignInOptions,
  SilentSignOutOptions,
  StartSignInOptions,
  UserInfo,
} from "./types.js";
import type { RequestInfo } from "./web.js";
import { handOverResponse, type Departure } from "./windows.js";

/** How long after it was prepared a sign-in may begin, in milliseconds: half of what the core gives it in all. */
const FRESH = 300_000;

/** Callbacks that are being completed, for the whole page: clients of one configuration share one token request. */
const completing = new Map<string, { readonly client: unknown; readonly session: Promise<unknown> }>();

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
  readonly #session: SharedSession<Detail>;
  readonly #options: OidcClientOptions<Detail>;
  /** Clients with the same identity may share what happens to a callback. */
  readonly #identity: string;
  readonly #lifetime = new AbortController();
  /** What sign-ins were prepared with, and until when they can begin. */
  readonly #prepared = new WeakMap<PreparedSignIn, { readonly request: SignInOptions<Detail>; until: number }>();
  #starting: Promise<Session<Detail> | null> | undefined;
  #signingIn: Promise<void> | undefined;

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
    await handOverResponse();
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
    const { authority, clientId, redirectUri, storage } = options;
    this.#options = { ...options };
    this.#session = new SharedSession(options);
    this.#identity = JSON.stringify([authority, clientId, redirectUri, storage]);
    // A page that comes back from the back/forward cache may have been signed out meanwhile.
    const onPageShow = (event: PageTransitionEvent): void => {
      if (event.persisted) this.#session.keep(() => this.#session.reread()).catch(() => {});
    };
    globalThis.addEventListener?.("pageshow", onPageShow, { signal: this.#lifetime.signal });
  }

  /**
   * Who is signed in, or `null`: known from {@link OidcClient.start} on, and kept up to date while other tabs sign in, renew and
   * sign out. Frozen, and the same object until something changes. After `dispose()` it is `null`.
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
    return this.#disposed ? null : this.#session.current;
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
    capture(this.#options.redirectUri);
    this.#starting ??= this.#hold((call) => this.#begin(call)).catch((failure: unknown) => {
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
   * `invalid_argument`; `storage_unavailable`; `login_loop`; `aborted`; `unsupported_environment` without a page, and in a frame;
   * `client_disposed`.
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
    requireTopPage();
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
   * @throws {OidcError} `popup_blocked`, `popup_closed`; `unsupported_environment` without a page; otherwise what {@link OidcClient.prepareSignIn} and
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
    return this.#hold((call) => this.#inWindow(call, options));
  }

  /**
   * Signs in without asking the person anything, in a frame that nobody sees, where somebody is signed in at the provider already
   * (`prompt=none`). It takes a provider whose cookies reach a frame of this page: browsers keep those of other sites out more and
   * more. A refresh token needs no cookies.
   *
   * @throws {OidcError} `interaction_required` when nobody is signed in there, or the browser keeps the cookies back: call
   * {@link OidcClient.signIn}. `timeout`, where `details.reason` is `no_answer`, `frame_refused_or_interactive`,
   * `callback_page_silent` or `csp_frame_src`; `unsupported_environment` without a page; otherwise what
   * {@link OidcClient.prepareSignIn} and {@link OidcClient.handleCallback} throw.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
   * @example
   * ```ts
   * import { isOidcError, type OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const session = await client.signInSilent().catch((failure: unknown) => {
   *   if (isOidcError(failure, "interaction_required")) return null;
   *   throw failure;
   * });
   * ```
   */
  async signInSilent(options: SilentSignInOptions<Detail> = {}): Promise<Session<Detail>> {
    return this.#hold((call) => {
      requirePage();
      return this.#inFrame(call, options);
    });
  }

  /**
   * Begins the sign-in that another site or the provider asks for, on the page at this client's `initiate_login_uri`. It counts only
   * where `iss` is this client's provider; `target_link_uri` comes back as `appState.returnTo` if it is within the application.
   *
   * @param url The whole address. Default: the one in the address bar.
   * @throws {OidcError} `wrong_issuer`, `repeated_parameter`; otherwise what {@link OidcClient.signIn} throws.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * if (location.pathname === "/login") await client.signInFromThirdParty();
   * ```
   */
  async signInFromThirdParty(options: ThirdPartySignInOptions = {}, url: string = here()): Promise<void> {
    return this.#hold(async () => {
      requireTopPage();
      const asked = await this.#session.core.run("thirdPartyLogin", url);
      const { thirdPartySignIn } = await interaction();
      return this.signIn(thirdPartySignIn(asked, options) as StartSignInOptions<Detail>);
    });
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
    const { redirectUri } = this.#options;
    capture(redirectUri, url === undefined);
    return this.#hold(async (call) => {
      await handOverResponse();
      const response = url ?? capturedCallback(redirectUri);
      if (response === undefined) {
        throw new OidcError({
          code: "not_a_callback",
          type: "validation",
          phase: "callback",
          message: "There is no authorization response at redirectUri.",
        });
      }
      return this.#complete(call, response);
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
    return this.#hold((call) => this.#session.token({ ...options }, call));
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
    return this.#hold(async (call) => {
      await this.#session.renew({ force: true }, call);
      return this.#session.current as Session<Detail>;
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
    return this.#hold((call) => this.#session.core.run("idToken", undefined, this.#session.hooks(call), undefined, call.expected));
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
  readonly fetch = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => this.#fetch("refuse", input, init);

  /**
   * A function like the built-in `fetch`, for libraries that take one: {@link OidcClient.fetch}, or with `elsewhere: "plain"` one
   * that leaves requests to other servers as they are, where an application has one client for all. What else becomes of those is
   * up to a function.
   *
   * @throws {OidcError} Nothing here; the function rejects with what {@link OidcClient.fetch} does.
   * @see https://fetch.spec.whatwg.org/#fetch-method
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * declare function createApiClient(options: { fetch: typeof fetch }): unknown;
   * const api = createApiClient({ fetch: client.createFetch({ elsewhere: "plain" }) });
   * ```
   */
  createFetch({ elsewhere = "refuse" }: FetchOptions = {}): typeof fetch {
    if (elsewhere !== "refuse" && elsewhere !== "plain" && typeof elsewhere !== "function") throw invalid("elsewhere");
    return (input, init) => this.#fetch(elsewhere, input, init);
  }

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
    return this.#hold((call) => {
      const signIn = (wanted: PopupSignInOptions<Detail>, subject: string) => this.#inWindow(call, wanted, subject);
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
    const { core } = this.#session;
    return this.#hold((call) =>
      this.#session.renewed(call, () => core.run("userInfo", undefined, this.#session.hooks(call), options.signal, call.expected)),
    );
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
    return this.#hold(async (call) => {
      call.say?.("signOutStarted", { mode: "redirect" });
      const { url, form } = await this.#end(call, options);
      if (url === undefined) return { remote: false };
      call.say?.("signOutLeft", { url });
      navigate(url, form);
      return { remote: true };
    });
  }

  /**
   * The same as {@link OidcClient.signOut} through a window of its own, while this page stays as it is. Call it in the handler of a
   * click and wait for nothing before. The page at `postLogoutRedirectUri` has to be of this page's origin and to call
   * {@link OidcClient.create} or {@link handOverResponse}, which closes the window.
   *
   * @returns `remote`: whether the window came back from the provider. The local session is gone either way.
   * @throws {OidcError} `popup_blocked`: then nothing has happened yet; otherwise what {@link OidcClient.signOut} throws; `aborted`.
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * document.querySelector("button")?.addEventListener("click", () => void client.signOutPopup());
   * ```
   */
  async signOutPopup(options: PopupSignOutOptions = {}): Promise<SignOutResult> {
    return this.#hold((call) => {
      call.say?.("signOutStarted", { mode: "popup" });
      const { prepare, finish } = this.#departure(call);
      return signOutPopup({ prepare, finish }, options);
    });
  }

  /**
   * The same as {@link OidcClient.signOut} in a frame that nobody sees. Many providers ask the person, or forbid frames; browsers keep
   * the cookies of other sites out of them. The session here is gone at once all the same.
   *
   * @returns `remote`: whether the frame came back from the provider.
   * @throws {OidcError} What {@link OidcClient.signOut} throws; `aborted`.
   * @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const { remote } = await client.signOutSilent({ timeoutSeconds: 5 });
   * console.log(remote ? "signed out everywhere" : "signed out here");
   * ```
   */
  async signOutSilent({ timeoutSeconds, signal, ...options }: SilentSignOutOptions = {}): Promise<SignOutResult> {
    return this.#hold(async (call) => {
      call.say?.("signOutStarted", { mode: "silent" });
      const { prepare, finish } = this.#departure(call);
      // First here, whatever else fails.
      const departure = await prepare(options);
      if (departure.url === undefined) return { remote: false };
      requirePage();
      const { signOutSilent } = await interaction();
      return signOutSilent({ prepare: async () => departure, finish }, { timeoutSeconds, signal }, OidcError);
    });
  }

  /**
   * Ends the session if this page's address says so, for the page at this client's `frontchannel_logout_uri`, which the provider loads
   * in a frame when somebody signs out there. It counts where `iss` and `sid` both name the present session. It takes a browser that
   * gives the frame the same storage as the application, which few do where provider and application are different sites.
   *
   * @param url The whole address. Default: the one in the address bar.
   * @returns Whether the address named the present session.
   * @throws {OidcError} `repeated_parameter`, `client_disposed`; `unsupported_environment` without `url` and without a page.
   * @see https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * if (location.pathname === "/frontchannel-logout") await client.frontChannelLogout();
   * ```
   */
  async frontChannelLogout(url: string = here()): Promise<boolean> {
    return this.#hold(async (call) => {
      const isNamed = await this.#session.core.run("frontChannelLogout", url, this.#session.hooks(call));
      call.say?.("frontChannelLogout", { isNamed });
      await this.#session.reread();
      return isNamed;
    });
  }

  /**
   * Watches by the provider's `check_session_iframe` whether the person is still signed in there. When they are not, or somebody
   * else is, the session ends here too, with the event `signedOut`. It takes a provider whose cookies reach a frame of this page;
   * where they do not, watching ends, and `onStopped` says so.
   *
   * @returns `false` where there is nothing to watch: nobody is signed in, or the provider does not offer it.
   * @throws {OidcError} `invalid_argument`; `network_error` and other codes of the phase `discovery`; `unsupported_environment`
   * without a page; `client_disposed`.
   * @see https://openid.net/specs/openid-connect-session-1_0.html#ChangeNotification
   * @example
   * ```ts
   * import type { OidcClient } from "oidc-wasm";
   *
   * declare const client: OidcClient;
   * const leaving = new AbortController();
   * if (client.session) await client.monitorSession({ signal: leaving.signal });
   * ```
   */
  async monitorSession({ intervalSeconds, signal, onStopped }: MonitorSessionOptions = {}): Promise<boolean> {
    return this.#hold(async (call) => {
      requirePage();
      const session = this.#session;
      const { monitor } = await interaction();
      const ended = async (): Promise<void> => {
        await this.#hold((ending) => this.#end(ending, { localOnly: true }));
      };
      const stopped = (reason: "error" | "no_answer" | "not_visible"): void => {
        call.say?.("monitorStopped", { reason });
        onStopped?.(reason);
      };
      return monitor(
        {
          check: () => (session.current ? session.core.run("sessionCheck", undefined) : Promise.resolve({})),
          silent: () => this.#hold((silent) => this.#inFrame(silent, {}, session.current?.subject)),
          ended,
          stopped,
        },
        { intervalSeconds, signal: this.#lifetime.signal, orSignal: signal },
        OidcError,
      );
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
    await this.#hold((call) => this.#session.core.run("prepareSignOut", { localOnly: true }, this.#session.hooks(call)));
    this.#session.notice(null, true);
    forget(capturedCallback(this.#options.redirectUri));
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
    return this.#session.events.on(name, handler);
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
    this.#session.close();
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

  async #begin(call: Call): Promise<Session<Detail> | null> {
    const { core } = this.#session;
    await handOverResponse();
    const callback = capturedCallback(this.#options.redirectUri);
    let unknown: unknown;
    if (callback === undefined) {
      await this.#finishSignOut();
    } else {
      try {
        return await this.#complete(call, callback);
      } catch (failure) {
        if (!isOidcError(failure) || !failure.retryable) forget(callback);
        // Whoever is signed in may have opened it from the history, in another tab than the one that used it.
        if (isOidcError(failure, "unknown_state")) unknown = failure;
        else if (!isOidcError(failure, "callback_already_processed")) throw failure;
      }
    }
    const session = await this.#session.reread("restore", this.#session.hooks(call));
    if (unknown && !session) throw unknown;
    call.say?.("sessionRestored", { isSignedIn: session !== null });
    // Nobody waits for this: what fails here fails again, and is reported, when it is needed.
    if (!session) this.#hold(() => core.run("preload", undefined, undefined, this.#lifetime.signal)).catch(() => {});
    return session;
  }

  /** Not async itself: whoever comes second must find the first one registered. */
  #complete(call: Call, url: string): Promise<Session<Detail>> {
    const finish = async () => {
      call.say?.("callbackReceived");
      const made = await this.#session.core.run("finishSignIn", url, this.#session.hooks(call));
      call.say?.("callbackCompleted");
      return (await this.#session.reread()) ?? made;
    };
    const key = JSON.stringify([this.#identity, url]);
    const running = completing.get(key);
    // What another client of this page does fails for both; after its success the core knows the session.
    if (running) return running.client === this ? (running.session as Promise<Session<Detail>>) : running.session.then(finish);
    const session = finish();
    completing.set(key, { client: this, session });
    const done = (): unknown => completing.delete(key);
    session.then(done, done);
    return session;
  }

  async #finishSignOut(): Promise<void> {
    const here = globalThis.location?.href;
    const state = here === undefined ? null : stateOf(here);
    if (here === undefined || state === null) return;
    if (await this.#session.core.run("finishSignOut", here)) removeState(state);
  }

  async #prepare(options: SignInOptions<Detail>, inner?: InnerSignInOptions): Promise<PreparedSignIn> {
    const { signal, ...rest } = options;
    // A copy, because a key may have to be waited for.
    const request = JSON.parse(json(rest)) as SignInOptions<Detail>;
    return this.#hold(async (call) => {
      const { core, keys } = this.#session;
      const made = await keys?.forSignIn();
      const key = made?.key;
      if (made && !key) this.#session.degraded("dpopKey", made.reason);
      const wanted = { ...request, ...inner, dpopJkt: key?.thumbprint };
      const prepared = await core.run("prepareSignIn", wanted, this.#session.hooks(call, key), signal);
      const until = Math.min(Date.now() + FRESH, (prepared.expiresAt ?? Infinity) * 1000 - 5000);
      this.#prepared.set(prepared, { request, until });
      return prepared;
    });
  }

  #inWindow(call: Call, options: PopupSignInOptions<Detail>, subject?: string): Promise<Session<Detail>> {
    call.say?.("signInStarted", { mode: "popup" });
    const redirectUri = this.#options.popupRedirectUri;
    return signInPopup(
      {
        prepare: (request) => this.#prepare(request, { popup: true, subject, redirectUri }),
        finish: (url) => this.#complete(call, url),
      },
      options,
    );
  }

  async #inFrame(
    call: Call,
    { timeoutSeconds, signal, ...request }: SilentSignInOptions<Detail>,
    subject?: string,
  ): Promise<Session<Detail>> {
    call.say?.("signInStarted", { mode: "silent" });
    const { signInSilent } = await interaction();
    const redirectUri = this.#options.silentRedirectUri;
    return signInSilent(
      {
        prepare: () => this.#prepare({ ...request, prompt: "none" }, { popup: true, subject, redirectUri }),
        finish: (url) => this.#complete(call, url),
      },
      { timeoutSeconds, signal },
      OidcError,
    );
  }

  async #leave({ prepared, ...options }: StartSignInOptions<Detail>): Promise<void> {
    this.#requireAlive();
    const { say } = this.#session.begin();
    say?.("signInStarted", { mode: "redirect" });
    const known = prepared && this.#prepared.get(prepared);
    if (prepared && !known) throw invalid("prepared");
    const { signal, ...others } = options;
    const isReady = known && Date.now() < known.until && Object.keys(others).length === 0;
    const automatic = globalThis.navigator?.userActivation?.isActive === false ? true : undefined;
    const { url } = isReady ? prepared : await this.#prepare({ ...known?.request, ...options }, { automatic });
    if (signal?.aborted) {
      throw new OidcError({ code: "aborted", type: "aborted", message: "The caller aborted the call." });
    }
    // RFC 9126, section 4: a request_uri is used once.
    if (isReady) known.until = 0;
    say?.("signInLeft", { url });
    navigate(url);
  }

  /** Ends the session here, and says how to end it at the provider. */
  async #end(call: Call, options: SignOutOptions & { readonly popup?: true }): Promise<Departure> {
    const { core } = this.#session;
    try {
      return await core.run("prepareSignOut", { revoke: this.#options.revokeOnSignOut ?? false, ...options }, this.#session.hooks(call));
    } finally {
      // Whatever failed, nobody is signed in any more.
      if (!(await this.#session.reread())) forget(capturedCallback(this.#options.redirectUri));
    }
  }

  #departure(call: Call): { prepare(options: SignOutOptions): Promise<Departure>; finish(url: string): Promise<boolean> } {
    return {
      prepare: (options) => this.#end(call, { ...options, popup: true }),
      finish: (url) => this.#session.core.run("finishSignOut", url),
    };
  }

  #fetch(elsewhere: Elsewhere, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    return this.#hold((call) => protectedFetch(this.#session.access(call), elsewhere, input, init));
  }

  /** Work that begins now. */
  async #hold<T>(run: (call: Call) => T | Promise<T>): Promise<T> {
    this.#requireAlive();
    const call = this.#session.begin();
    try {
      return await this.#session.keep(() => run(call));
    } catch (failure) {
      call.say?.("callFailed", failure);
      throw failure;
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
}

/** What few need: a script of its own. */
function interaction(): Promise<typeof import("./interaction.js")> {
  return loadScript("interaction.js", () => import("./interaction.js"));
}
