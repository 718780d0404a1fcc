import base64 from "#bytes";
import type { WasmSource } from "../types.js";

/** `oidc-wasm/inline`: the wasm is part of the script. */
export function wasmSource(): WasmSource {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
