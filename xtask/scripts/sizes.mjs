// node sizes.mjs PACKAGE BUDGET: prints the size of every file and checks the entries against their budget.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [folder, budgetPath] = process.argv.slice(2);
const { entries } = JSON.parse(await readFile(budgetPath, "utf8"));

const measured = new Map();
for (const name of (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) {
  const path = join(name.parentPath ?? name.path, name.name);
  const bytes = await readFile(path);
  measured.set(path.slice(folder.length + 1).replaceAll("\\", "/"), {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    }).length,
  });
}

const number = new Intl.NumberFormat("en", { useGrouping: true });
const row = (name, sizes, note = "") =>
  `  ${name.padEnd(34)}${sizes.map((size) => (typeof size === "number" ? number.format(size) : size).padStart(10)).join("")}${note}`;

console.log(row("bytes", ["raw", "gzip -9", "brotli 11"]));
for (const name of [...measured.keys()].sort()) {
  const { raw, gzip, brotli } = measured.get(name);
  console.log(row(name, [raw, gzip, brotli]));
}

let failed = false;
for (const [entry, { files, maxBrotliBytes }] of Object.entries(entries)) {
  const missing = files.filter((file) => !measured.has(file));
  if (missing.length > 0) {
    console.error(`${budgetPath} counts ${missing.join(" and ")} for "${entry}", but the package has no such file.`);
    failed = true;
    continue;
  }
  const total = (kind) => files.reduce((sum, file) => sum + measured.get(file)[kind], 0);
  const brotli = total("brotli");
  const note = maxBrotliBytes === undefined ? "" : ` of ${number.format(maxBrotliBytes)}`;
  console.log(row(`import "${entry}"`, [total("raw"), total("gzip"), brotli], note));
  if (maxBrotliBytes !== undefined && brotli > maxBrotliBytes) {
    console.error(
      `"${entry}" is ${number.format(brotli - maxBrotliBytes)} bytes over its budget in ${budgetPath}. Make it smaller, or argue for a larger budget.`,
    );
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
