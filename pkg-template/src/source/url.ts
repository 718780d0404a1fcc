import type { WasmSource } from "../types.js";

/** `oidc-wasm`: the wasm lies next to the script. Bundlers recognise exactly this expression and copy the file. */
export function wasmSource(): WasmSource {
  return new URL("./oidc_wasm_bg.wasm", import.meta.url);
}
