import { cp, rm } from "node:fs/promises";
import path from "node:path";
import type { OidcClient } from "oidc-wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { apps, installed, output } from "./support/paths.ts";
import { run } from "./support/programs.ts";
import { alice, useWorld, type Visit } from "./support/world.ts";

declare global {
  var client: OidcClient;
}

/** What docs/security.md says about headers beside the Content Security Policy, tried. */
const directory = path.join(output, "headers");
const the = useWorld({ app: { directory, paths: ["/window.html", "/frame.html"] } });

beforeAll(async () => {
  const cwd = path.join(apps, "csp");
  await rm(directory, { recursive: true, force: true });
  const options = ["--bundle", "--format=esm", "--splitting", "--minify", `--outdir=${directory}`];
  await run("esbuild", ["main.js", "hand-over.js", ...options], { cwd });
  for (const page of ["index.html", "window.html", "frame.html"]) {
    await cp(path.join(cwd, page), path.join(directory, page));
  }
  await cp(path.join(installed, "dist/oidc_wasm_bg.wasm"), path.join(directory, "oidc_wasm_bg.wasm"));
});

async function visitWith(headers: Record<string, string>): Promise<Visit> {
  the.world.site("app").files?.setHeaders(() => headers);
  return the.world.visit("app");
}

describe("Cross-Origin-Opener-Policy of the application", () => {
  test.each(["same-origin", "same-origin-allow-popups"])("%s leaves sign-in in a window as it is", async (policy) => {
    const visit = await visitWith({ "cross-origin-opener-policy": policy });
    await visit.open();
    // The tests' browser says of every page that it has the focus; while the person is in the window, this one has not.
    await visit.page.evaluate(() => void (document.hasFocus = () => false));
    await visit.enterPasswordInWindow(() => visit.id("popup").click());
    await visit.shows(`Signed in as ${alice.subject}`);
    await expect.poll(() => visit.context.pages().length, { timeout: 10_000 }).toBe(1);
    await visit.close();
  });
});

describe("Cross-Origin-Embedder-Policy of the application", () => {
  test("require-corp leaves redirects and calls as they are, and keeps the provider out of frames", async () => {
    const visit = await visitWith({ "cross-origin-embedder-policy": "require-corp" });
    await visit.open();
    await visit.signIn();
    await visit.callApi();
    const failure = await visit.page.evaluate(async () => {
      try {
        return (await client.signInSilent({ timeoutSeconds: 6 })).subject;
      } catch (error) {
        const { code, details } = error as { code: string; details: { reason: string } };
        return { code, reason: details.reason };
      }
    });
    expect(failure).toEqual({ code: "timeout", reason: "frame_refused_or_interactive" });
    await visit.context.close();
  });
});
