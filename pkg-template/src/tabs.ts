/** News between tabs: that something has changed, and nothing else. What, everybody reads from the store. */
import type { StorageKind } from "./stores.js";

/** Those who listen in this page where no channel does it, and to what. */
const here = new Set<{ readonly name: string; readonly onNews: () => void }>();

/**
 * Hears when another client has changed what is stored under names that begin with `name`: in this page, and in other tabs where
 * those have the store too. News are hints: they may come twice, too early, or never.
 *
 * @see https://html.spec.whatwg.org/multipage/web-messaging.html#broadcasting-to-other-browsing-contexts
 */
export function listenToTabs(name: string, kind: StorageKind, onNews: () => void): { tell(): void; close(): void } {
  const me = { name, onNews };
  const news = `${name}.news`;
  const isShared = kind !== "memory" && kind !== "session";
  const end = new AbortController();
  let channel: BroadcastChannel | undefined;
  const listen = (type: string, handler: (event: never) => void): void =>
    globalThis.addEventListener?.(type, handler as EventListener, { signal: end.signal });
  const open = (): void => {
    try {
      channel ??= new BroadcastChannel(name);
      channel.addEventListener("message", onNews);
      // Node would not end.
      (channel as { unref?(): void }).unref?.();
    } catch {
      here.add(me);
    }
  };
  const shut = (): void => {
    channel?.close();
    channel = undefined;
  };

  if (isShared) {
    open();
    // An open channel may keep a page out of the back/forward cache.
    listen("pagehide", shut);
    listen("pageshow", open);
    // Also where there is a channel: its message may come before what was written can be read.
    listen("storage", ({ key, newValue }: StorageEvent) => {
      if (key === null || (key.startsWith(name) && (key !== news || newValue !== null))) onNews();
    });
  } else {
    here.add(me);
  }
  return {
    tell: () => {
      if (here.has(me)) {
        for (const other of here) {
          if (other !== me && other.name === name) void Promise.resolve().then(other.onNews);
        }
      }
      if (!isShared) return;
      try {
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
        if (channel) return channel.postMessage("");
        localStorage.setItem(news, "1");
        localStorage.removeItem(news);
      } catch {
        // Then nobody hears it.
      }
    },
    close: () => {
      end.abort();
      here.delete(me);
      shut();
    },
  };
}
