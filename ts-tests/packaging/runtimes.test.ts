import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scenarios } from "../support/protocol/scenarios.js";
import { startServers } from "../support/protocol/servers.js";
import type { Outcome, Report } from "./apps/runtimes/check.js";
import { buildRuntimes, deployedScript, runtimes } from "./support/runtimes.ts";

type Servers = Awaited<ReturnType<typeof startServers>>;
interface Row {
  readonly started: Servers;
  readonly report: Promise<Report>;
}

/** Each runtime has servers of its own, which count what it sends. */
const rows = new Map<string, Row>();

beforeAll(async () => {
  await buildRuntimes();
  // Two at a time: mostly they wait, as many rules are about waiting.
  const names = Object.keys(runtimes);
  const lane = async (): Promise<void> => {
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      const started = await startServers();
      const report = (runtimes[name] as (typeof runtimes)[string])(started.servers);
      rows.set(name, { started, report });
      // Its own test says what has failed.
      await report.catch(() => {});
    }
  };
  await Promise.all([lane(), lane()]);
});
afterAll(() => Promise.all([...rows.values()].map(({ started }) => started[Symbol.asyncDispose]())));

const PAGE = { code: "unsupported_environment", feature: "window", message: "This needs a page in a browser, and there is none here." };
const failing = (code: string, message: unknown = expect.any(String)) => ({ code, message, feature: null });
/** What is kept between sending somebody away and the way back lies in `sessionStorage`, which pages have, and Deno. */
const STORAGE = failing("storage_unavailable");

/** What each method of a client does where there is no page, and nobody is signed in. */
const CLIENT: Readonly<Record<string, unknown>> = {
  start: { value: null },
  session: { value: null },
  signIn: PAGE,
  prepareSignIn: STORAGE,
  signInPopup: PAGE,
  signInSilent: PAGE,
  signInFromThirdParty: PAGE,
  "signInFromThirdParty, with an address": PAGE,
  handleCallback: failing("not_a_callback"),
  getAccessToken: failing("not_signed_in"),
  getIdToken: failing("not_signed_in"),
  renew: failing("not_signed_in"),
  fetch: failing("not_signed_in"),
  fetchUserInfo: failing("not_signed_in"),
  stepUpChallenge: { value: null },
  stepUp: failing("invalid_argument"),
  signOut: STORAGE,
  "signOut, only here": { value: { remote: false } },
  signOutPopup: PAGE,
  signOutSilent: STORAGE,
  frontChannelLogout: PAGE,
  "frontChannelLogout, with an address": { value: false },
  monitorSession: PAGE,
  clearSession: { value: null },
  dispose: { value: null },
};

/** What differs. */
const CLIENT_OF: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Deno: { prepareSignIn: { value: expect.stringMatching(/^http:\/\/127\.0\.0\.1:/) }, signOut: PAGE, signOutSilent: PAGE },
};

const FUNCTIONS: Readonly<Record<string, unknown>> = {
  early: failing("not_initialized"),
  handOverResponse: { value: false },
  "a key of WebCrypto": { value: 3 },
  "a key in memory": { value: 3 },
  diagnose: { value: "not_an_oidc_error" },
};

/** Keys of WebCrypto are there; those in memory need a second script with a second wasm, which cannot come later on here. */
const FUNCTIONS_OF: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  workerd: { "a key in memory": failing("wasm_load_failed", expect.stringContaining("disallowed by embedder")) },
  "a service worker": { "a key in memory": failing("wasm_load_failed", expect.stringContaining("Service workers load nothing later on")) },
};

/** Rules whose test does something itself that a runtime cannot. */
const NOT_IN: Readonly<Record<string, readonly string[]>> = {
  // It copies a CryptoKey by structuredClone().
  workerd: ["code, tokens and userinfo are bound to a key: whoever has another gets nothing"],
};

describe.each(Object.keys(runtimes))("in %s", (name) => {
  test("every rule of every endpoint holds, against a real provider", async () => {
    const { started, report } = rows.get(name) as Row;
    const outcomes = (await report).scenarios;
    const failures: string[] = [];
    let count = 0;
    for (const [group, members] of Object.entries(scenarios)) {
      for (const { rule, check } of members) {
        if (NOT_IN[name]?.includes(rule)) continue;
        count += 1;
        const outcome: Outcome | undefined = outcomes[group]?.[rule];
        try {
          expect(outcome).toHaveProperty("value");
          check((outcome as { value: unknown }).value, expect, started.servers);
        } catch (failure) {
          failures.push(`${rule}: ${JSON.stringify(outcome)} ${String(failure)}`);
        }
      }
    }
    expect(failures).toEqual([]);
    expect(count).toBeGreaterThan(40);
  });

  test("a client says by a typed error what needs a page, and does the rest", async () => {
    const { report } = rows.get(name) as Row;
    expect((await report).client).toEqual({ ...CLIENT, ...CLIENT_OF[name] });
  });

  test("functions that need no client work, or say why not", async () => {
    const { report } = rows.get(name) as Row;
    expect((await report).functions).toEqual({ ...FUNCTIONS, ...FUNCTIONS_OF[name] });
  });
});

test("the name oidc-wasm leads Wrangler to the wasm as a module, and to nothing of Node", async () => {
  const script = await deployedScript();
  expect(script.match(/^import .* from "\.\/oidc_wasm_bg\.wasm";$/gm)).toHaveLength(1);
  expect(script).not.toMatch(/node:/);
});
