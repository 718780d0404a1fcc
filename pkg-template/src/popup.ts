/**
 * Sign-in and sign-out in a window of its own. The page that opened the window begins and completes them; the page in the window
 * that the provider leads back to only hands its address over and closes: `windows.ts`.
 *
 * @module
 */
import { isOidcError, OidcError } from "./errors.js";
import type { AuthorizationDetail } from "./messages.js";
import { post, requirePage, unguessable } from "./navigation.js";
import type { PreparedSignIn, SignInOptions, SignOutOptions, SignOutResult } from "./types.js";
import { evidence, hear, type Departure } from "./windows.js";

/** How a window looks, and how long it may stay. */
export interface WindowOptions {
  /** Width of the window, in CSS pixels. Default 500. */
  readonly width?: number;
  /** Height of the window, in CSS pixels. Default 650. */
  readonly height?: number;
  /** How long the person may take, in seconds, at most a day. Default 600: a response that comes later is refused anyway. */
  readonly timeoutSeconds?: number;
}

/** Options of a sign-in in a window of its own. */
export interface PopupSignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail>
  extends SignInOptions<Detail>, WindowOptions {}

/** Options of a sign-out in a window of its own. */
export interface PopupSignOutOptions extends Omit<SignOutOptions, "localOnly">, WindowOptions {
  /** Closes the window: the call rejects with the code `aborted`. The local session is gone all the same. */
  readonly signal?: AbortSignal;
}

/** Where a sign-in begins and ends. */
export interface PopupSteps<T, Detail extends AuthorizationDetail> {
  /** Makes the authorization request, with a `state` that tells the callback page to hand it over. */
  prepare(request: SignInOptions<Detail>): Promise<PreparedSignIn>;
  /** Completes the sign-in from the callback's URL. */
  finish(url: string): Promise<T>;
}

/** Where a sign-out begins and ends. */
export interface SignOutSteps {
  /** Ends the session here, and says where to end it at the provider, with a `state` that tells the page there to hand it over. */
  prepare(request: Omit<SignOutOptions, "localOnly">): Promise<Departure>;
  /** Whether this URL is the way back. */
  finish(url: string): Promise<boolean>;
}

/** A day: timers of browsers count to 24 of them. */
const LONGEST = 86_400;
/** How often the window is looked at, in milliseconds. */
const INTERVAL = 500;
/** How many looks in a row must find the window closed and the person back here. */
const LOOKS = 10;

/** Ends what the open window is for: there is one at a time. */
let replace: (() => void) | undefined;

/** Signs in in a window. The window opens before this function waits for anything, so that the browser sees the person's click. */
export async function signInPopup<T, Detail extends AuthorizationDetail>(
  { prepare, finish }: PopupSteps<T, Detail>,
  { width, height, timeoutSeconds, ...request }: PopupSignInOptions<Detail>,
): Promise<T> {
  const url = await inWindow(() => prepare(request), request.signal, width, height, timeoutSeconds);
  return finish(url as string);
}

/** Signs out in a window. What becomes of the window changes nothing about the local session, which has ended then. */
export async function signOutPopup(
  { prepare, finish }: SignOutSteps,
  { width, height, timeoutSeconds, signal, ...request }: PopupSignOutOptions,
): Promise<SignOutResult> {
  let prepared: Promise<Departure> | undefined;
  try {
    const url = await inWindow(() => (prepared = prepare(request)), signal, width, height, timeoutSeconds);
    return { remote: url !== undefined && (await finish(url)) };
  } catch (failure) {
    if (!isOidcError(failure, "popup_closed") && !isOidcError(failure, "timeout")) throw failure;
    // What failed here is said: it may have been the reason.
    await prepared;
    return { remote: false };
  }
}

/**
 * The address that a window comes back to; `undefined` where there is nothing to visit.
 *
 * Whether the person has closed the window cannot be told from a provider's `Cross-Origin-Opener-Policy` having cut it off: both
 * read as `closed`. So it counts as closed when it reads so for five seconds during which this page has the focus. Whoever
 * still types into the window has not come back.
 */
async function inWindow(
  prepare: () => Promise<Departure>,
  signal: AbortSignal | undefined,
  width = 500,
  height = 650,
  timeoutSeconds = 600,
): Promise<string | undefined> {
  requirePage();
  if (signal?.aborted) throw aborted("The caller aborted the call.", signal.reason);
  if (!(timeoutSeconds > 0 && timeoutSeconds <= LONGEST)) throw usage("invalid_argument", "timeoutSeconds is out of range.", { option: "timeoutSeconds" });
  if (typeof BroadcastChannel === "undefined") {
    throw usage("unsupported_environment", "This browser has no BroadcastChannel: do it without a window.", { feature: "BroadcastChannel" });
  }
  replace?.();
  // In the middle of the window that opens it; without a name by which another page could reach it.
  const left = Math.round(screenX + (outerWidth - width) / 2);
  const top = Math.round(screenY + (outerHeight - height) / 2);
  const popup = open("", "_blank", `popup,width=${width},height=${height},left=${left},top=${top}`);
  if (!popup || popup.closed) {
    throw interaction("popup_blocked", "The browser blocked the window: open it in a click.");
  }
  const end = new AbortController();
  try {
    let departure: Departure = {};
    let hasLeft = false;
    const ended = new Promise<never>((_, reject) => {
      let looks = 0;
      const look = (): void => {
        // Before it goes anywhere, nothing can cut it off.
        looks = popup.closed && (!hasLeft || document.hasFocus()) ? looks + 1 : 0;
        if (looks >= (hasLeft ? LOOKS : 1)) reject(interaction("popup_closed", "The window was closed before it came back."));
      };
      every(INTERVAL, look, end.signal);
      const late = (): void => {
        const details = evidence("window", departure);
        reject(new OidcError({ code: "timeout", type: "timeout", message: "The window did not come back in time.", details }));
      };
      every(timeoutSeconds * 1000, late, end.signal);
      signal?.addEventListener("abort", () => reject(aborted("The caller aborted the call.", signal.reason)), { signal: end.signal });
      replace = () => reject(aborted("Another window was opened."));
    });
    departure = await Promise.race([prepare(), ended]);
    const { url, state, form } = departure;
    if (url === undefined) return undefined;
    const heard = state === undefined ? ended : hear(state, () => popup, end.signal);
    hasLeft = true;
    if (form) post(url, form, (popup.name = unguessable()));
    else popup.location.replace(url);
    return await Promise.race([heard, ended]);
  } finally {
    end.abort();
    popup.close();
  }
}

function every(milliseconds: number, run: () => void, end: AbortSignal): void {
  const timer = setInterval(run, milliseconds);
  end.addEventListener("abort", () => clearInterval(timer));
}

function aborted(message: string, cause?: unknown): OidcError {
  return new OidcError({ code: "aborted", type: "aborted", message, cause });
}

function interaction(code: "popup_blocked" | "popup_closed", message: string): OidcError {
  return new OidcError({ code, type: "interaction", message });
}

function usage(code: "invalid_argument" | "unsupported_environment", message: string, details: Record<string, string>): OidcError {
  return new OidcError({ code, type: "usage", message, details });
}
