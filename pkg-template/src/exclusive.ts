/** The end of each queue, by name; what came of the work is not kept. */
const queues = new Map<string, Promise<void>>();

/**
 * Runs work of one name one after the other: in all tabs where the browser has Web Locks, otherwise in this page.
 *
 * @see https://w3c.github.io/web-locks/
 */
export async function exclusive<T>(name: string, run: () => Promise<T>): Promise<T> {
  let begun = false;
  const work = (): Promise<T> => {
    begun = true;
    return run();
  };
  try {
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    if (locks) return await locks.request(name, work);
  } catch (failure) {
    // Documents without an origin have locks and may not use them.
    if (begun) throw failure;
  }
  const turn = (queues.get(name) ?? Promise.resolve()).then(work);
  const done = (): void => {};
  queues.set(name, turn.then(done, done));
  return turn;
}
