import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createAdapter } from "../../../demo/provider/adapter.js";
import { loadProvider } from "../../../demo/provider/index.js";
import { publicKey, testKeys } from "../flows.js";
import { type Answering, Person } from "./person.js";
import { allowOrigin, answerPreflight, RecordingServer } from "./recording.js";

const REDIRECT_URI = "https://app.example.com/callback";
const SIGNED_OUT_URI = "https://app.example.com/";
const RESOURCE = "https://api.example.com/notes";
const TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code";
const CIBA = "urn:openid:params:grant-type:ciba";

/** What a test has to know of the provider. Plain data, so that it reaches a page as well. */
export interface ProviderAddress {
  readonly issuer: string;
  /** The same provider behind the host that asks for TLS client certificates. */
  readonly aliasOrigin: string;
  readonly initialAccessToken: string;
  readonly redirectUri: string;
  readonly signedOutUri: string;
  readonly resource: string;
  readonly clients: {
    /** Public: code, refresh, device, CIBA, token exchange. */
    readonly spa: string;
    readonly signedUserinfo: string;
    /** Id and secret need the encoding of RFC 6749, section 2.3.1. */
    readonly basic: SecretClient;
    readonly post: SecretClient;
    readonly secretJwt: SecretClient;
    readonly es256: KeyClient;
    readonly ps256: KeyClient;
    readonly tls: string;
    /** Gets introspection answers signed with ES256. */
    readonly api: SecretClient;
  };
}

export interface SecretClient {
  readonly id: string;
  readonly secret: string;
}

export interface KeyClient {
  readonly id: string;
  readonly key: JsonWebKey;
}

/** What a page of the provider sets. */
interface Page {
  type: string;
  body: string;
}

const people: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  alice: { name: "Alice Liddell", email: "alice@example.com" },
  bob: { name: "Bob Baker", email: "bob@example.com" },
};

/** A fixed test key with its name and its use. */
function privateKey(name: string, alg: string): JsonWebKey & { kid: string } {
  return { ...(testKeys[name] as JsonWebKey), kid: name, alg, use: "sig" };
}

function clientsOf(backchannelLogoutUri: string) {
  const basic: SecretClient = { id: "client with:space+%&=/?", secret: "a secret:with+%&=/?#~!*'() and spaces" };
  const post: SecretClient = { id: "post", secret: "post secret+%&=" };
  const secretJwt: SecretClient = { id: "secret-jwt", secret: "a-secret-of-at-least-32-bytes-for-HS256" };
  const api: SecretClient = { id: "api", secret: "secret of the api" };
  const es256: KeyClient = { id: "es256", key: privateKey("ec-2", "ES256") };
  const ps256: KeyClient = { id: "ps256", key: privateKey("rsa-2", "PS256") };
  const clients = { spa: "spa", signedUserinfo: "signed-userinfo", basic, post, secretJwt, es256, ps256, tls: "tls", api };
  const web = { redirect_uris: [REDIRECT_URI], response_types: ["code"] };
  const machine = { redirect_uris: [], response_types: [], grant_types: ["client_credentials"] };
  const asymmetric = ({ id, key }: KeyClient, name: string) => ({
    client_id: id,
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: key.alg,
    jwks: { keys: [publicKey(name)] },
    ...machine,
  });
  const metadata = [
    {
      client_id: clients.spa,
      client_name: "Notes",
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token", DEVICE_CODE, CIBA, TOKEN_EXCHANGE],
      backchannel_token_delivery_mode: "poll",
      post_logout_redirect_uris: [SIGNED_OUT_URI],
      backchannel_logout_uri: backchannelLogoutUri,
      backchannel_logout_session_required: true,
      ...web,
    },
    { client_id: clients.signedUserinfo, token_endpoint_auth_method: "none", userinfo_signed_response_alg: "ES256", ...web },
    { client_id: basic.id, client_secret: basic.secret, token_endpoint_auth_method: "client_secret_basic", ...machine },
    { client_id: post.id, client_secret: post.secret, token_endpoint_auth_method: "client_secret_post", ...machine },
    {
      client_id: secretJwt.id,
      client_secret: secretJwt.secret,
      token_endpoint_auth_method: "client_secret_jwt",
      ...machine,
    },
    asymmetric(es256, "ec-2"),
    asymmetric(ps256, "rsa-2"),
    {
      client_id: clients.tls,
      token_endpoint_auth_method: "tls_client_auth",
      tls_client_auth_subject_dn: "CN=tls",
      ...machine,
    },
    {
      client_id: api.id,
      client_secret: api.secret,
      token_endpoint_auth_method: "client_secret_basic",
      introspection_signed_response_alg: "ES256",
      ...machine,
    },
  ];
  return { clients, metadata };
}

/**
 * Starts `oidc-provider` with everything on that the package has a function for. Nobody has to click:
 *
 * - `authorize {url, account?, session?}` visits an authorization URL and gives where it ends; with a `session` name
 *   the browser is kept,
 * - `device {userCode, answer?, afterFirstPoll?}` enters a user code,
 * - `signOut {url, session}` says yes at the end-session endpoint,
 * - a backchannel request for `alice` is accepted at once, for `alice-later` after the first poll, for
 *   `alice-refuses` never.
 *
 * @param backchannelLogoutUri where logout tokens of the public client go
 */
export async function startProvider(
  backchannelLogoutUri: string,
): Promise<{ address: ProviderAddress; server: RecordingServer }> {
  const { Provider, errors } = await loadProvider();
  const server = await RecordingServer.start();
  const issuer = server.origin;
  const aliasPort = Number(new URL(server.aliasOrigin).port);
  const initialAccessToken = "an-initial-access-token";
  const { clients, metadata } = clientsOf(backchannelLogoutUri);
  const page = (context: Page, html: string): void => {
    context.type = "html";
    context.body = html;
  };

  const provider = new Provider(issuer, {
    adapter: createAdapter(),
    clients: metadata,
    jwks: { keys: [privateKey("rsa-1", "RS256"), privateKey("ec-1", "ES256")] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    scopes: ["openid", "offline_access"],
    claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
    responseTypes: ["code", "none"],
    clientAuthMethods: [
      "none",
      "client_secret_basic",
      "client_secret_post",
      "client_secret_jwt",
      "private_key_jwt",
      "tls_client_auth",
    ],
    clientBasedCORS: () => true,
    pkce: { required: (_context: unknown, client: { clientAuthMethod: string }) => client.clientAuthMethod === "none" },
    interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    findAccount: (_context: unknown, sub: string) =>
      people[sub] && { accountId: sub, claims: async () => ({ sub, ...people[sub] }) },
    // Its own way refuses special-use addresses, and everything here is on loopback.
    fetch: (url: string, { dispatcher: _, ...options }: RequestInit & { dispatcher?: unknown }) => fetch(url, options),
    renderError: (context: Page, out: Record<string, string>) => page(context, JSON.stringify(out)),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      BackchannelAuthenticationRequest: (context: { oidc: { params: { requested_expiry?: string } } }) =>
        Number(context.oidc.params.requested_expiry ?? 120),
      ClientCredentials: 600,
      DeviceCode: 120,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      ciba: {
        enabled: true,
        deliveryModes: ["poll"],
        processLoginHint: async (_context: unknown, hint: string) => hint.split("-", 1)[0],
        processLoginHintToken: async () => undefined,
        verifyUserCode: async (_context: unknown, _account: unknown, userCode?: string) => {
          if (userCode === "wrong") throw new errors.InvalidUserCode("the user code is wrong");
        },
        validateBindingMessage: async (_context: unknown, message?: string) => {
          if (message !== undefined && message.length > 20) throw new errors.InvalidBindingMessage("at most 20 characters");
        },
        validateRequestContext: async () => {},
        triggerAuthenticationDevice: async (_context: unknown, request: { params: { login_hint?: string } }) => {
          const [, when] = (request.params.login_hint ?? "").split("-", 2);
          if (when !== "later") await answerBackchannel(request, when === "refuses" ? "deny" : "allow");
        },
      },
      clientCredentials: { enabled: true },
      // Every proof needs a nonce, so that everybody meets the refusal that tells it.
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      deviceFlow: {
        enabled: true,
        charset: "base-20",
        mask: "****-****",
        userCodeInputSource: async (context: Page, form: string) => page(context, form),
        userCodeConfirmSource: async (context: Page, form: string) => page(context, form),
        successSource: async (context: Page) => page(context, "You are done."),
      },
      introspection: { enabled: true, allowedPolicy: async () => true },
      jwtIntrospection: { enabled: true },
      jwtUserinfo: { enabled: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        // The second port stands for a host that has checked a certificate.
        getCertificate: ({ req }: { req: IncomingMessage }) =>
          req.socket.localPort === aliasPort ? "a certificate" : undefined,
        certificateAuthorized: () => true,
        certificateSubjectMatches: (_context: unknown, property: string, expected: string) =>
          property === "tls_client_auth_subject_dn" && expected === "CN=tls",
      },
      pushedAuthorizationRequests: { enabled: true },
      registration: { enabled: true, initialAccessToken },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_context: unknown, resource: string) => {
          if (resource !== RESOURCE) throw new errors.InvalidTarget();
          return { audience: resource, scope: "notes:read notes:write", accessTokenFormat: "opaque" };
        },
      },
      revocation: {
        enabled: true,
        allowedPolicy: async (_context: unknown, client: { clientId: string }, token: { clientId: string }) =>
          client.clientId === token.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: async (context: Page, form: string) => page(context, form),
        postLogoutSuccessSource: async (context: Page) => page(context, "You are signed out."),
      },
      userinfo: { enabled: true },
    },
  });
  provider.on("server_error", (_context: unknown, error: Error) => console.error("provider:", error));

  /** Answers of people who do so once the application has asked for the first time, by the code it asks with. */
  const later = new Map<string, () => Promise<unknown>>();
  provider.on(
    "grant.error",
    async (context: { oidc: { params?: Record<string, string | undefined> } }, error: { error?: string }) => {
      if (error.error !== "authorization_pending") return;
      const { device_code: deviceCode = "", auth_req_id: request = "" } = context.oidc.params ?? {};
      const code = deviceCode && (await provider.DeviceCode.find(deviceCode));
      const answer = later.get(code ? code.userCode : "");
      if (answer) await answer();
      else if (request) await answerBackchannel(await provider.BackchannelAuthenticationRequest.find(request), "allow");
    },
  );

  async function answerBackchannel(request: unknown, answer: Answering["answer"]): Promise<void> {
    const { accountId, clientId, scope } = request as { accountId: string; clientId: string; scope: string };
    if (answer === "deny") return provider.backchannelResult(request, new errors.AccessDenied("The person said no."));
    const grant = new provider.Grant({ accountId, clientId });
    grant.addOIDCScope(scope);
    return provider.backchannelResult(request, await grant.save());
  }

  registerTokenExchange(provider, errors);

  /** What the person of this request answers: sign-in and consent in one go each. */
  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
    const finish = (result: unknown): Promise<void> =>
      provider.interactionFinished(request, response, result, { mergeWithLastSubmission: prompt.name === "consent" });
    if (request.headers["x-answer"] === "deny") {
      return finish({ error: "access_denied", error_description: "The person said no." });
    }
    if (prompt.name === "login") return finish({ login: { accountId: request.headers["x-account"] } });
    const grant = grantId
      ? await provider.Grant.find(grantId)
      : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    const {
      missingOIDCScope = [],
      missingOIDCClaims = [],
      missingResourceScopes = {},
    } = prompt.details as {
      missingOIDCScope?: string[];
      missingOIDCClaims?: string[];
      missingResourceScopes?: Record<string, string[]>;
    };
    grant.addOIDCScope(missingOIDCScope.join(" "));
    grant.addOIDCClaims(missingOIDCClaims);
    for (const [resource, scopes] of Object.entries(missingResourceScopes)) {
      grant.addResourceScope(resource, scopes.join(" "));
    }
    return finish({ consent: { grantId: await grant.save() } });
  }

  const sessions = new Map<string, Person>();
  const personOf = (argument: Readonly<Record<string, unknown>>): Person => {
    const { account = "alice", answer = "allow", session } = argument;
    const kept = sessions.get(String(session));
    if (kept) return kept;
    const person = new Person(issuer, { account: String(account), answer: answer === "deny" ? "deny" : "allow" });
    if (session !== undefined) sessions.set(String(session), person);
    return person;
  };

  async function enterUserCode(argument: Readonly<Record<string, unknown>>): Promise<void> {
    const person = personOf({ account: argument["account"] ?? "alice" });
    const confirm = await person.submit(await person.open(`${issuer}/device`), { user_code: String(argument["userCode"]) });
    const done = await person.submit(confirm, argument["answer"] === "deny" ? { abort: "yes" } : {});
    if (argument["answer"] !== "deny" && done.html !== "You are done.") {
      throw new Error(`The user code was refused: ${done.html}`);
    }
  }

  const callback = provider.callback() as (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  server.handle(
    async (request, response, alias) => {
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      if (path.startsWith("/interaction/")) return interact(request, response);
      // The provider itself answers pages of other origins everywhere else.
      if (alias || path.startsWith("/reg") || path === "/backchannel") {
        if (request.method === "OPTIONS") return answerPreflight(request, response, alias);
        allowOrigin(request, response, alias);
      }
      return callback(request, response);
    },
    {
      authorize: async (argument) => {
        const page = await personOf(argument).open(String(argument["url"]));
        if (page.status !== 0) throw new Error(`The authorization request was refused: ${page.html}`);
        return page.url;
      },
      device: async (argument) => {
        if (argument["afterFirstPoll"] !== true) return enterUserCode(argument);
        const code = String(argument["userCode"]).replace("-", "");
        later.set(code, () => {
          later.delete(code);
          return enterUserCode(argument);
        });
      },
      signOut: async (argument) => {
        const person = personOf(argument);
        const page = await person.open(String(argument["url"]));
        return (await person.submit(page, { logout: "yes" })).url;
      },
    },
  );

  const { origin, aliasOrigin } = server;
  const address = {
    issuer: origin,
    aliasOrigin,
    initialAccessToken,
    redirectUri: REDIRECT_URI,
    signedOutUri: SIGNED_OUT_URI,
    resource: RESOURCE,
    clients,
  };
  return { address, server };
}

type Loaded = Awaited<ReturnType<typeof loadProvider>>;
type Single = "subject_token" | "subject_token_type" | "actor_token" | "actor_token_type" | "requested_token_type" | "scope";
type ExchangeParameters = Partial<Record<Single, string> & Record<"audience" | "resource", string | string[]>>;

/** Token exchange (RFC 8693), which the provider leaves to its users: access tokens for narrower access tokens. */
function registerTokenExchange(provider: InstanceType<Loaded["Provider"]>, errors: Loaded["errors"]): void {
  const single: Single[] = [
    "subject_token",
    "subject_token_type",
    "actor_token",
    "actor_token_type",
    "requested_token_type",
    "scope",
  ];
  provider.registerGrantType(
    TOKEN_EXCHANGE,
    async (context: { body: unknown; oidc: { client: unknown; params: ExchangeParameters } }) => {
      const { params, client } = context.oidc;
      for (const name of ["subject_token", "subject_token_type"] as const) {
        if (!params[name]) throw new errors.InvalidRequest(`missing required parameter ${name}`);
      }
      // Section 2.1: required with an actor token, and not allowed without one.
      if ((params.actor_token === undefined) !== (params.actor_token_type === undefined)) {
        throw new errors.InvalidRequest("actor_token and actor_token_type go together");
      }
      for (const name of ["subject_token_type", "requested_token_type", "actor_token_type"] as const) {
        if (params[name] !== undefined && params[name] !== ACCESS_TOKEN_TYPE) {
          throw new errors.InvalidRequest(`unsupported ${name}`);
        }
      }
      const subject = await provider.AccessToken.find(params.subject_token);
      const actor = params.actor_token === undefined ? undefined : await provider.AccessToken.find(params.actor_token);
      if (!subject || (params.actor_token !== undefined && !actor)) {
        throw new errors.InvalidRequest("the token is not valid");
      }
      const scopes = params.scope?.split(" ") ?? [...subject.scopes];
      if (!scopes.every((scope) => subject.scopes.has(scope))) {
        throw new errors.InvalidScope("more than the subject token has", params.scope);
      }

      const targets = [params.audience ?? [], params.resource ?? []].flat();
      if (targets.length > 1) throw new errors.InvalidTarget("one target at a time");

      const { accountId, grantId } = subject;
      const act = actor && { act: { sub: actor.accountId } };
      const token = new provider.AccessToken({
        accountId,
        client,
        grantId,
        gty: "token_exchange",
        scope: scopes.join(" "),
        extra: act,
      });
      if (targets[0] !== undefined) token.setAudience(targets[0]);
      context.body = {
        access_token: await token.save(),
        issued_token_type: ACCESS_TOKEN_TYPE,
        token_type: token.tokenType,
        expires_in: token.expiration,
        scope: token.scope,
      };
    },
    [...single, "audience", "resource"],
    ["audience", "resource"],
  );
}
