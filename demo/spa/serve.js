import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { listen } from "../server.js";
import { apiUrl, pagePort, providerUrl } from "../settings.js";

/** @type {Readonly<Record<string, string>>} */
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".map": "application/json",
};

/** @param {string} path */
function decode(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

/**
 * Serves a built page. A path without a file is answered with the page of its folder, so that `/callback` works.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0 takes a free one
 * @param {string} [options.host] address to listen on
 * @param {string} [options.directory] what to serve
 * @param {string} [options.provider]
 * @param {string} [options.api]
 * @param {readonly string[]} [options.pages] folders with a page of their own
 * @param {boolean} [options.frames] whether pages may have frames of the provider and of each other
 */
export async function createPage({
  port = pagePort,
  host = "127.0.0.1",
  directory = fileURLToPath(new URL("./dist/app", import.meta.url)),
  provider = providerUrl,
  api = apiUrl,
  pages = ["/"],
  frames = false,
} = {}) {
  if (!existsSync(join(directory, "index.html"))) {
    throw new Error("The page is not built yet. Build it first, with `npx vite build demo/spa` or `cargo xtask demo`.");
  }
  const listening = await listen({ name: "page", port, host });
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${provider} ${api}`,
    `form-action 'self' ${provider}`,
    "base-uri 'none'",
    ...(frames ? [`frame-src 'self' ${provider}`, `frame-ancestors 'self' ${provider}`] : ["frame-ancestors 'none'"]),
  ].join("; ");

  listening.handle(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page.invalid");
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    if (pathname === "/favicon.ico") {
      response.writeHead(204).end();
      return;
    }
    const folder = [...pages].sort((a, b) => b.length - a.length).find((page) => pathname.startsWith(page)) ?? "/";
    // A missing asset stays missing: answering it with HTML hides the mistake.
    const name = extname(pathname) === "" ? join(folder, "index.html") : pathname;
    const file = normalize(join(directory, decode(name)));
    /** @type {Buffer | undefined} */
    const body = file.startsWith(directory + sep) ? await readFile(file).catch(() => undefined) : undefined;
    if (body === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
      return;
    }
    response.setHeader("content-security-policy", policy);
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("cache-control", name.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache");
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-length": body.length });
    response.end(request.method === "HEAD" ? undefined : body);
  });
  return { server: listening.server, url: `http://localhost:${listening.port}`, log: listening.log, close: () => listening.close() };
}
