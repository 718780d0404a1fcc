import { expect, test } from "vitest";
import { percentiles, type Profile, type Round, SOON, type TabsWorld, useTabs } from "../support/tabs.js";

const the = useTabs({ peer: true });

const TABS = 20;
const ROUNDS = 4;

/** What one library made of the scenario. */
interface Outcome {
  readonly library: string;
  readonly requests: string;
  readonly failed: number;
  readonly renewals: number;
  readonly survived: boolean;
  readonly waits: string;
}

function print(title: string, rows: readonly Outcome[]): void {
  const lines = rows.map(
    ({ library, requests, failed, renewals, survived, waits }) =>
      `| ${library.padEnd(14)} | ${requests.padEnd(18)} | ${`${failed} of ${renewals}`.padEnd(15)} | ${(survived ? "survived" : "lost").padEnd(8)} | ${waits.padEnd(15)} |`,
  );
  console.log(
    [
      title,
      "| library        | requests a round   | failed renewals | session  | p50 / p95 in ms |",
      "|----------------|--------------------|-----------------|----------|-----------------|",
      ...lines,
    ].join("\n"),
  );
}

/** Whether the refresh token that was given out last still works. */
async function hasSurvived(world: TabsWorld, clientId: string): Promise<boolean> {
  const last = world.provider.requests.findLast((request) => request.clientId === clientId && request.refreshToken !== undefined);
  return last?.refreshToken !== undefined && world.provider.isUsable(last.refreshToken);
}

/** All clocks jump past the expiry, as when a computer wakes, and every tab's own timer finds the token too old. */
async function wake(world: TabsWorld, profile: Profile, library: string, clientId: string): Promise<Outcome> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await profile.round({ patience: 5_000 }));
  const reports = rounds.flatMap((round) => [...round.reports.values()]);
  const { p50, p95 } = percentiles(reports.map(({ waited }) => waited));
  return {
    library,
    requests: rounds.map(({ requests }) => requests).join(", "),
    failed: TABS * ROUNDS - reports.filter(({ token }) => token !== undefined && token !== "").length,
    renewals: TABS * ROUNDS,
    survived: await hasSurvived(world, clientId),
    waits: `${p50} / ${p95}`,
  };
}

test(`RF-01: ${TABS} tabs wake together, ${ROUNDS} times: this library and oidc-client-ts side by side`, async () => {
  const { world } = the;
  world.provider.latency = 50;
  const peers = await world.profile();
  await peers.openPeers(TABS, world.peerSettings({ clientId: "other" }));
  const theirs = await wake(world, peers, "oidc-client-ts", "other");
  await peers.close();

  const own = await world.profile();
  await own.signIn(world.options(), { manner: "timer" });
  await own.open(TABS - 1, world.options(), () => "timer");
  const ours = await wake(world, own, "oidc-wasm", "tabs");
  const signedOut = (await own.events()).filter(({ name }) => name === "signedOut");
  print(`${TABS} tabs, one profile, localStorage, rotating refresh tokens, automatic renewal after sleep:`, [ours, theirs]);

  // The other library's numbers are printed and judge nothing.
  expect(ours).toMatchObject({ requests: Array.from({ length: ROUNDS }, () => 1).join(", "), failed: 0, survived: true });
  expect(signedOut).toEqual([]);
});

test("RF-09: eight tabs by the clock of the machine, nobody asks: the same side by side", async () => {
  const { world } = the;
  const tabs = 8;
  world.provider.latency = 50;
  world.provider.lifetime = 12;
  const [own, peers] = [await world.profile({ jumps: false }), await world.profile({ jumps: false })];
  await Promise.all([
    own.signIn(world.options(), { manner: "timer" }).then(() => own.open(tabs - 1, world.options(), () => "timer")),
    peers.openPeers(tabs, world.peerSettings({ clientId: "other", expiring: 4 })),
  ]);
  await expect.poll(() => world.provider.refreshes.filter(({ clientId, outcome }) => clientId === "tabs" && outcome === "ok").length, { ...SOON, timeout: 30_000 }).toBe(2);
  const row = async (library: string, clientId: string, profile: Profile): Promise<Outcome> => {
    const requests = world.provider.refreshes.filter((request) => request.clientId === clientId);
    const failed = (await profile.events()).filter(({ name }) => name === "renewalFailed").length;
    const succeeded = requests.filter(({ outcome }) => outcome === "ok").length;
    return { library, requests: `${requests.length} in all`, failed, renewals: failed + succeeded, survived: await hasSurvived(world, clientId), waits: "" };
  };
  const [ours, theirs] = [await row("oidc-wasm", "tabs", own), await row("oidc-client-ts", "other", peers)];
  print(`${tabs} tabs, tokens of 12 seconds, until ours were renewed twice:`, [ours, theirs]);
  expect(ours).toMatchObject({ requests: "2 in all", failed: 0, survived: true });
  expect((await own.events()).filter(({ name }) => name === "signedOut")).toEqual([]);
});
