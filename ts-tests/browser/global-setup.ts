import { cpSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { TestProject } from "vitest/node";
import type { Slot } from "../support/slot.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Below the ports that systems give to connections, where one that is free now is free later; browsers refuse 10080. */
const PORTS = { from: 11_000, to: 30_000 };

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

/** Different free ports from a random one on, so that a demo or another run stays undisturbed. */
async function freePorts(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from)); found.length < count; port += 1) {
    if (await isFree(port)) found.push(port);
  }
  return found;
}

/** Builds the demo page in both modes, from the packed package, with the addresses of each slot in it. */
export default async function setup(project: TestProject): Promise<void> {
  if (!existsSync(join(root, "node_modules/oidc-wasm/package.json"))) {
    throw new Error("The package is not in node_modules/oidc-wasm. Run `cargo xtask build` first, or everything with `cargo xtask test`.");
  }
  const out = join(root, "target/browser-tests");
  const harness = { production: join(out, "harness/app"), inline: join(out, "harness/inline") };
  for (const [mode, outDir] of Object.entries(harness)) await buildHarness(mode, outDir);

  const slots: Slot[] = [];
  const count = Number(project.globalConfig.maxWorkers);
  // All at once: those of one slot stay free until its tests run, and the next slot must not get them too.
  const ports = await freePorts(3 * count);
  for (let index = 0; index < count; index += 1) {
    const [providerPort = 0, apiPort = 0, pagePort = 0] = ports.slice(3 * index);
    const environment = {
      OIDC_DEMO_PROVIDER_PORT: String(providerPort),
      OIDC_DEMO_API_PORT: String(apiPort),
      OIDC_DEMO_PAGE_PORT: String(pagePort),
    };
    Object.assign(process.env, environment);
    const folder = join(out, `slot-${index + 1}`);
    const pages = { app: join(folder, "app"), inline: join(folder, "inline") };
    for (const [mode, outDir] of [["production", pages.app], ["inline", pages.inline]] as const) {
      await build({ configFile: join(root, "demo/spa/vite.config.ts"), mode, logLevel: "warn", build: { outDir, emptyOutDir: true } });
      cpSync(harness[mode], join(outDir, "harness"), { recursive: true });
    }
    slots.push({ providerPort, apiPort, pagePort, environment, pages });
  }

  const artifacts = process.env["OIDC_WASM_ARTIFACTS"] || join(root, "target/artifacts");
  mkdirSync(join(artifacts, "screenshots"), { recursive: true });
  project.provide("slots", slots);
  project.provide("artifacts", artifacts);
}

/** The pages that are there for the tests alone; they have no addresses in them. */
async function buildHarness(mode: string, outDir: string): Promise<void> {
  const folder = fileURLToPath(new URL("./page", import.meta.url));
  await build({
    configFile: false,
    root: folder,
    base: "/harness/",
    resolve: { alias: mode === "inline" ? { "oidc-wasm": "oidc-wasm/inline" } : {} },
    logLevel: "warn",
    build: {
      outDir,
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: readdirSync(folder).filter((name) => name.endsWith(".html")).map((name) => join(folder, name)) },
    },
  });
}
