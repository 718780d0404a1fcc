import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const run = promisify(execFile);
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");

/** What the compiler says about a project: nothing, when all is well. */
async function complaints(project: string): Promise<string> {
  try {
    return (await run(process.execPath, [tsc, "-p", project, "--noEmit"], { cwd: workspace })).stdout;
  } catch (failure) {
    return String((failure as { stdout?: string }).stdout ?? failure);
  }
}

/** A page of the documentation; the site's own packages bring others along. */
function isPage(file: string): boolean {
  return file.endsWith(".md") && !file.includes("node_modules");
}

describe("the declarations of the packed package", () => {
  test.each(["tsconfig.json", "tsconfig.nodenext.json", "tsconfig.unit.json"])("are right for ts-tests/%s", async (name) => {
    expect(await complaints(path.join("ts-tests", name))).toBe("");
  });

  test("and every example in the documentation compiles", async () => {
    const examples: { readonly name: string; readonly kind: string; readonly code: string }[] = [];
    const dist = path.join(packageFolder, "dist");
    for (const name of (await readdir(dist, { recursive: true })).filter((file) => file.endsWith(".d.ts"))) {
      const text = await readFile(path.join(dist, name), "utf8");
      for (const [, block = ""] of text.matchAll(/@example\n\s*\* ```ts\n(.*?)\n\s*\* ```/gs)) {
        examples.push({ name: path.basename(name, ".d.ts"), kind: "ts", code: block.replace(/^\s*\* ?/gm, "") });
      }
    }
    // Every method and every function, at least.
    expect(examples.length).toBeGreaterThan(15);
    const declared = examples.length;
    const docs = (await readdir(path.join(workspace, "docs"), { recursive: true })).filter(isPage);
    for (const page of ["README.md", ...docs.map((file) => path.join("docs", file))]) {
      const text = await readFile(path.join(workspace, page), "utf8");
      for (const [, kind = "", code = ""] of text.matchAll(/^```(tsx?)\n(.*?)^```$/gms)) {
        examples.push({ name: path.basename(page, ".md"), kind, code });
      }
    }
    expect(examples.length - declared).toBeGreaterThan(20);
    const folder = path.join(workspace, "target/examples");
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const [index, { name, kind, code }] of examples.entries()) {
      await writeFile(path.join(folder, `${name}-${index + 1}.${kind}`), `${code}\nexport {};\n`);
    }
    const lib = ["es2022", "dom", "dom.iterable", "esnext.disposable"];
    // The declarations of frameworks and of other libraries are theirs; ours are checked whole above.
    const compilerOptions = { lib, types: ["node"], jsx: "react-jsx", skipLibCheck: true };
    const config = { extends: path.join(workspace, "ts-tests/tsconfig.json"), compilerOptions, include: ["*.ts", "*.tsx"] };
    await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(config));
    expect(await complaints(folder)).toBe("");
  });
});
