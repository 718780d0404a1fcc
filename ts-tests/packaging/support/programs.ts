import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { packaging, workspace } from "./paths.ts";

interface RunOptions {
  /** The application's folder. */
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program of node_modules to its end, as a script of package.json does: of the workspace, otherwise of
 * `ts-tests/packaging`. What it says is the error, if it fails.
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const child = start(program, args, options);
  let text = "";
  child.stdout?.on("data", (chunk) => (text += String(chunk)));
  child.stderr?.on("data", (chunk) => (text += String(chunk)));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${text}`);
  return text;
}

/** A program that goes on until it is stopped, such as a server of development. */
export interface Running {
  stop(): Promise<void>;
}

/** Starts a server and waits until it answers at `url`. */
export async function serveBy(
  program: string,
  args: readonly string[],
  url: string,
  options: RunOptions,
): Promise<Running> {
  const child = start(program, args, options);
  let text = "";
  child.stdout?.on("data", (chunk) => (text += String(chunk)));
  child.stderr?.on("data", (chunk) => (text += String(chunk)));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = async (): Promise<void> => {
    // The whole group: such programs have children.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
    await closed;
  };
  const deadline = Date.now() + 200_000;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await fetch(url).then((response) => response.ok, () => false)) return { stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (child.exitCode === null) await stop();
  throw new Error(`${program} ${args.join(" ")} does not serve ${url}:\n${text}`);
}

function start(program: string, args: readonly string[], { cwd, env }: RunOptions): ChildProcess {
  const file = [
    ...[workspace, packaging].map((folder) => path.join(folder, "node_modules/.bin", program)),
    // An older one beside the newest, under a name of our own: npm has one name for the program of both.
    path.join(packaging, "node_modules", program, "bin/vite.js"),
  ].find(existsSync);
  if (file === undefined) throw new Error(`There is no ${program}: \`npm ci --ignore-scripts\` in ts-tests/packaging.`);
  const inherited = { ...process.env };
  // Bundlers ask whether they are being tested, and then do other things than for people.
  const ofTests = ["NODE_ENV", "VITEST", "VITEST_MODE", "TEST", "MODE", "DEV", "PROD", "SSR", "BASE_URL"];
  for (const name of ofTests) delete inherited[name];
  const quiet = { NEXT_TELEMETRY_DISABLED: "1", NG_CLI_ANALYTICS: "false", NO_COLOR: "1", CI: "1" };
  const all = { ...inherited, ...quiet, ...env };
  return spawn(file, args, { cwd, env: all, stdio: ["ignore", "pipe", "pipe"], detached: true });
}

/** A port that is free now, for servers that cannot choose one and say which. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("A server has no port.");
  return address.port;
}
