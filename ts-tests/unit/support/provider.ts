import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { serve, type Seen, type TestServer } from "./server.ts";

/** What a provider may do or not; read with every request. */
export interface TinySettings {
  /** Wants authorization requests to be pushed, and knows them for so many seconds. */
  pushes?: number;
  /** Gives refresh tokens, each good for one use. */
  refreshes?: boolean;
  /** How long access tokens are good, in seconds. */
  tokenSeconds?: number;
  /** What it says to have granted. */
  authorizationDetails?: readonly object[];
  /** Who says yes. Default ada, whose first access token has no number. */
  subject?: string;
  /** How long it asks to wait when it fails, in seconds. */
  retryAfter?: number;
  /** What it answers when a token is taken back. Default 200. */
  revocationStatus?: number;
}

/** A provider small enough to read: discovery, keys, a token endpoint that signs, userinfo. */
export interface TinyProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly requests: Seen[];
  readonly settings: TinySettings;
  /** Everything that it gave or was given and that nobody else may see. */
  readonly secrets: ReadonlySet<string>;
  /** The parameters of an authorization request, wherever they are. */
  asked(authorizationUrl: string): URLSearchParams;
  /** The bodies of the requests for a path. */
  sent(path: string): URLSearchParams[];
  /** How often a path was asked for. */
  count(path: string): number;
  /** What a person's consent does: the callback URL for an authorization request. */
  approve(authorizationUrl: string): string;
  /** Holds token requests back, or those of one grant, until the returned function is called. */
  holdTokens(grant?: string): () => void;
  /** Answers the next token requests with this status and an OAuth error; without one, as usual again. */
  failTokens(status: number, error: string | undefined): void;
  /** Puts so many characters more into the next ID Tokens. */
  growTokens(characters: number): void;
}

interface Keys {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

let keys: Promise<Keys> | undefined;

async function makeKeys(): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: "tiny", alg: "ES256", use: "sig" } };
}

/** Starts the provider on a free port. */
export async function startProvider(): Promise<TinyProvider> {
  const { privateKey, jwk } = await (keys ??= makeKeys());
  const codes = new Map<string, { readonly nonce: string; readonly subject: string }>();
  const secrets = new Set<string>();
  const pushed = new Map<string, URLSearchParams>();
  const settings: TinySettings = {};
  let refreshToken: string | undefined;
  let granted = "openid";
  let held: { readonly grant: string | undefined; readonly until: Promise<void> } | undefined;
  let padding = "";
  let failure: { status: number; error: string } | undefined;

  const server: TestServer = await serve(async (request, response) => {
    const json = (body: unknown, status = 200): void => {
      response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
      response.end(JSON.stringify(body));
    };
    switch (request.path) {
      case "/.well-known/openid-configuration":
        return json({
          issuer: server.origin,
          authorization_endpoint: `${server.origin}/authorize`,
          token_endpoint: `${server.origin}/token`,
          userinfo_endpoint: `${server.origin}/userinfo`,
          end_session_endpoint: `${server.origin}/end`,
          jwks_uri: `${server.origin}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["ES256"],
          code_challenge_methods_supported: ["S256"],
          revocation_endpoint: `${server.origin}/revoke`,
          authorization_response_iss_parameter_supported: true,
          pushed_authorization_request_endpoint: `${server.origin}/par`,
          require_pushed_authorization_requests: settings.pushes !== undefined,
        });
      case "/par": {
        const request_uri = `urn:tiny:${pushed.size}`;
        pushed.set(request_uri, new URLSearchParams(request.body));
        return json({ request_uri, expires_in: settings.pushes }, 201);
      }
      case "/jwks":
        return json({ keys: [jwk] });
      case "/token": {
        const form = new URLSearchParams(request.body);
        const grant = form.get("grant_type");
        for (const name of ["code", "code_verifier", "refresh_token"]) keepSecret(form.get(name));
        if (held && (held.grant ?? grant) === grant) await held.until;
        if (failure) {
          if (settings.retryAfter !== undefined) response.setHeader("retry-after", settings.retryAfter);
          return json({ error: failure.error }, failure.status);
        }
        const count = server.requests.filter(({ path }) => path === "/token").length;
        const code = codes.get(form.get("code") ?? "");
        codes.delete(form.get("code") ?? "");
        const isRefresh = grant === "refresh_token";
        if (isRefresh ? form.get("refresh_token") !== refreshToken : !code) return json({ error: "invalid_grant" }, 400);
        if (settings.refreshes) refreshToken = `CANARY-refresh-token-${count}`;
        const subject = code?.subject ?? "ada";
        const accessToken = subject === "ada" ? "CANARY-access-token" : `CANARY-access-token-of-${subject}`;
        const token = {
          access_token: isRefresh ? `CANARY-access-token-${count}` : accessToken,
          token_type: request.headers["dpop"] === undefined ? "Bearer" : "DPoP",
          expires_in: settings.tokenSeconds ?? 300,
          scope: form.get("scope") ?? granted,
          ...(settings.refreshes ? { refresh_token: refreshToken } : {}),
          ...(settings.authorizationDetails ? { authorization_details: settings.authorizationDetails } : {}),
        };
        keepSecret(token.access_token);
        keepSecret(token.refresh_token);
        if (isRefresh) return json(token);
        const idToken = await new SignJWT({ nonce: code?.nonce, name: "Ada", padding })
          .setProtectedHeader({ alg: "ES256", kid: "tiny" })
          .setIssuer(server.origin)
          .setAudience(form.get("client_id") ?? "")
          .setSubject(subject)
          .setIssuedAt()
          .setExpirationTime("5m")
          .sign(privateKey);
        keepSecret(idToken);
        return json({ ...token, id_token: idToken });
      }
      case "/revoke":
        return json({}, settings.revocationStatus ?? 200);
      case "/userinfo":
        return json({ sub: settings.subject ?? "ada", email: "ada@example.com" });
      default:
        return json({ error: "not_found" }, 404);
    }
  });

  const keepSecret = (text: string | null | undefined): void => {
    if (text) secrets.add(text);
  };

  const asked = (url: string): URLSearchParams => {
    const front = new URL(url).searchParams;
    return pushed.get(front.get("request_uri") ?? "") ?? front;
  };

  return {
    issuer: server.origin,
    requests: server.requests,
    settings,
    secrets,
    asked,
    sent: (path) => server.requests.filter((request) => request.path === path).map(({ body }) => new URLSearchParams(body)),
    count: (path) => server.requests.filter((request) => request.path === path).length,
    approve(authorizationUrl) {
      const parameters = asked(authorizationUrl);
      const code = `CANARY-code-${crypto.randomUUID()}`;
      codes.set(code, { nonce: parameters.get("nonce") ?? "", subject: settings.subject ?? "ada" });
      for (const name of ["state", "nonce", "code_challenge", "dpop_jkt"]) keepSecret(parameters.get(name));
      granted = parameters.get("scope") ?? granted;
      const callback = new URL(parameters.get("redirect_uri") ?? "");
      callback.searchParams.set("code", code);
      callback.searchParams.set("state", parameters.get("state") ?? "");
      callback.searchParams.set("iss", server.origin);
      return callback.href;
    },
    holdTokens(grant) {
      let release = (): void => {};
      held = { grant, until: new Promise((resolve) => (release = resolve)) };
      return release;
    },
    failTokens: (status, error) => void (failure = error === undefined ? undefined : { status, error }),
    growTokens: (characters) => void (padding = "x".repeat(characters)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
