/** Everything public; the three entries export it and differ only in where the wasm comes from. */
export { OidcClient } from "./client.js";
export { isOidcError, OidcError } from "./errors.js";
export type { OidcErrorCode, OidcErrorInit, OidcErrorType, OidcErrorTypes } from "./errors.js";
export { init } from "./init.js";
export type * from "./types.js";
