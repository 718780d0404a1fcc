import { createServer } from "node:http";

/**
 * @typedef {{ method: string, path: string, time: number, status: number | undefined }} LoggedRequest
 * @typedef {{ requests: LoggedRequest[], clear(): void, count(method: string, path: string): number }} RequestLog
 * @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown} Handler
 * @typedef {{ server: import("node:http").Server, port: number, log: RequestLog, handle(handler: Handler): void, close(): Promise<void> }} Listening
 */

/** @returns {RequestLog} */
function createLog() {
  return {
    requests: [],
    clear() {
      this.requests.length = 0;
    },
    count(method, path) {
      return this.requests.filter((request) => request.method === method && request.path === path).length;
    },
  };
}

/**
 * Listens first and takes the handler later, so that port 0 can be part of the addresses the handler needs.
 *
 * @param {{ name: string, port: number, host: string }} options
 * @returns {Promise<Listening>}
 */
export async function listen({ name, port, host }) {
  const log = createLog();
  /** @type {Handler | undefined} */
  let current;
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    /** @type {LoggedRequest} */
    const entry = { method: request.method ?? "", path, time: Date.now(), status: undefined };
    log.requests.push(entry);
    response.on("finish", () => {
      entry.status = response.statusCode;
    });
    if (!current) {
      response.writeHead(503).end();
      return;
    }
    current(request, response);
  });
  await new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const taken = "code" in error && error.code === "EADDRINUSE";
      reject(taken ? new Error(`Port ${port} is taken, so the ${name} cannot start. Stop the other program or choose another port.`) : error);
    });
    server.listen(port, host, () => resolve(undefined));
  });
  const address = server.address();
  return {
    server,
    port: address !== null && typeof address === "object" ? address.port : port,
    log,
    handle(handler) {
      current = handler;
    },
    close() {
      return new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      });
    },
  };
}

/**
 * Reads a request body up to a limit; `undefined` when it is longer.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {number} limit
 * @returns {Promise<string | undefined>}
 */
export async function readBody(request, limit) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * Runs one part of the demo as a program: says where it is, stops on Ctrl-C, exits with 1 when it cannot start.
 *
 * @param {string} name
 * @param {() => Promise<{ url: string, close(): Promise<void> }>} start
 */
export async function run(name, start) {
  try {
    const part = await start();
    console.log(`${name}: ${part.url}`);
    let stopping = false;
    const stop = () => {
      if (stopping) return;
      stopping = true;
      part.close().then(
        () => process.exit(0),
        (error) => {
          console.error(`${name}: ${error.message}`);
          process.exit(1);
        },
      );
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
