import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { publint } from "publint";
import { describe, expect, test } from "vitest";
import { packageFolder, wasmBytes, workspace } from "./support/package.ts";

const manifest = JSON.parse(await readFile(path.join(packageFolder, "package.json"), "utf8")) as Record<string, unknown>;
/** What the others load when somebody wants it. */
const ON_DEMAND = ["interaction", "software-signer"];
const scripts = await Promise.all(
  ["index", "inline", "node", "workerd", ...ON_DEMAND].map(async (entry) => ({
    entry,
    text: await readFile(path.join(packageFolder, `dist/${entry}.js`), "utf8"),
  })),
);

describe("the packed package", () => {
  test("contains exactly these files", async () => {
    const entries = await readdir(packageFolder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const names = files.map((file) => path.relative(packageFolder, path.join(file.parentPath, file.name)));
    expect(names.filter((name) => !name.startsWith("docs/")).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "README.md",
      "SECURITY.md",
      "dist/angular.d.ts",
      "dist/angular.js",
      "dist/api.d.ts",
      "dist/backchannel-authentication.d.ts",
      "dist/blazor.js",
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
      "dist/react.d.ts",
      "dist/react.js",
      "dist/registration.d.ts",
      "dist/request-object.d.ts",
      "dist/return-to.d.ts",
      "dist/revocation.d.ts",
      "dist/session-source.d.ts",
      "dist/software-signer.js",
      "dist/step-up.d.ts",
      "dist/stores.d.ts",
      "dist/testing.d.ts",
      "dist/testing.js",
      "dist/testing/clock.d.ts",
      "dist/testing/provider.d.ts",
      "dist/testing/types.d.ts",
      "dist/third-party.d.ts",
      "dist/token.d.ts",
      "dist/tokens.d.ts",
      "dist/types.d.ts",
      "dist/urls.d.ts",
      "dist/user-info.d.ts",
      "dist/vue.d.ts",
      "dist/vue.js",
      "dist/web.d.ts",
      "dist/windows.d.ts",
      "dist/workerd.d.ts",
      "dist/workerd.js",
      "package.json",
    ]);
  });

  test("has every page that its README leads to, and those that they lead to", async () => {
    const seen = new Set<string>();
    const todo = ["README.md"];
    for (const page of todo) {
      const text = await readFile(path.join(packageFolder, page), "utf8");
      for (const [, target = ""] of text.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)) {
        const name = path.posix.join(path.posix.dirname(page), target);
        // About work on the package, and its sources: they are in the repository.
        if (seen.has(name) || !/^(docs\/|SECURITY|CHANGELOG)/.test(name) || name.endsWith("/")) continue;
        seen.add(name);
        if (name.endsWith(".md")) todo.push(name);
        else await readFile(path.join(packageFolder, name));
      }
    }
    const own = await readdir(path.join(workspace, "docs"), { recursive: true });
    const pages = own.filter((name) => name.endsWith(".md") && !name.startsWith("site")).map((name) => `docs/${name}`);
    expect([...seen].filter((name) => name.startsWith("docs/") && name.endsWith(".md")).sort()).toEqual(pages.sort());
  });

  test("runs nothing when it is installed and brings nobody along", () => {
    for (const name of ["scripts", "dependencies", "optionalDependencies", "bundledDependencies", "bin"]) {
      expect(manifest, name).not.toHaveProperty(name);
    }
    // Frameworks that an application has anyway, or does not want.
    const peers = Object.keys(manifest["peerDependencies"] as Record<string, string>);
    const optional = Object.fromEntries(peers.map((name) => [name, { optional: true }]));
    expect(manifest["peerDependenciesMeta"]).toEqual(optional);
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

  test("names its types first, and the name alone leads each runtime to the wasm", () => {
    const conditions = Object.entries(manifest["exports"] as Record<string, string | Record<string, string>>);
    const objects = conditions.filter(([, condition]) => typeof condition === "object");
    expect(objects.length).toBeGreaterThan(3);
    for (const [name, condition] of objects) {
      // Cloudflare imports it. Node, Deno, Bun and what renders on servers ask for `node`, and have it inside the script: some of
      // them bundle it, and a file that lay beside it is gone then (Next.js). `oidc-wasm/node` reads it from disk.
      expect(Object.keys(condition), name).toEqual(name === "." ? ["types", "workerd", "node", "default"] : ["types", "default"]);
    }
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
    expect(/\bfrom"\.\/oidc_wasm_bg\.wasm"/.test(text)).toBe(entry === "workerd");
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

describe.each(["react", "vue", "angular"])("the entry oidc-wasm/%s", (entry) => {
  test("is small, and has no core of its own", async () => {
    const text = await readFile(path.join(packageFolder, `dist/${entry}.js`), "utf8");
    expect(Buffer.byteLength(text)).toBeLessThan(8000);
    expect(text).not.toMatch(/WebAssembly|oidc_wasm|OidcError|import\(|import\.meta/);
    const peers = Object.keys(manifest["peerDependencies"] as Record<string, string>);
    for (const [, name = ""] of text.matchAll(/\bfrom"([^"]+)"/g)) expect(peers.some((peer) => name === peer || name.startsWith(`${peer}/`)), name).toBe(true);
  });

  test("is in none of the scripts that applications without it load", () => {
    for (const { text } of scripts) expect(text).not.toMatch(/useSyncExternalStore|InjectionToken|shallowRef|from"(?:react|vue|@angular)/);
  });
});

describe("the script of Blazor", () => {
  test("is small, is no module, and has neither a core nor HTML of its own", async () => {
    const text = await readFile(path.join(packageFolder, "dist/blazor.js"), "utf8");
    expect(Buffer.byteLength(text)).toBeLessThan(8000);
    expect(text).not.toMatch(/WebAssembly|innerHTML|\beval\b|\bexport\b|import\.meta|\bconsole\b|^import\b/);
    // A page loads it as it is: it must not need anything but the core's module.
    expect([...text.matchAll(/\bimport\(/g)]).toHaveLength(1);
    expect(text).toContain("./index.js");
  });

  test("is in none of the scripts that applications without it load", () => {
    for (const { text } of scripts) expect(text).not.toContain("AuthenticationService");
  });
});
