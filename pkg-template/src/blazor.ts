/**
 * `window.AuthenticationService` as the C# of Microsoft.AspNetCore.Components.WebAssembly.Authentication calls it: in place of the
 * script of that name. A classic script, so that the seven functions are there before .NET starts; each waits for the core, the
 * module `index.js` beside this file.
 *
 * Names and statuses are those of the C# side, which reads them from JSON.
 */
import type { JsonValue, OidcClient, OidcClientOptions, OidcError, Session, SignInOptions } from "./api.js";

type Core = typeof import("./api.js");

/** `OidcProviderOptions` as JSON, or where they are to be fetched. What was not set may be `null`. */
interface ProviderOptions {
  readonly configurationEndpoint?: string;
  readonly authority: string;
  readonly metadataUrl?: string | null;
  readonly client_id: string;
  /** Or {@link ProviderOptions.scope}. */
  readonly defaultScopes?: readonly string[] | null;
  readonly scope?: string | null;
  readonly redirect_uri: string;
  readonly post_logout_redirect_uri?: string | null;
  readonly response_type?: string | null;
  readonly response_mode?: string | null;
  readonly extraQueryParams?: Readonly<Record<string, string>> | null;
}

interface LoggingOptions {
  readonly debugEnabled?: boolean;
  readonly traceEnabled?: boolean;
}

/** `RemoteAuthenticationContext`. */
interface Context {
  readonly state?: JsonValue;
  readonly interactiveRequest?: {
    readonly scopes?: readonly string[] | null;
    readonly additionalRequestParameters?: Readonly<Record<string, unknown>> | null;
  } | null;
}

/** `RemoteAuthenticationResult`. */
interface Result {
  readonly status: "Redirect" | "Success" | "Failure" | "OperationCompleted";
  readonly state?: JsonValue | undefined;
  readonly errorMessage?: string;
}

/** `AccessTokenResult`. */
interface TokenResult {
  readonly status: "Success" | "RequiresRedirect";
  readonly token?: { readonly value: string; readonly expires: Date; readonly grantedScopes: readonly string[] };
}

/** What `init` has made. */
interface Service {
  readonly core: Core;
  readonly client: OidcClient;
  readonly options: OidcClientOptions;
  readonly scopes: readonly string[];
}

/** What C# keeps for the way back from a sign-out, by the `state` that comes back. */
const SIGN_OUT = "oidc-wasm.blazor.signOut.";
/** C# has no token that never expires; this is the last day that it knows. */
const NEVER = new Date("9999-12-31T23:59:59Z");
/** Claims about the token rather than the person: the script in whose place this is leaves them out, too. */
const PROTOCOL = new Set(["nonce", "at_hash", "c_hash", "iat", "nbf", "exp", "aud", "iss"]);
/** Nothing to complete: the address is no answer to something that this page has asked for. */
const NOTHING = new Set<string>(["not_a_callback", "missing_state", "unknown_state", "callback_already_processed"]);

const { src } = document.currentScript as HTMLScriptElement;
const loading = import(/* @vite-ignore */ new URL("./index.js", src).href) as Promise<Core>;
/** In a frame that somebody waits for, this hands the answer over, before .NET has started there. */
loading.then((core) => core.handOverResponse()).catch(() => {});

const isFramed = self !== parent;
/** Where this page began: the address changes when the answer is taken out of it. */
const arrival = location.href;

let starting: Promise<Service> | undefined;
/** One try is enough to find out whether the provider knows the person. */
let silentTry: Promise<unknown> | undefined;
/** What is known of the person of one session, and what ends watching it. */
let known: { readonly id: string; readonly profile: Promise<object>; readonly watching: AbortController } | undefined;
/** Whether C# has asked to complete the sign-in that this page may have begun with. */
let isCompleted = false;

function service(): Promise<Service> {
  return starting ?? Promise.reject(new Error("AuthenticationService.init has to be called first."));
}

async function start(given: ProviderOptions, { debugEnabled, traceEnabled }: LoggingOptions): Promise<Service> {
  const core = await loading;
  const provider = given.configurationEndpoint === undefined ? given : await settings(given.configurationEndpoint);
  const { authority, client_id: clientId, metadataUrl, response_type: type, response_mode: mode } = provider;
  if ((type ?? "code") !== "code" || (mode ?? "query") !== "query") {
    throw new Error(`ResponseType has to be "code" and ResponseMode "query" or left out: they are ${type} and ${mode}.`);
  }
  const absolute = (uri: string): string => new URL(uri, document.baseURI).href;
  const scope = provider.scope ?? provider.defaultScopes?.join(" ") ?? "openid profile";
  const level = traceEnabled ? "trace" : "debug";
  const leaving = provider.post_logout_redirect_uri;
  const options: OidcClientOptions = {
    authority,
    clientId,
    redirectUri: absolute(provider.redirect_uri),
    scope: scope.split(" ").includes("openid") ? scope : `openid ${scope}`,
    storage: "session",
    authorizeParameters: provider.extraQueryParams ?? {},
    ...(leaving ? { postLogoutRedirectUri: absolute(leaving) } : {}),
    ...(metadataUrl ? { metadata: (await core.fetchDiscoveryDocument({ authority, address: metadataUrl })).metadata } : {}),
    ...(debugEnabled || traceEnabled ? { logger: core.consoleLogger(level) } : {}),
  };
  return { core, client: await core.OidcClient.create(options), options, scopes: (options.scope ?? "").split(" ") };
}

async function settings(endpoint: string): Promise<ProviderOptions> {
  const response = await fetch(endpoint);
  if (!response.ok) throw new Error(`${endpoint} answered with status ${response.status} instead of the settings.`);
  return response.json();
}

/** Who is signed in. On the callback page nobody is until `completeSignIn` says so, which is to hear what failed. */
async function current({ client, options }: Service): Promise<Session | null> {
  return arrival.startsWith(options.redirectUri) && !isCompleted ? null : client.start();
}

/** What is known of the person: claims of the ID Token, and those of the userinfo endpoint where there is one. */
function profileOf({ client }: Service, { id, claims }: Session): Promise<object> {
  if (known?.id !== id) {
    known?.watching.abort();
    const watching = new AbortController();
    // Nothing to watch at most providers, and then nothing happens.
    if (!isFramed) client.monitorSession({ signal: watching.signal }).catch(() => {});
    const own = Object.entries(claims).filter(([name]) => !PROTOCOL.has(name));
    const more = client.fetchUserInfo().catch(() => ({}));
    known = { id, watching, profile: more.then((claims) => ({ ...Object.fromEntries(own), ...claims })) };
  }
  return known.profile;
}

/** Whether everything that is wanted was granted. */
function covers(granted: string, wanted: readonly string[]): boolean {
  const scopes = granted.split(" ");
  return wanted.every((scope) => scopes.includes(scope));
}

async function token({ client }: Service, wanted: readonly string[]): Promise<TokenResult | undefined> {
  const { token, scope, expiresAt } = await client.getAccessToken();
  if (!covers(scope, wanted)) return undefined;
  const expires = expiresAt === undefined ? NEVER : new Date(expiresAt * 1000);
  return { status: "Success", token: { value: token, expires, grantedScopes: scope.split(" ") } };
}

/** What a request says besides the usual, in the words of the options that the client has. */
function requestOf({ scopes }: Service, { state, interactiveRequest }: Context): SignInOptions {
  const { prompt, login_hint: hint, max_age: age, acr_values: acr, ui_locales: locales, extraQueryParams, ...others } =
    (interactiveRequest?.additionalRequestParameters ?? {}) as Record<string, unknown>;
  const extra = Object.entries({ ...others, ...Object(extraQueryParams) }).map(([name, value]) => [name, String(value)]);
  return {
    scope: [...new Set([...scopes, ...(interactiveRequest?.scopes ?? [])])].join(" "),
    ...(state === undefined || state === null ? {} : { appState: state }),
    ...(extra.length > 0 ? { authorizeParameters: Object.fromEntries(extra) } : {}),
    ...(prompt === undefined ? {} : { prompt: String(prompt) }),
    ...(hint === undefined ? {} : { loginHint: String(hint) }),
    ...(age === undefined ? {} : { maxAgeSeconds: Number(age) }),
    ...(acr === undefined ? {} : { acrValues: String(acr) }),
    ...(locales === undefined ? {} : { uiLocales: String(locales) }),
  };
}

/** The true cause, in a text for the page at `authentication/login-failed`. */
function failed(failure: unknown): Result {
  const { message, error, errorDescription, code } = failure as Partial<OidcError>;
  const said = [message ?? String(failure), error, errorDescription, code && `(${code})`];
  return { status: "Failure", errorMessage: said.filter(Boolean).join(" ") };
}

const AuthenticationService = {
  /** Everybody who calls it waits for the same; after a failure the next call tries again. */
  async init(options: ProviderOptions, logging: LoggingOptions = {}): Promise<void> {
    starting ??= start(options, logging).catch((failure: unknown) => {
      starting = undefined;
      throw failure;
    });
    await starting;
  },

  async getUser(): Promise<object | null> {
    const made = await service();
    const { client, options } = made;
    let session = await current(made).catch(() => null);
    const isElsewhere = !isFramed && !opener && !location.href.startsWith(options.redirectUri);
    if (!session && isElsewhere) {
      silentTry ??= client.signInSilent().catch(() => {});
      await silentTry;
      session = client.session;
    }
    return session && profileOf(made, session);
  },

  async getAccessToken(request?: { readonly scopes?: readonly string[] | null } | null): Promise<TokenResult> {
    const made = await service();
    const wanted = request?.scopes ?? [];
    try {
      await current(made);
      const found = await token(made, wanted).catch(() => undefined);
      if (found) return found;
      await made.client.signInSilent({ scope: [...new Set([...made.scopes, ...wanted])].join(" ") });
      return (await token(made, wanted)) ?? { status: "RequiresRedirect" };
    } catch {
      // Whatever it was: the sign-in that follows says what is wrong.
      return { status: "RequiresRedirect" };
    }
  },

  async signIn(context: Context = {}): Promise<Result> {
    try {
      const made = await service();
      const request = requestOf(made, context);
      if (!context.interactiveRequest) {
        const session = await made.client.signInSilent({ scope: request.scope as string }).catch(() => null);
        if (session) return { status: "Success", state: context.state };
      }
      const { url } = await made.client.prepareSignIn(request);
      if (isFramed) throw new Error("This page is in a frame, which is not sent to the provider.");
      // Whoever goes back from the provider comes to the page before, and not to one that sends them here again.
      location.replace(url);
      return { status: "Redirect" };
    } catch (failure) {
      return failed(failure);
    }
  },

  async completeSignIn(url: string): Promise<Result> {
    try {
      const { client } = await service();
      const session = await client.handleCallback(url);
      return isFramed ? { status: "OperationCompleted" } : { status: "Success", state: session.appState };
    } catch (failure) {
      const isNothing = NOTHING.has(String((failure as Partial<OidcError>).code));
      return isFramed || isNothing ? { status: "OperationCompleted" } : failed(failure);
    } finally {
      isCompleted = true;
    }
  },

  async signOut({ state }: Context = {}): Promise<Result> {
    try {
      const made = await service();
      const { core, client, options } = made;
      await current(made).catch(() => null);
      const idTokenHint = client.session ? await client.getIdToken() : undefined;
      await client.signOut({ localOnly: true });
      const metadata = options.metadata ?? (await core.fetchDiscoveryDocument({ authority: options.authority })).metadata;
      if (!metadata.end_session_endpoint) return { status: "Success", state };
      const { clientId, postLogoutRedirectUri } = options;
      const back = core.randomString();
      if (postLogoutRedirectUri !== undefined) sessionStorage.setItem(SIGN_OUT + back, JSON.stringify(state ?? null));
      location.replace(
        core.createEndSessionUrl({
          metadata,
          clientId,
          ...(idTokenHint === undefined ? {} : { idTokenHint }),
          ...(postLogoutRedirectUri === undefined ? {} : { postLogoutRedirectUri, state: back }),
        }),
      );
      return { status: "Redirect" };
    } catch (failure) {
      return failed(failure);
    }
  },

  async completeSignOut(url: string): Promise<Result> {
    const name = SIGN_OUT + new URL(url).searchParams.get("state");
    const kept = sessionStorage.getItem(name);
    if (kept === null) return { status: "OperationCompleted" };
    sessionStorage.removeItem(name);
    return { status: "Success", state: JSON.parse(kept) as JsonValue };
  },
};

Object.assign(globalThis, { AuthenticationService });
