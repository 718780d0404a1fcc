import { OidcError } from "./errors.js";

/** Throws where there is no page: in workers, on servers. */
export function requirePage(): void {
  if (typeof location !== "undefined" && typeof document !== "undefined") return;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: "This needs a page in a browser, and there is none here.",
    details: { feature: "window" },
  });
}

/** The page's address. */
export function here(): string {
  requirePage();
  return location.href;
}

/** Throws in a frame too: there the person would type a password into a page whose address nobody sees (RFC 9700, section 4.16). */
export function requireTopPage(): void {
  requirePage();
  if (globalThis.parent === globalThis.self) return;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: "This page is in a frame, which is not sent to the provider: use signInPopup().",
    details: { feature: "top-level window" },
  });
}

/** Sends the browser to `url`, which the core made of an endpoint that it checked; with a form, by POST. */
export function navigate(url: string, form?: Readonly<Record<string, string>>): void {
  requirePage();
  if (form) post(url, form);
  else location.assign(url);
}

/**
 * For what is too long for an address; into the window or frame of this name, or into this page. Content Security Policies see
 * it as `form-action`.
 */
export function post(url: string, fields: Readonly<Record<string, string>>, name = ""): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
  form.target = name;
  form.hidden = true;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement("input");
    input.type = "hidden";
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.documentElement.append(form);
  form.submit();
  // The fields were read by submit(); an ID Token does not stay in the document.
  form.remove();
}

/** A name for a window or a frame, by which no other page can reach it. */
export function unguessable(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
