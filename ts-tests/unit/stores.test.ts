import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { isOidcError } from "../../pkg-template/src/errors.ts";
import type { SafeStore, SessionStore, StorageKind } from "../../pkg-template/src/stores.ts";

type Operation = "load" | "save" | "remove";
/** What an operation does instead of its work. */
type Fault = "throws" | "rejects" | "hangs" | undefined;

const NAME = "oidc-wasm.1.abc.session";
const OPERATIONS = ["load", "save", "remove"] as const;

/** The modules of one page: what they hold in memory is theirs. */
async function page(): Promise<{ open: (kind: StorageKind) => { store: SafeStore; told: string[] } }> {
  vi.resetModules();
  const { openStore } = await import("../../pkg-template/src/stores.ts");
  return {
    open: (kind) => {
      const told: string[] = [];
      return { told, store: openStore(kind, (reason) => told.push(reason)) };
    },
  };
}

/** An application's store, with faults that can be set. */
class FaultyStore implements SessionStore {
  readonly texts = new Map<string, string>();
  readonly calls: Operation[] = [];
  faults: Partial<Record<Operation, Fault>> = {};

  load(name: string): Promise<string | null> {
    return this.#do("load", () => this.texts.get(name) ?? null);
  }
  save(name: string, text: string): Promise<void> {
    return this.#do("save", () => void this.texts.set(name, text));
  }
  remove(name: string): Promise<void> {
    return this.#do("remove", () => void this.texts.delete(name));
  }

  #do<T>(operation: Operation, work: () => T): Promise<T> {
    this.calls.push(operation);
    const failure = new DOMException("no", "UnknownError");
    switch (this.faults[operation]) {
      case "throws":
        throw failure;
      case "rejects":
        return Promise.reject(failure);
      case "hangs":
        return new Promise(() => {});
      default:
        return Promise.resolve().then(work);
    }
  }
}

/** localStorage as it is, with faults that can be set. */
function stubStorage(name: "localStorage" | "sessionStorage", faults: Partial<Record<"get" | Operation, string>> = {}): Map<string, string> {
  const texts = new Map<string, string>();
  const check = (operation: "get" | Operation): void => {
    const reason = faults[operation];
    if (reason !== undefined) throw new DOMException("no", reason);
  };
  const storage = {
    getItem: (key: string) => (check("load"), texts.get(key) ?? null),
    setItem: (key: string, text: string) => (check("save"), void texts.set(key, text)),
    removeItem: (key: string) => (check("remove"), void texts.delete(key)),
  };
  vi.stubGlobal(name, storage);
  if (faults.get !== undefined) Object.defineProperty(globalThis, name, { configurable: true, get: () => check("get") });
  return texts;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** What comes of it, however long it hangs. */
async function after<T>(work: Promise<T>): Promise<T> {
  const ended = { is: false };
  const end = (): unknown => (ended.is = true);
  work.then(end, end);
  await Promise.resolve();
  for (let step = 0; step < 250 && !ended.is; step++) await vi.advanceTimersByTimeAsync(100);
  expect(ended.is, "it ends in a reasonable time").toBe(true);
  return work;
}

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);

describe("a store that works", () => {
  const kinds: readonly (readonly [name: string, make: () => StorageKind])[] = [
    ["memory", () => "memory"],
    ["session", () => (stubStorage("sessionStorage"), "session")],
    ["local", () => (stubStorage("localStorage"), "local")],
    ["an application's own", () => new FaultyStore()],
  ];
  test.each(kinds)("gives what was saved, to all clients of the page: %s", async (_name, make) => {
    const { open } = await page();
    const kind = make();
    const [one, other] = [open(kind), open(kind)];
    expect(await after(one.store.load(NAME))).toBe("");
    await after(one.store.save(NAME, "first"));
    await after(one.store.save(NAME, "second"));
    await after(one.store.save("another", "third"));
    expect(await after(other.store.load(NAME))).toBe("second");
    await after(other.store.remove(NAME));
    expect([await after(one.store.load(NAME)), await after(one.store.load("another"))]).toEqual(["", "third"]);
    expect([...one.told, ...other.told]).toEqual([]);
  });

  test("ST-07: what is in memory is not in another kind of store, and goes with the page", async () => {
    const { open } = await page();
    stubStorage("sessionStorage");
    await open("memory").store.save(NAME, "mine");
    expect(await open("session").store.load(NAME)).toBe("");
    expect(await open("memory").store.load(NAME)).toBe("mine");
    expect(await (await page()).open("memory").store.load(NAME)).toBe("");
  });

  test("is shared with other tabs, or not", async () => {
    const { open } = await page();
    const kinds = ["memory", "session", "local", "indexedDb", new FaultyStore()] as const;
    expect(kinds.map((kind) => open(kind).store.isShared)).toEqual([false, false, true, true, true]);
  });

  test("an application's own may answer at once, with null, with nothing, and needs `this`", async () => {
    const { open } = await page();
    class Plain {
      text: string | null | undefined = null;
      load(): string | null | undefined {
        return this.text;
      }
      save(_name: string, text: string): void {
        this.text = text;
      }
      remove(): void {
        this.text = undefined;
      }
    }
    const { store, told } = open(new Plain());
    expect(await store.load(NAME)).toBe("");
    await store.save(NAME, "text");
    expect(await store.load(NAME)).toBe("text");
    await store.remove(NAME);
    expect([await store.load(NAME), told]).toEqual(["", []]);
  });

  test.each([undefined, null, "cookie", 1, {}, { load: () => "", save: () => {} }, { load: 1, save: 2, remove: 3 }])(
    "is not %j: invalid_configuration",
    async (kind) => {
      const { open } = await page();
      let failure: unknown;
      try {
        open(kind as StorageKind);
      } catch (thrown) {
        failure = thrown;
      }
      expect(isOidcError(failure, "invalid_configuration") && failure.details).toEqual({ option: "storage" });
    },
  );
});

describe("ST-04: a store that fails degrades to memory", () => {
  const faulty = OPERATIONS.flatMap((operation) => (["throws", "rejects", "hangs"] as const).map((fault) => ({ operation, fault })));

  test.each(faulty)("$operation $fault: saved is loaded, removed is gone, said once", async ({ operation, fault }) => {
    const { open } = await page();
    const own = new FaultyStore();
    own.faults = { [operation]: fault };
    const { store, told } = open(own);
    const other = open(own);
    for (const text of ["first", "second"]) {
      await after(store.save(NAME, text));
      expect([await after(other.store.load(NAME)), await after(store.load(NAME))]).toEqual([text, text]);
      await after(store.load("missing"));
    }
    await after(store.remove(NAME));
    expect(await after(store.load(NAME))).toBe("");
    expect(told).toEqual([fault === "hangs" ? "TimeoutError" : "UnknownError"]);
  });

  test.each(["throws", "rejects", "hangs"] as const)("everything %s: the page goes on", async (fault) => {
    const { open } = await page();
    const own = new FaultyStore();
    own.faults = { load: fault, save: fault, remove: fault };
    const { store, told } = open(own);
    expect(await after(store.load(NAME))).toBe("");
    await after(store.save(NAME, "text"));
    expect(await after(store.load(NAME))).toBe("text");
    await after(store.remove(NAME));
    expect(await after(store.load(NAME))).toBe("");
    expect(told).toHaveLength(1);
  });

  const storages = (["local", "session"] as const).flatMap((kind) =>
    (["SecurityError", "QuotaExceededError", "InvalidStateError"] as const).flatMap((reason) =>
      (["get", ...OPERATIONS] as const).map((operation) => ({ kind, reason, operation })),
    ),
  );
  test.each(storages)("$kind: $operation throws $reason", async ({ kind, reason, operation }) => {
    const { open } = await page();
    stubStorage(`${kind}Storage`, { [operation]: reason });
    const { store, told } = open(kind);
    await store.load(NAME);
    await after(store.save(NAME, "text"));
    expect(await store.load(NAME)).toBe("text");
    await after(store.remove(NAME));
    expect([await store.load(NAME), told]).toEqual(["", [reason]]);
  });

  test.each(["local", "session", "indexedDb"] as const)("%s: missing", async (kind) => {
    const { open } = await page();
    vi.stubGlobal("localStorage", undefined);
    vi.stubGlobal("sessionStorage", null);
    const { store, told } = open(kind);
    await after(store.save(NAME, "text"));
    expect([await after(store.load(NAME)), told]).toEqual(["text", ["NotSupportedError"]]);
  });

  const databases: readonly (readonly [reason: string, open: () => unknown])[] = [
    [
      "SecurityError",
      () => {
        throw new DOMException("no", "SecurityError");
      },
    ],
    ["TimeoutError", () => new EventTarget()],
    [
      "VersionError",
      () => {
        const request = Object.assign(new EventTarget(), { error: new DOMException("no", "VersionError") });
        queueMicrotask(() => request.dispatchEvent(new Event("error")));
        return request;
      },
    ],
  ];
  test.each(databases)("indexedDb: opening gives %s", async (reason, open) => {
    vi.stubGlobal("indexedDB", { open });
    const { store, told } = (await page()).open("indexedDb");
    await after(store.save(NAME, "text"));
    expect(await after(store.load(NAME))).toBe("text");
    await after(store.remove(NAME));
    expect([await after(store.load(NAME)), told]).toEqual(["", [reason]]);
  });

  test("what is no text was not loaded", async () => {
    const { open } = await page();
    const own = { load: () => ({ session: 1 }) as unknown as string, save: () => {}, remove: () => {} };
    const { store, told } = open(own);
    expect([await store.load(NAME), told]).toEqual(["", ["TypeError"]]);
  });

  test("what an application throws may be anything", async () => {
    const { open } = await page();
    const own = new FaultyStore();
    const { store, told } = open({ load: () => own.load(NAME), save: () => Promise.reject(undefined), remove: () => {} });
    await store.save(NAME, "text");
    expect([await store.load(NAME), told]).toEqual(["text", ["UnknownError"]]);
  });
});

describe("after a failure", () => {
  test("a spent token does not stay where other tabs would find it", async () => {
    const own = new FaultyStore();
    const [mine, others] = [(await page()).open(own), (await page()).open(own)];
    await after(mine.store.save(NAME, "spent"));
    own.faults = { save: "rejects" };
    await after(mine.store.save(NAME, "fresh"));
    expect(own.texts.has(NAME)).toBe(false);
    expect(await after(mine.store.load(NAME))).toBe("fresh");
    expect(await after(others.store.load(NAME))).toBe("");
  });

  test("a later success drops the copy in memory", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    own.faults = { save: "rejects" };
    await after(store.save(NAME, "first"));
    own.faults = {};
    await after(store.save(NAME, "second"));
    own.texts.set(NAME, "of another tab");
    expect(await after(store.load(NAME))).toBe("of another tab");
  });

  test("a removal that failed is remembered until something is saved", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    await after(store.save(NAME, "first"));
    own.faults = { remove: "rejects" };
    await after(store.remove(NAME));
    expect([await after(store.load(NAME)), own.texts.get(NAME)]).toEqual(["", "first"]);
    await after(store.save(NAME, "second"));
    expect([await after(store.load(NAME)), own.texts.get(NAME)]).toEqual(["second", "second"]);
  });

  test("one that did not answer is not waited for again and again to be read", async () => {
    const own = new FaultyStore();
    own.faults = { load: "hangs" };
    const { store } = (await page()).open(own);
    const started = performance.now();
    for (let time = 0; time < 50; time++) await after(store.load(NAME));
    expect(performance.now() - started).toBeLessThan(4000);
    expect(own.calls).toHaveLength(1);
    own.texts.set(NAME, "text");
    own.faults = {};
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await after(store.load(NAME))).toBe("text");
  });

  test("LO-01: one that did not answer is waited for once, whatever is wanted of it", async () => {
    const own = new FaultyStore();
    own.faults = { load: "hangs", save: "hangs", remove: "hangs" };
    const { store } = (await page()).open(own);
    const began = performance.now();
    for (let time = 0; time < 3; time++) {
      await after(store.load("another"));
      await after(store.save(NAME, "text"));
      expect(await after(store.load(NAME))).toBe("text");
      await after(store.remove(NAME));
    }
    expect(performance.now() - began).toBeLessThan(4000);
  });

  test("a save that nobody waited for still counts when it comes about", async () => {
    const own = new FaultyStore();
    own.faults = { load: "hangs" };
    const { store } = (await page()).open(own);
    await after(store.load(NAME));
    own.faults = {};
    await store.save(NAME, "text");
    await pass(10);
    expect(own.texts.get(NAME)).toBe("text");
    own.texts.set(NAME, "of another tab");
    expect(await after(store.load(NAME))).toBe("of another tab");
  });

  test("what is being saved is loaded already, and a slow load does not bring back what was before", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    await after(store.save(NAME, "first"));
    const early = store.load(NAME);
    own.faults = { save: "hangs" };
    const saving = store.save(NAME, "second");
    expect([await early, await store.load(NAME)]).toEqual(["second", "second"]);
    await after(saving);
    expect(await store.load(NAME)).toBe("second");
  });

  test("a failure that comes late does not undo what was saved meanwhile", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    own.faults = { save: "hangs" };
    const slow = store.save(NAME, "first");
    own.faults = {};
    await after(store.save(NAME, "second"));
    await after(slow);
    expect([own.texts.get(NAME), await after(store.load(NAME))]).toEqual(["second", "second"]);
  });
});

describe("a store that worked and does not answer any more", () => {
  test("RF-02: gives what this page saw last, and who has the lock is told that this may be old", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
    await after(store.save(NAME, "first"));
    own.texts.set(NAME, "of another tab");
    expect(await after(store.load(NAME))).toBe("of another tab");
    own.texts.set(NAME, "newer");
    for (const fault of ["throws", "rejects", "hangs"] as const) {
      own.faults = { load: fault };
      expect(await after(store.load(NAME))).toBe("of another tab");
      await expect(after(store.settle?.() ?? Promise.resolve())).rejects.toMatchObject({ name: fault === "hangs" ? "TimeoutError" : "UnknownError" });
    }
    await pass(20_000);
    expect(await after(store.load(NAME))).toBe("of another tab");
    own.faults = {};
    await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
    expect(await after(store.load(NAME))).toBe("newer");
  });

  test("ST-04: one that takes nothing any more is replaced by memory, where nobody has to wait for it", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    await after(store.save(NAME, "first"));
    own.faults = { load: "rejects", save: "rejects", remove: "rejects" };
    await after(store.save(NAME, "second"));
    await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
    expect([await after(store.load(NAME)), await after(store.load("another"))]).toEqual(["second", ""]);
  });

  test("one that has answered is waited for longer than one that never did", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    const time = async (work: Promise<unknown>): Promise<number> => {
      const began = performance.now();
      await after(work);
      return performance.now() - began;
    };
    own.faults = { load: "hangs" };
    const first = await time(store.load(NAME));
    own.faults = {};
    await after(store.save(NAME, "text"));
    await pass(10);
    own.faults = { load: "hangs" };
    const later = await time(store.load(NAME));
    expect([first > 2900 && first < 3200, later > 9900 && later < 10_200]).toEqual([true, true]);
  });
});

describe("what happens at the same time", () => {
  test("a save that is done late does not drop what was kept in memory meanwhile", async () => {
    let finish = (): void => {};
    const save = vi.fn<SessionStore["save"]>();
    save.mockReturnValueOnce(new Promise((resolve) => (finish = resolve))).mockRejectedValueOnce(new TypeError("full"));
    const { store } = (await page()).open({ load: () => "of somebody", save, remove: () => {} });
    const slow = store.save(NAME, "first");
    await store.save(NAME, "second");
    finish();
    await slow;
    expect(await store.load(NAME)).toBe("second");
  });

  test("a load that hangs says nothing about a store that took something after it", async () => {
    const own = new FaultyStore();
    const { store } = (await page()).open(own);
    own.faults = { load: "hangs" };
    const hanging = store.load("another");
    own.faults = {};
    await vi.advanceTimersByTimeAsync(10);
    await after(store.save(NAME, "text"));
    await after(hanging);
    expect(await after(store.load(NAME))).toBe("text");
  });
});

test("ST-05: whatever fails, loading gives what was written last, and the store never has anything older", async () => {
  // A generator of our own, so that a failure can be repeated.
  let seed = 20_261_121;
  const below = (count: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((seed / 2 ** 32) * count);
  };
  const faults: readonly Fault[] = [undefined, undefined, undefined, "throws", "rejects", "hangs"];
  for (let run = 0; run < 200; run++) {
    const own = new FaultyStore();
    const { open } = await page();
    const clients = [open(own), open(own)];
    let last = "";
    const trace: string[] = [];
    for (let step = 0; step < 12; step++) {
      own.faults = { save: faults[below(6)], remove: faults[below(6)] };
      const { store } = clients[below(2)] as (typeof clients)[number];
      last = below(3) === 0 ? "" : `text ${step}`;
      trace.push(`${last || "remove"} with ${JSON.stringify(own.faults)}`);
      await after(last === "" ? store.remove(NAME) : store.save(NAME, last));
      const context = `run ${run}: ${trace.join("; ")}`;
      for (const client of clients) expect(await after(client.store.load(NAME)), context).toBe(last);
      // Where nobody waits for it any more, it is tidied up later.
      await pass(14_000);
      const allowed = ["", last, ...(own.faults.remove === undefined ? [] : [own.texts.get(NAME)])];
      expect(allowed, context).toContain(own.texts.get(NAME) ?? "");
    }
  }
});

describe("what other tabs see of localStorage", () => {
  /** Web Locks, as far as the modules that tell what was written use them. */
  function stubLocks(): string[] {
    const held: string[] = [];
    const request = async (name: string, work: () => Promise<void>): Promise<void> => {
      await Promise.resolve();
      held.push(name);
      await work();
      held.splice(held.indexOf(name), 1);
    };
    vi.stubGlobal("navigator", { locks: { request, query: async () => ({ held: held.map((name) => ({ name })), pending: [] }) } });
    return held;
  }

  test("RF-01: who comes after a writer waits until the text is there, and not longer than a second", async () => {
    const held = stubLocks();
    const texts = stubStorage("localStorage");
    const { store } = (await page()).open("local");
    await after(store.save(NAME, "second"));
    expect(held).toHaveLength(1);
    texts.set(NAME, "first!");
    let isSettled = false;
    void store.settle?.().then(() => (isSettled = true));
    await vi.advanceTimersByTimeAsync(200);
    expect(isSettled).toBe(false);
    texts.set(NAME, "second");
    await vi.advanceTimersByTimeAsync(20);
    expect(isSettled).toBe(true);

    await after(store.save(NAME, "third"));
    texts.set(NAME, "second");
    await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
    await vi.advanceTimersByTimeAsync(1010);
    expect([held, vi.getTimerCount()]).toEqual([[], 0]);
  });

  test("RF-01: of several writings only the last counts, of each name, and a removal is one", async () => {
    stubLocks();
    const texts = stubStorage("localStorage");
    const { store } = (await page()).open("local");
    await store.save(NAME, "first");
    await vi.advanceTimersByTimeAsync(10);
    await store.save(NAME, "second");
    await store.save("another", "third");
    await vi.advanceTimersByTimeAsync(10);
    await store.remove(NAME);
    const settled = async (): Promise<boolean> => {
      let is = false;
      void store.settle?.().then(() => (is = true));
      await vi.advanceTimersByTimeAsync(30);
      return is;
    };
    expect(await settled()).toBe(true);
    texts.set(NAME, "second");
    expect(await settled()).toBe(false);
    texts.delete(NAME);
    texts.delete("another");
    expect(await settled()).toBe(false);
  });

  test("RF-02: what a tab says that hangs is not waited for later, when others have written", async () => {
    const held = stubLocks();
    const texts = stubStorage("localStorage");
    const { store } = (await page()).open("local");
    await after(store.save(NAME, "of the tab that hangs"));
    const [mark = ""] = held;
    await pass(1010);
    held.push(mark);
    texts.set(NAME, "newer");
    const began = performance.now();
    await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
    expect(performance.now() - began).toBeLessThan(200);
  });

  test("RF-10: nothing of the text is told", async () => {
    const held = stubLocks();
    stubStorage("localStorage");
    const { store } = (await page()).open("local");
    await store.save(NAME, "canary-secret");
    expect(held.join("\n")).toMatch(/^oidc-wasm\.written \d+ -?\d{1,10} oidc-wasm\.1\.abc\.session$/);
  });

  test("saving and waiting work without locks, or with locks that may not be used", async () => {
    stubStorage("localStorage");
    const refuse = (): Promise<never> => Promise.reject(new DOMException("no", "SecurityError"));
    for (const navigator of [undefined, {}, { locks: { request: refuse, query: refuse } }]) {
      vi.stubGlobal("navigator", navigator);
      const { store, told } = (await page()).open("local");
      await after(store.save(NAME, "text"));
      await after(store.settle?.() ?? Promise.reject(new Error("no settle")));
      expect([await store.load(NAME), told]).toEqual(["text", []]);
    }
  });

  test.each(["memory", "session"] as const)("what is not shared needs none of that: %s", async (kind) => {
    expect((await page()).open(kind).store.settle).toBeUndefined();
  });
});
