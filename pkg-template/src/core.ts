import type { CoreError } from "#wasm";
import { OidcError, type OidcErrorCode, type OidcErrorInit } from "./errors.js";

let dead: OidcError | undefined;
/** What waits for the core now: a trap ends all of it, because a dead instance answers nothing any more. */
const waiting = new Set<(failure: unknown) => void>();

/** Runs a synchronous call into the wasm; what it throws becomes an {@link OidcError}. */
export function callSync<T>(run: () => T): T {
  if (dead) throw dead;
  try {
    return run();
  } catch (failure) {
    // Whatever is not an error of the core has left its frames half-way.
    throw translate(failure, true);
  }
}

/** Runs a call into the wasm that may wait; what it throws or rejects with becomes an {@link OidcError}. */
export async function call<T>(run: () => T | Promise<T>): Promise<T> {
  let giveUp: ((failure: unknown) => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      giveUp = reject;
      waiting.add(reject);
      resolve(callSync(run));
    });
  } catch (failure) {
    throw translate(failure, failure instanceof WebAssembly.RuntimeError);
  } finally {
    if (giveUp) waiting.delete(giveUp);
  }
}

function translate(failure: unknown, fatal: boolean): OidcError {
  if (failure instanceof OidcError) return failure;
  if (isCoreError(failure)) return new OidcError(failure as OidcErrorInit<OidcErrorCode>);
  const error = new OidcError({
    code: "internal",
    type: "usage",
    message: "The wasm core failed. Reload the page, and please report it.",
    cause: failure,
  });
  if (fatal) {
    // The memory of the instance is in an unknown state now: never enter it again.
    dead = error;
    for (const giveUp of [...waiting]) giveUp(error);
  }
  return error;
}

function isCoreError(value: unknown): value is CoreError {
  return typeof value === "object" && value !== null && !(value instanceof Error) && "code" in value && "message" in value;
}
