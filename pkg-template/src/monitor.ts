/**
 * Watches whether the session at the provider is still the same one: a script of its own, which the client imports when somebody
 * wants it.
 *
 * @see https://openid.net/specs/openid-connect-session-1_0.html#ChangeNotification
 * @module
 */
import type { OidcError } from "./errors.js";
import { hiddenFrame, milliseconds, type Failures } from "./frame.js";

/** What watching needs of a client. */
export interface MonitorSteps {
  /** What is asked, and in the frame of which page; nothing where there is no session, or none that can be watched. */
  check(): Promise<{ readonly endpoint?: string; readonly message?: string }>;
  /** Signs the same person in again without asking anything; rejects when that is not possible. */
  silent(): Promise<unknown>;
  /** The session at the provider is over, or is somebody else's; `failure` is what {@link MonitorSteps.silent} failed with. */
  ended(failure: unknown): unknown;
  /** Nobody watches any more, and nothing is known about the session. */
  stopped(reason: MonitorStop): unknown;
}

/**
 * Why watching stopped: the provider could not make sense of the question (`"error"`); its page never answered (`"no_answer"`);
 * or it has said from the beginning that the session is another one, and could not say more (`"not_visible"`): mostly a browser
 * that keeps the provider's cookies out of frames.
 */
export type MonitorStop = "error" | "no_answer" | "not_visible";

/** How often, and until when. */
export interface MonitorOptions {
  /** Seconds between two questions, from 1 to a day. Default 2. */
  readonly intervalSeconds?: number | undefined;
  readonly signal: AbortSignal;
  /** Another one that ends it: `AbortSignal.any` is younger than the browsers that this is for. */
  readonly orSignal?: AbortSignal | undefined;
}

/** So many times without an answer, or with the same hopeless one, are enough. */
const MOST = 10;
/** The longest pause after failures, in milliseconds. */
const PAUSE = 300_000;
const NOBODY = "interaction_required";
/** Failures by which the session that this page knows is over: nobody is signed in there, or somebody else. */
const OVER: ReadonlySet<unknown> = new Set([NOBODY, "session_changed", "claim_invalid"]);

/** Begins to watch; `false` where there is nothing to watch. */
export async function monitor(
  { check, silent, ended, stopped }: MonitorSteps,
  { intervalSeconds = 2, signal, orSignal }: MonitorOptions,
  Failure: Failures,
): Promise<boolean> {
  const interval = milliseconds("intervalSeconds", intervalSeconds, 1, Failure);
  const { endpoint, ...first } = await check();
  let { message } = first;
  if (endpoint === undefined || message === undefined || signal.aborted || orSignal?.aborted) return false;
  const { origin } = new URL(endpoint);
  const end = new AbortController();
  const { signal: until } = end;
  const frame = hiddenFrame("allow-scripts allow-same-origin");
  let isLoaded = false;
  let isBusy = false;
  let isWaiting = false;
  let unanswered = 0;
  /** How often the answer was `changed` since it was `unchanged`. */
  let changes = 0;
  /** How often it was `changed` although the person was signed in again. */
  let renewals = 0;
  /** Whether the provider's page has ever recognised a session: if not, its opinion is worth little. */
  let hasSeen = false;
  let pausedUntil = 0;

  const stop = (): void => {
    end.abort();
    frame.remove();
  };
  const giveUp = (reason: MonitorStop): void => {
    stop();
    stopped(reason);
  };
  const ask = (): void => {
    if (isBusy || document.hidden || performance.now() < pausedUntil) return;
    if (isWaiting || !isLoaded) {
      unanswered += 1;
      if (unanswered > MOST) return giveUp("no_answer");
    }
    if (!isLoaded) return;
    isWaiting = true;
    frame.contentWindow?.postMessage(message, origin);
  };
  const renew = async (): Promise<void> => {
    try {
      const asked = message;
      ({ message } = await check());
      // In another tab it may have been renewed already.
      if (message === asked) {
        await silent();
        renewals += 1;
        ({ message } = await check());
      }
      if (message === undefined) stop();
    } catch (failure) {
      const { code } = Object(failure) as Partial<OidcError>;
      if (until.aborted) return;
      if (code === "not_signed_in") return stop();
      if (!OVER.has(code)) return;
      if (code === NOBODY && !hasSeen) return giveUp("not_visible");
      stop();
      ended(failure);
    }
  };
  const answer = async ({ origin: from, source, data }: MessageEvent): Promise<void> => {
    if (!isWaiting || from !== origin || source !== frame.contentWindow) return;
    if (data === "error") return giveUp(data);
    if (data !== "changed" && data !== "unchanged") return;
    isWaiting = false;
    unanswered = 0;
    if (data === "unchanged") {
      changes = renewals = 0;
      hasSeen = true;
      return;
    }
    changes += 1;
    if (renewals >= MOST) return giveUp("not_visible");
    isBusy = true;
    await renew();
    isBusy = false;
    // The first time it is asked again soon; what goes on like this is not asked for every other second.
    pausedUntil = performance.now() + Math.min(PAUSE, interval * (2 ** (changes - 1) - 1));
  };

  for (const ending of [signal, orSignal]) ending?.addEventListener("abort", stop, { signal: until });
  addEventListener("message", answer, { signal: until });
  document.addEventListener("visibilitychange", ask, { signal: until });
  const timer = setInterval(ask, interval);
  until.addEventListener("abort", () => clearInterval(timer));
  frame.src = endpoint;
  frame.addEventListener("load", () => void (isLoaded = true), { signal: until });
  document.documentElement.append(frame);
  return true;
}
