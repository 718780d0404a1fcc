/**
 * The time at a {@link TestProvider}: the machine's, and as many seconds more as a test has advanced it. It decides `iat` and `exp`, and
 * what has expired at the provider and at its APIs. The application has its own clock, `Date`; where both are to advance, a test sets
 * `Date` (fake timers), which this clock follows.
 *
 * @example
 * ```ts
 * import { TestProvider } from "oidc-wasm/testing";
 *
 * const provider = await TestProvider.create({ clients: [{ clientId: "spa" }] });
 * const before = provider.clock.now();
 * provider.clock.advance(3600);
 * console.log(provider.clock.now() - before >= 3600);
 * ```
 */
export class TestClock {
  readonly #read: () => number;
  #ahead = 0;

  /** @param read Milliseconds since 1970, as `Date.now`. */
  constructor(read: () => number) {
    this.#read = read;
  }

  /** Seconds since 1970. */
  now(): number {
    return Math.floor(this.#read() / 1000) + this.#ahead;
  }

  /** Sets the clock forward, or back with a negative number. */
  advance(seconds: number): void {
    this.#ahead += seconds;
  }
}
