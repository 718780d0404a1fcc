import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { transform } from "esbuild";
import { registerClient, type ClientMetadataDocument } from "oidc-wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServers } from "../support/protocol/servers.js";
import { type Package, World } from "../support/protocol/world.js";
import { files, pages, put, readdressed, runnable, workspace } from "../support/snippets.js";

describe("every page that people follow", () => {
  test("has code that is run, or says why not", async () => {
    const silent: string[] = [];
    for (const page of await pages()) {
      const { flows, reason } = await runnable(page);
      if (flows.size === 0 && reason === undefined) silent.push(page);
      expect(flows.size > 0 && reason !== undefined, `${page} runs something and says that it does not`).toBe(false);
    }
    expect(silent).toEqual([]);
  });

  test("and what is marked to be run is run by a test", async () => {
    const tests = ["unit", "browser"].map((folder) => path.join(workspace, "ts-tests", folder, "guides.test.ts"));
    const code = (await Promise.all(tests.map((file) => readFile(file, "utf8")))).join("\n");
    const forgotten: string[] = [];
    for (const page of await pages()) {
      for (const name of (await runnable(page)).flows.keys()) {
        if (!code.includes(`"${page}#${name}"`)) forgotten.push(`${page}#${name}`);
      }
    }
    expect(forgotten).toEqual([]);
  });
});

describe("what takes code out of the guides", () => {
  const found = { "main.ts": 'fetch("https://id.example.com/"); fetch("https://api.example.com/");' };

  test("changes every address, and refuses an example that has others or lacks one", () => {
    const [id, api] = ["https://id.example.com", "https://api.example.com"];
    const changed = readdressed(found, { [id]: "http://localhost:1", [api]: "http://localhost:2" });
    expect(changed).toEqual({ "main.ts": 'fetch("http://localhost:1/"); fetch("http://localhost:2/");' });
    expect(() => readdressed(found, { [id]: "http://localhost:1" })).toThrow("api.example.com");
    const login = "https://login.example.com";
    expect(() => readdressed(found, { [login]: "http://localhost:1" })).toThrow(login);
  });

  test("fails where a block is missing", async () => {
    await expect(files("docs/guides/redirect.md#nothing")).rejects.toThrow("no block that is run as nothing");
    await expect(files("docs/dpop.md#redirect")).rejects.toThrow("no block that is run as redirect");
  });
});

/** The servers and a way to register clients. Nothing in here is of the guide. */
let world: World;
let stop: () => PromiseLike<void>;

beforeAll(async () => {
  const started = await startServers();
  stop = () => started[Symbol.asyncDispose]();
  world = new World((await import("oidc-wasm/node")) as Package, started.servers);
});
afterAll(() => stop());

interface Run {
  /** Resolves with the first text of the output that fits. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** Everything it said, once it has ended by itself. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;
}

/** Runs one program of the guide in a Node of its own, with a client that was registered as the guide says. */
async function run(name: string, clientId: string, metadata: ClientMetadataDocument, ...args: string[]): Promise<Run> {
  const [, file = ""] = name.split("#");
  const { provider } = world;
  const registered = await registerClient({
    address: `${provider.issuer}/reg`,
    initialAccessToken: provider.initialAccessToken,
    clientMetadata: { redirect_uris: [], response_types: [], ...metadata },
  });
  const addresses = { "https://id.example.com": provider.issuer, [clientId]: registered.clientId };
  const found = readdressed(await files(name), addresses);
  const folder = await put(`${file}-${args.join("-")}`, found);
  const { code } = await transform(found[`${file}.ts`] ?? "", { loader: "ts", format: "esm", target: "es2022" });
  const program = path.join(folder, `${file}.mjs`);
  await writeFile(program, code);
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...process.env, CLIENT_SECRET: registered.clientSecret ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, "close").then(([status]) => ({ code: status as number | null, output }));
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output);
        if (match) resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`It ended without saying ${String(pattern)}: ${output}`)));
    });
  return { said, ended };
}

// Each waits for the interval that the server names, so they wait together.
describe.concurrent("the programs of the guide to devices, CIBA and services, each in a Node of its own", () => {
  const device: ClientMetadataDocument = {
    token_endpoint_auth_method: "none",
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
  };
  const ciba: ClientMetadataDocument = {
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["urn:openid:params:grant-type:ciba"],
    backchannel_token_delivery_mode: "poll",
  };
  const service: ClientMetadataDocument = {
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["client_credentials"],
  };

  test.each([
    ["a device signs in who types its code elsewhere", {}, "Signed in as alice"],
    ["a device tells who refused", { answer: "deny" as const }, "You said no."],
  ])("%s", async (_, how, last) => {
    const { said, ended } = await run("docs/guides/device-and-ciba.md#device", "my-tv", device, ...Object.keys(how));
    const [, userCode = ""] = await said(/type (\S+)/);
    await world.enterUserCode(userCode, how);
    const { code, output } = await ended;
    expect(output.trim().split("\n").at(-1)).toBe(last);
    expect(code).toBe(0);
  });

  test.each([
    ["alice", "Confirmed by alice"],
    ["alice-refuses", "The person said no."],
  ])("CIBA asks %s", async (hint, last) => {
    const { ended } = await run("docs/guides/device-and-ciba.md#ciba", "my-till", ciba, hint);
    expect(await ended).toEqual({ code: 0, output: `Waiting for Till 7, 12.50\n${last}\n` });
  });

  test("a service gets a token once and keeps it", async () => {
    const { ended } = await run("docs/guides/device-and-ciba.md#service", "my-service", service);
    const { code, output } = await ended;
    expect(output).toMatch(/^A token of \d+ characters, asked for once\n$/);
    expect(code).toBe(0);
  });
});
