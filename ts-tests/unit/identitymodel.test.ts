import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { freshPackage, workspace } from "./support/package.ts";

const run = promisify(execFile);
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const values = Object.keys(await freshPackage("node"));
const guide = await readFile(path.join(workspace, "docs/identitymodel.md"), "utf8");
const protocol = await readFile(path.join(workspace, "docs/protocol.md"), "utf8");
const ids = (await readFile(path.join(workspace, "fixtures/identitymodel-ids.txt"), "utf8")).trim().split("\n");

interface Row {
  readonly id: string;
  readonly theirs: string;
  readonly ours: string;
}

/** The rows of every mapping table: lines that begin with an ID. */
const rows = guide.split("\n").flatMap((line): Row[] => {
  const [before, id = "", theirs = "", ours = "", ...rest] = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
  if (before !== "" || !/^[A-Z][A-Z0-9]{1,2}-\d/.test(id)) return [];
  return [{ id, theirs, ours: [ours, ...rest].slice(0, -1).join(" | ") }];
});

/** A name in backticks that must exist, and where it stands. */
interface Reference {
  readonly where: string;
  readonly text: string;
}

/**
 * `name`, `name()`, `Owner.member`, `Owner.member: "value"`. A name of its own with an underscore is one of the wire,
 * and so is whatever stands in quotes or has other signs in it.
 */
const REFERENCE = /^(?!(?:null|undefined)$)(?<root>[A-Za-z]\w*)(?<members>(?:\.\w+)*)(?<call>\(\))?(?:: (?<value>"[^"]+"))?$/;

function referencesIn(where: string, text: string): Reference[] {
  return [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = ""]) => {
    const isName = REFERENCE.test(code) && (code.includes(".") || !code.includes("_"));
    return isName ? [{ where, text: code }] : [];
  });
}

/** The prose of a page: all of it but tables of the model and examples, whose code the compiler sees anyway. */
function prose(text: string): string {
  const isRow = (line: string): boolean => rows.some(({ id }) => line.startsWith(`| ${id} |`));
  return text
    .replace(/^```.*?^```$/gms, "")
    .split("\n")
    .filter((line) => !isRow(line))
    .join("\n");
}

/** The members of a type as they are declared: an index signature names nothing. */
const PRELUDE = `
type Plain = string | number | bigint | boolean | symbol | null | undefined | readonly unknown[];
type Parts<T> = T extends Plain
  ? never
  :
      | T
      | (T extends abstract new (...options: infer O) => infer I ? Exclude<O[number] | I, Plain> : never)
      | (T extends { prototype: infer I } ? (0 extends 1 & I ? never : I) : never)
      | (T extends (...options: infer O) => infer R ? Exclude<O[number] | Awaited<R>, Plain> : never);
type Declared<T> = T extends unknown
  ? keyof { [K in keyof T as string extends K ? never : number extends K ? never : K]: true }
  : never;
type At<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;
type Member<T, K> = K extends Declared<Parts<T>> ? { found: At<Parts<T>, K> } : "no such member";
type Then<T, K> = T extends { found: infer F } ? Member<F, K> : "no such member";
type Accepts<T, V> = T extends { found: infer F } ? (V extends F ? (string extends F ? false : true) : false) : false;
type Exists<T extends { found: unknown }> = T;
type IsTrue<T extends true> = T;
type IsFunction<T extends (...options: never[]) => unknown> = T;
`;

/** One line that compiles if what is referred to exists. */
function claim({ text }: Reference): string {
  const { root = "", members = "", call, value } = REFERENCE.exec(text)?.groups ?? {};
  const owner = `${values.includes(root) ? "typeof " : ""}import("oidc-wasm").${root}`;
  const names = members.split(".").slice(1);
  const [first, ...further] = names;
  if (first === undefined) return call ? `IsFunction<${owner}>` : `Exists<{ found: ${owner} }>`;
  const found = further.reduce((inner, name) => `Then<${inner}, "${name}">`, `Member<${owner}, "${first}">`);
  if (value !== undefined) return `IsTrue<Accepts<${found}, ${value}>>`;
  return call ? `IsFunction<${found}["found"]>` : `Exists<${found}>`;
}

/** Those references that the compiler does not find in the declarations of the packed package. */
async function missing(folder: string, references: readonly Reference[]): Promise<string[]> {
  const project = path.join(workspace, "target", folder);
  await rm(project, { recursive: true, force: true });
  await mkdir(project, { recursive: true });
  const head = PRELUDE.split("\n").length;
  const lines = references.map((reference, index) => `export type R${index} = ${claim(reference)};`);
  await writeFile(path.join(project, "references.ts"), `${PRELUDE}\n${lines.join("\n")}\n`);
  await writeFile(
    path.join(project, "tsconfig.json"),
    JSON.stringify({
      extends: path.join(workspace, "ts-tests/tsconfig.json"),
      compilerOptions: { lib: ["es2022", "dom", "dom.iterable", "esnext.disposable"] },
      include: ["*.ts"],
    }),
  );
  const said = await run(process.execPath, [tsc, "-p", project, "--noEmit", "--pretty", "false"]).then(
    () => "",
    (failure: { stdout?: string }) => failure.stdout ?? String(failure),
  );
  const found = new Set<string>();
  for (const line of said.split("\n").filter((text) => text.includes("error TS"))) {
    const at = /references\.ts\((\d+),/.exec(line);
    const reference = at ? references[Number(at[1]) - 1 - head] : undefined;
    found.add(reference ? `${reference.where}: ${reference.text}` : line);
  }
  return [...found];
}

describe("docs/identitymodel.md", () => {
  test("has one row for every ID of the model, and none for another", () => {
    expect(ids).toHaveLength(463);
    expect(rows.map((row) => row.id).sort()).toEqual([...ids].sort());
  });

  test("leaves no cell empty", () => {
    for (const { id, theirs, ours } of rows) {
      expect(theirs.length, id).toBeGreaterThan(1);
      expect(ours, id).toMatch(/`[^`]+`|\w+ \w+/);
      expect(ours.split("`").length % 2, `backticks of ${id}`).toBe(1);
    }
  });

  test("says “Not yet” about the session layer only", () => {
    const open = rows.filter((row) => /not yet/i.test(row.ours));
    for (const { id, ours } of open) {
      expect(id).toMatch(/^(?:PK-0[234]|DP-\d\d|OO-\d\d|OF-\d\d|AT-\d\d)$/);
      // One form, so that what is open can be searched for.
      expect(ours, id).toMatch(/Not yet: \S.*\.$/);
    }
  });

  test("names only what the package exports", async () => {
    const mapped = rows.flatMap((row) => referencesIn(row.id, row.ours));
    // Most rows name something; a change of the convention must not empty this test.
    expect(mapped.length).toBeGreaterThan(500);
    expect(new Set(mapped.map((reference) => reference.text)).size).toBeGreaterThan(300);
    const inProse = [
      ...referencesIn("docs/identitymodel.md", prose(guide)),
      ...referencesIn("docs/protocol.md", prose(protocol)),
    ];
    expect(await missing("identitymodel", [...mapped, ...inProse])).toEqual([]);
  });

  test("would notice a name that does not exist", async () => {
    const wrong = [
      "requestTokens",
      "TokenEndpointResponses",
      "fetchUserInfo.subjects",
      "TokenEndpointResponse.access_token",
      "OidcClient.logIn",
      "DpopKey.prove",
      "GrantTypes.Nothing",
      "ProviderMetadata.no_such_member",
      "fetchDiscoveryDocument.discoveryPolicy.requireKeys",
      'ClientAuthentication.method: "client_secret"',
      'requestToken.clientId: "spa"',
      "GrantTypes()",
    ];
    const right = ["fetchUserInfo()", "OidcClient.signIn()", "DpopKey.proof()", "DpopKey.from()", 'ClientAuthentication.method: "client_secret_basic"'];
    const references = [...wrong, ...right].flatMap((text) => referencesIn("x", `\`${text}\``));
    expect(references).toHaveLength(wrong.length + right.length);
    expect(await missing("identitymodel-wrong", references)).toEqual(wrong.map((text) => `x: ${text}`));
  });
});
