import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";
import { openPage, type FakePage } from "./support/page.ts";

const options = { authority: "https://id.example.com", clientId: "spa", redirectUri: "https://app.example.com/callback" };
const STATE = "p.2Xs9cVt1mQ7rB4nK8wYz";

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const signed = (claims: object): string => `${base64url({ alg: "RS256" })}.${base64url(claims)}.c2lnbmF0dXJl`;

let channel: BroadcastChannel;
let heard: string[];

beforeEach(() => {
  heard = [];
  channel = new BroadcastChannel(`oidc-wasm ${STATE}`);
  channel.addEventListener("message", ({ data }) => void heard.push(String(data)));
});

afterEach(() => channel.close());

/** The callback page in a window. */
function openCallback(search: string): { page: FakePage; close: ReturnType<typeof vi.fn> } {
  const page = openPage(`${options.redirectUri}${search}`);
  const close = vi.fn();
  vi.stubGlobal("close", close);
  return { page, close };
}

describe("the callback page in a window", () => {
  test.each([
    ["a response", `?code=c&state=${STATE}&iss=https%3A%2F%2Fid.example.com`],
    ["an error", `?error=access_denied&state=${STATE}`],
    ["a signed response", `?response=${signed({ iss: options.authority, code: "c", state: STATE })}`],
  ])("hands %s over, closes, and starts nothing", async (_, search) => {
    const { page, close } = openCallback(search);
    const { OidcClient } = await freshPackage("node");
    const created = vi.fn();
    channel.addEventListener("message", () => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
      channel.postMessage("taken");
    });
    const closed = new Promise((resolve) => close.mockImplementation(resolve));
    void OidcClient.create(options).then(created);
    // Before anything waits.
    expect(page.address).toBe(options.redirectUri);
    await closed;
    expect(heard).toEqual([`${options.redirectUri}${search}`]);
    expect(created).not.toHaveBeenCalled();
  });

  test("PM-13: goes to its opener only at its own origin", async () => {
    const { close } = openCallback(`?code=c&state=${STATE}`);
    Object.assign(location, { origin: "https://app.example.com" });
    const postMessage = vi.fn();
    vi.stubGlobal("opener", { postMessage });
    const { OidcClient } = await freshPackage("node");
    await OidcClient.create(options);
    expect(close).toHaveBeenCalledOnce();
    expect(postMessage).toHaveBeenCalledExactlyOnceWith(`${options.redirectUri}?code=c&state=${STATE}`, "https://app.example.com");
  });

  test("that nobody hears closes too, and goes on as an ordinary page where that does not work", async () => {
    const { close } = openCallback(`?code=c&state=${STATE}`);
    const { OidcClient } = await freshPackage("node");
    const client = await OidcClient.create(options);
    expect(close).toHaveBeenCalledOnce();
    await expect(client.start()).rejects.toMatchObject({ code: "unknown_state" });
  });

  test("does not hand over what is for this page, or is no response", async () => {
    const ordinary = [`?code=c&state=${STATE.slice(2)}`, `?response=${signed({ code: "c", state: "s" })}`, `?state=${STATE}`, "?response=a.b.c"];
    for (const search of ordinary) {
      const { close } = openCallback(search);
      const { OidcClient } = await freshPackage("node");
      await OidcClient.create(options);
      expect(close).not.toHaveBeenCalled();
    }
    expect(heard).toEqual([]);
  });
});

describe("the address bar", () => {
  test.each([
    ["CB-11: a signed response is taken out", `?a=1&response=${signed({ state: "s" })}#b`, "?a=1#b"],
    ["what only looks like one by its name is left", "?response=yes&a=1", "?response=yes&a=1"],
  ])("%s", async (_, search, left) => {
    const page = openPage(`${options.redirectUri}${search}`);
    const { OidcClient } = await freshPackage("node");
    await OidcClient.create(options);
    expect(page.address).toBe(`${options.redirectUri}${left}`);
  });
});

describe("a window", () => {
  test("with options that are none is refused before it opens", async () => {
    openPage("https://app.example.com/");
    vi.stubGlobal("open", vi.fn());
    const { OidcClient } = await freshPackage("node");
    const client = await OidcClient.create(options);
    for (const timeoutSeconds of [0, -1, Number.NaN, 86_401]) {
      await expect(client.signInPopup({ timeoutSeconds })).rejects.toMatchObject({ code: "invalid_argument" });
    }
    await expect(client.signInPopup({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    vi.stubGlobal("BroadcastChannel", undefined);
    await expect(client.signInPopup()).rejects.toMatchObject({ code: "unsupported_environment", details: { feature: "BroadcastChannel" } });
    expect(open).not.toHaveBeenCalled();
  });
});
