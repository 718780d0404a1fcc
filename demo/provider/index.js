import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { listen, readBody } from "../server.js";
import { apiClientSecret, pageUrl, providerPort } from "../settings.js";
import { createAdapter } from "./adapter.js";
import { consentPage, errorPage, homePage, signedOutPage, signInPage, signOutPage } from "./pages.js";
import { findUserByPassword, findUserBySubject } from "./users.js";

const style = readFileSync(new URL("./style.css", import.meta.url));
const FORM_LIMIT = 8_192;

/**
 * Loads `oidc-provider`. On Node 20 it warns that it wants Node 22; the demo and its tests are known to work there, so
 * that one line is left out and every other message comes through.
 */
export async function loadProvider() {
  const { warn } = console;
  console.warn = (...values) => {
    if (!String(values[0]).includes("oidc-provider WARNING: Unsupported runtime.")) warn(...values);
  };
  try {
    return await import("oidc-provider");
  } finally {
    console.warn = warn;
  }
}

function createKeys() {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return {
    keys: [
      { ...rsa, alg: "RS256", use: "sig" },
      { ...ec, alg: "ES256", use: "sig" },
    ],
  };
}

/**
 * Starts the demo's OpenID Provider.
 *
 * @param {object} [options]
 * @param {number} [options.port] 0 takes a free one
 * @param {string} [options.host] address to listen on
 * @param {string} [options.page] address of the demo page
 * @param {string[]} [options.redirectUris] further redirect URIs of the client `spa`
 * @param {string[]} [options.postLogoutRedirectUris] further post-logout redirect URIs of the client `spa`
 * @param {Record<string, unknown>[]} [options.clients] further clients, as registration metadata
 * @param {string} [options.apiSecret] secret of the client `api`
 * @param {number} [options.accessTokenSeconds] lifetime of access tokens
 */
export async function createProvider({
  port = providerPort,
  host = "127.0.0.1",
  page = pageUrl,
  redirectUris = [],
  postLogoutRedirectUris = [],
  clients = [],
  apiSecret = apiClientSecret,
  accessTokenSeconds = 600,
} = {}) {
  const { Provider, errors } = await loadProvider();
  const listening = await listen({ name: "provider", port, host });
  const issuer = `http://localhost:${listening.port}`;

  const registered = [
    {
      client_id: "spa",
      client_name: "oidc-wasm demo",
      client_uri: page,
      application_type: "web",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      redirect_uris: [`${page}/callback`, ...redirectUris],
      post_logout_redirect_uris: [`${page}/`, ...postLogoutRedirectUris],
    },
    {
      client_id: "api",
      client_name: "Demo API",
      client_secret: apiSecret,
      token_endpoint_auth_method: "client_secret_basic",
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
    ...clients,
  ];

  const provider = new Provider(issuer, {
    adapter: createAdapter(),
    clients: registered,
    jwks: createKeys(),
    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      // Cookies know no ports: names of our own keep other programs on localhost out.
      names: { session: "lantern_session", interaction: "lantern_interaction", resume: "lantern_resume" },
    },
    scopes: ["openid", "offline_access", "api"],
    claims: {
      openid: ["sub"],
      profile: ["name", "given_name", "family_name", "preferred_username", "role"],
      email: ["email", "email_verified"],
    },
    // Profile claims go into the ID Token as well, as with many providers, so that the page can greet by name.
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    /** @param {unknown} _context @param {string} sub */
    findAccount(_context, sub) {
      const user = findUserBySubject(sub);
      return user && { accountId: user.sub, claims: async () => ({ sub: user.sub, ...user.claims }) };
    },
    pkce: { required: () => true },
    /** @param {any} _context @param {string} origin @param {any} client */
    clientBasedCORS: (_context, origin, client) =>
      client.redirectUris.some((/** @type {string} */ uri) => new URL(uri).origin === origin),
    interactions: {
      /** @param {unknown} _context @param {{ uid: string }} interaction */
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: 600,
      RefreshToken: 24 * 3600,
      Interaction: 600,
      Session: 8 * 3600,
      Grant: 24 * 3600,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      introspection: {
        enabled: true,
        /** @param {unknown} _context @param {any} client @param {any} token */
        allowedPolicy: async (_context, client, token) =>
          client.clientAuthMethod !== "none" || token.clientId === client.clientId,
      },
      revocation: {
        enabled: true,
        /** @param {unknown} _context @param {any} client @param {any} token */
        allowedPolicy: async (_context, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        /** @param {any} context @param {string} form */
        logoutSource: async (context, form) => {
          const user = findUserBySubject(context.oidc.session.accountId);
          context.body = signOutPage({
            form,
            name: /** @type {string | undefined} */ (user?.claims.name),
            client: context.oidc.client?.clientName,
          });
        },
        /** @param {any} context */
        postLogoutSuccessSource: async (context) => {
          context.type = "html";
          context.body = signedOutPage({ client: context.oidc.client?.clientName });
        },
      },
    },
    /** @param {any} context @param {{ error: string, error_description?: string }} out */
    renderError: async (context, out) => {
      context.type = "html";
      context.body = errorPage({ error: out.error, description: out.error_description, back: page });
    },
  });
  provider.on("server_error", (/** @type {any} */ context, /** @type {Error} */ error) => {
    console.error(`provider: ${context.method} ${context.path} failed`, error);
  });

  // Chromium applies `form-action` to the redirects after a form as well, so the clients' origins have to be in it.
  const origins = new Set(
    registered
      .flatMap((client) => /** @type {any} */ ([client.redirect_uris ?? [], client["post_logout_redirect_uris"] ?? []]))
      .flat()
      .map((uri) => new URL(uri).origin),
  );
  const contentSecurityPolicy = [
    "default-src 'none'",
    // Empty on purpose: `oidc-provider` adds the hash of the one script it has, where a form sends itself.
    "script-src",
    "style-src 'self'",
    `form-action 'self' ${[...origins].join(" ")}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

  /**
   * @param {import("node:http").ServerResponse} response
   * @param {number} status
   * @param {string} body
   */
  const send = (response, status, body) => {
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" }).end(body);
  };

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   * @param {string} action
   */
  async function interact(request, response, action) {
    const interaction = await provider.interactionDetails(request, response);
    const { uid, prompt, params } = interaction;
    const client = await provider.Client.find(String(params.client_id));
    const clientName = String(client?.clientName ?? params.client_id);

    if (request.method === "GET" && action === "") {
      if (prompt.name === "login") {
        const hint = typeof params.login_hint === "string" ? params.login_hint : "";
        return send(response, 200, signInPage({ uid, client: clientName, name: hint }));
      }
      const user = findUserBySubject(String(interaction.session?.accountId));
      return send(
        response,
        200,
        consentPage({
          uid,
          client: clientName,
          user: { name: String(user?.claims.name ?? ""), email: String(user?.claims.email ?? "") },
          scopes: /** @type {string[]} */ (prompt.details.missingOIDCScope ?? String(params.scope ?? "").split(" ")),
          claims: /** @type {string[]} */ (prompt.details.missingOIDCClaims ?? []),
        }),
      );
    }
    if (request.method !== "POST") return send(response, 405, errorPage({ error: "method_not_allowed", back: page }));

    const body = await readBody(request, FORM_LIMIT);
    if (body === undefined) return send(response, 413, errorPage({ error: "form_too_large", back: page }));
    const form = new URLSearchParams(body);
    const refuse = () =>
      provider.interactionFinished(
        request,
        response,
        { error: "access_denied", error_description: "The person said no." },
        { mergeWithLastSubmission: false },
      );

    if (action === "cancel") return refuse();
    if (action === "login" && prompt.name === "login") {
      const name = (form.get("name") ?? "").trim();
      const user = findUserByPassword(name, form.get("password") ?? "");
      if (!user) return send(response, 401, signInPage({ uid, client: clientName, name, failed: true }));
      return provider.interactionFinished(
        request,
        response,
        { login: { accountId: user.sub, amr: ["pwd"] } },
        { mergeWithLastSubmission: false },
      );
    }
    if (action === "consent" && prompt.name === "consent") {
      if (form.get("decision") !== "allow") return refuse();
      const grant =
        (interaction.grantId && (await provider.Grant.find(interaction.grantId))) ||
        new provider.Grant({ accountId: interaction.session?.accountId, clientId: String(params.client_id) });
      const { missingOIDCScope, missingOIDCClaims } = /** @type {Record<string, string[]>} */ (prompt.details);
      if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
      if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
      const grantId = await grant.save();
      return provider.interactionFinished(request, response, { consent: { grantId } }, { mergeWithLastSubmission: true });
    }
    return send(response, 400, errorPage({ error: "unexpected_step", back: page }));
  }

  const protocol = provider.callback();
  listening.handle((request, response) => {
    response.setHeader("content-security-policy", contentSecurityPolicy);
    response.setHeader("referrer-policy", "no-referrer");
    response.setHeader("x-content-type-options", "nosniff");
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    if (request.method === "GET" && path === "/") return send(response, 200, homePage({ issuer, back: page }));
    if (request.method === "GET" && path === "/assets/style.css") {
      return response.writeHead(200, { "content-type": "text/css; charset=utf-8", "cache-control": "no-cache" }).end(style);
    }
    if (path === "/favicon.ico") return response.writeHead(204).end();
    const [, uid, action = ""] = /^\/interaction\/([\w-]+)(?:\/(login|consent|cancel))?$/.exec(path) ?? [];
    if (uid === undefined) return protocol(request, response);
    return interact(request, response, action).catch((error) => {
      if (response.headersSent) return response.destroy();
      if (error instanceof errors.SessionNotFound) {
        return send(response, 400, errorPage({ error: "session_not_found", description: "This sign-in has ended or was begun in another browser. Start again from the application.", back: page }));
      }
      console.error(`provider: ${request.method} ${path} failed`, error);
      return send(response, 500, errorPage({ error: "server_error", back: page }));
    });
  });

  return { server: listening.server, url: issuer, provider, log: listening.log, close: () => listening.close() };
}
