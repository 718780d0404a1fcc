import { resolveReturnTo } from "./return-to.js";
import type { JsonValue, SignInOptions } from "./types.js";

/** What a link to the page at `initiate_login_uri` asks for, once its `iss` was found to be this client's. */
export interface ThirdPartyLogin {
  readonly loginHint?: string;
  readonly targetLinkUri?: string;
}

/** Options of a sign-in that a link of somebody else asks for. */
export interface ThirdPartySignInOptions extends Omit<SignInOptions, "appState"> {
  /** What else comes back in {@link Session.appState}; `returnTo` is added. */
  readonly appState?: { readonly [member: string]: JsonValue };
}

/**
 * The sign-in that such a link asks for. What the application says itself wins, but for where to go afterwards, which the link
 * may choose within the application.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin
 */
export function thirdPartySignIn({ loginHint, targetLinkUri }: ThirdPartyLogin, options: ThirdPartySignInOptions): SignInOptions {
  return {
    ...(loginHint !== undefined && { loginHint }),
    ...options,
    ...(targetLinkUri !== undefined && { appState: { ...options.appState, returnTo: resolveReturnTo(targetLinkUri) } }),
  };
}
