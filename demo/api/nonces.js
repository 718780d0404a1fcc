/** Nonces that a resource server gives (RFC 9449, section 9), after the different models that servers have. */

import { createHmac, randomBytes } from "node:crypto";

const MOST = 10_000;

/** Seconds after which the time-based nonce is another one; the one before is good for as long again. */
const STEP = 120;

/** How long a time-based nonce can be good, in seconds. */
export const NONCE_SECONDS = 2 * STEP;

/**
 * - `none`: no nonces; a proof that has one is refused,
 * - `window`: by time, the same one for everybody,
 * - `once`: a new one with every response, each good for one request,
 * - `latest`: a new one with every response, and only the latest is good.
 *
 * @typedef {"none" | "window" | "once" | "latest"} NonceModel
 * @typedef {{ next(): string | undefined, accept(nonce: string): boolean }} Nonces
 */

const fresh = () => randomBytes(18).toString("base64url");

/** @type {Readonly<Record<NonceModel, () => Nonces>>} */
const models = {
  none: () => ({ next: () => undefined, accept: () => false }),
  window: () => {
    const secret = randomBytes(32);
    const step = () => Math.floor(Date.now() / 1000 / STEP);
    /** @param {number} number */
    const at = (number) => createHmac("sha256", secret).update(String(number)).digest("base64url");
    return { next: () => at(step()), accept: (nonce) => nonce === at(step()) || nonce === at(step() - 1) };
  },
  once: () => {
    /** @type {Set<string>} */
    const open = new Set();
    return {
      next() {
        const nonce = fresh();
        open.add(nonce);
        // The oldest goes: whoever still has it is told a new one.
        const [oldest] = open;
        if (open.size > MOST && oldest !== undefined) open.delete(oldest);
        return nonce;
      },
      accept: (nonce) => open.delete(nonce),
    };
  },
  latest: () => {
    let latest = fresh();
    return {
      next() {
        latest = fresh();
        return latest;
      },
      accept: (nonce) => nonce === latest,
    };
  },
};

/**
 * @param {NonceModel} model
 * @returns {Nonces}
 */
export function createNonces(model) {
  return models[model]();
}
