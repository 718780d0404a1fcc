// What an application implements itself, or hands on: storage, logger, fetch. Each with what others make, in their own words.
import createApiClient from "openapi-fetch";
import ky from "ky";
import { consoleLogger, createLogger, DiscoveryCache, fetchDiscoveryDocument, OidcClient } from "oidc-wasm";
import type { Fetch, FetchOptions, LogEvent, Logger, LogLevel, OidcClientOptions, ProofMaker, SessionStore } from "oidc-wasm";
import type { Equal, Expect } from "./equal.js";

declare const options: OidcClientOptions;
declare const client: OidcClient;

// Storage: three functions, that answer at once or later.

/** As React Native's AsyncStorage and Capacitor's Preferences have it. */
interface AsyncStorageLike {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
}
export const device = (storage: AsyncStorageLike): SessionStore => ({
  load: (name) => storage.getItem(name),
  save: (name, text) => storage.setItem(name, text),
  remove: (name) => storage.removeItem(name),
});

/** As idb-keyval, Electron's safeStorage and the like: what is not there is `undefined`. */
export class Vault implements SessionStore {
  readonly #texts = new Map<string, string>();
  load(name: string): string | undefined {
    return this.#texts.get(name);
  }
  async save(name: string, text: string): Promise<void> {
    this.#texts.set(name, text);
  }
  remove(name: string): void {
    this.#texts.delete(name);
  }
}
await OidcClient.create({ ...options, storage: new Vault() });
// More than is asked for does no harm.
const talkative = { load: () => "", save: async () => {}, remove: () => {}, size: 3 };
await OidcClient.create({ ...options, storage: talkative });
// @ts-expect-error what is loaded is a text
await OidcClient.create({ ...options, storage: { load: () => 1, save: () => {}, remove: () => {} } });
// @ts-expect-error so is what is saved
export const numbers: SessionStore = { load: () => null, save: (name: string, value: number) => void [name, value], remove: () => {} };
// @ts-expect-error the browser's own storage has other names
export const browser: SessionStore = localStorage;
// @ts-expect-error a Map has other names, too
export const map: SessionStore = new Map<string, string>();

// Logger: a function that takes an event; the levels are six words.

/** As pino, bunyan and winston have it. */
interface PinoLike {
  trace(data: object, message: string): void;
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
  fatal(data: object, message: string): void;
}
const LEVELS = { trace: "trace", debug: "debug", information: "info", warning: "warn", error: "error", critical: "fatal" } as const;
export const toPino = (pino: PinoLike, level?: LogLevel): Logger =>
  createLogger(({ level, id, name, correlationId, data }) => pino[LEVELS[level]]({ id, correlationId, ...data }, name), level);
/** As OpenTelemetry has it. */
export const toTelemetry = (record: (name: string, attributes: Readonly<Record<string, string | number | boolean>>) => void): Logger =>
  createLogger(({ name, data }) => record(name, data), "debug");
await OidcClient.create({ ...options, logger: toTelemetry(() => {}) });
await OidcClient.create({ ...options, logger: consoleLogger() });
// Every level is in the table above: one more would not compile.
export type Levels = Expect<Equal<keyof typeof LEVELS, LogLevel>>;
// @ts-expect-error a logger begins with createLogger, which keeps secrets out
await OidcClient.create({ ...options, logger: console });
// @ts-expect-error an event has no text of an error in it
createLogger((event) => event.message);
// @ts-expect-error events are not changed
createLogger((event: LogEvent) => (event.name = "other"));
// @ts-expect-error the words of other loggers are not these
createLogger(() => {}, "info");

// Fetch: a function that answers a request, for everything that the package sends.

/** As undici, node-fetch and other implementations have it: not one type of theirs is the global one. */
interface ForeignResponse {
  readonly status: number;
  readonly headers: Iterable<[string, string]>;
  arrayBuffer(): Promise<ArrayBuffer>;
}
declare function foreign(url: string, init: { method: string; headers: Iterable<[string, string]>; body: ArrayBuffer | null }): Promise<ForeignResponse>;
export const throughAProxy: Fetch = async (request) => {
  const { method, headers } = request;
  const answer = await foreign(request.url, { method, headers: [...headers], body: request.body ? await request.arrayBuffer() : null });
  return new Response(await answer.arrayBuffer(), { status: answer.status, headers: [...answer.headers] });
};
export const own: Fetch = (request) => fetch(request, { cache: "no-store" });
await OidcClient.create({ ...options, fetch: throughAProxy });
await OidcClient.create({ ...options, fetch });
await fetchDiscoveryDocument({ authority: "https://id.example.com", fetch: own });
new DiscoveryCache({ authority: "https://id.example.com", fetch: own });
// @ts-expect-error an answer is waited for
export const hastily: Fetch = () => new Response();
// @ts-expect-error the status alone is no answer
export const half: Fetch = async () => ({ status: 200 });
// @ts-expect-error a request comes whole, not as an address
export const address: Fetch = (url: string) => fetch(url);
// @ts-expect-error a fetch is given or left out
await OidcClient.create({ ...options, fetch: undefined });

// Fetch, the other way: what the client makes is what libraries take.
const plain: typeof fetch = client.createFetch();
const mixed: FetchOptions = { elsewhere: "plain" };
export const api = ky.create({ fetch: client.createFetch(mixed), prefixUrl: "https://api.example.com" });
interface Paths {
  "/me": { get: { responses: { 200: { content: { "application/json": { name: string } } } } } };
}
const typed = createApiClient<Paths>({ baseUrl: "https://api.example.com", fetch: client.createFetch() });
export const name: string | undefined = (await typed.GET("/me")).data?.name;
/** As Apollo, tRPC and others ask for one. */
declare function createTransport(options: { fetch(input: string | URL, init?: { method?: string; headers?: Record<string, string> }): Promise<Response> }): unknown;
createTransport({ fetch: plain });
/** As libraries with one method for all ask for it. */
declare function createSdk(options: { send(request: Request): Promise<Response> }): unknown;
createSdk({ send: (request) => client.fetch(request) });
createSdk({ send: client.fetch });
// @ts-expect-error there is no such option
client.createFetch({ baseUrl: "https://api.example.com" });

// Proofs: whoever makes some can take the place of a DpopKey.
declare const hardware: (method: string, url: string) => Promise<string>;
export const maker: ProofMaker = { proof: ({ method, url }) => hardware(method, String(url)) };
// @ts-expect-error a proof takes its time
export const hasty: ProofMaker = { proof: () => "a.b.c" };
