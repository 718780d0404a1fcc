import { readFile } from "node:fs/promises";
import path from "node:path";
import { diagnose, OidcError, type Diagnosis, type OidcErrorCode } from "oidc-wasm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const PAGE = "https://app.example/notes?code=CANARY#CANARY";
const ENDPOINT = "https://id.example/token";
const NOW = Date.UTC(2030, 0, 1, 12);

/** All codes with their types, as the package declares them. */
const declarations = await readFile(path.join(packageFolder, "dist/errors.d.ts"), "utf8");
const TYPES = new Map(
  [...(/interface OidcErrorTypes \{(.*?)^\}/ms.exec(declarations)?.[1] ?? "").matchAll(/^ {4}(\w+): "(\w+)";/gm)].map(
    ([, code = "", type = ""]) => [code, type] as const,
  ),
);

/** What a server or the browser does with a request; `undefined` fails it. */
type Answer = (url: string, init: RequestInit) => Response | undefined | Promise<Response | undefined>;

let requests: { readonly url: string; readonly init: RequestInit }[];
let answer: Answer;
let listeners: Map<string, Set<(event: unknown) => void>>;

beforeEach(() => {
  requests = [];
  answer = () => undefined;
  listeners = new Map();
  vi.useFakeTimers({ now: NOW, shouldAdvanceTime: true, toFake: ["Date"] });
  vi.stubGlobal("location", new URL(PAGE));
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("addEventListener", (type: string, listener: () => void) => {
    listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
  });
  vi.stubGlobal("removeEventListener", (type: string, listener: () => void) => listeners.get(type)?.delete(listener));
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    const response = await Promise.race([
      answer(url, init),
      new Promise<undefined>((resolve) => init.signal?.addEventListener("abort", () => resolve(undefined))),
    ]);
    if (!response) throw new TypeError("Failed to fetch");
    return response;
  });
});

afterEach(() => {
  vi.useRealTimers();
  // Whatever it asked: nothing of the person or the page went along, and nothing is left.
  for (const { url, init } of requests) {
    expect(url).not.toContain("CANARY");
    expect(init).toMatchObject({ credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" });
    expect(init.headers).toBeUndefined();
    expect(init.body).toBeUndefined();
    expect(["GET", "HEAD"]).toContain(init.method ?? "GET");
    expect(new URL(url).search + new URL(url).hash).toBe("");
  }
  for (const [type, kept] of listeners) expect(kept.size, type).toBe(0);
});

function errorOf(code: string, rest: Partial<ConstructorParameters<typeof OidcError>[0]> = {}): OidcError {
  return new OidcError({ code: code as OidcErrorCode, type: TYPES.get(code) as never, message: `About ${code}.`, ...rest });
}

const opaque = (): Response => Object.defineProperty(new Response(), "type", { value: "opaque" });
const network = (phase: string, details: Record<string, string> = { url: ENDPOINT }): OidcError => errorOf("network_error", { phase, details });

describe("every code", () => {
  test("LG-04 has a remedy of its own: a sentence that says what to do", async () => {
    expect(TYPES.size).toBeGreaterThan(70);
    for (const code of TYPES.keys()) {
      const { reason, summary, remedy } = await diagnose(errorOf(code));
      expect(reason).toBe(code);
      expect(summary).toBe(`About ${code}.`);
      expect(remedy, code).toMatch(/^[A-Z].{5,}\.$/);
      expect(remedy, code).not.toBe("Look at code and details.");
    }
    expect(requests.every(({ url }) => url === "https://app.example/notes")).toBe(true);
  });

  test("LG-04 that has a remedy exists", async () => {
    const source = await readFile(path.join(workspace, "pkg-template/src/diagnose.ts"), "utf8");
    const table = /const REMEDIES[^{]*\{(.*?)^\};/ms.exec(source)?.[1] ?? "";
    expect([...table.matchAll(/^ {2}(\w+):/gm)].map(([, code]) => code).sort()).toEqual([...TYPES.keys()].sort());
  });

  test("of another version of the package has at least an answer", async () => {
    for (const code of ["not_yet_invented", "toString", "__proto__"]) {
      expect(await diagnose(errorOf(code))).toEqual({ reason: code, summary: `About ${code}.`, remedy: "Look at code and details." });
    }
  });
});

describe("docs/errors.md", () => {
  test("lists every code once, under its type, with a cause and the same remedy", async () => {
    const guide = await readFile(path.join(workspace, "docs/errors.md"), "utf8");
    const codes = /^## All codes$(.*?)^## /ms.exec(guide)?.[1] ?? "";
    const told = codes.split(/^### /m).flatMap((part) => {
      const type = /^`(\w+)`/.exec(part)?.[1] ?? "";
      return [...part.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \|$/gm)].map(([, code = "", cause = "", remedy = ""]) => ({ type, code, cause, remedy }));
    });
    expect(told.map(({ code, type }) => `${code}: ${type}`).sort()).toEqual([...TYPES].map(([code, type]) => `${code}: ${type}`).sort());
    for (const { code, cause, remedy } of told) {
      expect(cause.length, code).toBeGreaterThan(15);
      expect(remedy.replaceAll("`", ""), code).toBe((await diagnose(errorOf(code))).remedy);
    }
  });

  test("lists every reason that is no code", async () => {
    const guide = await readFile(path.join(workspace, "docs/errors.md"), "utf8");
    const told = /^\| Reason \| Means \|$(.*?)^$/ms.exec(guide)?.[1] ?? "";
    const types = await readFile(path.join(packageFolder, "dist/diagnose.d.ts"), "utf8");
    const union = /type DiagnosisReason =(.*?);/s.exec(types)?.[1] ?? "";
    const names = [...union.matchAll(/"(\w+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    expect([...told.matchAll(/^\| `(\w+)` \| .+ \|$/gm)].map(([, name]) => name)).toEqual(names);
  });
});

describe("what is given", () => {
  test.each([[new Error("x")], ["x"], [undefined], [null], [{ code: "timeout" }], [new TypeError("Failed to fetch")]])(
    "%o does not come from this package",
    async (error) => {
      expect((await diagnose(error)).reason).toBe("not_an_oidc_error");
      expect(requests).toEqual([]);
    },
  );

  test("an error that another was made of is found", async () => {
    const wrapped = new Error("outer", { cause: new Error("inner", { cause: errorOf("not_signed_in") }) });
    expect((await diagnose(wrapped)).reason).toBe("not_signed_in");
    const loop = new Error("loop");
    loop.cause = loop;
    expect((await diagnose(loop)).reason).toBe("not_an_oidc_error");
  });

  test.each([
    ["token_error", "invalid_client", /public/],
    ["authorization_error", "access_denied", /person/],
    ["endpoint_error", "invalid_redirect_uri", /redirectUri/],
    ["authorization_error", "toString", /^Tell the person/],
    ["authorization_error", "<script>", /^Tell the person/],
    ["session_ended", "invalid_grant", /^Call signIn\(\): /],
  ])("%s with error %s", async (code, error, remedy) => {
    const found = await diagnose(errorOf(code, { error }));
    expect(found.reason).toBe(code);
    expect(found.remedy).toMatch(remedy);
  });

  test("LG-01 nothing that a server said stands in a diagnosis", async () => {
    const rest = { error: "CANARY", errorDescription: "CANARY", errorUri: "CANARY", raw: "CANARY", cause: new Error("CANARY") };
    answer = opaque;
    for (const code of TYPES.keys()) {
      const details = { url: `${ENDPOINT}?CANARY#CANARY`, expected: "CANARY", actual: "CANARY" };
      expect(JSON.stringify(await diagnose(errorOf(code, { ...rest, details })))).not.toContain("CANARY");
    }
  });
});

describe("no answer", () => {
  test("TM-10 offline is seen without any request", async () => {
    vi.stubGlobal("navigator", { onLine: false });
    for (const code of ["network_error", "outcome_unknown", "timeout", "offline"]) {
      expect((await diagnose(errorOf(code, { details: { url: ENDPOINT } }))).reason).toBe("offline");
    }
    expect(requests).toEqual([]);
  });

  test.each(["token", "fetch", "userinfo", "pushed_authorization"])("CORS is missing in the phase %s: the server is there", async (phase) => {
    answer = (_, { mode }) => (mode === "no-cors" ? opaque() : undefined);
    const found = await diagnose(network(phase));
    expect(found.reason).toBe("cors_missing");
    expect(found.summary).toContain(ENDPOINT);
    expect(found.remedy).toContain("https://app.example");
    expect(found.remedy.includes("Access-Control-Allow-Headers")).toBe(phase === "fetch");
    // What a POST would do is not for a question.
    expect(requests.map(({ url, init }) => [url, init.mode])).toEqual([[ENDPOINT, "no-cors"]]);
  });

  test.each(["discovery", "jwks", "protected_resource"])("CORS is missing in the phase %s: it is tried again", async (phase) => {
    answer = (_, { mode }) => (mode === "no-cors" ? opaque() : undefined);
    expect((await diagnose(network(phase))).reason).toBe("cors_missing");
    answer = (_, { mode }) => (mode === "no-cors" ? opaque() : new Response());
    expect((await diagnose(network(phase))).reason).toBe("temporary");
    expect(requests.map(({ init }) => init.mode)).toEqual(["no-cors", "cors", "no-cors", "cors"]);
  });

  test("a server that keeps its answers from other sites (Cross-Origin-Resource-Policy) and allows this one by CORS", async () => {
    answer = (_, { mode }) => (mode === "cors" ? new Response() : undefined);
    expect((await diagnose(network("discovery"))).reason).toBe("temporary");
    expect((await diagnose(network("token"))).reason).toBe("unreachable");
  });

  test("of this page's own server: it answers now, and needs no CORS", async () => {
    answer = () => new Response();
    expect((await diagnose(network("token", { url: "https://app.example/token" }))).reason).toBe("temporary");
    answer = () => undefined;
    expect((await diagnose(network("token", { url: "https://app.example/token" }))).reason).toBe("unreachable");
  });

  test("nothing answers there", async () => {
    for (const code of ["network_error", "outcome_unknown", "timeout"]) {
      const found = await diagnose(errorOf(code, { details: { url: ENDPOINT } }));
      expect(found).toMatchObject({ reason: "unreachable", summary: expect.stringContaining(ENDPOINT) });
    }
  });

  test("a server that does not answer the question either is asked no longer than said", async () => {
    vi.useRealTimers();
    answer = () => new Promise(() => {});
    const before = performance.now();
    expect((await diagnose(network("token"), { timeoutSeconds: 0.05 })).reason).toBe("unreachable");
    expect(performance.now() - before).toBeLessThan(3000);
  });

  test("the server answers, but took too long", async () => {
    answer = opaque;
    const found = await diagnose(errorOf("timeout", { phase: "token", details: { url: ENDPOINT } }));
    expect(found).toMatchObject({ reason: "too_slow", remedy: expect.stringContaining("timeoutSeconds") });
  });

  test("an error of client.fetch names the origin", async () => {
    answer = (_, { mode }) => (mode === "no-cors" ? opaque() : undefined);
    expect((await diagnose(network("fetch", { origin: "https://api.example" }))).reason).toBe("cors_missing");
    expect(requests[0]?.url).toBe("https://api.example/");
  });

  test("without an address nothing is asked", async () => {
    expect((await diagnose(network("token", {}))).reason).toBe("network_error");
    expect((await diagnose(network("token", { url: "javascript:alert(1)" }))).reason).toBe("network_error");
    expect((await diagnose(network("token", { url: "no url" }))).reason).toBe("network_error");
    expect((await diagnose(errorOf("timeout"))).reason).toBe("timeout");
    expect(requests).toEqual([]);
  });

  const violate = (event: object): void => {
    for (const listener of listeners.get("securitypolicyviolation") ?? []) {
      listener({ disposition: "enforce", effectiveDirective: "connect-src", blockedURI: ENDPOINT, ...event });
    }
  };

  test("the policy of the page forbids it, and says so before or after the request fails", async () => {
    for (const late of [false, true]) {
      answer = () => {
        if (late) setTimeout(() => violate({}), 5);
        else violate({});
        return undefined;
      };
      const found = await diagnose(network("discovery"));
      expect(found).toMatchObject({ reason: "blocked_by_csp", remedy: expect.stringContaining("connect-src") });
    }
  });

  test.each([
    ["a policy that only reports", { disposition: "report" }],
    ["another server", { blockedURI: "https://other.example/" }],
    ["a server whose name only begins like this one", { blockedURI: "https://id.example.evil/" }],
    ["an inline script", { blockedURI: "inline" }],
  ])("%s says nothing about it", async (_, event) => {
    answer = () => void violate(event) as undefined;
    expect((await diagnose(network("discovery"))).reason).toBe("unreachable");
  });
});

describe("clocks", () => {
  /** This page's server, whose clock shows so many seconds less than this device's. */
  const serverBehind = (seconds: number, headers: Record<string, string> = {}): void => {
    answer = () => new Response(null, { headers: { date: new Date(NOW - seconds * 1000).toUTCString(), ...headers } });
  };
  const found = (code: string, details: Record<string, string> = {}): Promise<Diagnosis> => diagnose(errorOf(code, { details }));

  test.each(["jwt_expired", "jwt_not_yet_valid", "auth_time_invalid", "transaction_expired"])("this device's is wrong: %s", async (code) => {
    serverBehind(400);
    expect(await found(code)).toMatchObject({ reason: "clock_ahead", summary: expect.stringMatching(/ (399|400|401) seconds ahead of /) });
    serverBehind(-90_000);
    expect(await found(code)).toMatchObject({ reason: "clock_behind", summary: expect.stringMatching(/ (89999|90000|90001) seconds behind /) });
    expect(requests.map(({ url, init }) => [url, init.method, init.mode])).toEqual(
      Array.from({ length: 2 }, () => ["https://app.example/notes", "HEAD", "same-origin"]),
    );
  });

  test("it is right: then it is the provider's, or the token is old", async () => {
    serverBehind(0);
    expect(await found("jwt_not_yet_valid", { secondsAhead: "321" })).toMatchObject({
      reason: "provider_clock_ahead",
      summary: expect.stringContaining("321 seconds"),
    });
    expect((await found("jwt_expired", { secondsAgo: "500" })).reason).toBe("jwt_expired");
  });

  test("an answer out of a cache says how old it is", async () => {
    serverBehind(400, { age: "400" });
    expect((await found("jwt_expired")).reason).toBe("jwt_expired");
    serverBehind(0, { age: "400" });
    expect((await found("jwt_expired")).reason).toBe("clock_behind");
  });

  test.each([-9, -5, 5, 9])("%i seconds are no difference", async (seconds) => {
    serverBehind(seconds);
    expect((await found("jwt_expired")).reason).toBe("jwt_expired");
  });

  test.each([-11, 11])("%i seconds are one", async (seconds) => {
    serverBehind(seconds);
    expect((await found("jwt_expired")).reason).toBe(seconds > 0 ? "clock_ahead" : "clock_behind");
  });

  test("without an answer or a date nothing is known", async () => {
    expect((await found("jwt_expired")).reason).toBe("jwt_expired");
    answer = () => new Response();
    expect((await found("jwt_expired")).reason).toBe("jwt_expired");
    answer = () => new Response(null, { headers: { date: "yesterday" } });
    expect((await found("jwt_not_yet_valid")).reason).toBe("jwt_not_yet_valid");
    answer = () => new Response(null, { headers: { date: new Date(NOW).toUTCString(), age: "old" } });
    expect((await found("jwt_not_yet_valid")).reason).toBe("jwt_not_yet_valid");
  });

  test("a refused proof is about clocks too", async () => {
    serverBehind(400);
    expect((await diagnose(errorOf("token_error", { error: "invalid_dpop_proof" }))).reason).toBe("clock_ahead");
    serverBehind(0);
    expect((await diagnose(errorOf("token_error", { error: "invalid_dpop_proof" }))).reason).toBe("token_error");
  });

  test("where there is no page nothing is asked", async () => {
    vi.stubGlobal("location", undefined);
    expect((await found("jwt_expired")).reason).toBe("jwt_expired");
    expect(requests).toEqual([]);
  });
});

describe("frames and windows", () => {
  const timeout = (reason: string): OidcError => errorOf("timeout", { details: { reason, url: "https://id.example/authorize" } });

  test.each([
    ["frame_refused_or_interactive", "frame_kept", /X-Frame-Options/, /frame-ancestors/],
    ["callback_page_silent", "not_handed_over", /handed nothing over/, /handOverResponse\(\)/],
    ["csp_frame_src", "blocked_by_csp", /forbids a frame/, /frame-src/],
    ["window", "window_kept", /shows an error/, /redirect URI/],
  ])("PM-12 %s is explained without a request", async (name, reason, summary, remedy) => {
    const found = await diagnose(timeout(name));
    expect(found.reason).toBe(reason);
    expect(found.summary).toMatch(summary);
    expect(found.remedy).toMatch(remedy);
    expect(requests).toEqual([]);
    // An address is shown without its query, and another error has nothing to do with frames.
    const url = "https://user:CANARY@id.example/authorize?state=CANARY";
    expect(JSON.stringify(await diagnose(errorOf("timeout", { details: { reason: name, url } })))).not.toContain("CANARY");
    expect((await diagnose(errorOf("popup_closed", { details: { reason: name } }))).reason).toBe("popup_closed");
  });

  test("a frame that never loaded is about the server", async () => {
    expect((await diagnose(timeout("no_answer"))).reason).toBe("unreachable");
    answer = opaque;
    expect((await diagnose(timeout("no_answer"))).reason).toBe("too_slow");
  });

  const silent = (url: string): OidcError => errorOf("interaction_required", { error: "login_required", details: { reason: "frame", url } });

  test.each(["https://id.example/authorize", "https://other.test/authorize", "https://test.other-site/"])("PM-08 nobody is known in a frame of another site: %s", async (url) => {
    vi.stubGlobal("location", new URL("https://app.my.test/"));
    expect(await diagnose(silent(url))).toMatchObject({ reason: "cookies_blocked", remedy: expect.stringContaining("refresh tokens") });
  });

  test.each(["https://id.app.example/authorize", "https://app.example:8443/authorize", "https://a.b.example/x"])(
    "PM-08 in one of the same site (%s) nobody is signed in",
    async (url) => {
      vi.stubGlobal("location", new URL(url.includes("a.b") ? "https://b.example/" : "https://app.example/"));
      expect((await diagnose(silent(url))).reason).toBe("interaction_required");
    },
  );

  test("PM-08 without a frame it is what the provider says", async () => {
    expect((await diagnose(errorOf("interaction_required", { error: "login_required" }))).reason).toBe("interaction_required");
  });
});
