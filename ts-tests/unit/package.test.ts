import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { publint } from "publint";
import { describe, expect, test } from "vitest";
import { packageFolder, wasmBytes, workspace } from "./support/package.ts";

const manifest = JSON.parse(await readFile(path.join(packageFolder, "package.json"), "utf8")) as Record<string, unknown>;
/** What the others load when somebody wants it. */
const ON_DEMAND = ["interaction", "software-signer"];
const scripts = await Promise.all(
  ["index", "inline", "node", ...ON_DEMAND].map(async (entry) => ({
    entry,
    text: await readFile(path.join(packageFolder, `dist/${entry}.js`), "utf8"),
  })),
);

describe("the packed package", () => {
  test("contains exactly these files", async () => {
    const entries = await readdir(packageFolder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.map((file) => path.relative(packageFolder, path.join(file.parentPath, file.name))).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "dist/api.d.ts",
      "dist/backchannel-authentication.d.ts",
      "dist/client-authentication.d.ts",
      "dist/client.d.ts",
      "dist/constants.d.ts",
      "dist/device-authorization.d.ts",
      "dist/diagnose.d.ts",
      "dist/discovery.d.ts",
      "dist/dpop.d.ts",
      "dist/errors.d.ts",
      "dist/index.d.ts",
      "dist/index.js",
      "dist/init.d.ts",
      "dist/inline.d.ts",
      "dist/inline.js",
      "dist/interaction.js",
      "dist/introspection.d.ts",
      "dist/json.d.ts",
      "dist/log.d.ts",
      "dist/messages.d.ts",
      "dist/metadata.d.ts",
      "dist/node.d.ts",
      "dist/node.js",
      "dist/oidc_wasm_bg.wasm",
      "dist/popup.d.ts",
      "dist/primitives.d.ts",
      "dist/protected-resource.d.ts",
      "dist/pushed-authorization.d.ts",
      "dist/registration.d.ts",
      "dist/request-object.d.ts",
      "dist/return-to.d.ts",
      "dist/revocation.d.ts",
      "dist/software-signer.js",
      "dist/step-up.d.ts",
      "dist/stores.d.ts",
      "dist/third-party.d.ts",
      "dist/token.d.ts",
      "dist/tokens.d.ts",
      "dist/types.d.ts",
      "dist/urls.d.ts",
      "dist/user-info.d.ts",
      "dist/windows.d.ts",
      "package.json",
    ]);
  });

  test("runs nothing when it is installed and brings nobody along", () => {
    for (const name of ["scripts", "dependencies", "peerDependencies", "optionalDependencies", "bundledDependencies", "bin"]) {
      expect(manifest, name).not.toHaveProperty(name);
    }
  });

  test("has the software signer in a wasm of its own: the other one lacks it", async () => {
    const module = await WebAssembly.compile(await wasmBytes());
    const exported = WebAssembly.Module.exports(module).map(({ name }) => name);
    expect(exported).toContain("client_new");
    expect(exported.filter((name) => name.startsWith("es256"))).toEqual([]);
  });

  test("has the version of Cargo.toml", async () => {
    const cargo = await readFile(path.join(workspace, "Cargo.toml"), "utf8");
    expect(cargo).toContain(`version = "${String(manifest["version"])}"`);
    expect(manifest["version"]).not.toBe("0.0.0");
  });

  test("names its types first, so that every resolver finds them", () => {
    const conditions = Object.values(manifest["exports"] as Record<string, string | Record<string, string>>);
    const objects = conditions.filter((condition) => typeof condition === "object");
    expect(objects).toHaveLength(3);
    for (const condition of objects) expect(Object.keys(condition)).toEqual(["types", "default"]);
  });

  test("has nothing that publint would say", async () => {
    const { messages } = await publint({ pkgDir: packageFolder, strict: true, pack: false });
    expect(messages).toEqual([]);
  });
});

describe.each(scripts)("the script $entry", ({ entry, text }) => {
  test("needs no 'unsafe-eval', writes no HTML and logs nothing", () => {
    const banned = /\beval\s*\(|\bnew\s+Function\b|(?<![`"'\w])Function\s*\(|innerHTML|insertAdjacentHTML|document\.write|\bconsole\b|\bdebugger\b/g;
    // The logger that an application may choose.
    expect(text.replace("globalThis.console[", "").match(banned)).toBeNull();
  });

  test("has no handler that keeps a page out of the back/forward cache", () => {
    expect(text).not.toMatch(/["'](?:before)?unload["']|onbeforeunload|onunload/);
  });

  test("names the wasm in the one way that bundlers recognise, or not at all", () => {
    const isNamed = ["index", "node"].includes(entry);
    const found = [...text.matchAll(/import\.meta[^)]*\)/g)].length;
    expect(found).toBe(isNamed ? 1 : 0);
    expect(text.includes('new URL("./oidc_wasm_bg.wasm",import.meta.url)')).toBe(isNamed);
  });

  test("has what few need loaded on demand, and has nothing of it", () => {
    const imported = [...text.matchAll(/\bimport\(["'`]([^)]*)["'`]\)/g)].map(([, file]) => file).sort();
    expect(imported).toEqual(ON_DEMAND.includes(entry) ? [] : ON_DEMAND.map((name) => `./${name}.js`));
    expect(text.includes("es256key_sign")).toBe(entry === "software-signer");
    expect(text.includes("allow-same-origin")).toBe(entry === "interaction");
  });

  test("carries no trace of the machine that built it", () => {
    expect(text).not.toContain(workspace);
    expect(text).not.toMatch(/sourceMappingURL/);
  });
});
