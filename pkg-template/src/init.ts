import { wasmSource } from "#source";
import { initSync } from "#wasm";
import { OidcError, type OidcErrorCode } from "./errors.js";
import type { WasmSource } from "./types.js";
import type { BufferSource, WasmModule } from "./web.js";

type LoadErrorCode = Extract<OidcErrorCode, `wasm_${string}`>;

let loading: Promise<void> | undefined;
let loaded = false;

/**
 * Loads the wasm. Nobody has to call it: everything asynchronous does. Call it to load early, to bring the wasm
 * yourself, or before `new OidcClient()`. Calls share one load; after a failure the next call tries again; once the
 * wasm is there, `source` is ignored.
 *
 * @param source Where the wasm comes from. Default: the file next to the script, or what the entry carries.
 * @throws {OidcError} `wasm_not_found`, `wasm_wrong_content_type`, `wasm_blocked_by_csp`, `wasm_load_failed`;
 * `unsupported_environment` where WebAssembly is switched off.
 * @see https://www.w3.org/TR/CSP3/#directive-script-src
 * @example
 * ```ts
 * import { init } from "oidc-wasm";
 *
 * await init("/assets/oidc_wasm_bg.wasm");
 * ```
 */
export function init(source?: WasmSource): Promise<void> {
  loading ??= load(source).catch((failure: unknown) => {
    loading = undefined;
    throw failure;
  });
  return loading;
}

/** Guards what is synchronous and needs the wasm. */
export function requireLoaded(): void {
  if (loaded) return;
  throw new OidcError({
    code: "not_initialized",
    type: "usage",
    phase: "init",
    message: "The wasm is not loaded yet: use await OidcClient.create(), or await init() first.",
  });
}

/** A script that brings a wasm module of its own. */
interface WasmScript {
  initSync(input: { module: WasmModule }): unknown;
  wasmSource(): BufferSource;
}

/** Loads such a script and its module, after the core: that says what is missing where there is no WebAssembly. */
export async function initScript<Script extends WasmScript>(file: string, load: () => Promise<Script>): Promise<Script> {
  await init();
  const script = await loadScript(file, load);
  instantiate(script.initSync, await compile(script.wasmSource()));
  return script;
}

/** Loads a script that only some need. */
export function loadScript<Script>(file: string, load: () => Promise<Script>): Promise<Script> {
  return load().catch((failure: unknown) => {
    const message =
      `${file} could not be loaded: it has to lie next to the script, and script-src has to allow it. ` +
      "Service workers load nothing later on.";
    throw loadError("wasm_load_failed", message, {}, failure);
  });
}

async function load(source: WasmSource | undefined): Promise<void> {
  if (typeof WebAssembly === "undefined") {
    throw new OidcError({
      code: "unsupported_environment",
      type: "usage",
      phase: "init",
      message: "WebAssembly is switched off here: allow it for this site.",
      details: { feature: "WebAssembly" },
    });
  }
  instantiate(initSync, await compile(await read(source)));
  loaded = true;
}

function instantiate(init: typeof initSync, module: WasmModule): void {
  try {
    init({ module });
  } catch (failure) {
    throw compileError(failure);
  }
}

async function read(source: WasmSource | undefined): Promise<Exclude<WasmSource, string | URL | Request | Promise<Response>>> {
  let given: WasmSource;
  try {
    given = await (source ?? wasmSource());
  } catch (failure) {
    const missing = failure instanceof Error && "code" in failure && failure.code === "ENOENT";
    throw missing
      ? loadError("wasm_not_found", "oidc_wasm_bg.wasm does not lie next to the script. Copy it there, or pass it to init().")
      : loadError("wasm_load_failed", "The wasm could not be read.", {}, failure);
  }
  if (typeof given !== "string" && !(given instanceof URL) && !isA("Request", given)) return given;
  try {
    return await fetch(given);
  } catch (failure) {
    const url = shown(isA("Request", given) ? given.url : String(given));
    throw loadError(
      "wasm_load_failed",
      url.startsWith("file:")
        ? `fetch cannot open ${url}. In Node import "oidc-wasm/node".`
        : `No answer from ${url}: the server is down, the browser is offline, or connect-src of the Content Security Policy forbids it.`,
      { url },
      failure,
    );
  }
}

async function compile(source: Response | BufferSource | WasmModule): Promise<WasmModule> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    if (!isA("Response", source)) return await WebAssembly.compile(source);
    const contentType = accepted(source);
    // Streaming insists on exactly this; any other is tolerated when the bytes are wasm all the same.
    if (contentType === "application/wasm") return await WebAssembly.compileStreaming(source);
    const bytes = await source.arrayBuffer();
    if (isWasm(bytes)) return await WebAssembly.compile(bytes);
    const url = shown(source.url);
    throw loadError(
      "wasm_wrong_content_type",
      `${url} answered with ${contentType || "no content type"} instead of application/wasm, most likely a fallback page. ` +
        `Copy oidc_wasm_bg.wasm there, pass its URL to init(), or import "oidc-wasm/inline".`,
      { url, contentType },
    );
  } catch (failure) {
    throw failure instanceof OidcError ? failure : compileError(failure);
  }
}

/** The media type of a response that has a body worth reading. */
function accepted(response: Response): string {
  if (response.ok) return (response.headers.get("content-type") ?? "").toLowerCase();
  const url = shown(response.url);
  const missing = response.status === 404 || response.status === 410;
  throw loadError(
    missing ? "wasm_not_found" : "wasm_load_failed",
    missing
      ? `There is no wasm file at ${url}. Copy oidc_wasm_bg.wasm there, pass its URL to init(), or import "oidc-wasm/inline".`
      : `${url} answered with status ${response.status} instead of the wasm file.`,
    { url },
    undefined,
    response.status,
  );
}

function compileError(failure: unknown): OidcError {
  const text = String(failure);
  // Engines word it differently: "Content Security Policy", "blocked by CSP", "'unsafe-eval' is not an allowed source".
  return /content security policy|\bCSP\b|(unsafe|wasm)-eval/i.test(text)
    ? loadError(
        "wasm_blocked_by_csp",
        "The Content Security Policy of this page forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src.",
        { directive: "script-src", source: "'wasm-unsafe-eval'" },
        failure,
      )
    : loadError("wasm_load_failed", `The wasm could not be compiled: ${text}`, {}, failure);
}

function loadError(
  code: LoadErrorCode,
  message: string,
  details: Record<string, string> = {},
  cause?: unknown,
  status?: number,
): OidcError {
  return new OidcError({
    code,
    type: "usage",
    phase: "init",
    message,
    details,
    ...(cause === undefined ? {} : { cause }),
    ...(status === undefined ? {} : { status }),
  });
}

function isWasm(bytes: ArrayBuffer): boolean {
  const magic = [0, 0x61, 0x73, 0x6d];
  const head = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
  return magic.every((byte, index) => head[index] === byte);
}

/** `instanceof`, for classes that not every environment has. */
function isA<Name extends "Request" | "Response">(name: Name, value: unknown): value is InstanceType<(typeof globalThis)[Name]> {
  const constructor: unknown = globalThis[name];
  return typeof constructor === "function" && value instanceof constructor;
}

/** A URL as it may stand in an error: without query, and without the data of a data URL. */
function shown(url: string): string {
  return url.startsWith("data:") ? "a data: URL" : url.replace(/[?#].*/s, "") || "the response given to init()";
}
