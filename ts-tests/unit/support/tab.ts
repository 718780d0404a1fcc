import { setTimeout as pause } from "node:timers/promises";
import type { OidcClient, OidcClientOptions, OidcEvents, SessionStore } from "oidc-wasm/node";
import { freshPackage, type Package } from "./package.ts";
import type { TinyProvider } from "./provider.ts";

/** A document of the application with its client. */
export interface Tab {
  readonly client: OidcClient;
  /** The package as this document has loaded it. */
  readonly loaded: Package;
  /** The events of the client, in order, each with who it is about or why it came. */
  readonly told: string[];
}

/** A store that several tabs have, each in an object of its own as if it were another process. */
export interface SharedStore {
  readonly entries: Map<string, string>;
  /** What one tab has of it. `wait` is asked before each access. */
  view(wait?: (access: "load" | "save" | "remove", name: string) => unknown): SessionStore;
}

const SUBJECT = ({ subject }: { readonly subject: string }): string => subject;
const TELL: { readonly [Name in keyof OidcEvents]: (detail: OidcEvents[Name]) => string } = {
  signedIn: SUBJECT,
  renewed: SUBJECT,
  renewalFailed: ({ code }) => code,
  expiring: SUBJECT,
  expired: SUBJECT,
  signedOut: (nothing) => String(nothing),
  sessionChanged: SUBJECT,
  degraded: ({ feature, reason }) => `${feature} ${reason}`,
};

/** Opens a tab, or makes another client of one that is open. */
export async function openTab(options: OidcClientOptions, tab?: Tab): Promise<Tab> {
  const loaded = tab?.loaded ?? (await freshPackage("node"));
  const client = await loaded.OidcClient.create(options);
  const told: string[] = [];
  for (const name of Object.keys(TELL) as (keyof OidcEvents)[]) {
    client.on(name, (detail) => told.push(`${name} ${(TELL[name] as (detail: unknown) => string)(detail)}`));
  }
  return { client, loaded, told };
}

/** Somebody signs in: the callback URL that was used for it. */
export async function signIn({ client }: Tab, provider: TinyProvider, subject = "ada"): Promise<string> {
  provider.settings.subject = subject;
  const callback = provider.approve((await client.prepareSignIn()).url);
  await client.handleCallback(callback);
  return callback;
}

/** Makes an empty store. */
export function sharedStore(): SharedStore {
  const entries = new Map<string, string>();
  return {
    entries,
    view: (wait) => ({
      async load(name) {
        await wait?.("load", name);
        return entries.get(name);
      },
      async save(name, text) {
        await wait?.("save", name);
        entries.set(name, text);
      },
      async remove(name) {
        await wait?.("remove", name);
        entries.delete(name);
      },
    }),
  };
}

/** Long enough for news to go around, for tests that nothing more happens. Clocks of tests have no influence. */
export function settle(milliseconds = 100): Promise<void> {
  return pause(milliseconds);
}

/** What a tab may have to wait at. */
export interface Gate {
  pass(): Promise<void> | undefined;
  /** Closes it, until the returned function is called. */
  close(): () => void;
}

/** Makes a gate that is open. */
export function makeGate(): Gate {
  let closed: Promise<void> | undefined;
  return {
    pass: () => closed,
    close() {
      let open = (): void => {};
      closed = new Promise((resolve) => (open = resolve));
      return () => {
        closed = undefined;
        open();
      };
    },
  };
}
