/** The two ways of this page: tokens as they mostly are, or bound to a key (`?mode=dpop`). Each is a client of its own. */

import type { OidcClientOptions } from "oidc-wasm";

/** The callback of a mode has an address of its own, so the mode survives the way to the provider and back. */
const DPOP_CALLBACK = "/dpop/callback";

export const mode: "bearer" | "dpop" =
  location.pathname === DPOP_CALLBACK || new URLSearchParams(location.search).get("mode") === "dpop" ? "dpop" : "bearer";

const bound = mode === "dpop";
const callback = bound ? DPOP_CALLBACK : "/callback";

/** The start page in this mode. */
export const home = bound ? "/?mode=dpop" : "/";

export const isCallback = (): boolean => location.pathname === callback;

/** An address of this page in this mode. */
export const inMode = (path: string): string => (bound ? `${path}?mode=dpop` : path);

export const clientOptions: OidcClientOptions = {
  authority: DEMO.provider,
  clientId: bound ? "spa-dpop" : "spa",
  redirectUri: new URL(callback, location.origin).href,
  postLogoutRedirectUri: new URL(home, location.origin).href,
  scope: "openid profile email api",
  storage: "session",
  allowedOrigins: [DEMO.api],
  ...(bound ? { dpop: true, pushedAuthorization: "always" } : {}),
};

/** Whether something that names a mode belongs to this one. */
export const fitsMode = ({ dataset }: HTMLElement): boolean => dataset["mode"] === undefined || dataset["mode"] === mode;

/** Shows what belongs to this mode and hides the rest. */
export function showMode(): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-mode]")) part.hidden = !fitsMode(part);
  for (const link of document.querySelectorAll<HTMLAnchorElement>("[data-to]")) {
    if (link.dataset["to"] === mode) link.setAttribute("aria-current", "true");
  }
  document.querySelector(".brand")?.setAttribute("href", home);
}
