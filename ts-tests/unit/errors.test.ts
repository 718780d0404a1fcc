import { readFile } from "node:fs/promises";
import path from "node:path";
import { isOidcError, OidcError } from "oidc-wasm";
import { describe, expect, test } from "vitest";
import { freshPackage, packageFolder, workspace } from "./support/package.ts";

/** Made by the loader and the face; all others belong to the core. */
const FACE_CODES = [
  "client_disposed: usage",
  "not_initialized: usage",
  "popup_blocked: interaction",
  "popup_closed: interaction",
  "request_not_repeatable: usage",
  "wasm_blocked_by_csp: usage",
  "wasm_load_failed: usage",
  "wasm_not_found: usage",
  "wasm_wrong_content_type: usage",
];

describe("the codes", () => {
  test("of the core and of the types are the same list, with the same types", async () => {
    const rust = await readFile(path.join(workspace, "src/error.rs"), "utf8");
    const core = [...rust.matchAll(/^ {4}\w+ = "(\w+)", (\w+),/gm)].map(([, code, type]) => `${code}: ${type?.toLowerCase()}`);
    expect(core.length).toBeGreaterThan(40);

    const declarations = await readFile(path.join(packageFolder, "dist/errors.d.ts"), "utf8");
    const table = /interface OidcErrorTypes \{(.*?)^\}/ms.exec(declarations)?.[1] ?? "";
    const declared = [...table.matchAll(/^ {4}(\w+): "(\w+)";/gm)].map(([, code, type]) => `${code}: ${type}`);
    expect(declared.sort()).toEqual([...core, ...FACE_CODES].sort());
  });
});

describe("OidcError", () => {
  const error = new OidcError({
    code: "authorization_error",
    type: "protocol",
    phase: "callback",
    message: "The provider did not sign the person in.",
    error: "access_denied",
    errorDescription: "No.",
    details: { expected: "a" },
    cause: new Error("below"),
  });

  test("is an Error with a name, a message and a stack", () => {
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toBe("OidcError: The provider did not sign the person in.");
    expect(error.stack).toContain("OidcError");
    expect((error.cause as Error).message).toBe("below");
  });

  test("has defaults for what is always there and no members for what is missing", () => {
    expect(error.retryable).toBe(false);
    expect(error).not.toHaveProperty("status");
    expect(error).not.toHaveProperty("errorUri");
    expect(Object.isFrozen(error.details)).toBe(true);
    expect(new OidcError({ code: "timeout", type: "timeout", message: "" })).not.toHaveProperty("cause");
  });

  test("becomes JSON without its cause and its stack", () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: "OidcError",
      message: "The provider did not sign the person in.",
      code: "authorization_error",
      type: "protocol",
      phase: "callback",
      retryable: false,
      error: "access_denied",
      errorDescription: "No.",
      details: { expected: "a" },
    });
  });
});

describe("isOidcError", () => {
  const error = new OidcError({ code: "timeout", type: "timeout", message: "Too slow." });

  test("tells codes apart", () => {
    expect(isOidcError(error)).toBe(true);
    expect(isOidcError(error, "timeout")).toBe(true);
    expect(isOidcError(error, "aborted")).toBe(false);
  });

  test.each([[null], [undefined], ["timeout"], [{ name: "OidcError", code: "timeout" }], [new Error("timeout")]])(
    "refuses %o",
    (value) => expect(isOidcError(value)).toBe(false),
  );

  test("knows the errors of another copy of the package", async () => {
    const other = await freshPackage("inline");
    const foreign = new other.OidcError({ code: "timeout", type: "timeout", message: "Too slow." });
    expect(foreign).not.toBeInstanceOf(OidcError);
    expect(isOidcError(foreign, "timeout")).toBe(true);
  });
});
