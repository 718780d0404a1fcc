import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { compileScript, parse } from "vue/compiler-sfc";
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

interface Snippet {
  readonly page: string;
  /** What stands after the fence, as `ts`. */
  readonly language: string;
  readonly code: string;
}

/** All code in README and documentation. */
async function snippets(): Promise<Snippet[]> {
  const docs = (await readdir(path.join(workspace, "docs"), { recursive: true })).filter(isPage);
  const found: Snippet[] = [];
  for (const page of ["README.md", ...docs.map((file) => path.join("docs", file))]) {
    const text = await readFile(path.join(workspace, page), "utf8");
    for (const [, language = "", code = ""] of text.matchAll(/^```(\w+)\n(.*?)^```$/gms)) found.push({ page, language, code });
  }
  return found;
}

async function emptyFolder(name: string): Promise<string> {
  const folder = path.join(workspace, "target", name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Compiles everything in the folder as strictly as the tests themselves, but for what `options` say. */
async function configure(folder: string, options: Readonly<Record<string, unknown>>): Promise<void> {
  const lib = ["es2022", "dom", "dom.iterable", "esnext.disposable"];
  // The declarations of frameworks and of other libraries are theirs; ours are checked whole above.
  const compilerOptions = { lib, types: ["node"], jsx: "react-jsx", skipLibCheck: true, ...options };
  const config = { extends: path.join(workspace, "ts-tests/tsconfig.json"), compilerOptions, include: ["*"] };
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(config));
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
    for (const { page, language, code } of await snippets()) {
      if (/^tsx?$/.test(language)) examples.push({ name: path.basename(page, ".md"), kind: language, code });
    }
    expect(examples.length - declared).toBeGreaterThan(20);
    const folder = await emptyFolder("examples");
    for (const [index, { name, kind, code }] of examples.entries()) {
      await writeFile(path.join(folder, `${name}-${index + 1}.${kind}`), `${code}\nexport {};\n`);
    }
    await configure(folder, {});
    expect(await complaints(folder)).toBe("");
  });

  test("and so do its components for Vue: script and template", async () => {
    const components = (await snippets()).filter(({ language }) => language === "vue");
    expect(components.length).toBeGreaterThan(0);
    const folder = await emptyFolder("examples-vue");
    await configure(folder, {});
    const compile = async (name: string, source: string): Promise<void> => {
      const { descriptor, errors } = parse(source);
      expect(errors).toEqual([]);
      // The template becomes a function in the script, so that its expressions are compiled with the script's types.
      const { content } = compileScript(descriptor, { id: name, inlineTemplate: true });
      // What a condition says of a member is known of a member, not of what a call returns: refs are written as in a script.
      await writeFile(path.join(folder, `${name}.ts`), content.replaceAll(/_unref\((\w+)\)/g, "$1.value"));
    };
    for (const [index, { code }] of components.entries()) await compile(`component-${index + 1}`, code);
    expect(await complaints(folder)).toBe("");
    const [{ code } = { code: "" }] = components;
    await compile("wrong", code.replace("state.session.subject", "state.session.name"));
    expect(await complaints(folder)).toMatch(/wrong\.ts.*'name'/);
  });

  test("and so does its JavaScript, as far as types are known there", async () => {
    const scripts = (await snippets()).filter(({ language }) => /^jsx?$/.test(language));
    expect(scripts.length).toBeGreaterThan(3);
    const folder = await emptyFolder("examples-js");
    await configure(folder, { allowJs: true, checkJs: true, strict: false, exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: false });
    await writeFile(path.join(folder, "wasm.d.ts"), 'declare module "*.wasm" {\n  const address: string;\n  export default address;\n}\n');
    const write = async (name: string, code: string): Promise<void> => {
      // Where the package lies beside the page, its declarations are the same.
      await writeFile(path.join(folder, name), `${code.replace('"./oidc-wasm/index.js"', '"oidc-wasm"')}\nexport {};\n`);
    };
    for (const [index, { language, code }] of scripts.entries()) await write(`script-${index + 1}.${language}`, code);
    expect(await complaints(folder)).toBe("");
    const client = scripts.find(({ code }) => code.includes("OidcClient.create"))?.code ?? "";
    await write("wrong.jsx", client.replace("OidcClient.create", "OidcClient.open"));
    expect(await complaints(folder)).toMatch(/wrong\.jsx.*'open'/);
  });

  test("and its C# calls what its JavaScript has, with as many texts, and with options that there are", async () => {
    const ofBlazor = (await snippets()).filter(({ page }) => page.endsWith("blazor.md"));
    const code = (language: string): string => ofBlazor.filter((snippet) => snippet.language === language).map((snippet) => snippet.code).join("\n");
    const count = (list: string): number => list.split(",").filter((name) => name.trim() !== "").length;
    const exported = [...code("js").matchAll(/^export async function (\w+)\((.*?)\)/gm)].map(([, name, list = ""]) => [name, count(list)]);
    const imported = [...code("csharp").matchAll(/\[JSImport\("(\w+)", "oidc"\)\]\s+public static partial Task(?:<string\??>)? \w+\((.*?)\);/g)];
    expect(imported.map(([, name, list = ""]) => [name, count(list)])).toEqual(exported);
    expect(code("csharp").match(/JSImport/g)?.length).toBe(exported.length);

    const [, options = ""] = /StartAsync\("""\n(.*?)\n *"""\)/s.exec(code("csharp")) ?? [];
    const folder = await emptyFolder("examples-blazor");
    await configure(folder, {});
    const write = (text: string): Promise<void> =>
      writeFile(path.join(folder, "options.ts"), `import type { OidcClientOptions } from "oidc-wasm";\nexport const options: OidcClientOptions = ${text};\n`);
    await write(JSON.stringify(JSON.parse(options)));
    expect(await complaints(folder)).toBe("");
    await write(options.replace("clientId", "client"));
    expect(await complaints(folder)).toContain('"client"');
  });

  test("and its JSON can be read", async () => {
    const texts = (await snippets()).filter(({ language }) => language === "json");
    expect(texts.length).toBeGreaterThan(1);
    for (const { code } of texts) expect(() => void JSON.parse(code), code).not.toThrow();
  });
});
