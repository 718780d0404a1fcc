import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { workspace } from "./support/package.ts";

const folder = path.join(workspace, ".github/workflows");
const workflows = await Promise.all(
  (await readdir(folder)).map(async (name) => ({ name, text: await readFile(path.join(folder, name), "utf8") })),
);
const commands = (text: string): string[] => [...text.matchAll(/^\s*(?:- )?run: (.*)$/gm)].map(([, command = ""]) => command);

describe("the workflows", () => {
  test("are those of changes and of releases", () => {
    expect(workflows.map(({ name }) => name).sort()).toEqual(["ci.yml", "release.yml"]);
  });

  test.each(workflows)("$name names every action by the hash of a commit, and says which version that is", ({ text }) => {
    const actions = [...text.matchAll(/uses:(.*)/g)].map(([, action = ""]) => action);
    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^ [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  test.each(workflows)("$name may read, keeps no credentials, and takes no secret", ({ text }) => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n(?! )/m);
    expect(text.match(/persist-credentials: false/g)?.length).toBe(text.match(/uses: actions\/checkout@/g)?.length);
    expect(text).not.toMatch(/secrets\.|pull_request_target|write-all/);
    // What others can name (titles, branches) never becomes part of a command.
    for (const command of commands(text)) expect(command).not.toContain("${{");
  });

  test("run the commands that people run", async () => {
    const [ci = "", release = ""] = ["ci.yml", "release.yml"].map((name) => workflows.find((one) => one.name === name)?.text);
    expect(commands(ci)).toEqual([".ci/run"]);
    expect(commands(release).slice(-3)).toEqual([
      ".ci/run",
      "cargo xtask release",
      "npm publish target/release-check/*.tgz --provenance --access public",
    ]);
    for (const command of commands(release).slice(0, -3)) {
      expect(command).toMatch(/^(npm install --global npm@\d+\.\d+\.\d+|cargo install cargo-deny --version \d+\.\d+\.\d+ --locked)$/);
    }
    const script = await readFile(path.join(workspace, ".ci/run"), "utf8");
    const readme = await readFile(path.join(workspace, "README.md"), "utf8");
    expect(script).toContain("exec cargo xtask test\n");
    expect(readme).toContain("cargo xtask test");
  });
});
