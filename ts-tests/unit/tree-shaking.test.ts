import path from "node:path";
import { brotliCompressSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import * as everything from "oidc-wasm";
import { build as vite } from "vite";
import { describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

/** The word by which a function asks the core: only a script with that function has it as a text. */
const SYNCHRONOUS: Readonly<Record<string, string>> = {
  basicAuthorization: "basic_authorization",
  certificateThumbprint: "certificate_thumbprint",
  computeCodeChallenge: "code_challenge",
  createAuthorizeUrl: "authorize_url",
  createEndSessionUrl: "end_session_url",
  createRequestUrl: "request_url",
  generatePkce: "pkce",
  isPrivateJwk: "jwk_is_private",
  jwkKeySize: "jwk_key_size",
  jwkThumbprint: "jwk_thumbprint",
  parseAuthorizeResponse: "authorize_response",
  parseWwwAuthenticate: "www_authenticate",
};
const REQUESTS: Readonly<Record<string, string>> = {
  DiscoveryCache: "cached_metadata",
  computeTokenHash: "token_hash",
  deleteClient: "delete_client",
  fetchDiscoveryDocument: "discovery",
  fetchJsonWebKeySet: "jwks",
  fetchProtectedResourceMetadata: "protected_resource",
  fetchUserInfo: "userinfo",
  readClient: "read_client",
  registerClient: "registration",
  updateClient: "update_client",
  validateAuthorizeResponse: "validate_authorize_response",
  validateIdToken: "validate_id_token",
  validateLogoutToken: "validate_logout_token",
};
const CLIENT_REQUESTS: Readonly<Record<string, string>> = {
  introspectToken: "introspection",
  pollBackchannelAuthentication: "poll_ciba",
  pollDeviceToken: "poll_device",
  pushAuthorizationRequest: "pushed_authorization",
  requestAuthorizationCodeToken: "authorization_code",
  requestBackchannelAuthentication: "backchannel_authentication",
  requestBackchannelAuthenticationToken: "ciba",
  requestClientCredentialsToken: "client_credentials",
  requestDeviceAuthorization: "device_authorization",
  requestDeviceToken: "device_code",
  requestJwtBearerToken: "jwt_bearer",
  requestPasswordToken: "password",
  requestRefreshToken: "refresh_token",
  requestToken: "token",
  requestTokenExchangeToken: "token_exchange",
  revokeToken: "revocation",
};
/** What asks with its own word, and with that of another function. */
const KEYS: Readonly<Record<string, string>> = { DpopKey: "dpop_header" };
/** What signs, and sends nothing. */
const SIGNED: Readonly<Record<string, string>> = { createRequestObject: "request_object" };
const OPERATIONS: Readonly<Record<string, string>> = { ...SYNCHRONOUS, ...REQUESTS, ...CLIENT_REQUESTS, ...KEYS, ...SIGNED };
/** Parts that several functions share, each by a text of it. */
const PARTS = {
  core: "Internal error: reload",
  loading: "compileStreaming",
  sending: "hook_failed",
  authentication: "client_secret_jwt",
  session: "prepareSignIn",
  navigation: 'createElement("form")',
  callback: "replaceState",
  fetch: "redirect_refused",
  // What only few need.
  log: "requestAnswered phase",
  advice: "in the tab where the sign-in began",
} as const;
/** What has no such word, with its parts. */
const OTHERS: Readonly<Record<string, readonly (keyof typeof PARTS)[]>> = {
  base64url: ["core"],
  init: ["loading"],
  timingSafeEqual: ["core"],
};
/** What has keys for proofs in it. */
const CLIENT: Readonly<Record<string, readonly (keyof typeof PARTS)[]>> = {
  OidcClient: ["core", "loading", "sending", "session", "navigation", "callback", "fetch"],
};
/** What needs nothing of the core, with the bytes that nothing else would fit into. */
const SMALL: Readonly<Record<string, number>> = {
  epoch: 1200,
  getBoolean: 250,
  getInteger: 250,
  getString: 250,
  getStringArray: 250,
  isOidcError: 250,
  OidcError: 700,
  // The table of all events.
  consoleLogger: 3400,
  createLogger: 3200,
  // Sentences, at least one for each error.
  diagnose: 15_000,
  handOverResponse: 1800,
  randomBytes: 1200,
  randomInteger: 1200,
  randomString: 1500,
  resolveReturnTo: 1800,
};
/** Groups of constants, as a minifier writes them. */
const CONSTANTS = Object.fromEntries(
  Object.entries(everything).flatMap(([name, value]) =>
    typeof value === "object" && Object.values(value).every((member) => typeof member === "string")
      ? [[name, `{${Object.entries(value).map(([key, text]) => `${key}:"${text}"`)}}`] as const]
      : [],
  ),
);

/** An application that uses what it imports, and does nothing else. */
function application(names: readonly string[]): string {
  return names.includes("*")
    ? 'import * as all from "oidc-wasm"; globalThis.used = all;'
    : `import { ${names.join()} } from "oidc-wasm"; globalThis.used = [${names.join()}];`;
}

/** What a page loads when it starts: chunks of a dynamic import are for later. */
const BUNDLERS: Readonly<Record<string, (source: string) => Promise<string>>> = {
  async esbuild(source) {
    const { outputFiles, metafile } = await esbuild({
      stdin: { contents: source, resolveDir: workspace },
      absWorkingDir: workspace,
      outdir: workspace,
      bundle: true,
      splitting: true,
      metafile: true,
      minify: true,
      format: "esm",
      target: "es2022",
      write: false,
      logLevel: "warning",
    });
    const isEntry = ({ path: file }: { readonly path: string }) =>
      metafile.outputs[path.relative(workspace, file)]?.entryPoint === "<stdin>";
    return outputFiles.find(isEntry)?.text ?? "";
  },
  async vite(source) {
    const app = path.join(workspace, "application.js");
    const result = await vite({
      configFile: false,
      root: workspace,
      publicDir: false,
      logLevel: "warn",
      plugins: [{ name: "application", resolveId: (id) => (id === app ? id : null), load: (id) => (id === app ? source : null) }],
      build: { write: false, modulePreload: false, rolldownOptions: { input: app } },
    });
    if (!("output" in result)) throw new Error("vite made no single bundle");
    // The other bundler writes double quotes.
    return result.output.map((file) => (file.type === "chunk" && file.isEntry ? file.code.replaceAll("`", '"') : "")).join("");
  },
};

/** Which functions, constants and parts of the package a script has in it. */
function contents(script: string) {
  const among = (texts: Readonly<Record<string, string>>) => Object.keys(texts).filter((name) => script.includes(texts[name] ?? ""));
  const words = Object.entries(OPERATIONS).map(([name, word]) => [name, `"${word}"`] as const);
  return { operations: among(Object.fromEntries(words)), constants: among(CONSTANTS), parts: among(PARTS) };
}

test("every export is one of those that are looked for here", () => {
  const known = [OPERATIONS, OTHERS, CLIENT, SMALL, CONSTANTS].flatMap((names) => Object.keys(names));
  expect(known.toSorted()).toEqual(Object.keys(everything).toSorted());
});

test.each(["index", "inline", "node"])("an application that imports %s and uses nothing of it is empty", async (entry) => {
  const { outputFiles } = await esbuild({
    stdin: { contents: `import "./dist/${entry}.js";`, resolveDir: packageFolder },
    // By the code alone, not because package.json says so.
    ignoreAnnotations: true,
    bundle: true,
    minify: true,
    format: "esm",
    external: ["node:*"],
    write: false,
  });
  expect(outputFiles[0]?.text.replace(/^import[^;]*"node:fs\/promises";/, "").trim()).toBe("");
});

describe.each(Object.entries(BUNDLERS))("bundled with %s", (_name, bundle) => {
  const kinds: readonly (readonly [string, Readonly<Record<string, string>>, readonly (keyof typeof PARTS)[]])[] = [
    ["a synchronous function", SYNCHRONOUS, ["core"]],
    ["a request", REQUESTS, ["core", "loading", "sending"]],
    ["what signs", SIGNED, ["core", "loading"]],
    ["a request with client authentication", CLIENT_REQUESTS, ["core", "loading", "sending", "authentication"]],
  ];

  test.each(kinds)("%s ships without any other, and with no more parts than it needs", async (_kind, operations, parts) => {
    for (const name of Object.keys(operations)) {
      expect(contents(await bundle(application([name]))), name).toEqual({ operations: [name], constants: [], parts });
    }
  });

  test.each(Object.entries(OTHERS))("%s ships without any protocol function", async (name, parts) => {
    expect(contents(await bundle(application([name])))).toEqual({ operations: [], constants: [], parts });
  });

  test("the software signer ships in no script that a page starts with", async () => {
    for (const name of ["DpopKey", "OidcClient"]) {
      const script = await bundle(application([name]));
      expect(script, name).toMatch(/import\("\.\/[^"]*software-signer/);
      expect(script, name).not.toContain("es256key_");
    }
  });

  test("a key for proofs ships with its thumbprint, and sends nothing", async () => {
    expect(contents(await bundle(application(["DpopKey"])))).toEqual({
      operations: ["jwkThumbprint", "DpopKey"],
      constants: [],
      parts: ["core", "loading"],
    });
  });

  test.each(Object.entries(CLIENT))("%s ships with keys for proofs, and without any other protocol function", async (name, parts) => {
    const operations = ["jwkThumbprint", "DpopKey"];
    expect(contents(await bundle(application([name])))).toEqual({ operations, constants: [], parts });
  });

  test("what needs no core ships alone", async () => {
    for (const [name, bytes] of Object.entries(SMALL)) {
      expect((await bundle(application([name]))).length, name).toBeLessThan(bytes);
    }
  });

  test("a group of constants ships alone", async () => {
    for (const [name, text] of Object.entries(CONSTANTS)) {
      const script = await bundle(application([name]));
      expect(script).toContain(text);
      expect(script.length - text.length, name).toBeLessThan(60);
    }
  });

  test("two functions ship both and nothing else", async () => {
    const names = ["requestRefreshToken", "revokeToken"];
    const { operations, constants, parts } = contents(await bundle(application(names)));
    expect(operations).toEqual(names);
    expect(constants).toEqual([]);
    expect(parts).toEqual(["core", "loading", "sending", "authentication"]);
  });

  test("an application downloads little more than what all applications share", async () => {
    const table: string[] = [];
    const size = async (...names: string[]) => {
      const script = await bundle(application(names));
      const columns = [script.length, brotliCompressSync(script).length].map((bytes) => String(bytes).padStart(8));
      table.push(`${columns.join("")}  ${names.join(", ")}`);
      return script.length;
    };
    const shared = await size("init", "isOidcError");
    const request = await size("fetchUserInfo");
    const requests = await size("fetchUserInfo", "fetchJsonWebKeySet");
    const clientRequest = await size("requestRefreshToken");
    const clientRequests = await size("requestRefreshToken", "revokeToken");
    const urls = await size("init", "createAuthorizeUrl", "generatePkce");
    const proofs = await size("init", "isOidcError", "DpopKey");
    const signIn = await size("OidcClient");
    const constants = await size("GrantTypes");
    const all = await size("*");
    console.log(["   bytes  brotli", ...table].join("\n"));

    // Sending costs once; what else a function needs is its name and a word.
    expect(request - shared).toBeLessThan(2500);
    expect(requests - request).toBeLessThan(100);
    expect(clientRequest - request).toBeLessThan(3300);
    expect(clientRequests - clientRequest).toBeLessThan(100);
    expect(urls - shared).toBeLessThan(2000);
    // The checks of a pair that somebody gives, the way to the other signer, and vite's own function around that.
    expect(proofs - shared).toBeLessThan(9500);
    // Those, where keys are kept, nonces, renewals, and windows; and what all tabs share: stores, locks, news and the timer.
    // Measured: 42,236 with esbuild, 43,775 with vite.
    expect(signIn - shared).toBeLessThan(44_500);
    expect(constants).toBeLessThan(500);
    expect(all).toBeGreaterThan(2 * clientRequests);
  });
});
