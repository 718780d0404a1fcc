import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { installed } from "./paths.ts";

export interface Emitted {
  /** Every `.wasm`, by its name in the folder. */
  readonly wasm: readonly string[];
  /** The scripts that have the core in them, as base64. */
  readonly inlined: readonly string[];
  /** The scripts that have the package's face in them. */
  readonly faces: readonly string[];
  /** The scripts that read files: they can only be for servers. */
  readonly forServers: readonly string[];
}

/** What a build has of the package. Every `.wasm` has to be the package's, byte for byte. */
export async function emitted(directory: string): Promise<Emitted> {
  const core = await readFile(path.join(installed, "dist/oidc_wasm_bg.wasm"));
  // From the middle, where no other module is the same; a multiple of three begins a group of base64.
  const sample = core.subarray(30_000, 30_300).toString("base64");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const found = { wasm: [] as string[], inlined: [] as string[], faces: [] as string[], forServers: [] as string[] };
  for (const entry of entries.filter((item) => item.isFile())) {
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(directory, file);
    if (name.endsWith(".wasm")) {
      if (!core.equals(await readFile(file))) throw new Error(`${name} is not the package's wasm.`);
      found.wasm.push(name);
    } else if (/\.[cm]?js$/.test(name)) {
      const text = await readFile(file, "utf8");
      if (text.includes(sample)) found.inlined.push(name);
      if (text.includes("wasm_blocked_by_csp")) found.faces.push(name);
      if (/["'`]node:fs/.test(text)) found.forServers.push(name);
    }
  }
  return found;
}
