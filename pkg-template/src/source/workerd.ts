import module from "./oidc_wasm_bg.wasm";
import type { WasmSource } from "../types.js";

/** `oidc-wasm/workerd`: the wasm is a module, compiled when the Worker was deployed. */
export function wasmSource(): WasmSource {
  return module;
}
