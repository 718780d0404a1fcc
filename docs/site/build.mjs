// Writes the documentation as a site: `node docs/site/build.mjs`, from the root, once pkg/ is built; `cargo xtask docs`
// calls it. Plain pages without scripts, which work from a disk and below any address. Whatever is wrong with them
// fails it.
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { SITE, writeApi } from "./api.mjs";
import { escaped, render } from "./markdown.mjs";
import { forgotten, readPages } from "./pages.mjs";

const root = process.cwd();
const out = path.join(root, "target/docs");
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";
const { version } = JSON.parse(await readFile(path.join(root, "pkg/package.json"), "utf8"));
const sections = await readPages(root);
const pages = sections.flatMap((section) => section.pages);
const targets = new Map(pages.map(({ source, target }) => [source, target]));
const lost = await forgotten(root, sections);
const problems = lost.map((source) => `${source}: not in the navigation of docs/site/pages.mjs`);
/** What pages show, to be copied: where from, where to. */
const files = new Map([["docs/site/style.css", "style.css"]]);

for (const page of pages) {
  Object.assign(page, render(page, (href, wrong) => link(page, href, wrong)));
  page.label ??= page.title;
  for (const problem of page.problems) problems.push(`${page.source}: ${problem}`);
}
stopAt(problems);
await rm(out, { recursive: true, force: true });
for (const page of pages) await write(page.target, whole(page, page.html));
const index = { target: "contents.html", title: "All pages and sections", headings: [] };
await write(index.target, whole(index, contents()));
for (const [source, target] of files) {
  await mkdir(path.dirname(path.join(out, target)), { recursive: true });
  await copyFile(path.join(root, source), path.join(out, target));
}
await writeApi(root, path.join(out, "api"));
await nameSite();
stopAt(await broken());
console.log(`${pages.length} pages and the reference are in ${path.relative(root, out)}: open index.html there.`);

function stopAt(found) {
  if (found.length === 0) return;
  const list = found.map((problem) => `  ${problem}`).join("\n");
  console.error(`Problems of the documentation (${found.length}):\n${list}`);
  process.exit(1);
}

/** Where a link leads: to a page of the site, or a file that is copied; else to what is said of the repository. */
function link({ source, target }, href, wrong) {
  if (/^https?:/.test(href) || href.startsWith("#")) return href;
  const [file, anchor] = href.split("#");
  const meant = path.posix.join(path.posix.dirname(source), file);
  if (!existsSync(path.join(root, meant)) || meant.startsWith("..")) {
    wrong.push(`${href} leads nowhere`);
    return href;
  }
  const page = targets.get(meant);
  if (page === undefined && /\.(?:svg|png)$/.test(meant)) files.set(meant, meant.replace(/^docs\//, ""));
  const there = page ?? files.get(meant);
  // Sources of the repository are not part of the site; what links to them goes where the site says so.
  if (there === undefined) return `${relative(target, "contents.html")}#the-repository`;
  return relative(target, there) + (anchor ? `#${anchor}` : "");
}

function relative(from, to) {
  return path.posix.relative(path.posix.dirname(from), to);
}

async function write(target, text) {
  await mkdir(path.dirname(path.join(out, target)), { recursive: true });
  await writeFile(path.join(out, target), text);
}

function whole(page, html) {
  const to = (target) => relative(page.target, target);
  const home = page.target === "index.html";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${home ? "" : `${escaped(page.title)} · `}oidc-wasm</title>
<link rel="stylesheet" href="${to("style.css")}">
</head>
<body>
<header><a class="home" href="${to("index.html")}">oidc-wasm</a> <span class="version">${escaped(version)}</span>
<a class="skip" href="#navigation">Menu</a></header>
<main>
${html}</main>
<nav id="navigation" aria-label="Pages">
${navigation(page, to)}</nav>
</body>
</html>
`;
}

function navigation(current, to) {
  const item = (page) => {
    const here = page === current;
    const parts = here ? page.headings.filter(({ level }) => level === 2) : [];
    const items = parts.map(({ id, words }) => `<li><a href="#${id}">${escaped(words)}</a></li>\n`).join("");
    const below = items && `\n<ul>\n${items}</ul>\n`;
    const mark = here ? ' aria-current="page"' : "";
    return `<li><a href="${to(page.target)}"${mark}>${escaped(page.label)}</a>${below}</li>\n`;
  };
  const plain = (target, label) => `<li><a href="${to(target)}">${label}</a></li>\n`;
  const further = {
    Start: plain("contents.html", "All pages and sections"),
    Reference: plain("api/index.html", "API, by TypeDoc"),
  };
  return sections
    .filter((section) => section.pages.length > 0)
    .map(({ name, pages: list }) => `<h2>${name}</h2>\n<ul>\n${list.map(item).join("")}${further[name] ?? ""}</ul>\n`)
    .join("");
}

/** In place of a search, which would take a script: everything on one page, for the browser's own. */
function contents() {
  const list = pages.map(({ target, label, headings }) => {
    const parts = headings.filter(({ level }) => level > 1 && level < 4);
    const items = parts.map(({ id, words }) => `<li><a href="${target}#${id}">${escaped(words)}</a></li>\n`).join("");
    return `<h2><a href="${target}">${escaped(label)}</a></h2>\n<ul class="columns">\n${items}</ul>\n`;
  });
  return `<h1>All pages and sections</h1>
<p>The browser's own search finds what is on this page. The <a href="api/index.html">API</a> has one of its own.</p>
${list.join("")}<h2 id="the-repository">The repository</h2>
<p>Some pages name files of the repository. Those are not part of this site: look for them in a checkout.</p>
`;
}

/** TypeDoc knows nothing of where its pages lie within the site. */
async function nameSite() {
  for (const name of await htmlFiles()) {
    if (!name.startsWith("api/")) continue;
    const text = await readFile(path.join(out, name), "utf8");
    await writeFile(path.join(out, name), text.replaceAll(SITE, `${relative(name, ".") || "."}/`));
  }
}

async function htmlFiles() {
  const names = await readdir(out, { recursive: true });
  return names.map((name) => name.split(path.sep).join("/")).filter((name) => name.endsWith(".html"));
}

/** Every link and image of every page that was written, the reference included, leads to something that is there. */
async function broken() {
  const found = [];
  const anchors = new Map();
  const sourceOf = new Map(pages.map(({ source, target }) => [target, source]));
  const said = (name) => sourceOf.get(name) ?? name;
  const texts = new Map();
  for (const name of await htmlFiles()) {
    const text = await readFile(path.join(out, name), "utf8");
    texts.set(name, text);
    anchors.set(name, new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id)));
  }
  for (const [name, text] of texts) {
    // What the policy of the pages would keep from working.
    const hasInline = /<[^>]*\s(?:style|on\w+)="|<(?:script|style)\b/.test(text);
    if (hasInline && !name.startsWith("api/")) found.push(`${name}: an inline style or script`);
    for (const [, attribute, value] of text.matchAll(/<(?:a|img|link|script)\b[^>]*?\s(href|src)="([^"]*)"/g)) {
      if (/^https?:/.test(value)) {
        if (attribute === "src") found.push(`${said(name)}: ${value} would be loaded from another site`);
        continue;
      }
      const [file, anchor] = decodeURI(value).split("#");
      const meant = file === "" ? name : path.posix.join(path.posix.dirname(name), file);
      const isThere = anchors.has(meant) || existsSync(path.join(out, meant));
      const isBroken = !isThere || (anchor && anchors.has(meant) && !anchors.get(meant).has(anchor));
      if (isBroken) found.push(`${said(name)}: ${value} leads nowhere`);
    }
  }
  return found;
}
