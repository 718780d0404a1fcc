/**
 * Documents that keep their wire names: metadata of providers, clients and protected resources, and keys.
 *
 * @module
 */
/**
 * Metadata of an OpenID Provider or authorization server: fetched, or given by hand. Other members are kept and can be
 * read with {@link getString} and its like. A member that is absent says nothing; it does not mean `false`.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-2
 */
export interface ProviderMetadata {
  /** The issuer: the string that `iss` of every token and response is compared with. */
  readonly issuer: string;
  /** Where the browser is sent to sign in. */
  readonly authorization_endpoint?: string;
  /** Where grants are exchanged for tokens. */
  readonly token_endpoint?: string;
  /** Where claims about the person are. */
  readonly userinfo_endpoint?: string;
  /** Where the browser is sent to sign out (RP-Initiated Logout). */
  readonly end_session_endpoint?: string;
  /** The page for watching the provider's session (Session Management). */
  readonly check_session_iframe?: string;
  /** Where the keys are. */
  readonly jwks_uri?: string;
  /** Where clients register themselves (RFC 7591). */
  readonly registration_endpoint?: string;
  /** Where tokens are revoked (RFC 7009). */
  readonly revocation_endpoint?: string;
  /** Where tokens are looked up (RFC 7662). */
  readonly introspection_endpoint?: string;
  /** Where a device begins a sign-in (RFC 8628). */
  readonly device_authorization_endpoint?: string;
  /** Where the parameters of an authorization request are pushed (RFC 9126). */
  readonly pushed_authorization_request_endpoint?: string;
  /** Where an authentication is started without a browser (CIBA). */
  readonly backchannel_authentication_endpoint?: string;
  /** The same endpoints for clients that present a TLS certificate (RFC 8705, section 5). */
  readonly mtls_endpoint_aliases?: MtlsEndpointAliases;

  /** Scopes. Not necessarily all. */
  readonly scopes_supported?: readonly string[];
  /** Values of `response_type`. */
  readonly response_types_supported?: readonly string[];
  /** Values of `response_mode`. Default: query and fragment. */
  readonly response_modes_supported?: readonly string[];
  /** Values of `grant_type`. Default: `authorization_code` and `implicit`. */
  readonly grant_types_supported?: readonly string[];
  /** Values of `code_challenge_method` (RFC 7636). */
  readonly code_challenge_methods_supported?: readonly string[];
  /** Values of `prompt`. */
  readonly prompt_values_supported?: readonly string[];
  /** Values of `display`. */
  readonly display_values_supported?: readonly string[];
  /** Values of `acr_values`. */
  readonly acr_values_supported?: readonly string[];
  /** Kinds of subject identifiers: `pairwise`, `public`. */
  readonly subject_types_supported?: readonly string[];
  /** Languages of the provider's pages, as BCP 47 tags. */
  readonly ui_locales_supported?: readonly string[];
  /** Languages of claims, as BCP 47 tags. */
  readonly claims_locales_supported?: readonly string[];
  /** Kinds of claims: `normal`, `aggregated`, `distributed`. */
  readonly claim_types_supported?: readonly string[];
  /** Claims. Not necessarily all. */
  readonly claims_supported?: readonly string[];
  /** Whether the parameter `claims` is understood. */
  readonly claims_parameter_supported?: boolean;
  /** Whether the parameter `request` is understood. */
  readonly request_parameter_supported?: boolean;
  /** Whether the parameter `request_uri` is understood. Default `true` in OpenID Connect. */
  readonly request_uri_parameter_supported?: boolean;
  /** Whether values of `request_uri` have to be registered. */
  readonly require_request_uri_registration?: boolean;
  /** Whether every authorization request has to be a signed request object (RFC 9101). */
  readonly require_signed_request_object?: boolean;
  /** Whether every authorization request has to be pushed (RFC 9126). */
  readonly require_pushed_authorization_requests?: boolean;
  /** Whether authorization responses carry `iss` (RFC 9207). */
  readonly authorization_response_iss_parameter_supported?: boolean;
  /** Types of `authorization_details` (RFC 9396). */
  readonly authorization_details_types_supported?: readonly string[];
  /** Signatures of DPoP proofs (RFC 9449). */
  readonly dpop_signing_alg_values_supported?: readonly string[];
  /** Whether access tokens can be bound to a TLS certificate (RFC 8705). */
  readonly tls_client_certificate_bound_access_tokens?: boolean;
  /** Resources for which the server issues tokens (RFC 9728, section 4). */
  readonly protected_resources?: readonly string[];

  /** Methods of client authentication at the token endpoint. Default: `client_secret_basic`. */
  readonly token_endpoint_auth_methods_supported?: readonly string[];
  /** Signatures of assertions at the token endpoint. */
  readonly token_endpoint_auth_signing_alg_values_supported?: readonly string[];
  /** Methods of client authentication at the revocation endpoint. */
  readonly revocation_endpoint_auth_methods_supported?: readonly string[];
  /** Signatures of assertions at the revocation endpoint. */
  readonly revocation_endpoint_auth_signing_alg_values_supported?: readonly string[];
  /** Methods of client authentication at the introspection endpoint. */
  readonly introspection_endpoint_auth_methods_supported?: readonly string[];
  /** Signatures of assertions at the introspection endpoint. */
  readonly introspection_endpoint_auth_signing_alg_values_supported?: readonly string[];

  /** Signatures of ID Tokens. */
  readonly id_token_signing_alg_values_supported?: readonly string[];
  /** Key encryption of ID Tokens. */
  readonly id_token_encryption_alg_values_supported?: readonly string[];
  /** Content encryption of ID Tokens. */
  readonly id_token_encryption_enc_values_supported?: readonly string[];
  /** Signatures of userinfo answers. */
  readonly userinfo_signing_alg_values_supported?: readonly string[];
  /** Key encryption of userinfo answers. */
  readonly userinfo_encryption_alg_values_supported?: readonly string[];
  /** Content encryption of userinfo answers. */
  readonly userinfo_encryption_enc_values_supported?: readonly string[];
  /** Signatures of request objects. */
  readonly request_object_signing_alg_values_supported?: readonly string[];
  /** Key encryption of request objects. */
  readonly request_object_encryption_alg_values_supported?: readonly string[];
  /** Content encryption of request objects. */
  readonly request_object_encryption_enc_values_supported?: readonly string[];
  /** Signatures of introspection answers (RFC 9701). */
  readonly introspection_signing_alg_values_supported?: readonly string[];
  /** Key encryption of introspection answers. */
  readonly introspection_encryption_alg_values_supported?: readonly string[];
  /** Content encryption of introspection answers. */
  readonly introspection_encryption_enc_values_supported?: readonly string[];
  /** Signatures of authorization responses (JARM). */
  readonly authorization_signing_alg_values_supported?: readonly string[];

  /** Whether front-channel logout is supported. */
  readonly frontchannel_logout_supported?: boolean;
  /** Whether front-channel logout names the session (`sid`). */
  readonly frontchannel_logout_session_supported?: boolean;
  /** Whether back-channel logout is supported. */
  readonly backchannel_logout_supported?: boolean;
  /** Whether logout tokens name the session (`sid`). */
  readonly backchannel_logout_session_supported?: boolean;
  /** How CIBA delivers tokens: `poll`, `ping`, `push`. */
  readonly backchannel_token_delivery_modes_supported?: readonly string[];
  /** Signatures of CIBA authentication requests. */
  readonly backchannel_authentication_request_signing_alg_values_supported?: readonly string[];
  /** Whether CIBA understands `user_code`. */
  readonly backchannel_user_code_parameter_supported?: boolean;

  /** A page for developers. */
  readonly service_documentation?: string;
  /** A page that says what a client may do with what it gets. */
  readonly op_policy_uri?: string;
  /** The provider's terms of service. */
  readonly op_tos_uri?: string;
  /** The metadata as a signed JWT. It is not evaluated here. */
  readonly signed_metadata?: string;

  readonly [member: string]: unknown;
}

/**
 * Endpoints for clients that present a TLS certificate, by the names that they have in the metadata otherwise.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705#section-5
 */
export interface MtlsEndpointAliases {
  readonly token_endpoint?: string;
  readonly userinfo_endpoint?: string;
  readonly revocation_endpoint?: string;
  readonly introspection_endpoint?: string;
  readonly device_authorization_endpoint?: string;
  readonly pushed_authorization_request_endpoint?: string;
  readonly backchannel_authentication_endpoint?: string;
  readonly registration_endpoint?: string;
  readonly [member: string]: unknown;
}

/**
 * What a client says about itself when it registers, and what the server answers. Other members are kept both ways.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-2
 * @see https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata
 */
export interface ClientMetadataDocument {
  /** Where the browser may be sent back to. */
  readonly redirect_uris?: readonly string[];
  /** Values of `response_type` that the client uses. Default `["code"]`. */
  readonly response_types?: readonly string[];
  /** Values of `grant_type` that the client uses. Default `["authorization_code"]`. */
  readonly grant_types?: readonly string[];
  /** `web` (default) or `native`. */
  readonly application_type?: string;
  /** People who are responsible, usually e-mail addresses. */
  readonly contacts?: readonly string[];
  /** The name that people see. */
  readonly client_name?: string;
  /** The client's logo. */
  readonly logo_uri?: string;
  /** The client's home page. */
  readonly client_uri?: string;
  /** What the client does with people's data. */
  readonly policy_uri?: string;
  /** The client's terms of service. */
  readonly tos_uri?: string;
  /** Where the client's public keys are. Not together with `jwks`. */
  readonly jwks_uri?: string;
  /** The client's public keys. */
  readonly jwks?: JsonWebKeySet;
  /** A document with the redirect URIs of a sector, for pairwise subject identifiers. */
  readonly sector_identifier_uri?: string;
  /** `pairwise` or `public`. */
  readonly subject_type?: string;
  /** Scopes that the client may ask for, separated by spaces. */
  readonly scope?: string;
  /** Where the browser may be sent to after sign-out. */
  readonly post_logout_redirect_uris?: readonly string[];
  /** The page that the provider loads in a frame at sign-out. */
  readonly frontchannel_logout_uri?: string;
  /** Whether that page needs `iss` and `sid`. */
  readonly frontchannel_logout_session_required?: boolean;
  /** Where the provider posts logout tokens to. */
  readonly backchannel_logout_uri?: string;
  /** Whether logout tokens need `sid`. */
  readonly backchannel_logout_session_required?: boolean;
  /** A signed JWT of somebody who vouches for the software. */
  readonly software_statement?: string;
  /** The software, the same for all its installations. */
  readonly software_id?: string;
  /** The version of the software. */
  readonly software_version?: string;
  /** Signature of ID Tokens. Default `RS256`. */
  readonly id_token_signed_response_alg?: string;
  /** Key encryption of ID Tokens. */
  readonly id_token_encrypted_response_alg?: string;
  /** Content encryption of ID Tokens. */
  readonly id_token_encrypted_response_enc?: string;
  /** Signature of userinfo answers. Without it they are JSON. */
  readonly userinfo_signed_response_alg?: string;
  /** Key encryption of userinfo answers. */
  readonly userinfo_encrypted_response_alg?: string;
  /** Content encryption of userinfo answers. */
  readonly userinfo_encrypted_response_enc?: string;
  /** Signature of request objects. */
  readonly request_object_signing_alg?: string;
  /** Key encryption of request objects. */
  readonly request_object_encryption_alg?: string;
  /** Content encryption of request objects. */
  readonly request_object_encryption_enc?: string;
  /** Whether the client always uses signed request objects (RFC 9101). */
  readonly require_signed_request_object?: boolean;
  /** Whether the client always pushes authorization requests (RFC 9126). */
  readonly require_pushed_authorization_requests?: boolean;
  /** How the client authenticates itself at the token endpoint; `none` for a public client. Default `client_secret_basic`. */
  readonly token_endpoint_auth_method?: string;
  /** Signature of assertions at the token endpoint. */
  readonly token_endpoint_auth_signing_alg?: string;
  /** Default of `max_age`, in seconds. */
  readonly default_max_age?: number;
  /** Whether ID Tokens need `auth_time`. */
  readonly require_auth_time?: boolean;
  /** Default of `acr_values`. */
  readonly default_acr_values?: readonly string[];
  /** Where a third party may send the browser to begin a sign-in. */
  readonly initiate_login_uri?: string;
  /** Values of `request_uri` that the client uses. */
  readonly request_uris?: readonly string[];
  /** Signature of introspection answers (RFC 9701). */
  readonly introspection_signed_response_alg?: string;
  /** Key encryption of introspection answers. */
  readonly introspection_encrypted_response_alg?: string;
  /** Content encryption of introspection answers. */
  readonly introspection_encrypted_response_enc?: string;
  /** Whether the client always uses DPoP (RFC 9449). */
  readonly dpop_bound_access_tokens?: boolean;
  /** Types of `authorization_details` that the client uses (RFC 9396). */
  readonly authorization_details_types?: readonly string[];
  /** Whether access tokens are bound to the client's TLS certificate (RFC 8705). */
  readonly tls_client_certificate_bound_access_tokens?: boolean;
  /** How CIBA delivers tokens to the client: `poll`, `ping`, `push`. */
  readonly backchannel_token_delivery_mode?: string;
  /** Where CIBA notifies the client. */
  readonly backchannel_client_notification_endpoint?: string;
  /** Signature of CIBA authentication requests. */
  readonly backchannel_authentication_request_signing_alg?: string;
  /** Whether the client uses `user_code` of CIBA. */
  readonly backchannel_user_code_parameter?: boolean;

  readonly [member: string]: unknown;
}

/**
 * What a protected resource says about itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-2
 */
export interface ProtectedResourceMetadata {
  /** The resource: exactly what was asked for. */
  readonly resource: string;
  /** Issuers of the authorization servers that it accepts tokens of. */
  readonly authorization_servers?: readonly string[];
  /** Where the resource's own keys are. */
  readonly jwks_uri?: string;
  /** Scopes to ask for. */
  readonly scopes_supported?: readonly string[];
  /** How a bearer token may be sent: `header`, `body`, `query`. */
  readonly bearer_methods_supported?: readonly string[];
  /** Signatures of the resource's answers. */
  readonly resource_signing_alg_values_supported?: readonly string[];
  /** The name that people see. */
  readonly resource_name?: string;
  /** A page for developers. */
  readonly resource_documentation?: string;
  /** What a client may do with the data. */
  readonly resource_policy_uri?: string;
  /** The resource's terms of service. */
  readonly resource_tos_uri?: string;
  /** Whether tokens have to be bound to a TLS certificate. */
  readonly tls_client_certificate_bound_access_tokens?: boolean;
  /** Types of `authorization_details`. */
  readonly authorization_details_types_supported?: readonly string[];
  /** Signatures of DPoP proofs. */
  readonly dpop_signing_alg_values_supported?: readonly string[];
  /** Whether tokens have to be bound to a DPoP key. */
  readonly dpop_bound_access_tokens_required?: boolean;
  /** The metadata as a signed JWT. It is not evaluated here. */
  readonly signed_metadata?: string;

  readonly [member: string]: unknown;
}

/**
 * A key as JSON. Other members are kept.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-4
 */
export interface JsonWebKey {
  /** The kind of key: `EC`, `RSA`, `OKP`, `oct`. */
  readonly kty: string;
  /** Which key of a set it is. */
  readonly kid?: string;
  /** `sig` or `enc`. */
  readonly use?: string;
  /** What the key may do, for example `["verify"]`. */
  readonly key_ops?: readonly string[];
  /** The algorithm it is for. */
  readonly alg?: string;
  /** The curve (EC, OKP). */
  readonly crv?: string;
  /** The first coordinate (EC), or the public key (OKP). */
  readonly x?: string;
  /** The second coordinate (EC). */
  readonly y?: string;
  /** The modulus (RSA). */
  readonly n?: string;
  /** The public exponent (RSA). */
  readonly e?: string;
  /** The private key (EC, OKP) or private exponent (RSA). */
  readonly d?: string;
  /** The first prime (RSA, private). */
  readonly p?: string;
  /** The second prime (RSA, private). */
  readonly q?: string;
  /** An exponent (RSA, private). */
  readonly dp?: string;
  /** An exponent (RSA, private). */
  readonly dq?: string;
  /** The coefficient (RSA, private). */
  readonly qi?: string;
  /** The secret (oct). */
  readonly k?: string;
  /** A chain of certificates, base64 of DER, the key's own first. */
  readonly x5c?: readonly string[];
  /** SHA-1 of the certificate. */
  readonly x5t?: string;
  /** SHA-256 of the certificate: {@link certificateThumbprint}. */
  readonly "x5t#S256"?: string;
  /** Where the chain of certificates is. */
  readonly x5u?: string;

  readonly [member: string]: unknown;
}

/** A JWK of this package, or as WebCrypto exports it. */
export type JsonWebKeyLike = JsonWebKey | { readonly [Name in WebCryptoMember]?: JsonWebKey[Name] | undefined };

type WebCryptoMember =
  | "kty" | "use" | "key_ops" | "alg" | "crv" | "x" | "y" | "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi" | "k";

/**
 * A set of keys. Other members are kept.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7517#section-5
 */
export interface JsonWebKeySet {
  readonly keys: readonly JsonWebKey[];
  readonly [member: string]: unknown;
}

/** A client as the server registered it: its metadata, and what only the server says. */
export interface RegisteredClientMetadata extends ClientMetadataDocument {
  /** The client's identifier. */
  readonly client_id: string;
  /** The client's secret, if it got one. */
  readonly client_secret?: string;
  /** When the identifier was issued, in seconds since 1970. */
  readonly client_id_issued_at?: number;
  /** When the secret expires, in seconds since 1970; 0 for never. */
  readonly client_secret_expires_at?: number;
  /** The token that reads and changes this registration. */
  readonly registration_access_token?: string;
  /** Where this registration is read and changed. */
  readonly registration_client_uri?: string;
}
