/**
 * The software signer: a script of its own, which `dpop.ts` imports when somebody wants it. Its wasm is inside, so that
 * there is one file to find, and every bundler finds it.
 *
 * @module
 */
export { wasmSource } from "./source/inline.js";
export { Es256Key, initSync } from "#signer-wasm";
