type Child = Node | string;

/** The element with this `data-testid`; the names are the page's own, so a missing one is a mistake in the page. */
export function find<T extends HTMLElement = HTMLElement>(name: string): T {
  const found = document.querySelector<T>(`[data-testid="${name}"]`);
  if (!found) throw new Error(`The page has no element "${name}".`);
  return found;
}

export function element(name: string, attributes: Readonly<Record<string, string>> = {}, ...children: Child[]): HTMLElement {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

export function text(name: string, value: string): void {
  find(name).textContent = value;
}

export function show(name: string, visible: boolean): void {
  find(name).hidden = !visible;
}

/** Name and value pairs as a description list. */
export function facts(name: string, pairs: readonly (readonly [string, string, string?])[]): void {
  find(name).replaceChildren(
    ...pairs.map(([term, value, testid]) =>
      element("div", {}, element("dt", {}, term), element("dd", testid ? { "data-testid": testid } : {}, value)),
    ),
  );
}

/** JSON with its names, strings and other values in colours of their own. */
export function json(name: string, value: unknown): void {
  const pieces: Child[] = [];
  const source = JSON.stringify(value, null, 2);
  let end = 0;
  for (const match of source.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g)) {
    pieces.push(source.slice(end, match.index));
    const [whole, string, colon] = match;
    if (string === undefined) pieces.push(element("span", { class: "json-value" }, whole));
    else if (colon === undefined) pieces.push(element("span", { class: "json-string" }, whole));
    else pieces.push(element("span", { class: "json-name" }, string), colon);
    end = match.index + whole.length;
  }
  pieces.push(source.slice(end));
  find(name).replaceChildren(...pieces);
}
