import { vi } from "vitest";
import { DEADLINE } from "./world.js";

/**
 * Lets time run a hundred times as fast for the package, {@link DEADLINE} excepted, until the test ends, and writes
 * down how many seconds it asked for.
 */
export function hurry(): number[] {
  const waits: number[] = [];
  const [{ setTimeout }, { now }] = [globalThis, Date];
  let ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => now() + ahead);
  vi.stubGlobal("setTimeout", (work: () => void, milliseconds = 0, ...more: unknown[]) => {
    // Node's own fetch has timers too, and calls them with arguments.
    const isOurs = milliseconds >= 1000 && milliseconds !== DEADLINE * 1000 && more.length === 0;
    if (!isOurs) return setTimeout(work, milliseconds, ...(more as []));
    waits.push(milliseconds / 1000);
    return setTimeout(() => {
      ahead += milliseconds * 0.99;
      work();
    }, milliseconds / 100);
  });
  return waits;
}
