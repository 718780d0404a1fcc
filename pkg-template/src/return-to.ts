import { OidcError } from "./errors.js";

/** Options of {@link resolveReturnTo}. */
export interface ReturnToOptions {
  /** The application's base address: absolute, `https:`, or `http:` on loopback. Default: `/` of the page's origin. */
  readonly base?: string;
  /** Where to go instead, under the same rules as the value. Default: `base`. */
  readonly fallback?: string;
}

/** Hosts where `http:` is as good as `https:`. */
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** Never part of an address that somebody meant; parsers remove some of them silently. */
// oxlint-disable-next-line no-control-regex -- that is what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** Two dots that are no step upwards here, and become one for a server that decodes the slash after them. */
const HIDDEN_STEP = /(\.|%2e){2}(%2f|%5c)/i;

/**
 * The address to go to after sign-in or sign-out, made from a value that came from outside: a query parameter, `appState`,
 * `target_link_uri`. What leads out of the application, by whatever trick, gives `fallback` instead. Navigate to the result as it
 * is: taken apart and put together again it may lead elsewhere.
 *
 * @param value An absolute URL, or one relative to `base`. Anything but a text gives `fallback`.
 * @returns The whole URL, inside `base`.
 * @throws {OidcError} `invalid_argument` when `base` or `fallback` itself cannot be used; `details.option` names it.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.11.1
 * @example
 * ```ts
 * import { resolveReturnTo, type OidcClient } from "oidc-wasm";
 *
 * declare const client: OidcClient;
 * const session = await client.start();
 * const wanted = new URLSearchParams(location.search).get("returnTo");
 * if (session) location.replace(resolveReturnTo(wanted, { fallback: "/home" }));
 * else await client.signIn({ appState: { returnTo: resolveReturnTo(wanted) } });
 * ```
 */
export function resolveReturnTo(value: unknown, { base, fallback }: ReturnToOptions = {}): string {
  const app = parse(base ?? "/", base === undefined ? globalThis.location?.origin : undefined);
  const isLoopback = app?.protocol === "http:" && LOOPBACK.test(app.hostname);
  if (!app || (app.protocol !== "https:" && !isLoopback) || app.username || app.password) throw unusable("base");
  app.search = app.hash = "";
  const path = app.pathname;
  if (path.startsWith("//")) throw unusable("base");
  const folder = path.replace(/\/?$/, "/");
  app.pathname = folder;

  const instead = within(fallback ?? path, app, path);
  if (instead === undefined) throw unusable("fallback");
  return (within(value, app, path) ?? instead).href;
}

/** An address inside the folder `app`, or `path`, which is that folder without its last slash. */
export function within(value: unknown, app: URL, path = app.pathname): URL | undefined {
  if (typeof value !== "string" || CONTROL.test(value)) return undefined;
  const url = parse(value, app.href);
  // `blob:` has the origin of the page that made it.
  if (!url || url.protocol !== app.protocol || url.origin !== app.origin || url.username || url.password) return undefined;
  const isInside = url.pathname === path || url.pathname.startsWith(app.pathname);
  return isInside && !url.pathname.startsWith("//") && !HIDDEN_STEP.test(url.pathname) ? url : undefined;
}

function parse(url: string, base: string | undefined): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}

function unusable(option: string): OidcError {
  const message = `resolveReturnTo() cannot use ${option}: it has to be inside the application, which is at https, or http on loopback.`;
  return new OidcError({ code: "invalid_argument", type: "usage", message, details: { option } });
}
