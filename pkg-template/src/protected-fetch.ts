import type { Answered, Verdict } from "./core.js";
import { isOidcError, OidcError } from "./errors.js";
import type { Logger } from "./log.js";
import type { Fetch } from "./messages.js";
import { NonceGate, type Evidence, type Turn } from "./nonce-gate.js";
import { notRepeatable, remember } from "./step-up.js";
import type { AccessTokenOptions, FetchOptions } from "./types.js";

/** What becomes of requests to other servers. */
export type Elsewhere = NonNullable<FetchOptions["elsewhere"]>;

/** What goes along with one attempt. */
export interface Credentials {
  /** The header `Authorization`. */
  readonly authorization: string;
  /** The header `DPoP`, made now. */
  readonly proof?: string;
  /** The nonce in the proof. */
  readonly nonce?: string | undefined;
}

/** What a client gives its `fetch`. */
export interface Access {
  /** By origin, where proofs may be sent; without it requests go as they come. */
  readonly gates?: Map<string, NonceGate> | undefined;
  /** Origins that refuse every token. */
  readonly hopeless: Set<string>;
  readonly say: ReturnType<Logger["begin"]> | undefined;
  readonly fetch: Fetch;
  /** Called for each attempt, right before it. With `choose` the proof has the nonce that this makes of the latest one. */
  authorize(url: string, method: string, choose?: (latest?: string) => string | undefined): Promise<Credentials>;
  /** What an answer says about the credentials that went along. */
  answered(answer: Answered): Promise<Verdict>;
  /** Replaces the token that was refused; `false` where that is not possible. */
  renew(wanted: AccessTokenOptions, authorization: string): Promise<boolean>;
}

/** A request that is made again for every attempt. */
interface Call {
  readonly access: Access;
  readonly request: Request;
  /** Whether the body is a stream, of which there is only one. */
  readonly isStream: boolean;
}

/**
 * `fetch` with the credentials that `access` has for the request's URL, or refuses to have. It is sent again only where the server
 * says that it did nothing: once because of the proof, and once more with a new token where it refused the first.
 *
 * That needs the body again. Whatever is given as `init.body` is kept for that, without a copy in browsers, but for streams: those
 * are sent once, and what would need them again fails or gets the first answer. The body of a `Request` is kept too; if it is a
 * stream, it is then in memory until the answer has come.
 *
 * What becomes of a request where no token may go, `elsewhere` says.
 */
export async function protectedFetch(access: Access, elsewhere: Elsewhere, input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  // A copy: the caller's own Request never gets to see the headers.
  const request = toRequest(input, init);
  const body: unknown = init?.body;
  const isStream = typeof body === "object" && body !== null && ("getReader" in body || Symbol.asyncIterator in body);
  return send({ access, request, isStream }).catch((failure: unknown) => {
    // Nothing was sent then.
    if (elsewhere !== "refuse" && isOidcError(failure, "origin_not_allowed")) {
      return elsewhere === "plain" ? access.fetch(request) : elsewhere(request);
    }
    throw failure;
  });
}

async function send(call: Call): Promise<Response> {
  const { access, request } = call;
  const origin = originOf(request);
  let last = await sendOnce(call);
  const { renew } = last.verdict;
  if (renew && last.isRepeatable && !access.hopeless.has(origin) && (await unlessAborted(request, access.renew(renew, last.authorization)))) {
    void last.response.body?.cancel();
    access.say?.("fetchRepeated", { url: request.url, reason: "renewed" });
    last = await sendOnce(call);
    // Whoever refuses this one too would have every call renewed.
    if (last.verdict.renew) access.hopeless.add(origin);
  }
  if (last.response.status !== 401) access.hopeless.delete(origin);
  return final(call, last);
}

async function sendOnce(call: Call): Promise<Attempt> {
  const { access, request } = call;
  const gate = access.gates && gateOf(access.gates, originOf(request));
  const first = await attempt(call, gate, gate?.enter(false, request.signal));
  if (!first.verdict.again) return first;
  void first.response.body?.cancel();
  if (!first.isRepeatable) throw notRepeatable();
  access.say?.("fetchRepeated", { url: request.url, reason: "proof" });
  return attempt(call, gate, first.turn, first.nonce);
}

/** The answer, as the application gets it. */
function final(call: Call, { response, verdict, isRepeatable }: Attempt): Response {
  if (verdict.unreadable) {
    void response.body?.cancel();
    const message = "The server wants a nonce and does not show it: let it send Access-Control-Expose-Headers: DPoP-Nonce.";
    throw refused("dpop_nonce_unreadable", message, response, call.request, { header: "DPoP-Nonce" });
  }
  if (verdict.stepUp) remember(response, verdict.stepUp, isRepeatable ? () => send(call) : undefined);
  return response;
}

interface Attempt {
  readonly response: Response;
  readonly verdict: Verdict;
  /** The header that went along. */
  readonly authorization: string;
  /** Whether the request can be made again. */
  readonly isRepeatable: boolean;
  /** The nonce that the answer brought. */
  readonly nonce: string | undefined;
  /** The turn of a second attempt, where the answer asks for one. */
  readonly turn: Promise<Turn> | undefined;
}

async function attempt(call: Call, gate: NonceGate | undefined, entered: Promise<Turn> | undefined, own?: string): Promise<Attempt> {
  const { access, request, isStream } = call;
  const turn = await entered?.catch((cause: unknown) => Promise.reject(failed(request, cause)));
  let evidence: Evidence | undefined;
  try {
    const choose = gate && ((latest?: string) => gate.choose(latest, own));
    const credentials = await unlessAborted(request, access.authorize(request.url, request.method, choose));
    const { authorization } = credentials;
    const isRepeatable = !isStream;
    const response = await fetchWith(access.fetch, credentials, isRepeatable ? request.clone() : request);
    const read = (name: string): string | undefined => response.headers.get(name) ?? undefined;
    const { status } = response;
    const nonce = credentials.proof === undefined ? undefined : read("dpop-nonce");
    const answer = { url: request.url, status, challenge: read("www-authenticate"), nonce, date: read("date"), sentNonce: credentials.nonce };
    // All others have nothing to tell.
    const verdict: Verdict = status === 401 || nonce !== undefined ? await access.answered(answer) : {};
    evidence = { sent: credentials.nonce, next: nonce, ok: response.ok, refused: verdict.again === true };
    // In line before this turn ends, so that no other retry takes the nonce that just came.
    const again = verdict.again && isRepeatable && !turn?.isRetry ? gate?.enter(true, request.signal) : undefined;
    access.say?.("fetchAnswered", { url: request.url, status });
    return { response, verdict, authorization, isRepeatable, nonce, turn: again };
  } finally {
    if (turn) gate?.leave(turn, evidence);
  }
}

async function fetchWith(send: Fetch, { authorization, proof }: Credentials, request: Request): Promise<Response> {
  for (const name of ["Authorization", "DPoP"]) {
    if (request.headers.has(name)) throw invalid(`The request already has a header ${name}.`);
  }
  request.headers.set("authorization", authorization);
  if (!request.headers.has("authorization")) {
    throw invalid('Mode "no-cors" cannot carry the access token.');
  }
  if (proof !== undefined) request.headers.set("dpop", proof);
  const sent = async (): Promise<Response> => send(new Request(request, { redirect: "manual" }));
  const response = await sent().catch((cause: unknown) => {
    throw failed(request, cause);
  });
  const redirected = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400 && response.status !== 304);
  if (!redirected || request.redirect === "manual") return response;
  void response.body?.cancel();
  const message = "The server answered with a redirect, which is never followed: use the final URL.";
  throw refused("redirect_refused", message, response, request);
}

function toRequest(input: RequestInfo | URL, init?: RequestInit): Request {
  try {
    return new Request(input, init);
  } catch {
    throw invalid("These arguments do not make a request.");
  }
}

function gateOf(gates: Map<string, NonceGate>, origin: string): NonceGate {
  const gate = gates.get(origin) ?? new NonceGate();
  gates.set(origin, gate);
  return gate;
}

/** What is done for several callers goes on; this one need not wait for it. */
function unlessAborted<T>(request: Request, work: Promise<T>): Promise<T> {
  const { signal } = request;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(failed(request, signal.reason));
    signal.addEventListener("abort", stop);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function originOf(request: Request): string {
  return new URL(request.url).origin;
}

/** The server's fault. */
function refused(
  code: "dpop_nonce_unreadable" | "redirect_refused",
  message: string,
  { status }: Response,
  request: Request,
  details = {},
): OidcError {
  // What a browser shows of a redirect has status 0.
  const shown = status === 0 ? {} : { status };
  return new OidcError({ code, type: "http", phase: "fetch", message, ...shown, details: { origin: originOf(request), ...details } });
}

function failed(request: Request, cause: unknown): OidcError {
  const details = { origin: originOf(request) };
  return request.signal.aborted
    ? new OidcError({ code: "aborted", type: "aborted", phase: "fetch", message: "The caller aborted the call.", details, cause })
    : new OidcError({
        code: "network_error",
        type: "network",
        phase: "fetch",
        message: "No answer: the server is down, the browser is offline, or the server does not allow this origin (CORS).",
        retryable: true,
        details,
        cause,
      });
}

function invalid(message: string): OidcError {
  return new OidcError({ code: "invalid_argument", type: "usage", phase: "fetch", message });
}
