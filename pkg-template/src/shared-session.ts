import { Core, json, type Hooks, type Renewal, type RenewalOptions } from "./core.js";
import type { DpopKey } from "./dpop.js";
import { DpopKeys } from "./dpop-keys.js";
import { isOidcError, OidcError, type OidcErrorCode } from "./errors.js";
import { Emitter } from "./events.js";
import { lock, unlock } from "./locks.js";
import type { Logger } from "./log.js";
import type { AuthorizationDetail, Fetch } from "./messages.js";
import type { NonceGate } from "./nonce-gate.js";
import type { Access, Credentials } from "./protected-fetch.js";
import { startTimer, type RenewalTimer } from "./renewal-timer.js";
import { givenKey } from "./signing.js";
import { openStore, type SafeStore, type StorageKind } from "./stores.js";
import { listenToTabs } from "./tabs.js";
import type { AccessToken, AccessTokenOptions, ClientDpopOptions, OidcClientOptions, OidcEvents, Session } from "./types.js";

/** Failures after which the session is not what it was. */
const CHANGED: ReadonlySet<OidcErrorCode> = new Set(["not_signed_in", "session_ended", "session_lost", "session_changed", "dpop_key_lost"]);
/** One call of the application, or one renewal by the client itself. */
export interface Call {
  /** The session that it is about: `id` and `subject`, on two lines; `""` for whichever there is. */
  readonly expected: string;
  readonly say: ReturnType<Logger["begin"]> | undefined;
}

/**
 * The session of one client, which all tabs have: what is stored is the truth, this is what the page knows of it. Whatever changes,
 * here or in another tab, becomes one event here.
 */
export class SharedSession<Detail extends AuthorizationDetail> {
  readonly core: Core<Detail>;
  readonly keys: DpopKeys | undefined;
  readonly events = new Emitter<OidcEvents<Detail>>([
    "signedIn",
    "renewed",
    "renewalFailed",
    "expiring",
    "expired",
    "signedOut",
    "sessionChanged",
    "degraded",
  ]);
  readonly #logger: Logger | undefined;
  readonly #signing: Hooks | undefined;
  readonly #fetch: Fetch | undefined;
  readonly #timer: RenewalTimer;
  readonly #gates: Map<string, NonceGate> | undefined;
  /** APIs that refused a token right after it was renewed: the next one is renewed only when they have taken one. */
  readonly #hopeless = new Set<string>();
  readonly #renewing = new Map<string, Promise<AccessToken<Detail>>>();
  #store: SafeStore;
  #tabs: ReturnType<typeof listenToTabs> | undefined;
  #snapshot: { readonly text: string; readonly session: Session<Detail> } | undefined;
  /** Counts what makes an answer of the store old. */
  #news = 0;
  #held = 0;
  #isClosed = false;

  constructor(options: OidcClientOptions<Detail>) {
    const { dpop = options.profile === "fapi2", requestObject, storage = "memory", logger, automaticRenewal = true, fetch, ...own } = options;
    const { revokeOnSignOut: _, ...rest } = own;
    const { signer = "webcrypto", ...proofs } = Object(dpop) as ClientDpopOptions;
    const signing = requestObject && givenKey(requestObject);
    this.#logger = logger;
    this.#store = this.#open(storage);
    this.core = new Core(
      {
        ...rest,
        storage: typeof storage === "string" ? storage : undefined,
        dpop: dpop === Object(dpop) ? proofs : dpop,
        requestObject: signing && { algorithm: signing.algorithm, keyId: signing.keyId },
      },
      {
        load: (name) => {
          // Names of one session differ in their last word.
          this.#tabs ??= listenToTabs(name.replace(/\w+$/, "session"), storage, () => this.#hear());
          return this.#store.load(name);
        },
        save: async (name, text) => {
          await this.#store.save(name, text);
          this.#wrote(name);
        },
        remove: async (name) => {
          await this.#store.remove(name);
          this.#wrote(name);
        },
        lock: async (name, milliseconds) => {
          const store = this.#store;
          const ticket = await lock(name, Number(milliseconds), store.isShared);
          try {
            // What the one before has written may come later than the lock.
            if (ticket !== "") await store.settle?.();
          } catch (failure) {
            unlock(ticket);
            throw failure;
          }
          return ticket;
        },
        unlock,
        fetch,
      },
    );
    this.#fetch = fetch;
    if (dpop) {
      const { authority, clientId } = options;
      this.keys = new DpopKeys({ authority, clientId, persisted: storage !== "memory", algorithm: proofs.algorithm ?? "ES256", signer });
      this.#gates = new Map();
    }
    if (signing) {
      let sign: ReturnType<typeof signing.load> | undefined;
      this.#signing = { signRequest: async (input) => (await (sign ??= signing.load()))(input) };
    }
    this.#timer = startTimer({
      next: async () => (automaticRenewal ? this.keep(() => this.core.run("nextRenewal", undefined)) : {}),
      renew: async () => {
        const expiresAt = this.current?.expiresAt;
        // What follows from a failure is told by an event.
        if (expiresAt !== undefined) await this.keep(() => this.renew({ expiresAt }, this.begin())).catch(() => {});
      },
      tell: (event) => this.#tell(event),
    });
  }

  /** What the page knows: frozen, and the same object until something changes. */
  get current(): Session<Detail> | null {
    return this.#snapshot?.session ?? null;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** A call that begins now. */
  begin(): Call {
    const { current } = this;
    return { expected: current ? `${current.id}\n${current.subject}` : "", say: this.#logger?.begin() };
  }

  /** Carries work out, and keeps the core from being freed until it is done. What has failed for good is found out before it is told. */
  async keep<T>(work: () => T | Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work();
    } catch (failure) {
      if (isOidcError(failure) && CHANGED.has(failure.code)) await this.reread().catch(() => {});
      throw failure;
    } finally {
      this.#held -= 1;
      this.#release();
    }
  }

  /**
   * Looks what is stored, or begins with that, which is nothing new for the application then. Whoever wrote or began to look while an
   * answer was on its way knows something newer.
   */
  async reread(operation: "session" | "restore" = "session", hooks?: Hooks): Promise<Session<Detail> | null> {
    this.#news += 1;
    for (;;) {
      const news = this.#news;
      const found = await this.core.run(operation, undefined, hooks);
      if (news === this.#news) return this.notice(found, operation === "restore");
    }
  }

  /** Takes over what is stored now, and tells what has changed. With `isQuiet` it is nothing new for the application. */
  notice(session: Session<Detail> | null | undefined, isQuiet = false): Session<Detail> | null {
    const before = this.current;
    const text = session ? JSON.stringify(session) : undefined;
    if (text === this.#snapshot?.text) return before;
    this.#snapshot = session && text ? { text, session: freeze(session) } : undefined;
    const { current } = this;
    if (this.#isClosed) return current;
    this.#timer.schedule(current);
    if (isQuiet) return current;
    const event = !current
      ? "signedOut"
      : !before
        ? "signedIn"
        : before.subject !== current.subject
          ? "sessionChanged"
          : before.id === current.id
            ? "renewed"
            : "signedIn";
    this.#tell(event);
    return current;
  }

  #tell(event: "signedIn" | "renewed" | "signedOut" | "sessionChanged" | "expiring" | "expired"): void {
    this.#logger?.begin()(event);
    this.events.emit(event, (this.current ?? undefined) as never);
  }

  /** What the core asks of this script during one call, which has one key. */
  hooks({ say }: Partial<Call>, key?: DpopKey) {
    return {
      ...this.#signing,
      ...(say && {
        log: (text: string) => {
          const [phase, status, code] = text.split(" ");
          say(code ? "requestFailed" : "requestAnswered", { phase, status: Number(status) || undefined, code });
          return "";
        },
      }),
      key: async (thumbprint: string) => {
        key = await this.keys?.find(thumbprint);
        if (thumbprint === "") {
          // A key of this page alone: no other one could use the session.
          if (this.#store.isShared) this.#store = this.#open("memory");
        } else if (!key) this.degraded("dpopKey", "lost");
        return key?.thumbprint ?? "";
      },
      dropKey: async (thumbprint: string) => {
        this.#gates?.clear();
        await this.keys?.drop(thumbprint);
        return "";
      },
      proof: async (subject: string) => (key as DpopKey).proof(JSON.parse(subject)),
    };
  }

  degraded(feature: "dpopKey" | "storage", reason: string): void {
    this.#logger?.begin()("degraded", { feature, reason });
    this.events.emit("degraded", { feature, reason });
  }

  async token(options: AccessTokenOptions, call: Call): Promise<AccessToken<Detail>> {
    const found = await this.core.run("accessToken", options, this.hooks(call), undefined, call.expected);
    return "renew" in found ? this.renew(options, call) : found;
  }

  /** One renewal for all who want the same. It goes on when they do not: a refresh token that was sent may be used up. */
  renew(wanted: RenewalOptions, call: Call): Promise<AccessToken<Detail>> {
    const name = json([call.expected, wanted]);
    let renewal = this.#renewing.get(name);
    if (!renewal) {
      renewal = this.#renewAlone(wanted, call);
      this.#renewing.set(name, renewal);
      const done = (): unknown => this.#renewing.delete(name);
      renewal.then(done, done);
    }
    return renewal;
  }

  async #renewAlone(wanted: RenewalOptions, call: Call): Promise<AccessToken<Detail>> {
    const { say } = call;
    say?.("renewalStarted");
    try {
      const token = await this.core.run("renew", wanted, this.hooks(call), undefined, call.expected);
      say?.("renewalSucceeded", { expiresAt: token.expiresAt });
      await this.reread();
      return token;
    } catch (failure) {
      say?.("renewalFailed", failure);
      // After a failure the next attempt has another time.
      this.#timer.schedule(this.current && { ...this.current });
      // What has no phase was not even tried.
      if ((failure as OidcError).phase) this.events.emit("renewalFailed", failure as OidcError);
      throw failure;
    }
  }

  /** What the core gives, after a renewal if it wants one first. Claims about a person may be called anything, but have `sub`. */
  async renewed<T extends object>(call: Call, ask: () => Promise<T | Renewal>): Promise<T> {
    const isRenewal = (found: T | Renewal): found is Renewal => "renew" in found && !("sub" in found);
    let found = await ask();
    if (isRenewal(found)) {
      await this.renew(found.renew, call);
      found = await ask();
    }
    if (!isRenewal(found)) return found;
    throw new OidcError({
      code: "access_token_expired",
      type: "interaction",
      message: "The access token had expired when it came.",
    });
  }

  /** What requests to APIs are made with, in one call. */
  access(call: Call): Access {
    return {
      gates: this.#gates,
      hopeless: this.#hopeless,
      say: call.say,
      // The global one of this moment: a page may have put another in its place.
      fetch: (request) => (this.#fetch ?? fetch)(request),
      // Part of work that has begun; it goes on when a signal has ended that.
      authorize: (...request) => this.keep(() => this.#authorize(call, ...request)),
      answered: (answer) => this.core.run("answered", answer),
      renew: (wanted, authorization) => this.keep(() => this.#replace(call, wanted, authorization)),
    };
  }

  /** Whether there is another token than one that was refused. */
  async #replace(call: Call, wanted: AccessTokenOptions, authorization: string): Promise<boolean> {
    try {
      await this.renew({ ...wanted, refused: authorization.replace(/^\S+ /, "") }, call);
      return true;
    } catch (failure) {
      // The refusal is the answer then.
      if (isOidcError(failure, "access_token_expired") || (isOidcError(failure) && failure.retryable)) return false;
      throw failure;
    }
  }

  async #authorize(call: Call, ...[url, method, choose]: Parameters<Access["authorize"]>): Promise<Credentials> {
    const hooks = this.hooks(call);
    const found = await this.renewed(call, () => this.core.run("authorize", { url, method }, hooks, undefined, call.expected));
    const { authorization, ...subject } = found;
    if (subject.accessToken === undefined) return { authorization };
    const nonce = choose ? choose(subject.nonce) : subject.nonce;
    const proof = await hooks.proof(json({ ...subject, method, url, nonce }));
    return { authorization, proof, nonce };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.stop();
    this.#tabs?.close();
    this.events.clear();
    this.#release();
  }

  #open(kind: StorageKind): SafeStore {
    return openStore(kind, (reason) => this.degraded("storage", reason));
  }

  #wrote(name: string): void {
    // Whose turn it is says nothing about the session.
    if (name.endsWith(".lease")) return;
    this.#news += 1;
    this.#tabs?.tell();
  }

  /** Another client has changed something. */
  #hear(): void {
    this.#logger?.begin()("messageReceived");
    if (!this.#isClosed) this.keep(() => this.reread()).catch(() => {});
  }

  #release(): void {
    if (!this.#isClosed || this.#held > 0) return;
    try {
      this.core.free();
    } catch {
      // The instance is dead; there is nothing left to free.
    }
  }
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}
