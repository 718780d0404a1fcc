/**
 * The public types of `oidc-wasm`. This file is the truth about the surface; the declarations that wasm-bindgen
 * generates stay private.
 *
 * @module
 */
import type { ProviderMetadata } from "./metadata.js";

/** Algorithms accepted for signatures of ID Tokens. `none` and the symmetric `HS*` family are never accepted. */
export type SigningAlgorithm =
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "EdDSA"
  | "Ed25519";

/** A value that survives JSON: what {@link SignInOptions.appState} may hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/**
 * What the discovery of {@link OidcClient} insists on. Everything is on by default; an option that weakens a check begins
 * with `dangerous`.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation
 */
export interface ClientDiscoveryPolicy {
  /**
   * Further base addresses on which the provider may have endpoints, besides the origin of `authority`, for example
   * `["https://oauth2.googleapis.com"]`. Compared by origin, then by path prefix at a `/`.
   */
  readonly additionalEndpointBaseAddresses?: readonly string[];
  /**
   * Allow `http:` for hosts that are not loopback. Anyone on the network path can then replace keys and tokens: for
   * closed test networks only. Loopback (`localhost`, `127.0.0.0/8`, `[::1]`) needs no switch.
   */
  readonly dangerousAllowHttp?: boolean;
}

/** Settings of {@link OidcClient.create}. */
export interface OidcClientOptions {
  /**
   * The issuer: the exact string that the provider names in its metadata and its ID Tokens, without the
   * `/.well-known/openid-configuration` part, for example `https://id.example.com/tenant`. `https:`, or `http:` on
   * loopback. Nothing is trimmed: `https://id.example.com` and `https://id.example.com/` are two issuers.
   */
  readonly authority: string;
  /** The `client_id` the provider gave this application. A page cannot keep a secret, so none is accepted. */
  readonly clientId: string;
  /**
   * Where the provider sends the browser back to: an absolute URL, registered there character for character, with no
   * fragment. `https:`, or `http:` on loopback.
   */
  readonly redirectUri: string;
  /** Where the provider sends the browser after sign-out, registered there. Without it the provider shows its own page. */
  readonly postLogoutRedirectUri?: string;
  /** Space-separated scopes. Must contain `openid`. Default `"openid"`. */
  readonly scope?: string;
  /** Provider metadata, when it is not to be fetched from `authority`. Checked by the same rules as a fetched document. */
  readonly metadata?: ProviderMetadata;
  /** What discovery insists on. */
  readonly discoveryPolicy?: ClientDiscoveryPolicy;
  /**
   * The one algorithm that ID Tokens of this client are signed with (`id_token_signed_response_alg` of its
   * registration). Default: `RS256` where the provider's metadata offers it or lists nothing; otherwise the only
   * acceptable algorithm listed there.
   */
  readonly idTokenSignedResponseAlg?: SigningAlgorithm;
  /**
   * Whether authorization requests are pushed to the provider before the browser leaves, so that the address bar names
   * them and nothing else. `"auto"` (default) pushes when the provider requires it, `"always"` whenever a sign-in begins,
   * `"never"` not at all; where the provider requires it, `"never"` is an error. A push that fails fails the sign-in.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9126
   */
  readonly pushedAuthorization?: "auto" | "always" | "never";
  /**
   * The APIs that the access token is for, as absolute URIs without a fragment: sent with each sign-in, one by one. Default
   * none: the provider decides.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: readonly string[];
  /** Whether an ID Token must have `at_hash`. Default false: it is checked when it is there. */
  readonly requireAtHash?: boolean;
  /** Audiences that an ID Token may name besides `clientId`. Default none: any other audience is refused. */
  readonly trustedAudiences?: readonly string[];
  /**
   * Where tokens live. `"memory"` (default) keeps them in this page only: a reload asks the provider again.
   * `"session"` uses `sessionStorage`: they survive a reload of this tab, and script running in your origin can read
   * them. The redirect itself always needs `sessionStorage` for its short-lived record.
   */
  readonly storage?: "memory" | "session";
  /**
   * Where {@link OidcClient.fetch} may send the access token: origins (`https://api.example.com`) or base addresses
   * (`https://api.example.com/v1`; matched at a `/`). Default none.
   */
  readonly allowedOrigins?: readonly string[];
  /** Extra parameters for the authorization request. Parameters that the client sets itself are refused. */
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Tolerated difference between this clock and the provider's, in seconds, 0 to 300. Default 60. */
  readonly clockToleranceSeconds?: number;
  /** Deadline of one request to the provider, body included, in seconds, 1 to 300. Default 10. */
  readonly timeoutSeconds?: number;
}

/** Options of one sign-in. Names follow the authorization request of OpenID Connect Core, section 3.1.2.1. */
export interface SignInOptions {
  /** Anything JSON; comes back as {@link Session.appState}. It stays in this browser and is never sent. */
  readonly appState?: JsonValue;
  /** `prompt`: `none`, or one or more of `login`, `consent`, `select_account`, `create`, separated by spaces. */
  readonly prompt?: string;
  /** `login_hint`: who is expected to sign in. */
  readonly loginHint?: string;
  /** `max_age` in seconds; 0 asks for a fresh sign-in. `auth_time` is then required and checked. */
  readonly maxAgeSeconds?: number;
  /** `acr_values`: requested authentication context classes, separated by spaces. */
  readonly acrValues?: string;
  /** `ui_locales`: preferred languages, separated by spaces. */
  readonly uiLocales?: string;
  /** Extra parameters of this one request, over those of {@link OidcClientOptions.authorizeParameters}. */
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Stops the work before the browser leaves the page. */
  readonly signal?: AbortSignal;
}

/** What {@link OidcClient.prepareSignIn} resolves with. */
export interface PreparedSignIn {
  /** The authorization request: send the browser there. */
  readonly url: string;
  /** The `state` of the request; its record waits in this tab for ten minutes. */
  readonly state: string;
}

/** Claims of a validated ID Token. */
export interface IdTokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string | readonly string[];
  /** Expiry, seconds since 1970. */
  readonly exp: number;
  /** Time of issue, seconds since 1970. */
  readonly iat: number;
  readonly auth_time?: number;
  readonly nonce?: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  readonly azp?: string;
  readonly [claim: string]: unknown;
}

/** Claims about the signed-in person from the userinfo endpoint; `sub` equals the ID Token's. */
export interface UserInfo {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** Who is signed in. Holds no token: it can be logged, cloned and put into a store without giving one away. */
export interface Session {
  /** The provider, as in `authority`. */
  readonly issuer: string;
  /** The person: unique and stable at this issuer (`sub`). */
  readonly subject: string;
  /** Claims of the validated ID Token. */
  readonly claims: IdTokenClaims;
  /** Granted scopes, separated by spaces. */
  readonly scope: string;
  /** When the access token expires, in seconds since 1970; absent when the provider did not say. */
  readonly expiresAt?: number;
  /** What was given to {@link SignInOptions.appState}. */
  readonly appState?: JsonValue;
}

/** Options of {@link OidcClient.getAccessToken}. */
export interface AccessTokenOptions {
  /** Reject when the token has fewer seconds than this to live. Default 0. */
  readonly minValiditySeconds?: number;
}

/** An access token with what is needed to use it. */
export interface AccessToken {
  /** The token. Send it in the `Authorization` header only, to servers it is meant for. */
  readonly token: string;
  /** The authentication scheme to send it with (RFC 6750). */
  readonly type: "Bearer";
  /** Granted scopes, separated by spaces. */
  readonly scope: string;
  /** Expiry, seconds since 1970; absent when the provider did not say. */
  readonly expiresAt?: number;
}

/** Options of {@link OidcClient.signOut}. */
export interface SignOutOptions {
  /** Overrides {@link OidcClientOptions.postLogoutRedirectUri} for this sign-out. */
  readonly postLogoutRedirectUri?: string;
  /** `true` ends only this application's session and does not visit the provider. Default `false`. */
  readonly localOnly?: boolean;
}

/** What {@link OidcClient.signOut} resolves with. */
export interface SignOutResult {
  /** Whether the browser is on its way to the provider's end-session endpoint. The local session is gone either way. */
  readonly remote: boolean;
}

/** Options of calls that do nothing but a request. */
export interface RequestOptions {
  /** Aborts the call; it rejects with the code `aborted`. */
  readonly signal?: AbortSignal;
}

/** Events of {@link OidcClient}, by name, with what the handler receives. */
export interface OidcEvents {
  /** A callback was completed: there is a new session. */
  readonly signedIn: Session;
  /** The local session ended by {@link OidcClient.signOut}, or was found ended when the page came back from the back/forward cache. */
  readonly signedOut: undefined;
}

/** Where the wasm comes from, for places that bring it themselves: a URL, a response, bytes, or a compiled module. */
export type WasmSource = string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module;
