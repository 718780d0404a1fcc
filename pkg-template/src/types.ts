/**
 * The public types of `oidc-wasm`. This file is the truth about the surface; the declarations that wasm-bindgen
 * generates stay private.
 *
 * @module
 */
import type { DpopSigner } from "./dpop.js";
import type { OidcError } from "./errors.js";
import type { Logger } from "./log.js";
import type { AuthorizationDetail, Fetch } from "./messages.js";
import type { JsonWebKeyLike, ProviderMetadata } from "./metadata.js";
import type { SessionStore } from "./stores.js";
import type { BufferSource, CryptoKey, WasmModule } from "./web.js";

/** Algorithms of signatures, made or accepted. `none` and the symmetric `HS*` family are never accepted. */
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

/**
 * What one claim is asked for with. `null` instead asks for it without further ado.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IndividualClaimsRequests
 */
export interface ClaimRequest {
  /** Whether the application cannot do without it. Default `false`. */
  readonly essential?: boolean;
  /** The one value that is wanted. */
  readonly value?: unknown;
  /** The values that are wanted, the best first. */
  readonly values?: readonly unknown[];
  readonly [member: string]: unknown;
}

/**
 * The `claims` parameter: single claims, by the place where they are wanted.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter
 */
export interface ClaimsRequest {
  /** Claims from the userinfo endpoint. */
  readonly userinfo?: Readonly<Record<string, ClaimRequest | null>>;
  /** Claims in the ID Token. */
  readonly id_token?: Readonly<Record<string, ClaimRequest | null>>;
}

/**
 * How {@link OidcClient} binds tokens to a key.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449
 */
export interface ClientDpopOptions {
  /**
   * Whether the authorization code is bound to the key too, so that a stolen one is of no use either. Default `true`. A key that
   * the browser cannot keep does not survive the redirect; the code is then not bound, and the event `degraded` says so.
   */
  readonly bindCode?: boolean;
  /**
   * What proofs are signed with. Default `"ES256"`. Where the provider lists what it takes (`dpop_signing_alg_values_supported`)
   * and this is not among it, a sign-in fails.
   */
  readonly algorithm?: SigningAlgorithm;
  /**
   * Who signs. `"webcrypto"` (default) keeps the private key out of every script's reach. `"software"` signs in this package, with
   * `ES256` only: the key then lives in the memory of this page and nowhere else.
   */
  readonly signer?: DpopSigner;
  /** Takes a Bearer token too, from a provider that binds none. Whoever steals that can use it. */
  readonly dangerousAllowBearer?: boolean;
}

/**
 * How {@link OidcClient} signs its authorization requests, as a client whose public key the provider knows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9101
 */
export interface RequestObjectSigning {
  /**
   * The private key: a `CryptoKey` that may `sign`, or a JWK. In a page it proves who asks only if no other visitor has it: make
   * it in this browser, unextractable, and register its public half.
   */
  readonly key: CryptoKey | JsonWebKeyLike;
  /** Default: what the key is for. A JWK of type RSA that names no `alg` signs with `PS256`. */
  readonly algorithm?: SigningAlgorithm;
  /** `kid` of the request object's header. Default: `kid` of the JWK. */
  readonly keyId?: string;
}

/**
 * One API that {@link OidcClient.fetch} may call, with the access token that it gets.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
 */
export interface AllowedOrigin {
  /** An origin (`https://api.example.com`) or base address (`https://api.example.com/v1`; matched at a `/`). */
  readonly baseAddress: string;
  /** The API, as an absolute URI: it gets a token for itself alone. Default: the token of the sign-in. */
  readonly resource?: string;
  /** Space-separated scopes of that token, among those that were granted. Default: all that the provider gives. */
  readonly scope?: string;
}

/** Settings of {@link OidcClient.create}. The type parameter describes the entries of `authorizationDetails`. */
export interface OidcClientOptions<Detail extends AuthorizationDetail = AuthorizationDetail> {
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
  /**
   * The page that ends {@link OidcClient.signInPopup}, in the window: registered at the provider, and of this page's origin. It has
   * to call {@link handOverResponse} or {@link OidcClient.create}. Default `redirectUri`.
   */
  readonly popupRedirectUri?: string;
  /** The same for {@link OidcClient.signInSilent}, in a frame: it must allow to be framed by this page's origin. Default `redirectUri`. */
  readonly silentRedirectUri?: string;
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
  /**
   * What is to be allowed, in detail: sent with each sign-in. Default none. What was granted is in
   * {@link Session.authorizationDetails}.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9396
   */
  readonly authorizationDetails?: readonly Detail[];
  /** Single claims that each sign-in asks for. Default none: those of the scopes. */
  readonly claims?: ClaimsRequest;
  /**
   * Whether tokens are bound to a key that never leaves this browser, so that they are worth nothing to whoever steals them.
   * `true` is the same as `{}`. Default `false`, or `true` with `profile: "fapi2"`. Every sign-in
   * has a key of its own, which goes with its session.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9449
   */
  readonly dpop?: boolean | ClientDpopOptions;
  /** Signs authorization requests with this key. Default: they are not signed. */
  readonly requestObject?: RequestObjectSigning;
  /**
   * How authorization responses come back. `"query"` (default) as they are; `"query.jwt"`, or `"jwt"` for short, signed by the
   * provider (JARM), which is verified before anything in it is believed.
   *
   * @see https://openid.net/specs/oauth-v2-jarm.html
   */
  readonly responseMode?: "query" | "query.jwt" | "jwt";
  /**
   * The one algorithm that authorization responses of this client are signed with (`authorization_signed_response_alg` of its
   * registration). Default: `RS256` where the provider's metadata offers it or lists nothing; otherwise the only acceptable
   * algorithm listed there.
   */
  readonly authorizationSignedResponseAlg?: SigningAlgorithm;
  /**
   * `"fapi2"` turns on what the FAPI 2.0 Security Profile asks of a client, but for client authentication, which a page cannot
   * have: requests are pushed, tokens are bound to a key, only its algorithms are taken. An option or a provider that breaks one
   * of its rules is refused with `profile_violation`. Default none.
   *
   * @see https://openid.net/specs/fapi-security-profile-2_0-final.html
   */
  readonly profile?: "fapi2";
  /** Whether an ID Token must have `at_hash`. Default false: it is checked when it is there. */
  readonly requireAtHash?: boolean;
  /** Audiences that an ID Token may name besides `clientId`. Default none: any other audience is refused. */
  readonly trustedAudiences?: readonly string[];
  /**
   * Where tokens live. `"memory"` (default) keeps them in this page only: after a reload nobody is signed in. `"session"` uses
   * `sessionStorage`: they survive a reload of this tab. `"local"` (`localStorage`) and `"indexedDb"` survive the browser, and all
   * tabs share one session. Script running in your origin can read all of these. Or a store of your own, which all tabs share. Where
   * one does not work, memory takes its place, with the event `degraded`. The redirect itself always needs `sessionStorage` for its
   * short-lived record.
   */
  readonly storage?: "memory" | "session" | "local" | "indexedDb" | SessionStore;
  /**
   * Whether the access token is renewed ahead of its expiry, where there is a refresh token. Default `true`: then it is fresh when it
   * is needed, and a person who is away stays signed in as long as the page is open. Otherwise it is renewed when somebody asks.
   */
  readonly automaticRenewal?: boolean;
  /** Whether each sign-out takes the refresh token back at the provider (RFC 7009). Default `false`. */
  readonly revokeOnSignOut?: boolean;
  /**
   * What every request of the client is sent with, those to the provider and those of {@link OidcClient.fetch}. Default: the global
   * `fetch`. What it throws counts as `network_error`.
   */
  readonly fetch?: Fetch;
  /** Told what happens, without any secret: {@link createLogger}, {@link consoleLogger}. Default none. */
  readonly logger?: Logger;
  /**
   * Where {@link OidcClient.fetch} may send the access token: origins (`https://api.example.com`) or base addresses
   * (`https://api.example.com/v1`; matched at a `/`). As an object, with the token that goes there. Default none.
   */
  readonly allowedOrigins?: readonly (string | AllowedOrigin)[];
  /** Extra parameters for the authorization request. Parameters that the client sets itself are refused. */
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Tolerated difference between this clock and the provider's, in seconds, 0 to 300. Default 60. */
  readonly clockToleranceSeconds?: number;
  /** Deadline of one request to the provider, body included, in seconds, 1 to 300. Default 10. */
  readonly timeoutSeconds?: number;
}

/** Options of one sign-in. Names follow the authorization request of OpenID Connect Core, section 3.1.2.1. */
export interface SignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail> {
  /** Anything JSON; comes back as {@link Session.appState}. It stays in this browser and is never sent. */
  readonly appState?: JsonValue;
  /** `prompt`: `none`, or one or more of `login`, `consent`, `select_account`, `create`, separated by spaces. */
  readonly prompt?: string;
  /** `login_hint`: who is expected to sign in. */
  readonly loginHint?: string;
  /** Space-separated scopes, instead of {@link OidcClientOptions.scope}. Must contain `openid`. */
  readonly scope?: string;
  /** `max_age` in seconds; 0 asks for a fresh sign-in. `auth_time` is then required and checked. */
  readonly maxAgeSeconds?: number;
  /** `acr_values`: requested authentication context classes, separated by spaces. */
  readonly acrValues?: string;
  /** `ui_locales`: preferred languages, separated by spaces. */
  readonly uiLocales?: string;
  /** What is to be allowed this time, instead of {@link OidcClientOptions.authorizationDetails}. */
  readonly authorizationDetails?: readonly Detail[];
  /** Single claims that are asked for this time, instead of {@link OidcClientOptions.claims}. */
  readonly claims?: ClaimsRequest;
  /** Extra parameters of this one request, over those of {@link OidcClientOptions.authorizeParameters}. */
  readonly authorizeParameters?: Readonly<Record<string, string>>;
  /** Stops the work before the browser leaves the page. */
  readonly signal?: AbortSignal;
}

/** Options of {@link OidcClient.signIn}. */
export interface StartSignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail> extends SignInOptions<Detail> {
  /**
   * What {@link OidcClient.prepareSignIn} of this client resolved with: the browser leaves at once. Where it was used before or
   * is too old, or where other options than `signal` stand here, the request is prepared again first, with the same options and
   * these.
   */
  readonly prepared?: PreparedSignIn;
}

/** Options of {@link OidcClient.signInSilent}. */
export interface SilentSignInOptions<Detail extends AuthorizationDetail = AuthorizationDetail>
  extends Omit<SignInOptions<Detail>, "prompt"> {
  /** How long the frame may take, in seconds, at most a day. Default 10. */
  readonly timeoutSeconds?: number | undefined;
}

/** What {@link OidcClient.prepareSignIn} resolves with. */
export interface PreparedSignIn {
  /** The authorization request: send the browser there, once. */
  readonly url: string;
  /** The `state` of the request; its record waits in this tab for ten minutes. */
  readonly state: string;
  /** Where the request was pushed or signed: until when the provider takes it, in seconds since 1970. */
  readonly expiresAt?: number;
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
export interface Session<Detail extends AuthorizationDetail = AuthorizationDetail> {
  /** Names this session in this browser: random, new with every sign-in, the same in all tabs, and no secret. */
  readonly id: string;
  /** The provider, as in `authority`. */
  readonly issuer: string;
  /** The person: unique and stable at this issuer (`sub`). */
  readonly subject: string;
  /** Claims of the validated ID Token. */
  readonly claims: IdTokenClaims;
  /** Granted scopes, separated by spaces. */
  readonly scope: string;
  /** What the access token is: `"DPoP"` is bound to a key of this browser, `"Bearer"` is good for whoever has it. */
  readonly tokenType: "Bearer" | "DPoP";
  /** When the access token expires, in seconds since 1970; absent when the provider did not say. */
  readonly expiresAt?: number;
  /** What was granted in detail; the provider may have changed entries and added members to them. */
  readonly authorizationDetails?: readonly Detail[];
  /** What was given to {@link SignInOptions.appState}. */
  readonly appState?: JsonValue;
}

/** Options of {@link OidcClient.getAccessToken}. */
export interface AccessTokenOptions {
  /** Renew the token when it has fewer seconds than this to live. Default 0. */
  readonly minValiditySeconds?: number;
  /**
   * The API that the token is for, as an absolute URI: a token for it alone, got by the refresh token and kept until it expires.
   * Default: the token of the sign-in.
   *
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2.2
   */
  readonly resource?: string;
  /** Space-separated scopes of the token, among those that were granted. Default: all of them. */
  readonly scope?: string;
}

/** An access token with what is needed to use it. */
export interface AccessToken<Detail extends AuthorizationDetail = AuthorizationDetail> {
  /** The token. Send it in the `Authorization` header only, to servers it is meant for. */
  readonly token: string;
  /** The authentication scheme to send it with (RFC 6750, RFC 9449). `"DPoP"` takes a proof with every request. */
  readonly type: "Bearer" | "DPoP";
  /** Granted scopes, separated by spaces. */
  readonly scope: string;
  /** Expiry, seconds since 1970; absent when the provider did not say. */
  readonly expiresAt?: number;
  /** What this token allows in detail, where the provider said so. */
  readonly authorizationDetails?: readonly Detail[];
  /** The API that it was asked for. */
  readonly resource?: string;
}

/** Options of {@link OidcClient.signOut}. */
export interface SignOutOptions {
  /** Overrides {@link OidcClientOptions.postLogoutRedirectUri} for this sign-out. */
  readonly postLogoutRedirectUri?: string;
  /** `true` ends only this application's session and does not visit the provider. Default `false`. */
  readonly localOnly?: boolean;
  /** Overrides {@link OidcClientOptions.revokeOnSignOut} for this sign-out. How it goes changes nothing. */
  readonly revoke?: boolean;
}

/** Options of {@link OidcClient.signOutSilent}. */
export interface SilentSignOutOptions extends Omit<SignOutOptions, "localOnly"> {
  /** How long the frame may take, in seconds, at most a day. Default 10. */
  readonly timeoutSeconds?: number | undefined;
  /** Removes the frame: the call rejects with the code `aborted`. The local session is gone all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link OidcClient.monitorSession}. */
export interface MonitorSessionOptions {
  /** Seconds between two questions, from 1 to a day. Default 2. */
  readonly intervalSeconds?: number | undefined;
  /** Stops watching. Otherwise it goes on until `dispose()`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called when nobody watches any more although the session may go on: `"error"`, the provider could not make sense of the
   * question; `"no_answer"`, its page never answered; `"not_visible"`, the browser keeps the provider's cookies out of frames.
   */
  readonly onStopped?: ((reason: "error" | "no_answer" | "not_visible") => void) | undefined;
}

/** Options of {@link OidcClient.createFetch}. */
export interface FetchOptions {
  /**
   * What becomes of a request to a server that is not in `allowedOrigins`: `"refuse"` (default) it, or send it `"plain"`, without a
   * token; or a function that answers it.
   */
  readonly elsewhere?: "refuse" | "plain" | Fetch;
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

/** A protection that this browser cannot give as it was asked for. */
export interface Degradation {
  /** What it is about: `dpopKey`, the key that tokens are bound to; `storage`, the place of the session. */
  readonly feature: "dpopKey" | "storage";
  /**
   * Why: `lost` when the browser has forgotten the key of a session, which is over then; otherwise the name of what the browser threw,
   * for example `QuotaExceededError`, or `TimeoutError`. Key or session are kept in the memory of this page then, and do not outlive
   * it; a code is not bound to such a key.
   */
  readonly reason: string;
}

/** Events of {@link OidcClient}, by name, with what the handler receives. */
export interface OidcEvents<Detail extends AuthorizationDetail = AuthorizationDetail> {
  /** Somebody signed in, here or in another tab: there is a new session. */
  readonly signedIn: Session<Detail>;
  /** The tokens were renewed, here or in another tab. */
  readonly renewed: Session<Detail>;
  /** A renewal that was tried here has failed; the session goes on unless `signedOut` comes too. */
  readonly renewalFailed: OidcError;
  /** The access token will expire soon, within a minute at most, and nothing can renew it. */
  readonly expiring: Session<Detail>;
  /** The access token has expired, and was not renewed. */
  readonly expired: Session<Detail>;
  /**
   * The session ended: by a sign-out here or in another tab, because the provider refused to renew it, because its key was lost,
   * because it was cleared from this browser.
   */
  readonly signedOut: undefined;
  /** Another person signed in instead, here or in another tab: show nothing of the one before. */
  readonly sessionChanged: Session<Detail>;
  /** The browser cannot protect tokens as it was asked to. */
  readonly degraded: Degradation;
}

/** Where the wasm comes from, for places that bring it themselves: a URL, a response, bytes, or a compiled module. */
export type WasmSource = string | URL | Request | Response | Promise<Response> | BufferSource | WasmModule;
