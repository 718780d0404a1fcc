import { listen, readBody } from "../server.js";
import { apiClientSecret, apiPort, appUrl, pageUrl, providerUrl } from "../settings.js";
import { checkProof, checkTime, createReplayStore, InvalidProof, PROOF_SECONDS } from "./dpop.js";
import { createNonces, NONCE_SECONDS } from "./nonces.js";

const REALM = "demo-api";
const BODY_LIMIT = 8_192;
const ECHO_LIMIT = 1_048_576;
const NOTE_LIMIT = 500;
const INTROSPECTION_SECONDS = 5;
/** How much of what happened is remembered. */
const SEEN_LIMIT = 20_000;

/**
 * What a request is refused with: RFC 6750, section 3; RFC 9449, section 7.1; RFC 9470, section 3.
 *
 * @typedef {"Bearer" | "DPoP"} Scheme
 * @typedef {{ status: 400 | 401 | 403 | 503, scheme?: Scheme, error?: string, description?: string, scope?: string, acrValues?: string, maxAge?: number }} Refusal
 * @typedef {{ active: boolean, scope?: string, sub?: string, client_id?: string, exp?: number, nbf?: number, iss?: string, aud?: string | string[], token_type?: string, cnf?: { jkt?: unknown }, acr?: string, auth_time?: number }} Introspection
 * @typedef {{ subject: string, client: string, scope: string, expires: number, scheme: Scheme, jkt?: string, acr?: string, authTime?: number }} Access
 */

/**
 * What can be changed while the API runs, for tests.
 *
 * @typedef {object} Settings
 * @property {import("./nonces.js").NonceModel} nonces which nonces proofs need
 * @property {boolean} exposeNonce whether pages may read `DPoP-Nonce`
 * @property {boolean} exposeDate whether pages may read `Date`
 * @property {boolean} exposeChallenge whether pages may read `WWW-Authenticate`
 * @property {number} clock seconds that this API's clock is ahead of the machine's
 * @property {readonly string[]} algorithms for proofs
 * @property {number} replayLimit how many proofs are remembered
 * @property {{ acrValues: string, maxAge: number }} vault what `GET /vault` asks for
 */

/** @type {Settings} */
const defaults = {
  nonces: "window",
  exposeNonce: true,
  exposeDate: true,
  exposeChallenge: true,
  clock: 0,
  algorithms: ["ES256", "PS256", "Ed25519"],
  replayLimit: 100_000,
  vault: { acrValues: "urn:demo:mfa", maxAge: 300 },
};

/**
 * What happened, for tests: a request is named by its header `X-Request-Id` or by `id` in its query.
 *
 * @typedef {{ sends: number, challenges: number, statuses: number[] }} Call
 * @typedef {{ id: string, jti: unknown, jkt: string, htm: unknown, htu: unknown, iat: unknown, ath: unknown, nonce: unknown }} SeenProof
 */

function createSeen() {
  return {
    /** Requests without preflights, and how many of them were answered with `use_dpop_nonce`. */
    sends: 0,
    challenges: 0,
    /** @type {Map<string, Call>} */
    calls: new Map(),
    /** Every proof with a good signature, in the order of arrival. @type {SeenProof[]} */
    proofs: [],
    /** @param {string} id */
    call(id) {
      const call = this.calls.get(id) ?? { sends: 0, challenges: 0, statuses: [] };
      if (id !== "" && this.calls.size < SEEN_LIMIT) this.calls.set(id, call);
      return call;
    },
    clear() {
      this.sends = 0;
      this.challenges = 0;
      this.calls.clear();
      this.proofs.length = 0;
    },
  };
}

/**
 * Finds the one access token of a request; query and body are looked at only to refuse them.
 *
 * @param {import("node:http").IncomingMessage} request
 * @param {URL} url
 * @returns {{ scheme: Scheme, token: string } | { refusal: Refusal }}
 */
function findToken(request, url) {
  const headers = request.headersDistinct.authorization ?? [];
  const header = headers[0] ?? "";
  const [name = ""] = header.split(" ", 1);
  const scheme = name.toLowerCase() === "dpop" ? "DPoP" : "Bearer";
  /** @param {string} description */
  const malformed = (description) => ({ refusal: /** @type {Refusal} */ ({ status: 400, scheme, error: "invalid_request", description }) });
  if (url.searchParams.has("access_token")) return malformed("Send the access token in the Authorization header only, never in the address.");
  if (headers.length > 1) return malformed("There is more than one Authorization header.");
  if (name.toLowerCase() !== scheme.toLowerCase()) return { refusal: { status: 401 } };
  const [, token] = /^[^ ]+ +([A-Za-z0-9\-._~+/]+=*) *$/.exec(header) ?? [];
  if (token === undefined) return malformed(`The Authorization header must be ${scheme} and one token.`);
  return { scheme, token };
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
 * @param {string} [options.page] the origin whose pages may call, beside that of an application of your own
 * @param {string} [options.resource] how tokens name this API as their audience (RFC 8707); its address if left out
 * @param {boolean} [options.echo] whether `/echo` and everything below it tells what arrived there, for any method
 * @param {Partial<Settings>} [options.settings] for tests; `configure()` changes them later
 */
export async function createApi({
  port = apiPort,
  host = "127.0.0.1",
  issuer = providerUrl,
  clientId = "api",
  clientSecret = apiClientSecret,
  page = pageUrl,
  resource,
  echo = false,
  settings: chosen = {},
} = {}) {
  const listening = await listen({ name: "API", port, host });
  const origin = `http://localhost:${listening.port}`;
  const audience = resource ?? origin;
  const seen = createSeen();
  /** @type {Settings} */
  let settings = { ...defaults, ...chosen };
  let nonces = createNonces(settings.nonces);
  let used = createReplayStore({ seconds: Math.max(PROOF_SECONDS, NONCE_SECONDS), limit: settings.replayLimit });

  /**
   * Changes settings. All nonces of before are void, and used proofs are forgotten.
   *
   * @param {Partial<Settings>} changes
   */
  function configure(changes) {
    settings = { ...settings, ...changes };
    nonces = createNonces(settings.nonces);
    used = createReplayStore({ seconds: Math.max(PROOF_SECONDS, NONCE_SECONDS), limit: settings.replayLimit });
  }
  /** Seconds since 1970 by this API's own clock. */
  const clock = () => Math.floor(Date.now() / 1000) + settings.clock;

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
   * What the proof of a request says about itself: RFC 9449, section 4.3.
   *
   * @param {import("node:http").IncomingMessage} request
   * @param {{ token: string, path: string, id: string }} about
   * @returns {{ proof: import("./dpop.js").Proof } | { refusal: Refusal }}
   */
  function prove(request, { token, path, id }) {
    try {
      const proof = checkProof(request.headersDistinct.dpop ?? [], {
        method: request.method ?? "",
        url: origin + path,
        token,
        algorithms: settings.algorithms,
        report(jkt, { jti, htm, htu, iat, ath, nonce }) {
          if (seen.proofs.length < SEEN_LIMIT) seen.proofs.push({ id, jti, jkt, htm, htu, iat, ath, nonce });
        },
      });
      if (settings.nonces === "none") {
        if (proof.nonce !== undefined) throw new InvalidProof("The DPoP proof has a nonce, and this API gives none.");
        checkTime(proof.iat, clock());
      } else if (proof.nonce === undefined || !nonces.accept(proof.nonce)) {
        const description = proof.nonce === undefined ? "This API wants a nonce in the DPoP proof." : "The nonce of the DPoP proof is not good any more.";
        return { refusal: { status: 401, scheme: "DPoP", error: "use_dpop_nonce", description } };
      }
      return { proof };
    } catch (error) {
      if (!(error instanceof InvalidProof)) throw error;
      return { refusal: { status: 401, scheme: "DPoP", error: "invalid_dpop_proof", description: error.message } };
    }
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {URL} url
   * @param {{ scope: string, path: string, id: string }} about
   * @returns {Promise<{ refusal: Refusal } | Access>}
   */
  async function authorize(request, url, { scope, path, id }) {
    const found = findToken(request, url);
    if ("refusal" in found) return found;
    const { scheme, token } = found;
    const proven = scheme === "DPoP" ? prove(request, { token, path, id }) : undefined;
    if (proven && "refusal" in proven) return proven;
    /** @type {Introspection} */
    let answer;
    try {
      answer = await introspect(token);
    } catch (error) {
      console.error(`API: cannot check a token: ${error instanceof Error ? error.message : String(error)}`);
      return { refusal: { status: 503, error: "temporarily_unavailable", description: "The provider does not answer, so the token could not be checked." } };
    }
    const now = Math.floor(Date.now() / 1000);
    /** @param {string} description */
    const invalid = (description) => ({ refusal: /** @type {Refusal} */ ({ status: 401, scheme, error: "invalid_token", description }) });
    if (answer.active !== true) return invalid("The access token is unknown, expired or revoked.");
    if (answer.iss !== undefined && answer.iss !== issuer) return invalid("The access token comes from another issuer.");
    if (answer.aud !== undefined && ![answer.aud].flat().includes(audience)) return invalid("The access token is meant for another API.");
    if (typeof answer.exp !== "number" || answer.exp <= now) return invalid("The access token has expired.");
    if (typeof answer.nbf === "number" && answer.nbf > now) return invalid("The access token is not valid yet.");
    const type = answer.token_type?.toLowerCase();
    if (proven === undefined) {
      // A token bound to a key is no Bearer token, whoever holds it (RFC 9449, section 7.2).
      if (type !== "bearer" || answer.cnf !== undefined) return invalid("The access token is bound to a key. It opens nothing without a proof of that key.");
    } else {
      const jkt = answer.cnf?.jkt;
      if (type !== "dpop" || typeof jkt !== "string") return invalid("The access token is not bound to a key. Send it as Bearer.");
      if (jkt !== proven.proof.jkt) return invalid("The access token is bound to another key than the one that made the DPoP proof.");
      // Last of all, and after the key is known to be the token's: others cannot fill the memory.
      const taken = used.take(`${jkt} ${proven.proof.jti}`);
      if (taken === "full") return { refusal: { status: 503, error: "temporarily_unavailable", description: "This API has too many proofs to remember. Try again in a while." } };
      if (taken === "used") return { refusal: { status: 401, scheme, error: "invalid_dpop_proof", description: "The DPoP proof was used before. Make a new one for each request." } };
    }
    if (typeof answer.sub !== "string") return invalid("The access token does not belong to a person.");
    const granted = (answer.scope ?? "").split(" ");
    if (!granted.includes(scope)) {
      return { refusal: { status: 403, scheme, error: "insufficient_scope", description: `This needs the scope ${scope}.`, scope } };
    }
    /** @type {Access} */
    const access = {
      subject: answer.sub,
      client: answer.client_id ?? "",
      scope: granted.join(" "),
      expires: answer.exp,
      scheme,
      ...(proven ? { jkt: proven.proof.jkt } : {}),
      ...(answer.acr === undefined ? {} : { acr: answer.acr }),
      ...(answer.auth_time === undefined ? {} : { authTime: answer.auth_time }),
    };
    const missing = path === "/vault" ? stepUp(access) : undefined;
    return missing ? { refusal: missing } : access;
  }

  /**
   * Asks for a stronger or more recent sign-in than this token comes from: RFC 9470, section 3.
   *
   * @param {Access} access
   * @returns {Refusal | undefined}
   */
  function stepUp({ scheme, acr, authTime }) {
    const { acrValues, maxAge } = settings.vault;
    const strong = acr !== undefined && acrValues.split(" ").includes(acr);
    const recent = authTime !== undefined && authTime + maxAge >= Math.floor(Date.now() / 1000);
    if (strong && recent) return undefined;
    const description = strong ? "The sign-in was too long ago." : "This needs a stronger sign-in.";
    return { status: 401, scheme, error: "insufficient_user_authentication", description, acrValues, maxAge };
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {number} status
   * @param {unknown} body
   */
  const send = (response, status, body) => {
    // With every answer: a page that reads them is never behind (RFC 9449, section 8.2).
    const nonce = nonces.next();
    if (nonce !== undefined) response.setHeader("dpop-nonce", nonce);
    response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
  };

  /**
   * The challenges of a refusal. Errors are told in the scheme that was used; DPoP tells its algorithms always (RFC 9449,
   * sections 7.1 and 7.2).
   *
   * @param {Refusal} refusal
   */
  function challenges({ scheme, error, description, scope, acrValues, maxAge }) {
    const parameters = [`realm=${quoted(REALM)}`];
    if (error !== undefined) parameters.push(`error=${quoted(error)}`);
    if (description !== undefined) parameters.push(`error_description=${quoted(description)}`);
    if (scope !== undefined) parameters.push(`scope=${quoted(scope)}`);
    if (acrValues !== undefined) parameters.push(`acr_values=${quoted(acrValues)}`);
    if (maxAge !== undefined) parameters.push(`max_age=${quoted(String(maxAge))}`);
    const algs = `algs=${quoted(settings.algorithms.join(" "))}`;
    // Whoever came with DPoP is not shown the weaker way.
    return scheme === "DPoP" ? `DPoP ${parameters.join(", ")}, ${algs}` : `Bearer ${parameters.join(", ")}, DPoP ${algs}`;
  }

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {Refusal} refusal
   */
  const refuse = (response, refusal) => {
    const { status, error, description } = refusal;
    if (status !== 503) response.setHeader("www-authenticate", challenges(refusal));
    send(response, status, { error: error ?? "unauthorized", message: description ?? "Send an access token." });
  };

  /** @type {Readonly<Record<string, readonly string[]>>} */
  const methods = { "/me": ["GET"], "/notes": ["POST"], "/vault": ["GET"] };
  const anyMethod = ["GET", "HEAD", "POST", "PUT", "PATCH", "patch", "DELETE"];

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  async function answer(request, response) {
    const target = request.url ?? "/";
    const [path = ""] = target.split("?", 1);
    response.setHeader("vary", "origin");
    response.setHeader("x-content-type-options", "nosniff");
    response.setHeader("date", new Date(clock() * 1000).toUTCString());
    const caller = request.headers.origin;
    if (caller === page || caller === new URL(appUrl).origin) {
      const exposed = [settings.exposeChallenge && "WWW-Authenticate", settings.exposeNonce && "DPoP-Nonce", settings.exposeDate && "Date"];
      response.setHeader("access-control-allow-origin", caller);
      response.setHeader("access-control-expose-headers", exposed.filter(Boolean).join(", "));
    }
    const echoes = echo && /^\/echo(?:\/|$)/.test(path);
    const allowed = echoes ? anyMethod : Object.hasOwn(methods, path) ? methods[path] : undefined;
    if (allowed === undefined) return send(response, 404, { error: "not_found", message: "There is GET /me, POST /notes and GET /vault." });
    if (request.method === "OPTIONS") {
      response.writeHead(204, {
        "access-control-allow-methods": allowed.join(", "),
        "access-control-allow-headers": "Authorization, Content-Type, DPoP, X-Request-Id",
        "access-control-max-age": "600",
      });
      return response.end();
    }
    const url = new URL(origin + target);
    const id = String(request.headers["x-request-id"] ?? url.searchParams.get("id") ?? "");
    const call = seen.call(id);
    seen.sends += 1;
    call.sends += 1;
    response.once("finish", () => call.statuses.push(response.statusCode));
    if (!allowed.includes(request.method ?? "")) {
      response.setHeader("allow", allowed.join(", "));
      return send(response, 405, { error: "method_not_allowed", message: `Use ${allowed.join(" or ")}.` });
    }
    const access = await authorize(request, url, { scope: "api", path, id });
    if ("refusal" in access) {
      if (access.refusal.error === "use_dpop_nonce") {
        seen.challenges += 1;
        call.challenges += 1;
      }
      return refuse(response, access.refusal);
    }

    if (echoes) {
      const body = await readBody(request, ECHO_LIMIT);
      if (body === undefined) return send(response, 413, { error: "too_large", message: "That is more than /echo repeats." });
      return send(response, 200, { method: request.method, url: target, contentType: request.headers["content-type"], body });
    }
    if (path === "/vault") {
      return send(response, 200, {
        message: "The vault is open: you proved recently, and twice, that it is you.",
        subject: access.subject,
        acr: access.acr,
        authenticated: new Date((access.authTime ?? 0) * 1000).toISOString(),
      });
    }
    if (path === "/me") {
      const { subject, client, scope, expires, scheme, jkt } = access;
      return send(response, 200, {
        message:
          scheme === "DPoP"
            ? "The API checked your access token with the provider, your proof with the token's key, and knows you."
            : "The API checked your access token with the provider and knows you.",
        subject,
        client,
        scope,
        tokenExpires: new Date(expires * 1000).toISOString(),
        scheme,
        boundTo: jkt,
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

  return {
    server: listening.server,
    url: origin,
    log: listening.log,
    seen,
    configure,
    /** Makes all nonces of before void, as a server does that begins anew. */
    rotateNonces: () => {
      nonces = createNonces(settings.nonces);
    },
    /** Forgets what happened and what `configure()` changed. */
    reset() {
      configure({ ...defaults, ...chosen });
      seen.clear();
    },
    close: () => listening.close(),
  };
}
