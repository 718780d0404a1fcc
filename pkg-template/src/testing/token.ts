/** The token endpoint, and what can be asked about tokens. */
import { base64url, sha256 } from "./bytes.js";
import { allowedScope, authenticate } from "./clients.js";
import { proofOf, resourcesOf, type Context } from "./context.js";
import type { Members } from "./keys.js";
import { Refusal, requireSingle, words, type Reply } from "./refusal.js";
import type { IdTokenFault, TestClient } from "./types.js";

/** What makes the ID Token of a good answer wrong; asked for when there will be one. */
type ChooseFault = () => IdTokenFault | undefined;

interface Exchange {
  readonly client: TestClient;
  readonly form: URLSearchParams;
  readonly jkt: string | undefined;
  readonly fault: ChooseFault;
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-3.2 */
export async function token(context: Context, request: Request, form: URLSearchParams, fault: ChooseFault): Promise<Reply> {
  requireSingle(form);
  const client = authenticate(context.clients, form, request.headers.get("authorization"));
  const jkt = await proofOf(context, request);
  if (client.dpopBoundAccessTokens && jkt === undefined) throw new Refusal("invalid_dpop_proof", "This client has to send a DPoP proof.");
  const exchange = { client, form, jkt, fault };
  switch (form.get("grant_type")) {
    case "authorization_code":
      return { json: await redeem(context, exchange) };
    case "refresh_token":
      return { json: await refresh(context, exchange) };
    case "client_credentials":
      return { json: await forItself(context, exchange) };
    default:
      throw new Refusal("unsupported_grant_type", "grant_type has to be authorization_code, refresh_token or client_credentials.");
  }
}

/**
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3
 * @see https://www.rfc-editor.org/rfc/rfc7636#section-4.6
 */
async function redeem(context: Context, { client, form, jkt, fault }: Exchange): Promise<Members> {
  const refuse = (description: string): Refusal => new Refusal("invalid_grant", description);
  const verifier = required(form, "code_verifier");
  const challenge = base64url(await sha256(verifier));
  // Nothing waits from here to where the code is used.
  const code = context.tokens.codes.get(required(form, "code"));
  if (!code || code.grant.client !== client) throw refuse("There is no such code.");
  if (code.isUsed) {
    code.grant.isEnded = true;
    throw refuse("The code was used before: what came of it has ended.");
  }
  if (code.expires <= context.clock.now()) throw refuse("The code has expired.");
  if (form.get("redirect_uri") !== code.redirectUri) throw refuse("redirect_uri is not that of the authorization request.");
  if (!/^[\w.~-]{43,128}$/.test(verifier) || challenge !== code.challenge) throw refuse("code_verifier does not fit code_challenge.");
  if (code.jkt !== undefined && code.jkt !== jkt) throw refuse("The code is bound to another key.");
  const resource = narrowed(form, code.grant.resource);
  code.isUsed = true;
  const isOffline = words(code.grant.scope).includes("offline_access");
  const hasRefreshToken = context.refreshTokens === "always" || (context.refreshTokens === "offline_access" && isOffline);
  return context.tokens.issue(context.key, code.grant, { resource, jkt, hasRefreshToken, fault: fault() });
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-6 */
async function refresh(context: Context, { client, form, jkt, fault }: Exchange): Promise<Members> {
  const found = context.tokens.refresh(required(form, "refresh_token"), client);
  if (found.jkt !== undefined && found.jkt !== jkt) throw new Refusal("invalid_grant", "The refresh token is bound to another key.");
  const granted = words(found.grant.scope);
  const scope = form.get("scope") ?? found.grant.scope;
  const extra = words(scope).find((word) => !granted.includes(word));
  if (extra !== undefined) throw new Refusal("invalid_scope", `The scope ${extra} was not granted.`);
  const resource = narrowed(form, found.grant.resource);
  found.isUsed = true;
  // The nonce belongs to the sign-in (OpenID Connect Core, section 12.2).
  const { nonce: _, ...claims } = found.grant.claims;
  return context.tokens.issue(context.key, found.grant, { scope, resource, jkt, claims, hasRefreshToken: true, fault: fault() });
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4 */
async function forItself(context: Context, { client, form, jkt }: Exchange): Promise<Members> {
  if (client.clientSecret === undefined) throw new Refusal("unauthorized_client", "A client without a secret gets no token for itself.");
  const grant = { client, scope: allowedScope(client, form.get("scope") ?? ""), resource: resourcesOf(form), claims: {}, isEnded: false };
  return context.tokens.issue(context.key, grant, { jkt, hasRefreshToken: false });
}

/** @see https://www.rfc-editor.org/rfc/rfc7009#section-2 */
export function revoke({ clients, tokens }: Context, { headers }: Request, form: URLSearchParams): Reply {
  requireSingle(form);
  const client = authenticate(clients, form, headers.get("authorization"));
  tokens.revoke(required(form, "token"), client);
  return {};
}

/** @see https://www.rfc-editor.org/rfc/rfc7662#section-2 */
export function introspect({ clients, tokens, clock }: Context, { headers }: Request, form: URLSearchParams): Reply {
  requireSingle(form);
  const client = authenticate(clients, form, headers.get("authorization"));
  if (client.clientSecret === undefined) throw new Refusal("invalid_client", "Introspection is for clients with a secret.", 401);
  const text = required(form, "token");
  const found = tokens.find(text);
  if (found) return { json: { active: true, token_type: found.jkt === undefined ? "Bearer" : "DPoP", ...found.claims } };
  const refreshToken = tokens.refreshTokens.get(text);
  const isGood = refreshToken && !refreshToken.isUsed && !refreshToken.grant.isEnded && refreshToken.expires > clock.now();
  if (!isGood) return { json: { active: false } };
  const { grant, expires } = refreshToken;
  return { json: { active: true, client_id: grant.client.clientId, sub: grant.user?.subject, scope: grant.scope, exp: expires } };
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (!value) throw new Refusal("invalid_request", `${name} is missing.`);
  return value;
}

/** The APIs that are asked for, among those that were granted; all of them where none is named. */
function narrowed(form: URLSearchParams, granted: readonly string[]): readonly string[] {
  const asked = resourcesOf(form);
  const extra = asked.find((resource) => !granted.includes(resource));
  if (extra !== undefined) throw new Refusal("invalid_target", `${extra} was not granted.`);
  return asked.length > 0 ? asked : granted;
}
