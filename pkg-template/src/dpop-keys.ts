/** Keys for proofs that outlive their page: IndexedDB keeps them as closed as they are, and all tabs agree on one. */
import { DpopKey, type DpopSigner } from "./dpop.js";
import { OidcError } from "./errors.js";
import type { SigningAlgorithm } from "./types.js";

const DATABASE = "oidc-wasm";
const STORE = "keys";
/** A sign-in that took longer was given up; its key is nobody's. In milliseconds. */
const ABANDONED = 900_000;
/** Some engines never answer: not in this time, not at all. In milliseconds. */
const PATIENCE = 3000;
const SILENT = "TimeoutError";
/** How many keys a page holds; those used longest ago go first. */
const MOST_KEYS = 100;

export interface DpopKeysOptions {
  readonly authority: string;
  readonly clientId: string;
  /** Whether sessions survive a reload, and so must their key. */
  readonly persisted: boolean;
  readonly algorithm: SigningAlgorithm;
  readonly signer: DpopSigner;
}

interface Entry {
  readonly keyPair: CryptoKeyPair;
  readonly thumbprint: string;
  /** Of a key that one sign-in is waiting for: when it was made. */
  readonly awaitedSince?: number;
}

/** The keys that this page uses, of all its clients, by thumbprint. */
const held = new Map<string, DpopKey>();

/** The keys of one client at one issuer (FAPI 2.0 Security Profile, section 6: never one key for two servers). */
export class DpopKeys {
  readonly #options: DpopKeysOptions;

  constructor(options: DpopKeysOptions) {
    this.#options = options;
    const { algorithm, signer } = options;
    if (signer !== "webcrypto" && signer !== "software") throw wrong("dpop.signer");
    if (signer === "software" && algorithm !== "ES256") throw wrong("dpop.algorithm");
  }

  /**
   * The key that a sign-in begins with, kept for the page that ends it. Persisted sessions of all tabs share one, also after
   * sign-out. Sessions in memory have one each, so that no proof made before can serve a code (RFC 9449, section 11.9).
   *
   * Without a key when none can be kept: `reason` is `"software"`, or the name of what IndexedDB threw.
   */
  async forSignIn(): Promise<{ key: DpopKey } | { key: undefined; reason: string }> {
    if (this.#options.signer === "software") return { key: undefined, reason: "software" };
    try {
      return { key: this.#options.persisted ? await this.#agree() : await this.#keepForCallback() };
    } catch (failure) {
      if (failure instanceof NotStorable) return { key: undefined, reason: failure.reason };
      throw failure;
    }
  }

  /** The key with this thumbprint, or nothing when it is lost. With an empty thumbprint a new one, in this page only. */
  async find(thumbprint: string): Promise<DpopKey | undefined> {
    const key = thumbprint === "" ? await this.#make() : (held.get(thumbprint) ?? (await this.#stored(thumbprint)));
    if (key) {
      held.delete(key.thumbprint);
      held.set(key.thumbprint, key);
      for (const oldest of held.keys()) {
        if (held.size <= MOST_KEYS) break;
        held.delete(oldest);
      }
    }
    return key;
  }

  #make(): Promise<DpopKey> {
    const { algorithm, signer } = this.#options;
    return DpopKey.generate({ algorithm, signer });
  }

  #name(last: string): string {
    return [this.#options.authority, this.#options.clientId, last].join("\n");
  }

  /** One key, however many tabs look for it at the same time: the first to store one decides for all. */
  async #agree(): Promise<DpopKey> {
    const name = this.#name(this.#options.algorithm);
    const before = await inStore("readonly", (store) => read(store, name));
    const known = before && (await revive(before));
    if (known) return known;
    // Made beforehand: a transaction does not wait for WebCrypto.
    const made = await this.#make();
    const winner = await inStore("readwrite", async (store) => {
      const entry = await read(store, name);
      if (entry && entry.thumbprint !== before?.thumbprint) return entry;
      await answer(store.put(entryOf(made), name));
      return undefined;
    });
    if (!winner) return made;
    const key = await revive(winner);
    if (!key) throw new NotStorable("DataError");
    return key;
  }

  async #keepForCallback(): Promise<DpopKey> {
    const made = await this.#make();
    await inStore("readwrite", async (store) => {
      const [names, entries] = await Promise.all([answer(store.getAllKeys()), answer(store.getAll() as IDBRequest<Entry[]>)]);
      const now = Date.now();
      for (const [index, { awaitedSince }] of entries.entries()) {
        const name = names[index];
        if (name !== undefined && awaitedSince !== undefined && Math.abs(now - awaitedSince) > ABANDONED) store.delete(name);
      }
      await answer(store.put({ ...entryOf(made), awaitedSince: now }, this.#name(made.thumbprint)));
    });
    return made;
  }

  async #stored(thumbprint: string): Promise<DpopKey | undefined> {
    const { persisted, algorithm, signer } = this.#options;
    if (signer === "software") return undefined;
    const name = this.#name(persisted ? algorithm : thumbprint);
    const look = (): Promise<Entry | undefined> =>
      inStore(persisted ? "readonly" : "readwrite", async (store) => {
        const entry = await read(store, name);
        // From here on it is this page's, and nobody else's.
        if (!persisted) store.delete(name);
        return entry;
      });
    // Once more, because Safari loses its connection now and then; but nobody waits twice.
    const again = (failure: NotStorable): Promise<Entry | undefined> | undefined => (failure.reason === SILENT ? undefined : look());
    const entry = await look()
      .catch(again)
      .catch(() => undefined);
    const key = entry && (await revive(entry));
    return key?.thumbprint === thumbprint ? key : undefined;
  }
}

function wrong(option: string): OidcError {
  return new OidcError({
    code: "invalid_configuration",
    type: "usage",
    message: 'A signer is "webcrypto", or "software" with ES256.',
    details: { option },
  });
}

class NotStorable {
  constructor(readonly reason: string) {}
}

function entryOf({ keyPair, thumbprint }: DpopKey): Entry {
  return { keyPair: keyPair as CryptoKeyPair, thumbprint };
}

/** What a store gave back need not be what was put there. */
function revive({ keyPair }: Entry): Promise<DpopKey | undefined> {
  return DpopKey.from(keyPair).catch(() => undefined);
}

function read(store: IDBObjectStore, name: string): Promise<Entry | undefined> {
  return answer(store.get(name) as IDBRequest<Entry | undefined>);
}

/** Works on the keys in one transaction. Everything that IndexedDB can do wrong ends as {@link NotStorable}. */
async function inStore<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new NotStorable(SILENT)), PATIENCE);
      }),
      transact(mode, work),
    ]);
  } catch (failure) {
    if (failure instanceof NotStorable) throw failure;
    throw new NotStorable(failure instanceof DOMException ? failure.name : "NotSupportedError");
  } finally {
    clearTimeout(timer);
  }
}

async function transact<T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(STORE));
  const database = await answer(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const [result] = await Promise.all([
      work(transaction.objectStore(STORE)),
      new Promise((resolve, reject) => {
        transaction.addEventListener("complete", resolve);
        transaction.addEventListener("abort", () => reject(new NotStorable(transaction.error?.name ?? "AbortError")));
      }),
    ]);
    return result;
  } finally {
    database.close();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}
