/**
 * What one tab writes to localStorage reaches the others by another way than a lock does: who gets the lock may still read what was
 * there before. So who has written holds a lock of its own for a moment, whose name says what; who gets the lock looks for it.
 */
import { inTime } from "./patience.js";

const MARK = "oidc-wasm.written ";
/** How long others can find out what was written, and how long they wait to see it. In milliseconds. */
const MOMENT = 1000;
/** How often they look, in milliseconds. */
const STEP = 5;

/** Says what is written now; resolves once every tab can know. Where there are no locks, nobody is told. */
export async function announce(name: string, text: string): Promise<void> {
  const told = new Promise<void>((resolve, reject) => {
    const work = (): Promise<void> => {
      resolve();
      return pause(MOMENT);
    };
    navigator.locks.request(`${MARK}${Date.now()} ${checksum(text)} ${name}`, work).catch(reject);
  });
  await inTime(told, MOMENT).catch(() => {});
}

/** Waits until this tab sees what others have written. */
export async function settled(): Promise<void> {
  const late = new AbortController();
  const look = async (): Promise<void> => {
    while (!late.signal.aborted && !(await isSettled())) await pause(STEP);
  };
  await inTime(look(), MOMENT).catch(() => {});
  late.abort();
}

async function isSettled(): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  const latest = new Map<string, string>();
  const marks = held.map((lock) => lock.name ?? "").filter((name) => name.startsWith(MARK));
  for (const mark of marks.sort()) {
    const [, time, sum = "", name = ""] = mark.split(" ");
    // That of a tab which hangs stays, and others may have written since.
    if (Math.abs(Date.now() - Number(time)) <= MOMENT) latest.set(name, sum);
  }
  return [...latest].every(([name, sum]) => checksum(localStorage.getItem(name) ?? "") === sum);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Tells texts apart, and nothing of what is in them. */
function checksum(text: string): string {
  let sum = 0;
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0;
  return String(sum);
}
