/**
 * What runs in each page of the tests with many tabs, before its own scripts. Each function is sent to the browser as text, so it
 * may use nothing from outside itself.
 */

/** What a tab tells about one round. */
export interface Report {
  readonly round: number;
  /** The access token that it has in the end. */
  readonly token?: string;
  /** The code of the error that it got instead. */
  readonly code?: string;
  /** How long it waited, in milliseconds. */
  readonly waited: number;
}

/** The order to begin a round, which reaches all tabs at the same moment. */
export interface Order {
  readonly round: number;
  /** How far the clock jumps, in seconds. */
  readonly seconds: number;
  /** How many calls each tab makes that asks at all; with 0 all leave it to the timers. */
  readonly calls: number;
}

export interface Seen {
  readonly name: string;
  readonly detail: string;
}

export interface TabAgent {
  /** Gets a usable access token in the way of the library. */
  ask?: () => Promise<string>;
  /** Whether this tab asks in each round; the others leave it to the library's timer. */
  asks: boolean;
  readonly events: Seen[];
  /** Notes an event of the library. `renewed` ends the round for a tab that does not ask. */
  saw(name: string, detail?: unknown): void;
  /** The page stops here, if the test wants that: nothing in it runs until the test goes on. */
  stop(point: string): void;
}

declare global {
  interface Window {
    tab: TabAgent;
    report(report: Report): Promise<void>;
    /** The clock jumps ahead, and timers that are due fire, as after sleep. */
    advanceClock(seconds: number): void;
  }
}

export const CHANNEL = "tabs test";

/**
 * A clock that can jump, with the timers that hang on it. Single ones of less than half a minute run on as they were: they are
 * deadlines of work that is under way. It begins so many seconds ahead, and goes on in new pages of its origin.
 */
export function jumpingClock(start: number): void {
  const name = "test clock";
  const { Date: RealDate, setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = window;
  const realNow = performance.now.bind(performance);
  const stored = (): number => {
    try {
      return Number(localStorage.getItem(name) ?? start * 1000);
    } catch {
      return start * 1000;
    }
  };
  let ahead = stored();
  const now = (): number => RealDate.now() + ahead;
  window.Date = new Proxy(RealDate, {
    construct: (target, values, made) => Reflect.construct(target, values.length === 0 ? [now()] : values, made) as Date,
    get: (target, key) => (key === "now" ? now : (Reflect.get(target, key) as unknown)),
  });
  const before = ahead;
  performance.now = () => realNow() + ahead - before;

  interface Timer {
    due: number;
    readonly delay: number;
    readonly repeats: boolean;
    readonly run: () => void;
    handle: number;
  }
  const SHORT = 30_000;
  const timers = new Map<number, Timer>();
  let count = 0;
  const arm = (id: number, timer: Timer): void => {
    timer.handle = realSetTimeout(
      () => {
        if (timer.repeats) {
          timer.due = now() + timer.delay;
          arm(id, timer);
        } else timers.delete(id);
        timer.run();
      },
      Math.max(0, timer.due - now()),
    );
  };
  const create = (handler: TimerHandler, given: number | undefined, repeats: boolean, values: unknown[]): number => {
    // As in browsers: a delay of more than 31 bits is none.
    const delay = (given ?? 0) > 0x7fff_ffff ? 0 : (given ?? 0);
    const id = ++count;
    const timer = { due: now() + delay, delay, repeats, run: () => void (handler as (...values: unknown[]) => void)(...values), handle: 0 };
    timers.set(id, timer);
    arm(id, timer);
    return id;
  };
  const clear = ((id?: number): void => {
    const timer = timers.get(id ?? 0);
    if (timer) realClearTimeout(timer.handle);
    timers.delete(id ?? 0);
  }) as typeof clearTimeout;
  window.setTimeout = ((handler: TimerHandler, delay?: number, ...values: unknown[]) => create(handler, delay, false, values)) as typeof setTimeout;
  window.setInterval = ((handler: TimerHandler, delay?: number, ...values: unknown[]) => create(handler, delay, true, values)) as typeof setInterval;
  window.clearTimeout = clear;
  window.clearInterval = clear;
  const jumpTo = (time: number): void => {
    ahead = time;
    for (const [id, timer] of timers) {
      if (timer.delay < SHORT && !timer.repeats) continue;
      realClearTimeout(timer.handle);
      arm(id, timer);
    }
  };
  window.advanceClock = (seconds) => {
    // Another tab may have noted the jump already.
    jumpTo(Math.max(stored(), ahead + seconds * 1000));
    localStorage.setItem(name, String(ahead));
  };
  addEventListener("pageshow", ({ persisted }) => persisted && jumpTo(stored()));
}

/** Takes orders and reports. */
export function agent(channelName: string): void {
  /** The round that goes on, and whether this tab only waits for news in it. */
  const started = { round: 0, at: 0, waits: false };
  // The real one: this runs before the clock is replaced.
  const now = performance.now.bind(performance);
  const since = (): number => now() - started.at;
  const codeOf = (failure: unknown): string => {
    const { code, error, message } = failure as { code?: string; error?: string; message?: string };
    return code ?? error ?? message ?? String(failure);
  };
  const tell = async (work: Promise<string>[]): Promise<void> => {
    const { round } = started;
    try {
      const tokens = new Set(await Promise.all(work));
      await window.report({ round, token: [...tokens].join(" "), waited: since() });
    } catch (failure) {
      await window.report({ round, code: codeOf(failure), waited: since() });
    }
  };
  window.tab = {
    asks: true,
    events: [],
    saw(name, detail) {
      window.tab.events.push({ name, detail: detail === undefined ? "" : JSON.stringify(detail) });
      if (!started.waits || !window.tab.ask) return;
      if (name === "renewed") void tell([window.tab.ask()]);
      if (name === "signedOut") void window.report({ round: started.round, code: "signedOut", waited: since() });
    },
    stop(point) {
      const request = new XMLHttpRequest();
      request.open("GET", `/stop/${point}`, false);
      try {
        request.send();
      } catch {
        // Nobody listens any more.
      }
    },
  };
  new BroadcastChannel(channelName).addEventListener("message", ({ data }: MessageEvent<Order>) => {
    const { ask, asks } = window.tab;
    if (!ask) return;
    started.round = data.round;
    started.at = now();
    started.waits = !asks || data.calls === 0;
    window.advanceClock?.(data.seconds);
    if (!started.waits) void tell(Array.from({ length: data.calls }, ask));
  });
}

/**
 * Calls `window.tab.stop` where a renewal is about to send and has its answer, and before and after it saves: first the refresh
 * token alone, then everything.
 */
export function stopPoints(): void {
  const { fetch } = window;
  /** How often was saved since the answer; before one, nothing counts. */
  let saves = Number.NaN;
  window.fetch = async (input, init) => {
    const url = typeof input === "string" || input instanceof URL ? String(input) : input.url;
    if (!url.endsWith("/token")) return fetch(input, init);
    window.tab.stop("before sending");
    const response = await fetch(input, init);
    saves = 0;
    window.tab.stop("after the response");
    return response;
  };
  const isSession = (key: unknown): boolean => saves >= 0 && String(key).startsWith("oidc-wasm") && String(key).endsWith(".session");
  const before = (): void => window.tab.stop(`before save ${(saves += 1)}`);
  const after = (): void => window.tab.stop(`after save ${saves}`);
  const { setItem } = Storage.prototype;
  Storage.prototype.setItem = function (key, value) {
    const stops = isSession(key);
    if (stops) before();
    setItem.call(this, key, value);
    if (stops) after();
  };
  const saving = new WeakSet<IDBTransaction>();
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (...values) {
    const made = transaction.apply(this, values);
    // Before the listeners of those who wait for it.
    made.addEventListener("complete", () => saving.has(made) && after());
    return made;
  };
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    if (isSession(key)) {
      before();
      saving.add(this.transaction);
    }
    return put.call(this, value, key);
  };
}
