/**
 * OpenID Connect sign-in for pages: a core in WebAssembly with a thin TypeScript face.
 *
 * Importing this module does nothing; the first call loads the wasm file that lies next to it.
 *
 * @module
 */
export * from "./api.js";
