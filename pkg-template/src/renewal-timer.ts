/** What the timer watches of a session. */
export interface Watched {
  /** The session: another one with every sign-in. */
  readonly id?: string;
  /** When its access token expires, in seconds since 1970. */
  readonly expiresAt?: number;
}

/** What the timer asks and tells. */
export interface TimerSteps {
  /** When to renew, in seconds since 1970; without `at` there is nothing to renew by. */
  next(): Promise<{ readonly at?: number }>;
  /**
   * Replaces the token, however good it is by the clock: that may have been set back since the token came. It never rejects: what
   * follows from a failure is what `next` says afterwards.
   */
  renew(): Promise<unknown>;
  /** Called at most once with each event for a token. */
  tell(event: "expiring" | "expired"): void;
}

/** A timer that runs until it is stopped. */
export interface RenewalTimer {
  /** Watches this session from now on, or none. The same object once more changes nothing. */
  schedule(session: Watched | null): void;
  /** Removes the timer and all listeners for good. */
  stop(): void;
}

/** The longest sleep, and how far a clock is set back at least, in milliseconds. */
const MINUTE = 60_000;
/**
 * The time between two renewals, at least, in milliseconds. It doubles each time that the next one is due at once, up to the longest:
 * a provider whose tokens are dead when they come is not flooded.
 */
const PAUSE = 1000;
const LONGEST_PAUSE = 300_000;
/** Signs that the page was away. Each document and each kind of worker has some of them. */
const SIGNS = ["visibilitychange", "focus", "online", "pageshow", "resume"];

/**
 * Renews ahead of expiry. A timer here only says that it is time to look at the clock: computers sleep, and browsers slow timers
 * down and stop those of pages that are kept for the back button. So none is longer than a minute, and a page that comes back looks
 * at once.
 *
 * @see https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers
 */
export function startTimer({ next, renew, tell }: TimerSteps): RenewalTimer {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  let session: Watched | null = null;
  /** When the token was seen first. */
  let since = 0;
  /** What was told of it: 1 that it expires soon, 2 that it has expired. */
  let told = 0;
  /** When to renew, in milliseconds; `undefined` where it has to be asked. */
  let due: number | undefined;
  let renewedAt = -Infinity;
  let pause = PAUSE;
  let offset = 0;
  let isClockBack = false;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** How long to wait until the next renewal; renews where that is now. */
  const work = async (): Promise<number> => {
    // oxlint-disable-next-line no-unmodified-loop-condition -- schedule() and stop() do while it waits
    while (session) {
      if (due === undefined) {
        const asked = session;
        const { at = Infinity } = await next();
        // Meanwhile there may be another session, for which this is no answer.
        if (asked !== session) continue;
        due = at * 1000;
        pause = due > Date.now() ? PAUSE : Math.min(pause * 2, LONGEST_PAUSE);
      }
      const now = clockOffset();
      isClockBack ||= now < offset - MINUTE;
      offset = now;
      if (due === Infinity) return due;
      const wait = Math.max(isClockBack ? 0 : due - Date.now(), renewedAt + pause - performance.now());
      if (wait > 0) return wait;
      // The event says when it can be tried again.
      if (globalThis.navigator?.onLine === false) break;
      isClockBack = false;
      await renew();
      renewedAt = performance.now();
      due = undefined;
    }
    return MINUTE;
  };

  const look = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    // What cannot be asked now is asked again in a minute.
    let wait = await work().catch(() => MINUTE);
    isBusy = false;
    clearTimeout(timer);
    if (!session) return;
    const expiry = (session.expiresAt ?? Infinity) * 1000;
    const left = expiry - Date.now();
    // Who can renew in time need not be warned.
    const warning = due !== undefined && due < expiry ? 0 : Math.min(MINUTE, (expiry - since) / 5);
    const stage = left <= 0 ? 2 : Number(left <= warning);
    if (stage < 2) wait = Math.min(wait, stage ? left : left - warning);
    if (wait < Infinity) {
      timer = setTimeout(look, Math.ceil(Math.min(wait, MINUTE)));
      // Node waits for timers before it ends.
      (timer as { unref?: () => void }).unref?.();
    }
    if (stage <= told) return;
    told = stage;
    tell(stage > 1 ? "expired" : "expiring");
  };

  for (const target of [globalThis, globalThis.document as Document | undefined]) {
    for (const sign of SIGNS) target?.addEventListener?.(sign, look, { signal });
  }
  return {
    schedule(given) {
      if (signal.aborted || given === session) return;
      if (!given || given.id !== session?.id || given.expiresAt !== session?.expiresAt) {
        since = Date.now();
        told = 0;
        offset = clockOffset();
        isClockBack = false;
      }
      session = given;
      due = undefined;
      void look();
    },
    stop() {
      lifetime.abort();
      session = null;
      clearTimeout(timer);
    },
  };
}

/** What is added to a clock that nobody can set to get the one that tells the time. */
function clockOffset(): number {
  return Date.now() - performance.now();
}
