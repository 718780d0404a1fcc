/// <reference lib="esnext.disposable" preserve="true" />
/** The public types of the testing kit. */

/** What a {@link TestProvider} can sign with. */
export type TestSigningAlgorithm = "ES256" | "RS256" | "PS256";

/** An application that a {@link TestProvider} knows. */
export interface TestClient {
  readonly clientId: string;
  /** Where authorization responses may go, compared character for character. */
  readonly redirectUris?: readonly string[];
  /** Where the browser may go after a sign-out. */
  readonly postLogoutRedirectUris?: readonly string[];
  /**
   * Makes the client a confidential one: it has to show this, by `client_secret_basic` or `client_secret_post`, and may then use
   * `client_credentials` and introspection. An application in a page has none.
   */
  readonly clientSecret?: string;
  /** Space-separated scopes that it may ask for. Default: any. */
  readonly scope?: string;
  /** Whether it gets no token without a DPoP proof. Default `false`. */
  readonly dpopBoundAccessTokens?: boolean;
}

/** A person at a {@link TestProvider}. */
export interface TestUser {
  /** `sub` */
  readonly subject: string;
  /**
   * Claims about the person. Those of OpenID Connect Core, section 5.1, are in tokens and userinfo where their scope was granted
   * (`profile`, `email`, `address`, `phone`), all others always.
   */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** How long things are good, in seconds. */
export interface Lifetimes {
  /** An authorization code. Default 60. */
  readonly codeSeconds: number;
  /** An access token. Default 300. */
  readonly accessTokenSeconds: number;
  /** A refresh token, from when it was issued. Default 86,400. */
  readonly refreshTokenSeconds: number;
  /** An ID Token. Default 300. */
  readonly idTokenSeconds: number;
}

/** Settings of {@link TestProvider.create}. */
export interface TestProviderOptions extends Partial<Lifetimes> {
  /** The applications that are registered. */
  readonly clients: readonly TestClient[];
  /** The people that the provider knows. Default: `ada` and `bob`. */
  readonly users?: readonly TestUser[];
  /** The name of the provider, and where it is reached: no server is. Default `"https://provider.test"`. */
  readonly issuer?: string;
  /** What tokens are signed with. Default `"ES256"`; keys for the other two take longer to make. */
  readonly signingAlgorithm?: TestSigningAlgorithm;
  /** The machine's time in milliseconds since 1970. Default `Date.now`, called each time, so that fake timers count. */
  readonly now?: () => number;
  /** Whether authorization requests have to be pushed. Default `false`: they may be. */
  readonly requirePushedAuthorizationRequests?: boolean;
  /** Whether provider and APIs want a nonce in each DPoP proof. Default `false`. */
  readonly demandDpopNonce?: boolean;
  /** Who gets refresh tokens: those who ask for the scope `offline_access` (default), all, or nobody. */
  readonly refreshTokens?: "offline_access" | "always" | "never";
  /** Further members of the metadata, or others than the usual ones. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Who answers {@link TestProvider.fetch} for all other addresses. Default: the `fetch` that there is when the provider is made. */
  readonly elsewhere?: typeof fetch;
}

/** Options of {@link TestProvider.rotateKeys}. */
export interface RotationOptions {
  /** Whether the keys before are not published any more. */
  readonly withdraw?: boolean;
  /** What the new key signs with. Default: the same. */
  readonly signingAlgorithm?: TestSigningAlgorithm;
}

/** A place of a {@link TestProvider} that can be asked; `api` is all those that were added by `addApi`. */
export type TestEndpoint =
  | "discovery"
  | "jwks"
  | "authorization"
  | "pushed_authorization_request"
  | "token"
  | "userinfo"
  | "revocation"
  | "introspection"
  | "end_session"
  | "api";

/**
 * What is wrong with an ID Token. `bad_signature`, `unknown_key`, `alg_none`: who signed it; `wrong_issuer`, `wrong_audience`,
 * `wrong_nonce`, `wrong_at_hash`: what it is about; `expired`, `issued_in_the_future`: when.
 */
export type IdTokenFault =
  | "bad_signature"
  | "unknown_key"
  | "alg_none"
  | "wrong_issuer"
  | "wrong_audience"
  | "wrong_nonce"
  | "wrong_at_hash"
  | "expired"
  | "issued_in_the_future";

/**
 * What `failNext` makes of an answer. `"network"`: there is none.
 *
 * @example
 * ```ts
 * import type { TestFailure } from "oidc-wasm/testing";
 *
 * const failures: TestFailure[] = [
 *   "network",
 *   { status: 503, headers: { "retry-after": "5" } },
 *   { error: "invalid_grant" },
 *   { delaySeconds: 2 },
 *   { idToken: "wrong_nonce" },
 *   { answer: { token_type: "mac", expires_in: undefined } },
 * ];
 * console.log(failures.length);
 * ```
 */
export type TestFailure =
  | "network"
  | {
      /** How long the answer takes, in seconds of the real time. */
      readonly delaySeconds?: number;
      /** Another status, and nothing that belongs to the protocol. */
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** An OAuth error; at `authorization` the browser is sent back with it. */
      readonly error?: string;
      readonly errorDescription?: string;
      /** What is wrong with the ID Token of the next good answer of `token`. */
      readonly idToken?: IdTokenFault;
      /** Other members in the next good answer; `undefined` takes one away. At `authorization` these are parameters. */
      readonly answer?: Readonly<Record<string, unknown>>;
    };

/** One request, without anything secret: it may be printed and kept in a snapshot. */
export interface TestRequest {
  readonly endpoint: TestEndpoint;
  readonly method: string;
  /** Without its query. */
  readonly url: string;
  /** The parameters in query and form. Those that let somebody in have the value `"(hidden)"`; one that comes twice, a list. */
  readonly parameters: Readonly<Record<string, string | readonly string[]>>;
  /** How the request is authorized: the scheme alone. */
  readonly scheme?: string;
  /** Whether it has a DPoP proof. */
  readonly hasProof: boolean;
  /** The status of the answer; 0 where there was none. */
  readonly status: number;
  /** The OAuth error in the answer, or in the redirect. */
  readonly error?: string;
}

/** What an API that was added by `addApi` wants of an access token. */
export interface TestApiOptions {
  /** Space-separated scopes that it must have. Default none. */
  readonly scope?: string;
  /** The name of this API, which has to be in `aud`. Default: a token for anything is taken. */
  readonly resource?: string;
  /** Space-separated authentication context classes, of which the sign-in must have had one. Default: any sign-in. */
  readonly acrValues?: string;
  /** How long ago the person may have signed in, in seconds. Default: as long as it likes. */
  readonly maxAgeSeconds?: number;
}

/** Who calls an API. */
export interface TestAccess {
  /** `sub` of the token. */
  readonly subject: string;
  readonly clientId: string;
  /** Space-separated scopes of the token. */
  readonly scope: string;
  readonly tokenType: "Bearer" | "DPoP";
  /** All claims of the access token. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Answers a request that may be answered. */
export type TestApiHandler = (request: Request, access: TestAccess) => Response | Promise<Response>;

/** What `install` has put in the place of built-ins. */
export interface Installed extends Disposable {
  /** Puts back what was there before. Calling it twice is fine. */
  restore(): void;
}
