import * as oidc from "oidc-wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hurry } from "../support/protocol/hurry.js";
import { scenarios } from "../support/protocol/scenarios.js";
import { startServers } from "../support/protocol/servers.js";
import { DEADLINE, World } from "../support/protocol/world.js";

let started: Awaited<ReturnType<typeof startServers>>;
let world: World;

beforeAll(async () => {
  started = await startServers();
  await oidc.init();
  world = new World(oidc, started.servers);
});

afterAll(() => started[Symbol.asyncDispose]());

describe.each(Object.entries(scenarios))("every endpoint, in Node: %s", (_group, scenarios) => {
  test.each(scenarios)("$rule", async ({ run, check }) => {
    // As text once, for a page can hand over nothing else.
    const result = JSON.parse(JSON.stringify(await run(world))) as unknown;
    expect(result).toBeDefined();
    check(result, expect, started.servers);
  });
});

describe("polling", () => {
  const pending = { status: 400, body: { error: "authorization_pending" } };
  const slowDown = { status: 400, body: { error: "slow_down" } };
  const granted = { body: { access_token: "a", token_type: "Bearer" } };

  test.each(["device", "backchannel"])(
    "(%s) waits before each request, and 5 seconds more for good after each slow_down",
    async (kind) => {
      const address = await world.script(pending, slowDown, pending, slowDown, pending, granted);
      const waits = hurry();
      const request = { address, clientId: "spa", interval: 2, timeoutSeconds: DEADLINE };
      const { accessToken } = await (kind === "device"
        ? oidc.pollDeviceToken({ ...request, deviceCode: "d" })
        : oidc.pollBackchannelAuthentication({ ...request, authReqId: "r" }));
      expect(accessToken).toBe("a");
      expect(waits).toEqual([2, 2, 7, 7, 12, 12]);
    },
  );

  test("asks every five seconds when nobody says otherwise", async () => {
    const address = await world.script(pending, granted);
    const waits = hurry();
    await oidc.pollDeviceToken({ address, clientId: "spa", deviceCode: "d", timeoutSeconds: DEADLINE });
    expect(waits).toEqual([5, 5]);
  });

  test("goes on after no answer, a late one and after 5xx, waiting twice as long each time, then as before", async () => {
    const address = await world.script({ fault: "drop" }, { fault: "silent" }, { status: 503 }, pending, granted);
    const waits = hurry();
    await oidc.pollDeviceToken({ address, clientId: "spa", deviceCode: "d", interval: 3, timeoutSeconds: 90 });
    expect(waits).toEqual([3, 90, 6, 90, 12, 90, 24, 90, 3, 90]);
  });

  test("goes on after 5xx in OAuth's own words", async () => {
    const trouble = [500, 503].map((status) => ({
      status,
      body: { error: status === 500 ? "server_error" : "temporarily_unavailable" },
    }));
    const address = await world.script(...trouble, granted);
    const waits = hurry();
    await oidc.pollDeviceToken({ address, clientId: "spa", deviceCode: "d", interval: 3, timeoutSeconds: DEADLINE });
    expect(waits).toEqual([3, 6, 12]);
  });

  test.each([
    ["of no type", {}],
    ["in OAuth's own words", { body: { error: "too_many_requests" } }],
  ])("waits as long as Retry-After says, at most a minute: an answer %s", async (_name, answer) => {
    const after = (retryAfter: string) => ({ status: 429, headers: { "retry-after": retryAfter }, ...answer });
    const address = await world.script(after("20"), after("999999"), after("0"), granted);
    const waits = hurry();
    const request = { address, clientId: "spa", deviceCode: "d", interval: 1, timeoutSeconds: DEADLINE };
    await oidc.pollDeviceToken(request);
    expect(waits).toEqual([1, 20, 60, 60]);
  });

  test("waits until the date that Retry-After says", async () => {
    const soon = new Date(Date.now() + 30_000).toUTCString();
    const address = await world.script({ status: 503, headers: { "retry-after": soon } }, granted);
    const waits = hurry();
    await oidc.pollDeviceToken({ address, clientId: "spa", deviceCode: "d", interval: 1, timeoutSeconds: DEADLINE });
    expect(waits).toHaveLength(2);
    // One second for the first wait, and the clock's fraction of another.
    expect(waits[1]).toBeGreaterThanOrEqual(27);
    expect(waits[1]).toBeLessThanOrEqual(30);
  });

  test("ends when the code expires, and asks nothing after that", async () => {
    const address = await world.script(pending);
    await world.taken();
    const waits = hurry();
    const request = { address, clientId: "spa", deviceCode: "d", interval: 5, expiresIn: 17, timeoutSeconds: DEADLINE };
    await expect(oidc.pollDeviceToken(request)).rejects.toMatchObject({
      code: "polling_expired",
      type: "interaction",
      retryable: false,
    });
    expect(await world.taken()).toHaveLength(3);
    expect(waits.slice(0, 3)).toEqual([5, 5, 5]);
  });

  test("ends when the server says that the code has expired, with what it said", async () => {
    const address = await world.script(pending, {
      status: 400,
      body: { error: "expired_token", error_description: "Too late." },
    });
    const waits = hurry();
    const request = { address, clientId: "spa", deviceCode: "d", interval: 1, timeoutSeconds: DEADLINE };
    await expect(oidc.pollDeviceToken(request)).rejects.toMatchObject({
      code: "polling_expired",
      type: "interaction",
      status: 400,
      error: "expired_token",
      errorDescription: "Too late.",
    });
    expect(waits).toEqual([1, 1]);
  });

  test.each(["access_denied", "invalid_grant"])("ends at %s", async (error) => {
    const address = await world.script(pending, { status: 400, body: { error } });
    const waits = hurry();
    const request = { address, clientId: "spa", authReqId: "r", interval: 1, timeoutSeconds: DEADLINE };
    await expect(oidc.pollBackchannelAuthentication(request)).rejects.toMatchObject({
      code: "token_error",
      error,
      status: 400,
    });
    expect(waits).toEqual([1, 1]);
  });
});
