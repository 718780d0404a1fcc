import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

interface Option {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  /** What the comment says the default is, where it says it in one word. */
  readonly fallback: string | undefined;
}

const page = await readFile(path.join(workspace, "docs/options.md"), "utf8");
const dist = path.join(packageFolder, "dist");
const files = (await readdir(dist)).filter((name) => name.endsWith(".d.ts"));
const declared = (await Promise.all(files.map((name) => readFile(path.join(dist, name), "utf8")))).join("\n");

/** Types that the page leaves to other pages: the application makes or gets them as a whole. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "AuthorizationDetail",
  "JsonWebKeyLike",
  "Logger",
  "PreparedSignIn",
  "ProviderMetadata",
  "SessionStore",
]);
/** A member of an interface with the comment before it, as tsc writes them. */
const MEMBER = /(?:\/\*\*((?:(?!\*\/).)*)\*\/\s*)?^ {4}readonly (\w+)(\??): (.*?);$(?=\n(?: {4}[^ }]|$))/gms;

/** Declarations and the page say the same in different words: `readonly`, `| undefined`, type parameters. */
function normalised(type: string): string {
  return type
    .replace(/\breadonly |<Detail>/g, "")
    .replace(/ \| undefined\b/g, "")
    .replace(/Readonly<(Record<[^>]*>)>/g, "$1")
    .replace(/^\((\(.*\) => \w+)\)$/s, "$1")
    .replace(/;(?=\s*\})/g, "")
    .replace(/\s+/g, " ");
}

function bodyOf(name: string): { readonly bases: string; readonly body: string } | undefined {
  const pattern = new RegExp(`^export interface ${name}(?:<.*?>)?(?: extends (.*?))? \\{$(.*?)^\\}$`, "ms");
  const found = pattern.exec(declared);
  return found ? { bases: found[1] ?? "", body: found[2] ?? "" } : undefined;
}

function optionsOf(name: string): readonly Option[] {
  const members = (bodyOf(name)?.body ?? "").matchAll(MEMBER);
  return [...members].map(([, comment = "", member = "", mark, type = ""]) => {
    const text = comment.replace(/\s*\*\s*/g, " ");
    const fallback = /Default:? `?("?\w+"?)`?(?=[.,:]| \()/.exec(text)?.[1] ?? /`("\w+")` \(default\)/.exec(text)?.[1];
    return { name: member, type: normalised(type), isRequired: mark === "", fallback };
  });
}

/** Every interface that describes options of the client or of a method, by way of what their members are. */
function interfaces(): readonly string[] {
  const client = /^export declare class OidcClient\b.*?^\}$/ms.exec(declared)?.[0] ?? "";
  const found = new Set(client.match(/\b\w+Options\b/g));
  for (const name of found) {
    const { bases, body } = bodyOf(name) ?? { bases: "", body: "" };
    const code = body.replace(/\/\*\*.*?\*\//gs, "");
    for (const [word] of `${bases} ${code}`.matchAll(/\b[A-Z]\w+/g)) {
      if (bodyOf(word) && !ELSEWHERE.has(word)) found.add(word);
    }
  }
  return [...found];
}

/** What the page marks as code, without the marks. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** The rows of a table under a heading: what stands in its columns. */
function rows(heading: string): readonly (readonly string[])[] {
  const part = page.split(/^#{2,3} /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const lines = part.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|")));
}

describe("docs/options.md", () => {
  test("has a section for every interface of options, and for nothing else", () => {
    const told = [...page.matchAll(/^#{2,3} `(\w+)`$/gm)].map(([, name]) => name);
    expect(interfaces().length).toBeGreaterThan(15);
    expect(told.sort()).toEqual([...interfaces()].sort());
  });

  test.each(interfaces())("lists every option of %s, in order, with its type", (name) => {
    const told = rows(`\`${name}\``).map(([option = "", type = ""]) => plain(`${option}: ${type}`));
    expect(told).toEqual(optionsOf(name).map((option) => `${option.name}: ${option.type}`));
  });

  test.each(interfaces())("says of %s what is required and what the defaults are", (name) => {
    const told = new Map(rows(`\`${name}\``).map(([option = "", , fallback = ""]) => [plain(option), fallback]));
    for (const option of optionsOf(name)) {
      const text = told.get(option.name) ?? "";
      expect(text === "required", option.name).toBe(option.isRequired);
      expect(text, option.name).not.toBe("");
      expect(plain(text), option.name).toContain(option.fallback ?? "");
    }
  });

  test("reads the defaults out of the comments", () => {
    const found = interfaces().flatMap((name) => optionsOf(name).filter(({ fallback }) => fallback !== undefined));
    expect(found.length).toBeGreaterThan(25);
  });

  test("lists every member of the client", () => {
    const client = /^export declare class OidcClient\b.*?^\}$/ms.exec(declared)?.[0] ?? "";
    const members = client.matchAll(/^ {4}(?:static |get |readonly )?(\w+)(?:<.*?>)?[(:]/gm);
    const names = [...members].map(([, name]) => name).filter((name) => name !== "constructor");
    expect(names).toContain("monitorSession");
    expect(rows("Methods").map(([name = ""]) => plain(name))).toEqual(names);
  });

  test("lists every event, with what its handler gets", () => {
    const told = rows("Events").map(([name = "", type = ""]) => plain(`${name}: ${type}`));
    expect(told).toEqual(optionsOf("OidcEvents").map(({ name, type }) => `${name}: ${type}`));
  });
});
