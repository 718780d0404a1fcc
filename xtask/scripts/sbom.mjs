// node sbom.mjs OUT VERSION COMMIT RUSTC WASM_BINDGEN: writes what is in the package, as CycloneDX 1.6. The crates are those
// that cargo resolves for wasm, without those that only build or test. There is nothing of npm in it. No time and nothing
// random, so that two runs for one commit write the same.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const [out, version, commit, rustc, wasmBindgen] = process.argv.slice(2);
const lock = await readFile("Cargo.lock", "utf8");
const checksums = new Map(
  lock.split("[[package]]").map((entry) => {
    const [name, of, checksum] = ["name", "version", "checksum"].map((key) => new RegExp(`^${key} = "(.+)"$`, "m").exec(entry)?.[1]);
    return [`${name}@${of}`, checksum];
  }),
);

/** The wasm everybody loads, and the one of the software signer. */
const modules = { "dist/oidc_wasm_bg.wasm": [], "dist/software-signer.js": ["--features", "software-signer"] };
const crates = new Map();
for (const [file, features] of Object.entries(modules)) {
  const args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-unknown-unknown", ...features];
  const { packages, resolve } = JSON.parse(execFileSync("cargo", args, { maxBuffer: 1 << 28 }));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const own = packages.find(({ name }) => name === "oidc-wasm");
  // "normal" dependencies have no kind. Procedural macros run in the compiler, and so does what only they need.
  const isLinked = (id) => !packages.find((one) => one.id === id).targets.some(({ kind }) => kind.includes("proc-macro"));
  const found = new Set();
  const todo = [own.id];
  while (todo.length > 0) {
    for (const { pkg, dep_kinds: kinds } of nodes.get(todo.pop()).deps) {
      if (found.has(pkg) || !kinds.some(({ kind }) => kind === null) || !isLinked(pkg)) continue;
      found.add(pkg);
      todo.push(pkg);
    }
  }
  for (const one of packages.filter(({ id }) => found.has(id))) {
    const key = `${one.name}@${one.version}`;
    crates.set(key, { ...(crates.get(key) ?? one), files: [...(crates.get(key)?.files ?? []), file] });
  }
}

const ref = (name, of) => `pkg:cargo/${name}@${of}`;
const components = [...crates.values()]
  .sort((a, b) => (ref(a.name, a.version) < ref(b.name, b.version) ? -1 : 1))
  .map(({ name, version: of, license, files }) => {
    const checksum = checksums.get(`${name}@${of}`);
    if (license === null || checksum === undefined) throw new Error(`${name} ${of} has no licence or no checksum`);
    return {
      type: "library",
      "bom-ref": ref(name, of),
      name,
      version: of,
      purl: ref(name, of),
      licenses: [{ expression: license.replaceAll("/", " OR ") }],
      hashes: [{ alg: "SHA-256", content: checksum }],
      properties: files.map((file) => ({ name: "oidc-wasm:in", value: file })),
    };
  });
const release = /^rustc (\S+)/.exec(rustc)?.[1];
components.push({ type: "library", "bom-ref": "rust-std", name: "Rust standard library", version: release, licenses: [{ expression: "MIT OR Apache-2.0" }] });

const tarball = await readFile(path.join(out, `oidc-wasm-${version}.tgz`));
const hash = (algorithm, bytes) => createHash(algorithm).update(bytes).digest("hex");
const packed = `pkg:npm/oidc-wasm@${version}`;
const tool = (name, of) => ({ type: "application", name, version: of });
const installed = async (name) => tool(name, JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8")).version);
const id = hash("sha256", `${commit} ${hash("sha256", tarball)}`).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, "$1-$2-8$3-8$4-$5");
const document = {
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  serialNumber: `urn:uuid:${id}`,
  version: 1,
  metadata: {
    component: {
      type: "library",
      "bom-ref": packed,
      name: "oidc-wasm",
      version,
      purl: packed,
      licenses: [{ expression: "MIT OR Apache-2.0" }],
      hashes: [{ alg: "SHA-512", content: hash("sha512", tarball) }],
      properties: [{ name: "oidc-wasm:commit", value: commit }],
    },
    tools: { components: [tool("rustc", release), tool("wasm-bindgen", wasmBindgen), await installed("binaryen"), await installed("esbuild")] },
  },
  components,
  dependencies: [{ ref: packed, dependsOn: components.map((component) => component["bom-ref"]) }],
};
const file = path.join(out, `oidc-wasm-${version}.cdx.json`);
await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
console.log(`${file}: ${components.length} components`);
