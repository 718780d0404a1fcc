import { Client } from "#wasm";
import { isOidcError, OidcError, type OidcErrorCode, type OidcErrorInit } from "./errors.js";
import type { AuthorizationDetail, Fetch } from "./messages.js";
import type {
  AccessToken,
  AccessTokenOptions,
  PreparedSignIn,
  Session,
  SignInOptions,
  SignOutOptions,
  UserInfo,
} from "./types.js";
import type { Departure } from "./windows.js";

/** Functions that the core calls by name. */
export type Hooks = Readonly<Record<string, (text: string) => string | Promise<string>>>;

/** Options of a sign-in that applications do not give. */
export interface InnerSignInOptions {
  /** The callback page hands the response over. */
  readonly popup?: true | undefined;
  /** Who has to sign in. */
  readonly subject?: string | undefined;
  /** The thumbprint of the key that tokens will be bound to. */
  readonly dpopJkt?: string | undefined;
  /** Where the response goes, if not to the usual page. */
  readonly redirectUri?: string | undefined;
  /** Nobody clicked anything: after a few that failed there is no other one for a while. */
  readonly automatic?: true | undefined;
}

/** What makes the core renew, besides what an application can ask for. */
export interface RenewalOptions extends AccessTokenOptions {
  /** In any case. */
  readonly force?: true | undefined;
  /** The access token that an API has refused. */
  readonly refused?: string | undefined;
  /** When the access token expires that is to be replaced, however good it is. */
  readonly expiresAt?: number | undefined;
}

/**
 * What the core needs for the session that all tabs have: a store, where `""` stands for no text, and locks. A lock is held as soon
 * as there is a ticket; an empty one says that there are no locks.
 */
export interface Seams {
  load(name: string): Promise<string>;
  save(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  lock(name: string, milliseconds: string): Promise<string>;
  unlock(ticket: string): void;
  /** In place of the global one. */
  readonly fetch?: Fetch | undefined;
}

/** Instead of a result: a token has to be renewed first. */
export interface Renewal {
  readonly renew: AccessTokenOptions;
}

/** What a request is authorized with; an access token, where a proof has to be made for it. */
export interface Authorization {
  readonly authorization: string;
  readonly accessToken?: string;
  readonly nonce?: string;
  readonly clockOffset?: number;
}

/** An answer as the core wants to know it. */
export interface Answered {
  readonly url: string;
  readonly status: number;
  /** `WWW-Authenticate` */
  readonly challenge?: string | undefined;
  /** `DPoP-Nonce` */
  readonly nonce?: string | undefined;
  /** `Date` */
  readonly date?: string | undefined;
  /** The nonce that the proof had. */
  readonly sentNonce?: string | undefined;
}

/** What follows from an answer. */
export interface Verdict {
  /** Send the request once more. */
  readonly again?: true;
  /** The server wants a nonce that it does not show. */
  readonly unreadable?: true;
  /** The token is no good: it takes a renewal with these options. */
  readonly renew?: AccessTokenOptions;
  readonly stepUp?: { readonly acrValues?: string; readonly maxAgeSeconds?: number; readonly scope?: string };
}

/** What the core can do: argument and result of each operation, by the names in `src/wasm/client.rs`. */
export interface Operations<Detail extends AuthorizationDetail> {
  preload: [undefined, undefined];
  prepareSignIn: [Omit<SignInOptions<Detail>, "signal"> & InnerSignInOptions, PreparedSignIn];
  finishSignIn: [string, Session<Detail>];
  session: [undefined, Session<Detail> | undefined];
  restore: [undefined, Session<Detail> | undefined];
  accessToken: [AccessTokenOptions, AccessToken<Detail> | { readonly renew: true }];
  renew: [RenewalOptions, AccessToken<Detail>];
  nextRenewal: [undefined, { readonly at?: number }];
  userInfo: [undefined, UserInfo | Renewal];
  prepareSignOut: [SignOutOptions & { readonly popup?: true }, Departure];
  finishSignOut: [string, boolean];
  frontChannelLogout: [string, boolean];
  sessionCheck: [undefined, { readonly endpoint?: string; readonly message?: string }];
  thirdPartyLogin: [string, { readonly loginHint?: string; readonly targetLinkUri?: string }];
  idToken: [undefined, string];
  authorize: [{ readonly url: string; readonly method: string }, Authorization | Renewal];
  answered: [Answered, Verdict];
}

let dead: OidcError | undefined;
/** What waits for the core now: a trap ends all of it, because a dead instance answers nothing any more. */
const waiting = new Set<(failure: unknown) => void>();

/** The wasm core of one client; everything that fails in it becomes an {@link OidcError}. */
export class Core<Detail extends AuthorizationDetail = AuthorizationDetail> {
  readonly #client: Client;

  constructor(options: object, seams: Seams) {
    this.#client = enter(() => new Client(json(options), seams));
  }

  /** `expected` are `id` and `subject` of the session that is meant, on two lines; `""` for any. */
  async run<K extends keyof Operations<Detail>>(
    operation: K,
    argument: Operations<Detail>[K][0],
    hooks?: Hooks,
    signal?: AbortSignal,
    expected = "",
  ): Promise<Operations<Detail>[K][1]> {
    const text = typeof argument === "string" ? argument : json(argument);
    try {
      return await hooked(hooks, (watched) => this.#client.run(operation, text, expected, watched, signal));
    } catch (failure) {
      // What failed here knows best why.
      throw isOidcError(failure, "hook_failed") && isOidcError(failure.cause) ? failure.cause : failure;
    }
  }

  free(): void {
    enter(() => this.#client.free());
  }
}

/** Whatever is thrown across the boundary and is not an error of the core has left its frames half-way. */
export function enter<T>(run: () => T): T {
  if (dead) throw dead;
  try {
    return run();
  } catch (failure) {
    throw translate(failure, true);
  }
}

/** The same for what may wait: the promise that the core gives, or the end of the core. */
export async function settle<T>(run: () => Promise<unknown>): Promise<T> {
  let giveUp: ((failure: unknown) => void) | undefined;
  try {
    const result = await new Promise((resolve, reject) => {
      giveUp = reject;
      waiting.add(reject);
      // Not resolve(promise): that would tie this promise to one that a dead instance never settles.
      enter(run).then(resolve, reject);
    });
    return result as T;
  } catch (failure) {
    throw translate(failure, failure instanceof WebAssembly.RuntimeError);
  } finally {
    if (giveUp) waiting.delete(giveUp);
  }
}

/** Waits for work that may call these functions, and says what one of them has thrown: the core only knows that it did. */
export async function hooked<T>(
  hooks: Hooks | undefined,
  run: (hooks?: Readonly<Record<string, (text: string) => Promise<string>>>) => Promise<unknown>,
): Promise<T> {
  const failed: { cause?: unknown } = {};
  const watch = ([name, hook]: [string, Hooks[string]]) => {
    const watched = async (text: string): Promise<string> => {
      try {
        return await hook(text);
      } catch (cause) {
        failed.cause = cause;
        throw cause;
      }
    };
    return [name, watched] as const;
  };
  try {
    return await settle(() => run(hooks && Object.fromEntries(Object.entries(hooks).map(watch))));
  } catch (failure) {
    if ("cause" in failed && isOidcError(failure, "hook_failed")) {
      Object.defineProperty(failure, "cause", { value: failed.cause, configurable: true, writable: true });
    }
    throw failure;
  }
}

/** The text of an argument. Nothing of it is kept: what the caller changes later has no effect. */
export function json(value: unknown = {}): string {
  try {
    return JSON.stringify(value, refuseFunctions);
  } catch (cause) {
    throw new OidcError({
      code: "invalid_argument",
      type: "usage",
      message: "Options must be plain data.",
      cause,
    });
  }
}

/** `JSON.stringify` would leave a function out in silence; an option that is ignored helps nobody. */
function refuseFunctions(name: string, value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`${name} is a ${typeof value}`);
  return value;
}

function translate(failure: unknown, fatal: boolean): OidcError {
  if (failure instanceof OidcError) return failure;
  // The core's own errors are plain objects; everything else that is thrown is an Error.
  if (!(failure instanceof Error)) return new OidcError(failure as OidcErrorInit<OidcErrorCode>);
  const error = new OidcError({
    code: "internal",
    type: "usage",
    message: "Internal error: reload the page, and please report it.",
    cause: failure,
  });
  if (fatal) {
    // The memory of the instance is in an unknown state now: never enter it again.
    dead = error;
    for (const giveUp of [...waiting]) giveUp(error);
  }
  return error;
}
