import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { installed, packaging, workspace } from "./paths.ts";

/** Installs the packed package as npm does with a tarball: unpacked, with nothing linked to the sources. */
export default async function setup(): Promise<void> {
  const folder = path.join(workspace, "target/package");
  const tarballs = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".tgz"));
  const [tarball, ...others] = tarballs;
  if (tarball === undefined || others.length > 0) {
    const count = tarballs.length;
    throw new Error(`target/package should have one tarball, and has ${count}: run \`cargo xtask build\`.`);
  }
  const bytes = await readFile(path.join(folder, tarball));
  const stamp = path.join(packaging, "node_modules/.oidc-wasm-tarball");
  const hash = createHash("sha256").update(bytes).digest("hex");
  // npm removes what its lock file does not name, and leaves the stamp.
  const isThere = existsSync(path.join(installed, "package.json"));
  if (isThere && (await readFile(stamp, "utf8").catch(() => "")) === hash) return;

  const fresh = path.join(packaging, `node_modules/.oidc-wasm-${process.pid}`);
  await mkdir(fresh, { recursive: true });
  await promisify(execFile)("tar", ["-xzf", path.join(folder, tarball), "-C", fresh, "--strip-components=1"]);
  await rm(installed, { recursive: true, force: true });
  await rename(fresh, installed);
  await writeFile(stamp, hash);
}
