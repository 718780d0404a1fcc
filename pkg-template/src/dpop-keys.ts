/** Keys for proofs that outlive their page: IndexedDB keeps them as closed as they are, one for each sign-in. */
import { answer, inStore, NotStorable, SILENT } from "./database.js";
import { DpopKey, type DpopSigner } from "./dpop.js";
import { OidcError } from "./errors.js";
import type { SigningAlgorithm } from "./types.js";

const DAY = 86_400_000;
/** A sign-in that took longer was given up; its key is nobody's. In milliseconds. */
const ABANDONED = 900_000;
/** A key that no page has wanted for 90 days is of no session any more: of one that was stored and cleared, for example. */
const UNUSED = 7_776_000_000;
/** How many keys a page holds; those used longest ago go first. */
const MOST_KEYS = 100;

export interface DpopKeysOptions {
  readonly authority: string;
  readonly clientId: string;
  /** Whether sessions survive their page, and so must their key. Read when it is needed: storage may stop working. */
  readonly persisted: boolean;
  readonly algorithm: SigningAlgorithm;
  readonly signer: DpopSigner;
}

interface Entry {
  readonly keyPair: CryptoKeyPair;
  readonly thumbprint: string;
  /** Of a key that a sign-in is waiting for: when it was made. */
  readonly awaitedSince?: number;
  /** Of a key that a session has: when a page last wanted it, to the day. */
  readonly usedAt?: number;
}

/** The keys that this page uses, of all its clients, by thumbprint; and when that was last written down. */
const held = new Map<string, { readonly key: DpopKey; usedAt: number }>();

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
   * The key that a sign-in begins with, kept for the page that ends it. Each has its own, so that no proof made before can serve a
   * code (RFC 9449, section 11.9).
   *
   * Without a key when none can be kept: `reason` is `"software"`, or the name of what IndexedDB threw.
   */
  async forSignIn(): Promise<{ key: DpopKey } | { key: undefined; reason: string }> {
    if (this.#options.signer === "software") return { key: undefined, reason: "software" };
    // Made beforehand: a transaction does not wait for WebCrypto.
    const key = await this.#make();
    try {
      await inStore("keys", "readwrite", async (store) => {
        const [names, entries] = await Promise.all([answer(store.getAllKeys()), answer(store.getAll() as IDBRequest<Entry[]>)]);
        const now = Date.now();
        for (const [index, { awaitedSince, usedAt = 0 }] of entries.entries()) {
          const name = names[index];
          const isOld = awaitedSince === undefined ? now - usedAt > UNUSED : Math.abs(now - awaitedSince) > ABANDONED;
          if (name !== undefined && isOld) store.delete(name);
        }
        const entry = { keyPair: key.keyPair, thumbprint: key.thumbprint, awaitedSince: now };
        await answer(store.put(entry, this.#name(key.thumbprint)));
      });
      return { key };
    } catch (failure) {
      if (failure instanceof NotStorable) return { key: undefined, reason: failure.name };
      throw failure;
    }
  }

  /**
   * The key with this thumbprint, or nothing when it is lost. With an empty thumbprint a new one, in this page only. Rejects where
   * nobody can say whether it is lost: its session may be good in other tabs.
   */
  async find(thumbprint: string): Promise<DpopKey | undefined> {
    const known = held.get(thumbprint);
    const key = thumbprint === "" ? await this.#make() : (known?.key ?? (await this.#stored(thumbprint)));
    if (!key) return undefined;
    const now = Date.now();
    const usedAt = known?.usedAt ?? now;
    const isDue = Math.abs(now - usedAt) > DAY;
    if (isDue) this.#stored(thumbprint).catch(() => {});
    held.delete(key.thumbprint);
    held.set(key.thumbprint, { key, usedAt: isDue ? now : usedAt });
    for (const oldest of held.keys()) {
      if (held.size <= MOST_KEYS) break;
      held.delete(oldest);
    }
    return key;
  }

  /** The session with this key has ended. */
  async drop(thumbprint: string): Promise<void> {
    held.delete(thumbprint);
    if (this.#options.signer === "software") return;
    await inStore("keys", "readwrite", async (store) => void store.delete(this.#name(thumbprint))).catch(() => {});
  }

  #make(): Promise<DpopKey> {
    const { algorithm, signer } = this.#options;
    return DpopKey.generate({ algorithm, signer });
  }

  #name(last: string): string {
    return [this.#options.authority, this.#options.clientId, last].join("\n");
  }

  async #stored(thumbprint: string): Promise<DpopKey | undefined> {
    const { persisted, signer } = this.#options;
    if (signer === "software") return undefined;
    const name = this.#name(thumbprint);
    const look = (mode: IDBTransactionMode): Promise<Entry | undefined> =>
      inStore("keys", mode, async (store) => {
        const entry = await answer(store.get(name) as IDBRequest<Entry | undefined>);
        if (!entry || mode === "readonly") return entry;
        const { awaitedSince, ...rest } = entry;
        // Of a session in memory it is this page's from here on, and nobody else's.
        if (!persisted && awaitedSince !== undefined) store.delete(name);
        else store.put({ ...rest, usedAt: Date.now() }, name);
        return entry;
      });
    const entry = await look("readwrite")
      // Where nothing can be written it may still be read. Nobody waits twice.
      .catch((failure: NotStorable) => (failure.name === SILENT ? Promise.reject(failure) : look("readonly")))
      .catch((failure: NotStorable) => {
        if (!persisted || failure.name !== SILENT) return undefined;
        throw new OidcError({
          code: "storage_unavailable",
          type: "storage",
          retryable: true,
          message: "IndexedDB did not answer: the key of this session may be there, or not.",
        });
      });
    // What a store gave back need not be what was put there.
    const key = entry && (await DpopKey.from(entry.keyPair).catch(() => undefined));
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
