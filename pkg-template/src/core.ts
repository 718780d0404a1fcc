import { Client } from "#wasm";
import { OidcError, type OidcErrorCode, type OidcErrorInit } from "./errors.js";
import type {
  AccessToken,
  AccessTokenOptions,
  OidcClientOptions,
  PreparedSignIn,
  Session,
  SignInOptions,
  SignOutOptions,
  UserInfo,
} from "./types.js";

/** What the core can do: argument and result of each operation, by the names in `src/wasm/client.rs`. */
export interface Operations {
  preload: [undefined, undefined];
  prepareSignIn: [Omit<SignInOptions, "signal">, PreparedSignIn];
  finishSignIn: [string, Session];
  restore: [undefined, Session | undefined];
  accessToken: [AccessTokenOptions, AccessToken];
  userInfo: [undefined, UserInfo];
  prepareSignOut: [SignOutOptions, { url?: string; form?: Record<string, string> }];
  finishSignOut: [string, boolean];
  idToken: [undefined, string];
  authorizationFor: [string, string];
}

let dead: OidcError | undefined;
/** What waits for the core now: a trap ends all of it, because a dead instance answers nothing any more. */
const waiting = new Set<(failure: unknown) => void>();

/** The wasm core of one client; everything that fails in it becomes an {@link OidcError}. */
export class Core {
  readonly #client: Client;

  constructor(options: OidcClientOptions) {
    this.#client = enter(() => new Client(json(options)));
  }

  session(): Session | undefined {
    return enter(() => this.#client.session()) as Session | undefined;
  }

  async run<K extends keyof Operations>(operation: K, argument: Operations[K][0], signal?: AbortSignal): Promise<Operations[K][1]> {
    const text = typeof argument === "string" ? argument : json(argument);
    return settle(() => this.#client.run(operation, text, signal));
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
