import { OidcError } from "oidc-wasm";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { FakeDocument, loadInteraction, type Interaction } from "./support/frames.ts";

const STATE = "p.2Xs9cVt1mQ7rB4nK8wYz";
const REQUEST = `https://id.example.com/authorize?prompt=none&state=${STATE}`;
const RESPONSE = `https://app.example.com/silent?code=c&state=${STATE}`;
const END_SESSION = "https://id.example.com/session/end";

const { signInSilent, signOutSilent }: Interaction = await loadInteraction();

let page: FakeDocument;

beforeEach(() => {
  page = new FakeDocument();
});

const departing = { prepare: async () => ({ url: REQUEST, state: STATE }), finish: async (url: string) => ({ url }) };

/** Begins, and waits until the frame is there. */
async function begin(options: Parameters<typeof signInSilent>[1] = {}, steps = departing) {
  const outcome = signInSilent(steps, options, OidcError).then(
    (value) => value,
    (failure: OidcError) => ({ code: failure.code, type: failure.type, ...failure.details }),
  );
  await shown();
  return { outcome, frame: page.frame };
}

/** Without the time that `vi.waitFor` takes. */
async function shown(): Promise<void> {
  for (let turn = 0; turn < 20 && page.present.length === 0; turn += 1) await Promise.resolve();
  expect(page.present).toHaveLength(1);
}

/** Nothing may be left, whatever happened. */
function expectNothingLeft(): void {
  expect(page.present).toEqual([]);
  expect(page.listeners).toBe(0);
}

describe("silent sign-in", () => {
  test("PM-06: the frame is hidden, takes no scripts of ours along, and has a name that nobody can guess", async () => {
    const names = new Set<string>();
    for (let round = 0; round < 2; round += 1) {
      const { outcome, frame } = await begin();
      expect(frame).toMatchObject({ src: REQUEST, style: { display: "none" }, sandbox: { value: "allow-scripts allow-same-origin allow-forms" } });
      names.add(frame.name);
      page.message(RESPONSE);
      await outcome;
    }
    expect(names.size).toBe(2);
    for (const name of names) expect(name).toMatch(/^\d+(-\d+){3}$/);
  });

  test("takes the response from a message of its frame, and removes the frame before it goes on", async () => {
    const finish = vi.fn(async (url: string) => {
      expectNothingLeft();
      return { url };
    });
    const { outcome } = await begin({}, { ...departing, finish });
    page.message(RESPONSE);
    expect(await outcome).toEqual({ url: RESPONSE });
    expect(finish).toHaveBeenCalledOnce();
  });

  test("takes the response from the channel, and says that it has it", async () => {
    const { outcome } = await begin();
    const channel = new BroadcastChannel(`oidc-wasm ${STATE}`);
    const answer = new Promise((resolve) => channel.addEventListener("message", ({ data }) => resolve(data)));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
    channel.postMessage(RESPONSE);
    expect(await outcome).toEqual({ url: RESPONSE });
    expect(await answer).toBe("taken");
    channel.close();
    expectNothingLeft();
  });

  test("takes the response from the address of a page that has no script", async () => {
    const { outcome, frame } = await begin();
    frame.load(RESPONSE);
    expect(await outcome).toEqual({ url: RESPONSE });
    expectNothingLeft();
  });

  test("PM-01: everything else is ignored, and the right one still arrives", async () => {
    const { outcome, frame } = await begin();
    const wrong: [unknown, unknown?, string?][] = [
      [RESPONSE, frame.contentWindow, "https://id.example.com"],
      [RESPONSE, frame.contentWindow, "https://app.example.com:444"],
      [RESPONSE, frame.contentWindow, "https://app.example.com.evil.example"],
      [RESPONSE, frame.contentWindow, "null"],
      [RESPONSE, {}],
      [RESPONSE, null],
      [RESPONSE.replace(STATE, "p.other-state-that-is-long")],
      [{ url: RESPONSE }],
      ["taken"],
      [null],
    ];
    for (const [data, source, origin] of wrong) page.message(data, source ?? (source === null ? null : frame.contentWindow), origin);
    for (let number = 0; number < 10_000; number += 1) page.message({ number });
    frame.load("about:blank");
    let isDone = false;
    void outcome.then(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve));
    expect(isDone).toBe(false);
    page.message(RESPONSE);
    expect(await outcome).toEqual({ url: RESPONSE });
  });

  test("PM-07: late messages change nothing", async () => {
    const finish = vi.fn(async (url: string) => ({ url }));
    const { outcome, frame } = await begin({ timeoutSeconds: 0.01 }, { ...departing, finish });
    expect(await outcome).toMatchObject({ code: "timeout" });
    page.message(RESPONSE, frame.contentWindow);
    frame.load(RESPONSE);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(finish).not.toHaveBeenCalled();
    expectNothingLeft();
  });

  test("PM-07: a thousand cycles leave no frame, handler or timer", async () => {
    const timers = new Set<unknown>();
    const { setTimeout: start, clearTimeout: end } = globalThis;
    vi.stubGlobal("setTimeout", (...rest: Parameters<typeof start>) => {
      const timer = start(...rest);
      if (rest[1] === 10_000) timers.add(timer);
      return timer;
    });
    vi.stubGlobal("clearTimeout", (timer: NodeJS.Timeout) => (timers.delete(timer), end(timer)));
    for (let cycle = 0; cycle < 1000; cycle += 1) {
      const controller = new AbortController();
      const { outcome } = await begin({ signal: controller.signal });
      if (cycle % 3 === 0) page.message(RESPONSE);
      else if (cycle % 3 === 1) page.frame.load(RESPONSE);
      else controller.abort();
      await outcome;
    }
    expect(page.frames).toHaveLength(1000);
    expect(timers.size).toBe(0);
    expectNothingLeft();
  });

  test.each<[string, (frame: FakeDocument["frame"]) => void]>([
    ["no_answer", () => {}],
    ["frame_refused_or_interactive", (frame) => frame.load()],
    ["callback_page_silent", (frame) => frame.load("https://app.example.com/silent")],
    ["callback_page_silent", (frame) => (frame.load(), frame.load("https://app.example.com/silent?state=p.of-something-else-entirely"))],
    ["frame_refused_or_interactive", (frame) => (frame.load("https://app.example.com/"), frame.load())],
    ["no_answer", (frame) => frame.load("about:blank")],
  ])("PM-12: a frame that never comes back is a timeout: %s", async (reason, happen) => {
    const { outcome, frame } = await begin({ timeoutSeconds: 0.02 });
    happen(frame);
    expect(await outcome).toEqual({ code: "timeout", type: "timeout", reason, url: "https://id.example.com/authorize" });
    expectNothingLeft();
  });

  test("PM-12: a frame that the page's own policy forbids is told at once", async () => {
    const { outcome } = await begin();
    page.violate({ blockedURI: "https://elsewhere.example/frame" });
    page.violate({ blockedURI: "https://id.example.com.evil.example/" });
    page.violate({ blockedURI: REQUEST, disposition: "report" });
    page.violate({ blockedURI: REQUEST, effectiveDirective: "img-src" });
    page.frame.load();
    page.violate({ blockedURI: REQUEST });
    const told = { code: "timeout", type: "timeout", reason: "csp_frame_src", url: "https://id.example.com/authorize" };
    expect(await outcome).toEqual(told);
    expectNothingLeft();
    // As browsers report a redirect.
    for (const blockedURI of ["https://app.example.com", "https://id.example.com"]) {
      const { outcome: again } = await begin();
      page.violate({ blockedURI });
      expect(await again).toEqual(told);
    }
  });

  test("the default is ten seconds", async () => {
    vi.useFakeTimers();
    try {
      const { outcome } = await begin();
      await vi.advanceTimersByTimeAsync(9999);
      expect(page.present).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(await outcome).toMatchObject({ code: "timeout" });
    } finally {
      vi.useRealTimers();
    }
  });

  test("the caller's signal removes the frame; before the start there is none", async () => {
    const controller = new AbortController();
    const { outcome } = await begin({ signal: controller.signal });
    controller.abort();
    expect(await outcome).toMatchObject({ code: "aborted", type: "aborted" });
    expectNothingLeft();
    const prepare = vi.fn(departing.prepare);
    await expect(signInSilent({ ...departing, prepare }, { signal: controller.signal }, OidcError)).rejects.toMatchObject({ code: "aborted" });
    expect(prepare).not.toHaveBeenCalled();
    // While it is prepared.
    const second = new AbortController();
    const preparing = { ...departing, prepare: async () => (second.abort(), departing.prepare()) };
    await expect(signInSilent(preparing, { signal: second.signal }, OidcError)).rejects.toMatchObject({ code: "aborted" });
    expect(page.present).toEqual([]);
  });

  test.each([0, -1, Number.NaN, 86_401])("a time of %d seconds is refused", async (timeoutSeconds) => {
    const failure = signInSilent(departing, { timeoutSeconds }, OidcError);
    await expect(failure).rejects.toBeInstanceOf(OidcError);
    await expect(failure).rejects.toMatchObject({ code: "invalid_argument", details: { option: "timeoutSeconds" } });
    expect(page.frames).toEqual([]);
  });

  test("PM-08: what the provider answers is what it fails with, once, and that it was in a frame", async () => {
    const cause = new Error("why");
    const refused = new OidcError({ code: "interaction_required", type: "interaction", message: "no", error: "login_required", phase: "callback", details: { a: "b" }, cause });
    const other = new OidcError({ code: "network_error", type: "network", message: "no" });
    const prepare = vi.fn(departing.prepare);
    const fail = async (failure: unknown) => {
      const outcome = signInSilent({ prepare, finish: () => Promise.reject(failure) }, {}, OidcError);
      await shown();
      page.message(RESPONSE);
      return outcome.catch((what: unknown) => what);
    };
    const failure = await fail(refused);
    expect(failure).toBeInstanceOf(OidcError);
    expect(failure).toEqual(new OidcError({ ...refused, message: "no", cause, details: { a: "b", reason: "frame", url: "https://id.example.com/authorize" } }));
    expect((failure as OidcError).cause).toBe(cause);
    expect(prepare).toHaveBeenCalledOnce();
    expect(await fail(other)).toBe(other);
  });

  test("works without channels", async () => {
    for (const channel of [undefined, () => { throw new DOMException("no", "SecurityError"); }]) {
      vi.stubGlobal("BroadcastChannel", channel);
      const { outcome } = await begin();
      page.message(RESPONSE);
      expect(await outcome).toEqual({ url: RESPONSE });
    }
    expectNothingLeft();
  });
});

describe("silent sign-out", () => {
  const finish = async (url: string) => url.includes(STATE);
  const leave = async (departure: object, options: Parameters<typeof signOutSilent>[1], happen: () => void) => {
    const outcome = signOutSilent({ prepare: async () => departure, finish }, options, OidcError);
    await shown();
    happen();
    const result = await outcome;
    expectNothingLeft();
    return result;
  };
  const back = `https://app.example.com/?state=${STATE}`;

  test("is remote when the way back was seen, by whichever way", async () => {
    const departure = { url: END_SESSION, state: STATE };
    expect(await leave(departure, {}, () => page.message(back))).toEqual({ remote: true });
    expect(await leave(departure, {}, () => page.frame.load(back))).toEqual({ remote: true });
    const refusing = signOutSilent({ prepare: async () => departure, finish: async () => false }, {}, OidcError);
    await shown();
    page.message(back);
    expect(await refusing).toEqual({ remote: false });
  });

  test("a long hint is posted into the frame by its name", async () => {
    const departure = { url: END_SESSION, state: STATE, form: { id_token_hint: "long", state: STATE } };
    expect(await leave(departure, {}, () => page.message(back))).toEqual({ remote: true });
    expect(page.frame.src).toBe("");
    expect(page.submitted).toEqual([{ action: END_SESSION, target: page.frame.name, fields: departure.form }]);
  });

  test("LO-04: without an endpoint there is no frame", async () => {
    expect(await signOutSilent({ prepare: async () => ({}), finish }, {}, OidcError)).toEqual({ remote: false });
    expect(page.frames).toEqual([]);
  });

  test("a provider that asks, or where nothing comes back, is not remote", async () => {
    expect(await leave({ url: END_SESSION, state: STATE }, { timeoutSeconds: 0.01 }, () => page.frame.load())).toEqual({ remote: false });
    expect(await leave({ url: END_SESSION }, {}, () => page.frame.load())).toEqual({ remote: false });
  });

  test("LO-01: what fails before the frame is told, though it may be a timeout too", async () => {
    const failure = new OidcError({ code: "timeout", type: "timeout", message: "discovery" });
    await expect(signOutSilent({ prepare: () => Promise.reject(failure), finish }, {}, OidcError)).rejects.toBe(failure);
  });
});
