import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { listen } from "../../../demo/server.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".ico": "image/x-icon",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

type Headers = Readonly<Record<string, string>>;
export type StaticServer = Awaited<ReturnType<typeof serveStatic>>;

/** Serves the files of a folder, which may be built later. What is no file and has no extension is the page. */
export async function serveStatic(directory: string) {
  const listening = await listen({ name: "page", port: 0, host: "127.0.0.1" });
  let headersOf: (pathname: string) => Headers = () => ({});
  /** Reports that browsers posted to `/reports`. */
  const reports: string[] = [];
  listening.handle(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page.invalid");
    for (const [name, value] of Object.entries(headersOf(pathname))) response.setHeader(name, value);
    if (request.method === "POST" && pathname === "/reports") {
      let text = "";
      for await (const chunk of request) text += String(chunk);
      reports.push(text);
      return response.writeHead(204).end();
    }
    if (pathname === "/favicon.ico") return response.writeHead(204).end();
    const wanted = path.join(directory, path.normalize(decodeURIComponent(pathname)));
    // As many servers do: a folder is its page, and an address of the application is the application's page.
    const candidates = [wanted, path.join(wanted, "index.html")];
    if (path.extname(pathname) === "") candidates.push(path.join(directory, "index.html"));
    for (const file of candidates) {
      if (!(await stat(file).then((entry) => entry.isFile(), () => false))) continue;
      response.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream");
      return response.writeHead(200).end(await readFile(file));
    }
    return response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
  });
  return {
    url: `http://localhost:${listening.port}`,
    log: listening.log,
    reports,
    /** Headers of every answer from now on, or of each by its path. */
    setHeaders(next: Headers | ((pathname: string) => Headers)): void {
      headersOf = typeof next === "function" ? next : () => next;
    },
    close: () => listening.close(),
  };
}
