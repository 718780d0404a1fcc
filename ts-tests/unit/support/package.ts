import { cp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";

/** The module as every entry exports it. */
export type Package = typeof import("oidc-wasm");

const require = createRequire(import.meta.url);

/** The folder of the installed package. */
export const packageFolder = path.dirname(require.resolve("oidc-wasm/package.json"));

/** The workspace. */
export const workspace = path.resolve(import.meta.dirname, "../../..");

let copies = 0;

/** The package as a module of its own, with nothing loaded yet: what happens in one copy does not reach the others. */
export async function freshPackage(entry: "index" | "inline" | "node"): Promise<Package> {
  const url = pathToFileURL(path.join(packageFolder, `dist/${entry}.js`));
  url.searchParams.set("copy", String((copies += 1)));
  return (await import(url.href)) as Package;
}

/** The same with every file of the package copied, so that what the entries share is a module of its own too. */
export async function copiedPackage(entry: "index" | "inline" | "node", without: readonly string[] = []): Promise<Package> {
  const folder = path.join(workspace, `target/package-copies/${process.pid}-${(copies += 1)}`);
  await cp(packageFolder, folder, { recursive: true, filter: (file) => !without.includes(path.basename(file)) });
  onTestFinished(() => rm(folder, { recursive: true }));
  return (await import(pathToFileURL(path.join(folder, `dist/${entry}.js`)).href)) as Package;
}

/** The bytes of the packed wasm. */
export async function wasmBytes(): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(await readFile(path.join(packageFolder, "dist/oidc_wasm_bg.wasm")));
}
