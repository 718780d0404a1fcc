/**
 * Dynamic client registration and its management.
 *
 * @module
 */
import type { EndpointRequest, JsonResponse, ProtocolResponse } from "./messages.js";
import type { ClientMetadataDocument, RegisteredClientMetadata } from "./metadata.js";
import { ask } from "./request.js";

/** Options of {@link registerClient}. */
export interface RegistrationEndpointRequest extends EndpointRequest {
  /** What the client says about itself, by the names on the wire. */
  readonly clientMetadata: ClientMetadataDocument;
  /** The token that allows to register, where the server wants one. */
  readonly initialAccessToken?: string;
}

/** Options of {@link readClient} and {@link deleteClient}. */
export interface RegisteredClientRequest extends Omit<EndpointRequest, "address" | "metadata"> {
  /** {@link ClientRegistration.registrationClientUri} */
  readonly registrationClientUri: string;
  /** {@link ClientRegistration.registrationAccessToken} */
  readonly registrationAccessToken: string;
}

/** Options of {@link updateClient}. */
export interface UpdateClientRequest extends RegisteredClientRequest {
  /** The client's identifier. */
  readonly clientId: string;
  /** All of the metadata: what is left out is deleted. Members that only the server sets are not sent. */
  readonly clientMetadata: ClientMetadataDocument;
}

/**
 * A client as the server has it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1
 */
export interface ClientRegistration<Json extends object = RegisteredClientMetadata> extends JsonResponse<Json> {
  /** All of the metadata as the server has it, which may differ from what was asked for. */
  readonly json: Json;
  /** `client_id` */
  readonly clientId: string;
  /** `client_secret` */
  readonly clientSecret?: string;
  /** `registration_access_token`: whoever has it can change the registration. */
  readonly registrationAccessToken?: string;
  /** `registration_client_uri` */
  readonly registrationClientUri?: string;
  /** `client_id_issued_at`, seconds since 1970. */
  readonly clientIdIssuedAt?: number;
  /** `client_secret_expires_at`, seconds since 1970; 0 for never. */
  readonly clientSecretExpiresAt?: number;
  /** `software_statement`, as it was sent. */
  readonly softwareStatement?: string;
}

/**
 * Registers a client. A page that registers itself gets a secret that it cannot keep: ask for
 * `token_endpoint_auth_method: "none"` there. From a page it takes a server that allows other origins (CORS).
 *
 * @throws {OidcError} `endpoint_error` when the server refuses, for example with `error: "invalid_redirect_uri"`; and the
 * codes of {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3
 * @see https://openid.net/specs/openid-connect-registration-1_0.html#RegistrationRequest
 * @example
 * ```ts
 * import { registerClient, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * const { clientId, json } = await registerClient({
 *   metadata,
 *   clientMetadata: {
 *     client_name: "My app",
 *     redirect_uris: ["https://app.example.com/callback"],
 *     token_endpoint_auth_method: "none",
 *   },
 * });
 * console.log(clientId, json.scope);
 * ```
 */
export function registerClient<Json extends object = RegisteredClientMetadata>(
  request: RegistrationEndpointRequest,
): Promise<ClientRegistration<Json>> {
  return ask("registration", request);
}

/**
 * Reads a registration. For hosts that can keep the registration access token (Node, server-side rendering), never a page.
 *
 * @throws {OidcError} `endpoint_error` or `unexpected_status` when the server refuses, with status 401 when the client or the
 * token is gone; and the codes of {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7592#section-2.1
 * @example
 * ```ts
 * import { readClient } from "oidc-wasm/node";
 *
 * declare const registration: { readonly registrationClientUri: string; readonly registrationAccessToken: string };
 * const { json } = await readClient(registration);
 * console.log(json.redirect_uris);
 * ```
 */
export function readClient<Json extends object = RegisteredClientMetadata>(
  request: RegisteredClientRequest,
): Promise<ClientRegistration<Json>> {
  return ask("read_client", request);
}

/**
 * Replaces a registration. The answer may bring a new secret and a new registration access token: store them. For hosts that
 * can keep them (Node, server-side rendering), never a page.
 *
 * @throws {OidcError} `endpoint_error` or `unexpected_status` when the server refuses; and the codes of
 * {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7592#section-2.2
 * @example
 * ```ts
 * import { readClient, updateClient } from "oidc-wasm/node";
 *
 * declare const registration: { readonly registrationClientUri: string; readonly registrationAccessToken: string };
 * const { clientId, json } = await readClient(registration);
 * await updateClient({ ...registration, clientId, clientMetadata: { ...json, client_name: "Another name" } });
 * ```
 */
export function updateClient<Json extends object = RegisteredClientMetadata>(
  request: UpdateClientRequest,
): Promise<ClientRegistration<Json>> {
  return ask("update_client", request);
}

/**
 * Ends a registration, and with it everything that was granted to the client. For hosts that can keep the registration access
 * token (Node, server-side rendering), never a page.
 *
 * @throws {OidcError} `endpoint_error` or `unexpected_status` when the server refuses; and the codes of
 * {@link EndpointRequest}.
 * @see https://www.rfc-editor.org/rfc/rfc7592#section-2.3
 * @example
 * ```ts
 * import { deleteClient } from "oidc-wasm/node";
 *
 * declare const registration: { readonly registrationClientUri: string; readonly registrationAccessToken: string };
 * await deleteClient(registration);
 * ```
 */
export function deleteClient(request: RegisteredClientRequest): Promise<ProtocolResponse> {
  return ask("delete_client", request);
}
