import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { consoleLogger, createLogger, isOidcError, OidcError, type LogEvent, type Logger, type LogLevel } from "oidc-wasm";
import { describe, expect, test, vi } from "vitest";
import { workspace } from "./support/package.ts";

const LEVELS: readonly LogLevel[] = ["trace", "debug", "information", "warning", "error", "critical"];
const SECRET = "CANARY-eyJhbGciOiJSUzI1NiJ9.e30.c2ln";

interface Row {
  readonly id: number;
  readonly level: LogLevel;
  readonly name: string;
  readonly members: readonly string[];
}

/** The table, as people read it. */
const source = await readFile(path.join(workspace, "pkg-template/src/log.ts"), "utf8");
const ROWS: readonly Row[] = (/const EVENTS = `([^`]+)`/.exec(source)?.[1] ?? "").split("\n").map((line) => {
  const [id, level, name = "", ...members] = line.split(" ");
  return { id: Number(id), level: level as LogLevel, name, members };
});

/** A logger that remembers. */
function remember(level: LogLevel = "trace"): { readonly logger: Logger; readonly events: LogEvent[] } {
  const events: LogEvent[] = [];
  return { logger: createLogger((event) => void events.push(event), level), events };
}

function only(events: readonly LogEvent[]): LogEvent {
  expect(events).toHaveLength(1);
  return events[0] as LogEvent;
}

const refused = new OidcError({
  code: "token_error",
  type: "protocol",
  phase: "token",
  message: `A message with ${SECRET}.`,
  status: 400,
  error: "invalid_grant",
  errorDescription: SECRET,
  errorUri: `https://id.example.com/?${SECRET}`,
  raw: SECRET,
  details: { expected: SECRET },
  cause: new Error(SECRET),
});

describe("the table of events", () => {
  test("LG-04 has numbers and names that stand once, in groups of a hundred, in order", () => {
    expect(ROWS.length).toBeGreaterThan(20);
    const ids = ROWS.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    for (const { id, level, name, members } of ROWS) {
      expect(id).toBeGreaterThan(0);
      expect(id).toBeLessThan(1000);
      expect(LEVELS).toContain(level);
      expect(name).toMatch(/^[a-z][A-Za-z]+$/);
      for (const member of members) expect(member).toMatch(/^[a-z][A-Za-z]+$/);
      expect(members.includes("failure") && members.length > 1).toBe(false);
    }
    expect(new Set(ROWS.map(({ name }) => name)).size).toBe(ROWS.length);
  });

  test("LG-04 never gives a number to another event", () => {
    // What is here stays; what is new is added here too.
    expect(Object.fromEntries(ROWS.map(({ id, name }) => [id, name]))).toMatchObject({
      1: "callFailed",
      101: "signInStarted",
      102: "signInLeft",
      201: "callbackReceived",
      202: "callbackCompleted",
      203: "sessionRestored",
      301: "renewalStarted",
      302: "renewalSucceeded",
      303: "renewalFailed",
      304: "expiring",
      305: "expired",
      401: "degraded",
      501: "messageReceived",
      502: "signedIn",
      503: "signedOut",
      504: "sessionChanged",
      505: "renewed",
      601: "fetchAnswered",
      602: "fetchRepeated",
      701: "signOutStarted",
      702: "signOutLeft",
      703: "frontChannelLogout",
      801: "monitorStopped",
      901: "requestAnswered",
      902: "requestFailed",
    });
  });

  test("is what the client tells, no more and no less", async () => {
    // These are chosen by what has happened, in one call for several.
    const told = new Set(["signedIn", "signedOut", "sessionChanged", "renewed", "expiring", "expired", "requestAnswered", "requestFailed"]);
    const folder = path.join(workspace, "pkg-template/src");
    for (const file of await readdir(folder)) {
      if (!file.endsWith(".ts") || file === "log.ts") continue;
      const text = await readFile(path.join(folder, file), "utf8");
      for (const [, name = ""] of text.matchAll(/(?:\bsay\?\.|\bbegin\(\))\("(\w+)"/g)) told.add(name);
    }
    expect([...told].sort()).toEqual(ROWS.map(({ name }) => name).sort());
  });

  test.each(ROWS)("row $id: $name comes with its number, its level and its members", ({ id, level, name, members }) => {
    vi.spyOn(Date, "now").mockReturnValue(1_900_000_000_000);
    const { logger, events } = remember();
    const isFailure = members[0] === "failure";
    const url = "https://id.example.com/path";
    const given = Object.fromEntries(members.map((member, index) => [member, member === "url" ? url : index % 2 ? "word" : index]));
    logger.begin()(name, isFailure ? refused : given);
    const data = isFailure ? { code: "token_error", phase: "token", status: 400, error: "invalid_grant" } : given;
    const event = only(events);
    expect(event).toEqual({ id, level, name, data, time: 1_900_000_000_000, correlationId: event.correlationId });
  });

  test.each(ROWS)("LG-01 row $id: whatever else is given to $name, it does not get in", ({ name, members }) => {
    const { logger, events } = remember();
    const say = logger.begin();
    const url = `https://user:${SECRET}@id.example.com/path?code=${SECRET}#${SECRET}`;
    const rest = { code2: SECRET, token: SECRET, accessToken: SECRET, state: SECRET, message: SECRET, stack: SECRET, toString: () => SECRET };
    const isFailure = members[0] === "failure";
    say(name, { ...rest, ...(members.includes("url") && { url }), nested: rest, list: [SECRET], ...(isFailure && { code: SECRET, phase: SECRET }) });
    for (const member of members) say(name, { [member]: { text: SECRET }, ...rest });
    for (const member of members) say(name, { [member]: [SECRET] });
    say(name, new Error(SECRET, { cause: refused }));
    say(name, SECRET);
    say(name, [SECRET]);
    say(name, null);
    say(name);
    expect(events.length).toBeGreaterThan(4);
    expect(JSON.stringify(events)).not.toContain("CANARY");
    for (const { data } of events) {
      for (const value of Object.values(data)) expect(["string", "number", "boolean"]).toContain(typeof value);
    }
  });
});

describe("redaction", () => {
  test.each([
    ["https://id.example.com/a/b?code=SECRET&state=SECRET#SECRET", "https://id.example.com/a/b"],
    ["https://user:SECRET@id.example.com:8443/", "https://id.example.com:8443/"],
    ["http://localhost:3000/cb?SECRET", "http://localhost:3000/cb"],
    ["data:text/plain,SECRET", "data:"],
    ["blob:https://app.example/SECRET", "blob:"],
    ["javascript:SECRET", "javascript:"],
    ["/relative?SECRET", ""],
    ["SECRET", ""],
  ])("LG-01 of %j leaves %j", (url, place) => {
    const { logger, events } = remember();
    logger.begin()("fetchAnswered", { url, status: 200 });
    expect(only(events).data).toEqual({ url: place, status: 200 });
  });

  test.each(["CANARY", "a b", "invalid_grant\n", "eyJhbGciOiJub25lIn0", "a".repeat(51), "<script>", "Ünknown", "a1"])(
    "LG-03 of an error that is no code (%j) leaves nothing",
    (error) => {
      const { logger, events } = remember();
      logger.begin()("callFailed", new OidcError({ code: "token_error", type: "protocol", message: "", error }));
      expect(only(events).data).toEqual({ code: "token_error" });
    },
  );

  test("LG-03 cuts long texts", () => {
    const { logger, events } = remember();
    logger.begin()("degraded", { feature: "session", reason: "x".repeat(1_000_000) });
    expect(String(only(events).data["reason"]).length).toBe(200);
  });

  test("LG-02 an event holds neither the error nor anything of it that is not plain", () => {
    const { logger, events } = remember();
    logger.begin()("renewalFailed", refused);
    expect(structuredClone(only(events))).toEqual(only(events));
    expect(JSON.stringify(events)).not.toContain("CANARY");
  });

  test("what is not an error of this package has no words of its own", () => {
    const { logger, events } = remember();
    for (const thrown of [new TypeError(SECRET), SECRET, { code: SECRET, phase: SECRET }, null, undefined]) logger.begin()("callFailed", thrown);
    for (const { data } of events) expect(data).toEqual({ code: "unknown" });
    expect(events).toHaveLength(5);
  });
});

describe("levels", () => {
  test.each(LEVELS)("from %s upwards all is told, and nothing below", (level) => {
    const { logger, events } = remember(level);
    const say = logger.begin();
    for (const { name } of ROWS) say(name, refused);
    const wanted = ROWS.filter((row) => LEVELS.indexOf(row.level) >= LEVELS.indexOf(level)).map(({ name }) => name);
    expect(events.map(({ name }) => name)).toEqual(wanted);
  });

  test("the default is information", () => {
    const names: string[] = [];
    const say = createLogger(({ name }) => void names.push(name)).begin();
    for (const name of ["messageReceived", "renewed", "signedIn", "expired"]) say(name);
    expect(names).toEqual(["signedIn", "expired"]);
  });

  test("a defect of the package is critical, and that the caller gave up is worth little", () => {
    const { logger, events } = remember();
    logger.begin()("callFailed", new OidcError({ code: "internal", type: "usage", message: "" }));
    logger.begin()("renewalFailed", new OidcError({ code: "internal", type: "usage", message: "" }));
    logger.begin()("callFailed", new OidcError({ code: "aborted", type: "aborted", message: "" }));
    expect(events.map(({ level }) => level)).toEqual(["critical", "critical", "debug"]);
  });

  test("every one of the six is used", () => {
    const { logger, events } = remember();
    for (const { name } of ROWS) logger.begin()(name);
    logger.begin()("callFailed", new OidcError({ code: "internal", type: "usage", message: "" }));
    expect(new Set(events.map(({ level }) => level))).toEqual(new Set(LEVELS));
  });
});

describe("correlation", () => {
  test("LG-05 1,000 calls have 1,000 ids, made of random bytes", () => {
    const { logger, events } = remember();
    for (let call = 0; call < 1000; call += 1) logger.begin()("signInStarted", { mode: "redirect" });
    const ids = events.map(({ correlationId }) => correlationId);
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    // All places vary.
    for (let place = 0; place < 32; place += 1) expect(new Set(ids.map((id) => id[place])).size).toBeGreaterThan(10);
  });

  test("LG-05 one call has one id, also when calls overlap", () => {
    const { logger, events } = remember();
    const [first, second] = [logger.begin(), logger.begin()];
    first("signInStarted");
    second("signOutStarted");
    first("signInLeft");
    second("signOutLeft");
    const [a, b, c, d] = events.map(({ correlationId }) => correlationId);
    expect(a).toBe(c);
    expect(b).toBe(d);
    expect(a).not.toBe(b);
  });
});

describe("a logger that fails", () => {
  test("disturbs nobody", () => {
    const log = vi.fn(() => {
      throw new Error("full");
    });
    const say = createLogger(log, "trace").begin();
    for (const { name } of ROWS) expect(() => say(name, {})).not.toThrow();
    expect(log).toHaveBeenCalledTimes(ROWS.length);
  });

  test("nor does data that cannot be read, or a name that is none", () => {
    const { logger, events } = remember();
    const say = logger.begin();
    const hostile = Object.defineProperty({}, "mode", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    });
    expect(() => say("signInStarted", hostile)).not.toThrow();
    for (const name of ["", "noSuchEvent", "constructor", "__proto__", "toString"]) expect(() => say(name)).not.toThrow();
    expect(events).toEqual([]);
  });

  test.each([
    [undefined, "log"],
    ["console", "log"],
    [{}, "log"],
  ])("%o is no function", (log, option) => {
    expect(failureOf(() => createLogger(log as never))).toBe(option);
  });

  test.each(["info", "warn", "", "INFORMATION", "toString", 2, null])("%j is no level", (level) => {
    expect(failureOf(() => createLogger(() => {}, level as never))).toBe("level");
    expect(failureOf(() => consoleLogger(level as never))).toBe("level");
  });
});

describe("consoleLogger", () => {
  test("writes where the console has the level", () => {
    const lines: unknown[][] = [];
    for (const method of ["debug", "info", "warn", "error"] as const) {
      vi.spyOn(console, method).mockImplementation((...line: unknown[]) => void lines.push([method, ...line]));
    }
    const say = consoleLogger("trace").begin();
    say("messageReceived");
    say("fetchAnswered", { url: `https://api.example.com/x?${SECRET}`, status: 200 });
    say("signedIn");
    say("expired");
    say("callFailed", refused);
    say("callFailed", new OidcError({ code: "internal", type: "usage", message: "" }));
    expect(lines.map(([method, text]) => [method, text])).toEqual([
      ["debug", "oidc-wasm 501 messageReceived"],
      ["debug", "oidc-wasm 601 fetchAnswered"],
      ["info", "oidc-wasm 502 signedIn"],
      ["warn", "oidc-wasm 305 expired"],
      ["error", "oidc-wasm 1 callFailed"],
      ["error", "oidc-wasm 1 callFailed"],
    ]);
    expect(lines[1]?.[2]).toMatchObject({ url: "https://api.example.com/x", status: 200, correlationId: expect.stringMatching(/^\w{32}$/) });
    expect(JSON.stringify(lines)).not.toContain("CANARY");
  });

  test("leaves out what is less than information, unless it is told otherwise", () => {
    const debug = vi.spyOn(console, "debug").mockImplementation(() => {});
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    consoleLogger().begin()("renewed");
    consoleLogger().begin()("signedIn");
    expect(debug).not.toHaveBeenCalled();
    expect(info).toHaveBeenCalledTimes(1);
  });
});

describe("docs/errors.md", () => {
  test("has every event, with its number, level and members", async () => {
    const guide = await readFile(path.join(workspace, "docs/errors.md"), "utf8");
    const told = [...guide.matchAll(/^\| (\d+) \| `(\w+)` \| (\w+) \| (.*?) \| .+ \|$/gm)].map(([, id, name = "", level, members = ""]) => ({
      id: Number(id),
      level,
      name,
      members: [...members.matchAll(/`(\w+)`/g)].map(([, member]) => member),
    }));
    const said = (members: readonly string[]) => (members[0] === "failure" ? ["code", "phase", "status", "error"] : members);
    const wanted = ROWS.map(({ id, level, name, members }) => ({ id, level, name, members: said(members) }));
    expect(told).toEqual(wanted);
  });
});

function failureOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (failure) {
    if (isOidcError(failure, "invalid_argument")) return failure.details["option"];
    throw failure;
  }
  return undefined;
}
