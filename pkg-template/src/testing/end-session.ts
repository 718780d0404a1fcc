/** @see https://openid.net/specs/openid-connect-rpinitiated-1_0.html */
import type { Context } from "./context.js";
import { isSignedBy, readJwt } from "./keys.js";
import { Refusal, requireSingle, type Reply } from "./refusal.js";

/** The person signs out at the provider. What clients were granted stays, as at most providers, until they give it back. */
export async function endSession(context: Context, parameters: URLSearchParams): Promise<Reply> {
  requireSingle(parameters);
  const hint = parameters.get("id_token_hint");
  const hinted = hint === null ? undefined : readJwt(hint);
  if (hint !== null) {
    const signed = await Promise.all(context.published.map(({ jwk, alg }) => isSignedBy(hint, jwk as JsonWebKey, alg)));
    const isOurs = signed.includes(true) && hinted?.claims["iss"] === context.issuer;
    if (!isOurs) throw new Refusal("invalid_request", "id_token_hint is not of this provider.");
  }
  const clientId = parameters.get("client_id") ?? hinted?.claims["aud"];
  if (hinted && hinted.claims["aud"] !== clientId) throw new Refusal("invalid_request", "id_token_hint was issued to another client.");
  const uri = parameters.get("post_logout_redirect_uri");
  const client = context.clients.get(String(clientId));
  if (uri !== null && !client?.postLogoutRedirectUris?.includes(uri)) {
    throw new Refusal("invalid_request", `The client ${String(clientId)} has not registered post_logout_redirect_uri ${uri}`);
  }
  context.session = undefined;
  if (uri === null) return { html: "<title>Test provider</title>\n<h1>Signed out</h1>" };
  return { redirect: { uri, parameters: { state: parameters.get("state") ?? undefined } } };
}
