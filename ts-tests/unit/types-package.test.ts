import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const run = promisify(execFile);
const attw = path.join(path.dirname(createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json")), "dist/index.js");

/** Files that are no modules to TypeScript. */
const PLAIN = ["./blazor.js", "./oidc_wasm_bg.wasm", "./package.json"];

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types?: string } | string>>;
  readonly types: string;
  readonly typesVersions: { readonly "*": Readonly<Record<string, readonly string[]>> };
}

interface Analysis {
  readonly analysis: { readonly entrypoints: Readonly<Record<string, unknown>> };
  readonly problems: Readonly<Record<string, readonly { readonly kind: string; readonly resolutionKind?: string }[]>>;
}

const manifest = JSON.parse(await readFile(path.join(packageFolder, "package.json"), "utf8")) as Manifest;

test("are the types wrong? Not in the tarball", async () => {
  const folder = path.join(workspace, "target/package");
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  const options = ["--format", "json", "--profile", "esm-only", "--no-definitely-typed", "--exclude-entrypoints", ...PLAIN];
  // It exits with a status where it finds something, and says what.
  const { stdout } = await run(process.execPath, [attw, path.join(folder, tarball), ...options], { maxBuffer: 1 << 26 }).catch(
    (failure: { stdout: string }) => failure,
  );
  const { analysis, problems } = JSON.parse(stdout) as Analysis;
  const entries = Object.keys(manifest.exports).filter((name) => !PLAIN.includes(name));
  expect(Object.keys(analysis.entrypoints).toSorted()).toEqual(entries.toSorted());
  // A package of modules: require() of TypeScript before 5.8 cannot load one, and every entry says so.
  const found = Object.values(problems).flat();
  expect(found.filter(({ kind }) => kind !== "CJSResolvesToESM")).toEqual([]);
  expect(found.every(({ resolutionKind }) => resolutionKind === "node16-cjs")).toBe(true);
}, 120_000);

test("resolvers that know no exports find the types of every entry as well", () => {
  const typed = Object.entries(manifest.exports).flatMap(([name, target]) => (typeof target === "object" ? [[name, target.types] as const] : []));
  const old = Object.entries(manifest.typesVersions["*"]).map(([name, files]) => [`./${name}`, files.join(" ")]);
  expect([[".", manifest.types], ...old].toSorted()).toEqual(typed.toSorted());
});
