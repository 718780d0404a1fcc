// From Markdown to HTML: anchors as GitHub makes them, colours for code, links that lead to pages of the site.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import http from "highlight.js/lib/languages/http";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import MarkdownIt from "markdown-it";

const LANGUAGES = { bash, csharp, css, http, javascript, json, typescript, xml };
/** What fences are called here, and who colours it. */
const FENCES = {
  "": undefined,
  text: undefined,
  csp: undefined,
  bash: "bash",
  csharp: "csharp",
  css: "css",
  html: "xml",
  http: "http",
  js: "javascript",
  jsx: "javascript",
  json: "json",
  razor: "xml",
  sh: "bash",
  ts: "typescript",
  tsx: "typescript",
  vue: "xml",
  xml: "xml",
};
for (const [name, grammar] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, grammar);

/** Of a page: `html`, `title`, `headings`, and what is wrong with it. `link` says where a link of the page leads. */
export function render({ source, text }, link) {
  const problems = [];
  const headings = [];
  let labels = [];
  let column = 0;
  const markdown = new MarkdownIt({ html: true, highlight: (code, language) => colours(code, language, problems) });
  const tokens = markdown.parse(text, {});
  for (const [index, token] of tokens.entries()) {
    if (token.type === "html_block") withoutComments(token, problems);
    if (token.type === "fence") token.info = token.info.trim().split(" ")[0];
    if (token.type === "heading_open") {
      const { children } = tokens[index + 1];
      const words = children.map(({ content }) => content).join("");
      headings.push({ level: Number(token.tag.slice(1)), words, id: slugOf(words) });
      token.attrSet("id", slugOf(words));
    }
    if (token.type === "thead_open") labels = [];
    if (token.type === "tr_open") column = 0;
    if (token.type === "th_open") labels.push(tokens[index + 1].content.replaceAll("`", ""));
    // For narrow screens, where the head of the table is not seen.
    if (token.type === "td_open" && labels[column++]) token.attrSet("data-label", labels[column - 1]);
    // Columns of numbers, which the policy of the site allows no inline style for.
    const isNumber = token.attrGet("style") !== null;
    if (isNumber) token.attrs = [["class", "number"], ...token.attrs.filter(([name]) => name !== "style")];
    for (const child of token.children ?? []) follow(child, link, problems);
  }
  const [first, ...others] = headings.filter(({ level }) => level === 1);
  if (!first || others.length > 0) problems.push("a page has exactly one heading of the first level");
  // A changelog has the same headings for every version.
  const twice = source === "CHANGELOG.md" ? [] : duplicates(headings.map(({ id }) => id));
  problems.push(...twice.map((id) => `two headings have the anchor #${id}`));
  markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  markdown.renderer.rules.table_close = () => "</table></div>\n";
  markdown.renderer.rules.heading_close = (all, index) => {
    const id = all[index - 2].attrGet("id");
    return ` <a class="anchor" href="#${id}" aria-label="Link to this section">#</a></${all[index].tag}>\n`;
  };
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return { html, title: first?.words ?? source, headings, problems };
}

/** GitHub's anchors: a link that works there works here. */
export function slugOf(words) {
  return words.trim().toLowerCase().replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, "").replaceAll(" ", "-");
}

export function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function follow(token, link, problems) {
  if (token.type === "html_inline") withoutComments(token, problems);
  if (token.type === "link_open") token.attrSet("href", link(token.attrGet("href"), problems));
  if (token.type === "image") {
    const src = link(token.attrGet("src"), problems);
    token.attrSet("src", src);
    if (token.content.trim() === "") problems.push(`the image ${src} says nothing to people who do not see it`);
  }
}

/** Comments are for tests. Other HTML would be a way around everything that is checked here. */
function withoutComments(token, problems) {
  token.content = token.content.replace(/<!--.*?-->\s*/gs, "");
  if (token.content !== "") problems.push(`raw HTML: ${token.content.trim().slice(0, 60)}`);
}

function colours(code, language, problems) {
  if (!Object.hasOwn(FENCES, language)) {
    problems.push(`nobody knows how to colour "${language}": add it to FENCES of docs/site/markdown.mjs`);
  }
  const grammar = FENCES[language];
  // Empty: the renderer writes it without colours.
  return grammar ? hljs.highlight(code, { language: grammar, ignoreIllegals: true }).value : "";
}

function duplicates(values) {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
