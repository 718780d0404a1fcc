import { cp, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { OidcClient } from "oidc-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { apps, installed, output, workspace } from "./support/paths.ts";
import { run } from "./support/programs.ts";
import { alice, useWorld, type Visit } from "./support/world.ts";

declare global {
  var client: OidcClient;
}

/** A policy in the documentation: a block of code whose language is `csp`, and whose name says what runs under it. */
interface Example {
  readonly file: string;
  readonly scenario: string;
  readonly policy: string;
}

const inDocs = await readdir(path.join(workspace, "docs"), { recursive: true });
const documents = ["README.md", "SECURITY.md", ...inDocs.map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md") && !name.includes("node_modules"),
);
const examples: Example[] = [];
/** Blocks with directives that are no examples of this kind, so that nothing runs under them. */
const strays: string[] = [];
for (const file of documents) {
  const text = await readFile(path.join(workspace, file), "utf8");
  for (const [, info = "", block = ""] of text.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)) {
    const policy = block.trim().replace(/\s+/g, " ").replace(/;$/, "");
    const [language, scenario = ""] = info.split(" ");
    if (language === "csp") examples.push({ file, scenario, policy });
    else if (/^\s*(?:default|script|connect)-src /m.test(block)) strays.push(`${file}: ${policy}`);
  }
}

const names = { app: path.join(output, "csp"), inline: path.join(output, "csp-inline") };
const paths = ["/window.html", "/frame.html"];
const the = useWorld(
  { app: { directory: names.app, paths }, inline: { directory: names.inline, paths } },
  { sessionManagement: true },
);

beforeAll(async () => {
  const cwd = path.join(apps, "csp");
  for (const [kind, to] of Object.entries(names)) {
    await rm(to, { recursive: true, force: true });
    const alias = kind === "inline" ? ["--alias:oidc-wasm=oidc-wasm/inline"] : [];
    const options = ["--bundle", "--format=esm", "--splitting", "--minify", `--outdir=${to}`, ...alias];
    await run("esbuild", ["main.js", "hand-over.js", ...options], { cwd });
    for (const page of ["index.html", "window.html", "frame.html"]) await cp(path.join(cwd, page), path.join(to, page));
    if (kind !== "inline") await cp(path.join(installed, "dist/oidc_wasm_bg.wasm"), path.join(to, "oidc_wasm_bg.wasm"));
  }
});

type Policies = (pathname: string) => string | undefined;

/** Opens the application under policies, by path; the addresses of the examples become those of this run. */
async function visitUnder(policies: Policies, name: keyof typeof names = "app"): Promise<Visit> {
  const { files, api, url } = the.world.site(name);
  if (!files) throw new Error("This application has no server.");
  files.reports.length = 0;
  files.setHeaders((pathname): Record<string, string> => {
    const policy = policies(pathname)
      ?.replaceAll("https://id.example.com", the.world.provider.url)
      .replaceAll("https://api.example.com", api.url)
      .replaceAll("https://app.example.com", url);
    return policy === undefined ? {} : { "content-security-policy": `${policy}; report-uri /reports` };
  });
  return the.world.visit(name);
}

/**
 * Ends a visit and tells what the browser reported. To know that all reports have arrived at the server, and that they
 * do arrive, it breaks the policy on purpose at the end; that report is left out.
 */
async function reportsOf(visit: Visit): Promise<string[]> {
  visit.check();
  await visit.page.evaluate(() => {
    try {
      document.body.setAttribute("onclick", "on purpose");
    } catch {
      // With Trusted Types it is refused; without them it is only ignored.
    }
  });
  const directives = (): string[] =>
    (visit.site.files?.reports ?? []).map((text) => JSON.parse(text)["csp-report"]["effective-directive"]);
  const onPurpose = (directive: string): boolean => /^(?:script-src-attr|require-trusted-types-for)$/.test(directive);
  await expect.poll(() => directives().some(onPurpose)).toBe(true);
  await visit.context.close();
  return directives().toSpliced(directives().findIndex(onPurpose), 1);
}

/** Sign-in by redirect, a call, a renewal and a call with the new token. */
async function signInAndRenew(visit: Visit): Promise<void> {
  await visit.open();
  await visit.signIn();
  await visit.callApi();
  const before = await visit.page.evaluate(() => client.getAccessToken());
  const after = await visit.page.evaluate(async () => (await client.renew(), client.getAccessToken()));
  expect(after).not.toBe(before);
  await visit.callApi();
}

/** Somebody the provider knows, and this page does not: a session in memory ends with its page. */
async function signInSilently(visit: Visit): Promise<void> {
  await visit.page.reload();
  await visit.shows("Not signed in");
  expect(await visit.page.evaluate(async () => (await client.signInSilent()).subject)).toBe(alice.subject);
  // What the provider's frame answers, once a second.
  const answer = await visit.page.evaluate(async (provider) => {
    const answered = new Promise<unknown>((resolve) => {
      addEventListener("message", ({ data, origin }) => origin === provider && resolve(data));
    });
    return [await client.monitorSession({ intervalSeconds: 1 }), await answered];
  }, the.world.provider.url);
  expect(answer).toEqual([true, "unchanged"]);
}

const scenarios: Record<string, (visit: Visit) => Promise<void>> = {
  async redirect(visit) {
    await signInAndRenew(visit);
    await visit.signOut();
  },
  async popup(visit) {
    await visit.open();
    await visit.enterPasswordInWindow(() => visit.id("popup").click());
    await visit.shows(`Signed in as ${alice.subject}`);
    await visit.callApi();
  },
  async silent(visit) {
    await visit.open();
    await visit.signIn();
    await signInSilently(visit);
  },
};
scenarios["inline"] = scenarios["trusted-types"] = scenarios["redirect"] ?? expect.fail();
/** Examples for the small page that a window or a frame comes back to. */
const callbacks: Readonly<Record<string, string>> = { popup: "popup-callback", silent: "silent-callback" };

describe("CS-01: the policy that the package promises to work under", () => {
  const policy = "script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'";

  test("runs everything without a report: redirect, renewal, API, frames, window, sign-out", async () => {
    const visit = await visitUnder(() => policy);
    await signInAndRenew(visit);
    await signInSilently(visit);
    await visit.signOut();
    await scenarios["popup"]?.(visit);
    expect(await reportsOf(visit)).toEqual([]);
  });

  test("is what is enforced: without 'wasm-unsafe-eval' the error names it, and the browser reports", async () => {
    const visit = await visitUnder(() => policy.replace(" 'wasm-unsafe-eval'", ""));
    const remedy = "add 'wasm-unsafe-eval' to its script-src.";
    await visit.open(`wasm_blocked_by_csp: The Content Security Policy of this page forbids WebAssembly: ${remedy}`);
    const { files } = visit.site;
    await expect.poll(() => files?.reports.join()).toContain("wasm-eval");
    await visit.context.close();
    expect(visit.violations.join()).toContain("wasm-eval");
  });

  test("is what is enforced: HTML from a text is refused and reported", async () => {
    const visit = await visitUnder(() => policy);
    await visit.open();
    const refusal = await visit.page.evaluate(() => {
      try {
        document.body.innerHTML = "<p>text</p>";
        return "";
      } catch (failure) {
        return String(failure);
      }
    });
    expect(refusal).toContain("TrustedHTML");
    const { files } = visit.site;
    await expect.poll(() => files?.reports.join()).toContain("trusted-types");
    await visit.context.close();
  });
});

describe("the policies of the documentation", () => {
  test("are all marked, so that something runs under each", () => {
    expect(strays).toEqual([]);
    expect(examples.length).toBeGreaterThan(0);
    const known = [...Object.keys(scenarios), ...Object.values(callbacks)];
    for (const { file, scenario } of examples) expect(known, `${file}: csp ${scenario}`).toContain(scenario);
    const marked = new Set(examples.map(({ file, scenario }) => `${file} ${scenario}`));
    const lonely = examples
      .filter(({ scenario }) => scenario in callbacks)
      .filter(({ file, scenario }) => !marked.has(`${file} ${callbacks[scenario]}`));
    expect(lonely, "examples without a policy of the small page").toEqual([]);
  });

  const pages = examples.filter(({ scenario }) => scenario in scenarios);
  test.each(pages)("$file, $scenario: runs without a report", async ({ file, scenario, policy }) => {
    const small = examples.find((example) => example.file === file && example.scenario === callbacks[scenario]);
    const visit = await visitUnder(
      (pathname) => (paths.includes(pathname) ? small?.policy : policy),
      scenario === "inline" ? "inline" : "app",
    );
    await scenarios[scenario]?.(visit);
    expect(await reportsOf(visit)).toEqual([]);
  });
});
