import { execFileSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { packageFolder } from "./support/package.ts";

/** Imports an entry in a process of its own where every side effect that matters throws, and reports what changed. */
function importAlone(entry: string): string {
  const url = pathToFileURL(path.join(packageFolder, `dist/${entry}.js`)).href;
  const script = `
    const refuse = (name) => () => { throw new Error(name + " was called by the import"); };
    for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask", "atob"]) globalThis[name] = refuse(name);
    for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) WebAssembly[name] = refuse(name);
    WebAssembly.Module = WebAssembly.Instance = refuse("WebAssembly constructor");
    globalThis.addEventListener = refuse("addEventListener");
    const before = Object.getOwnPropertyNames(globalThis).join();
    const module = await import(${JSON.stringify(url)});
    if (Object.getOwnPropertyNames(globalThis).join() !== before) throw new Error("the import made a global");
    process.stdout.write(Object.keys(module).sort().join());
  `;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
}

describe("importing", () => {
  test.each(["index", "inline", "node"])("%s does nothing, needs no window, and exports exactly the public surface", (entry) => {
    expect(importAlone(entry)).toBe("OidcClient,OidcError,init,isOidcError");
  });
});
