/**
 * The callback in the address bar: recognised by syntax alone, kept for this page, and removed from the address bar
 * before anything waits, so that neither a reload nor a `Referer` nor an error reporter sees the code.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.2.4
 */

/** What a provider may add to a redirect URI; also what it must not add, which the core then refuses. */
const RESPONSE_PARAMETERS: ReadonlySet<string> = new Set([
  "code",
  "state",
  "iss",
  "session_state",
  "response",
  "error",
  "error_description",
  "error_uri",
  "scope",
  "access_token",
  "id_token",
  "token_type",
  "expires_in",
]);

/** A signed response: all parameters are in it (JARM, section 2.3.1). */
const JWT = /^[\w-]+\.([\w-]+)\.[\w-]+$/;

/** The `state` of what another page of this origin does in a window or a frame: the core begins it like this. */
const FOR_ANOTHER = /^p\.[\w-]{20,}$/;

/** One per page, not per client: two clients may be created for one callback, and only the first sees it. */
let captured: string | undefined;

/**
 * Takes a callback at `redirectUri` out of the address bar, if there is one. Synchronous on purpose. With `incomplete`
 * a response that lacks its `state` counts too: the application says that this is a callback.
 */
export function capture(redirectUri: string, incomplete = false): void {
  if (typeof location === "undefined" || typeof history === "undefined") return;
  const here = location.href;
  if (!isCallback(here, redirectUri, incomplete)) return;
  captured = here;
  replaceAddress(cleaned(here, redirectUri, incomplete));
}

/** The captured callback, if it belongs to this redirect URI. */
export function capturedCallback(redirectUri: string): string | undefined {
  return captured !== undefined && isCallback(captured, redirectUri, true) ? captured : undefined;
}

/**
 * The address, if another page of this origin waits for it: an authorization response, or the return from a sign-out. It may
 * have any path. Taken out of the address bar, synchronously.
 */
export function captureForAnother(): string | undefined {
  if (typeof location === "undefined" || typeof history === "undefined") return undefined;
  const url = captured ?? location.href;
  if (!FOR_ANOTHER.test(responseState(url) ?? "")) return undefined;
  if (url !== captured) {
    const left = new URL(url);
    left.search = without(left.search, RESPONSE_PARAMETERS);
    left.hash = without(left.hash, RESPONSE_PARAMETERS);
    replaceAddress(left.href);
  }
  return url;
}

/** Drops a captured callback: it led to an error, or the session it made has ended. */
export function forget(url: string | undefined): void {
  if (captured === url) captured = undefined;
}

/** The `state` of an address, where a post-logout return carries it. */
export function stateOf(url: string): string | null {
  return new URL(url).searchParams.get("state");
}

/** Removes the `state` of a post-logout return, unless the address has changed meanwhile. */
export function removeState(state: string): void {
  const url = new URL(location.href);
  if (url.searchParams.get("state") !== state) return;
  url.search = without(url.search, new Set(["state"]));
  replaceAddress(url.href);
}

function replaceAddress(url: string): void {
  try {
    history.replaceState(history.state, "", url);
  } catch {
    // A sandboxed document may not change its address; the callback is handled all the same.
  }
}

function isCallback(url: string, redirectUri: string, incomplete: boolean): boolean {
  const here = parse(url);
  const target = parse(redirectUri);
  if (!here || !target || here.origin !== target.origin || here.pathname !== target.pathname) return false;
  return isResponse(here.search, incomplete) || isResponse(here.hash, incomplete);
}

/** Whether a part of an address carries a response. One in the fragment was not asked for; the core refuses it. */
function isResponse(part: string, incomplete: boolean): boolean {
  const parameters = new URLSearchParams(part.slice(1));
  const any = (...names: string[]): boolean => names.some((name) => parameters.has(name));
  // Tokens are never left in an address, whatever put them there.
  return (
    ((incomplete || any("state")) && any("code", "error", "response")) ||
    any("access_token", "id_token") ||
    JWT.test(parameters.get("response") ?? "")
  );
}

/** The `state` of an authorization response, unchecked; that of a signed one is in its JWT. */
export function responseState(url: string): string | undefined {
  const { search, hash } = parse(url) ?? { search: "", hash: "" };
  const parameters = new URLSearchParams(search + hash.replace("#", "&"));
  const [, claims] = JWT.exec(parameters.get("response") ?? "") ?? [];
  try {
    const state: unknown = claims ? JSON.parse(atob(claims.replace(/-/g, "+").replace(/_/g, "/"))).state : parameters.get("state");
    return typeof state === "string" ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The address without the response: what belongs to the application stays, letter for letter. */
function cleaned(here: string, redirectUri: string, incomplete: boolean): string {
  const url = new URL(here);
  const own = new URL(redirectUri).searchParams;
  const remove = new Set([...RESPONSE_PARAMETERS].filter((name) => !own.has(name)));
  if (isResponse(url.search, incomplete)) url.search = without(url.search, remove);
  if (isResponse(url.hash, incomplete)) url.hash = without(url.hash, RESPONSE_PARAMETERS);
  return url.href;
}

/** Cuts pairs out of a query or fragment without rewriting the others. */
function without(part: string, names: ReadonlySet<string>): string {
  const kept = part
    .slice(1)
    .split("&")
    .filter((pair) => ![...new URLSearchParams(pair).keys()].some((name) => names.has(name)));
  return kept.join("&");
}

function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
