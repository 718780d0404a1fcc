// Packs the face and the core: `node pkg-template/build.mjs`, from the root, once xtask has written both wasm modules.
// Writes pkg/, the folder that is published. `cargo xtask build` calls it as its last step.
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";

const root = process.cwd();
const template = import.meta.dirname;
const bindgen = path.join(root, "target/wasm-bindgen");
const signer = path.join(root, "target/wasm-bindgen-signer");
const out = path.join(root, "pkg");
const dist = path.join(out, "dist");
/** What has the core in it, and how each finds the wasm: a module of `src/source`. */
const ENTRIES = { index: "url", inline: "inline", node: "node", workerd: "workerd" };
/** Entries beside them: they get a client handed to them and must not bring a core of their own. */
const ADD_ONS = ["testing", "react", "vue", "angular"];
/** What an add-on imports, and its application has. */
const FRAMEWORKS = ["react", "vue", "@angular/core", "@angular/common", "@angular/router", "rxjs"];
const GLUE = path.join(bindgen, "oidc_wasm.js");
/** What the entries import when somebody wants it, by these names: scripts of their own, which they all share. */
const ON_DEMAND = new Set(["./software-signer.js", "./interaction.js"]);
/** What Cloudflare's Workers import as a module, and everybody else opens. */
const WASM = "./oidc_wasm_bg.wasm";
const APART = { name: "apart", setup: ({ onResolve }) => onResolve({ filter: /./ }, apart) };
const SHAKABLE = { name: "shakable", setup: ({ onLoad }) => onLoad({ filter: /oidc_wasm\.js$/ }, shakable) };

await rm(out, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await assertShakable();
for (const [entry, source] of Object.entries(ENTRIES)) await bundle(entry, core(source, bindgen));
for (const entry of ADD_ONS) await bundle(entry, { external: ["node:*", ...FRAMEWORKS.flatMap((name) => [name, `${name}/*`])] });
// Pages load it with a script element that is no module, and it imports the core's module.
await bundle("blazor", { format: "iife" });
await bundle("software-signer", core("inline", signer));
await bundle("interaction", core("url", bindgen));
await declare();
await copyFile(path.join(bindgen, "oidc_wasm_bg.wasm"), path.join(dist, "oidc_wasm_bg.wasm"));
for (const name of ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE-MIT", "LICENSE-APACHE"]) {
  await copyFile(path.join(root, name), path.join(out, name));
}
await document();
await stamp();

/** The glue of wasm-bindgen, and the way to the wasm. Without them `#wasm` is nothing that can be imported. */
function core(source, folder) {
  return {
    external: ["node:*"],
    alias: {
      "#wasm": GLUE,
      "#signer-wasm": path.join(signer, "oidc_wasm.js"),
      "#source": path.join(template, "src/source", `${source}.ts`),
      "#bytes": path.join(folder, "oidc_wasm_bg.wasm"),
    },
    loader: { ".wasm": "base64" },
    plugins: [APART, SHAKABLE],
    // The glue warns about old ways to call it, which nobody here uses.
    drop: ["console"],
  };
}

/** One script per entry. */
async function bundle(entry, options) {
  await build({
    entryPoints: [path.join(template, "src", `${entry}.ts`)],
    outfile: path.join(dist, `${entry}.js`),
    bundle: true,
    format: "esm",
    platform: "neutral",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    ...options,
  });
}

function apart({ path: name }) {
  return ON_DEMAND.has(name) || name === WASM ? { path: name, external: true } : undefined;
}

/**
 * The glue without anything that runs when it is imported. Bundlers would keep that in every application, with all that it
 * mentions; minifiers drop the comments that could tell them otherwise. What the core needs is made when it is loaded.
 */
async function shakable({ path: file }) {
  const late = [];
  const contents = (await readFile(file, "utf8"))
    .replace(/^if \(Symbol\.dispose\).*$/gm, "")
    // For browsers that cannot run this wasm anyway: Safari before 14.1.
    .replace(/^if \(!\('encodeInto' in cachedTextEncoder\)\) \{\n.*?^\}$/ms, "")
    .replace(/^(?:const|let) (\w+) = (new Text(?:De|En)coder\(.*\));$/gm, later)
    // The list of objects that the module refers to.
    .replace(/^let (heap) = (new Array\(.*\)\.fill\(undefined\));$/m, later)
    .replace(/^heap\.push\(.*\);$/m, (statement) => (late.push(statement), ""))
    .replace(/^let (heap_next) = (heap\.length);$/m, later)
    .replace(/^const (\w+) = \(typeof FinalizationRegistry === 'undefined'\)\n.*\n *: (new .*);$/gm, later)
    // Safari's decoder puts a byte order mark before the first text.
    .replace(/^cachedTextDecoder\.decode\(\);$/m, (statement) => (late.push(statement), ""))
    .replace(/^function __wbg_finalize_init\(.*\{$/m, (head) => [head, ...late.splice(0)].join("\n"));
  if (late.length > 0) throw new Error(`${file} has no __wbg_finalize_init any more: wasm-bindgen changed its output`);
  return { contents, loader: "js" };

  function later(_, name, value) {
    late.push(`${name} = ${value};`);
    return `let ${name};`;
  }
}

/** An application that imports the glue and uses nothing of it must be empty. */
async function assertShakable() {
  const stdin = { contents: `import ${JSON.stringify(GLUE)};`, resolveDir: root };
  const options = { bundle: true, format: "esm", platform: "neutral", write: false, logLevel: "warning" };
  const { outputFiles } = await build({ ...options, stdin, plugins: [SHAKABLE], minifySyntax: true });
  const rest = outputFiles[0].text.replace(/^\/\/.*$/gm, "").trim();
  if (rest === "") return;
  console.error(`wasm-bindgen changed its output: importing its glue runs this, which shakable() does not know.\n\n${rest}\n`);
  process.exit(1);
}

/** Declarations by tsc, without those that no entry reaches: they would only be read by accident. */
async function declare() {
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", template, "--outDir", dist], { stdio: "inherit" });
  const reached = new Set();
  for (const entry of [...Object.keys(ENTRIES), ...ADD_ONS]) await reach(`${entry}.d.ts`);
  for (const name of await readdir(dist, { recursive: true })) {
    if (name.endsWith(".d.ts") && !reached.has(name)) await rm(path.join(dist, name));
  }
  await rm(path.join(dist, "source"), { recursive: true, force: true });

  async function reach(name) {
    if (reached.has(name)) return;
    reached.add(name);
    const text = await readFile(path.join(dist, name), "utf8");
    // From the start of the line: examples in comments import too.
    for (const [, specifier] of text.matchAll(/^(?:import|export)\b[^"\n]* from "([^"]+)"/gm)) {
      if (FRAMEWORKS.some((name) => specifier === name || specifier.startsWith(`${name}/`))) continue;
      if (!specifier.startsWith(".")) throw new Error(`${name} is published and mentions the private module ${specifier}`);
      await reach(path.posix.join(path.posix.dirname(name), specifier).replace(/\.js$/, ".d.ts"));
    }
  }
}

/** The pages that the README leads to, with their pictures: where the package is, they are. */
async function document() {
  for (const name of await readdir(path.join(root, "docs"), { recursive: true })) {
    if (!/^[^.]*\.(?:md|svg)$/.test(name) || name.startsWith("site")) continue;
    const to = path.join(out, "docs", name);
    await mkdir(path.dirname(to), { recursive: true });
    await copyFile(path.join(root, "docs", name), to);
  }
}

/** The manifest, with the version of Cargo.toml; a release also says of which commit of which repository it is. */
async function stamp() {
  const cargo = await readFile(path.join(root, "Cargo.toml"), "utf8");
  const version = /^\[package\][^[]*?^version\s*=\s*"([^"]+)"/ms.exec(cargo)?.[1];
  if (!version) throw new Error("Cargo.toml has no package version");
  const manifest = JSON.parse(await readFile(path.join(template, "package.json"), "utf8"));
  const { OIDC_WASM_COMMIT: gitHead, GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  // npm holds the repository against the one that signed the package.
  const repository = gitHead && name ? { type: "git", url: `git+${server}/${name}.git` } : undefined;
  const stamped = { ...manifest, version, repository, gitHead };
  await writeFile(path.join(out, "package.json"), `${JSON.stringify(stamped, null, 2)}\n`);
}
