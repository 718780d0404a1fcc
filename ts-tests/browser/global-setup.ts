import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    addresses: Addresses;
    pages: { readonly app: string; readonly inline: string };
    artifacts: string;
  }
}

export interface Addresses {
  readonly providerPort: number;
  readonly apiPort: number;
  readonly pagePort: number;
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Ports that are free now, so that a demo that is running stays undisturbed. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      if (address === null || typeof address === "string") throw new Error("A server has no port.");
      return address.port;
    }),
  );
}

/** Builds the demo page in both modes, from the packed package, with the addresses of this run in it. */
export default async function setup(project: TestProject): Promise<void> {
  if (!existsSync(join(root, "node_modules/oidc-wasm/package.json"))) {
    throw new Error("The package is not in node_modules/oidc-wasm. Run `cargo xtask build` first, or everything with `cargo xtask test`.");
  }
  const [providerPort = 0, apiPort = 0, pagePort = 0] = await freePorts(3);
  process.env["OIDC_DEMO_PROVIDER_PORT"] = String(providerPort);
  process.env["OIDC_DEMO_API_PORT"] = String(apiPort);
  process.env["OIDC_DEMO_PAGE_PORT"] = String(pagePort);

  const out = join(root, "target/browser-tests");
  const pages = { app: join(out, "app"), inline: join(out, "inline") };
  for (const [mode, outDir] of [["production", pages.app], ["inline", pages.inline]] as const) {
    await build({
      configFile: join(root, "demo/spa/vite.config.ts"),
      mode,
      logLevel: "warn",
      build: { outDir, emptyOutDir: true },
    });
    const folder = fileURLToPath(new URL("./page", import.meta.url));
    await build({
      configFile: false,
      root: folder,
      base: "/harness/",
      resolve: { alias: mode === "inline" ? { "oidc-wasm": "oidc-wasm/inline" } : {} },
      logLevel: "warn",
      build: {
        outDir: join(outDir, "harness"),
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rolldownOptions: { input: readdirSync(folder).filter((name) => name.endsWith(".html")).map((name) => join(folder, name)) },
      },
    });
  }

  const artifacts = process.env["OIDC_WASM_ARTIFACTS"] || join(root, "target/artifacts");
  mkdirSync(join(artifacts, "screenshots"), { recursive: true });
  project.provide("addresses", { providerPort, apiPort, pagePort });
  project.provide("pages", pages);
  project.provide("artifacts", artifacts);
}
