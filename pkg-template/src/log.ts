import { isOidcError, OidcError } from "./errors.js";

/** How important an event is, from the least to the most. */
export type LogLevel = "trace" | "debug" | "information" | "warning" | "error" | "critical";

/**
 * Something that happened. It holds no token, code, `state`, nonce, key or claim, at any level: only codes, counts, times, and
 * addresses without their query. Each event has a list of what may be said of it, and nothing else gets in.
 */
export interface LogEvent {
  readonly level: LogLevel;
  /** The number of the event: it never changes, and no other event gets it. */
  readonly id: number;
  /** The name of the event, which belongs to the number, for example `renewalFailed`. */
  readonly name: string;
  /** Random; the same for everything that one call of the application, or one renewal by the client itself, brings about. */
  readonly correlationId: string;
  /** When, in milliseconds since 1970. */
  readonly time: number;
  /** What is to be known about it, by name. */
  readonly data: Readonly<Record<string, string | number | boolean>>;
}

/** What a client writes its log with, made by {@link createLogger} or {@link consoleLogger}. */
export interface Logger {
  /**
   * Begins the log of one call. The function that it returns writes one event, by name: `data` is a record, or what was thrown. It
   * never throws.
   */
  begin(): (name: string, data?: unknown) => void;
}

/** From the least important to the most. */
const LEVELS: readonly LogLevel[] = ["trace", "debug", "information", "warning", "error", "critical"];

/**
 * All events: number, level, name, and what may be said of it; `failure` stands for what is told of an error. The hundreds are
 * sign-in, callback, renewal, storage, tabs, `client.fetch`, sign-out, windows and frames, requests to the provider. A number is
 * never used for anything else, also when its event is gone.
 */
const EVENTS = `1 error callFailed failure
101 information signInStarted mode
102 information signInLeft url
201 information callbackReceived
202 information callbackCompleted
203 debug sessionRestored isSignedIn
301 debug renewalStarted
302 information renewalSucceeded expiresAt
303 warning renewalFailed failure
304 information expiring
305 warning expired
401 warning degraded feature reason
501 trace messageReceived
502 information signedIn
503 information signedOut
504 warning sessionChanged
505 debug renewed
601 debug fetchAnswered url status
602 information fetchRepeated url reason
701 information signOutStarted mode
702 information signOutLeft url
703 information frontChannelLogout isNamed
801 warning monitorStopped reason
901 debug requestAnswered phase status
902 warning requestFailed phase status code`;

/** What is told of an error. */
const FAILURE = ["code", "phase", "status", "error"];
/** No longer text is worth reading in a log. */
const LONGEST = 200;

/**
 * Makes a logger of a function that takes events. What that function throws disturbs nobody; it must not wait for anything.
 *
 * @param log Called with each event.
 * @param level The least important events to be told. Default `"information"`.
 * @throws {OidcError} `invalid_argument` when `log` is not a function, or `level` is none of the six.
 * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.3
 * @example
 * ```ts
 * import { createLogger, OidcClient, type LogEvent } from "oidc-wasm";
 *
 * const latest: LogEvent[] = [];
 * const client = await OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: new URL("/callback", location.href).href,
 *   logger: createLogger((event) => void latest.push(event), "debug"),
 * });
 * await client.start();
 * console.table(latest.map(({ id, name, data }) => ({ id, name, ...data })));
 * ```
 */
export function createLogger(log: (event: LogEvent) => void, level: LogLevel = "information"): Logger {
  const least = LEVELS.indexOf(level);
  if (typeof log !== "function") throw invalid("log");
  if (least < 0) throw invalid("level");
  const events = new Map(
    EVENTS.split("\n").map((row) => {
      const [id, importance, name, ...members] = row.split(" ");
      return [name, { id: Number(id), level: importance as LogLevel, members }];
    }),
  );
  return {
    begin() {
      const correlationId = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return (name, given) => {
        const event = events.get(name);
        if (!event) return;
        const { id, members } = event;
        const isFailure = members[0] === "failure";
        try {
          const data = pick(given, isFailure ? FAILURE : members);
          const importance = isFailure ? importanceOf(given, event.level) : event.level;
          if (LEVELS.indexOf(importance) < least) return;
          log({ level: importance, id, name, correlationId, time: Date.now(), data });
        } catch {
          // A logger that fails has failed for itself only.
        }
      };
    },
  };
}

/**
 * A logger that writes to the console.
 *
 * @param level The least important events to be written. Default `"information"`.
 * @throws {OidcError} `invalid_argument` when `level` is none of the six.
 * @see https://console.spec.whatwg.org/#loglevel-severity
 * @example
 * ```ts
 * import { consoleLogger, OidcClient } from "oidc-wasm";
 *
 * const client = await OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: new URL("/callback", location.href).href,
 *   logger: consoleLogger("debug"),
 * });
 * ```
 */
export function consoleLogger(level?: LogLevel): Logger {
  const write = { trace: "debug", debug: "debug", information: "info", warning: "warn", error: "error", critical: "error" } as const;
  return createLogger((event) => {
    const { id, name, correlationId, data } = event;
    // The build takes every other call of the console out of the package.
    globalThis.console[write[event.level]](`oidc-wasm ${id} ${name}`, { ...data, correlationId });
  }, level);
}

/** Where a request goes, without what may be a secret: query, fragment, user name and password. */
export function place(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return /^https?:$/.test(protocol) ? `${protocol}//${host}${pathname}` : protocol;
  } catch {
    return "";
  }
}

/** A defect of the package is more than an error; that the caller gave up is less. */
function importanceOf(failure: unknown, usual: LogLevel): LogLevel {
  if (isOidcError(failure, "internal")) return "critical";
  return isOidcError(failure, "aborted") ? "debug" : usual;
}

/** Of what is there only what was asked for, in a form that gives nothing away. */
function pick(given: unknown, members: readonly string[]): LogEvent["data"] {
  const data: Record<string, string | number | boolean> = {};
  if (members === FAILURE && !isOidcError(given)) return { code: "unknown" };
  for (const member of members) {
    const value: unknown = Object(given)[member];
    if (typeof value === "number" || typeof value === "boolean") data[member] = value;
    if (typeof value !== "string") continue;
    const text = member === "url" ? place(value) : value;
    // What a server calls its error is its own text: it counts only where it looks like a code.
    if (member !== "error" || /^[a-z_]{1,50}$/.test(text)) data[member] = text.slice(0, LONGEST);
  }
  return data;
}

function invalid(option: string): OidcError {
  const message = "createLogger() takes a function and one of the six levels.";
  return new OidcError({ code: "invalid_argument", type: "usage", message, details: { option } });
}
