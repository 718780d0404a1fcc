import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { fetchDiscoveryDocument, requestClientCredentialsToken } from "oidc-wasm/node";
import { TestProvider } from "oidc-wasm/testing";
import { chromium, type BrowserContext } from "playwright-core";
import { beforeAll, expect, test } from "vitest";
import { put } from "../support/snippets.ts";
import { output, workspace } from "./support/paths.ts";
import { freePort, run } from "./support/programs.ts";
import { serveStatic } from "./support/static-server.ts";
import { FLAGS } from "./support/world.ts";

const folder = path.join(output, "testing-kit");
/** The guide's own files, which are named after the language: ```` ```ts src/notes.ts ````. */
let files: Record<string, string>;

beforeAll(async () => {
  const guide = await readFile(path.join(workspace, "docs/guides/testing.md"), "utf8");
  files = Object.fromEntries([...guide.matchAll(/^```ts (\S+)\n(.*?)^```$/gms)].map(([, file = "", code = ""]) => [file, code]));
  await rm(folder, { recursive: true, force: true });
  for (const [file, code] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), code);
  }
  await writeFile(path.join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
});

/** Runs a test of the guide as its reader does: the names of the tests that passed. */
async function vitest(file: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const report = path.join(folder, `${path.basename(file)}.json`);
  await run("vitest", ["run", "--root", folder, "--reporter=json", `--outputFile=${report}`, file], { cwd: folder, env });
  const { testResults } = JSON.parse(await readFile(report, "utf8")) as {
    testResults: { assertionResults: { title: string; status: string }[] }[];
  };
  return testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === "passed").map(({ title }) => title));
}

/** The names of the tests in a file. */
function titles(file: string): string[] {
  return [...(files[file] ?? "").matchAll(/^test\("(.*)",/gm)].map(([, title = ""]) => title);
}

test("the files of the guide compile, as strictly as it goes", async () => {
  expect(Object.keys(files)).toEqual(["src/notes.ts", "src/notes.test.ts", "support/provider-route.ts", "sign-in.test.ts", "support/serve.ts"]);
  const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const compilerOptions = {
    ...{ target: "es2022", lib: ["es2022", "dom", "dom.iterable", "esnext.disposable"], types: ["node"], module: "nodenext", noEmit: true },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noPropertyAccessFromIndexSignature: true },
    ...{ verbatimModuleSyntax: true, skipLibCheck: true, typeRoots: [path.join(workspace, "node_modules/@types")] },
  };
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["**/*.ts"] }));
  const complaints = await promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
    () => "",
    ({ stdout }: { stdout: string }) => stdout,
  );
  expect(complaints).toBe("");
});

test("the vitest recipe passes in an application's folder, with the application as it is", async () => {
  expect(titles("src/notes.test.ts")).toHaveLength(6);
  expect(await vitest("src/notes.test.ts")).toEqual(titles("src/notes.test.ts"));
});

test("the Playwright recipe signs people in to the README's application, in Chromium and without a provider", async () => {
  const readme = await readFile(path.join(workspace, "README.md"), "utf8");
  const [, start = ""] = readme.split("\n## Five-minute start\n");
  const [html, main] = ["html", "ts"].map((language) => new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "ms").exec(start)?.[1]);
  if (html === undefined || main === undefined) throw new Error("README.md has no page and no script in its five-minute start.");
  const app = await put("testing-kit", { "index.html": html, "src/main.ts": main });
  await run("vite", ["build", "--logLevel", "warn"], { cwd: app });
  const served = await serveStatic(path.join(app, "dist"));
  try {
    const { CHROMIUM = "/usr/bin/chromium" } = process.env;
    expect(titles("sign-in.test.ts")).toHaveLength(4);
    expect(await vitest("sign-in.test.ts", { APP: served.url, CHROMIUM })).toEqual(titles("sign-in.test.ts"));
  } finally {
    await served.close();
  }
});

test("the routes of the guide answer windows and frames too, and the provider forgets on demand who was there", async () => {
  const app = path.join(folder, "windows");
  await build({
    stdin: {
      contents: `
        import { OidcClient } from "oidc-wasm/inline";
        const options = { authority: "https://id.example.com", clientId: "my-spa", redirectUri: location.origin + "/" };
        const client = await OidcClient.create(options);
        const output = document.querySelector("output");
        for (const way of ["signInPopup", "signInSilent"]) {
          document.querySelector("#" + way).addEventListener("click", async () => {
            const { subject, code } = await client[way]().catch((failure) => failure);
            output.textContent = way + ": " + (subject ?? code);
          });
        }
        document.body.dataset.ready = "";`,
      resolveDir: workspace,
    },
    outfile: path.join(app, "main.js"),
    bundle: true,
    format: "esm",
    logLevel: "warning",
  });
  const buttons = '<button id="signInPopup">Window</button><button id="signInSilent">Frame</button><output></output>';
  await writeFile(path.join(app, "index.html"), `<!doctype html><title>App</title>${buttons}<script type="module" src="/main.js"></script>`);
  const { routeTo } = (await import(path.join(folder, "support/provider-route.ts"))) as {
    routeTo(provider: TestProvider, context: BrowserContext): Promise<void>;
  };
  const served = await serveStatic(app);
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
  try {
    const clients = [{ clientId: "my-spa", redirectUris: [`${served.url}/`] }];
    const provider = await TestProvider.create({ issuer: "https://id.example.com", clients });
    const context = await browser.newContext();
    await routeTo(provider, context);
    const page = await context.newPage();
    await page.goto(served.url);
    await page.locator("body[data-ready]").waitFor();
    const [popup] = await Promise.all([context.waitForEvent("page"), page.locator("#signInPopup").click()]);
    await popup.getByRole("button", { name: "Bob Kahn" }).click();
    await page.getByText("signInPopup: bob").waitFor();
    await page.locator("#signInSilent").click();
    await page.getByText("signInSilent: bob").waitFor();
    provider.forgetSession();
    await page.locator("#signInSilent").click();
    await page.getByText("signInSilent: interaction_required").waitFor();
    expect(provider.requests.filter(({ endpoint }) => endpoint === "token")).toHaveLength(2);
  } finally {
    await browser.close();
    await served.close();
  }
});

test("the server of the guide answers for the provider on a real port, and breaks off where there is no answer", async () => {
  const { serve } = (await import(path.join(folder, "support/serve.ts"))) as {
    serve(provider: TestProvider, port: number): { closeAllConnections(): void; close(): void };
  };
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const provider = await TestProvider.create({ issuer, clients: [{ clientId: "nightly", clientSecret: "a secret" }] });
  const server = serve(provider, port);
  try {
    const { metadata } = await fetchDiscoveryDocument({ authority: issuer });
    const nightly = { clientId: "nightly", clientAuthentication: { method: "client_secret_basic", clientSecret: "a secret" } } as const;
    expect((await requestClientCredentialsToken({ metadata, ...nightly, scope: "reports" })).scope).toBe("reports");
    provider.failNext("token", "network");
    await expect(requestClientCredentialsToken({ metadata, ...nightly })).rejects.toMatchObject({ code: "network_error" });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
