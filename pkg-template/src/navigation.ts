import { OidcError } from "./errors.js";

/** Throws where there is no page that could be sent anywhere. */
export function requirePage(): void {
  if (typeof location !== "undefined" && typeof document !== "undefined") return;
  throw new OidcError({
    code: "unsupported_environment",
    type: "usage",
    message: "There is no page here to send to the provider: use prepareSignIn().",
    details: { feature: "window" },
  });
}

/** Sends the browser to `url`, which the core made of an endpoint that it checked; with a form, by POST. */
export function navigate(url: string, form?: Readonly<Record<string, string>>): void {
  requirePage();
  if (form) post(url, form);
  else location.assign(url);
}

/** For what is too long for an address. Content Security Policies see it as `form-action`. */
function post(url: string, fields: Readonly<Record<string, string>>): void {
  const form = document.createElement("form");
  form.method = "post";
  form.action = url;
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
