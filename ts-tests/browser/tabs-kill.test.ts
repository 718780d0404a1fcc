import { expect, test } from "vitest";
import { alice } from "./support.js";
import { percentiles, type Profile, SOON, type Stopped, useTabs } from "../support/tabs.js";
import { LIFETIME } from "../support/tabs-provider.js";

const the = useTabs();

const TABS = 20;
/** For each storage, and as many again for the other. */
const KILLS = 5;
/** Deadline of one request, in seconds, and how long the lock is held at most, in milliseconds. */
const TIMEOUT = 4;
const LOCK_BOUND = (2 * TIMEOUT + 2) * 1000;
/** What a call takes by itself where twenty pages share two cores, in milliseconds. */
const MARGIN = 6_000;
/** What somebody hears whose session has ended: by errors, or by the event. */
const ENDED = new Set(["session_ended", "not_signed_in", "session_lost", "signedOut"]);

/** Where the page that renews is killed, and how the test gets hold of it there. */
interface Point {
  readonly name: string;
  /** What becomes of the token requests: that of the tab that is killed, if it sends one, and that of the next in line. */
  readonly outcomes: readonly string[];
  stop(profile: Profile, kill: number): Promise<Stopped>;
}

/** Stops the request at the provider; the page is the one that sent it. */
async function atProvider(profile: Profile, where: "arrival" | "answer"): Promise<Stopped> {
  const held = profile.world.provider.hold(where);
  const sent = profile.context.waitForEvent("request", (request) => request.url().endsWith("/token") && request.method() === "POST");
  const [request] = await Promise.all([sent, held.reached]);
  const tab = profile.tabOf(request);
  if (!tab) throw new Error("Nobody knows which tab sent the request.");
  // A request of a page that is gone is lost; the provider's side of the connection may not have heard of it yet.
  const release = where === "arrival" ? held.drop : held.release;
  return { tab, isBlocked: false, release: async () => release() };
}

const POINTS: readonly Point[] = [
  { name: "before sending", outcomes: ["ok"], stop: (profile) => profile.stopAt("before sending") },
  { name: "after sending, which the provider never sees", outcomes: ["lost", "ok"], stop: (profile) => atProvider(profile, "arrival") },
  { name: "after sending", outcomes: ["ok", "invalid_grant"], stop: (profile) => atProvider(profile, "answer") },
  {
    name: "after the response",
    outcomes: ["ok", "invalid_grant"],
    stop: (profile, kill) => profile.stopAt(kill % 2 === 0 ? "after the response" : "before save 1"),
  },
  { name: "after saving the refresh token", outcomes: ["ok", "ok"], stop: (profile) => profile.stopAt("after save 1") },
  { name: "after saving all", outcomes: ["ok"], stop: (profile) => profile.stopAt("after save 2") },
];

test.each(["local", "indexedDb"] as const)(
  `RF-02, RF-04, RF-07: ${TABS} tabs, storage "%s": the tab that renews is killed, ${KILLS} times at each point`,
  async (storage) => {
    const { world } = the;
    const profile = await world.profile();
    await profile.watchStops();
    const options = world.options({ storage, timeoutSeconds: TIMEOUT });
    await profile.signIn(options);
    const manner = (index: number) => (index < 14 ? "asks" : index < 17 ? "both" : "timer");
    await profile.open(TABS - 1, options, manner);
    const rows: string[] = [];

    for (const { name, outcomes, stop } of POINTS) {
      const isSpent = outcomes.includes("invalid_grant");
      const waits: number[] = [];
      const killed: Stopped["tab"][] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        world.provider.forget();
        await Promise.all(profile.tabs.map(({ page }) => page.evaluate(() => window.tab.events.splice(0))));
        const stopping = stop(profile, kill);
        const { reports } = await profile.round({
          whileRunning: async () => {
            const stopped = await stopping;
            killed.push(stopped.tab);
            await profile.kill(stopped);
            await stopped.release();
          },
        });
        const found = profile.tabs.map((tab) => reports.get(tab));
        const tokens = found.map((report) => report?.token).filter((token) => token !== undefined);
        const codes = new Set(found.map((report) => report?.code).filter((code) => code !== undefined));
        const summary = async (): Promise<object> => ({
          reports: reports.size,
          withToken: tokens.length,
          tokens: new Set(tokens).size,
          otherCodes: [...codes].filter((code) => !ENDED.has(code)),
          signedOut: (await profile.events()).filter((seen) => seen.name === "signedOut").length,
          outcomes: world.provider.requests.map(({ outcome }) => outcome),
        });
        const all = profile.tabs.length;
        // A session survives in all tabs, or it ends in all: by a typed error and by one event.
        const end = isSpent ? { withToken: 0, tokens: 0, signedOut: all } : { withToken: all, tokens: 1, signedOut: 0 };
        await expect.poll(summary, { ...SOON, message: `${name}, kill ${kill + 1}` }).toEqual({ reports: all, otherCodes: [], outcomes, ...end });
        waits.push(...found.map((report) => report?.waited ?? Infinity));
        const [tab] = profile.tabs;
        if (isSpent && tab) await profile.signIn(options, { tab });
      }
      await profile.open(killed.length, options, (index) => killed[index]?.manner ?? "asks");
      // Whatever happened, the next expiry is as every other.
      const { reports, requests } = await profile.round({ seconds: LIFETIME + 1 });
      expect(requests, `the round after ${name}`).toBe(1);
      expect([...reports.values()].filter(({ token }) => token === undefined), `the round after ${name}`).toEqual([]);
      const longest = Math.max(...waits);
      expect(longest, name).toBeLessThan(LOCK_BOUND + MARGIN);
      const cells = [isSpent ? "ended" : "survived", String(outcomes.length - 1), String(percentiles(waits).p95), String(Math.round(longest))];
      rows.push(`| ${name.padEnd(44)} | ${cells.map((cell) => cell.padStart(8)).join(" | ")} |`);
    }
    const subjects = await Promise.all(profile.tabs.map(({ page }) => page.evaluate(() => window.clients.main.session?.subject)));
    expect(subjects).toEqual(profile.tabs.map(() => alice.subject));
    console.log(
      [
        `${TABS} tabs, storage "${storage}", ${KILLS} kills at each point; the lock bound is ${LOCK_BOUND} ms:`,
        "| killed                                       | session  | extra    | p95 ms   | longest  |",
        "|----------------------------------------------|----------|----------|----------|----------|",
        ...rows,
      ].join("\n"),
    );
  },
  600_000,
);

test("RF-02: a tab that hangs with the lock is left behind after the bound, and brings nothing back when it goes on", async () => {
  const { world } = the;
  const profile = await world.profile();
  await profile.watchStops();
  const options = world.options({ storage: "local", timeoutSeconds: 1 });
  await profile.signIn(options);
  await profile.open(4, options);
  world.provider.forget();
  const stopping = profile.stopAt("after save 2");
  let hangs: Stopped | undefined;
  const { reports, requests } = await profile.round({
    patience: 15_000,
    whileRunning: async () => {
      hangs = await stopping;
      // Its own report comes when it goes on.
      await profile.whenReported(profile.tabs.length - 1);
      await hangs.release();
    },
  });
  const others = profile.tabs.filter((tab) => tab !== hangs?.tab).map((tab) => reports.get(tab));
  expect(new Set(others.map((report) => report?.token)).size).toBe(1);
  expect(Math.max(...others.map((report) => report?.waited ?? Infinity))).toBeLessThan(4_000 + MARGIN);
  expect(requests).toBe(1);
  const again = await profile.round();
  expect(again.requests).toBe(1);
  expect(new Set([...again.reports.values()].map(({ token }) => token)).size).toBe(1);
  expect((await profile.events()).filter(({ name }) => name === "signedOut")).toEqual([]);
});
