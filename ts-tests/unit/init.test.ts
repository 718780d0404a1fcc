import { describe, expect, test, vi } from "vitest";
import { freshPackage, wasmBytes } from "./support/package.ts";
import { serve, type TestServer } from "./support/server.ts";

const options = { authority: "https://id.example.com", clientId: "spa", redirectUri: "https://app.example.com/" };

/** A server that answers everything with this. */
function answering(status: number, type: string | undefined, body: string | Uint8Array): Promise<TestServer> {
  return serve((_request, response) => {
    response.writeHead(status, type === undefined ? {} : { "content-type": type });
    response.end(body);
  });
}

describe("init", () => {
  test("is shared by everybody who calls it, and loads once", async () => {
    await using server = await answering(200, "application/wasm", await wasmBytes());
    const { init } = await freshPackage("index");
    const first = init(`${server.origin}/core.wasm`);
    expect(init()).toBe(first);
    await Promise.all([first, init(), init("https://ignored.example/")]);
    await init();
    expect(server.requests).toHaveLength(1);
  });

  test("fails for everybody who waits, and the next call tries again", async () => {
    await using server = await answering(200, "application/wasm", await wasmBytes());
    const { init, OidcClient } = await freshPackage("index");
    const failing = [init(`${server.origin.replace("127.0.0.1", "127.0.0.2")}/`), init()];
    for (const { status } of await Promise.allSettled(failing)) expect(status).toBe("rejected");
    await init(`${server.origin}/core.wasm`);
    expect(new OidcClient(options).session).toBeNull();
  });

  test("takes whatever holds wasm", async () => {
    const bytes = await wasmBytes();
    await using server = await answering(200, "application/wasm", bytes);
    const url = new URL("/core.wasm", server.origin);
    const sources = [
      url,
      url.href,
      new Request(url),
      fetch(url),
      new Response(bytes, { headers: { "content-type": "application/wasm; charset=binary" } }),
      bytes,
      bytes.buffer,
      await WebAssembly.compile(bytes),
      `data:application/wasm;base64,${Buffer.from(bytes).toString("base64")}`,
    ];
    for (const source of sources) {
      const { init, OidcClient } = await freshPackage("index");
      await init(source);
      expect(new OidcClient(options).session).toBeNull();
    }
  });

  test("finds the wasm by itself: inside the script, and on disk", async () => {
    for (const entry of ["inline", "node"] as const) {
      const { OidcClient } = await freshPackage(entry);
      const client = await OidcClient.create(options);
      expect(client.session).toBeNull();
    }
  });

  test.each(["application/octet-stream", "text/plain", undefined])("does not mind the content type %s when the bytes are wasm", async (type) => {
    await using server = await answering(200, type, await wasmBytes());
    const { init } = await freshPackage("index");
    await expect(init(server.origin)).resolves.toBeUndefined();
  });
});

describe("what cannot be loaded says what to do", () => {
  test("a fallback page", async () => {
    await using server = await answering(200, "text/html; charset=utf-8", "<!doctype html><title>App</title>");
    const { init } = await freshPackage("index");
    const url = `${server.origin}/assets/oidc_wasm_bg.wasm`;
    await expect(init(`${url}?v=1`)).rejects.toMatchObject({
      code: "wasm_wrong_content_type",
      type: "usage",
      phase: "init",
      details: { url, contentType: "text/html; charset=utf-8" },
      message: expect.stringMatching(/text\/html.*oidc-wasm\/inline/s) as string,
    });
  });

  test.each([404, 410])("a missing file (%i)", async (status) => {
    await using server = await answering(status, "text/html", "gone");
    const { init } = await freshPackage("index");
    await expect(init(server.origin)).rejects.toMatchObject({
      code: "wasm_not_found",
      status,
      message: expect.stringContaining(server.origin) as string,
    });
  });

  test("a failing server", async () => {
    await using server = await answering(503, "application/wasm", "later");
    const { init } = await freshPackage("index");
    await expect(init(server.origin)).rejects.toMatchObject({ code: "wasm_load_failed", status: 503 });
  });

  test("no answer", async () => {
    const server = await answering(200, "application/wasm", "");
    await server[Symbol.asyncDispose]();
    const { init } = await freshPackage("index");
    await expect(init(`${server.origin}/core.wasm`)).rejects.toMatchObject({
      code: "wasm_load_failed",
      details: { url: `${server.origin}/core.wasm` },
      message: expect.stringContaining("connect-src") as string,
    });
  });

  test("the browser's entry in Node", async () => {
    const { OidcClient } = await freshPackage("index");
    await expect(OidcClient.create(options)).rejects.toMatchObject({
      code: "wasm_load_failed",
      message: expect.stringContaining("oidc-wasm/node") as string,
    });
  });

  test.each(["application/wasm", "application/octet-stream"])("a truncated file served as %s", async (type) => {
    await using server = await answering(200, type, (await wasmBytes()).slice(0, 6));
    const { init } = await freshPackage("index");
    await expect(init(server.origin)).rejects.toMatchObject({ code: "wasm_load_failed" });
  });

  // The sentences of Chromium, Firefox and Safari; a real policy refuses a real page in the browser tests.
  test.each([
    "WebAssembly.compile(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive",
    "call to WebAssembly.compile() blocked by CSP",
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script",
  ])("a Content Security Policy: %s", async (sentence) => {
    const bytes = await wasmBytes();
    const { init } = await freshPackage("index");
    vi.spyOn(WebAssembly, "compile").mockRejectedValue(new WebAssembly.CompileError(sentence));
    await expect(init(bytes)).rejects.toMatchObject({
      code: "wasm_blocked_by_csp",
      details: { directive: "script-src", source: "'wasm-unsafe-eval'" },
      message: expect.stringContaining("'wasm-unsafe-eval'") as string,
    });
  });

  test("a source that fails by itself", async () => {
    const { init } = await freshPackage("index");
    await expect(init(Promise.reject(new Error("mine")))).rejects.toMatchObject({ code: "wasm_load_failed", cause: { message: "mine" } });
  });

  test("no WebAssembly at all", async () => {
    const bytes = await wasmBytes();
    const { init } = await freshPackage("index");
    vi.stubGlobal("WebAssembly", undefined);
    await expect(init(bytes)).rejects.toMatchObject({ code: "unsupported_environment", details: { feature: "WebAssembly" } });
  });

  test("a synchronous call that comes too early", async () => {
    const { OidcClient } = await freshPackage("node");
    expect(() => new OidcClient(options)).toThrow(
      expect.objectContaining({ code: "not_initialized", message: expect.stringContaining("await init()") as string }),
    );
  });
});
