import type { AuthorizationDetail, OidcClient, Session, SignInOptions } from "./api.js";
import { within } from "./return-to.js";

/**
 * A client, a promise of one, or a function that makes one. The function is called once, in the browser only, and what it makes is
 * disposed of with the application; a client that was made elsewhere is left alone.
 */
export type ClientSource<Detail extends AuthorizationDetail = AuthorizationDetail> =
  | OidcClient<Detail>
  | Promise<OidcClient<Detail>>
  | (() => OidcClient<Detail> | Promise<OidcClient<Detail>>);

/** It is not known yet who is signed in: the client is loading, or completes a sign-in. On a server it stays like this. */
export interface LoadingState {
  readonly status: "loading";
  readonly session?: undefined;
  readonly error?: undefined;
  readonly retry?: undefined;
}

/** Somebody is signed in. */
export interface SignedInState<Detail extends AuthorizationDetail = AuthorizationDetail> {
  readonly status: "signedIn";
  /** The same object until something changes. */
  readonly session: Session<Detail>;
  readonly error?: undefined;
  readonly retry?: undefined;
}

/** Nobody is signed in. */
export interface SignedOutState {
  readonly status: "signedOut";
  readonly session?: undefined;
  readonly error?: undefined;
  readonly retry?: undefined;
}

/** The client could not be made, its `start()` failed, or a sign-in that began by itself did. Nothing is tried again by itself. */
export interface FailedState {
  readonly status: "failed";
  readonly session?: undefined;
  /** Mostly an `OidcError`; `isOidcError` tells. */
  readonly error: unknown;
  /** Starts again. */
  readonly retry: () => void;
}

/** Who is signed in, or why that is not known. */
export type SessionState<Detail extends AuthorizationDetail = AuthorizationDetail> =
  | LoadingState
  | SignedInState<Detail>
  | SignedOutState
  | FailedState;

/** What a sign-in that begins by itself asks for. `appState` is taken: it holds where to come back to. */
export type AutomaticSignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail> = Omit<SignInOptions<Detail>, "appState">;

/** What else a framework can be told. */
export interface SourceOptions {
  /**
   * Goes to where a sign-in began: `appState.returnTo`, if that is an address of this origin, as path, query and fragment. It is
   * called once, before anybody is told of the session. Default: that address replaces the present one in the address bar, which
   * a router does not notice.
   */
  readonly onReturn?: ((returnTo: string) => unknown) | undefined;
}

export const LOADING: LoadingState = { status: "loading" };
const SIGNED_OUT: SignedOutState = { status: "signedOut" };

/** What all frameworks have in common: it starts a client once, and knows who is signed in. */
export class SessionSource {
  readonly #given: ClientSource;
  readonly #onReturn: (returnTo: string) => unknown;
  readonly #listeners = new Set<{ readonly run: () => void }>();
  #state: SessionState = LOADING;
  #client: OidcClient | undefined;
  #starting: Promise<void> | undefined;
  #isStarting = false;
  #users = 0;
  #lifetime = new AbortController();

  constructor(given: ClientSource, { onReturn = replaceAddress }: SourceOptions = {}) {
    this.#given = given;
    this.#onReturn = onReturn;
    // It is reported to whoever uses it, which may come later than a browser complains.
    if ("then" in given) given.then(undefined, () => {});
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The client, as soon as there is one. */
  get client(): OidcClient | undefined {
    return this.#client;
  }

  /** Whether a function of the application is busy making the client. */
  get isMaking(): boolean {
    return typeof this.#given === "function" && !this.#client;
  }

  /** Calls `run` after every change of `state` and `client`. */
  readonly subscribe = (run: () => void): (() => void) => {
    const entry = { run };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  };

  /** Starts, and keeps what it holds until the returned function is called, by the last of all users. */
  connect(): () => void {
    this.#users += 1;
    void this.#start();
    let isConnected = true;
    return () => {
      if (!isConnected) return;
      isConnected = false;
      this.#users -= 1;
      // Not at once: React's StrictMode comes back in the same breath.
      queueMicrotask(() => {
        if (this.#users === 0) this.#release();
      });
    };
  }

  /** The state when it is known; starts if nobody has yet. */
  async ready(): Promise<SessionState> {
    await this.#start();
    return this.#state;
  }

  /** Sends the browser to the provider. What fails is the state afterwards. */
  async signIn(returnTo: string, options: AutomaticSignInOptions): Promise<boolean> {
    try {
      await this.#client?.signIn({ ...options, appState: { returnTo } });
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  #start(): Promise<void> {
    return (this.#starting ??= this.#run(this.#lifetime.signal));
  }

  /** Once for each lifetime, and once more for each retry. It never rejects. */
  async #run(signal: AbortSignal): Promise<void> {
    this.#isStarting = true;
    try {
      const client = this.#client ?? (await this.#open(signal));
      await client?.start();
      if (client && !signal.aborted) this.#look(client);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    } finally {
      if (!signal.aborted) this.#isStarting = false;
    }
  }

  async #open(signal: AbortSignal): Promise<OidcClient | undefined> {
    const given = this.#given;
    const isOwn = typeof given === "function";
    const client = await (isOwn ? given() : given);
    if (signal.aborted) {
      if (isOwn) client.dispose();
      return undefined;
    }
    this.#client = client;
    const look = (): void => {
      // A failure is not forgotten because there is still no session.
      if (client.session || this.#state.session) this.#look(client);
    };
    const offs = [
      client.on("signedIn", (session) => {
        // A session that was restored is no news; one that was just made is.
        if (this.#isStarting) this.#goBack(session);
        look();
      }),
      ...(["renewed", "signedOut", "sessionChanged"] as const).map((name) => client.on(name, look)),
    ];
    signal.addEventListener("abort", () => {
      for (const off of offs) off();
      if (isOwn) client.dispose();
    });
    this.#tell();
    return client;
  }

  #release(): void {
    this.#lifetime.abort();
    this.#lifetime = new AbortController();
    this.#client = undefined;
    this.#starting = undefined;
    this.#put(LOADING);
  }

  #goBack({ appState }: Session): void {
    const url = within(Object(appState).returnTo, new URL("/", location.href));
    if (url) this.#onReturn(url.pathname + url.search + url.hash);
  }

  #look({ session }: OidcClient): void {
    if (!session) this.#put(SIGNED_OUT);
    else if (this.#state.session !== session) this.#put({ status: "signedIn", session });
  }

  #fail(error: unknown): void {
    const retry = (): void => {
      if (this.#state !== failed) return;
      this.#starting = undefined;
      this.#put(LOADING);
      void this.#start();
    };
    const failed: FailedState = { status: "failed", error, retry };
    this.#put(failed);
  }

  #put(state: SessionState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#tell();
  }

  #tell(): void {
    for (const { run } of [...this.#listeners]) run();
  }
}

function replaceAddress(url: string): void {
  history.replaceState(history.state, "", url);
}
