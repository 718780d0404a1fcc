import { OidcError } from "./errors.js";

/** `fetch` with an `Authorization` header that `authorize` makes for the request's URL, or refuses to make. */
export async function protectedFetch(
  authorize: (url: string) => Promise<string>,
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  // A copy: the caller's own Request never gets to see the header.
  const request = toRequest(input, init);
  if (request.headers.has("authorization")) {
    throw invalid("The request already has an Authorization header.");
  }
  const authorization = await authorize(request.url);
  request.headers.set("authorization", authorization);
  if (!request.headers.has("authorization")) {
    throw invalid('Mode "no-cors" cannot carry the access token.');
  }
  const response = await send(request);
  const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400 && response.status !== 304);
  if (!redirected || request.redirect === "manual") return response;
  void response.body?.cancel();
  throw new OidcError({
    code: "redirect_refused",
    type: "http",
    phase: "fetch",
    message: "The server answered with a redirect, which is never followed: use the final URL.",
    // What a browser shows of a redirect has status 0.
    ...(response.status === 0 ? {} : { status: response.status }),
    details: { origin: new URL(request.url).origin },
  });
}

function toRequest(input: RequestInfo | URL, init?: RequestInit): Request {
  try {
    return new Request(input, init);
  } catch {
    throw invalid("These arguments do not make a request.");
  }
}

async function send(request: Request): Promise<Response> {
  try {
    return await fetch(request, { redirect: "manual" });
  } catch (failure) {
    const details = { origin: new URL(request.url).origin };
    throw request.signal.aborted
      ? new OidcError({
          code: "aborted",
          type: "aborted",
          phase: "fetch",
          message: "The caller aborted the call.",
          details,
          cause: failure,
        })
      : new OidcError({
          code: "network_error",
          type: "network",
          phase: "fetch",
          message: "No answer: the server is down, the browser is offline, or the server does not allow this origin (CORS).",
          retryable: true,
          details,
          cause: failure,
        });
  }
}

function invalid(message: string): OidcError {
  return new OidcError({ code: "invalid_argument", type: "usage", phase: "fetch", message });
}
