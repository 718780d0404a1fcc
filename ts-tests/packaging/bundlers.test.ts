import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { emitted } from "./support/emitted.ts";
import { apps, installed, output, packaging, workspace } from "./support/paths.ts";
import { run, serveBy } from "./support/programs.ts";
import { useWorld, type Visit } from "./support/world.ts";

interface Row {
  /** As in the first column of docs/guides/bundlers.md. */
  readonly label: string;
  readonly folder: string;
  /** Builds the application for production; `to` is empty before. */
  build(to: string): Promise<unknown>;
  /** The core as a file of its own, whose name looks like this, or inside a script. */
  readonly wasm: RegExp | "inlined";
}

const wasmFile = path.join(installed, "dist/oidc_wasm_bg.wasm");
/** Puts a file of the application next to what was built, as its own build would. */
function copyPage(app: string, to: string): Promise<void> {
  return cp(path.join(apps, app, "index.html"), path.join(to, "index.html"));
}

function esbuild(app: string, to: string, ...more: string[]): Promise<string> {
  const options = ["--bundle", "--format=esm", "--splitting", "--minify", `--outdir=${to}`, ...more];
  return run("esbuild", ["main.js", ...options], { cwd: path.join(apps, app) });
}

/** A folder as a web server has it: the application's files as they are, and the package. */
async function copyAll(app: string, to: string): Promise<void> {
  await cp(path.join(apps, app), to, { recursive: true });
  await cp(path.join(apps, "shared"), path.join(to, "shared"), { recursive: true });
  await cp(path.join(installed, "dist"), path.join(to, "oidc-wasm/dist"), { recursive: true });
}

const rows: readonly Row[] = [
  {
    label: "Vite",
    folder: "vite",
    build: (to) => run("vite", ["build", "--outDir", to, "--emptyOutDir"], { cwd: path.join(apps, "vite") }),
    wasm: /^assets\/oidc_wasm_bg-[\w-]+\.wasm$/,
  },
  {
    label: "webpack",
    folder: "webpack",
    async build(to) {
      const cwd = path.join(apps, "webpack");
      await run("webpack", ["--mode", "production", "--entry", "./main.js", "-o", to], { cwd });
      await copyPage("webpack", to);
    },
    wasm: /^[0-9a-f]{20}\.wasm$/,
  },
  {
    label: "Rollup",
    folder: "rollup",
    async build(to) {
      const cwd = path.join(apps, "rollup");
      await run("rollup", ["main.js", "--plugin", "node-resolve", "--format", "es", "--dir", to], { cwd });
      await cp(wasmFile, path.join(to, "oidc_wasm_bg.wasm"));
      await copyPage("rollup", to);
    },
    wasm: /^oidc_wasm_bg\.wasm$/,
  },
  {
    label: "esbuild",
    folder: "esbuild",
    async build(to) {
      await esbuild("esbuild", to);
      await cp(wasmFile, path.join(to, "oidc_wasm_bg.wasm"));
      await copyPage("esbuild", to);
    },
    wasm: /^oidc_wasm_bg\.wasm$/,
  },
  {
    label: "esbuild, with a loader",
    folder: "loader",
    async build(to) {
      await esbuild("loader", to, "--loader:.wasm=file");
      await copyPage("loader", to);
    },
    wasm: /^oidc_wasm_bg-[A-Z0-9]{8}\.wasm$/,
  },
  {
    label: "esbuild, inline",
    folder: "inline",
    async build(to) {
      await esbuild("inline", to);
      await copyPage("inline", to);
    },
    wasm: "inlined",
  },
  {
    label: "Parcel",
    folder: "parcel",
    build(to) {
      return run("parcel", ["build", "index.html", "--no-cache", "--dist-dir", to], { cwd: path.join(apps, "parcel") });
    },
    wasm: /^oidc_wasm_bg\.[0-9a-f]{8}\.wasm$/,
  },
  {
    label: "No bundler",
    folder: "static",
    build: (to) => copyAll("static", to),
    wasm: /^oidc-wasm\/dist\/oidc_wasm_bg\.wasm$/,
  },
  {
    label: "No bundler, import map",
    folder: "import-map",
    build: (to) => copyAll("import-map", to),
    wasm: /^oidc-wasm\/dist\/oidc_wasm_bg\.wasm$/,
  },
];

/** Next.js writes into the application's folder and serves by itself. */
const next = path.join(apps, "next");
const nextRows = [
  { label: "Next.js", flag: "--turbopack", folder: ".next/turbopack" },
  { label: "Next.js, webpack", flag: "--webpack", folder: ".next/webpack" },
] as const;

const builtTo = (folder: string): string => path.join(output, folder);
const the = useWorld({
  ...Object.fromEntries(rows.map(({ label, folder }) => [label, { directory: builtTo(folder) }])),
  ...Object.fromEntries(nextRows.map(({ label }) => [label, "program" as const])),
  missing: { directory: builtTo("missing") },
  "vite dev": "program",
  "vite 7 dev": "program",
});

interface Result {
  buildMs: number;
  signInMs: number;
  wasmBytes: number;
  scriptBytes: number;
}
const results = new Map<string, Result>();

/** Compressed, as servers send it. */
async function brotliBytes(file: string): Promise<number> {
  return brotliCompressSync(await readFile(file)).byteLength;
}

/** Signs in and out, and measures what the page loads until it shows that nobody is signed in. */
async function signInAndOut(visit: Visit): Promise<{ signInMs: number; scriptBytes: number; wasm: string[] }> {
  const began = Date.now();
  await visit.open();
  const scriptBytes = await visit.scriptBytes();
  const wasm = visit.loaded(".wasm");
  await visit.signInAndOut();
  await visit.close();
  return { signInMs: Date.now() - began, scriptBytes, wasm };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = Date.now();
  await work();
  return Date.now() - began;
}

describe.each(rows)("$label", ({ label, folder, build, wasm }) => {
  const to = builtTo(folder);
  let buildMs = 0;

  beforeAll(async () => {
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true });
    buildMs = await timed(() => build(to));
  });

  test("emits the wasm once, and the face once", async () => {
    const { wasm: files, inlined, faces, forServers } = await emitted(to);
    const isInlined = wasm === "inlined";
    expect(files.map((name) => !isInlined && wasm.test(name)), files.join()).toEqual(isInlined ? [] : [true]);
    // Without a bundler the whole package lies there, and the page loads what it needs.
    const bundled = label.startsWith("No bundler") ? {} : { inlined: isInlined ? 1 : 0, faces: 1, forServers: 0 };
    expect({ inlined: inlined.length, faces: faces.length, forServers: forServers.length }).toMatchObject(bundled);
  });

  test("signs in and out in Chromium", async () => {
    const { wasm: loaded, ...measured } = await signInAndOut(await the.world.visit(label));
    expect(loaded).toHaveLength(wasm === "inlined" ? 0 : 1);
    const wasmBytes = wasm === "inlined" ? 0 : await brotliBytes(wasmFile);
    results.set(label, { buildMs, wasmBytes, ...measured });
  });
});

describe.each(nextRows)("$label", ({ label, flag, folder }) => {
  const env = { NEXT_OUTPUT: folder };
  let buildMs = 0;

  beforeAll(async () => {
    await rm(path.join(next, folder), { recursive: true, force: true });
    buildMs = await timed(() => run("next", ["build", flag], { cwd: next, env }));
  });

  test("emits the wasm once for browsers, and the face once", async () => {
    const found = await emitted(path.join(next, folder, "static"));
    expect(found.wasm).toHaveLength(1);
    expect(found.wasm[0]).toMatch(/^media\/oidc_wasm_bg\.[\w-]+\.wasm$/);
    expect(found.inlined).toEqual([]);
    expect(found.faces).toHaveLength(1);
    expect(found.forServers, "the entry for Node").toEqual([]);
  });

  test("signs in and out in Chromium; on the server a client finds nobody", async () => {
    const { port, url } = the.world.site(label);
    const server = await serveBy("next", ["start", "--port", String(port)], url, { cwd: next, env });
    try {
      expect(await fetch(url).then((response) => response.text()), "rendered on the server").toContain(">Loading<");
      expect(await fetch(`${url}/server`).then((response) => response.text())).toContain("Nobody on the server");
      const { wasm: loaded, ...measured } = await signInAndOut(await the.world.visit(label));
      expect(loaded).toHaveLength(1);
      results.set(label, { buildMs, wasmBytes: await brotliBytes(wasmFile), ...measured });
    } finally {
      await server.stop();
    }
  });
});

describe("Vite, while developing", () => {
  /** Serves the application with what the development server bundles beforehand in a folder of its own, fresh. */
  async function develop(program: string, name: string, excluded?: string) {
    const { port, url } = the.world.site(name);
    const cache = path.join(output, `${name} cache`);
    await rm(cache, { recursive: true, force: true });
    const env = { VITE_CACHE: cache, ...(excluded === undefined ? {} : { EXCLUDE: excluded }) };
    const cwd = path.join(apps, "vite");
    const server = await serveBy(program, ["dev", "--port", String(port), "--strictPort"], url, { cwd, env });
    return { visit: await the.world.visit(name), stop: server.stop };
  }

  test.each([
    { program: "vite", name: "vite dev", does: "finds the wasm of the dependency that it bundles beforehand" },
    { program: "vite-7", name: "vite 7 dev", excluded: "oidc-wasm", does: "finds it in version 7, by the guide" },
  ])("$does", async ({ program, name, excluded }) => {
    const { visit, stop } = await develop(program, name, excluded);
    try {
      await visit.signInAndOut();
      await visit.close();
      expect(visit.loaded(".wasm")).toHaveLength(1);
    } finally {
      await stop();
    }
  });

  test("loses it in version 7 without that line, and the error tells where", async () => {
    const { visit, stop } = await develop("vite-7", "vite 7 dev");
    try {
      await visit.page.goto(visit.site.url);
      await expect
        .poll(() => visit.id("who").textContent())
        .toMatch(/^wasm_wrong_content_type: .*\/deps\/oidc_wasm_bg\.wasm answered with text\/html/);
      await visit.context.close();
    } finally {
      await stop();
    }
  });
});

describe("Vite, for a server", () => {
  test("a client finds nobody, whether the package is bundled or not", async () => {
    const cwd = path.join(apps, "vite-ssr");
    for (const name of ["external", "bundled"]) {
      const to = builtTo(`vite-ssr-${name}`);
      const env = { SSR_PACKAGE: name };
      await run("vite", ["build", "--ssr", "server.js", "--outDir", to, "--emptyOutDir"], { cwd, env });
      const built: unknown = await import(pathToFileURL(path.join(to, "server.js")).href);
      const { render } = built as { render(): Promise<string> };
      expect(await render()).toBe("Nobody on the server");
    }
  });
});

describe("Parcel, other entries", () => {
  /** An application of its own: Parcel reads this setting from the folder with the lock file. */
  async function build(name: string, settings: object): Promise<string> {
    const to = builtTo(`parcel-${name}`);
    await rm(to, { recursive: true, force: true });
    await mkdir(to, { recursive: true });
    await symlink(path.join(packaging, "node_modules"), path.join(to, "node_modules"));
    await copyPage("parcel", to);
    const main = 'import { OidcClient } from "oidc-wasm/inline";\nglobalThis.OidcClient = OidcClient;\n';
    await writeFile(path.join(to, "main.js"), main);
    await writeFile(path.join(to, "package.json"), JSON.stringify({ name, ...settings }));
    await writeFile(path.join(to, "package-lock.json"), JSON.stringify({ name, lockfileVersion: 3, packages: {} }));
    await run("parcel", ["build", "index.html", "--no-cache", "--dist-dir", "dist"], { cwd: to });
    return path.join(to, "dist");
  }

  test("are found with the one line of the guide, and not without", async () => {
    await expect(build("without", {})).rejects.toThrow("Cannot load file './inline' from module 'oidc-wasm'");
    const found = await emitted(await build("with", { "@parcel/resolver-default": { packageExports: true } }));
    expect([found.wasm, found.inlined.length]).toEqual([[], 1]);
  });
});

describe("a bundler that leaves the wasm behind", () => {
  const to = builtTo("missing");

  test("is answered with what to copy", async () => {
    await rm(to, { recursive: true, force: true });
    await esbuild("esbuild", to);
    await copyPage("esbuild", to);
    const visit = await the.world.visit("missing");
    const remedy = `Copy oidc_wasm_bg.wasm there, pass its URL to init(), or import "oidc-wasm/inline".`;
    await visit.page.goto(visit.site.url);
    const message = `wasm_not_found: There is no wasm file at ${visit.site.url}/oidc_wasm_bg.wasm. ${remedy}`;
    await expect.poll(() => visit.id("who").textContent()).toBe(message);
    await visit.context.close();
  });
});

describe("docs/guides/bundlers.md", () => {
  test("has a row for each, with sizes that are right", async () => {
    for (const [label, { buildMs, signInMs, wasmBytes, scriptBytes }] of results) {
      const times = `built in ${buildMs} ms, signed in and out in ${signInMs} ms`;
      console.log(`${label}: ${times}, wasm ${wasmBytes} bytes, script ${scriptBytes} bytes`);
    }
    const text = await readFile(path.join(workspace, "docs/guides/bundlers.md"), "utf8");
    const rows = [...text.matchAll(/^\| ([^|]+) \|.*\| ([\d.]+) kB \| ([\d.]+) kB \|$/gm)];
    const table = new Map(rows.map(([, label = "", wasm, script]) => [label, [Number(wasm), Number(script)]]));
    expect([...table.keys()].sort()).toEqual([...results.keys()].sort());
    for (const [label, { wasmBytes, scriptBytes }] of results) {
      for (const [index, bytes] of [wasmBytes, scriptBytes].entries()) {
        const size = bytes / 1000;
        const written = table.get(label)?.[index] ?? 0;
        // So much may the package change before the guide misleads.
        const tolerance = 0.5 + size * 0.03;
        expect(Math.abs(written - size), `${label}: ${size} kB, written: ${written} kB`).toBeLessThanOrEqual(tolerance);
      }
    }
  });
});
