import type { Installed } from "./types.js";

/** `Storage` in memory: Node has none, and a sign-in needs `sessionStorage`. */
class MemoryStorage {
  readonly #texts = new Map<string, string>();

  get length(): number {
    return this.#texts.size;
  }

  key(index: number): string | null {
    return [...this.#texts.keys()][index] ?? null;
  }

  getItem(name: string): string | null {
    return this.#texts.get(name) ?? null;
  }

  setItem(name: string, text: string): void {
    this.#texts.set(name, String(text));
  }

  removeItem(name: string): void {
    this.#texts.delete(name);
  }

  clear(): void {
    this.#texts.clear();
  }
}

/** Replaces `fetch`, and `sessionStorage` where it is missing. */
export function installIn(target: typeof globalThis, own: typeof fetch): Installed {
  const undo: (() => void)[] = [];
  const put = (name: "fetch" | "sessionStorage", value: unknown): void => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { value, configurable: true, writable: true });
    undo.push(() => {
      if (before) Object.defineProperty(target, name, before);
      else Reflect.deleteProperty(target, name);
    });
  };
  put("fetch", own);
  if (!hasStorage(target)) put("sessionStorage", new MemoryStorage());
  const restore = (): void => undo.splice(0).forEach((step) => step());
  return { restore, [Symbol.dispose]: restore };
}

function hasStorage(target: typeof globalThis): boolean {
  try {
    return Boolean(target.sessionStorage);
  } catch {
    return false;
  }
}
