// Which pages the site has, and in which order.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

/**
 * A page with its name, where its heading would not do as one. A folder stands for all its pages: those that are named
 * first, then the others by name.
 */
const NAVIGATION = {
  Start: { "README.md": "What it is, and how to begin" },
  Concepts: { "docs/concepts.md": "One login in pictures", "docs/security.md": "Security of an application" },
  Guides: {
    "docs/guides": [
      ...["redirect", "popup", "silent", "par", "several-apis", "several-issuers", "device-and-ciba"],
      ...["bundlers", "react", "angular", "vue", "blazor", "testing"],
    ],
  },
  Migration: { "docs/migrate": ["oidc-client-ts"] },
  Reference: {
    "docs/options.md": "Options and methods",
    "docs/errors.md": "Errors",
    "docs/sessions.md": "Sessions and tabs",
    "docs/dpop.md": "DPoP and its neighbours",
    "docs/protocol.md": "Single requests",
    "docs/identitymodel.md": "Coming from IdentityModel",
  },
  Project: {
    "CHANGELOG.md": "Changelog",
    "SECURITY.md": "Security policy",
    "CONTRIBUTING.md": "Contributing",
    "demo/README.md": "The demo",
    "bench/README.md": "Measurements",
  },
};

/** Pages by section: `{ source, target, label, text }`, without `label` where the page's heading is good enough. */
export async function readPages(root) {
  const sections = [];
  for (const [name, entries] of Object.entries(NAVIGATION)) {
    const pages = [];
    for (const [source, label] of Object.entries(entries)) {
      const sources = Array.isArray(label) ? await inFolder(root, source, label) : [source];
      for (const page of sources) {
        const text = await readFile(path.join(root, page), "utf8").catch(() => {
          throw new Error(`${page} is in the navigation of docs/site/pages.mjs, and does not exist.`);
        });
        pages.push({ source: page, target: targetOf(page), label: Array.isArray(label) ? undefined : label, text });
      }
    }
    sections.push({ name, pages });
  }
  return sections;
}

/** What lies in docs/ and nobody would find. */
export async function forgotten(root, sections) {
  const known = new Set(sections.flatMap(({ pages }) => pages.map(({ source }) => source)));
  return (await below(root, "docs")).filter((source) => !known.has(source));
}

async function below(root, folder) {
  const found = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => []);
  const pages = [];
  for (const entry of found) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== "node_modules") pages.push(...(await below(root, name)));
    if (entry.isFile() && name.endsWith(".md")) pages.push(name);
  }
  return pages.sort();
}

async function inFolder(root, folder, first) {
  const rank = (source) => (first.indexOf(path.basename(source, ".md")) + first.length + 1) % (first.length + 1);
  const names = (await below(root, folder)).filter((source) => path.posix.dirname(source) === folder);
  return names.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The README is the start; other pages of the root must not take the place of one in docs/. */
function targetOf(source) {
  if (source === "README.md") return "index.html";
  if (source.startsWith("docs/")) return `${source.slice("docs/".length, -".md".length)}.html`;
  return `project/${source.slice(0, -".md".length).toLowerCase().replace("/readme", "")}.html`;
}
