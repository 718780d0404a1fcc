/**
 * How a page in a window or a frame gives its address to the page of the same origin that opened it. It does that through a
 * BroadcastChannel, because a provider that sends `Cross-Origin-Opener-Policy` cuts a window off from the page that opened it;
 * and, where the page is embedded in another site, through `opener` or `parent`, because browsers keep such pages' channels apart.
 *
 * @module
 */
import { captureForAnother, forget, responseState } from "./callback.js";

/** Where a window or a frame is sent, and the `state` that it comes back with. */
export interface Departure {
  /** Missing where there is nothing to visit. */
  readonly url?: string;
  /** Missing where nothing comes back. */
  readonly state?: string;
  /** Fields that are sent by POST. */
  readonly form?: Readonly<Record<string, string>>;
}

const TAKEN = "taken";
/** How long the page waits to be heard, and then to be closed, in milliseconds. */
const HEARING = 2000;
const CLOSING = 500;

/** What is done with this page's address, once for the page. */
let handingOver: Promise<boolean> | undefined;

/**
 * For a small page of its own at `popupRedirectUri`, `silentRedirectUri` or `postLogoutRedirectUri`: hands the address over to
 * the page that signs in or out, and closes the window. It needs no wasm and no client. {@link OidcClient.create} does the same.
 *
 * First, before anything waits, it takes the response out of the address bar. In a frame it does not resolve: the other page
 * removes the frame.
 *
 * @returns `false` where there is nothing to hand over, or nobody who takes it: the page was not opened by another one, or that
 * is gone. `true` where it was taken and the window cannot be closed.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthResponse
 * @example
 * ```ts
 * import { handOverResponse } from "oidc-wasm";
 *
 * if (!(await handOverResponse())) location.replace("/");
 * ```
 */
export function handOverResponse(): Promise<boolean> {
  const url = captureForAnother();
  if (url !== undefined) handingOver ??= tell(url);
  return handingOver ?? Promise.resolve(false);
}

async function tell(url: string): Promise<boolean> {
  const channel = channelOf(responseState(url));
  const taken = new Promise<boolean>((resolve) => {
    channel?.addEventListener("message", ({ data }) => data === TAKEN && resolve(true));
    setTimeout(resolve, HEARING, false);
  });
  say(channel, url);
  const isFramed = globalThis.parent !== globalThis.self;
  // Never to another origin: whoever opened this window may have become somebody else's page.
  (isFramed ? parent : globalThis.opener)?.postMessage(url, location.origin);
  const isTaken = await taken;
  if (isTaken) forget(url);
  channel?.close();
  // No application starts in a frame that nobody sees.
  if (isFramed) await new Promise(() => {});
  close();
  await new Promise((resolve) => setTimeout(resolve, CLOSING));
  return isTaken;
}

/** What an error says about a window or a frame: why, as far as it is known, and where it was sent. */
export function evidence(reason: string, { url = "" }: Departure): Record<string, string> {
  return { reason, url: url.replace(/[?#].*/s, "") };
}

/** The address that comes back with this `state`, from whichever way it comes by first. */
export function hear(state: string, source: () => unknown, end: AbortSignal): Promise<string> {
  const channel = channelOf(state);
  end.addEventListener("abort", () => channel?.close());
  return new Promise((resolve) => {
    const take = ({ data }: MessageEvent): void => {
      if (typeof data !== "string" || responseState(data) !== state) return;
      say(channel, TAKEN);
      resolve(data);
    };
    channel?.addEventListener("message", take);
    const direct = (event: MessageEvent): void => {
      if (event.origin === location.origin && event.source === source()) take(event);
    };
    addEventListener("message", direct, { signal: end });
  });
}

/** Browsers that have no channels, or keep them from this page, throw. */
function channelOf(state: string | undefined): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(`oidc-wasm ${state}`);
  } catch {
    return undefined;
  }
}

function say(channel: BroadcastChannel | undefined, text: string): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
  channel?.postMessage(text);
}
