/**
 * Every code with the {@link OidcError.type} it belongs to. Codes are stable: programs branch on them, people read
 * the message. The upper part is the table of the core (`src/error.rs`), the lower part is made by this script.
 */
export interface OidcErrorTypes {
  /** A setting of the client is missing or has a value that cannot work; `details.option` names it. */
  invalid_configuration: "usage";
  /** An argument of a call is invalid; `details.option` names it. */
  invalid_argument: "usage";
  /** The call needs a session and there is none. */
  not_signed_in: "usage";
  /** The access token has expired, or has less time left than was asked for. */
  access_token_expired: "interaction";
  /** Something that only a page has is missing here. */
  unsupported_environment: "usage";
  /** A function that the application gave has failed; `cause` is what it threw. */
  hook_failed: "usage";
  /** A defect of this library. */
  internal: "usage";

  /** A URL is not `https:` (or `http:` on loopback), or has parts that are not allowed in its place. */
  insecure_url: "policy";
  /** The metadata names another issuer than the configured authority. */
  issuer_mismatch: "policy";
  /** An endpoint lies outside the authority's host. */
  endpoint_not_allowed: "policy";
  /** The provider's metadata has no such endpoint. */
  endpoint_missing: "policy";
  /** The metadata is about another protected resource. */
  resource_mismatch: "policy";
  /** The access token may not be sent to this URL. */
  origin_not_allowed: "policy";
  /** The provider says that it does not support PKCE with S256. */
  pkce_not_supported: "policy";
  /** The provider takes no proofs signed with `dpop.algorithm`; `details.supported` lists what it takes. */
  dpop_algorithm_not_supported: "policy";
  /** The provider or the configuration breaks a rule of the chosen profile; `details.rule` names it. */
  profile_violation: "policy";

  /** The request failed before there was an answer. */
  network_error: "network";
  /** The code was sent, but no answer came: it may or may not have been used. */
  outcome_unknown: "network";
  /** This device has no network. */
  offline: "network";
  /** A renewal has failed not long ago: the next one is tried after `details.retryAt`, in seconds since 1970. */
  renewal_postponed: "network";
  /** The answer was not complete in time. */
  timeout: "timeout";
  /** The caller's AbortSignal fired. */
  aborted: "aborted";

  /** The server answered with a redirect where none is allowed. */
  redirect_refused: "http";
  /** The body is longer than such an answer may be. */
  response_too_large: "http";
  /** The status is not one that such an answer has. */
  unexpected_status: "http";
  /** The media type is not the one such an answer has. */
  unexpected_content_type: "http";
  /** The server wants a nonce in proofs and does not let this page read it; `details.header` says what it has to send. */
  dpop_nonce_unreadable: "http";

  /** The text is not JSON, or is JSON that may be read in two ways. */
  invalid_json: "validation";
  /** A member of the answer is missing or has the wrong type. */
  invalid_response: "validation";
  /** The URL is not this client's redirect URI with an authorization response. */
  not_a_callback: "validation";
  /** A response parameter came more than once. */
  repeated_parameter: "validation";
  /** The response came by another way than was asked for. */
  wrong_response_mode: "validation";
  /** The response has no `state`. */
  missing_state: "validation";
  /** No sign-in with this `state` was begun in this tab. */
  unknown_state: "validation";
  /** The sign-in was begun more than ten minutes ago. */
  transaction_expired: "validation";
  /** The response was used before. */
  callback_already_processed: "validation";
  /** The provider promises `iss` in its responses, and it is missing. */
  missing_issuer: "validation";
  /** The response comes from another issuer. */
  wrong_issuer: "validation";
  /** `code` and `error` came together. */
  ambiguous_response: "validation";
  /** Neither `code` nor `error` came. */
  missing_code: "validation";

  /** `openid` was asked for and no ID Token came. */
  id_token_missing: "validation";
  /** The text is not a signed JWT in compact form. */
  jwt_malformed: "validation";
  /** The JWT is encrypted. */
  jwt_encrypted: "validation";
  /** The JWT is of another kind. */
  jwt_type_not_allowed: "validation";
  /** The algorithm is `none`, symmetric or unknown. */
  algorithm_not_allowed: "validation";
  /** The algorithm is not the one fixed for this client. */
  algorithm_mismatch: "validation";
  /** No key of the provider fits. */
  signing_key_not_found: "validation";
  /** Several keys of the provider fit. */
  signing_key_ambiguous: "validation";
  /** The signature is wrong. */
  signature_invalid: "validation";
  /** `iss` is not the configured issuer. */
  jwt_issuer_mismatch: "validation";
  /** `aud` does not name this client, or names others that are not trusted. */
  jwt_audience_mismatch: "validation";
  /** `azp` is not this client, or is missing although there are several audiences. */
  jwt_authorized_party_mismatch: "validation";
  /** `exp` has passed. */
  jwt_expired: "validation";
  /** `iat` or `nbf` lies in the future. */
  jwt_not_yet_valid: "validation";
  /** A claim is missing or has the wrong type. */
  claim_invalid: "validation";
  /** `nonce` is not the one of this sign-in. */
  nonce_mismatch: "validation";
  /** The sign-in is older than `max_age` allows. */
  auth_time_invalid: "validation";
  /** `at_hash` does not fit the access token. */
  access_token_hash_mismatch: "validation";
  /** `c_hash` does not fit the code. */
  code_hash_mismatch: "validation";
  /** `s_hash` does not fit the state. */
  state_hash_mismatch: "validation";
  /** The token type is not the one that was asked for: `Bearer`, or `DPoP` where proofs were sent. */
  token_type_not_supported: "validation";
  /** Userinfo is about somebody else. */
  userinfo_subject_mismatch: "validation";

  /** The provider answered the authorization request with an error. */
  authorization_error: "protocol";
  /** `prompt=none` is not possible now. */
  interaction_required: "interaction";
  /** The token endpoint answered with an error. */
  token_error: "protocol";
  /** The userinfo endpoint answered with an error. */
  userinfo_error: "protocol";
  /** Another endpoint answered with an error; `phase` says which. */
  endpoint_error: "protocol";
  /** The device code or the authentication request has expired before the person acted. */
  polling_expired: "interaction";
  /** The provider takes the refresh token no longer: the session has ended. `error` is what it says. */
  session_ended: "interaction";
  /** Another person has signed in in another tab meanwhile: nothing was done in their name. */
  session_changed: "interaction";
  /** Three sign-ins have failed within a minute, and nobody clicked anything for the next one. */
  login_loop: "interaction";
  /** The session is gone from this browser although nobody signed out: its storage was cleared. */
  session_lost: "storage";

  /** Storage is missing, blocked or full. */
  storage_unavailable: "storage";
  /** The key that this session's tokens are bound to is gone: they are of no use any more. */
  dpop_key_lost: "storage";

  /** A synchronous call came before the wasm was loaded: `await init()` first. */
  not_initialized: "usage";
  /** The client was disposed of. */
  client_disposed: "usage";
  /** The request would have to be sent a second time, and its body is a stream that is gone. */
  request_not_repeatable: "usage";
  /** The browser did not open the window: open it in the handler of a click. */
  popup_blocked: "interaction";
  /** The person closed the window before the sign-in was complete. */
  popup_closed: "interaction";
  /** The server answered the request for the wasm with something that is not wasm, mostly a fallback HTML page. */
  wasm_wrong_content_type: "usage";
  /** The page's Content Security Policy lacks `'wasm-unsafe-eval'`. */
  wasm_blocked_by_csp: "usage";
  /** The wasm file is not where the script looks for it. */
  wasm_not_found: "usage";
  /** The wasm could not be fetched or compiled for another reason. */
  wasm_load_failed: "usage";
}

/** The code of an {@link OidcError}: a closed list, described in {@link OidcErrorTypes}. */
export type OidcErrorCode = keyof OidcErrorTypes;

/** What kind of failure a code belongs to; enough to choose between "try again", "sign in again" and "report". */
export type OidcErrorType =
  | "protocol"
  | "http"
  | "network"
  | "timeout"
  | "aborted"
  | "policy"
  | "validation"
  | "storage"
  | "interaction"
  | "usage";

/** What an {@link OidcError} is made of. */
export interface OidcErrorInit<Code extends OidcErrorCode = OidcErrorCode> {
  readonly code: Code;
  readonly type: OidcErrorTypes[Code];
  readonly message: string;
  readonly phase?: string;
  readonly retryable?: boolean;
  readonly status?: number;
  readonly error?: string;
  readonly errorDescription?: string;
  readonly errorUri?: string;
  readonly raw?: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * The one kind of error that this package throws or rejects with. It never carries a token, a code or a `state`, except
 * in {@link OidcError.raw}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1
 * @example
 * ```ts
 * import { isOidcError, type OidcClient } from "oidc-wasm";
 *
 * declare const client: OidcClient;
 * try {
 *   await client.start();
 * } catch (failure) {
 *   if (isOidcError(failure, "authorization_error") && failure.error === "access_denied") {
 *     document.body.textContent = "You did not allow it.";
 *   } else {
 *     throw failure;
 *   }
 * }
 * ```
 */
export class OidcError<Code extends OidcErrorCode = OidcErrorCode> extends Error {
  /** Always the same, whatever a minifier makes of the class's own name. */
  override get name(): "OidcError" {
    // Not by a static block: bundlers keep a class that has one, used or not.
    return "OidcError";
  }

  /** Why it failed: stable, made for programs. */
  readonly code: Code;
  /** What kind of failure the code belongs to. */
  readonly type: OidcErrorTypes[Code];
  /** The step that failed, for example `discovery`, `callback`, `token` or `introspection`. */
  declare readonly phase?: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** The HTTP status, where there was an answer. */
  declare readonly status?: number;
  /** `error` of the OAuth answer, for example `access_denied`. */
  declare readonly error?: string;
  /** `error_description` of the OAuth answer: foreign text, at most 1024 characters. Show it as text, never as HTML. */
  declare readonly errorDescription?: string;
  /** `error_uri` of the OAuth answer: foreign text. It is never opened. */
  declare readonly errorUri?: string;
  /**
   * The server's answer, where a protocol function failed on it. It may hold secrets. It is not enumerable: neither loggers
   * nor `toJSON` nor a spread take it along.
   */
  declare readonly raw?: string;
  /** Evidence by name, for example what was expected and what came. Never a secret. */
  readonly details: Readonly<Record<string, string>>;

  /** Errors are made by this package; the constructor is public for the tests of applications. */
  constructor(init: OidcErrorInit<Code>) {
    const { option = "the one named in details" } = init.details ?? {};
    // People read the message first.
    const message = init.message.replace("the one named in details", () => option);
    super(message, "cause" in init ? { cause: init.cause } : undefined);
    this.code = init.code;
    this.type = init.type;
    this.retryable = init.retryable ?? false;
    this.details = Object.freeze({ ...init.details });
    for (const name of ["phase", "status", "error", "errorDescription", "errorUri"] as const) {
      if (init[name] !== undefined) Object.assign(this, { [name]: init[name] });
    }
    if (init.raw !== undefined) Object.defineProperty(this, "raw", { value: init.raw });
  }

  /** Everything but the stack, the cause and the raw answer, for logs. */
  toJSON(): Omit<OidcErrorInit<Code>, "cause" | "raw"> & { readonly name: string } {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}

/**
 * Whether something caught is an {@link OidcError}, and with `code` whether it is that one. Works across copies of the
 * package, where `instanceof` does not.
 *
 * @example
 * ```ts
 * import { isOidcError, type OidcClient } from "oidc-wasm";
 *
 * declare const client: OidcClient;
 * try {
 *   await client.fetchUserInfo();
 * } catch (failure) {
 *   if (isOidcError(failure, "not_signed_in")) await client.signIn();
 *   else if (isOidcError(failure) && failure.retryable) console.warn(failure.code, failure.message);
 *   else throw failure;
 * }
 * ```
 */
export function isOidcError<Code extends OidcErrorCode = OidcErrorCode>(
  value: unknown,
  code?: Code,
): value is OidcError<Code> {
  return (
    value instanceof Error &&
    value.name === "OidcError" &&
    "code" in value &&
    (code === undefined || value.code === code)
  );
}
