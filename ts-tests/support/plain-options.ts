import type { OidcClientOptions } from "oidc-wasm";

/** Options that can be handed to a page: data, and no `fetch`. */
export type PlainOptions = Omit<OidcClientOptions, "fetch">;
