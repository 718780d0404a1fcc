import type { OidcClientOptions } from "oidc-wasm";

/** What the tests of the frameworks tell their applications, before those run. */
export interface FrameworkSettings {
  readonly authority: string;
  readonly clientId: string;
  readonly api: string;
  /** Tokens are bound to a key. */
  readonly dpop?: boolean;
  /** The provider sends the browser back to a page that needs a session, `/callback`. */
  readonly guarded?: boolean;
  /** The application hands over a function that makes the client, instead of a promise. */
  readonly lazy?: boolean;
  /** The page has what a server has rendered. */
  readonly hydrate?: boolean;
}

export function readSettings(): FrameworkSettings {
  return Reflect.get(globalThis, "settings") as FrameworkSettings;
}

export function optionsOf({ authority, clientId, api, dpop = false, guarded = false }: FrameworkSettings): OidcClientOptions {
  return {
    authority,
    clientId,
    redirectUri: `${location.origin}/${guarded ? "callback" : ""}`,
    postLogoutRedirectUri: `${location.origin}/`,
    scope: "openid profile api",
    allowedOrigins: [api],
    dpop,
    // The demo's client with bound tokens has to.
    pushedAuthorization: dpop ? "always" : "auto",
  };
}
