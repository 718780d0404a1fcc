/**
 * One after the other: in all tabs by Web Locks, or in this page. Nobody waits for ever behind a holder that hangs, or whose page
 * sleeps: each has a time, counted from when the next in line began to wait, and then the lock is taken from it.
 */
import { inTime } from "./patience.js";

interface Turn {
  /** It holds the lock, or has done without it. */
  readonly granted: Promise<void>;
  readonly ended: Promise<void>;
  end(): void;
}

/** How long somebody may take to take a lock away, in milliseconds. */
const STEALING = 1000;

/** The end of each line of this page. */
const lines = new Map<string, Turn>();
/** What ends the turn of a ticket. */
const held = new Map<string, () => void>();
let tickets = 0;

/**
 * Waits for the lock: a ticket, for {@link unlock}. With `isShared` it is one for all tabs, and `""` at once where the browser has
 * no such locks. Who has held it for `milliseconds` while this waits loses it without being told, and has to look for itself.
 *
 * @see https://w3c.github.io/web-locks/
 */
export async function lock(name: string, milliseconds: number, isShared: boolean): Promise<string> {
  const locks = isShared ? (globalThis.navigator?.locks as LockManager | undefined) : undefined;
  if (isShared && !locks) return "";
  const line = `${isShared} ${name}`;
  const before = lines.get(line);
  let grant = (): void => {};
  let end = grant;
  const granted = new Promise<void>((resolve) => (grant = resolve));
  const ended = new Promise<void>((resolve) => (end = resolve));
  lines.set(line, { granted, ended, end });
  if (before) {
    await before.granted;
    if (!(await inTime(before.ended, milliseconds))) before.end();
  }
  try {
    if (locks) await acrossTabs(locks, name, milliseconds, ended);
  } catch {
    // Documents without an origin have locks and may not use them.
    end();
    return "";
  } finally {
    grant();
  }
  const ticket = String(++tickets);
  held.set(ticket, end);
  return ticket;
}

/** Gives the lock back. With a ticket that is not known, or not any more, nothing happens. */
export function unlock(ticket: string): void {
  held.get(ticket)?.();
  held.delete(ticket);
}

async function acrossTabs(locks: LockManager, name: string, milliseconds: number, ended: Promise<void>): Promise<void> {
  const waiting = new AbortController();
  let isHeld = false;
  const take = (options: LockOptions): Promise<void> =>
    new Promise((resolve, reject) => {
      const work = (): Promise<void> => {
        isHeld = true;
        resolve();
        return ended;
      };
      // Who loses the lock later is told by a rejection, which nobody hears then.
      locks.request(name, options, work).catch(reject);
    });
  const queued = take({ signal: waiting.signal });
  let before = holderOf(locks, name);
  while (!(await inTime(queued, milliseconds))) {
    // Of all that have waited long enough one steals. The others find another holder, which has its time as the first one had.
    const steal = async (): Promise<void> => {
      const now = holderOf(locks, name);
      const isSame = (await now) === (await before);
      before = now;
      if (isSame && !isHeld) await take({ steal: true });
    };
    // This, too, may be taken from a page that sleeps; whoever lost it here waits once more.
    const alone = (options: LockOptions): Promise<unknown> => locks.request(`${name} steal`, options, steal).catch(() => {});
    if (!(await inTime(alone({}), STEALING)) && !isHeld) await alone({ steal: true });
    if (isHeld) break;
  }
  waiting.abort();
}

/** Which page has the lock. The queue is in order, and a page is in it once: as long as it is the same, it is the same turn. */
async function holderOf(locks: LockManager, name: string): Promise<string | undefined> {
  try {
    return (await locks.query()).held?.find((lock) => lock.name === name)?.clientId;
  } catch {
    return undefined;
  }
}
