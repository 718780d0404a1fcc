/**
 * What the requests and answers of all endpoints have in common.
 *
 * @module
 */
import type { ClientAuthentication } from "./client-authentication.js";
import type { ProviderMetadata } from "./metadata.js";

/** A JSON object whose members nobody has described. {@link getString} and its like read it without guessing. */
export interface JsonObject {
  readonly [member: string]: unknown;
}

/** One value of a parameter; `null` and `undefined` leave the parameter out. */
export type ParameterValue = string | number | boolean | null | undefined;

/**
 * Parameters in any of the shapes that people have at hand: an object, a `Map`, `URLSearchParams`, or any iterable of
 * name and value. A list of values repeats the parameter. Order is kept.
 */
export type ParametersInit =
  | { readonly [name: string]: ParameterValue | readonly ParameterValue[] }
  | Iterable<readonly [name: string, value: ParameterValue | readonly ParameterValue[]]>;

/**
 * A `fetch` of the application's own: for a proxy, for measuring, for tests without a network. It gets a complete request, whose
 * settings (`redirect: "manual"`, `cache: "no-store"` and such) are meant, and gives the answer of that one request as a `Response`.
 * It sees every secret that the request carries.
 *
 * @see https://fetch.spec.whatwg.org/#fetch-method
 * @example
 * ```ts
 * import { type Fetch, fetchDiscoveryDocument } from "oidc-wasm";
 *
 * const measured: Fetch = async (request) => {
 *   const start = performance.now();
 *   const response = await fetch(request);
 *   console.log(new URL(request.url).pathname, response.status, performance.now() - start);
 *   return response;
 * };
 * const metadata = await fetchDiscoveryDocument({ authority: "https://id.example.com", fetch: measured });
 * ```
 */
export type Fetch = (request: Request) => Promise<Response>;

/**
 * Options of a request to one endpoint. Give `address` or `metadata`.
 *
 * Every function that takes them can reject with these codes: `invalid_argument` (`details.option` names the option),
 * `insecure_url` and `endpoint_missing` for the endpoint's URL; `network_error`, `timeout`, `aborted`,
 * `redirect_refused`, `unexpected_status`, `unexpected_content_type`, `response_too_large` for the exchange;
 * `invalid_json` and `invalid_response` for the answer; and what {@link init} throws. Errors that come from an answer
 * carry it as {@link OidcError.raw}.
 */
export interface EndpointRequest {
  /** The URL of the endpoint. It wins over `metadata`. */
  readonly address?: string;
  /** Metadata in which the endpoint is looked up: from {@link fetchDiscoveryDocument}, {@link DiscoveryCache}, or by hand. */
  readonly metadata?: ProviderMetadata;
  /** Further request headers by name. Those that the request sets itself (`Authorization`, `Accept` and such) are refused. */
  readonly headers?: Readonly<Record<string, string>> | Headers;
  /** Deadline of the request, body included, in seconds, 1 to 300. Default 10. */
  readonly timeoutSeconds?: number;
  /** Aborts the call; it rejects with the code `aborted`. */
  readonly signal?: AbortSignal;
  /** What the request is sent with. Default: the global `fetch`. What it throws counts as `network_error`. */
  readonly fetch?: Fetch;
  /** Allow `http:` for hosts that are not loopback. Anyone on the network path can then read and replace everything. */
  readonly dangerousAllowHttp?: boolean;
}

/**
 * Options of a request that a client makes in its own name. Besides the codes of {@link EndpointRequest} such a request
 * can reject with `hook_failed` when a function in `clientAuthentication` failed (`cause` is what it threw), and with
 * `unsupported_environment` where a signature is needed and the page has no WebCrypto.
 */
export interface ClientRequest extends EndpointRequest {
  /** The client's identifier. Without it the request carries no client authentication at all. */
  readonly clientId?: string;
  /** How the client proves who it is. Default: it does not; a `clientId` goes into the body. */
  readonly clientAuthentication?: ClientAuthentication;
  /**
   * Further parameters of the body, before all others. One that has an option of its own may be given here or there,
   * not in both places.
   */
  readonly parameters?: ParametersInit;
  /**
   * Binds what comes back to this key: every attempt carries a proof of its own, and a nonce that the server asks for is used in
   * one second attempt and remembered. The token must then be of the type `DPoP`.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449#section-5
   */
  readonly dpop?: ProofMaker;
  /** Takes a Bearer token too where `dpop` was asked for. Whoever steals that can use it. */
  readonly dangerousAllowBearer?: boolean;
}

/** Who makes proofs of possession: {@link DpopKey}, or something of the application's own. */
export interface ProofMaker {
  /** A proof for this one request; `clockOffset` is by how many seconds the server's clock is ahead, where that is known. */
  proof(request: {
    method: string;
    url: string;
    accessToken?: string;
    nonce?: string;
    clockOffset?: number;
  }): Promise<string>;
}

/** What every answer has. */
export interface ProtocolResponse {
  /** The HTTP status. */
  readonly status: number;
  /**
   * Headers that matter, by lower-case name: `content-type`, `date`, `dpop-nonce`, `retry-after`, `www-authenticate`. In a
   * browser only those that the server lets other origins read.
   */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as text. It may hold secrets. */
  readonly raw: string;
}

/** An answer in JSON. The type parameter describes members that this package has no name for. */
export interface JsonResponse<Json extends object = JsonObject> extends ProtocolResponse {
  /** The whole body, read strictly: no member twice, nothing after the end. */
  readonly json: Json;
}

/**
 * One entry of `authorization_details`: its type and whatever that type defines. Types of an application's own describe it better:
 * a `type`, or an `interface` that extends this one, as the type parameter of {@link OidcClient} and others.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9396#section-2
 */
export interface AuthorizationDetail {
  readonly type: string;
  readonly [member: string]: unknown;
}
