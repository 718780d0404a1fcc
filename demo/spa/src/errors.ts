import { isOidcError } from "oidc-wasm";
import { facts, find, show, text } from "./dom.js";
import { errorAdvice } from "./explain.js";

export function clearError(): void {
  show("error", false);
}

/** Shows a failure to a person: what it means, what to do, and the evidence. */
export function showError(failure: unknown): void {
  if (!isOidcError(failure)) {
    text("error-title", "Something went wrong in the page");
    text("error-message", failure instanceof Error ? failure.message : String(failure));
    text("error-advice", "Reload the page and try again.");
    facts("error-facts", []);
  } else {
    const { title, advice } = errorAdvice(failure.code, failure.type, failure.error);
    text("error-title", title);
    text("error-message", failure.message);
    text("error-advice", advice);
    const pairs: [string, string, string?][] = [["Code", failure.code, "error-code"]];
    if (failure.phase !== undefined) pairs.push(["Step", failure.phase]);
    if (failure.status !== undefined) pairs.push(["HTTP status", String(failure.status)]);
    if (failure.error !== undefined) pairs.push(["The provider's error", failure.error, "error-server"]);
    if (failure.errorDescription !== undefined) pairs.push(["In its words", failure.errorDescription, "error-server-description"]);
    for (const [name, value] of Object.entries(failure.details)) pairs.push([name, value]);
    facts("error-facts", pairs);
  }
  find("error").dataset["code"] = isOidcError(failure) ? failure.code : "";
  show("error", true);
}
