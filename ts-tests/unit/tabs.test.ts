import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StorageKind } from "../../pkg-template/src/stores.ts";

const NAME = "oidc-wasm.1.abc.session";
const own = { load: () => "", save: () => {}, remove: () => {} };
const shared: readonly StorageKind[] = ["local", "indexedDb", own];
const unshared: readonly StorageKind[] = ["memory", "session"];

interface Listener {
  readonly heard: () => number;
  tell(): void;
  close(): void;
}

/** What windows of one origin share: localStorage and the events that tell the others of it. */
class FakeOrigin {
  readonly texts = new Map<string, string>();
  readonly windows: EventTarget[] = [];
  readonly traffic: string[] = [];

  /** A window is where the globals of a module come from. */
  open(): EventTarget {
    const target = new EventTarget();
    this.windows.push(target);
    return target;
  }

  storageOf(window: EventTarget): Pick<Storage, "setItem" | "removeItem"> {
    const change = (key: string, newValue: string | null): void => {
      this.traffic.push(`${key}=${newValue}`);
      for (const other of this.windows) {
        if (other !== window) other.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));
      }
    };
    return { setItem: (key, text) => change(key, text), removeItem: (key) => change(key, null) };
  }
}

let origin: FakeOrigin;
const open: Listener[] = [];

/** The modules of one page, in a window of its own. */
async function openPage(hasChannel = true): Promise<{ window: EventTarget; listen(kind: StorageKind, name?: string): Listener }> {
  vi.resetModules();
  const { listenToTabs } = await import("../../pkg-template/src/tabs.ts");
  const window = origin.open();
  const enter = (): void => {
    vi.stubGlobal("addEventListener", window.addEventListener.bind(window));
    vi.stubGlobal("localStorage", origin.storageOf(window));
    if (!hasChannel) vi.stubGlobal("BroadcastChannel", undefined);
  };
  return {
    window,
    listen: (kind, name = NAME) => {
      enter();
      let count = 0;
      const { tell, close } = listenToTabs(name, kind, () => count++);
      const listener = { heard: () => count, tell: () => (enter(), tell()), close };
      open.push(listener);
      return listener;
    },
  };
}

/** Long enough for what was said to be heard by all, also through a real channel. */
async function quiet(): Promise<void> {
  for (let time = 0; time < 5; time++) await new Promise((resolve) => setTimeout(resolve, 5));
}

function transition(type: string, persisted: boolean): Event {
  return Object.assign(new Event(type), { persisted });
}

beforeEach(() => {
  origin = new FakeOrigin();
});

afterEach(() => {
  for (const listener of open.splice(0)) listener.close();
});

describe.each([
  ["by a channel", true],
  ["without channels", false],
] as const)("%s", (_name, hasChannel) => {
  test.each(shared)("news reach every other client, in this page and in other tabs: %s", async (kind) => {
    const [one, other] = [await openPage(hasChannel), await openPage(hasChannel)];
    const [teller, near, far] = [one.listen(kind), one.listen(kind), other.listen(kind)];
    teller.tell();
    await quiet();
    expect([teller.heard(), near.heard(), far.heard()]).toEqual([0, 1, 1]);
    far.tell();
    await quiet();
    expect([teller.heard(), near.heard(), far.heard()]).toEqual([1, 2, 1]);
  });

  test.each(unshared)("news about what only this page has stay in it: %s", async (kind) => {
    const [one, other] = [await openPage(hasChannel), await openPage(hasChannel)];
    const [teller, near, far] = [one.listen(kind), one.listen(kind), other.listen(kind)];
    teller.tell();
    await quiet();
    expect([teller.heard(), near.heard(), far.heard()]).toEqual([0, 1, 0]);
    expect(origin.traffic).toEqual([]);
  });

  test.each([...shared, ...unshared])("clients with another name hear nothing, nor do those that were closed: %s", async (kind) => {
    const [one, other] = [await openPage(hasChannel), await openPage(hasChannel)];
    const teller = one.listen(kind);
    const deaf = [one.listen(kind, "oidc-wasm.1.other.session"), other.listen(kind, "oidc-wasm.1.other.session"), one.listen(kind), other.listen(kind)];
    deaf.slice(2).forEach((listener) => listener.close());
    teller.tell();
    await quiet();
    expect(deaf.map((listener) => listener.heard())).toEqual([0, 0, 0, 0]);
    deaf[2]?.tell();
    await quiet();
  });

  test("RF-10: they say nothing but that something has changed", async () => {
    const messages: unknown[] = [];
    const spy = new BroadcastChannel(NAME);
    spy.addEventListener("message", ({ data }) => messages.push(data));
    (await openPage(hasChannel)).listen("local").tell();
    await quiet();
    spy.close();
    expect([messages, origin.traffic]).toEqual(hasChannel ? [[""], []] : [[], [`${NAME}.news=1`, `${NAME}.news=null`]]);
  });
});

test("the record's own storage event is news, too, and its end, and that everything was cleared", async () => {
  const { window, listen } = await openPage();
  const listener = listen("local");
  const say = (key: string | null, newValue: string | null): boolean => window.dispatchEvent(Object.assign(new Event("storage"), { key, newValue }));
  say("another", "text");
  say("oidc-wasm.1.other.session", "text");
  expect(listener.heard()).toBe(0);
  say(NAME, "text");
  say(NAME, null);
  say(null, null);
  expect(listener.heard()).toBe(3);
});

test("TM-07: the channel is closed while the page is away, and open again when it is back", async () => {
  const [one, other] = [await openPage(), await openPage()];
  const close = vi.spyOn(BroadcastChannel.prototype, "close");
  const [away, teller] = [one.listen("local"), other.listen("local")];
  one.window.dispatchEvent(transition("pagehide", true));
  expect(close).toHaveBeenCalledTimes(1);
  teller.tell();
  away.tell();
  await quiet();
  expect(away.heard()).toBe(0);
  one.window.dispatchEvent(transition("pageshow", true));
  one.window.dispatchEvent(transition("pageshow", true));
  teller.tell();
  await quiet();
  expect(away.heard()).toBe(1);
  away.close();
  one.window.dispatchEvent(transition("pageshow", true));
  teller.tell();
  await quiet();
  expect(away.heard()).toBe(1);
});

test("a first pageshow opens no second channel", async () => {
  const { window, listen } = await openPage();
  listen("local");
  const { listen: listenThere } = await openPage();
  const listener = listenThere("local");
  window.dispatchEvent(transition("pageshow", false));
  listener.tell();
  await quiet();
  expect(open[0]?.heard()).toBe(1);
});

test("ST-04: nothing throws where channels, storage and events are missing or forbidden", async () => {
  const refuse = (): never => {
    throw new DOMException("no", "SecurityError");
  };
  const silent = { postMessage: refuse, close: () => {}, addEventListener: () => {} };
  const channels = [
    undefined,
    vi.fn(function forbidden() {
      refuse();
    }),
    vi.fn(function broken() {
      return silent;
    }),
  ];
  const run = async (kind: StorageKind): Promise<void> => {
    vi.resetModules();
    const { listenToTabs } = await import("../../pkg-template/src/tabs.ts");
    const { tell, close } = listenToTabs(NAME, kind, () => {});
    tell();
    close();
    close();
    tell();
  };
  for (const BroadcastChannel of channels) {
    for (const storage of [undefined, { setItem: refuse, removeItem: refuse }]) {
      vi.stubGlobal("BroadcastChannel", BroadcastChannel);
      vi.stubGlobal("localStorage", storage);
      vi.stubGlobal("addEventListener", undefined);
      for (const kind of [...shared, ...unshared]) await expect(run(kind)).resolves.toBeUndefined();
    }
  }
});
