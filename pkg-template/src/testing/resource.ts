/** APIs: who may call them, and what they say to all others. */
import type { Context } from "./context.js";
import { PROOF_ALGORITHMS } from "./keys.js";
import type { Proofs } from "./proofs.js";
import { Refusal, words } from "./refusal.js";
import { claimsAbout, type AccessToken } from "./tokens.js";
import type { TestAccess, TestApiOptions } from "./types.js";

/** The token and the scheme that it came with. */
interface Shown {
  readonly scheme: "Bearer" | "DPoP";
  readonly token: string;
}

/**
 * Who calls, if the request may be answered.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-7
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export async function admit(context: Context, proofs: Proofs, request: Request, options: TestApiOptions = {}): Promise<TestAccess> {
  const shown = tokenOf(request);
  if (!shown) throw new Refusal("", "There is no access token.", 401, { "www-authenticate": `Bearer, ${challenge("DPoP")}` });
  const { scheme, token } = shown;
  const refuse = (error: string, description: string, status = 401, more: Readonly<Record<string, string | undefined>> = {}): Refusal =>
    new Refusal(error, description, status, { "www-authenticate": challenge(scheme, { error, error_description: description, ...more }) });
  const found = context.tokens.find(token);
  if (!found) throw refuse("invalid_token", "The access token is unknown, revoked or has expired.");
  if ((found.jkt === undefined ? "Bearer" : "DPoP") !== scheme) throw refuse("invalid_token", `The access token is not of the type ${scheme}.`);
  if (found.jkt !== undefined) {
    try {
      const { method, url, headers } = request;
      const jkt = await proofs.check(headers.get("dpop") ?? "", { method, url, accessToken: token }, context.wantsNonce);
      if (jkt !== found.jkt) throw refuse("invalid_token", "The access token is bound to another key.");
    } catch (refusal) {
      if (refusal instanceof Refusal && refusal.status === 400) throw refuse(refusal.error, refusal.description);
      throw refusal;
    }
  }
  const { scope, claims } = found;
  const missing = words(options.scope).filter((word) => !words(scope).includes(word));
  if (missing.length > 0) throw refuse("insufficient_scope", "The access token lacks a scope.", 403, { scope: options.scope });
  const isForThis = options.resource === undefined || [claims["aud"]].flat().includes(options.resource);
  if (!isForThis) throw refuse("invalid_token", "The access token is for another API.");
  requireSignIn(found, context.clock.now(), options, refuse);
  return { subject: String(claims["sub"]), clientId: found.grant.client.clientId, scope, tokenType: scheme, claims };
}

function requireSignIn(
  { claims: { acr, auth_time } }: AccessToken,
  now: number,
  { acrValues, maxAgeSeconds }: TestApiOptions,
  refuse: (error: string, description: string, status: number, more: Readonly<Record<string, string | undefined>>) => Refusal,
): void {
  const isStrong = acrValues === undefined || words(acrValues).includes(String(acr));
  const isRecent = maxAgeSeconds === undefined || (typeof auth_time === "number" && now - auth_time <= maxAgeSeconds);
  if (isStrong && isRecent) return;
  const max_age = maxAgeSeconds === undefined ? undefined : String(maxAgeSeconds);
  throw refuse("insufficient_user_authentication", "Another sign-in is needed.", 401, { acr_values: acrValues, max_age });
}

/** @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfo */
export async function userInfo(context: Context, request: Request): Promise<Record<string, unknown>> {
  const { subject, scope } = await admit(context, context.proofs, request, { scope: "openid" });
  const { grant } = context.tokens.find(tokenOf(request)?.token ?? "") ?? {};
  return { ...(grant?.user && claimsAbout(grant.user, scope)), sub: subject };
}

/** Says no as an API does that was told to. */
export function refusalOf(request: Request, error: string, description: string, status?: number): Refusal {
  const usual = error === "insufficient_scope" ? 403 : error === "invalid_request" ? 400 : 401;
  const header = challenge(tokenOf(request)?.scheme ?? "Bearer", { error, error_description: description });
  return new Refusal(error, description, status ?? usual, { "www-authenticate": header });
}

function tokenOf({ headers }: Request): Shown | undefined {
  const [, name = "", token] = /^(Bearer|DPoP) +([\w.~+/-]+=*) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  return token === undefined ? undefined : { scheme: name.toLowerCase() === "dpop" ? "DPoP" : "Bearer", token };
}

function challenge(scheme: "Bearer" | "DPoP", parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const algs = scheme === "DPoP" ? PROOF_ALGORITHMS.join(" ") : undefined;
  const list = Object.entries({ ...parameters, algs }).filter(([, value]) => value !== undefined && value !== "");
  return [scheme, list.map(([name, value]) => `${name}="${String(value).replace(/["\\]/g, "")}"`).join(", ")].join(" ").trim();
}
