/**
 * Sign-in in a window of its own. The page that opened the window begins and completes the sign-in; the callback page in the
 * window only hands its address over and closes. It does that through a BroadcastChannel, because a provider that sends
 * `Cross-Origin-Opener-Policy` cuts the window off from the page that opened it; and, where the page is embedded in another site,
 * through `opener`, because browsers keep such pages' channels apart.
 *
 * @module
 */
import { capturedCallback, forget, responseState } from "./callback.js";
import { OidcError } from "./errors.js";
import { requirePage } from "./navigation.js";
import type { AuthorizationDetail } from "./messages.js";
import type { PreparedSignIn, SignInOptions } from "./types.js";

/** Options of a sign-in in a window of its own. */
export interface PopupSignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail> extends SignInOptions<Detail> {
  /** Width of the window, in CSS pixels. Default 500. */
  readonly width?: number;
  /** Height of the window, in CSS pixels. Default 650. */
  readonly height?: number;
  /** How long the person may take, in seconds, at most a day. Default 600: a response that comes later is refused anyway. */
  readonly timeoutSeconds?: number;
}

/** Where a sign-in begins and ends. */
export interface PopupSteps<T, Detail extends AuthorizationDetail> {
  /** Makes the authorization request, with a `state` that tells the callback page to hand it over. */
  prepare(request: SignInOptions<Detail>): Promise<PreparedSignIn>;
  /** Completes the sign-in from the callback's URL. */
  finish(url: string): Promise<T>;
}

/** How the core begins the `state` of a sign-in in a window. */
const MARK = "p.";
const TAKEN = "taken";
/** A day: timers of browsers count to 24 of them. */
const LONGEST = 86_400;
/** How often the window is looked at, in milliseconds. */
const INTERVAL = 500;
/** How many looks in a row must find the window closed and the person back here. */
const LOOKS = 10;
/** How long the callback page waits to be heard, and then to be closed, in milliseconds. */
const HEARING = 2000;
const CLOSING = 500;

/** Ends the sign-in whose window is open: there is one at a time. */
let replace: (() => void) | undefined;
/** What the callback page does, once for the page. */
let handingOver: Promise<void> | undefined;

/**
 * Signs in in a window. The window opens before this function waits for anything, so that the browser sees the person's click.
 *
 * Whether the person has closed the window cannot be told from a provider's `Cross-Origin-Opener-Policy` having cut it off: both
 * read as `closed`. So it counts as closed when it reads so for five seconds during which this page has the focus. Whoever
 * still types into the window has not come back.
 */
export async function signInPopup<T, Detail extends AuthorizationDetail>(
  { prepare, finish }: PopupSteps<T, Detail>,
  { width = 500, height = 650, timeoutSeconds = 600, ...request }: PopupSignInOptions<Detail>,
): Promise<T> {
  requirePage();
  const { signal } = request;
  if (signal?.aborted) throw aborted("The caller aborted the call.", signal.reason);
  if (!(timeoutSeconds > 0 && timeoutSeconds <= LONGEST)) throw usage("invalid_argument", "timeoutSeconds is out of range.", { option: "timeoutSeconds" });
  if (typeof BroadcastChannel === "undefined") {
    throw usage("unsupported_environment", "This browser has no BroadcastChannel: use signIn().", { feature: "BroadcastChannel" });
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
  let channel: BroadcastChannel | undefined;
  try {
    const ended = new Promise<never>((_, reject) => {
      let hasLeft = false;
      let looks = 0;
      const look = (): void => {
        // Before it goes anywhere, nothing can cut it off.
        hasLeft ||= channel !== undefined;
        looks = popup.closed && (!hasLeft || document.hasFocus()) ? looks + 1 : 0;
        if (looks >= (hasLeft ? LOOKS : 1)) reject(interaction("popup_closed", "The window was closed before the sign-in was done."));
      };
      every(INTERVAL, look, end.signal);
      const late = (): void => reject(new OidcError({ code: "timeout", type: "timeout", message: "The person did not sign in in time." }));
      every(timeoutSeconds * 1000, late, end.signal);
      signal?.addEventListener("abort", () => reject(aborted("The caller aborted the call.", signal.reason)), { signal: end.signal });
      replace = () => reject(aborted("Another window was opened for a sign-in."));
    });
    const { url, state } = await Promise.race([prepare(request), ended]);
    channel = new BroadcastChannel(channelOf(state));
    const heard = hear(channel, popup, state, end.signal);
    popup.location.replace(url);
    const response = await Promise.race([heard, ended]);
    popup.close();
    return await finish(response);
  } finally {
    end.abort();
    channel?.close();
    popup.close();
  }
}

/**
 * What a callback page has to await before anything else. In the window of {@link signInPopup} it hands the response over,
 * closes the window, and does not resolve; elsewhere it resolves at once. A window that nobody hears or that cannot be closed
 * goes on as an ordinary page.
 */
export function handOver(redirectUri: string): Promise<void> {
  const url = capturedCallback(redirectUri);
  const state = url === undefined ? undefined : responseState(url);
  if (url !== undefined && state?.startsWith(MARK) && typeof BroadcastChannel !== "undefined") handingOver ??= tell(url, state);
  return handingOver ?? Promise.resolve();
}

async function tell(url: string, state: string): Promise<void> {
  const channel = new BroadcastChannel(channelOf(state));
  const taken = new Promise<boolean>((resolve) => {
    channel.addEventListener("message", ({ data }) => data === TAKEN && resolve(true));
    setTimeout(resolve, HEARING, false);
  });
  say(channel, url);
  // Never to another origin: whoever opened this window may have become somebody else's page.
  globalThis.opener?.postMessage(url, location.origin);
  if (await taken) forget(url);
  channel.close();
  close();
  await new Promise((resolve) => setTimeout(resolve, CLOSING));
}

/** The callback's URL, from whichever way it comes by first. */
function hear(channel: BroadcastChannel, popup: Window, state: string, end: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    const take = ({ data }: MessageEvent): void => {
      if (typeof data !== "string" || data === TAKEN || responseState(data) !== state) return;
      say(channel, TAKEN);
      resolve(data);
    };
    channel.addEventListener("message", take);
    const fromPopup = (event: MessageEvent): void => {
      if (event.origin === location.origin && event.source === popup) take(event);
    };
    addEventListener("message", fromPopup, { signal: end });
  });
}

function channelOf(state: string): string {
  return `oidc-wasm ${state}`;
}

function say(channel: BroadcastChannel, text: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
  channel.postMessage(text);
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
