import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { installed, output, workspace } from "./support/paths.ts";

/** An application with nothing but the package, so that no other package's types help. */
const folder = path.join(output, "types");

/** The compilers by version: the last one that knows `node10`, and the one of this repository. */
const compilers = Object.fromEntries(
  [import.meta.url, path.join(workspace, "package.json")].map((from) => {
    const manifest = createRequire(from).resolve("typescript/package.json");
    return [from === import.meta.url ? "5.9" : "7", path.join(path.dirname(manifest), "bin/tsc")];
  }),
);

/** Entries that stand for themselves; the others want a framework beside them. */
const ENTRIES = ["oidc-wasm", "oidc-wasm/inline", "oidc-wasm/node", "oidc-wasm/workerd", "oidc-wasm/testing"];

/** Uses each entry, and something of it whose type would tell if it were not found. */
const USES = [
  ...ENTRIES.map((name, index) => `import * as entry${index} from "${name}";\nexport { entry${index} };`),
  `import { OidcClient, type Session } from "oidc-wasm";`,
  `export const session: Session | null = (await OidcClient.create({ authority: "a", clientId: "b", redirectUri: "c" })).session;`,
  `// @ts-expect-error nobody may be signed in\nsession.subject;`,
].join("\n");

interface Options {
  readonly module: string;
  readonly moduleResolution: string;
  readonly lib: readonly string[];
  readonly types?: readonly string[];
}

/** What a compiler says about an application with these options, as strict as there is. */
async function complaints(compiler: string, { types = [], ...options }: Options, code = USES): Promise<string> {
  const name = `${compiler}-${options.moduleResolution}-${options.lib.join("-")}-${types.join("-")}`;
  const compilerOptions = {
    target: "es2022",
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
    types,
    ...options,
  };
  await writeFile(path.join(folder, `${name}.ts`), `${code}\n`);
  await writeFile(path.join(folder, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
  const args = [compilers[compiler] ?? "", "-p", `${name}.json`];
  return promisify(execFile)(process.execPath, args, { cwd: folder }).then(
    ({ stdout }) => stdout,
    (failure: { stdout?: string }) => failure.stdout || String(failure),
  );
}

beforeAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.join(folder, "node_modules/@types"), { recursive: true });
  await cp(installed, path.join(folder, "node_modules/oidc-wasm"), { recursive: true });
  for (const name of ["@types/node", "undici-types"]) {
    await symlink(path.join(workspace, "node_modules", name), path.join(folder, "node_modules", name));
  }
  await writeFile(path.join(folder, "package.json"), JSON.stringify({ type: "module" }));
});

describe("the declarations compile alone, all of them checked", () => {
  const DOM = ["es2022", "dom"];
  test.each([
    ["5.9", { module: "esnext", moduleResolution: "node10", lib: DOM }],
    ["5.9", { module: "node16", moduleResolution: "node16", lib: DOM }],
    ["5.9", { module: "nodenext", moduleResolution: "nodenext", lib: DOM }],
    ["5.9", { module: "esnext", moduleResolution: "bundler", lib: DOM }],
    ["7", { module: "node16", moduleResolution: "node16", lib: DOM }],
    ["7", { module: "nodenext", moduleResolution: "nodenext", lib: DOM }],
    ["7", { module: "esnext", moduleResolution: "bundler", lib: DOM }],
    // A worker has other names, and a program for Node neither library.
    ["7", { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "webworker"] }],
    ["7", { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] }],
    ["5.9", { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] }],
  ] satisfies [string, Options][])("TypeScript %s: %j", async (compiler, options) => {
    expect(await complaints(compiler, options)).toBe("");
  });

  test("and without any of dom, webworker and the types of Node they say what is missing", async () => {
    const said = await complaints("7", { module: "esnext", moduleResolution: "bundler", lib: ["es2022"] });
    expect(said).toContain("Cannot find name 'fetch'");
  });

  test("keys and bytes of Node are those of the package where there is no dom", async () => {
    const code = `
      import { webcrypto } from "node:crypto";
      import { DpopKey, init, jwkThumbprint } from "oidc-wasm/node";
      const made = (await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"])) as webcrypto.CryptoKeyPair;
      const key = await DpopKey.from(made);
      export const again: webcrypto.CryptoKey = key.keyPair.privateKey;
      jwkThumbprint(await webcrypto.subtle.exportKey("jwk", again));
      await init(new Uint8Array(8));
      // @ts-expect-error a key is not a text
      export const text: string = again;
      // @ts-expect-error a number is no wasm
      await init(1);`;
    const options = { module: "nodenext", moduleResolution: "nodenext", lib: ["es2022"], types: ["node"] };
    expect(await complaints("7", options, code)).toBe("");
  });
});

/** Every place in declarations where a type is `any`: written, inferred for want of an annotation, or of an unknown name. */
function anys(files: readonly string[], root: string): string[] {
  const host = ts.createCompilerHost({});
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    strict: true,
  };
  const program = ts.createProgram(files, options, host);
  const checker = program.getTypeChecker();
  const found: string[] = [];
  for (const source of program.getSourceFiles()) {
    if (!source.fileName.startsWith(root)) continue;
    const visit = (node: ts.Node): void => {
      // Declarations do not say what is private, only that something is.
      if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) return;
      const isAny =
        (ts.isTypeNode(node) && (checker.getTypeFromTypeNode(node).flags & ts.TypeFlags.Any) !== 0) ||
        (isTyped(node) && (checker.getTypeAtLocation(node).flags & ts.TypeFlags.Any) !== 0);
      if (isAny) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${path.basename(source.fileName)}:${line + 1} ${node.getText().split("\n", 1)[0]}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

function isTyped(node: ts.Node): boolean {
  return (
    ts.isVariableDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isPropertySignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isGetAccessorDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isMethodSignature(node)
  );
}

describe("no any is on the surface", () => {
  test("of any entry, those for frameworks included", async () => {
    const manifest = JSON.parse(await readFile(path.join(installed, "package.json"), "utf8")) as {
      exports: Record<string, string | { types: string }>;
    };
    const files = Object.values(manifest.exports).flatMap((target) => (typeof target === "object" ? [path.join(installed, target.types)] : []));
    expect(files.length).toBeGreaterThan(4);
    expect(anys(files, installed)).toEqual([]);
  });

  test.each([
    ["written", "export const found: any;"],
    ["inside another type", "export const found: Promise<any>;"],
    ["of a parameter without a type", "export declare function found(value): void;"],
    ["of a member without a type", "export interface Found { member; }"],
    ["of a name that nobody knows", "export declare const found: Unknown;"],
    ["of a module that is not there", 'export declare const found: import("./missing.js").Found;'],
  ])("and one that is %s would be found", async (_how, code) => {
    const file = path.join(folder, "found.d.ts");
    await writeFile(file, code);
    expect(anys([file], folder).length).toBeGreaterThan(0);
  });
});
