/** What was granted to whom, and the tokens that came of it. */
import { base64url, random, sha256 } from "./bytes.js";
import type { TestClock } from "./clock.js";
import { signIdToken } from "./failures.js";
import { signJwt, type Members, type SigningKey } from "./keys.js";
import { Refusal, words } from "./refusal.js";
import type { IdTokenFault, Lifetimes, TestClient, TestUser } from "./types.js";

/** @see https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims */
const SCOPES: Readonly<Record<string, readonly string[]>> = {
  profile: words(
    "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at",
  ),
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
};
const SCOPED: ReadonlySet<string> = new Set(Object.values(SCOPES).flat());

/** What a person has allowed, or what a client has by itself. All tokens of a grant end with it. */
export interface Grant {
  readonly client: TestClient;
  readonly user?: TestUser;
  readonly scope: string;
  /** The APIs that tokens may be for. */
  readonly resource: readonly string[];
  readonly details?: readonly Members[] | undefined;
  /** What is in the ID Token besides: `auth_time`, `acr`, `nonce`, `sid`. */
  readonly claims: Members;
  isEnded: boolean;
}

/** A code that waits to be redeemed. */
export interface Code {
  readonly grant: Grant;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly jkt: string | undefined;
  readonly expires: number;
  isUsed: boolean;
}

/** A refresh token, good for one use. */
export interface RefreshToken {
  readonly grant: Grant;
  /** The key that it is bound to, where the client has nothing else to show. */
  readonly jkt: string | undefined;
  readonly expires: number;
  isUsed: boolean;
}

/** An access token, as its provider knows it. */
export interface AccessToken {
  readonly grant: Grant;
  readonly scope: string;
  readonly claims: Members;
  readonly jkt: string | undefined;
  readonly expires: number;
  isRevoked: boolean;
}

/** What tokens are to be made for. */
export interface Wanted {
  readonly scope?: string;
  readonly resource?: readonly string[];
  readonly jkt: string | undefined;
  /** Claims of the sign-in. Default: those of the grant. */
  readonly claims?: Members;
  readonly hasRefreshToken: boolean;
  readonly fault?: IdTokenFault | undefined;
}

/** Every code and token of one provider. */
export class Tokens {
  readonly codes = new Map<string, Code>();
  readonly refreshTokens = new Map<string, RefreshToken>();
  readonly accessTokens = new Map<string, AccessToken>();

  constructor(
    readonly issuer: string,
    readonly clock: TestClock,
    readonly lifetimes: Lifetimes,
  ) {}

  /** A code for this grant. */
  code(code: Omit<Code, "expires" | "isUsed">): string {
    const text = random();
    this.codes.set(text, { ...code, expires: this.clock.now() + this.lifetimes.codeSeconds, isUsed: false });
    return text;
  }

  /**
   * The answer of the token endpoint.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse
   * @see https://www.rfc-editor.org/rfc/rfc9068
   */
  async issue(key: SigningKey, grant: Grant, wanted: Wanted): Promise<Members> {
    const { scope = grant.scope, resource = grant.resource, claims: ofSignIn = grant.claims, jkt, hasRefreshToken, fault } = wanted;
    const { client, user, details } = grant;
    const now = this.clock.now();
    const { auth_time, acr } = ofSignIn;
    const expires = now + this.lifetimes.accessTokenSeconds;
    const claims = {
      iss: this.issuer,
      // A client that acts for nobody is its own subject.
      sub: user?.subject ?? client.clientId,
      aud: resource.length > 1 ? resource : (resource[0] ?? this.issuer),
      client_id: client.clientId,
      scope,
      iat: now,
      exp: expires,
      jti: random(),
      auth_time,
      acr,
      cnf: jkt && { jkt },
      authorization_details: details,
    };
    const accessToken = await signJwt(key, claims, { typ: "at+jwt" });
    this.accessTokens.set(accessToken, { grant, scope, claims, jkt, expires, isRevoked: false });
    const answer: Members = { access_token: accessToken, token_type: jkt ? "DPoP" : "Bearer", expires_in: this.lifetimes.accessTokenSeconds, scope };
    if (details) answer["authorization_details"] = details;
    if (hasRefreshToken) {
      const text = random();
      const bound = client.clientSecret === undefined ? jkt : undefined;
      this.refreshTokens.set(text, { grant, jkt: bound, expires: now + this.lifetimes.refreshTokenSeconds, isUsed: false });
      answer["refresh_token"] = text;
    }
    if (user && words(grant.scope).includes("openid")) {
      const about = { iss: this.issuer, sub: user.subject, aud: client.clientId, iat: now, exp: now + this.lifetimes.idTokenSeconds };
      const at_hash = base64url((await sha256(accessToken)).subarray(0, 16));
      answer["id_token"] = await signIdToken(key, { ...claimsAbout(user, grant.scope), ...ofSignIn, ...about, at_hash }, fault);
    }
    return answer;
  }

  /** What an access token allows, if it is still good. */
  find(accessToken: string): AccessToken | undefined {
    const found = this.accessTokens.get(accessToken);
    return found && !found.isRevoked && !found.grant.isEnded && found.expires > this.clock.now() ? found : undefined;
  }

  /**
   * The refresh token, used from now on. One that was used before ends everything that came of the sign-in: somebody has a copy.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
   */
  refresh(text: string, client: TestClient): RefreshToken {
    const found = this.refreshTokens.get(text);
    if (!found || found.grant.client !== client) throw new Refusal("invalid_grant", "There is no such refresh token.");
    if (found.isUsed) {
      found.grant.isEnded = true;
      throw new Refusal("invalid_grant", "The refresh token was used before: the grant has ended.");
    }
    if (found.grant.isEnded || found.expires <= this.clock.now()) throw new Refusal("invalid_grant", "The refresh token has ended.");
    return found;
  }

  /** @see https://www.rfc-editor.org/rfc/rfc7009#section-2.1 */
  revoke(text: string, client: TestClient): void {
    const [refreshToken, accessToken] = [this.refreshTokens.get(text), this.accessTokens.get(text)];
    if (refreshToken?.grant.client === client) refreshToken.grant.isEnded = true;
    if (accessToken?.grant.client === client) accessToken.isRevoked = true;
  }
}

/** What the granted scopes let a client know. */
export function claimsAbout({ claims = {} }: TestUser, scope: string): Members {
  const allowed = new Set(words(scope).flatMap((word) => SCOPES[word] ?? []));
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !SCOPED.has(name) || allowed.has(name)));
}
