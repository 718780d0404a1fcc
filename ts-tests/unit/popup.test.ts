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

/**
 * The callback page in a window, or another page there. Opened right before what is tested: a page of an earlier test goes on
 * after a while, as if its window could not be closed.
 */
function openCallback(search: string, url = options.redirectUri): { page: FakePage; close: ReturnType<typeof vi.fn> } {
  const page = openPage(`${url}${search}`);
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
    const { OidcClient } = await freshPackage("node");
    const { page, close } = openCallback(search);
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
    const { OidcClient } = await freshPackage("node");
    const { close } = openCallback(`?code=c&state=${STATE}`);
    Object.assign(location, { origin: "https://app.example.com" });
    const postMessage = vi.fn();
    vi.stubGlobal("opener", { postMessage });
    await OidcClient.create(options);
    expect(close).toHaveBeenCalledOnce();
    expect(postMessage).toHaveBeenCalledExactlyOnceWith(`${options.redirectUri}?code=c&state=${STATE}`, "https://app.example.com");
  });

  test("that nobody hears closes too, and goes on as an ordinary page where that does not work", async () => {
    const { OidcClient } = await freshPackage("node");
    const { close } = openCallback(`?code=c&state=${STATE}`);
    const client = await OidcClient.create(options);
    expect(close).toHaveBeenCalledOnce();
    await expect(client.start()).rejects.toMatchObject({ code: "unknown_state" });
  });

  test("does not hand over what is for this page, or is no response", async () => {
    const ordinary = [
      `?code=c&state=${STATE.slice(2)}`,
      `?response=${signed({ code: "c", state: "s" })}`,
      "?response=a.b.c",
      "?state=p.1",
      "?state=p.of+the+application,+and+no+random+text",
      "?state=of-the-application&code=c",
      "",
    ];
    for (const search of ordinary) {
      const { OidcClient, handOverResponse } = await freshPackage("node");
      const { close } = openCallback(search);
      await OidcClient.create(options);
      expect(await handOverResponse()).toBe(false);
      expect(close).not.toHaveBeenCalled();
    }
    expect(heard).toEqual([]);
  });
});

/** Somebody takes what is handed over. */
function listen(): void {
  channel.addEventListener("message", () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
    channel.postMessage("taken");
  });
}

describe("a page of its own for windows and frames", () => {
  const elsewhere = "https://app.example.com/window";

  test.each([
    ["a response", `?code=c&state=${STATE}&a=1#b`, "?a=1#b"],
    ["a response in the fragment", `?a=1#code=c&state=${STATE}`, "?a=1"],
    ["an error", `?error=login_required&error_description=no&state=${STATE}`, ""],
    ["a signed response", `?response=${signed({ code: "c", state: STATE })}`, ""],
    ["a return from the provider's sign-out", `?state=${STATE}`, ""],
  ])("hands over %s at any path, without wasm, and leaves the rest of the address", async (_, search, left) => {
    const { handOverResponse } = await freshPackage("node");
    const { page, close } = openCallback(search, elsewhere);
    vi.stubGlobal("WebAssembly", undefined);
    listen();
    const handedOver = handOverResponse();
    expect(page.address, "before anything waits").toBe(`${elsewhere}${left}`);
    // Whoever calls it twice gets one answer.
    expect(await Promise.all([handedOver, handOverResponse()])).toEqual([true, true]);
    expect(heard).toEqual([`${elsewhere}${search}`]);
    expect(close).toHaveBeenCalledOnce();
  });

  test("a client on it does the same", async () => {
    const { OidcClient } = await freshPackage("node");
    const { page, close } = openCallback(`?code=c&state=${STATE}`, elsewhere);
    listen();
    const closed = new Promise((resolve) => close.mockImplementation(resolve));
    void OidcClient.create({ ...options, popupRedirectUri: elsewhere });
    expect(page.address).toBe(elsewhere);
    await closed;
    expect(heard).toHaveLength(1);
  });

  test("that nobody hears says so, after it has tried to close", async () => {
    const { handOverResponse } = await freshPackage("node");
    const { close } = openCallback(`?code=c&state=${STATE}`, elsewhere);
    expect(await handOverResponse()).toBe(false);
    expect(close).toHaveBeenCalledOnce();
  });

  test("PM-02, PM-10: in a frame it tells its own origin's parent, and never goes on", async () => {
    for (const isHeard of [true, false]) {
      const { handOverResponse, OidcClient } = await freshPackage("node");
      const { close } = openCallback(`?code=c&state=${STATE}`, elsewhere);
      Object.assign(location, { origin: "https://app.example.com" });
      const [postMessage, toOpener] = [vi.fn(), vi.fn()];
      vi.stubGlobal("self", globalThis);
      vi.stubGlobal("parent", { postMessage });
      vi.stubGlobal("opener", { postMessage: toOpener });
      if (isHeard) listen();
      const goesOn = vi.fn();
      vi.useFakeTimers();
      void handOverResponse().then(goesOn);
      void OidcClient.create(options).then(goesOn);
      await vi.advanceTimersByTimeAsync(60_000);
      vi.useRealTimers();
      await vi.waitFor(() => expect(heard.length).toBeGreaterThan(0));
      expect(postMessage).toHaveBeenCalledExactlyOnceWith(`${elsewhere}?code=c&state=${STATE}`, "https://app.example.com");
      for (const call of [goesOn, close, toOpener]) expect(call).not.toHaveBeenCalled();
      vi.unstubAllGlobals();
    }
  });

  test("hands over directly where the browser has no channels", async () => {
    for (const broken of [undefined, function blocked() { throw new DOMException("no", "SecurityError"); }]) {
      const { handOverResponse } = await freshPackage("node");
      openCallback(`?code=c&state=${STATE}`, elsewhere);
      Object.assign(location, { origin: "https://app.example.com" });
      const postMessage = vi.fn();
      vi.stubGlobal("opener", { postMessage });
      vi.stubGlobal("BroadcastChannel", broken);
      expect(await handOverResponse()).toBe(false);
      expect(postMessage).toHaveBeenCalledOnce();
      vi.unstubAllGlobals();
    }
  });
});

describe("the address bar", () => {
  test.each([
    ["CB-11: a signed response is taken out", `?a=1&response=${signed({ state: "s" })}#b`, "?a=1#b"],
    ["what only looks like one by its name is left", "?response=yes&a=1", "?response=yes&a=1"],
  ])("%s", async (_, search, left) => {
    const { OidcClient } = await freshPackage("node");
    const page = openPage(`${options.redirectUri}${search}`);
    await OidcClient.create(options);
    expect(page.address).toBe(`${options.redirectUri}${left}`);
  });
});

describe("a window", () => {
  test("with options that are none is refused before it opens", async () => {
    const { OidcClient } = await freshPackage("node");
    openPage("https://app.example.com/");
    vi.stubGlobal("open", vi.fn());
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
