import { listen, readBody } from "../server.js";
import { apiClientSecret, apiPort, pageUrl, providerUrl } from "../settings.js";

const REALM = "demo-api";
const BODY_LIMIT = 8_192;
const NOTE_LIMIT = 500;
const INTROSPECTION_SECONDS = 5;

/**
 * What a request is refused with: RFC 6750, section 3.
 *
 * @typedef {{ status: 400 | 401 | 403 | 503, error?: string, description?: string, scope?: string }} Refusal
 * @typedef {{ active: boolean, scope?: string, sub?: string, client_id?: string, exp?: number, nbf?: number, iss?: string, token_type?: string, cnf?: unknown }} Introspection
 */

/**
 * Finds the one access token of a request; query and body are looked at only to refuse them.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {URL} url
 * @returns {{ token: string } | { refusal: Refusal }}
 */
function findToken(request, url) {
  const headers = request.headersDistinct.authorization ?? [];
  if (url.searchParams.has("access_token")) {
    return { refusal: { status: 400, error: "invalid_request", description: "Send the access token in the Authorization header only, never in the address." } };
  }
  if (headers.length > 1) {
    return { refusal: { status: 400, error: "invalid_request", description: "There is more than one Authorization header." } };
  }
  const header = headers[0] ?? "";
  const [scheme = ""] = header.split(" ", 1);
  if (scheme.toLowerCase() !== "bearer") return { refusal: { status: 401 } };
  const [, token] = /^[^ ]+ +([A-Za-z0-9\-._~+/]+=*) *$/.exec(header) ?? [];
  if (token === undefined) {
    return { refusal: { status: 400, error: "invalid_request", description: "The Authorization header must be Bearer and one token." } };
  }
  return { token };
}

/** @param {string} text */
const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/**
 * Starts the demo's protected API.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0 takes a free one
 * @param {string} [options.host] address to listen on
 * @param {string} [options.issuer] the provider that issues the access tokens
 * @param {string} [options.clientId] this API's own client at the provider
 * @param {string} [options.clientSecret]
 * @param {string} [options.page] the only origin whose pages may call
 */
export async function createApi({
  port = apiPort,
  host = "127.0.0.1",
  issuer = providerUrl,
  clientId = "api",
  clientSecret = apiClientSecret,
  page = pageUrl,
} = {}) {
  const listening = await listen({ name: "API", port, host });
  /** @type {Map<string, { text: string, time: string }[]>} */
  const notes = new Map();
  /** @type {Promise<string> | undefined} */
  let endpoint;

  async function discover() {
    const response = await fetch(`${issuer}/.well-known/openid-configuration`, {
      redirect: "error",
      signal: AbortSignal.timeout(INTROSPECTION_SECONDS * 1000),
    });
    if (!response.ok) throw new Error(`discovery answered ${response.status}`);
    const metadata = /** @type {Record<string, unknown>} */ (await response.json());
    if (metadata.issuer !== issuer) throw new Error("discovery names another issuer");
    if (typeof metadata.introspection_endpoint !== "string") throw new Error("the provider has no introspection endpoint");
    return metadata.introspection_endpoint;
  }

  /**
   * RFC 7662.
   *
   * @param {string} token
   * @returns {Promise<Introspection>}
   */
  async function introspect(token) {
    endpoint ??= discover().catch((error) => {
      endpoint = undefined;
      throw error;
    });
    const credentials = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    const response = await fetch(await endpoint, {
      method: "POST",
      redirect: "error",
      headers: { accept: "application/json", authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }),
      signal: AbortSignal.timeout(INTROSPECTION_SECONDS * 1000),
    });
    if (!response.ok) throw new Error(`introspection answered ${response.status}`);
    return /** @type {Introspection} */ (await response.json());
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {URL} url
   * @param {string} scope
   * @returns {Promise<{ refusal: Refusal } | { subject: string, client: string, scope: string, expires: number }>}
   */
  async function authorize(request, url, scope) {
    const found = findToken(request, url);
    if ("refusal" in found) return found;
    /** @type {Introspection} */
    let answer;
    try {
      answer = await introspect(found.token);
    } catch (error) {
      console.error(`API: cannot check a token: ${error instanceof Error ? error.message : String(error)}`);
      return { refusal: { status: 503, error: "temporarily_unavailable", description: "The provider does not answer, so the token could not be checked." } };
    }
    const now = Math.floor(Date.now() / 1000);
    /** @param {string} description */
    const invalid = (description) => ({ refusal: /** @type {Refusal} */ ({ status: 401, error: "invalid_token", description }) });
    if (answer.active !== true) return invalid("The access token is unknown, expired or revoked.");
    if (answer.iss !== undefined && answer.iss !== issuer) return invalid("The access token comes from another issuer.");
    if (typeof answer.exp !== "number" || answer.exp <= now) return invalid("The access token has expired.");
    if (typeof answer.nbf === "number" && answer.nbf > now) return invalid("The access token is not valid yet.");
    // A token bound to a key is no Bearer token, whoever holds it.
    if (answer.token_type?.toLowerCase() !== "bearer" || answer.cnf !== undefined) return invalid("This is not a Bearer token.");
    if (typeof answer.sub !== "string") return invalid("The access token does not belong to a person.");
    const granted = (answer.scope ?? "").split(" ");
    if (!granted.includes(scope)) {
      return { refusal: { status: 403, error: "insufficient_scope", description: `This needs the scope ${scope}.`, scope } };
    }
    return { subject: answer.sub, client: answer.client_id ?? "", scope: granted.join(" "), expires: answer.exp };
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {number} status
   * @param {unknown} body
   */
  const send = (response, status, body) => {
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
  };

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {Refusal} refusal
   */
  const refuse = (response, { status, error, description, scope }) => {
    if (status !== 503) {
      const parameters = [`realm=${quoted(REALM)}`];
      if (error !== undefined) parameters.push(`error=${quoted(error)}`);
      if (description !== undefined) parameters.push(`error_description=${quoted(description)}`);
      if (scope !== undefined) parameters.push(`scope=${quoted(scope)}`);
      response.setHeader("www-authenticate", `Bearer ${parameters.join(", ")}`);
    }
    send(response, status, { error: error ?? "unauthorized", message: description ?? "Send an access token." });
  };

  /** @type {Readonly<Record<string, readonly string[]>>} */
  const methods = { "/me": ["GET"], "/notes": ["POST"] };

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async function answer(request, response) {
    response.setHeader("vary", "origin");
    response.setHeader("x-content-type-options", "nosniff");
    const url = new URL(request.url ?? "/", "http://api.invalid");
    const allowed = methods[url.pathname];
    if (request.headers.origin === page) {
      response.setHeader("access-control-allow-origin", page);
      response.setHeader("access-control-expose-headers", "WWW-Authenticate");
    }
    if (allowed === undefined) return send(response, 404, { error: "not_found", message: "There is GET /me and POST /notes." });
    if (request.method === "OPTIONS") {
      response.writeHead(204, {
        "access-control-allow-methods": allowed.join(", "),
        "access-control-allow-headers": "Authorization, Content-Type",
        "access-control-max-age": "600",
      });
      return response.end();
    }
    if (!allowed.includes(request.method ?? "")) {
      response.setHeader("allow", allowed.join(", "));
      return send(response, 405, { error: "method_not_allowed", message: `Use ${allowed.join(" or ")}.` });
    }
    const access = await authorize(request, url, "api");
    if ("refusal" in access) return refuse(response, access.refusal);

    if (url.pathname === "/me") {
      return send(response, 200, {
        message: "The API checked your access token with the provider and knows you.",
        subject: access.subject,
        client: access.client,
        scope: access.scope,
        tokenExpires: new Date(access.expires * 1000).toISOString(),
      });
    }
    const body = await readBody(request, BODY_LIMIT);
    if (body === undefined) return send(response, 413, { error: "too_large", message: "A note is short." });
    /** @type {unknown} */
    let note;
    try {
      note = JSON.parse(body);
    } catch {
      return send(response, 400, { error: "invalid_json", message: "The body is not JSON." });
    }
    const text = note !== null && typeof note === "object" && "text" in note ? note.text : undefined;
    if (typeof text !== "string" || text.trim() === "" || text.length > NOTE_LIMIT) {
      return send(response, 400, { error: "invalid_note", message: `Send {"text": "..."} with 1 to ${NOTE_LIMIT} characters.` });
    }
    const mine = [{ text, time: new Date().toISOString() }, ...(notes.get(access.subject) ?? [])].slice(0, 10);
    notes.set(access.subject, mine);
    return send(response, 201, { notes: mine });
  }

  listening.handle((request, response) => {
    answer(request, response).catch((error) => {
      console.error(`API: ${request.method} failed`, error);
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: "server_error", message: "Something went wrong here." });
    });
  });

  return { server: listening.server, url: `http://localhost:${listening.port}`, log: listening.log, close: () => listening.close() };
}
