import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What reached a server, exactly. */
export interface Recorded {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly path: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether it came by the second port, which stands for a host that asks for TLS client certificates. */
  readonly alias: boolean;
}

/** Something a test may ask a server to do: `POST /-/name` with the argument as JSON. Never recorded. */
export type Commands = Readonly<Record<string, (argument: Readonly<Record<string, unknown>>) => unknown>>;

export type Answer = (request: IncomingMessage, response: ServerResponse, alias: boolean) => unknown;

interface Wait {
  readonly path: string;
  readonly count: number;
  readonly resolve: () => void;
}

const COMMAND = "/-/";

/** A server on loopback, on two ports, that remembers every request but preflights. */
export class RecordingServer implements AsyncDisposable {
  readonly #requests: (Recorded & { body: string })[] = [];
  readonly #waits = new Set<Wait>();
  readonly #servers: Server[] = [];
  #answer: Answer = (_request, response) => response.writeHead(503).end();
  #commands: Commands = {
    take: () => this.#requests.splice(0),
    wait: (argument) => this.#wait(String(argument["path"]), Number(argument["count"] ?? 1)),
  };

  /** Listens first and takes the answers later, so that free ports can be part of the addresses they need. */
  static async start(): Promise<RecordingServer> {
    const server = new RecordingServer();
    for (const alias of [false, true]) {
      // Not every runtime sends a request again when the server has just closed the connection that it had kept.
      const listener = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void server.#receive(request, response, alias));
      await new Promise<void>((resolve, reject) => listener.once("error", reject).listen(0, "127.0.0.1", resolve));
      server.#servers.push(listener);
    }
    return server;
  }

  get origin(): string {
    return this.#address(0);
  }

  get aliasOrigin(): string {
    return this.#address(1);
  }

  handle(answer: Answer, commands: Commands = {}): void {
    this.#answer = answer;
    this.#commands = { ...this.#commands, ...commands };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #address(index: number): string {
    const address = this.#servers[index]?.address() as AddressInfo | undefined;
    return `http://127.0.0.1:${address?.port}`;
  }

  async #receive(request: IncomingMessage, response: ServerResponse, alias: boolean): Promise<void> {
    const path = request.url ?? "/";
    try {
      if (path.startsWith(COMMAND)) {
        const argument = JSON.parse((await readBody(request)) || "{}") as Record<string, unknown>;
        const command = this.#commands[path.slice(COMMAND.length)];
        if (!command) throw new Error(`There is no command ${path}.`);
        const result = JSON.stringify((await command(argument)) ?? null);
        response.writeHead(200, { "content-type": "application/json", "access-control-allow-origin": "*" }).end(result);
        return;
      }
      if (request.method !== "OPTIONS") this.#record(request, path, alias);
      await this.#answer(request, response, alias);
    } catch (failure) {
      if (response.headersSent) response.destroy();
      else
        response.writeHead(500, { "content-type": "text/plain", "access-control-allow-origin": "*" }).end(String(failure));
    }
  }

  #record(request: IncomingMessage, path: string, alias: boolean): void {
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(", ")]),
    );
    const recorded = { method: request.method ?? "", path, headers, body: "", alias };
    this.#requests.push(recorded);
    // The parser hands the body over by push: looking on there leaves the stream to whoever answers.
    const chunks: Buffer[] = [];
    const push = request.push.bind(request);
    request.push = (chunk: unknown, encoding?: BufferEncoding) => {
      if (chunk === null) recorded.body = Buffer.concat(chunks).toString("utf8");
      else chunks.push(Buffer.from(chunk as Uint8Array));
      return push(chunk, encoding);
    };
    for (const wait of this.#waits) this.#settle(wait);
  }

  async #wait(path: string, count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wait = { path, count, resolve };
      this.#waits.add(wait);
      this.#settle(wait);
    });
  }

  #settle(wait: Wait): void {
    const seen = this.#requests.filter(({ path }) => path.split("?", 1)[0] === wait.path).length;
    if (seen < wait.count) return;
    this.#waits.delete(wait);
    wait.resolve();
  }
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** What a browser needs to read an answer from another origin. With credentials no `*` is allowed. */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, credentials = false): void {
  response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
  if (credentials) response.setHeader("access-control-allow-credentials", "true");
  response.setHeader("access-control-expose-headers", "DPoP-Nonce, Retry-After, WWW-Authenticate");
  response.setHeader("vary", "origin");
}

/** Answers a preflight: everything that is asked for may be sent. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, credentials = false): void {
  allowOrigin(request, response, credentials);
  response.setHeader("access-control-allow-methods", "GET, POST, PUT, DELETE");
  response.setHeader("access-control-allow-headers", request.headers["access-control-request-headers"] ?? "");
  response.writeHead(204).end();
}
