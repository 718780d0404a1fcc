/** IndexedDB in short visits. Whatever an engine does wrong is one kind of failure, and no connection stays open (bfcache). */
import { inTime } from "./patience.js";

const DATABASE = "oidc-wasm";
/** 1: keys. 2: sessions too. */
const VERSION = 2;
const STORES = ["keys", "sessions"] as const;
/** Some engines never answer: not in this time, not at all. One that has answered is only slow. In milliseconds. */
const PATIENCE = 3000;
const LONG_PATIENCE = 10_000;
/** The name of what has not answered. */
export const SILENT = "TimeoutError";

let hasAnswered = false;

/** A store that does not work; `name` says why, as a `DOMException` does. */
export class NotStorable {
  constructor(readonly name: string) {}
}

/** What `work` gives, or {@link NotStorable} when it has not answered after some seconds; `abandon` is called then. */
export async function patiently<T>(work: () => T | PromiseLike<T>, isSlow: boolean, abandon?: () => void): Promise<T> {
  const result = Promise.resolve(work());
  if (await inTime(result, isSlow ? LONG_PATIENCE : PATIENCE)) return result;
  abandon?.();
  throw new NotStorable(SILENT);
}

/**
 * Works on one store in a transaction. Everything that can go wrong ends as {@link NotStorable}. What was too slow is undone:
 * it may not change later what others have stored meanwhile.
 */
export async function inStore<T>(
  name: (typeof STORES)[number],
  mode: IDBTransactionMode,
  run: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const visit = (): Promise<T> => transact(name, mode, run, end.signal);
  try {
    // Once more, because Safari loses its connection now and then; but nobody waits twice.
    const work = (): Promise<T> => visit().catch((failure) => (end.signal.aborted ? Promise.reject(failure) : visit()));
    const found = await patiently(work, hasAnswered, () => end.abort());
    hasAnswered = true;
    return found;
  } catch (failure) {
    if (failure instanceof NotStorable) throw failure;
    throw new NotStorable(failure instanceof DOMException ? failure.name : "NotSupportedError");
  }
}

async function transact<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => Promise<T>,
  end: AbortSignal,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, VERSION);
  opening.addEventListener("upgradeneeded", () => {
    for (const store of STORES) {
      if (!opening.result.objectStoreNames.contains(store)) opening.result.createObjectStore(store);
    }
  });
  const database = await answer(opening);
  // Others wait for nobody: a later version of this library, or a person who deletes it all.
  database.addEventListener("versionchange", () => database.close());
  try {
    end.throwIfAborted();
    const transaction = database.transaction(name, mode);
    const done = new Promise((resolve, reject) => {
      transaction.addEventListener("complete", resolve);
      transaction.addEventListener("abort", () => reject(new NotStorable(transaction.error?.name ?? "AbortError")));
    });
    const undo = (): void => {
      try {
        transaction.abort();
      } catch {
        // It is over already.
      }
    };
    end.addEventListener("abort", undo);
    const result = work(transaction.objectStore(name));
    result.catch(undo);
    const [found] = await Promise.all([result, done]);
    return found;
  } finally {
    database.close();
  }
}

export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
