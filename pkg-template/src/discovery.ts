/**
 * Metadata and keys of a provider: fetched once, or kept in a cache.
 *
 * @module
 */
import { json } from "./core.js";
import type { EndpointRequest, JsonResponse } from "./messages.js";
import type { JsonWebKey, JsonWebKeySet, ProviderMetadata } from "./metadata.js";
import { ask } from "./request.js";
import type { ClientDiscoveryPolicy, RequestOptions } from "./types.js";

/**
 * What discovery insists on: `https`, the issuer that was asked for, endpoints on the authority's origin, a key set. Each rule
 * can be relaxed by its name; a name that begins with `dangerous` gives away what the rule protects from.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3.3
 */
export interface DiscoveryPolicy extends ClientDiscoveryPolicy {
  /**
   * How the document's `issuer` is compared with `authority`: `"ordinal"` (default), character for character, as the
   * specifications demand; `"url"`, as URLs, so that the case of the host, a default port and a slash for an empty path do
   * not count.
   */
  readonly authorityValidation?: "ordinal" | "url";
  /** Whether loopback hosts may use `http:`. Default `true`. */
  readonly allowHttpOnLoopback?: boolean;
  /** Further hosts that count as loopback. Their traffic is readable by whoever is on the way. */
  readonly dangerousLoopbackAddresses?: readonly string[];
  /** Accept a document of any issuer. Another provider can then pose as this one. */
  readonly dangerousSkipIssuerValidation?: boolean;
  /** Accept endpoints anywhere. Name `additionalEndpointBaseAddresses` instead. `https:` is still demanded. */
  readonly dangerousSkipEndpointValidation?: boolean;
  /** Endpoints that may be anywhere, by their names in the document. `https:` is still demanded. */
  readonly dangerousExcludeEndpoints?: readonly string[];
  /** Whether the document must name a `jwks_uri`. Default `true`. */
  readonly requireKeySet?: boolean;
}

/** Options of {@link fetchDiscoveryDocument}. */
export interface DiscoveryDocumentRequest extends Pick<EndpointRequest, "headers" | "timeoutSeconds" | "signal" | "fetch"> {
  /** The issuer, or the URL of its document, from which the well-known part is cut. */
  readonly authority: string;
  /**
   * Which document: `"openid-configuration"` (default), whose path is behind the issuer's, or `"oauth-authorization-server"`
   * (RFC 8414), whose path is before it.
   */
  readonly wellKnown?: "openid-configuration" | "oauth-authorization-server";
  /** The URL of the document, where it is not below the issuer. The issuer in it must still be `authority`. */
  readonly address?: string;
  /** What the document has to fulfil. */
  readonly discoveryPolicy?: DiscoveryPolicy;
}

/** A metadata document that passed the policy. */
export interface DiscoveryDocument<Json extends object = ProviderMetadata> extends JsonResponse<Json> {
  /** All members of the document. It can be passed as `metadata` to every function. */
  readonly metadata: Json;
  /** Where it was found. */
  readonly url: string;
}

/**
 * Fetches the metadata of a provider and checks it: the issuer and every member that is an endpoint, known or not, aliases for
 * TLS certificates included. The keys are not fetched: {@link fetchJsonWebKeySet}. {@link DiscoveryCache} spares the second
 * request.
 *
 * @throws {OidcError} `issuer_mismatch`; `insecure_url` and `endpoint_not_allowed` for endpoints; `endpoint_missing` without
 * `jwks_uri`; and the codes of {@link EndpointRequest}.
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3
 * @example
 * ```ts
 * import { fetchDiscoveryDocument, requestRefreshToken } from "oidc-wasm";
 *
 * declare const refreshToken: string;
 * const { metadata } = await fetchDiscoveryDocument({
 *   authority: "https://id.example.com/tenant",
 *   discoveryPolicy: { additionalEndpointBaseAddresses: ["https://keys.example.com"] },
 * });
 * await requestRefreshToken({ metadata, clientId: "spa", refreshToken });
 * ```
 */
export function fetchDiscoveryDocument<Json extends object = ProviderMetadata>(
  request: DiscoveryDocumentRequest,
): Promise<DiscoveryDocument<Json>> {
  return ask("discovery", request);
}

/** The keys of a provider. */
export interface JsonWebKeySetResponse extends JsonResponse<JsonWebKeySet> {
  /** The keys, with all their members. */
  readonly keys: readonly JsonWebKey[];
}

/**
 * Fetches the keys of a provider, from `jwks_uri` of `metadata` or from `address`.
 *
 * @throws {OidcError} The codes of {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 * @example
 * ```ts
 * import { fetchJsonWebKeySet } from "oidc-wasm";
 *
 * const { keys } = await fetchJsonWebKeySet({ address: "https://id.example.com/jwks" });
 * console.log(keys.map(({ kid, kty }) => `${kid ?? "(no kid)"}: ${kty}`));
 * ```
 */
export function fetchJsonWebKeySet(request: EndpointRequest): Promise<JsonWebKeySetResponse> {
  return ask("jwks", request);
}

/** Settings of a {@link DiscoveryCache}. */
export interface DiscoveryCacheOptions
  extends Pick<DiscoveryDocumentRequest, "authority" | "wellKnown" | "address" | "discoveryPolicy" | "fetch"> {
  /** Deadline of one request, body included, in seconds, 1 to 300. Default 10. */
  readonly timeoutSeconds?: number;
  /** How long a document is taken for current, in seconds. Default 86400, a day. */
  readonly durationSeconds?: number;
  /** How long a document is served when it cannot be renewed, in seconds since it was fetched. Default 604800, a week. */
  readonly hardExpirySeconds?: number;
  /**
   * `"session"` (default) keeps the documents, which are public, in `sessionStorage`, so that other pages of this tab find
   * them; where that fails, or with `"memory"`, they are kept in the memory of this page.
   */
  readonly storage?: "session" | "memory";
}

/** What {@link DiscoveryCache.get} resolves with. */
export interface CachedDiscoveryDocument {
  /** All members of the document. It can be passed as `metadata` to every function. */
  readonly metadata: ProviderMetadata;
  /** When it was fetched, in seconds since 1970. */
  readonly fetchedAt: number;
  /** Whether it should have been renewed, and could not be. */
  readonly stale: boolean;
}

/** Options of {@link DiscoveryCache.keySet}. */
export interface KeySetOptions extends RequestOptions {
  /** The key that is needed. When it is not there the keys are fetched once more, at most once a minute. */
  readonly kid?: string;
}

/**
 * The metadata and keys of one provider, fetched when they are first needed and kept. Whoever asks while a request is under way
 * joins it. When a renewal fails, the last good document is served until its hard expiry. The object itself holds nothing: caches
 * of the same options share what was fetched, and the documents of the eight providers that were asked last are kept.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
 * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigningKeys
 * @example
 * ```ts
 * import { DiscoveryCache, requestRefreshToken } from "oidc-wasm";
 *
 * declare const refreshToken: string;
 * const cache = new DiscoveryCache({ authority: "https://id.example.com" });
 * const { metadata } = await cache.get();
 * await requestRefreshToken({ metadata, clientId: "spa", refreshToken });
 * ```
 */
export class DiscoveryCache {
  readonly #options: object;

  /**
   * Nothing is loaded or fetched yet. Options that cannot work are reported by the first call that needs them.
   *
   * @throws {OidcError} `invalid_argument` when the options are not plain data.
   * @example
   * ```ts
   * import { DiscoveryCache } from "oidc-wasm";
   *
   * const cache = new DiscoveryCache({ authority: "https://id.example.com", durationSeconds: 3600 });
   * console.log((await cache.get()).metadata.issuer);
   * ```
   */
  constructor(options: DiscoveryCacheOptions) {
    // A copy: what the caller changes later has no effect.
    const { fetch, ...plain } = options;
    this.#options = { ...(JSON.parse(json(plain)) as object), ...(fetch && { fetch }) };
  }

  /**
   * The document, from the cache while it is current.
   *
   * @throws {OidcError} What {@link fetchDiscoveryDocument} throws, when there is no document to serve instead;
   * `invalid_argument` for the options of the cache.
   * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
   * @example
   * ```ts
   * import type { DiscoveryCache } from "oidc-wasm";
   *
   * declare const cache: DiscoveryCache;
   * const { metadata, stale } = await cache.get({ signal: AbortSignal.timeout(5000) });
   * if (stale) console.warn(`${metadata.issuer} does not answer`);
   * ```
   */
  async get(options: RequestOptions = {}): Promise<CachedDiscoveryDocument> {
    return ask("cached_metadata", { ...this.#options, ...options });
  }

  /**
   * Fetches the document now, current or not.
   *
   * @throws {OidcError} What {@link fetchDiscoveryDocument} throws; the document in the cache then stays.
   * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
   * @example
   * ```ts
   * import type { DiscoveryCache } from "oidc-wasm";
   *
   * declare const cache: DiscoveryCache;
   * const { fetchedAt } = await cache.refresh();
   * console.log(new Date(fetchedAt * 1000));
   * ```
   */
  async refresh(options: RequestOptions = {}): Promise<CachedDiscoveryDocument> {
    return ask("cached_metadata", { ...this.#options, ...options, ...{ refresh: true } });
  }

  /**
   * The keys, from the cache while they are current. With `kid` they are fetched once more when that key is not among them.
   *
   * @throws {OidcError} What {@link fetchJsonWebKeySet} and {@link DiscoveryCache.get} throw.
   * @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigningKeys
   * @example
   * ```ts
   * import { jwkThumbprint, type DiscoveryCache } from "oidc-wasm";
   *
   * declare const cache: DiscoveryCache;
   * const { keys } = await cache.keySet({ kid: "2026-1" });
   * console.log(keys.map(jwkThumbprint));
   * ```
   */
  async keySet(options: KeySetOptions = {}): Promise<JsonWebKeySet> {
    return ask("cached_keys", { ...this.#options, ...options });
  }
}
