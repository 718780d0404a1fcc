// `cargo xtask bench`: what a DPoP proof costs in Chromium, beside the signature in it and beside other libraries.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const WARM_UP = 30;
const ROUNDS = 200;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];

const wasm = createRequire(import.meta.url).resolve("oidc-wasm/oidc_wasm_bg.wasm");
const { outputFiles } = await build({
  entryPoints: [path.join(import.meta.dirname, "page.js")],
  bundle: true,
  minify: true,
  format: "esm",
  write: false,
});
const FILES = {
  "/": ["text/html", '<!doctype html><title></title><script type="module" src="page.js"></script>'],
  "/page.js": ["text/javascript", outputFiles[0].contents],
  "/oidc_wasm_bg.wasm": ["application/wasm", await readFile(wasm)],
};
const server = createServer((request, response) => {
  const [type, body] = FILES[request.url] ?? [];
  // Isolated, so that the clock is exact.
  const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" };
  response.writeHead(type ? 200 : 404, { "content-type": type ?? "text/plain", ...isolated }).end(body);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] || "/usr/bin/chromium", args: FLAGS });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction(() => document.title === "ready");
  check(await page.evaluate(() => globalThis.samples()));
  await page.evaluate((rounds) => globalThis.measure(rounds), WARM_UP);
  const times = await page.evaluate((rounds) => globalThis.measure(rounds), ROUNDS);
  report(times, browser.version());
} finally {
  await browser.close();
  server.close();
}

/** Nobody may be fast by leaving something out. */
function check(proofs) {
  for (const [name, proof] of Object.entries(proofs)) {
    const [header, claims] = proof.split(".").map((part) => Buffer.from(part, "base64url").toString());
    const wanted = { ...JSON.parse(header), ...JSON.parse(claims) };
    const missing = ["typ", "alg", "jwk", "jti", "htm", "htu", "iat", "ath", "nonce"].filter((member) => !(member in wanted));
    if (missing.length > 0) throw new Error(`${name} makes proofs without ${missing}.`);
  }
}

function report(times, version) {
  const [[, raw]] = Object.entries(times);
  console.log(`Chromium ${version}, ES256, medians of ${ROUNDS} rounds:\n`);
  for (const [name, rounds] of Object.entries(times)) {
    // By round, so that what slows both down in one round cancels out.
    const ratio = median(rounds.map((time, round) => time / raw[round]));
    console.log(`${median(rounds).toFixed(1).padStart(9)} µs ${ratio.toFixed(2).padStart(7)} ×  ${name}`);
  }
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
