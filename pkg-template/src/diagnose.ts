import { isOidcError, type OidcError, type OidcErrorCode } from "./errors.js";
import { place } from "./log.js";

/** What {@link diagnose} finds: the code of the error, where nothing more can be found out. */
export type DiagnosisReason =
  | OidcErrorCode
  /** The Content Security Policy of this page forbids the request or the frame. */
  | "blocked_by_csp"
  /** The server does not allow this page to read its answers. */
  | "cors_missing"
  /** Nothing answers at that address. */
  | "unreachable"
  /** The server answers, but not in the time it was given. */
  | "too_slow"
  /** The server answers now. */
  | "temporary"
  /** The clock of this device is ahead. */
  | "clock_ahead"
  /** The clock of this device is behind. */
  | "clock_behind"
  /** The clock of the provider is ahead. */
  | "provider_clock_ahead"
  /** The provider stayed in the frame: it forbids framing, or shows a page. */
  | "frame_kept"
  /** The provider does not know anybody in the frame, perhaps because the browser keeps its cookies from it. */
  | "cookies_blocked"
  /** The provider stayed in the window: most likely it refuses the redirect URI. */
  | "window_kept"
  /** The provider came back, and the callback page did not hand the response over. */
  | "not_handed_over"
  /** The error does not come from this package. */
  | "not_an_oidc_error";

/** What {@link diagnose} resolves with. */
export interface Diagnosis {
  /** What it is: stable, made for programs. */
  readonly reason: DiagnosisReason;
  /** What has happened, in a sentence or two. */
  readonly summary: string;
  /** What to do about it, for the developer. */
  readonly remedy: string;
}

/** Options of {@link diagnose}. */
export interface DiagnoseOptions {
  /** How long a question to a server may take, in seconds. Default 5. */
  readonly timeoutSeconds?: number;
}

const CALLBACK_AGAIN = "Begin again with signIn(); a callback URL is good for one use, in the tab where the sign-in began.";
const PROVIDER_BUG = "Report it to the provider: its answer breaks the specification.";
const ATTACK = "Do not use the response and begin again with signIn(); if it happens again, tell the provider.";
const WASM_PLACE = 'Copy oidc_wasm_bg.wasm next to the script, pass its URL to init(), or import "oidc-wasm/inline".';
const SIGN_IN = "Call signIn().";

const REMEDIES: Readonly<Record<OidcErrorCode, string>> = {
  invalid_configuration: "Correct the option that details.option names; details.reason says what is wrong with it.",
  invalid_argument: "Correct the argument that details.option names.",
  not_signed_in: SIGN_IN,
  access_token_expired: "Call signIn(), and let the provider give refresh tokens, often by the scope offline_access.",
  unsupported_environment: "Serve the page over https: or from localhost, in a browser that has what details.feature names.",
  hook_failed: "Correct the function that failed; cause is what it threw.",
  internal: "Reload the page, and report it to the authors of oidc-wasm with the stack of cause.",

  insecure_url: "Use an absolute https: URL (http: on loopback only) without user name and fragment; details say which URL it is.",
  issuer_mismatch: "Set authority to exactly what details.actual says, slash at the end included, if that is the provider you mean.",
  endpoint_not_allowed: "If the host in details is right, add its origin to discoveryPolicy.additionalEndpointBaseAddresses.",
  endpoint_missing: "Turn the feature on at the provider, or do without it: its metadata do not have the endpoint in details.name.",
  resource_mismatch: "Give resource exactly as in details.actual, if that is the API you mean.",
  origin_not_allowed: "Name the API's origin or base address in allowedOrigins, if it is yours.",
  pkce_not_supported: "Let the provider offer S256 in code_challenge_methods_supported: without PKCE there is no sign-in.",
  dpop_algorithm_not_supported: "Set dpop.algorithm to one of those that details.supported lists, or let the provider allow ES256.",
  profile_violation: "Correct the option or the provider's setting that details name, or do without profile.",

  network_error: "Look at the browser's network panel; let the server allow this page's origin by CORS; try again later.",
  offline: "Wait until the device is online again; nothing is lost.",
  outcome_unknown: "Call signIn() again, as a code is never sent twice; look at CORS for the token endpoint if it happens each time.",
  timeout: "Try again; raise timeoutSeconds if the server needs more time.",
  aborted: "Nothing: the caller's signal ended the call.",

  redirect_refused: "Use the final URL: redirects are never followed, because they can carry tokens elsewhere.",
  response_too_large: "Let the server answer shorter, for example with fewer claims or keys.",
  unexpected_status: "Open the URL in the browser; in the phase discovery authority is wrong most of the time.",
  unexpected_content_type: "Open the URL in the browser: a fallback page or a proxy may answer in place of the server.",
  dpop_nonce_unreadable: "Let that server send Access-Control-Expose-Headers: DPoP-Nonce.",

  invalid_json: "Open the URL in the browser: a proxy may have changed the answer. Otherwise report it to the server's operator.",
  invalid_response: PROVIDER_BUG,
  not_a_callback: "Call handleCallback() only with the URL that the provider sent the browser to, at redirectUri.",
  repeated_parameter: ATTACK,
  wrong_response_mode: "Leave response_type and response_mode to the client, and remove overrides at the provider.",
  missing_state: ATTACK,
  unknown_state: "Begin again with signIn(), and open the page on the origin of redirectUri: 127.0.0.1 is not localhost.",
  transaction_expired: CALLBACK_AGAIN,
  callback_already_processed: CALLBACK_AGAIN,
  missing_issuer: ATTACK,
  wrong_issuer: ATTACK,
  ambiguous_response: ATTACK,
  missing_code: PROVIDER_BUG,

  id_token_missing: "Let the client ask for the scope openid, and let the provider allow it.",
  jwt_malformed: "Give a signed JWT in compact form; if it came from the provider, report it there.",
  jwt_encrypted: "Register the client for signed tokens without encryption.",
  jwt_type_not_allowed: "Give the kind of token that the function takes: ID Token, access token and logout token are three things.",
  algorithm_not_allowed: "Let the provider sign with RS256, ES256 or another asymmetric algorithm.",
  algorithm_mismatch: "If details.actual is what the client is registered for, set idTokenSignedResponseAlg to it.",
  signing_key_not_found: "Look whether the provider publishes the key in details.kid at jwks_uri, then try again.",
  signing_key_ambiguous: "Let the provider give its keys different values of kid.",
  signature_invalid: ATTACK,
  jwt_issuer_mismatch: "Set authority to the issuer in details.actual, if that is the provider you mean.",
  jwt_audience_mismatch: "Check clientId; name further audiences in trustedAudiences if they are right.",
  jwt_authorized_party_mismatch: "Check clientId: the token was issued to another client.",
  jwt_expired: "Correct the clock of this device; if the token is old, get a new one.",
  jwt_not_yet_valid: "Correct the clock of this device, or the provider's; clockToleranceSeconds can be up to 300.",
  claim_invalid: "Look at the claim in details.claim. After stepUp it is sub: somebody else has signed in.",
  nonce_mismatch: ATTACK,
  auth_time_invalid: "Begin again with signIn(); if it happens each time, the provider ignores max_age.",
  access_token_hash_mismatch: ATTACK,
  code_hash_mismatch: ATTACK,
  state_hash_mismatch: ATTACK,
  token_type_not_supported: "Register the client for DPoP at the provider, or leave the option dpop out.",
  userinfo_subject_mismatch: "Do not use the answer, and report it to the provider: it is about another person.",

  authorization_error: "Tell the person and offer to sign in again; error says why the provider refused.",
  interaction_required: "Call signIn() without prompt=none, so that the provider can ask the person.",
  token_error: "Look at error and errorDescription, and compare the client's registration at the provider.",
  userinfo_error: "Look at error and errorDescription; the scopes may not allow userinfo.",
  endpoint_error: "Look at phase, error and errorDescription, and compare the client's registration at the provider.",
  polling_expired: "Begin again with a new code for the person.",
  session_ended: "Call signIn(): the refresh token has expired, was revoked, or was used twice.",
  session_changed: "Show whose session it is now, and let the person decide whether to do it again.",
  session_lost: "Call signIn(): the site's data were cleared, by the person or by the browser.",
  renewal_postponed: "Wait until details.retryAt: the provider does not answer well now, and the session is kept.",
  login_loop: "Let the person begin the next sign-in by a click, and look at the code with which the last ones failed.",

  storage_unavailable: "Allow site data for this page, or choose another storage.",
  dpop_key_lost: "Call signIn(): the browser has forgotten the key that the tokens were bound to.",

  not_initialized: "Use await OidcClient.create(), or await init() before the call.",
  client_disposed: "Create another client: this one was disposed of.",
  request_not_repeatable: "Give the body as text, bytes or a form, so that it can be sent twice.",
  popup_blocked: "Open the window first thing in the handler of a click, or use signIn().",
  popup_closed: "Let the person try again. If the window showed an error of the provider, register the redirect URI there.",
  wasm_wrong_content_type: WASM_PLACE,
  wasm_blocked_by_csp: "Add 'wasm-unsafe-eval' to script-src in the Content Security Policy of the page.",
  wasm_not_found: WASM_PLACE,
  wasm_load_failed: "Look at cause and the browser's network panel; details.url says where the wasm was looked for.",
};

/** The answers of OAuth servers that have one usual cause. */
const SERVER_ERRORS: Readonly<Record<string, string>> = {
  access_denied: "Tell the person that the sign-in was refused, by them or by a rule of the provider, and offer to try again.",
  invalid_client: "Register the client as a public one, without a secret: a page cannot keep any.",
  invalid_dpop_proof: "Correct the clock of this device; errorDescription says what the server found wrong with the proof.",
  invalid_grant: "Call signIn() again; if it happens each time, compare redirectUri with the registration character for character.",
  invalid_redirect_uri: "Register redirectUri at the provider character for character.",
  invalid_scope: "Ask for scopes that the client is registered for.",
  invalid_target: "Let the provider know the API in resource, and allow it for this client.",
  unauthorized_client: "Allow the client the authorization code flow, and refresh tokens if they are used.",
};

/** Phases in which nothing but a plain GET is sent. */
const READING = /^(discovery|jwks|protected_resource)$/;
/** Differences of clocks below this say nothing, in seconds: `Date` has whole ones, and answers take their time. */
const CLOCK_NOISE = 10;
/** What the browser still has to say after a request has failed comes within this time, in milliseconds. */
const AFTERMATH = 50;

/**
 * Finds out why something has failed, and says what to do about it. For most errors that is in the error itself. Where there was no
 * answer, the server is asked whether it is there, without credentials and without reading what it says; where a token comes from
 * another time, this page's own server is asked what time it is. It is for developers and support: texts and results may change,
 * `reason` does not.
 *
 * @param error What was caught.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1
 * @example
 * ```ts
 * import { diagnose, type OidcClient } from "oidc-wasm";
 *
 * declare const client: OidcClient;
 * try {
 *   await client.start();
 * } catch (failure) {
 *   const { reason, summary, remedy } = await diagnose(failure);
 *   console.error(reason, summary, remedy);
 * }
 * ```
 */
export async function diagnose(error: unknown, { timeoutSeconds = 5 }: DiagnoseOptions = {}): Promise<Diagnosis> {
  const found = innermost(error);
  if (!found) {
    return {
      reason: "not_an_oidc_error",
      summary: "This error does not come from oidc-wasm.",
      remedy: "Look at the error itself, and at what it has as its cause.",
    };
  }
  const milliseconds = timeoutSeconds * 1000;
  return (await inWindow(found)) ?? (await onNetwork(found, milliseconds)) ?? (await inTime(found, milliseconds)) ?? plain(found);
}

/** The error of this package that something is, or that it was made of. */
function innermost(error: unknown, depth = 0): OidcError | undefined {
  if (isOidcError(error)) return error;
  return error instanceof Error && depth < 5 ? innermost(error.cause, depth + 1) : undefined;
}

function plain({ code, message, error = "" }: OidcError): Diagnosis {
  const find = (table: Readonly<Record<string, string>>, name: string) => (Object.hasOwn(table, name) ? table[name] : undefined);
  const isAnswer = /^(authorization|token|userinfo|endpoint)_error$/.test(code);
  // Another copy of the package may have other codes.
  const remedy = (isAnswer ? find(SERVER_ERRORS, error) : undefined) ?? find(REMEDIES, code) ?? "Look at code and details.";
  return { reason: code, summary: message, remedy };
}

/** What became of a frame or a window, where `details.reason` says that. */
function inWindow({ code, details }: OidcError): Diagnosis | undefined {
  const { reason, url } = details;
  const there = (url && place(url)) || "The provider";
  if (code === "interaction_required" && reason === "frame") {
    return isSameSite(url)
      ? undefined
      : {
          reason: "cookies_blocked",
          summary: `${there} knows nobody in the frame: nobody is signed in there, or the browser keeps cookies from frames of other sites.`,
          remedy: "Call signIn(). Let the provider give refresh tokens, or serve it from the site of this page.",
        };
  }
  if (code !== "timeout") return undefined;
  switch (reason) {
    case "csp_frame_src":
      return {
        reason: "blocked_by_csp",
        summary: `The Content Security Policy of this page forbids a frame with ${there}.`,
        remedy: "Add the provider's origin to frame-src in the Content Security Policy of the page.",
      };
    case "callback_page_silent":
      return {
        reason: "not_handed_over",
        summary: "The frame came back to this origin, and the page there handed nothing over.",
        remedy: "Let the page at silentRedirectUri call handOverResponse() first of all, before any redirect.",
      };
    case "frame_refused_or_interactive":
      return {
        reason: "frame_kept",
        summary:
          `${there} stayed in the frame: it forbids framing (X-Frame-Options, frame-ancestors), asks the person something, ` +
          "or shows an error, most often because silentRedirectUri is not registered.",
        remedy: "Register silentRedirectUri and let the provider allow this page in frame-ancestors; otherwise use refresh tokens.",
      };
    case "window":
      return {
        reason: "window_kept",
        summary: `The window did not come back from ${there === "The provider" ? "the provider" : there}: the person did nothing, or it shows an error.`,
        remedy: "Look at the page in the window; most often the redirect URI is not registered character for character.",
      };
    default:
      return undefined;
  }
}

async function onNetwork({ code, phase, details }: OidcError, milliseconds: number): Promise<Diagnosis | undefined> {
  if (!/^(network_error|outcome_unknown|timeout|offline)$/.test(code)) return undefined;
  if (globalThis.navigator?.onLine === false) {
    return { reason: "offline", summary: "This device is offline.", remedy: REMEDIES.offline };
  }
  const url = place(details["url"] ?? details["origin"] ?? "");
  if (!url.startsWith("http")) return undefined;
  // The answer cannot be read in this mode; that there is one says enough.
  const { response, directive } = await ask(url, { mode: "no-cors" }, milliseconds);
  if (directive !== undefined) {
    return {
      reason: "blocked_by_csp",
      summary: `The Content Security Policy of this page forbids requests to ${url}.`,
      remedy: `Add that origin to ${directive} in the Content Security Policy of the page.`,
    };
  }
  if (response && code === "timeout") return { reason: "too_slow", summary: `${url} answers, but not in time.`, remedy: REMEDIES.timeout };
  const here = globalThis.location?.origin;
  const isOwn = response && new URL(url).origin === here;
  if (isOwn || (READING.test(phase ?? "") && (await ask(url, { mode: "cors" }, milliseconds)).response)) {
    return { reason: "temporary", summary: `${url} answers now.`, remedy: "Try again; look at the server if it happens often." };
  }
  if (!response) {
    return {
      reason: "unreachable",
      summary: `Nothing answers at ${url}: the address is wrong, the server is down, or something in between refuses it.`,
      remedy:
        "Open the address in the browser: its error page says more, for example about the name or the certificate. " +
        "If there is an answer, the server keeps it from other sites (CORS, Cross-Origin-Resource-Policy).",
    };
  }
  return {
    reason: "cors_missing",
    summary: `${url} answers, and the browser does not show this page what: the server does not allow its origin (CORS).`,
    remedy:
      `Register the origin ${here} there, or let the server send Access-Control-Allow-Origin with it` +
      (phase === "fetch" ? ", and Access-Control-Allow-Headers with authorization, dpop and what else the request has." : "."),
  };
}

async function inTime(error: OidcError, milliseconds: number): Promise<Diagnosis | undefined> {
  const { code, details } = error;
  const isAboutTime = /^(jwt_expired|jwt_not_yet_valid|auth_time_invalid|transaction_expired)$/.test(code);
  if (!isAboutTime && error.error !== "invalid_dpop_proof") return undefined;
  const ahead = await clockAhead(milliseconds);
  if (ahead === undefined) return undefined;
  if (Math.abs(ahead) >= CLOCK_NOISE) {
    const [reason, word] = ahead > 0 ? (["clock_ahead", "ahead of"] as const) : (["clock_behind", "behind"] as const);
    return {
      reason,
      summary: `The clock of this device is ${Math.abs(ahead)} seconds ${word} the one of this page's server.`,
      remedy: "Set the clock of this device, best of all automatically.",
    };
  }
  if (code !== "jwt_not_yet_valid") return undefined;
  return {
    reason: "provider_clock_ahead",
    summary: `The provider's clock is ahead: its token is from ${details["secondsAhead"]} seconds in the future, and the clock of this device is right.`,
    remedy: "Let the provider set its clock; until then clockToleranceSeconds can be up to 300.",
  };
}

/** By how many seconds this clock is ahead of the one of this page's own server; that answers without asking another site. */
async function clockAhead(milliseconds: number): Promise<number | undefined> {
  const url = place(globalThis.location?.href ?? "");
  if (!url.startsWith("http")) return undefined;
  const before = Date.now();
  const { response } = await ask(url, { method: "HEAD", mode: "same-origin" }, milliseconds);
  const middle = (before + Date.now()) / 2;
  // A cache on the way says for how long it has had the answer.
  const told = Date.parse(response?.headers.get("date") ?? "") + Number(response?.headers.get("age") ?? 0) * 1000;
  return Number.isNaN(told) ? undefined : Math.round((middle - told) / 1000);
}

interface Asked {
  readonly response?: Response;
  /** What of the page's own policy forbade it. */
  readonly directive?: string;
}

/** Whether there is an answer. Neither credentials nor the address of this page are sent. */
async function ask(url: string, init: RequestInit, milliseconds: number): Promise<Asked> {
  const end = new AbortController();
  const { signal } = end;
  const timer = setTimeout(() => end.abort(), milliseconds);
  let directive: string | undefined;
  const onViolation = ({ disposition, effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void => {
    if (disposition === "enforce" && place(blockedURI).startsWith(`${new URL(url).origin}/`)) directive = effectiveDirective;
  };
  globalThis.addEventListener?.("securitypolicyviolation", onViolation);
  try {
    const response = await fetch(url, { ...init, credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", signal });
    void response.body?.cancel();
    return { response };
  } catch {
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH));
    return directive === undefined ? {} : { directive };
  } finally {
    clearTimeout(timer);
    globalThis.removeEventListener?.("securitypolicyviolation", onViolation);
  }
}

/** Whether two sites are surely one, as browsers count it for cookies: they have longer lists of what is one. */
function isSameSite(url: string | undefined): boolean {
  const site = (address: string): string => address.replace(/^\w+:\/\//, "").replace(/[:/].*/, "").split(".").slice(-2).join(".");
  return url !== undefined && globalThis.location !== undefined && site(url) === site(location.href);
}
