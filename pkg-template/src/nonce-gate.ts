/** How long requests that are under way are waited for when no answer comes, in milliseconds: a long poll may take hours. */
const PATIENCE = 2000;

/** The right to send one request; give it back with {@link NonceGate.leave} once the answer has begun, or will not come. */
export interface Turn {
  readonly isRetry: boolean;
  /** The nonce that was known to be good when this turn began. */
  readonly accepted: string | undefined;
}

/** What the answer to a request says about its nonce. */
export interface Evidence {
  readonly sent: string | undefined;
  /** The nonce that the answer brought. */
  readonly next: string | undefined;
  /** Whether the server did what it was asked. */
  readonly ok: boolean;
  /** Whether it wanted another nonce. */
  readonly refused: boolean;
}

/**
 * Lets the requests of one page to one origin go in an order in which each needs at most one retry, whatever the server
 * makes of nonces: it may take only the latest one and bring another with every answer, take each once, or take one for some
 * time (RFC 9449, section 9, leaves it open).
 *
 * First attempts go as they come. A retry goes alone, once the others under way have their answers, because any answer could
 * bring a nonce that ends the one just read. Where a nonce was good a second time, they last, and nobody waits.
 */
export class NonceGate {
  readonly #running = new Set<Turn>();
  readonly #first: (() => Turn)[] = [];
  readonly #retries: (() => Turn)[] = [];
  #alone: Turn | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last that was good. */
  #accepted: string | undefined;
  #latest: string | undefined;
  /** The latest, once it was used and no other came. */
  #spent: string | undefined;
  /** Whether nonces were seen to be good more than once. */
  #lasting: boolean | undefined;

  /** Waits for a turn. Rejects with the signal's reason. */
  enter(isRetry: boolean, signal: AbortSignal): Promise<Turn> {
    const queue = isRetry ? this.#retries : this.#first;
    return new Promise((resolve, reject) => {
      const give = (): Turn => {
        signal.removeEventListener("abort", giveUp);
        const turn = { isRetry, accepted: this.#accepted };
        this.#running.add(turn);
        resolve(turn);
        return turn;
      };
      const giveUp = (): void => {
        queue.splice(queue.indexOf(give), 1);
        reject(signal.reason);
        this.#next();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", giveUp);
      queue.push(give);
      this.#next();
    });
  }

  /**
   * The nonce of an attempt: the latest, or, when that was used already and no other came, the one that its own refusal brought,
   * for servers that take each once.
   */
  choose(latest: string | undefined, own: string | undefined): string | undefined {
    this.#latest = latest;
    return latest === this.#spent ? (own ?? latest) : latest;
  }

  leave(turn: Turn, evidence?: Evidence): void {
    this.#running.delete(turn);
    if (evidence) this.#learn(turn, evidence);
    // There was an answer: those that remain have their time again.
    this.#stopTimer();
    this.#next();
  }

  #learn({ isRetry, accepted }: Turn, { sent, next, ok, refused }: Evidence): void {
    // Whatever it looked like: not even a new nonce lasted.
    if (isRetry && refused) this.#lasting = false;
    if (sent === this.#latest && (next === undefined || next === sent)) this.#spent = sent;
    if (!ok || sent === undefined) return;
    if (sent === accepted) this.#lasting ??= true;
    this.#accepted = sent;
  }

  #next(): void {
    // The last to be refused goes first: it has the latest nonce, and the others keep theirs for when none comes any more.
    while (this.#retries.length > 0 && (this.#lasting || this.#running.size === 0)) this.#alone = this.#retries.pop()?.();
    const isAlone = this.#alone !== undefined && this.#running.has(this.#alone) && !this.#lasting;
    if (this.#retries.length === 0 && !isAlone) for (const give of this.#first.splice(0)) give();
    if (this.#retries.length === 0 && this.#first.length === 0) return this.#stopTimer();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#running.clear();
      this.#next();
    }, PATIENCE);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
