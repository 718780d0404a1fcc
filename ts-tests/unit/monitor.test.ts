import { OidcError } from "oidc-wasm";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeDocument, loadInteraction, type Interaction } from "./support/frames.ts";

const ORIGIN = "https://id.example.com";
const ENDPOINT = `${ORIGIN}/session/check`;
const MESSAGE = "spa 8f3a.salt";

const { monitor }: Interaction = await loadInteraction();

let page: FakeDocument;
let message: string | undefined;
let controller: AbortController;
let other: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  page = new FakeDocument();
  message = MESSAGE;
  controller = new AbortController();
  other = new AbortController();
});

afterEach(() => {
  vi.useRealTimers();
  // Whatever happened, in the end there is nothing left.
  controller.abort();
  expect(page.present).toEqual([]);
  expect(page.listeners).toBe(0);
});

async function begin(silent: () => Promise<unknown> = async () => (message = "spa renewed.salt"), intervalSeconds?: number) {
  const steps = {
    check: vi.fn(async () => (message === undefined ? {} : { endpoint: ENDPOINT, message })),
    silent: vi.fn(silent),
    ended: vi.fn(),
    stopped: vi.fn(),
  };
  const options = { signal: controller.signal, orSignal: other.signal, ...(intervalSeconds !== undefined && { intervalSeconds }) };
  const isWatching = await monitor(steps, options, OidcError);
  if (isWatching) page.frame.load();
  return { ...steps, isWatching };
}

const asked = (): unknown[] => page.frame.window.posted;
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
/** The provider's page answers. */
const answer = async (data: unknown, ...from: [unknown?, string?]) => {
  page.message(data, from[0] ?? page.frame.contentWindow, from[1] ?? ORIGIN);
  await vi.advanceTimersByTimeAsync(0);
};
const failing = (code: "interaction_required" | "claim_invalid" | "network_error", type: "interaction" | "validation" | "network") => () =>
  Promise.reject(new OidcError({ code, type, message: "no" } as ConstructorParameters<typeof OidcError>[0]));

describe("the monitor", () => {
  test("LO-06: asks the provider's page, at its exact origin, again and again", async () => {
    await begin();
    expect(page.frame).toMatchObject({ src: ENDPOINT, style: { display: "none" }, sandbox: { value: "allow-scripts allow-same-origin" } });
    expect(asked()).toEqual([]);
    for (let round = 1; round <= 3; round += 1) {
      await pass(2);
      expect(asked()).toEqual(Array.from({ length: round }, () => ({ data: MESSAGE, targetOrigin: ORIGIN })));
      await answer("unchanged");
    }
  });

  test("LO-06: as often as it is told, at most once a second", async () => {
    for (const intervalSeconds of [0.5, 0, -1, Number.NaN, 86_401]) {
      await expect(begin(undefined, intervalSeconds)).rejects.toMatchObject({ code: "invalid_argument", details: { option: "intervalSeconds" } });
    }
    await begin(undefined, 1);
    await pass(5);
    expect(asked()).toHaveLength(5);
  });

  test("watches nothing where there is nothing to watch", async () => {
    message = undefined;
    expect((await begin()).isWatching).toBe(false);
    expect(page.frames).toEqual([]);
  });

  test("asks nothing while the page is hidden, and at once when it is seen again", async () => {
    await begin();
    page.hidden = true;
    await pass(60);
    expect(asked()).toEqual([]);
    page.hidden = false;
    page.dispatchEvent(new Event("visibilitychange"));
    expect(asked()).toHaveLength(1);
  });

  test("LO-06: answers from elsewhere, and answers to nothing, are ignored", async () => {
    const { silent, stopped } = await begin();
    await answer("changed");
    await pass(2);
    await answer("changed", page.frame.contentWindow, "https://id.example.com.evil.example");
    await answer("changed", page.frame.contentWindow, "https://app.example.com");
    await answer("changed", page.frame.contentWindow, "null");
    await answer("changed", {}, ORIGIN);
    await answer("error", {}, ORIGIN);
    await answer("Changed");
    await answer({ changed: true });
    expect([silent.mock.calls, stopped.mock.calls]).toEqual([[], []]);
    await answer("changed");
    expect(silent).toHaveBeenCalledOnce();
  });

  test("LO-06: the same person goes on with what is true now", async () => {
    const { silent, ended } = await begin();
    await pass(2);
    await answer("changed");
    expect(silent).toHaveBeenCalledOnce();
    await pass(2);
    expect(asked().at(-1)).toEqual({ data: "spa renewed.salt", targetOrigin: ORIGIN });
    await answer("unchanged");
    await pass(2);
    expect(asked()).toHaveLength(3);
    expect(ended).not.toHaveBeenCalled();
  });

  test("asks nothing while the person is signed in again", async () => {
    let finish = (): void => {};
    await begin(() => new Promise<void>((resolve) => (finish = resolve)));
    await pass(2);
    await answer("changed");
    await pass(60);
    expect(asked()).toHaveLength(1);
    finish();
    await pass(2);
    expect(asked()).toHaveLength(2);
  });

  test("another tab has done it already", async () => {
    const { silent } = await begin();
    await pass(2);
    message = "spa other-tab.salt";
    await answer("changed");
    expect(silent).not.toHaveBeenCalled();
    await pass(2);
    expect(asked().at(-1)).toMatchObject({ data: "spa other-tab.salt" });
  });

  test("nobody is signed in here any more: it ends in silence", async () => {
    const { silent, ended, stopped } = await begin();
    await pass(2);
    message = undefined;
    await answer("changed");
    expect(page.present).toEqual([]);
    for (const call of [silent, ended, stopped]) expect(call).not.toHaveBeenCalled();
  });

  test("the same where that is found out too late", async () => {
    const { ended, stopped } = await begin(() => Promise.reject(new OidcError({ code: "not_signed_in", type: "usage", message: "no" })));
    await pass(2);
    await answer("changed");
    expect(page.present).toEqual([]);
    for (const call of [ended, stopped]) expect(call).not.toHaveBeenCalled();
  });

  test.each(["interaction_required", "claim_invalid"] as const)("LO-06: %s is the end, told once", async (code) => {
    const { ended, stopped } = await begin(failing(code, code === "claim_invalid" ? "validation" : "interaction"));
    await pass(2);
    await answer("unchanged");
    await pass(2);
    await answer("changed");
    expect(ended).toHaveBeenCalledOnce();
    expect(ended.mock.calls[0]?.[0]).toMatchObject({ code });
    expect(page.present).toEqual([]);
    await pass(60);
    expect([ended.mock.calls.length, stopped.mock.calls.length]).toEqual([1, 0]);
  });

  test("LO-06: who was another person from the beginning is the end too", async () => {
    const { ended } = await begin(failing("claim_invalid", "validation"));
    await pass(2);
    await answer("changed");
    expect(ended).toHaveBeenCalledOnce();
  });

  test("PM-08: a provider's page that sees no cookies ends nobody's session", async () => {
    const { ended, stopped, silent } = await begin(failing("interaction_required", "interaction"));
    await pass(2);
    await answer("changed");
    expect(stopped).toHaveBeenCalledExactlyOnceWith("not_visible");
    await pass(600);
    expect([ended.mock.calls.length, silent.mock.calls.length]).toEqual([0, 1]);
    expect(page.present).toEqual([]);
  });

  test("what fails for now is tried again, less and less often", async () => {
    const { silent, ended, stopped } = await begin(failing("network_error", "network"));
    await pass(2);
    await answer("unchanged");
    const times: number[] = [];
    const start = performance.now();
    for (let second = 0; second < 120; second += 1) {
      const before = asked().length;
      await pass(1);
      if (asked().length > before) {
        times.push(Math.round((performance.now() - start) / 1000));
        await answer("changed");
      }
    }
    expect(silent.mock.calls.length).toBe(times.length);
    expect(times).toEqual([2, 4, 6, 12, 26, 56, 118]);
    // Never more seldom than every five minutes, and never given up: the network comes back.
    for (let round = 0; round < 3600; round += 1) {
      const before = asked().length;
      await pass(2);
      if (asked().length > before) await answer("changed");
    }
    expect(silent.mock.calls.length).toBeGreaterThan(7 + 20);
    expect(silent.mock.calls.length).toBeLessThan(7 + 30);
    expect([ended.mock.calls.length, stopped.mock.calls.length, page.present.length]).toEqual([0, 0, 1]);
  });

  test("a provider that says changed for ever is left alone in the end", async () => {
    let number = 0;
    const { silent, stopped } = await begin(async () => (message = `spa ${(number += 1)}.salt`));
    for (let round = 0; round < 2000 && page.present.length > 0; round += 1) {
      const before = asked().length;
      await pass(2);
      if (asked().length > before) await answer("changed");
    }
    expect(silent.mock.calls.length).toBe(10);
    expect(stopped).toHaveBeenCalledExactlyOnceWith("not_visible");
  });

  test("LO-06: an error stops it, and nobody is asked to sign in again", async () => {
    const { silent, stopped } = await begin();
    await pass(2);
    await answer("error");
    expect(stopped).toHaveBeenCalledExactlyOnceWith("error");
    expect(silent).not.toHaveBeenCalled();
    expect(page.present).toEqual([]);
    await pass(60);
    expect(asked()).toHaveLength(1);
  });

  test("goes on with a page that answers now and then, and with a person who changes now and then", async () => {
    let number = 0;
    const { silent, stopped } = await begin(async () => (message = `spa ${(number += 1)}.salt`));
    for (let round = 0; round < 15; round += 1) {
      // A few questions stay without an answer.
      await pass(10);
      await answer("changed");
      await pass(2);
      await answer("unchanged");
    }
    expect([silent.mock.calls.length, stopped.mock.calls.length, page.present.length]).toEqual([15, 0, 1]);
    // Each was asked about at once, as if it were the first.
    expect(asked()).toHaveLength(15 * 6);
  });

  test("LO-06: one question has one answer", async () => {
    const { silent } = await begin();
    await pass(2);
    await answer("unchanged");
    await answer("changed");
    expect(silent).not.toHaveBeenCalled();
  });

  test("asks nothing of a page that has not loaded, and gives it up", async () => {
    const steps = { check: async () => ({ endpoint: ENDPOINT, message: MESSAGE }), silent: vi.fn(), ended: vi.fn(), stopped: vi.fn() };
    await monitor(steps, { signal: controller.signal }, OidcError);
    await pass(60);
    expect(asked()).toEqual([]);
    expect(steps.stopped).toHaveBeenCalledExactlyOnceWith("no_answer");
  });

  test("a page that never answers is given up", async () => {
    const { stopped } = await begin();
    await pass(60);
    expect(stopped).toHaveBeenCalledExactlyOnceWith("no_answer");
    expect(page.present).toEqual([]);
  });

  test("either signal ends it, at any time", async () => {
    for (const ending of [controller, other]) {
      await begin();
      await pass(2);
      expect(page.present).toHaveLength(1);
      ending.abort();
      expect([page.present, page.listeners, vi.getTimerCount()]).toEqual([[], 0, 0]);
      expect((await begin()).isWatching).toBe(false);
      controller = new AbortController();
    }
  });

  test("the signal ends it, also while somebody is signed in again", async () => {
    let fail: ((failure: unknown) => void) | undefined;
    const { ended, stopped } = await begin(() => new Promise((_, reject) => (fail = reject)));
    await pass(2);
    await answer("unchanged");
    await pass(2);
    await answer("changed");
    controller.abort();
    expect(page.present).toEqual([]);
    fail?.(new OidcError({ code: "interaction_required", type: "interaction", message: "no" }));
    await pass(60);
    expect([ended.mock.calls.length, stopped.mock.calls.length]).toEqual([0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
