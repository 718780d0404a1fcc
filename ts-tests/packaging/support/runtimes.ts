/** How each runtime is started with a script of `apps/runtimes`, and how its report comes back. */
import { spawn } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { chromium } from "playwright-core";
import type { Servers } from "../../support/protocol/world.js";
import type { Report } from "../apps/runtimes/check.js";
import { apps, installed, output, packaging } from "./paths.ts";
import { serveStatic } from "./static-server.ts";
import { FLAGS } from "./world.ts";

/** Where the scripts go; the package lies beside them as npm puts it there. */
const folder = path.join(output, "runtimes");
const served = path.join(folder, "served");
const deployed = path.join(folder, "workerd");

/** Wrangler's conditions, in its order. */
const WRANGLER = ["workerd", "worker", "browser"];
const WASM = "oidc_wasm_bg.wasm";

/** What runs here. `deno` and `bun` are scripts that fetch what is missing; the programs themselves are in packages by platform. */
const platform = `${process.platform}-${process.arch}`;
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  deno: { "linux-x64": "@deno/linux-x64-glibc/deno", "linux-arm64": "@deno/linux-arm64-glibc/deno", "darwin-arm64": "@deno/darwin-arm64/deno" },
  bun: { "linux-x64": "@oven/bun-linux-x64/bin/bun", "linux-arm64": "@oven/bun-linux-aarch64/bin/bun", "darwin-arm64": "@oven/bun-darwin-aarch64/bin/bun" },
  workerd: {
    "linux-x64": "@cloudflare/workerd-linux-64/bin/workerd",
    "linux-arm64": "@cloudflare/workerd-linux-arm64/bin/workerd",
    "darwin-arm64": "@cloudflare/workerd-darwin-arm64/bin/workerd",
  },
};

function program(name: string): string {
  const file = PROGRAMS[name]?.[platform];
  if (file === undefined) throw new Error(`These tests do not know where ${name} is on ${platform}.`);
  return path.join(packaging, "node_modules", file);
}

/** Writes the scripts: our own code into one file each, the package as it came. */
export async function buildRuntimes(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const own: BuildOptions = { bundle: true, format: "esm", target: "es2022", logLevel: "warning" };
  const script = (name: string): string => path.join(apps, "runtimes", `${name}.ts`);
  await mkdir(served, { recursive: true });
  await writeFile(path.join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { "oidc-wasm": "*" } }));
  await cp(installed, path.join(folder, "node_modules/oidc-wasm"), { recursive: true });
  await build({ ...own, platform: "node", entryPoints: [script("main")], outfile: path.join(folder, "main.js"), external: ["oidc-wasm"] });

  await cp(path.join(installed, "dist"), path.join(served, "oidc-wasm"), { recursive: true });
  await writeFile(path.join(served, "index.html"), "<!doctype html><title>Workers</title>");
  await build({ ...own, entryPoints: [script("worker")], outfile: path.join(served, "worker.js"), plugins: [elsewhere("./oidc-wasm/index.js")] });

  await build({
    ...own,
    entryPoints: [script("workerd")],
    outfile: path.join(deployed, "main.js"),
    conditions: WRANGLER,
    plugins: [apartFrom(WASM)],
  });
  await cp(path.join(installed, "dist", WASM), path.join(deployed, WASM));
  await writeFile(path.join(deployed, "config.capnp"), CONFIG);
}

/** The package at an address instead of a name. */
function elsewhere(url: string): Plugin {
  return { name: "elsewhere", setup: ({ onResolve }) => onResolve({ filter: /^oidc-wasm$/ }, () => ({ path: url, external: true })) };
}

/** As Wrangler does: files of wasm are modules beside the script. */
function apartFrom(name: string): Plugin {
  return { name: "apart", setup: ({ onResolve }) => onResolve({ filter: /\.wasm$/ }, () => ({ path: `./${name}`, external: true })) };
}

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "anywhere", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "main.js", esModule = embed "main.js"),
    (name = "${WASM}", wasm = embed "${WASM}"),
  ],
  compatibilityDate = "2026-01-01",
  globalOutbound = "anywhere",
);
`;

/** Runs a program to its end; what it says is the report. */
async function reportOf(file: string, args: readonly string[], servers: Servers): Promise<Report> {
  const child = spawn(file, [...args, "main.js", JSON.stringify(servers)], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if ((await ended) !== 0) throw new Error(`${file} failed:\n${complaints}${said}`);
  return JSON.parse(said) as Report;
}

async function inWorkerd(servers: Servers): Promise<Report> {
  const child = spawn(program("workerd"), ["serve", "config.capnp", "--control-fd=3"], {
    cwd: deployed,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      child.once("error", reject).once("close", (status) => reject(new Error(`workerd ended with ${status}.`)));
      const control = child.stdio[3];
      if (!(control instanceof Readable)) return reject(new Error("workerd cannot tell its port."));
      control.on("data", (line) => resolve((JSON.parse(String(line).split("\n", 1)[0] ?? "") as { port: number }).port));
    });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: JSON.stringify(servers) });
    if (!response.ok) throw new Error(`The Worker answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Report;
  } finally {
    child.removeAllListeners("close");
    child.kill();
  }
}

type Kind = "dedicated" | "shared" | "service";

/** Runs the worker in a page of its own; by the servers' own host name, for cookies of other sites would be kept back. */
async function inWorker(kind: Kind, servers: Servers): Promise<Report> {
  const files = await serveStatic(served);
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(files.url);
    const said = await page.evaluate(askWorker, [kind, servers] as [Kind, Servers]);
    const report = JSON.parse(said) as Report & { failed?: string };
    if (report.failed !== undefined) throw new Error(report.failed);
    return report;
  } finally {
    await browser.close();
    await files.close();
  }
}

/** In the page. */
async function askWorker([kind, servers]: [Kind, Servers]): Promise<string> {
  const { port1, port2 } = new MessageChannel();
  const report = new Promise<string>((resolve, reject) => {
    port1.addEventListener("message", ({ data }) => resolve(String(data)));
    port1.start();
    const failed = (event: ErrorEvent): void => reject(new Error(`The worker failed: ${event.message}`));
    if (kind === "dedicated") {
      const worker = new Worker("/worker.js", { type: "module" });
      worker.addEventListener("error", failed);
      worker.postMessage(servers, [port2]);
    } else if (kind === "shared") {
      const worker = new SharedWorker("/worker.js", { type: "module" });
      worker.addEventListener("error", failed);
      worker.port.postMessage(servers, [port2]);
    } else {
      void navigator.serviceWorker
        .register("/worker.js", { type: "module" })
        .then(() => navigator.serviceWorker.ready)
        .then(({ active }) => active?.postMessage(servers, [port2]))
        .catch(reject);
    }
  });
  return report;
}

/** The runtimes by name. */
export const runtimes: Readonly<Record<string, (servers: Servers) => Promise<Report>>> = {
  Node: (servers) => reportOf(process.execPath, [], servers),
  // What the package needs: the network, and nothing else.
  Deno: (servers) => reportOf(program("deno"), ["run", "--no-prompt", "--allow-net", "--node-modules-dir=manual"], servers),
  Bun: (servers) => reportOf(program("bun"), [], servers),
  workerd: inWorkerd,
  "a dedicated Worker": (servers) => inWorker("dedicated", servers),
  "a SharedWorker": (servers) => inWorker("shared", servers),
  "a service worker": (servers) => inWorker("service", servers),
};

/** What Cloudflare would get: our script with the package in it. */
export const deployedScript = (): Promise<string> => readFile(path.join(deployed, "main.js"), "utf8");
