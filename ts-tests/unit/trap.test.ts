import type { OidcClient } from "oidc-wasm";
import { describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";

const options = { authority: "https://id.example.com", clientId: "spa", redirectUri: "https://app.example.com/" };

/** A client whose core can be made to trap, as a panic would: every export then runs into `unreachable`. */
async function trappableClient(): Promise<{ client: OidcClient; another: () => OidcClient; trap: () => void }> {
  let broken = false;
  const Instance = WebAssembly.Instance;
  vi.spyOn(WebAssembly, "Instance").mockImplementation(function (module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    const exports = Object.entries(new Instance(module, imports).exports).map(([name, value]) => {
      if (typeof value !== "function" || !name.startsWith("client_")) return [name, value];
      const guarded = (...values: unknown[]): unknown => {
        if (broken) throw new WebAssembly.RuntimeError("unreachable");
        return (value as (...values: unknown[]) => unknown)(...values);
      };
      return [name, guarded];
    });
    return { exports: Object.fromEntries(exports) as WebAssembly.Exports };
  });
  const { OidcClient } = await freshPackage("node");
  const client = await OidcClient.create(options);
  return { client, another: () => new OidcClient(options), trap: () => void (broken = true) };
}

describe("after a trap", () => {
  test("the instance is never entered again, and every call says to reload", async () => {
    const { client, another, trap } = await trappableClient();
    expect(client.session).toBeNull();
    trap();
    await expect(client.getIdToken()).rejects.toMatchObject({
      code: "internal",
      message: expect.stringContaining("reload the page") as string,
      cause: expect.any(WebAssembly.RuntimeError) as Error,
    });
    const entered = vi.fn();
    await expect(client.start().then(entered)).rejects.toMatchObject({ code: "internal" });
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "internal" });
    expect(another).toThrow(expect.objectContaining({ code: "internal" }));
    expect(entered).not.toHaveBeenCalled();
  });

  test("what was waiting ends too, and dispose still works", async () => {
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    const { client, trap } = await trappableClient();
    const waiting = client.prepareSignIn();
    trap();
    await expect(client.getAccessToken()).rejects.toMatchObject({ code: "internal" });
    await expect(waiting).rejects.toMatchObject({ code: "internal" });
    client.dispose();
    expect(client.session).toBeNull();
  });

  test("another copy of the package is not affected", async () => {
    const { client, trap } = await trappableClient();
    trap();
    await expect(client.getIdToken()).rejects.toMatchObject({ code: "internal" });
    vi.restoreAllMocks();
    const { OidcClient } = await freshPackage("node");
    expect((await OidcClient.create(options)).session).toBeNull();
  });
});
