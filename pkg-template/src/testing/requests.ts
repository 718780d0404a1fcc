/** What a {@link TestProvider} was asked. */
import type { TestEndpoint, TestRequest } from "./types.js";

/** Parameters whose values let somebody in: of these the record says only that they were there. */
const SECRETS: ReadonlySet<string> = new Set([
  "access_token",
  "actor_token",
  "assertion",
  "client_assertion",
  "client_secret",
  "code",
  "code_verifier",
  "device_code",
  "id_token_hint",
  "interaction",
  "nonce",
  "password",
  "refresh_token",
  "request",
  "request_uri",
  "state",
  "subject_token",
  "token",
]);

/** What may be kept of a request. */
export function recordOf(endpoint: TestEndpoint, request: Request, form: URLSearchParams, status: number, error?: string): TestRequest {
  const { method, url, headers } = request;
  const { origin, pathname, searchParams } = new URL(url);
  const parameters = new Map<string, string | string[]>();
  for (const [name, text] of [...searchParams, ...form]) {
    const value = SECRETS.has(name) ? "(hidden)" : text;
    const before = parameters.get(name);
    parameters.set(name, before === undefined ? value : [before, value].flat());
  }
  const [scheme] = (headers.get("authorization") ?? "").split(" ", 1);
  return Object.freeze({
    endpoint,
    method,
    url: origin + pathname,
    parameters: Object.fromEntries(parameters),
    ...(scheme ? { scheme } : {}),
    hasProof: headers.has("dpop"),
    status,
    ...(error === undefined ? {} : { error }),
  });
}
