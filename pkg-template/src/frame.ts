/**
 * Sign-in and sign-out in a frame that nobody sees: a script of its own, which the client imports when somebody wants it. The
 * page in the frame hands its address over and waits to be removed: `windows.ts`.
 *
 * @module
 */
import { responseState } from "./callback.js";
import { isOidcError, type OidcError } from "./errors.js";
import { post, unguessable } from "./navigation.js";
import type { SignOutResult } from "./types.js";
import { evidence, hear, type Departure } from "./windows.js";

/** How long the frame may take. */
export interface FrameOptions {
  /** In seconds, at most a day. Default 10. */
  readonly timeoutSeconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where what is done in a frame begins and ends. */
export interface FrameSteps<T> {
  prepare(): Promise<Departure>;
  /** Completes it from the URL that the frame came back to. */
  finish(url: string): Promise<T>;
}

/** The class, because there are instances of one class only: this script has none of its own. */
export type Failures = typeof OidcError;

/** A day: timers of browsers count to 24 of them. */
const LONGEST = 86_400;

/** Why nothing came back, as far as it can be seen from here: `details.reason`, and what to do. */
const REASONS = {
  no_answer: "The provider did not answer in the frame in time.",
  frame_refused_or_interactive:
    "The frame stayed on a page that this one may not look at: the provider or the page at silentRedirectUri forbids frames " +
    "(X-Frame-Options, frame-ancestors), or the provider asks the person something, or cannot be reached.",
  callback_page_silent: "The page that the frame came back to handed nothing over: call handOverResponse() there.",
  csp_frame_src: "The Content Security Policy of this page forbids the frame: add the provider and 'self' to frame-src.",
};

/** Signs in without asking the person anything. */
export async function signInSilent<T>({ prepare, finish }: FrameSteps<T>, options: FrameOptions, Failure: Failures): Promise<T> {
  const limit = check(options, Failure);
  const departure = await prepare();
  const url = await inFrame(departure, limit, options.signal, Failure);
  try {
    return await finish(url as string);
  } catch (failure) {
    if (!isOidcError(failure, "interaction_required")) throw failure;
    // In a frame it may mean that the browser keeps the provider's cookies from it.
    const { message, cause, details } = failure;
    throw new Failure({ ...failure, message, cause, details: { ...details, ...evidence("frame", departure) } });
  }
}

/** Signs out without leaving the page. What becomes of the frame changes nothing about the local session, which has ended then. */
export async function signOutSilent(
  { prepare, finish }: FrameSteps<boolean>,
  options: FrameOptions,
  Failure: Failures,
): Promise<SignOutResult> {
  const limit = check(options, Failure);
  const departure = await prepare();
  try {
    const url = await inFrame(departure, limit, options.signal, Failure);
    return { remote: url !== undefined && (await finish(url)) };
  } catch (failure) {
    if (!isOidcError(failure, "timeout")) throw failure;
    return { remote: false };
  }
}

function check({ timeoutSeconds = 10, signal }: FrameOptions, Failure: Failures): number {
  if (signal?.aborted) throw aborted(signal, Failure);
  return milliseconds("timeoutSeconds", timeoutSeconds, 0, Failure);
}

/** Of a number of seconds that an application gave. */
export function milliseconds(option: string, seconds: number, least: number, Failure: Failures): number {
  if (seconds >= least && seconds > 0 && seconds <= LONGEST) return seconds * 1000;
  throw new Failure({ code: "invalid_argument", type: "usage", message: `${option} is out of range.`, details: { option } });
}

/** The address that a frame comes back to; `undefined` where there is nothing to visit, or where nothing comes back. */
async function inFrame(
  departure: Departure,
  limit: number,
  signal: AbortSignal | undefined,
  Failure: Failures,
): Promise<string | undefined> {
  const { url, state, form } = departure;
  if (url === undefined) return undefined;
  const end = new AbortController();
  const { signal: until } = end;
  // Providers run scripts and send forms in it; sending the page around it anywhere is not for them.
  const frame = hiddenFrame("allow-scripts allow-same-origin allow-forms");
  try {
    return await new Promise((resolve, reject) => {
      if (signal?.aborted) throw aborted(signal, Failure);
      let reason: keyof typeof REASONS = "no_answer";
      const fail = (): void =>
        reject(new Failure({ code: "timeout", type: "timeout", message: REASONS[reason], details: evidence(reason, departure) }));
      const timer = setTimeout(fail, limit);
      until.addEventListener("abort", () => clearTimeout(timer));
      signal?.addEventListener("abort", () => reject(aborted(signal, Failure)), { signal: until });
      const forbidden = ({ disposition, effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
        if (disposition !== "enforce" || effectiveDirective !== "frame-src") return;
        // There, or back: both have to be allowed.
        if (!isAt(blockedURI, url) && !isAt(blockedURI, location.href)) return;
        reason = "csp_frame_src";
        fail();
      };
      document.addEventListener("securitypolicyviolation", forbidden, { signal: until });
      if (state !== undefined) hear(state, () => frame.contentWindow, until).then(resolve);
      const loaded = (): void => {
        if (state === undefined) return resolve(undefined);
        try {
          const { href } = (frame.contentWindow as Window).location;
          // A page without any script is as good as one that hands its address over.
          if (responseState(href) === state) resolve(href);
          else if (href !== "about:blank") reason = "callback_page_silent";
        } catch {
          reason = "frame_refused_or_interactive";
        }
      };
      if (!form) frame.src = url;
      document.documentElement.append(frame);
      frame.addEventListener("load", loaded, { signal: until });
      if (form) post(url, form, frame.name);
    });
  } finally {
    end.abort();
    frame.remove();
  }
}

/**
 * A frame that takes no room and has a name that nobody knows. Everything is set by properties: attributes in a text would be
 * inline styles to a Content Security Policy.
 */
export function hiddenFrame(sandbox: string): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.name = unguessable();
  frame.sandbox.value = sandbox;
  frame.style.display = "none";
  return frame;
}

function isAt(blocked: string, url: string): boolean {
  const { origin } = new URL(url);
  return blocked === origin || blocked.startsWith(`${origin}/`);
}

function aborted({ reason: cause }: AbortSignal, Failure: Failures): OidcError {
  return new Failure({ code: "aborted", type: "aborted", message: "The caller aborted the call.", cause });
}
