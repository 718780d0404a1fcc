import { beforeEach, describe, expect, test, vi } from "vitest";
import { signInPopup, signOutPopup } from "../../pkg-template/src/popup.ts";
import { FakeDocument } from "./support/frames.ts";

const STATE = "p.2Xs9cVt1mQ7rB4nK8wYz";
const REQUEST = `https://id.example.com/authorize?state=${STATE}`;
const END_SESSION = "https://id.example.com/session/end";
const RESPONSE = `https://app.example.com/window?code=c&state=${STATE}`;
const BACK = `https://app.example.com/?state=${STATE}`;

class FakeWindow {
  name = "";
  closed = false;
  readonly visited: string[] = [];
  readonly location = { replace: (url: string) => void this.visited.push(url) };
  close(): void {
    this.closed = true;
  }
}

let page: FakeDocument;
let windows: FakeWindow[];
let hasFocus: boolean;
const open = vi.fn<(url: string, name: string, features: string) => FakeWindow | null>(() => {
  const opened = new FakeWindow();
  windows.push(opened);
  return opened;
});

beforeEach(() => {
  page = new FakeDocument();
  windows = [];
  hasFocus = true;
  open.mockClear();
  Object.assign(page, { hasFocus: () => hasFocus });
  vi.stubGlobal("open", open);
  for (const [name, value] of Object.entries({ screenX: 100, screenY: 50, outerWidth: 1000, outerHeight: 800 })) vi.stubGlobal(name, value);
});

const the = (): FakeWindow => windows.at(-1) as FakeWindow;
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const told = (outcome: Promise<unknown>) => outcome.catch(({ code, type, details }) => ({ code, type, ...details }));
const signIn = (options: Parameters<typeof signInPopup>[1] = {}, prepare = async () => ({ url: REQUEST, state: STATE })) =>
  told(signInPopup({ prepare, finish: async (url: string) => ({ url }) }, options));
const signOut = (
  departure: Awaited<ReturnType<Parameters<typeof signOutPopup>[0]["prepare"]>> | Promise<never>,
  options: Parameters<typeof signOutPopup>[1] = {},
  finish = async (url: string) => url === BACK,
) => told(signOutPopup({ prepare: async () => departure, finish }, options));

/** With a clock that only the test moves. */
async function timed(run: () => Promise<void>): Promise<void> {
  vi.useFakeTimers();
  try {
    await run();
    expect(vi.getTimerCount(), "timers that are left").toBe(0);
    expect(page.listeners, "handlers that are left").toBe(0);
  } finally {
    vi.useRealTimers();
  }
}

describe("a window", () => {
  test("PM-05, PM-06: opens before anything waits, in the middle, without a name", () => {
    void signIn({ width: 400, height: 600 });
    expect(open).toHaveBeenCalledExactlyOnceWith("", "_blank", "popup,width=400,height=600,left=400,top=150");
    the().close();
  });

  test("goes where the request says, and is closed before the response is used", () =>
    timed(async () => {
      const finish = vi.fn(async (url: string) => [url, the().closed]);
      const outcome = signInPopup({ prepare: async () => ({ url: REQUEST, state: STATE }), finish }, {});
      await pass(0);
      expect(the()).toMatchObject({ visited: [REQUEST], name: "" });
      page.message(RESPONSE, the());
      expect(await outcome).toEqual([RESPONSE, true]);
    }));

  test("PM-01: messages from elsewhere are ignored", () =>
    timed(async () => {
      const outcome = signIn();
      await pass(0);
      page.message(RESPONSE, {});
      page.message(RESPONSE, the(), "https://app.example.com.evil.example");
      page.message(RESPONSE, the(), "null");
      page.message(RESPONSE.replace(STATE, `${STATE}x`), the());
      page.message({ url: RESPONSE }, the());
      await pass(1000);
      expect(the().closed).toBe(false);
      page.message(RESPONSE, the());
      expect(await outcome).toEqual({ url: RESPONSE });
    }));

  test("PM-04: counts as closed when it reads so for five seconds while the person is here", () =>
    timed(async () => {
      const outcome = signIn();
      await pass(0);
      let isOver = false;
      void outcome.then(() => (isOver = true));
      // Cut off: the person is in the window, then looks here for a moment, and goes back.
      the().closed = true;
      hasFocus = false;
      await pass(60_000);
      hasFocus = true;
      await pass(4500);
      hasFocus = false;
      await pass(500);
      hasFocus = true;
      await pass(4500);
      expect(isOver).toBe(false);
      await pass(500);
      expect(await outcome).toEqual({ code: "popup_closed", type: "interaction" });
    }));

  test("PM-04: what comes back while it counts still counts", () =>
    timed(async () => {
      const outcome = signIn();
      await pass(0);
      the().closed = true;
      await pass(4900);
      page.message(RESPONSE, the());
      expect(await outcome).toEqual({ url: RESPONSE });
    }));

  test("closed before it went anywhere it is closed at once", () =>
    timed(async () => {
      const outcome = signIn({}, () => new Promise(() => {}));
      hasFocus = false;
      the().closed = true;
      await pass(500);
      expect(await outcome).toEqual({ code: "popup_closed", type: "interaction" });
    }));

  test("PM-07: that never comes back is a timeout, and closed; late answers change nothing", () =>
    timed(async () => {
      const outcome = signIn({ timeoutSeconds: 30 });
      await pass(29_999);
      expect(the().closed).toBe(false);
      await pass(1);
      expect(await outcome).toEqual({ code: "timeout", type: "timeout", reason: "window", url: "https://id.example.com/authorize" });
      expect(the().closed).toBe(true);
      page.message(RESPONSE, the());
    }));

  test("is closed when the request cannot be made, or the caller gives up", () =>
    timed(async () => {
      const failure = Object.assign(new Error("no"), { code: "network_error", type: "network" });
      expect(await signIn({}, () => Promise.reject(failure))).toEqual({ code: "network_error", type: "network" });
      expect(the().closed).toBe(true);
      const controller = new AbortController();
      const outcome = signIn({ signal: controller.signal });
      await pass(0);
      controller.abort();
      expect(await outcome).toEqual({ code: "aborted", type: "aborted" });
      expect(the().closed).toBe(true);
    }));

  test("takes the place of an earlier one, of whichever kind", () =>
    timed(async () => {
      const first = signOut({ url: END_SESSION, state: STATE });
      await pass(0);
      const second = signIn();
      expect(await first).toEqual({ code: "aborted", type: "aborted" });
      expect(windows.map(({ closed }) => closed)).toEqual([true, false]);
      await pass(0);
      page.message(RESPONSE, the());
      expect(await second).toEqual({ url: RESPONSE });
    }));
});

describe("sign-out in a window", () => {
  const departure = { url: END_SESSION, state: STATE };

  test("is remote when the window came back", () =>
    timed(async () => {
      for (const [url, remote] of [[BACK, true], [`${BACK}&other=1`, false]] as const) {
        const outcome = signOut(departure);
        await pass(0);
        expect(the().visited).toEqual([END_SESSION]);
        page.message(url, the());
        expect(await outcome).toEqual({ remote });
        expect(the().closed).toBe(true);
      }
    }));

  test("PM-06: a form is posted into it by a name that nobody can guess", () =>
    timed(async () => {
      const names = new Set<string>();
      for (let round = 0; round < 2; round += 1) {
        const form = { id_token_hint: "long", state: STATE };
        const outcome = signOut({ ...departure, form });
        expect(the().name).toBe("");
        await pass(0);
        expect(page.submitted.at(-1)).toEqual({ action: END_SESSION, target: the().name, fields: form });
        expect(the().visited).toEqual([]);
        names.add(the().name);
        page.message(BACK, the());
        expect(await outcome).toEqual({ remote: true });
      }
      expect(names.size).toBe(2);
      for (const name of names) expect(name).toMatch(/^\d+(-\d+){3}$/);
    }));

  test("LO-01: is done here also when the window is closed or takes too long", () =>
    timed(async () => {
      const closed = signOut(departure);
      await pass(0);
      the().closed = true;
      await pass(5000);
      expect(await closed).toEqual({ remote: false });
      const late = signOut(departure, { timeoutSeconds: 2 });
      await pass(2000);
      expect(await late).toEqual({ remote: false });
    }));

  test("LO-01: a window that is closed too early changes nothing about what is done here", () =>
    timed(async () => {
      let finish: ((departure: object) => void) | undefined;
      let isOver = false;
      const prepare = () => new Promise<object>((resolve) => (finish = resolve));
      const outcome = told(signOutPopup({ prepare, finish: async () => true }, {})).then((result) => ((isOver = true), result));
      the().closed = true;
      await pass(1000);
      expect(isOver).toBe(false);
      finish?.(departure);
      expect(await outcome).toEqual({ remote: false });
      expect(the().visited).toEqual([]);
    }));

  test("LO-01: what fails here is told, though it may be a timeout too", () =>
    timed(async () => {
      const failure = Object.assign(new Error("no"), { name: "OidcError", code: "timeout", type: "timeout" });
      expect(await signOut(Promise.reject(failure))).toEqual({ code: "timeout", type: "timeout" });
      expect(the().closed).toBe(true);
    }));

  test("LO-04: without an endpoint the window is closed again", () =>
    timed(async () => {
      expect(await signOut({})).toEqual({ remote: false });
      expect(the()).toMatchObject({ closed: true, visited: [] });
    }));

  test("without a way back it lasts until the person closes the window", () =>
    timed(async () => {
      const outcome = signOut({ url: END_SESSION });
      await pass(60_000);
      expect(the()).toMatchObject({ closed: false, visited: [END_SESSION] });
      the().closed = true;
      await pass(5000);
      expect(await outcome).toEqual({ remote: false });
    }));

  test("PM-05: a blocked window is told before anything is done", async () => {
    open.mockImplementationOnce(() => null);
    const prepare = vi.fn(async () => departure);
    await expect(signOutPopup({ prepare, finish: async () => true }, {})).rejects.toMatchObject({ code: "popup_blocked" });
    expect(prepare).not.toHaveBeenCalled();
  });

  test("PM-05: so is one that a blocker has closed before it could be seen", async () => {
    const closed = new FakeWindow();
    closed.close();
    open.mockImplementationOnce(() => closed);
    const prepare = vi.fn(async () => departure);
    await expect(signOutPopup({ prepare, finish: async () => true }, {})).rejects.toMatchObject({ code: "popup_blocked" });
    expect(prepare).not.toHaveBeenCalled();
  });

  test("gives the options that are not the window's to the one who prepares it", () =>
    timed(async () => {
      const prepare = vi.fn(async () => ({}));
      await signOutPopup({ prepare, finish: async () => true }, { width: 1, height: 1, timeoutSeconds: 1, postLogoutRedirectUri: "https://app.example.com/bye" });
      expect(prepare).toHaveBeenCalledExactlyOnceWith({ postLogoutRedirectUri: "https://app.example.com/bye" });
    }));
});
