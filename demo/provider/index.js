import { createHash, generateKeyPairSync, randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { listen, readBody } from "../server.js";
import { apiClientSecret, appRedirectUris, pageUrl, providerPort } from "../settings.js";
import { createAdapter } from "./adapter.js";
import { checkSessionPage, confirmPage, consentPage, errorPage, farewellPage, homePage, signedOutPage, signInPage, signOutPage } from "./pages.js";
import { findUserByPassword, findUserBySubject } from "./users.js";

const style = readFileSync(new URL("./style.css", import.meta.url));
const checkSession = readFileSync(new URL("./check-session.js", import.meta.url));
const FORM_LIMIT = 8_192;
const CONFIRM_TRIES = 3;
/** Metadata of a client: the page to load when its session has ended here. */
const FRONT_CHANNEL = "frontchannel_logout_uri";
const INTERACTION_SECONDS = 600;

/** How somebody signed in, as `acr`: with a password, or with a code from a second device as well. */
const PASSWORD = "urn:demo:pwd";
const CONFIRMED = "urn:demo:mfa";

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

/**
 * OpenID Connect Session Management 1.0, which `oidc-provider` leaves out: what the page at `check_session_iframe` compares, in
 * the cookie that it reads, and in `session_state` of authorization responses.
 *
 * @param {any} provider
 */
function manageSessions(provider) {
  /** @param {string} text */
  const hash = (text) => createHash("sha256").update(text).digest("hex");
  // Scripts of that page read it, so it is no session and leads to none.
  const options = { path: "/", sameSite: "Lax" };
  /** @param {any} context @param {string | undefined} value */
  const remember = ({ res: response }, value) => {
    const cookie = Object.entries(options).map(([name, text]) => `; ${name}=${text}`).join("");
    response.appendHeader("set-cookie", `lantern_state=${value ?? ""}${value === undefined ? "; max-age=0" : ""}${cookie}`);
  };
  provider.on("authorization.success", (/** @type {any} */ context, /** @type {Record<string, unknown>} */ out) => {
    const { session, client, params } = context.oidc;
    const state = hash([session.uid, session.accountId, session.loginTs].join(" "));
    const salt = randomBytes(8).toString("hex");
    out.session_state = `${hash([client.clientId, new URL(params.redirect_uri).origin, state, salt].join(" "))}.${salt}`;
    remember(context, state);
  });
  provider.on("end_session.success", (/** @type {any} */ context) => {
    if (context.oidc.params.logout) remember(context, undefined);
  });
}

/**
 * OpenID Connect Front-Channel Logout 1.0, which `oidc-provider` leaves out: after a sign-out, on the way back, a page with a frame
 * for each application that knew the session.
 *
 * @param {any} provider
 * @param {readonly Record<string, unknown>[]} clients
 */
function tellApplications(provider, clients) {
  provider.use(async (/** @type {any} */ context, /** @type {() => Promise<void>} */ next) => {
    await next();
    const { route, session, params } = context.oidc ?? {};
    if (route !== "end_session_confirm" || context.status !== 303 || !params.logout) return;
    const frames = Object.entries(/** @type {Record<string, { sid: string }>} */ (session.authorizations ?? {})).flatMap(([id, { sid }]) => {
      const uri = clients.find((client) => client.client_id === id)?.[FRONT_CHANNEL];
      if (uri === undefined) return [];
      const url = new URL(String(uri));
      url.searchParams.set("iss", provider.issuer);
      url.searchParams.set("sid", sid);
      return [url];
    });
    if (frames.length === 0) return;
    const back = context.response.get("location");
    const origins = frames.map(({ origin }) => origin).join(" ");
    context.status = 200;
    context.remove("location");
    context.set("content-security-policy", `default-src 'none'; style-src 'self'; frame-src ${origins}; base-uri 'none'; frame-ancestors 'none'`);
    context.type = "html";
    context.body = farewellPage({ frames: frames.map(String), back });
  });
}

function createKeys() {
  const [rsa, pss] = [0, 1].map(() => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }));
  const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  return {
    keys: [
      { ...rsa, alg: "RS256", use: "sig" },
      { ...pss, alg: "PS256", use: "sig" },
      { ...ec, alg: "ES256", use: "sig" },
    ],
  };
}

/**
 * Whether a request accepts nothing but a sign-in with a second device.
 *
 * @param {Record<string, unknown>} params
 */
function wantsConfirmation({ acr_values: values, claims }) {
  const { value, values: several = [] } = typeof claims === "string" ? (JSON.parse(claims).id_token?.acr ?? {}) : {};
  const wanted = new Set([...String(values ?? "").split(" "), value, ...several]);
  return wanted.has(CONFIRMED) && !wanted.has(PASSWORD);
}

/**
 * Lets pages read these headers of a response and no others.
 *
 * @param {import("node:http").ServerResponse} response
 * @param {readonly string[]} names
 */
function exposeOnly(response, names) {
  const set = response.setHeader.bind(response);
  response.setHeader = (name, value) => set(name, name.toLowerCase() === "access-control-expose-headers" ? names.join(", ") : value);
}

/**
 * One entry of `authorization_details` (RFC 9396).
 *
 * @typedef {Record<string, unknown>} Detail
 */

/**
 * Starts the demo's OpenID Provider. What a client has to do is in its metadata: `require_pushed_authorization_requests`,
 * `dpop_bound_access_tokens`, `require_signed_request_object` with `jwks`, `authorization_signed_response_alg`; where its sessions end,
 * `frontchannel_logout_uri`.
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
 * @param {number} [options.pushedSeconds] lifetime of pushed authorization requests
 * @param {"required" | "offered" | "none"} [options.dpopNonces] nonces in DPoP proofs; clients without DPoP meet none
 * @param {Readonly<Record<string, string>>} [options.resources] APIs besides the demo's own, and their scopes (RFC 8707)
 * @param {readonly string[]} [options.detailTypes] types of `authorization_details` (RFC 9396) that may be asked for
 * @param {(details: Detail[]) => Detail[]} [options.grantDetails] what of the details is granted; everything if left out
 * @param {boolean} [options.sessionManagement] `check_session_iframe` and `session_state`
 * @param {readonly string[]} [options.exposeHeaders] headers that pages may read, instead of those that they have to
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
  pushedSeconds = 60,
  dpopNonces = "required",
  resources = {},
  detailTypes = ["note"],
  grantDetails = (details) => details,
  sessionManagement = false,
  exposeHeaders,
} = {}) {
  const { Provider, errors, interactionPolicy } = await loadProvider();
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
      redirect_uris: [`${page}/callback`, ...appRedirectUris, ...redirectUris],
      post_logout_redirect_uris: [`${page}/`, ...appRedirectUris, ...postLogoutRedirectUris],
    },
    {
      client_id: "spa-dpop",
      client_name: "oidc-wasm demo with DPoP",
      client_uri: page,
      application_type: "web",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      redirect_uris: [`${page}/dpop/callback`, ...redirectUris],
      post_logout_redirect_uris: [`${page}/?mode=dpop`, ...postLogoutRedirectUris],
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

  const policy = interactionPolicy.base();
  // A request for `acr_values` is a wish in OpenID Connect; RFC 9470, section 4, wants it taken seriously.
  policy.get("login").checks.push(
    new interactionPolicy.Check("acr_values", "the requested way to sign in was not taken", "unmet_authentication_requirements", (/** @type {any} */ { oidc }) => {
      const wanted = String(oidc.params.acr_values ?? "").split(" ").filter((value) => value === PASSWORD || value === CONFIRMED);
      return wanted.length > 0 && oidc.acr !== CONFIRMED && !wanted.includes(oidc.acr);
    }),
  );

  const provider = new Provider(issuer, {
    adapter: createAdapter(),
    clients: registered,
    clientDefaults: { authorization_details_types: [...detailTypes] },
    jwks: createKeys(),
    cookies: {
      keys: [randomBytes(32).toString("base64url")],
      // Cookies know no ports: names of our own keep other programs on localhost out.
      names: { session: "lantern_session", interaction: "lantern_interaction", resume: "lantern_resume" },
    },
    scopes: ["openid", "offline_access", "api"],
    discovery: sessionManagement ? { check_session_iframe: `${issuer}/session/check` } : {},
    acrValues: [PASSWORD, CONFIRMED],
    extraClientMetadata: { properties: [FRONT_CHANNEL] },
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
    // A token bound to a key of the browser may be renewed while its session lasts, without a question on the consent page.
    /** @param {unknown} _context @param {any} client @param {any} source */
    issueRefreshToken: (_context, client, source) =>
      client.grantTypeAllowed("refresh_token") && (source.scopes.has("offline_access") || client.dpopBoundAccessTokens === true),
    rotateRefreshToken: true,
    // For RFC 9470, section 6.2: introspection tells how and when somebody signed in.
    /** @param {any} context @param {any} token */
    extraTokenClaims: (context, token) => {
      const { AuthorizationCode: code, RefreshToken: refreshToken } = context?.oidc.entities ?? {};
      const { acr, authTime } = code ?? refreshToken ?? {};
      return authTime === undefined ? token.extra : { acr, auth_time: authTime };
    },
    enabledJWA: {
      idTokenSigningAlgValues: ["RS256", "PS256", "ES256"],
      authorizationSigningAlgValues: ["RS256", "PS256", "ES256"],
      requestObjectSigningAlgValues: ["RS256", "PS256", "ES256"],
      dPoPSigningAlgValues: ["ES256", "PS256", "Ed25519"],
    },
    interactions: {
      policy,
      /** @param {unknown} _context @param {{ uid: string }} interaction */
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      IdToken: 600,
      RefreshToken: 24 * 3600,
      PushedAuthorizationRequest: pushedSeconds,
      Interaction: INTERACTION_SECONDS,
      Session: 8 * 3600,
      Grant: 24 * 3600,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: true },
      claimsParameter: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      requestObjects: { enabled: true },
      jwtResponseModes: { enabled: true },
      dPoP: {
        enabled: true,
        ...(dpopNonces === "none" ? {} : { nonceSecret: randomBytes(32) }),
        requireNonce: () => dpopNonces === "required",
      },
      resourceIndicators: {
        enabled: true,
        // A token request without `resource` gets a token for UserInfo, each other one a token for one API.
        /** @param {unknown} _context @param {string} resource */
        getResourceServerInfo: async (_context, resource) => {
          if (!Object.hasOwn(resources, resource)) throw new errors.InvalidTarget();
          return { audience: resource, scope: resources[resource], accessTokenFormat: "opaque" };
        },
      },
      richAuthorizationRequests: {
        enabled: true,
        types: Object.fromEntries(detailTypes.map((type) => [type, { validate: async () => {} }])),
        /** @param {any} context */
        authorizationDetailsForGrantSource: async ({ oidc }) => grantDetails(JSON.parse(oidc.params.authorization_details ?? "[]")),
        /** @param {unknown} _context @param {unknown} _token @param {any} source */
        authorizationDetailsForAccessToken: async (_context, _token, source) => source?.rar,
        /** @param {unknown} _context @param {any} token */
        authorizationDetailsForIntrospection: async (_context, token) => token.rar,
      },
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
      // What is registered is no secret here, and the commonest mistake.
      const known = registered.find((client) => client.client_id === context.oidc?.params?.client_id);
      const hint = out.error === "invalid_redirect_uri" && known ? `Registered: ${/** @type {string[]} */ (known.redirect_uris).join(", ")}` : undefined;
      context.body = errorPage({ error: out.error, description: out.error_description, hint, back: page });
    },
  });
  if (sessionManagement) manageSessions(provider);
  tellApplications(provider, registered);
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
   * Sign-ins whose password was right and whose second device has not answered yet, by interaction.
   *
   * @type {Map<string, { sub: string, code: string, tries: number, until: number }>}
   */
  const confirmations = new Map();

  /**
   * Sends a code to the person's second device; the page shows that device.
   *
   * @param {string} uid
   * @param {string} sub
   */
  function beginConfirmation(uid, sub) {
    const now = Date.now();
    for (const [old, { until }] of confirmations) if (until <= now) confirmations.delete(old);
    const confirmation = { sub, code: String(randomInt(1_000_000)).padStart(6, "0"), tries: CONFIRM_TRIES, until: now + INTERACTION_SECONDS * 1000 };
    confirmations.set(uid, confirmation);
    return confirmation;
  }

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
        const known = interaction.session?.accountId;
        const onlyStronger = known !== undefined && prompt.reasons.every((/** @type {string} */ reason) => /^(?:acr_values|essential_acrs?)$/.test(reason));
        const confirmation = confirmations.get(uid) ?? (onlyStronger && wantsConfirmation(params) ? beginConfirmation(uid, String(known)) : undefined);
        if (confirmation) {
          const name = String(findUserBySubject(confirmation.sub)?.claims.name ?? "");
          return send(response, 200, confirmPage({ uid, client: clientName, name, code: confirmation.code }));
        }
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
          resources: Object.entries(/** @type {Record<string, string[]>} */ (prompt.details.missingResourceScopes ?? {})),
          details: /** @type {{ type: string }[]} */ (prompt.details.rar ?? []),
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

    if (action === "cancel") {
      confirmations.delete(uid);
      return refuse();
    }
    if (action === "login" && prompt.name === "login") {
      const name = (form.get("name") ?? "").trim();
      const user = findUserByPassword(name, form.get("password") ?? "");
      if (!user) return send(response, 401, signInPage({ uid, client: clientName, name, failed: true }));
      if (wantsConfirmation(params)) {
        beginConfirmation(uid, user.sub);
        return response.writeHead(303, { location: `/interaction/${uid}` }).end();
      }
      return provider.interactionFinished(
        request,
        response,
        { login: { accountId: user.sub, acr: PASSWORD, amr: ["pwd"] } },
        { mergeWithLastSubmission: false },
      );
    }
    const confirmation = confirmations.get(uid);
    if (action === "confirm" && prompt.name === "login" && confirmation) {
      const { sub, code } = confirmation;
      if ((form.get("code") ?? "").replace(/\s/g, "") === code) {
        confirmations.delete(uid);
        return provider.interactionFinished(
          request,
          response,
          { login: { accountId: sub, acr: CONFIRMED, amr: ["pwd", "otp", "mfa"] } },
          { mergeWithLastSubmission: false },
        );
      }
      confirmation.tries -= 1;
      const name = String(findUserBySubject(sub)?.claims.name ?? "");
      if (confirmation.tries > 0) return send(response, 401, confirmPage({ uid, client: clientName, name, code, failed: true }));
      confirmations.delete(uid);
      return provider.interactionFinished(
        request,
        response,
        { error: "unmet_authentication_requirements", error_description: "The code was wrong too often." },
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
      for (const [resource, scopes] of Object.entries(/** @type {Record<string, string[]>} */ (prompt.details.missingResourceScopes ?? {}))) {
        grant.addResourceScope(resource, scopes.join(" "));
      }
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
    if (request.method === "GET" && path === "/session/check" && sessionManagement) {
      response.setHeader("content-security-policy", `default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors ${[...origins].join(" ")}`);
      return send(response, 200, checkSessionPage());
    }
    if (request.method === "GET" && path === "/assets/check-session.js") {
      return response.writeHead(200, { "content-type": "text/javascript; charset=utf-8", "cache-control": "no-cache" }).end(checkSession);
    }
    if (path === "/favicon.ico") return response.writeHead(204).end();
    const [, uid, action = ""] = /^\/interaction\/([\w-]+)(?:\/(login|confirm|consent|cancel))?$/.exec(path) ?? [];
    if (uid === undefined) {
      if (exposeHeaders !== undefined) exposeOnly(response, exposeHeaders);
      return protocol(request, response);
    }
    return interact(request, response, action).catch((error) => {
      if (response.headersSent) return response.destroy();
      if (error instanceof errors.SessionNotFound) {
        return send(response, 400, errorPage({ error: "session_not_found", description: "This sign-in has ended or was begun in another browser. Start again from the application.", back: page }));
      }
      console.error(`provider: ${request.method} ${path} failed`, error);
      return send(response, 500, errorPage({ error: "server_error", back: page }));
    });
  });

  return {
    server: listening.server,
    url: issuer,
    provider,
    log: listening.log,
    /** Makes all nonces of before void, as when a provider begins anew. For tests; the provider has no setting for it. */
    async rotateNonces() {
      const [{ default: internals }, { default: ServerChallenge }] = await Promise.all([
        // @ts-expect-error: not part of what the provider promises
        import("oidc-provider/lib/helpers/weak_cache.js"),
        // @ts-expect-error: the same
        import("oidc-provider/lib/helpers/challenge.js"),
      ]);
      if (internals(provider)?.DPoPNonces === undefined) throw new Error("This provider gives no nonces.");
      internals(provider).DPoPNonces = new ServerChallenge(randomBytes(32), "DPoP");
    },
    close: () => listening.close(),
  };
}
