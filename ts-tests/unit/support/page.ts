import { setMaxListeners } from "node:events";
import { vi } from "vitest";

/** What a client needs of a page. Only what Node lacks is imitated; everything else in these tests is real. */
export interface FakePage {
  /** What the address bar shows. */
  readonly address: string;
  /** Where the page was sent, in order. */
  readonly visited: string[];
  /** Forms that were posted. */
  readonly posted: { readonly action: string; readonly fields: Record<string, string> }[];
  readonly historyState: unknown;
  /** Comes back from the back/forward cache. */
  comeBack(): void;
  /** Something happens to the page or its document. */
  happens(type: string): void;
  /** The events that there are handlers of. */
  readonly listening: readonly string[];
}

class MemoryStorage {
  readonly #entries = new Map<string, string>();
  get length(): number {
    return this.#entries.size;
  }
  key(index: number): string | null {
    return [...this.#entries.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#entries.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#entries.set(key, String(value));
  }
  removeItem(key: string): void {
    this.#entries.delete(key);
  }
  clear(): void {
    this.#entries.clear();
  }
}

/** Opens a page at this address; vitest removes it after the test. */
export function openPage(url: string, historyState: unknown = null): FakePage {
  let address = url;
  let state = historyState;
  const visited: string[] = [];
  const posted: FakePage["posted"] = [];
  const events = new EventTarget();
  // Node takes more than ten handlers for a mistake.
  setMaxListeners(50, events);
  const counts = new Map<string, number>();

  vi.stubGlobal("location", {
    get href() {
      return address;
    },
    assign: (to: string) => void visited.push(to),
  });
  vi.stubGlobal("history", {
    get state() {
      return state;
    },
    replaceState(next: unknown, _title: string, to: string) {
      state = next;
      address = to;
    },
  });
  vi.stubGlobal("Storage", MemoryStorage);
  vi.stubGlobal("sessionStorage", new MemoryStorage());
  const listen = (type: string, handler: EventListener, options?: { signal?: AbortSignal }): void => {
    if (options?.signal) setMaxListeners(50, options.signal);
    counts.set(type, (counts.get(type) ?? 0) + 1);
    options?.signal?.addEventListener("abort", () => counts.set(type, (counts.get(type) ?? 0) - 1));
    events.addEventListener(type, handler, options);
  };
  vi.stubGlobal("document", {
    addEventListener: listen,
    documentElement: { append: () => {} },
    createElement: (tag: string) => {
      if (tag === "input") return {};
      const inputs: { name: string; value: string }[] = [];
      return {
        action: "",
        append: (input: { name: string; value: string }) => void inputs.push(input),
        submit(this: { action: string }) {
          posted.push({ action: this.action, fields: Object.fromEntries(inputs.map(({ name, value }) => [name, value])) });
        },
        remove: () => {},
      };
    },
  });
  vi.stubGlobal("addEventListener", listen);

  return {
    get address() {
      return address;
    },
    visited,
    posted,
    get historyState() {
      return state;
    },
    comeBack: () => void events.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true })),
    happens: (type) => void events.dispatchEvent(new Event(type)),
    get listening() {
      return [...counts].flatMap(([type, count]) => (count > 0 ? [type] : []));
    },
  };
}
