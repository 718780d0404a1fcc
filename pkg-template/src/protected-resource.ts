/**
 * Metadata of protected resources.
 *
 * @module
 */
import type { EndpointRequest, JsonResponse } from "./messages.js";
import type { ProtectedResourceMetadata } from "./metadata.js";
import { ask } from "./request.js";

/** Options of {@link fetchProtectedResourceMetadata}. */
export interface ProtectedResourceMetadataRequest extends Omit<EndpointRequest, "metadata" | "address"> {
  /** The resource's identifier, a URL. The document must be about exactly this. */
  readonly resource: string;
  /** The document's URL, from `resource_metadata` of a challenge. Default: the well-known one of `resource`. */
  readonly address?: string;
}

/** The metadata of a resource. */
export interface ProtectedResourceDocument<Json extends object = ProtectedResourceMetadata> extends JsonResponse<Json> {
  /** All members of the document. */
  readonly metadata: Json;
  /** Where it was found. */
  readonly url: string;
}

/**
 * Asks an API which authorization servers it accepts tokens of.
 *
 * @throws {OidcError} `resource_mismatch` when the document is about something else; and the codes of
 * {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-3
 * @example
 * ```ts
 * import { fetchProtectedResourceMetadata, init, parseWwwAuthenticate } from "oidc-wasm";
 *
 * const resource = "https://api.example.com/v1";
 * const response = await fetch(resource);
 * await init();
 * const [challenge] = parseWwwAuthenticate(response.headers.get("www-authenticate") ?? "");
 * const address = challenge?.parameters["resource_metadata"];
 * const { metadata } = await fetchProtectedResourceMetadata({ resource, ...(address && { address }) });
 * console.log(metadata.authorization_servers);
 * ```
 */
export function fetchProtectedResourceMetadata<Json extends object = ProtectedResourceMetadata>(
  request: ProtectedResourceMetadataRequest,
): Promise<ProtectedResourceDocument<Json>> {
  return ask("protected_resource", request);
}
