// Draws docs/diagrams/*.txt as sequence diagrams: `node docs/site/diagrams.mjs` writes the .svg files beside them. A
// test compares what is committed with what this draws.
//
//   title: ...                 description: ...                 participants: One | Two | Three
//   One -> Two: a request      Two --> One: an answer or a hint
//   note One: what happens there      note One, Two: ...
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const COLUMN = 210;
const LINE = 17;
const MARGIN = 16;
/** Of a character on average, at 13 px: texts are wrapped by it, rather too early than too late. */
const CHARACTER = 7;
const HEAD = 38;
const BOX = 170;
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1c2024; text-anchor: middle; }
  .head { font-weight: 600; }
  .box { fill: #e8eef7; stroke: #6b7f99; }
  .note { fill: #fff6dc; stroke: #c9ab55; }
  .life { stroke: #9aa5b1; stroke-dasharray: 3 4; }
  .arrow { stroke: #1c2024; stroke-width: 1.4; fill: none; }
  .answer { stroke-dasharray: 6 4; }
  .tip { fill: #1c2024; }
  .back { fill: #fff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e2e6ea; }
    .box { fill: #26303d; stroke: #7d90a8; }
    .note { fill: #39331d; stroke: #9a8444; }
    .life { stroke: #5b6570; }
    .arrow { stroke: #e2e6ea; }
    .tip { fill: #e2e6ea; }
    .back { fill: #14181c; }
  }
`;

/** The picture of one description. */
export function draw(text) {
  const { title, description, participants, steps } = read(text);
  const centre = (name) => MARGIN + COLUMN * (participants.indexOf(name) + 0.5);
  const width = MARGIN * 2 + COLUMN * participants.length;
  const shapes = [];
  let y = MARGIN + HEAD + 18;
  for (const step of steps) {
    const [left, right] = [step.from, step.to].map(centre).sort((a, b) => a - b);
    const isNote = step.kind === "note";
    const room = isNote ? right - left + COLUMN - 12 : right - left - 24;
    const lines = wrap(step.text, room - (isNote ? 16 : 0));
    if (isNote) {
      const height = lines.length * LINE + 12;
      const x = left - COLUMN / 2 + 6;
      shapes.push(`<rect class="note" x="${x}" y="${y}" width="${room}" height="${height}" rx="4"/>`);
      shapes.push(...written(lines, (left + right) / 2, y + LINE + 1));
      y += height + 16;
    } else {
      const line = y + lines.length * LINE + 2;
      const [from, to] = [centre(step.from), centre(step.to)];
      const tip = to + (to > from ? -9 : 9);
      // Where a line of life goes through a text, the text is to be read.
      const widest = Math.min(Math.max(...lines.map(({ length }) => length)) * CHARACTER + 8, room);
      const x = (left + right - widest) / 2;
      shapes.push(`<rect class="back" x="${x}" y="${y}" width="${widest}" height="${lines.length * LINE}"/>`);
      shapes.push(...written(lines, (left + right) / 2, y + LINE - 4));
      shapes.push(`<path class="arrow${step.kind === "answer" ? " answer" : ""}" d="M${from} ${line}H${tip}"/>`);
      shapes.push(`<path class="tip" d="M${to} ${line}L${tip} ${line - 5}V${line + 5}Z"/>`);
      y = line + 18;
    }
  }
  const end = y + 4;
  const heads = participants.flatMap((name) => [
    `<line class="life" x1="${centre(name)}" y1="${MARGIN + HEAD}" x2="${centre(name)}" y2="${end}"/>`,
    `<rect class="box" x="${centre(name) - BOX / 2}" y="${MARGIN}" width="${BOX}" height="${HEAD}" rx="6"/>`,
    `<text class="head" x="${centre(name)}" y="${MARGIN + 24}">${escaped(name)}</text>`,
  ]);
  const height = end + MARGIN;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}</style>
<rect class="back" width="100%" height="100%"/>
${[...heads, ...shapes].join("\n")}
</svg>
`;
}

function read(text) {
  const diagram = { steps: [] };
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [, about, value] = /^(title|description|participants): (.*)$/.exec(line) ?? [];
    const [, from, arrow, to, said] = /^(.+?) (--?>) (.+?): (.*)$/.exec(line) ?? [];
    const [, first, last = first, noted] = /^note (.+?)(?:, (.+?))?: (.*)$/.exec(line) ?? [];
    if (about) diagram[about] = value;
    else if (noted) diagram.steps.push({ kind: "note", from: first, to: last, text: noted });
    else if (arrow) diagram.steps.push({ kind: arrow === "->" ? "request" : "answer", from, to, text: said });
    else throw new Error(`This line is no step of a diagram: ${line}`);
  }
  diagram.participants = diagram.participants.split(" | ");
  for (const name of diagram.steps.flatMap(({ from, to }) => [from, to])) {
    if (diagram.participants.includes(name)) continue;
    throw new Error(`"${name}" is not among the participants of "${diagram.title}"`);
  }
  return diagram;
}

function wrap(text, room) {
  const most = Math.floor(room / CHARACTER);
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trimStart();
    if (longer.length <= most || lines.at(-1) === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function written(lines, x, y) {
  return lines.map((line, index) => `<text x="${x}" y="${y + index * LINE}">${escaped(line)}</text>`);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = path.join(import.meta.dirname, "../diagrams");
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".txt"))) {
    const text = await readFile(path.join(folder, name), "utf8");
    await writeFile(path.join(folder, name.replace(/\.txt$/, ".svg")), draw(text));
  }
}
