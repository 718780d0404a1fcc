// node sizes.mjs PACKAGE BUDGET [--check]: prints the size of every file and of what is downloaded, checks that against the
// budget, and writes what is downloaded into README.md, or checks that it stands there. A download is files of the package and, with "imports", the minified script of an application that imports
// these, as far as the page loads it at once: no bundler ships the rest of the package.
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const [folder, budgetPath, mode] = process.argv.slice(2);
const [BEGIN, END] = ["<!-- sizes: written by the build -->\n", "<!-- end of sizes -->"];
const { downloads } = JSON.parse(await readFile(budgetPath, "utf8"));

const files = new Map();
for (const entry of (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
  const file = path.join(entry.parentPath ?? entry.path, entry.name);
  files.set(path.relative(folder, file).replaceAll("\\", "/"), measure(await readFile(file)));
}

const number = new Intl.NumberFormat("en", { useGrouping: true });
const row = (name, sizes, note = "") =>
  `  ${name.padEnd(34)}${sizes.map((size) => (typeof size === "number" ? number.format(size) : size).padStart(10)).join("")}${note}`;

console.log(row("bytes", ["raw", "gzip -9", "brotli 11"]));
for (const name of [...files.keys()].sort()) console.log(row(name, files.get(name)));

const table = ["| A page loads | minified | gzip | brotli |", "|---|---|---|---|"];
for (const [download, { imports, files: names, maxBrotliBytes }] of Object.entries(downloads)) {
  const missing = names.filter((name) => !files.has(name));
  if (missing.length > 0) {
    fail(`${budgetPath} counts ${missing.join(" and ")} for "${download}", but the package has no such file.`);
    continue;
  }
  const parts = names.map((name) => files.get(name));
  if (imports !== undefined) {
    const scripts = await application(imports).catch((failure) => {
      fail(`"${download}" of ${budgetPath} cannot be bundled: ${failure.errors?.[0]?.text ?? failure}`);
    });
    if (scripts === undefined) continue;
    parts.push(...scripts.map(measure));
  }
  const total = [0, 1, 2].map((kind) => parts.reduce((sum, part) => sum + part[kind], 0));
  console.log(row(download, total, maxBrotliBytes === undefined ? "" : ` of ${number.format(maxBrotliBytes)}`));
  table.push(`| ${[download, ...total.map((size) => `${(size / 1000).toFixed(1)} kB`)].join(" | ")} |`);
  const over = total[2] - maxBrotliBytes;
  if (over > 0) {
    const list = parts.map((part, index) => `${names[index] ?? "its script"} ${number.format(part[2])}`).join(", ");
    fail(
      `"${download}" is ${number.format(over)} bytes of brotli over its budget in ${budgetPath} (${list}). ` +
        "Make it smaller, or argue for a larger budget.",
    );
  }
}

await inReadme(`${table.join("\n")}\n`);

/** Other compilers make other sizes: a hundredth more or less is no reason to refuse what the README says. */
async function inReadme(wanted) {
  const readme = await readFile("README.md", "utf8");
  const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (start < 0 || end < start) return fail(`README.md has no place for the sizes: ${BEGIN.trim()} and ${END}`);
  const there = readme.slice(start + BEGIN.length, end);
  if (mode !== "--check") {
    const text = readme.slice(0, start + BEGIN.length) + wanted + readme.slice(end);
    for (const copy of ["README.md", path.join(folder, "README.md")]) await writeFile(copy, text);
    return undefined;
  }
  const numbers = (text) => [...text.matchAll(/[\d.]+(?= kB)/g)].map(Number);
  const [said, measured] = [numbers(there), numbers(wanted)];
  const isTrue = said.length === measured.length && said.every((one, at) => Math.abs(one - measured[at]) <= 0.1 + measured[at] / 100);
  const words = (text) => text.replace(/[\d.]+ kB/g, "");
  if (isTrue && words(there) === words(wanted)) return undefined;
  return fail("README.md says other sizes than these: run `cargo xtask build` and commit it.");
}

/** What an application loads at once that uses what it imports and does nothing else. Dynamic imports are for later. */
async function application(imports) {
  const manifest = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const { outputFiles, metafile } = await build({
    stdin: { contents: `import { ${imports} } from "oidc-wasm"; globalThis.used = [${imports}];`, resolveDir: "." },
    alias: { "oidc-wasm": path.resolve(folder, manifest.exports["."].default) },
    outdir: ".",
    bundle: true,
    splitting: true,
    metafile: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    write: false,
    logLevel: "silent",
  });
  const names = new Set(Object.keys(metafile.outputs).filter((name) => metafile.outputs[name].entryPoint === "<stdin>"));
  for (const name of names) {
    for (const { path, kind } of metafile.outputs[name].imports) if (kind === "import-statement") names.add(path);
  }
  return outputFiles.filter((file) => names.has(path.relative(".", file.path).replaceAll("\\", "/"))).map((file) => file.contents);
}

/** Raw, gzip and brotli. */
function measure(bytes) {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length];
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
