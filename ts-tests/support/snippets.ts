/**
 * Takes code out of the documentation, so that tests run what people copy. A block that is run has a comment before it:
 *
 * ```text
 * <!-- run: popup src/main.ts -->
 * ```
 *
 * All blocks of one name are the files of one small application. A page without any says why: `<!-- not run: ... -->`.
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** The workspace. */
export const workspace = path.resolve(import.meta.dirname, "../..");

/** The files of one application, by their names. */
export type Files = Readonly<Record<string, string>>;

/** What a page of the documentation has to run, by name, or why there is nothing. */
export interface Runnable {
  readonly page: string;
  readonly flows: ReadonlyMap<string, Files>;
  readonly reason: string | undefined;
}

const MARK = /^<!-- run: (\S+) (\S+) -->\n+```\w+\n(.*?)^```$/gms;

/** What stands to be run on a page, which is named from the workspace. */
export async function runnable(page: string): Promise<Runnable> {
  const text = await readFile(path.join(workspace, page), "utf8");
  const flows = new Map<string, Record<string, string>>();
  let count = 0;
  for (const [, name = "", file = "", code = ""] of text.matchAll(MARK)) {
    const files = flows.get(name) ?? {};
    if (file in files) throw new Error(`${page}: ${name} has two files called ${file}.`);
    files[file] = code;
    flows.set(name, files);
    count += 1;
  }
  // A comment that is misspelt, or stands before something else, must not look like one that is not there.
  const comments = text.match(/<!--\s*run\b/gi)?.length ?? 0;
  if (count !== comments) throw new Error(`${page}: ${comments} comments "run", but ${count} blocks after them.`);
  return { page, flows, reason: /^<!-- not run: (.{10,}?) -->$/ms.exec(text)?.[1] };
}

/** The files of one application, named as `docs/guides/popup.md#popup`. */
export async function files(name: string): Promise<Files> {
  const [page = "", flow = ""] = name.split("#");
  const found = (await runnable(page)).flows.get(flow);
  if (!found) throw new Error(`${page} has no block that is run as ${flow}.`);
  return found;
}

/** Every page that a person follows step by step. */
export async function pages(): Promise<string[]> {
  const folders = ["docs/guides", "docs/migrate"];
  const found = await Promise.all(folders.map((folder) => readdir(path.join(workspace, folder))));
  const names = found.flatMap((files, index) => files.map((file) => `${folders[index]}/${file}`));
  return names.filter((file) => file.endsWith(".md"));
}

/** The same files with other addresses. Each has to occur, and no other example address may be left. */
export function readdressed(found: Files, addresses: Readonly<Record<string, string>>): Files {
  let text = JSON.stringify(found);
  for (const [from, to] of Object.entries(addresses)) {
    if (!text.includes(from)) throw new Error(`The example does not name ${from}.`);
    text = text.replaceAll(from, to);
  }
  const left = /[\w.]*\.?example\.com/.exec(text);
  if (left) throw new Error(`The example still names ${left[0]}.`);
  return JSON.parse(text) as Files;
}

/** Writes the files into a folder of their own, from where packages are found as in an application. */
export async function put(name: string, found: Files): Promise<string> {
  const folder = path.join(workspace, "target/snippets", name);
  await rm(folder, { recursive: true, force: true });
  for (const [file, code] of Object.entries(found)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), code);
  }
  return folder;
}

