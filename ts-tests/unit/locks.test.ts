import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const NAME = "oidc-wasm.1.abc.lock";
const BOUND = 10_000;

interface Waiting {
  readonly name: string;
  readonly clientId: string;
  grant(): void;
  reject(reason: unknown): void;
}

interface Holding {
  readonly name: string;
  readonly clientId: string;
  lose(): void;
}

/** Web Locks as their specification has them: one line for each name, stealing, signals; of many tabs. */
class FakeLocks {
  pending: Waiting[] = [];
  held: Holding[] = [];
  steals = 0;

  of(clientId: string): unknown {
    return {
      query: async () => ({ held: this.held.map(({ name, clientId }) => ({ name, clientId })), pending: this.pending.map(({ name }) => ({ name })) }),
      request: (name: string, ...rest: [LockOptions, () => unknown] | [() => unknown]) => {
        const work = rest.at(-1) as () => unknown;
        const { steal, signal } = (rest.length === 2 ? rest[0] : {}) as LockOptions;
        return new Promise((resolve, reject) => {
          const waiting: Waiting = {
            name,
            clientId,
            reject,
            grant: () => {
              const holding: Holding = { name, clientId, lose: () => reject(new DOMException("stolen", "AbortError")) };
              this.held.push(holding);
              const release = (): void => {
                this.held = this.held.filter((other) => other !== holding);
                this.#next(name);
              };
              queueMicrotask(() => void Promise.resolve(work()).then(resolve, reject).finally(release));
            },
          };
          if (steal) {
            this.steals += 1;
            for (const holding of this.held.filter((holding) => holding.name === name)) {
              this.held = this.held.filter((other) => other !== holding);
              holding.lose();
            }
            waiting.grant();
            return;
          }
          this.pending.push(waiting);
          signal?.addEventListener("abort", () => {
            if (!this.pending.includes(waiting)) return;
            this.pending = this.pending.filter((other) => other !== waiting);
            reject(signal.reason);
          });
          this.#next(name);
        });
      },
    };
  }

  /** A tab goes away. */
  close(clientId: string): void {
    const names = this.held.filter((holding) => holding.clientId === clientId).map(({ name }) => name);
    this.held = this.held.filter((holding) => holding.clientId !== clientId);
    this.pending = this.pending.filter((waiting) => waiting.clientId !== clientId);
    names.forEach((name) => this.#next(name));
  }

  #next(name: string): void {
    if (this.held.some((holding) => holding.name === name)) return;
    const first = this.pending.find((waiting) => waiting.name === name);
    this.pending = this.pending.filter((waiting) => waiting !== first);
    first?.grant();
  }
}

interface Tab {
  lock(name?: string, milliseconds?: number, isShared?: boolean): Promise<string>;
  unlock(ticket: string): void;
}

let locks: FakeLocks;

/** A tab has modules and a client identity of its own. */
async function openTab(clientId: string, manager: unknown = locks.of(clientId)): Promise<Tab> {
  vi.resetModules();
  const { lock, unlock } = await import("../../pkg-template/src/locks.ts");
  return {
    unlock,
    lock: (name = NAME, milliseconds = BOUND, isShared = true) => {
      vi.stubGlobal("navigator", { locks: manager });
      return lock(name, milliseconds, isShared);
    },
  };
}

async function openTabs(count: number): Promise<Tab[]> {
  const tabs: Tab[] = [];
  for (let number = 0; number < count; number++) tabs.push(await openTab(`tab ${number}`));
  return tabs;
}

/** Whether it has come by now; nothing is waited for. */
function watch(work: Promise<string>): { ticket?: string } {
  const seen: { ticket?: string } = {};
  void work.then((ticket) => (seen.ticket = ticket));
  return seen;
}

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  locks = new FakeLocks();
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ["in all tabs", true],
  ["in this page", false],
] as const)("a lock %s", (_name, isShared) => {
  const take = (tab: Tab, name = NAME) => tab.lock(name, BOUND, isShared);

  test("has one holder at a time, in the order in which they came", async () => {
    const tab = await openTab("tab");
    let holders = 0;
    let most = 0;
    const order: number[] = [];
    const work = Array.from({ length: 100 }, async (_, number) => {
      const ticket = await take(tab);
      expect(ticket).not.toBe("");
      most = Math.max(most, ++holders);
      order.push(number);
      await pass(10);
      holders -= 1;
      tab.unlock(ticket);
    });
    await Promise.all(work);
    expect(most).toBe(1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).toHaveLength(100);
  });

  test("of another name is another one", async () => {
    const tab = await openTab("tab");
    const tickets = await Promise.all([take(tab, "one"), take(tab, "other")]);
    expect(new Set(tickets).size).toBe(2);
  });

  test("RF-02: who hangs loses it after the bound, and only to the next one", async () => {
    const tab = await openTab("tab");
    await take(tab);
    const waiters = Array.from({ length: 5 }, () => watch(take(tab)));
    await pass(BOUND - 10);
    expect(waiters.filter(({ ticket }) => ticket)).toHaveLength(0);
    await pass(20);
    expect(waiters.map(({ ticket }) => ticket !== undefined)).toEqual([true, false, false, false, false]);
    await pass(BOUND - 100);
    expect(waiters.filter(({ ticket }) => ticket)).toHaveLength(1);
    tab.unlock(waiters[0]?.ticket ?? "");
    await pass(10);
    expect(waiters.filter(({ ticket }) => ticket)).toHaveLength(2);
  });

  test("RF-14: nothing is held when nobody uses it; giving back twice, or what nobody has, does nothing", async () => {
    const tab = await openTab("tab");
    const first = await take(tab);
    tab.unlock(first);
    tab.unlock("unknown");
    tab.unlock("");
    await pass(0);
    expect([locks.held, locks.pending]).toEqual([[], []]);
    const second = await take(tab);
    tab.unlock(first);
    const third = watch(take(tab));
    await pass(100);
    expect(third.ticket).toBeUndefined();
    tab.unlock(second);
    await pass(0);
    expect(third.ticket).toBeDefined();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("between tabs", () => {
  test("RF-02: of twenty tabs that have waited equally long one steals, and nobody steals from it", async () => {
    const [holder, ...others] = await openTabs(21);
    await holder?.lock();
    const waiting = others.map((tab) => ({ tab, seen: watch(tab.lock()) }));
    const held = () => waiting.filter(({ seen }) => seen.ticket !== undefined);
    await pass(BOUND + 100);
    expect([held().length, locks.steals]).toEqual([1, 1]);
    await pass(BOUND - 200);
    expect([held().length, locks.steals]).toEqual([1, 1]);
    for (let count = 1; count <= 20; count++) {
      expect(held()).toHaveLength(count);
      const last = held().find(({ seen }) => seen.ticket !== "done");
      last?.tab.unlock(last.seen.ticket ?? "");
      if (last) last.seen.ticket = "done";
      await pass(1);
    }
    expect([locks.steals, locks.held, locks.pending]).toEqual([1, [], []]);
  });

  test("RF-02: one after the other that works for long is not robbed, whoever waits", async () => {
    const tabs = await openTabs(8);
    let most = 0;
    let holders = 0;
    const all = tabs.map(async (tab) => {
      const ticket = await tab.lock();
      most = Math.max(most, ++holders);
      await new Promise((resolve) => setTimeout(resolve, BOUND * 0.8));
      holders -= 1;
      tab.unlock(ticket);
    });
    await pass(BOUND * 8);
    await Promise.all(all);
    expect([most, locks.steals]).toEqual([1, 0]);
  });

  test("RF-02: a thief that hangs is robbed in its turn", async () => {
    const tabs = await openTabs(4);
    const seen = tabs.map((tab) => watch(tab.lock()));
    for (let count = 1; count <= 4; count++) {
      await pass(10);
      expect(seen.filter(({ ticket }) => ticket)).toHaveLength(count);
      await pass(BOUND);
    }
    expect(locks.steals).toBe(3);
  });

  test("RF-02: one whose page sleeps in the middle of stealing does not stop the others", async () => {
    const [holder, first] = await openTabs(2);
    await holder?.lock();
    void (locks.of("asleep") as LockManager).request(`${NAME} steal`, () => new Promise(() => {})).catch(() => {});
    const seen = watch(first?.lock() ?? Promise.reject(new Error("no tab")));
    await pass(BOUND + 1100);
    expect(seen.ticket).toBeDefined();
  });

  test("RF-02: who lost it gets it again as everybody else, and gives back what it has not without harm", async () => {
    const [holder, other] = (await openTabs(2)) as [Tab, Tab];
    const lost = await holder.lock();
    const seen = watch(other.lock());
    await pass(BOUND + 10);
    holder.unlock(lost);
    await pass(10);
    expect([locks.held.map(({ clientId }) => clientId), locks.pending]).toEqual([["tab 1"], []]);
    const again = watch(holder.lock());
    await pass(10);
    expect(again.ticket).toBeUndefined();
    other.unlock(seen.ticket ?? "");
    await pass(0);
    expect(again.ticket).toBeDefined();
  });

  test("a tab that goes away leaves it to the next at once", async () => {
    const [holder, other] = (await openTabs(2)) as [Tab, Tab];
    await holder.lock();
    const seen = watch(other.lock());
    await pass(5);
    locks.close("tab 0");
    await pass(0);
    expect([seen.ticket !== undefined, locks.steals]).toEqual([true, 0]);
  });

  test("a browser that cannot tell who has it: it is stolen after the bound", async () => {
    const other = locks.of("other") as LockManager;
    const tab = await openTab("tab", { request: (locks.of("tab") as LockManager).request });
    void other.request(NAME, () => new Promise(() => {})).catch(() => {});
    const seen = watch(tab.lock());
    await pass(BOUND + 10);
    expect(seen.ticket).toBeDefined();
  });
});

describe("RF-03: where there are no locks for all tabs", () => {
  const refusing = {
    request: () => Promise.reject(new DOMException("No origin.", "SecurityError")),
    query: () => Promise.reject(new DOMException("No origin.", "SecurityError")),
  };
  const throwing = {
    request: () => {
      throw new TypeError("no");
    },
  };
  test.each([
    ["none", null],
    ["that may not be used", refusing],
    ["that throw", throwing],
  ])("%s: that is said at once, also to many", async (_name, manager) => {
    const tab = await openTab("tab", manager);
    expect(await Promise.all(Array.from({ length: 20 }, () => tab.lock()))).toEqual(Array.from({ length: 20 }, () => ""));
    expect(vi.getTimerCount()).toBe(0);
    const ticket = await tab.lock(NAME, BOUND, false);
    expect(ticket, "in this page there always are").not.toBe("");
  });

  test("what is not shared does not wait for what is, though it has the same name", async () => {
    const tab = await openTab("tab");
    await tab.lock(NAME, BOUND, true);
    const seen = watch(tab.lock(NAME, BOUND, false));
    await pass(1);
    expect(seen.ticket).toBeDefined();
  });

  test("what is not shared with other tabs never takes one", async () => {
    const request = vi.fn<() => void>();
    const tab = await openTab("tab", { request });
    tab.unlock(await tab.lock(NAME, BOUND, false));
    expect(request).not.toHaveBeenCalled();
  });
});
