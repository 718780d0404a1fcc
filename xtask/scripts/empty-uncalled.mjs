// wasm-bindgen puts a function into the module for every type of closure that js-sys knows, to call one from JavaScript.
// Those that are not exported are called by nobody, but a table still refers to them, so that wasm-opt keeps them. This
// leaves nothing in them; wasm-opt then makes one of all that look alike.
// Usage: node empty-uncalled.mjs FOLDER, after shorten-names.mjs and before wasm-opt.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import binaryen from "binaryen";

const [folder] = process.argv.slice(2);
const wasmPath = path.join(folder, "oidc_wasm_bg.wasm");
const module = binaryen.readBinary(await readFile(wasmPath));
const text = module.emitText();
const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
  binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
);
const uncalled = functions.filter(
  ({ name }) => name.includes("closures::_::invoke::<") && !text.includes(`(call $"${name}"`) && !text.includes(`(func $"${name}"))`),
);
if (uncalled.length === 0) throw new Error("No function is uncalled: wasm-bindgen changed its names.");
for (const { name, params, results } of uncalled) {
  module.removeFunction(name);
  module.addFunction(name, params, results, [], module.unreachable());
}
await writeFile(wasmPath, module.emitBinary());
console.log(`${uncalled.length} uncalled functions emptied.`);
