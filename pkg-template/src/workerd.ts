/**
 * The same as `oidc-wasm`, with the wasm imported as a module: for Cloudflare Workers, where nothing is compiled while a Worker
 * runs. The name `oidc-wasm` leads here too where a tool asks for the condition `workerd`, as Wrangler does.
 *
 * @module
 */
export * from "./api.js";
