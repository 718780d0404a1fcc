import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { serve, type Seen, type TestServer } from "./server.ts";

/** A provider small enough to read: discovery, keys, a token endpoint that signs, userinfo. */
export interface TinyProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly requests: Seen[];
  /** How often a path was asked for. */
  count(path: string): number;
  /** What a person's consent does: the callback URL for an authorization request. */
  approve(authorizationUrl: string): string;
  /** Holds token requests back until the returned function is called. */
  holdTokens(): () => void;
  /** Answers the next token requests with this status and an OAuth error. */
  failTokens(status: number, error: string): void;
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
  const nonces = new Map<string, string>();
  let held: Promise<void> | undefined;
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
          authorization_response_iss_parameter_supported: true,
        });
      case "/jwks":
        return json({ keys: [jwk] });
      case "/token": {
        await held;
        if (failure) return json({ error: failure.error }, failure.status);
        const form = new URLSearchParams(request.body);
        const nonce = nonces.get(form.get("code") ?? "");
        nonces.delete(form.get("code") ?? "");
        if (nonce === undefined) return json({ error: "invalid_grant" }, 400);
        const idToken = await new SignJWT({ nonce, name: "Ada", padding })
          .setProtectedHeader({ alg: "ES256", kid: "tiny" })
          .setIssuer(server.origin)
          .setAudience(form.get("client_id") ?? "")
          .setSubject("ada")
          .setIssuedAt()
          .setExpirationTime("5m")
          .sign(privateKey);
        return json({ access_token: "CANARY-access-token", token_type: "Bearer", expires_in: 300, scope: "openid", id_token: idToken });
      }
      case "/userinfo":
        return json({ sub: "ada", email: "ada@example.com" });
      default:
        return json({ error: "not_found" }, 404);
    }
  });

  return {
    issuer: server.origin,
    requests: server.requests,
    count: (path) => server.requests.filter((request) => request.path === path).length,
    approve(authorizationUrl) {
      const asked = new URL(authorizationUrl).searchParams;
      const code = `CANARY-code-${crypto.randomUUID()}`;
      nonces.set(code, asked.get("nonce") ?? "");
      const callback = new URL(asked.get("redirect_uri") ?? "");
      callback.searchParams.set("code", code);
      callback.searchParams.set("state", asked.get("state") ?? "");
      callback.searchParams.set("iss", server.origin);
      return callback.href;
    },
    holdTokens() {
      let release = (): void => {};
      held = new Promise((resolve) => (release = resolve));
      return release;
    },
    failTokens: (status, error) => void (failure = { status, error }),
    growTokens: (characters) => void (padding = "x".repeat(characters)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
