import { describe, expect, onTestFinished, test, vi } from "vitest";
import { isOidcError, resolveReturnTo } from "oidc-wasm";

const APP = "https://app.example";
const HOME = `${APP}/home`;
const options = { base: `${APP}/`, fallback: "/home" };
const TAB = "\t";

/** What leads elsewhere, in groups. All of it gives the fallback. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  // The rows of section 1.9, in their order.
  "the rows of the requirements": [
    "//evil.example",
    "///evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    `/${TAB}/evil.example`,
    `${TAB}//evil.example`,
    "https://app.example@evil.example/",
    "https://app.example.evil.example/",
    "https://app.example./x",
    "javascript:alert(1)",
    "data:text/html,x",
    "blob:https://app.example/1",
    "/..//evil.example",
    "/.//evil.example",
  ],
  "another host": [
    "https://evil.example",
    "https://evil.example/home",
    "http://evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "https://evil.example\\@app.example/",
    "https:\\\\evil.example",
    "https:///evil.example",
    "https:////evil.example",
    "https:\\/evil.example",
    "////evil.example",
    "/////evil.example",
    "\\/evil.example",
    "\\\\\\evil.example",
    "/\\/evil.example",
    "//evil.example/../..//app.example",
    "//evil.example#@app.example",
    "//evil.example?@app.example",
    "//evil%2eexample",
    "//[::1]",
    "//127.0.0.1",
    "//0x7f.1",
    "//2130706433",
    "//localhost",
    "//sub.app.example",
    "//app.example.",
    "//app.exampl",
    "//app-example",
    "//example",
  ],
  "full-width and other characters that parsers take for ASCII": [
    "//ｅｖｉｌ.example",
    "//evil。example",
    "//evil．example",
    "//app.example。evil.example",
    "https://ⓔⓥⓘⓛ.example",
    "//аpp.example",
    "//app.exa­mple.evil.example",
    "//evil.example／..",
    "//xn--e1afmkfd.example",
  ],
  "another scheme or port": [
    "http://app.example/",
    "http://app.example:443/",
    "https://app.example:444/",
    "https://app.example:80/",
    "ws://app.example/",
    "wss://app.example/",
    "ftp://app.example/",
    "file:///etc/passwd",
    "file://app.example/x",
    "about:blank",
    "about:srcdoc",
    "mailto:a@app.example",
    "tel:1",
    "view-source:https://app.example/",
    "filesystem:https://app.example/temporary/x",
    "blob:null/1",
    "blob:https://app.example",
    "JavaScript:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "vbscript:x",
    "intent://app.example/#Intent;end",
    "data:,https://app.example/",
    "x:https://app.example/",
  ],
  "user name and password": [
    "https://user@app.example/",
    "https://user:secret@app.example/",
    "//user@app.example/",
    "https://:secret@app.example/",
    "https://evil.example:443@app.example/",
    "https://evil.example%2f@app.example/",
  ],
  "control characters": [
    "/a\nb",
    "/a\rb",
    "/a\tb",
    "\n/home",
    "/home\n",
    "/home\r\nLocation: https://evil.example",
    "/\u0000",
    "\u0001//evil.example",
    "/\u001b[31m",
    "/\u007f",
    "/\u0085",
    "/\u009f",
    "ht\ntps://app.example/",
    "java\nscript:alert(1)",
    "/\n/evil.example",
    "/\r\\evil.example",
  ],
  "two slashes at the beginning, seen by whoever takes the path alone": [
    "/..///evil.example",
    "/.///evil.example",
    "/%2e//evil.example",
    "/%2E%2e//evil.example",
    "/a/..//evil.example",
    "/a/../..//evil.example",
    "/.\\/evil.example",
    "/..\\\\evil.example",
    ".//evil.example",
    "..//evil.example",
    "https://app.example//evil.example",
    "https://app.example/\\evil.example",
    "https:.//evil.example",
    "./\\evil.example",
  ],
  "steps upwards behind an encoded slash": ["/..%2fevil", "/a/..%2F..%2fevil", "/%2e%2e%2fevil", "/..%5cevil", "/a/%2E.%5Cevil", "/.%2e%2f"],
  "what is no URL": ["https://", "https://[", "https://[::1", "https://app.example:99999/", "https://a b/", "//", "///", "https://%", "https://app.example:x/"],
};

/** What stays in the application, with the address that it has there. */
const ALLOWED: readonly (readonly [value: string, href: string])[] = [
  // The last row of section 1.9.
  ["https:evil.example", `${APP}/evil.example`],
  ["https:/evil.example", `${APP}/evil.example`],
  ["/%2f/evil.example", `${APP}/%2f/evil.example`],
  ["?next=1", `${APP}/?next=1`],
  ["#x", `${APP}/#x`],
  ["HTTPS://APP.example:443/x", `${APP}/x`],
  // Everyday addresses.
  ["", `${APP}/`],
  ["/", `${APP}/`],
  ["notes/1?x=y#z", `${APP}/notes/1?x=y#z`],
  ["/a/../b", `${APP}/b`],
  ["/../../x", `${APP}/x`],
  ["./a", `${APP}/a`],
  ["https://app.example", `${APP}/`],
  ["https://app.example:0443/x", `${APP}/x`],
  ["//app.example/x", `${APP}/x`],
  ["\\\\app.example\\x", `${APP}/x`],
  [" /home ", `${APP}/home`],
  ["/ä/ｅ", `${APP}/%C3%A4/%EF%BD%85`],
  ["/%5c%5cevil.example", `${APP}/%5c%5cevil.example`],
  ["/%09//evil.example", `${APP}/%09//evil.example`],
  ["/a//b", `${APP}/a//b`],
  ["/a?u=//evil.example", `${APP}/a?u=//evil.example`],
  ["/a#//evil.example", `${APP}/a#//evil.example`],
  ["/@evil.example", `${APP}/@evil.example`],
  ["/evil.example:80", `${APP}/evil.example:80`],
  ["/a\\b", `${APP}/a/b`],
  ["%2f%2fevil.example", `${APP}/%2f%2fevil.example`],
  ["/javascript:alert(1)", `${APP}/javascript:alert(1)`],
  ["/a...b/..c", `${APP}/a...b/..c`],
  ["／／evil.example", `${APP}/%EF%BC%8F%EF%BC%8Fevil.example`],
  ["/\u202eevil", `${APP}/%E2%80%AEevil`],
  ["/\ud800", `${APP}/%EF%BF%BD`],
];

describe("OR-01 what leads elsewhere gives the fallback", () => {
  for (const [group, values] of Object.entries(REFUSED)) {
    test.each(values)(`OR-01 ${group}: %j`, (value) => {
      expect(resolveReturnTo(value, options)).toBe(HOME);
    });
  }

  test("there are enough of them, each once", () => {
    const all = [...Object.values(REFUSED).flat(), ...ALLOWED.map(([value]) => value)];
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(120);
  });

  test.each([[undefined], [null], [0], [true], [{}], [[`${APP}/x`]], [new URL(`${APP}/x`)], [{ toString: () => "/x" }], [Symbol("x")]])(
    "OR-01 what is no text: %o",
    (value) => expect(resolveReturnTo(value, options)).toBe(HOME),
  );
});

describe("OR-02 what stays in the application is given as its whole address", () => {
  test.each(ALLOWED)("OR-02 %j", (value, href) => {
    expect(resolveReturnTo(value, options)).toBe(href);
    // The same again: what it gives is good.
    expect(resolveReturnTo(href, options)).toBe(href);
  });
});

describe("OR-03 an application below a path", () => {
  const below = (value: string, base = `${APP}/notes/`): string => resolveReturnTo(value, { base });

  test.each([
    ["/notes/", `${APP}/notes/`],
    ["/notes/1", `${APP}/notes/1`],
    ["1", `${APP}/notes/1`],
    ["?x", `${APP}/notes/?x`],
    ["/notes/a/../b", `${APP}/notes/b`],
    ["/notes/../notes/b", `${APP}/notes/b`],
  ])("OR-03 %j is inside", (value, href) => expect(below(value)).toBe(href));

  test.each([
    "/",
    "/notes",
    "/notesy",
    "/notes-evil/",
    "/NOTES/1",
    "/admin",
    "..",
    "../admin",
    "/notes/../admin",
    "/notes/%2e%2e/admin",
    "/notes/%2E./admin",
    "/notes/..%2fadmin",
    "/notes/..%5cadmin",
    "/notes/.%2e%2fadmin",
    "/notes/%2e%2e%5Cadmin",
    "/notes/..\\admin",
    "/%6eotes/1",
    "//notes/",
  ])("OR-03 %j is outside", (value) => expect(below(value)).toBe(`${APP}/notes/`));

  test("OR-03 a base without a slash at its end is a folder too", () => {
    expect(below("/notes", `${APP}/notes`)).toBe(`${APP}/notes`);
    expect(below("/notes?x", `${APP}/notes`)).toBe(`${APP}/notes?x`);
    expect(below("1", `${APP}/notes`)).toBe(`${APP}/notes/1`);
    expect(below("/notesy", `${APP}/notes`)).toBe(`${APP}/notes`);
    expect(below("/", `${APP}/notes`)).toBe(`${APP}/notes`);
  });

  test("OR-03 query and fragment of a base mean nothing", () => {
    expect(below("?y", `${APP}/notes/?x#z`)).toBe(`${APP}/notes/?y`);
    expect(below("", `${APP}/notes/?x#z`)).toBe(`${APP}/notes/`);
    expect(below("#y", `${APP}/notes/?x#z`)).toBe(`${APP}/notes/#y`);
    expect(below("//evil.example", `${APP}/notes/?x#z`)).toBe(`${APP}/notes/`);
  });
});

describe("the options", () => {
  /** In a page at this address, for one test. */
  const openAt = (origin: string): void => {
    vi.stubGlobal("location", { origin });
    onTestFinished(() => void vi.unstubAllGlobals());
  };

  test("the base is the page's origin, and the fallback the base", () => {
    openAt(APP);
    expect(resolveReturnTo("/x")).toBe(`${APP}/x`);
    expect(resolveReturnTo("//evil.example")).toBe(`${APP}/`);
    expect(resolveReturnTo(undefined)).toBe(`${APP}/`);
  });

  test.each(["http://localhost:8080", "http://127.0.0.1:3000", "http://127.1.2.3", "http://[::1]:5173"])(
    "OR-04 loopback without TLS is for development: %s",
    (origin) => {
      openAt(origin);
      expect(resolveReturnTo("/x")).toBe(`${origin}/x`);
      expect(resolveReturnTo(`https${origin.slice(4)}/x`)).toBe(`${origin}/`);
      expect(resolveReturnTo("http://evil.example/")).toBe(`${origin}/`);
    },
  );

  test.each([
    "http://app.example/",
    "http://localhost.evil.example/",
    "http://127.0.0.1.evil.example/",
    "http://10.0.0.1/",
    "http://notlocalhost/",
    "http://x.localhost/",
    "blob:https://app.example/",
    "data:,x",
    "file:///",
    "null",
    "/app",
    "",
    "https://user@app.example/",
    "https://app.example//x/",
  ])("OR-04 a base that cannot be one: %j", (base) => {
    expect(failureOf(() => resolveReturnTo("/x", { base }))).toBe("base");
  });

  test.each(["//evil.example", "https://evil.example/", "javascript:alert(1)", "blob:https://app.example/1", "/a\nb"])(
    "OR-04 a fallback under the same rules: %j",
    (fallback) => {
      expect(failureOf(() => resolveReturnTo("/x", { base: `${APP}/`, fallback }))).toBe("fallback");
    },
  );

  test("OR-04 a fallback outside the base is none", () => {
    expect(failureOf(() => resolveReturnTo("/x", { base: `${APP}/notes/`, fallback: "/home" }))).toBe("fallback");
  });

  test.each([["null"], [undefined]])("OR-04 without a page that has an origin (%s) the base has to be given", (origin) => {
    vi.stubGlobal("location", origin && { origin });
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(failureOf(() => resolveReturnTo("/x"))).toBe("base");
    expect(resolveReturnTo("/x", { base: `${APP}/` })).toBe(`${APP}/x`);
  });
});

describe("OR-05 against the parser of the browser", () => {
  const PIECES = [
    ..."/\\:@?#%.;&=[]|^~!$'()*+,-_ \t\n\r\0\u001f\u007f\u00a0\u00ad\u200b\u202e\ufeff",
    ...["／", "＼", "：", "．", "。", "＠", "\ud800", "\udfff", "ß", "İ"],
    ...["//", "\\\\", "/\\", "../", "..\\", "./", "%2f", "%5C", "%2e", "%2E%2e", "%00", "%09", "%0d%0a", "%", "%ff"],
    ...["https:", "http:", "HTTPS:", "javascript:", "data:", "blob:", "file:", "about:", "ws:", "x:"],
    ...["app.example", "evil.example", "app.example.", "APP.EXAMPLE", "xn--", "localhost", "[::1]", ":443", ":444", "user:pw@"],
    ...["https://app.example", "https://evil.example", "blob:https://app.example/", "notes", "notes/", "/notes/", "a", "0"],
  ];

  /** Mulberry32: the same numbers for the same seed. */
  function numbers(seed: number): (below: number) => number {
    return (below) => {
      seed = (seed + 0x6d2b79f5) | 0;
      let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
  }

  test.each([
    [`${APP}/`, "/"],
    [`${APP}/notes/`, "/notes/"],
    ["http://localhost:8080/", "/"],
  ])("OR-05 100,000 strings never lead out of %s", (base, folder) => {
    const next = numbers(20_300_101);
    const { origin } = new URL(base);
    const wrong: string[] = [];
    let inside = 0;
    for (let round = 0; round < 100_000; round += 1) {
      let value = "";
      for (let length = next(9); length >= 0; length -= 1) value += PIECES[next(PIECES.length)];
      const result = resolveReturnTo(value, { base });
      // As location.assign() reads it, from wherever the page is.
      const url = new URL(result, "https://elsewhere.example/deep/path");
      const isRight =
        url.href === result &&
        url.origin === origin &&
        url.protocol === new URL(base).protocol &&
        url.pathname.startsWith(folder) &&
        !url.pathname.startsWith("//") &&
        url.username + url.password === "" &&
        // Nor as code reads it that takes it apart.
        new URL(url.pathname + url.search + url.hash, base).origin === origin;
      if (!isRight) wrong.push(JSON.stringify([value, result]));
      if (result !== base) {
        inside += 1;
        // It is where the parser says that the value leads, and not somewhere else.
        if (new URL(value, base).href !== result) wrong.push(JSON.stringify([value, result, "another place"]));
      }
    }
    expect(wrong).toEqual([]);
    // Both ends of the rule were met often.
    expect(inside).toBeGreaterThan(1000);
    expect(inside).toBeLessThan(90_000);
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
