// wasm-bindgen names what crosses the boundary by what it is and a hash, in the wasm and in the glue alike. Hashes do
// not compress: over a kilobyte of every download. This gives each such name a short one, the same in both files, and
// leaves out exports that the glue never uses.
// Usage: node shorten-names.mjs FOLDER, before wasm-opt.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const [folder] = process.argv.slice(2);
const wasmPath = path.join(folder, "oidc_wasm_bg.wasm");
const gluePath = path.join(folder, "oidc_wasm.js");
const IMPORTS = 2;
const EXPORTS = 7;
/** Made by the tool, and looked up by nobody but the glue. What `src/wasm` exports keeps its name. */
const GENERATED = /^(__|wasm_bindgen_)/;

const names = new Map();
let glue = await readFile(gluePath, "utf8");
const unused = new Set();
await writeFile(wasmPath, rewrite(await readFile(wasmPath)));
for (const [long, short] of names) glue = glue.replace(uses(long), () => short);
await writeFile(gluePath, glue);
console.log(`${names.size} generated names shortened, ${unused.size} unused exports left out.`);

function uses(name) {
  return new RegExp(`(?<![\\w$])${name}(?![\\w$])`, "g");
}

function short(name) {
  if (!GENERATED.test(name)) return name;
  if (!names.has(name)) names.set(name, `$${names.size.toString(36)}`);
  return names.get(name);
}

/** The module with the names of its import and export sections replaced; everything else byte for byte. */
function rewrite(wasm) {
  const out = [wasm.subarray(0, 8)];
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const size = unsigned(wasm, at + 1);
    const body = wasm.subarray(size.next, size.next + size.value);
    at = size.next + size.value;
    const renamed = id === IMPORTS ? section(body, 2, importKind) : id === EXPORTS ? section(body, 1, exportKind) : body;
    out.push(Buffer.from([id]), leb(renamed.length), renamed);
  }
  return Buffer.concat(out);
}

/** A vector of entries: so many names (the last one is ours to change), then a description of known length. */
function section(body, nameCount, skip) {
  const count = unsigned(body, 0);
  const entries = [];
  let at = count.next;
  for (let entry = 0; entry < count.value; entry += 1) {
    const parts = [];
    let used = true;
    for (let index = 1; index <= nameCount; index += 1) {
      const length = unsigned(body, at);
      const name = body.toString("utf8", length.next, length.next + length.value);
      at = length.next + length.value;
      const last = index === nameCount;
      if (last && GENERATED.test(name) && !uses(name).test(glue)) {
        // An import that nobody provides would not load.
        if (nameCount > 1) throw new Error(`The glue does not provide ${name}: wasm-bindgen changed its output.`);
        unused.add(name);
        used = false;
      }
      const written = Buffer.from(last && used ? short(name) : name);
      parts.push(leb(written.length), written);
    }
    const end = skip(body, at);
    parts.push(body.subarray(at, end));
    if (used) entries.push(Buffer.concat(parts));
    at = end;
  }
  return Buffer.concat([leb(entries.length), ...entries]);
}

function importKind(body, at) {
  const FUNCTION = 0;
  if (body[at] !== FUNCTION) throw new Error(`An import of kind ${body[at]}: only functions are expected.`);
  return unsigned(body, at + 1).next;
}

function exportKind(body, at) {
  return unsigned(body, at + 1).next;
}

function unsigned(bytes, at) {
  for (let value = 0, shift = 0; ; shift += 7, at += 1) {
    value += (bytes[at] & 127) * 2 ** shift;
    if (bytes[at] < 128) return { value, next: at + 1 };
  }
}

function leb(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}
