import type { IncomingMessage, ServerResponse } from "node:http";
import { createLocalJWKSet, errors, importJWK, jwtVerify, SignJWT } from "jose";
import { publicKey, testKeys } from "../flows.js";
import { allowOrigin, answerPreflight, readBody, RecordingServer } from "./recording.js";

export const JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** What a test has to know of the server. Plain data, so that it reaches a page as well. */
export interface RfcAddress {
  readonly origin: string;
  /** The same server under the name that asks for TLS client certificates. */
  readonly aliasOrigin: string;
  /** An issuer with a path, whose metadata is where RFC 8414, section 3.1 puts it. */
  readonly issuer: string;
  /** A protected resource with a path (RFC 9728). */
  readonly resource: string;
  /** Whose assertions are worth tokens. */
  readonly assertionIssuer: string;
  readonly password: { readonly username: string; readonly password: string };
  readonly client: { readonly id: string; readonly secret: string };
}

/** One scripted answer. The last one of a path is given again and again. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  /** `hold`: answers when `release` is called; `silent`: never; `drop`: closes the connection. */
  readonly fault?: "hold" | "silent" | "drop";
}

const SCOPES = ["notes:read", "notes:write"];

/**
 * A server of our own for what `oidc-provider` lacks, by the letter of the RFCs: the password grant (RFC 6749, section
 * 4.3), JWT bearer grants (RFC 7523), metadata of an issuer with a path (RFC 8414), and a protected resource that says
 * where its metadata is (RFC 9728). On every other path it answers what a test tells it:
 *
 * - `script {path, answers}` sets the answers of a path,
 * - `release {path}` lets held answers go,
 * - `sign {key, claims}` signs a JWT with a P-256 key of the fixtures; assertions of the one issuer that is trusted are
 *   signed with `ec-1`.
 */
export async function startRfcServer(): Promise<{ address: RfcAddress; server: RecordingServer }> {
  const server = await RecordingServer.start();
  const { origin, aliasOrigin } = server;
  const address: RfcAddress = {
    origin,
    aliasOrigin,
    issuer: `${origin}/tenant`,
    resource: `${origin}/api/notes`,
    assertionIssuer: "https://assertions.example.com",
    password: { username: "alice@example.com", password: "wonder land+&=%ü€" },
    client: { id: "clïent +&:", secret: "sëcret+&=:%" },
  };
  const resourceMetadata = `${origin}/.well-known/oauth-protected-resource/api/notes`;
  const trustedKeys = createLocalJWKSet({ keys: [publicKey("ec-1") as Record<string, string>] });
  const scripts = new Map<string, ScriptedAnswer[]>();
  const held = new Map<string, (() => void)[]>();
  const tokens = new Map<string, { readonly scope: string }>();

  async function answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await readBody(request));
    const refuse = (status: number, error: string, description: string): void => {
      if (status === 401) response.setHeader("www-authenticate", 'Basic realm="tenant"');
      sendJson(response, status, { error, error_description: description });
    };
    for (const name of form.keys()) {
      if (form.getAll(name).length > 1 && name !== "resource") {
        return refuse(400, "invalid_request", `${name} stands twice.`);
      }
    }
    const client = clientOf(request, form);
    if (!client || client.id !== address.client.id || client.secret !== address.client.secret) {
      return refuse(401, "invalid_client", "The client is unknown or its secret is wrong.");
    }
    const scopes = (form.get("scope") ?? "notes:read").split(" ");
    if (!scopes.every((scope) => SCOPES.includes(scope))) return refuse(400, "invalid_scope", "There is no such scope.");
    switch (form.get("grant_type")) {
      case "password": {
        const { username, password } = address.password;
        if (form.get("username") !== username || form.get("password") !== password) {
          return refuse(400, "invalid_grant", "The user name or the password is wrong.");
        }
        break;
      }
      case JWT_BEARER: {
        const failure = await failureOfAssertion(form.get("assertion") ?? "");
        if (failure !== undefined) return refuse(400, "invalid_grant", failure);
        break;
      }
      default:
        return refuse(400, "unsupported_grant_type", "Password and JWT bearer only.");
    }
    const token = crypto.randomUUID();
    tokens.set(token, { scope: scopes.join(" ") });
    sendJson(response, 200, { access_token: token, token_type: "Bearer", expires_in: 300, scope: scopes.join(" ") });
  }

  /** RFC 7523, section 3: issuer, subject, audience, expiry and signature. */
  async function failureOfAssertion(assertion: string): Promise<string | undefined> {
    try {
      await jwtVerify(assertion, trustedKeys, {
        issuer: address.assertionIssuer,
        audience: [address.issuer, `${address.issuer}/token`],
        requiredClaims: ["sub", "exp"],
        algorithms: ["ES256"],
      });
      return undefined;
    } catch (failure) {
      return failure instanceof errors.JWTExpired ? "The assertion has expired." : "The assertion is not valid.";
    }
  }

  function answerResource(request: IncomingMessage, response: ServerResponse): void {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    const known = tokens.get(token ?? "");
    if (known) return sendJson(response, 200, { scope: known.scope });
    const error = token === undefined ? "" : ', error="invalid_token"';
    response.setHeader("www-authenticate", `Bearer realm="notes"${error}, resource_metadata="${resourceMetadata}"`);
    sendJson(response, 401, { error: "invalid_token" });
  }

  async function answerScript(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const answers = scripts.get(path);
    if (!answers) return void response.writeHead(404, { "content-type": "text/plain" }).end("There is nothing here.");
    const { status = 200, headers = {}, body, fault } = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
    if (fault === "silent") return;
    if (fault === "drop") return void response.destroy();
    if (fault === "hold") await new Promise<void>((resolve) => held.set(path, [...(held.get(path) ?? []), resolve]));
    const text = body === undefined || typeof body === "string" ? (body ?? "") : JSON.stringify(body);
    const json = body !== undefined && typeof body !== "string";
    response.writeHead(status, { ...(json ? { "content-type": "application/json" } : {}), ...headers }).end(text);
  }

  server.handle(
    async (request, response, alias) => {
      if (request.method === "OPTIONS") return answerPreflight(request, response, alias);
      allowOrigin(request, response, alias);
      response.setHeader("cache-control", "no-store");
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      switch (`${request.method} ${path}`) {
        case "GET /.well-known/oauth-authorization-server/tenant":
          return sendJson(response, 200, {
            issuer: address.issuer,
            authorization_endpoint: `${address.issuer}/authorize`,
            token_endpoint: `${address.issuer}/token`,
            jwks_uri: `${address.issuer}/jwks`,
            response_types_supported: ["code"],
            grant_types_supported: ["authorization_code", "password", JWT_BEARER],
            code_challenge_methods_supported: ["S256"],
          });
        case "GET /tenant/jwks":
          return sendJson(response, 200, { keys: [publicKey("ec-1")] });
        case "POST /tenant/token":
          return answerToken(request, response);
        case "GET /.well-known/oauth-protected-resource/api/notes":
          return sendJson(response, 200, {
            resource: address.resource,
            authorization_servers: [address.issuer],
            scopes_supported: SCOPES,
            bearer_methods_supported: ["header"],
          });
        case "GET /api/notes":
          return answerResource(request, response);
        default:
          return answerScript(path, request, response);
      }
    },
    {
      script: ({ path, answers }) => void scripts.set(String(path), [...(answers as ScriptedAnswer[])]),
      release: ({ path }) => {
        for (const release of held.get(String(path)) ?? []) release();
        held.delete(String(path));
      },
      sign: async ({ key, claims }) => {
        const name = String(key);
        const now = Math.floor(Date.now() / 1000);
        const signer = await importJWK(testKeys[name] as Record<string, string>, "ES256");
        const all = { sub: "alice", iat: now, exp: now + 60, ...(claims as object) };
        return new SignJWT(all).setProtectedHeader({ alg: "ES256", kid: name }).sign(signer);
      },
    },
  );
  return { address, server };
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** RFC 6749, section 2.3.1: by header, form-encoded within base64, or in the body; not both. */
function clientOf(request: IncomingMessage, form: URLSearchParams): { id: string; secret: string } | undefined {
  const basic = /^Basic ([\w+/]+=*)$/.exec(request.headers.authorization ?? "")?.[1];
  if (basic === undefined) return { id: form.get("client_id") ?? "", secret: form.get("client_secret") ?? "" };
  if (form.has("client_secret")) return undefined;
  const [, id = "", secret = ""] = /^([^:]*):([^:]*)$/.exec(Buffer.from(basic, "base64").toString("utf8")) ?? [];
  const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
  return { id: decode(id), secret: decode(secret) };
}
