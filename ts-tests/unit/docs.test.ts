import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.ts";

const folder = path.join(workspace, "docs/diagrams");
const texts = (await readdir(folder)).filter((name) => name.endsWith(".txt"));
const names = texts.map((name) => path.basename(name, ".txt"));
const generator = pathToFileURL(path.join(workspace, "docs/site/diagrams.mjs")).href;
const { draw } = (await import(generator)) as { draw(text: string): string };

async function read(...parts: readonly string[]): Promise<string> {
  return readFile(path.join(workspace, ...parts), "utf8");
}

/** The codes that the package has. */
const declarations = await readFile(path.join(packageFolder, "dist/errors.d.ts"), "utf8");
const table = /interface OidcErrorTypes \{(.*?)^\}/ms.exec(declarations)?.[1] ?? "";
const CODES = new Set([...table.matchAll(/^ {4}(\w+): "/gm)].map(([, code = ""]) => code));

describe.each(names)("the diagram %s", (name) => {
  test("is drawn from its description: `node docs/site/diagrams.mjs` draws it again", async () => {
    expect(await read("docs/diagrams", `${name}.svg`)).toBe(draw(await read("docs/diagrams", `${name}.txt`)));
  });

  test("says what it shows to people who do not see it, and has its texts as texts", async () => {
    const picture = await read("docs/diagrams", `${name}.svg`);
    expect(picture).toMatch(/role="img" aria-labelledby="title description"/);
    expect(picture).toMatch(/<title id="title">[^<]{5,}<\/title>/);
    expect(picture).toMatch(/<desc id="description">[^<]{50,}<\/desc>/);
    expect(picture.match(/<text /g)?.length).toBeGreaterThan(8);
    expect(picture).toContain("prefers-color-scheme: dark");
    expect(picture).not.toMatch(/<script|href=|url\(/);
  });

  test("stands in docs/concepts.md, with words for those who do not see it", async () => {
    expect(await read("docs/concepts.md")).toMatch(new RegExp(`!\\[[^\\]]{60,}\\]\\(diagrams/${name}\\.svg\\)`));
  });
});

describe("diagrams", () => {
  test("have a description each: nothing else is committed", async () => {
    expect((await readdir(folder)).sort()).toEqual(names.flatMap((name) => [`${name}.svg`, `${name}.txt`]).sort());
    expect(names.length).toBeGreaterThan(4);
  });

  test("of a step or a participant that nobody understands are not drawn", () => {
    const head = "title: A\ndescription: B\nparticipants: One | Two\n";
    expect(() => draw(`${head}One => Two: asks`)).toThrow("One => Two: asks");
    expect(() => draw(`${head}One -> Three: asks`)).toThrow('"Three"');
    expect(draw(`${head}One -> Two: <asks> & "waits"`)).toContain('&lt;asks&gt; &amp; "waits"');
  });
});

describe("docs/concepts.md", () => {
  test("names for each check codes that exist", async () => {
    const part = /^### What is checked.*?$(.*?)^## /ms.exec(await read("docs/concepts.md"))?.[1] ?? "";
    const rows = part.split("\n").filter((line) => line.startsWith("| "));
    const last = rows.slice(1).map((line) => line.split("|").at(-2) ?? "");
    const codes = last.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, code = ""]) => code));
    expect(codes.length).toBeGreaterThan(20);
    expect(codes.filter((code) => !CODES.has(code))).toEqual([]);
  });
});

describe("docs/security.md", () => {
  test("has a policy for each scenario, with one directive on each line and nothing weak", async () => {
    const fences = (await read("docs/security.md")).matchAll(/^```csp (.*?)\n(.*?)^```$/gms);
    const blocks = [...fences].map(([, name = "", text = ""]) => ({ name, text }));
    const scenarios = ["redirect", "inline", "trusted-types", "popup", "popup-callback", "silent", "silent-callback"];
    expect(blocks.map(({ name }) => name)).toEqual(scenarios);
    for (const { name, text } of blocks) {
      for (const line of text.trimEnd().split("\n")) expect(line, name).toMatch(/^[a-z-]+( [^\s;]+)+;$/);
      expect(text, name).not.toMatch(/'unsafe-|\*|data:|blob:| https?:[ ;]/);
      expect(text, name).toMatch(/^default-src 'none';$.*^base-uri 'none';$.*^frame-ancestors '/ms);
    }
  });

  test("names codes that exist", async () => {
    const text = await read("docs/security.md");
    const words = [...text.matchAll(/`([a-z]+(?:_[a-z]+)+)`/g)].map(([, word = ""]) => word);
    const others = new Set(["offline_access"]);
    expect(words.filter((word) => !CODES.has(word) && !others.has(word))).toEqual([]);
    expect(words.length).toBeGreaterThan(2);
  });
});
