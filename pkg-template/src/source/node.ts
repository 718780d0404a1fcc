import { readFile } from "node:fs/promises";
import type { WasmSource } from "../types.js";

/** `oidc-wasm/node`: the wasm is read from disk, next to the script. */
export function wasmSource(): Promise<WasmSource> {
  return readFile(new URL("./oidc_wasm_bg.wasm", import.meta.url));
}
