/** Where the session is kept. Whatever storage does wrong, the session goes on in memory. */
import { answer, inStore, NotStorable, patiently, SILENT } from "./database.js";
import { OidcError } from "./errors.js";
import { announce, settled } from "./visible.js";

/**
 * A place of the application's own for sessions, for example encrypted or in a file of a desktop shell. Functions may answer at once
 * or by promises; what throws, rejects or has not answered after three seconds is replaced by memory, with the event `degraded`.
 *
 * The texts hold tokens: whoever reads them is signed in as this person. Names hold no secret.
 *
 * - What was saved is loaded from then on, until it is saved again or removed; nothing is loaded that was removed.
 * - Once `save` or `remove` has resolved, every tab that uses the store sees it. Tabs renew one after the other, and read first
 *   what the one before has saved.
 * - A text is saved wholly or not at all, and calls take effect in the order in which they were made.
 *
 * @example
 * ```ts
 * import { OidcClient, type SessionStore } from "oidc-wasm";
 *
 * declare const vault: { get(key: string): Promise<string | undefined>; set(key: string, value: string): Promise<void>; delete(key: string): Promise<void> };
 * const storage: SessionStore = {
 *   load: (name) => vault.get(name),
 *   save: (name, text) => vault.set(name, text),
 *   remove: (name) => vault.delete(name),
 * };
 * const client = await OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: new URL("/callback", location.href).href,
 *   storage,
 * });
 * ```
 */
export interface SessionStore {
  /** The text of this name; `null`, `undefined` or `""` when there is none. */
  load(name: string): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps the text under this name, instead of an earlier one. */
  save(name: string, text: string): void | Promise<void>;
  /** Forgets the text of this name, if there is one. */
  remove(name: string): void | Promise<void>;
}

/** What a client's option `storage` can be. */
export type StorageKind = "memory" | "session" | "local" | "indexedDb" | SessionStore;

/** A store that always works, at least for this page. */
export interface SafeStore {
  /** The text, or `""`. */
  load(name: string): Promise<string>;
  save(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Whether other tabs have it too. */
  readonly isShared: boolean;
  /**
   * For who has just got the lock: resolves when what is loaded now is what the last holder saved. Rejects where a store that worked
   * does not answer any more: what `load` gives then is what this page saw last.
   */
  readonly settle?: () => Promise<void>;
}

/** A store that did not answer is not waited for again so soon. In milliseconds. */
const REST = 20_000;

const memory = new Map<string, string>();

/** What this page knows of a store, for all its clients. */
interface State {
  /** What it could not take, or has not taken yet: newer than what it has. The text `""` is to be removed. */
  readonly copies: Map<string, { readonly text: string }>;
  /** What it had when it was last read or written. */
  readonly known: Map<string, string>;
  /** When it last took something. */
  answered: number;
  /** Since when it has not answered. */
  silentSince: number;
}

const states = new Map<StorageKind, State>();

/** Opens a store. `degraded` is called once, when something of it did not work. */
export function openStore(kind: StorageKind, degraded: (reason: string) => void): SafeStore {
  const place = placeOf(kind);
  const state = states.get(kind) ?? { copies: new Map(), known: new Map(), answered: -Infinity, silentSince: -Infinity };
  states.set(kind, state);
  const { copies, known } = state;
  let isTold = false;
  const failed = (failure: unknown, began: number): void => {
    const reason = reasonOf(failure);
    if (reason === SILENT && began > state.answered) state.silentSince = began;
    if (isTold) return;
    isTold = true;
    degraded(reason);
  };
  const answers = (): void => {
    state.answered = performance.now();
    state.silentSince = -Infinity;
  };
  const isSilent = (): boolean => performance.now() - state.silentSince <= REST;
  const write = async (name: string, text: string): Promise<void> => {
    const began = performance.now();
    const copy = { text };
    copies.set(name, copy);
    const isLatest = (): boolean => copies.get(name) === copy;
    try {
      await (text === "" ? place.remove(name) : place.save(name, text));
      answers();
      if (isLatest()) {
        copies.delete(name);
        known.set(name, text);
      }
    } catch (failure) {
      failed(failure, began);
      known.clear();
      if (text === "" || !isLatest()) return;
      // What is still there may hold a refresh token that was used: no other tab may send it again.
      try {
        const removal = place.remove(name);
        if (!isSilent()) await removal;
        else removal?.catch(() => {});
      } catch {
        // Then it stays there.
      }
    }
  };
  const change = async (name: string, text: string): Promise<void> => {
    const isWaitedFor = !isSilent();
    const done = write(name, text);
    if (isWaitedFor) await done;
  };
  const check = async (): Promise<void> => {
    const [name] = known.keys();
    if (!name) return;
    await place.load(name);
    answers();
  };
  const isShared = kind !== "memory" && kind !== "session";
  return {
    isShared,
    ...(isShared && { settle: kind === "local" ? settled : check }),
    load: async (name) => {
      const began = performance.now();
      let text: string | undefined;
      if (!copies.has(name) && !isSilent()) {
        try {
          const found = (await place.load(name)) ?? "";
          if (typeof found !== "string") throw new TypeError();
          text = found;
          if (!copies.has(name)) known.set(name, text);
        } catch (failure) {
          failed(failure, began);
        }
      }
      return copies.get(name)?.text ?? text ?? known.get(name) ?? "";
    },
    save: change,
    remove: (name) => change(name, ""),
  };
}

function reasonOf(failure: unknown): string {
  const { name } = Object(failure);
  return typeof name === "string" ? name : "UnknownError";
}

function placeOf(kind: StorageKind): SessionStore {
  switch (kind) {
    case "memory":
      return { load: (name) => memory.get(name), save: (name, text) => void memory.set(name, text), remove: (name) => void memory.delete(name) };
    case "session":
    case "local": {
      const storage = (): Storage => {
        const found = globalThis[`${kind}Storage`];
        if (!found) throw new NotStorable("NotSupportedError");
        return found;
      };
      const told = (name: string, text: string): void | Promise<void> => (kind === "local" ? announce(name, text) : undefined);
      return {
        load: (name) => storage().getItem(name),
        save: (name, text) => {
          storage().setItem(name, text);
          return told(name, text);
        },
        remove: (name) => {
          storage().removeItem(name);
          return told(name, "");
        },
      };
    }
    case "indexedDb": {
      const write = (work: (store: IDBObjectStore) => IDBRequest): Promise<void> =>
        inStore("sessions", "readwrite", async (store) => void (await answer(work(store))));
      return {
        load: read,
        save: (name, text) => write((store) => store.put(text, name)),
        remove: (name) => write((store) => store.delete(name)),
      };
    }
  }
  const { load, save, remove } = Object(kind);
  if ([load, save, remove].every((work) => typeof work === "function")) {
    let hasAnswered = false;
    const wait = async <T>(work: () => T | Promise<T>): Promise<T> => {
      const found = await patiently(work, hasAnswered);
      hasAnswered = true;
      return found;
    };
    return {
      load: (name) => wait(() => kind.load(name)),
      save: (name, text) => wait(() => kind.save(name, text)),
      remove: (name) => wait(() => kind.remove(name)),
    };
  }
  throw new OidcError({
    code: "invalid_configuration",
    type: "usage",
    message: 'storage is "memory", "session", "local", "indexedDb", or an object with load, save and remove.',
    details: { option: "storage" },
  });
}

/** The reading that is under way, and the next one with all that was asked for meanwhile: many calls at once open one database. */
let reading: Promise<unknown> | undefined;
let next: Promise<Map<string, string | undefined>> | undefined;
const wanted = new Set<string>();

async function read(name: string): Promise<string | undefined> {
  wanted.add(name);
  next ??= Promise.resolve(reading)
    .catch(() => {})
    .then(() => {
      const names = [...wanted];
      wanted.clear();
      next = undefined;
      const found = inStore("sessions", "readonly", async (store) => {
        const texts = await Promise.all(names.map((name) => answer<string | undefined>(store.get(name))));
        return new Map(names.map((name, index) => [name, texts[index]]));
      });
      reading = found;
      return found;
    });
  return (await next).get(name);
}
