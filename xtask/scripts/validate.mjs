// node validate.mjs MODULE: does this engine accept the module? wasm-opt must not have written newer instructions.
import { readFile } from "node:fs/promises";

const [path] = process.argv.slice(2);
try {
  await WebAssembly.compile(await readFile(path));
} catch (error) {
  console.error(`${path} is no valid wasm module for Node ${process.version}: ${error.message}`);
  process.exit(1);
}
