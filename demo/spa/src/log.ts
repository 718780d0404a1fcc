import { element, find } from "./dom.js";
import { clock } from "./explain.js";

type Kind = "page" | "event" | "api" | "proof" | "error";

interface Entry {
  readonly time: number;
  readonly kind: Kind;
  readonly message: string;
}

const LIMIT = 50;
const KEY = "demo.log";

let entries: Entry[] = [];

/** Writes a line into the page's own list of what happened; never a token, a code or a secret. */
export function log(kind: Kind, message: string): void {
  const entry = { time: Date.now(), kind, message };
  entries = [...entries, entry].slice(-LIMIT);
  show(entry);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // Without storage the list begins anew with each page.
  }
}

/** Brings back what happened before the browser went to the provider. */
export function restoreLog(): void {
  try {
    entries = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Entry[];
    entries.forEach(show);
  } catch {
    entries = [];
  }
}

function show({ time, kind, message }: Entry): void {
  const at = new Date(time);
  const list = find("events-list");
  list.prepend(
    element(
      "li",
      { "data-kind": kind },
      element("time", { datetime: at.toISOString() }, clock(at)),
      element("span", { class: "kind" }, kind),
      element("span", {}, message),
    ),
  );
  while (list.children.length > LIMIT) list.lastElementChild?.remove();
}
