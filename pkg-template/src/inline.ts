/**
 * The same as `oidc-wasm`, with the wasm inside the script: for places where a second file is in the way.
 *
 * @module
 */
export * from "./api.js";
