/**
 * The same as `oidc-wasm`, reading the wasm from disk: for Node, where `fetch` cannot open files.
 *
 * @module
 */
export * from "./api.js";
