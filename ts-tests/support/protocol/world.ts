import type { ProviderAddress } from "./provider.js";
import type { Recorded } from "./recording.js";
import type { RfcAddress, ScriptedAnswer } from "./rfc-server.js";

/** The module as every entry exports it. */
export type Package = typeof import("oidc-wasm");

/** A deadline of single requests, in seconds, that no wait has: where time is in a hurry, deadlines are not. */
export const DEADLINE = 299;

/** Where the servers are. Plain data, so that it reaches a page as well. */
export interface Servers {
  readonly provider: ProviderAddress;
  readonly rfc: RfcAddress;
}

/** What an error says, as plain data. */
export interface Failure {
  readonly code: string;
  readonly type?: string;
  readonly message?: string;
  readonly phase?: string;
  readonly retryable?: boolean;
  readonly status?: number;
  readonly error?: string;
  readonly errorDescription?: string;
  readonly details?: Readonly<Record<string, string>>;
  readonly raw?: string | undefined;
  readonly cause?: string | undefined;
}

/** The package and the servers, in Node or in a page: nothing in this file needs more than `fetch` and WebCrypto. */
export class World {
  readonly provider: ProviderAddress;
  readonly rfc: RfcAddress;
  #paths = 0;

  constructor(
    readonly oidc: Package,
    readonly servers: Servers,
  ) {
    ({ provider: this.provider, rfc: this.rfc } = servers);
  }

  /** Asks a server for something that its users do elsewhere; see the servers for what there is. */
  async #command(origin: string, name: string, argument: unknown): Promise<unknown> {
    const response = await fetch(`${origin}/-/${name}`, { method: "POST", body: JSON.stringify(argument) });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }

  /** A person visits this authorization URL, signs in and agrees; gives where the browser ends. */
  async authorize(url: string, person: { account?: string; answer?: "deny"; session?: string } = {}): Promise<string> {
    return String(await this.#command(this.provider.issuer, "authorize", { url, ...person }));
  }

  /** A person enters a user code. */
  async enterUserCode(userCode: string, how: { answer?: "deny"; afterFirstPoll?: boolean } = {}): Promise<void> {
    await this.#command(this.provider.issuer, "device", { userCode, ...how });
  }

  /** The person of a session visits this end-session URL and says yes; gives where the browser ends. */
  async signOut(url: string, session: string): Promise<string> {
    return String(await this.#command(this.provider.issuer, "signOut", { url, session }));
  }

  /** A JWT about alice for the next minute, signed with this P-256 key of the fixtures. */
  async sign(key: "ec-1" | "ec-2", claims: Readonly<Record<string, unknown>>): Promise<string> {
    return String(await this.#command(this.rfc.origin, "sign", { key, claims }));
  }

  /** An assertion (RFC 7523) of the one issuer that our server trusts. */
  async assertion(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return this.sign("ec-1", { iss: this.rfc.assertionIssuer, aud: this.rfc.issuer, ...claims });
  }

  /** A URL of our server with these answers; the last one is given again and again. */
  async script(...answers: readonly ScriptedAnswer[]): Promise<string> {
    const path = `/${crypto.randomUUID()}/${(this.#paths += 1)}`;
    await this.scriptAt(path, ...answers);
    return this.rfc.origin + path;
  }

  /** The same with a path that matters. */
  async scriptAt(path: string, ...answers: readonly ScriptedAnswer[]): Promise<void> {
    await this.#command(this.rfc.origin, "script", { path, answers });
  }

  /** Lets the held answers of a URL go. */
  async release(url: string): Promise<void> {
    await this.#command(this.rfc.origin, "release", { path: new URL(url).pathname });
  }

  /** Waits until so many requests for a URL have reached our server since the last look. */
  async reached(url: string, count = 1): Promise<void> {
    await this.#command(this.rfc.origin, "wait", { path: new URL(url).pathname, count });
  }

  /** What has reached our server, or the provider, since the last look. */
  async taken(from: "rfc" | "provider" = "rfc"): Promise<readonly Recorded[]> {
    const origin = from === "rfc" ? this.rfc.origin : this.provider.issuer;
    return (await this.#command(origin, "take", {})) as Recorded[];
  }

  /** What this work fails with. */
  async failureOf(work: () => unknown): Promise<Failure> {
    try {
      await work();
    } catch (failure) {
      if (!this.oidc.isOidcError(failure)) return { code: "not an OidcError", message: String(failure) };
      const { raw, cause } = failure;
      return { ...failure.toJSON(), raw, cause: cause === undefined ? undefined : String(cause) };
    }
    return { code: "nothing failed" };
  }

  /** The same so many seconds later: the clock is set forward while this work lasts. */
  async later<Result>(seconds: number, work: () => Promise<Result>): Promise<Result> {
    const { now } = Date;
    Date.now = () => now() + seconds * 1000;
    try {
      return await work();
    } finally {
      Date.now = now;
    }
  }

  async metadata() {
    return (await this.oidc.fetchDiscoveryDocument({ authority: this.provider.issuer })).metadata;
  }

  /** A person signs in: authorization URL, response, code exchange. */
  async signIn(more: { clientId?: string; scope?: string; session?: string; resource?: string } = {}) {
    const { clientId = this.provider.clients.spa, scope = "openid profile email", session, resource } = more;
    const { redirectUri } = this.provider;
    const metadata = await this.metadata();
    const { codeVerifier, codeChallenge } = this.oidc.generatePkce();
    const [state, nonce] = [this.oidc.randomString(), this.oidc.randomString()];
    const url = this.oidc.createAuthorizeUrl({
      metadata,
      clientId,
      responseType: "code",
      scope,
      redirectUri,
      state,
      nonce,
      prompt: "consent",
      codeChallenge,
      ...(resource === undefined ? {} : { resource }),
    });
    const callback = await this.authorize(url, session === undefined ? {} : { session });
    const { code = "" } = this.oidc.parseAuthorizeResponse(callback, {
      state,
      issuer: this.provider.issuer,
      issRequired: true,
    });
    const request = { metadata, clientId, code, redirectUri, codeVerifier };
    const tokens = await this.oidc.requestAuthorizationCodeToken(request);
    return { metadata, clientId, nonce, state, code, request, tokens };
  }
}
