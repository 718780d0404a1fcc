/** Words for people: what a claim means, what a challenge asks for, what to do about an error. */

const claimMeanings: Readonly<Record<string, string>> = {
  iss: "Who says this: the provider",
  sub: "You: unique and stable at this provider",
  aud: "Whom it is for: this application",
  exp: "Not valid after",
  iat: "Made at",
  auth_time: "When you typed your password",
  nonce: "Ties the token to this one sign-in",
  at_hash: "Ties the token to the access token",
  sid: "Your session at the provider",
  acr: "How strongly you were authenticated",
  amr: "How you were authenticated",
  azp: "The application it was issued to",
  name: "Your name",
  given_name: "First name",
  family_name: "Last name",
  preferred_username: "User name",
  email: "Email address",
  email_verified: "Whether the address was confirmed",
  picture: "Picture",
  role: "What you may do, as this provider sees it",
};

export function claimMeaning(name: string): string {
  return claimMeanings[name] ?? "";
}

const timeClaims = new Set(["exp", "iat", "auth_time", "nbf", "updated_at"]);

export function claimValue(name: string, value: unknown): string {
  if (timeClaims.has(name) && typeof value === "number") return `${clock(new Date(value * 1000))} (${value})`;
  if (typeof value === "string") return value.length > 72 ? `${value.slice(0, 60)}... (${value.length} characters)` : value;
  return JSON.stringify(value);
}

export function clock(time: Date): string {
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

export function duration(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  return minutes > 0 ? `${minutes} min ${String(rest).padStart(2, "0")} s` : `${rest} s`;
}

const proofMeanings: Readonly<Record<string, string>> = {
  jwk: "The public key: whoever signed this has the private one, and the token is bound to it",
  jti: "Good once: an API remembers it",
  htm: "Good for this method only",
  htu: "Good for this address only, without query and fragment",
  iat: "Good for a moment only",
  ath: "Good with this access token only: its hash",
  nonce: "Made after this server said so: nobody could prepare it",
};

/** What a claim of a DPoP proof is good for: RFC 9449, section 4.2. */
export function proofMeaning(name: string): string {
  return proofMeanings[name] ?? "";
}

/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  readonly scheme: string;
  readonly raw: string;
  readonly parameters: readonly (readonly [string, string])[];
}

/** The challenges of a `WWW-Authenticate` field, well enough to show them to a person. */
export function challengesOf(header: string): readonly Challenge[] {
  const challenges: { scheme: string; raw: string; parameters: [string, string][] }[] = [];
  for (const [, scheme, pair = "", name = "", value = ""] of header.matchAll(/(?:([a-z]+) )?(([a-z_]+)="((?:[^"\\]|\\.)*)")/gi)) {
    if (scheme !== undefined) challenges.push({ scheme, raw: scheme, parameters: [] });
    const challenge = challenges.at(-1);
    if (!challenge) continue;
    challenge.raw += `${challenge.parameters.length > 0 ? "," : ""} ${pair}`;
    challenge.parameters.push([name, value.replace(/\\(.)/g, "$1")]);
  }
  return challenges;
}

export function challengeMeaning(status: number, error: string | undefined): string {
  if (error === "invalid_token") return "The API did not accept the token: it is unknown, expired or revoked. Signing in again gives a new one.";
  if (error === "insufficient_user_authentication") return "The token is good, and the API wants to be surer that it is you: confirm with a second device.";
  if (error === "invalid_dpop_proof") return "The API did not accept the proof that came with the token.";
  if (error === "use_dpop_nonce") return "The API wants a proof with its newest nonce.";
  if (error === "insufficient_scope") return "The token is good, but it does not carry the permission this call needs.";
  if (error === "invalid_request") return "The API could not read the request.";
  if (status === 401) return "The API wants an access token and none was sent. Its challenge names no error, because sending none is not a mistake.";
  return "The API refused the request.";
}

interface Advice {
  readonly title: string;
  readonly advice: string;
}

const byServerError: Readonly<Record<string, Advice>> = {
  access_denied: {
    title: "Access was not allowed",
    advice: "You, or the provider's rules, said no. Nothing was changed; sign in again if that was a slip.",
  },
  login_required: { title: "The provider does not know you yet", advice: "Sign in with your password." },
  temporarily_unavailable: { title: "The provider is busy", advice: "Wait a moment, then sign in again." },
};

const byCode: Readonly<Record<string, Advice>> = {
  unknown_state: {
    title: "This answer does not belong to a sign-in of this tab",
    advice: "The address was opened in another tab or browser, or an old one was pasted. Start a fresh sign-in here.",
  },
  missing_state: { title: "The answer is not complete", advice: "It carries no state, so nobody can tell what it answers. Start a fresh sign-in." },
  callback_already_processed: { title: "This answer was used before", advice: "Each works once. Start a fresh sign-in." },
  transaction_expired: { title: "That took too long", advice: "A sign-in has ten minutes. Start a fresh one." },
  access_token_expired: { title: "The access token has expired", advice: "Sign in again. The provider still knows you, so this is quick." },
  dpop_key_lost: { title: "This browser has forgotten the key", advice: "The tokens were bound to it and are worth nothing now. Sign in again." },
  session_ended: { title: "The provider has ended the session", advice: "Sign in again." },
  popup_blocked: { title: "The browser blocked the window", advice: "Allow windows of this page, then try again." },
  popup_closed: { title: "The window was closed", advice: "Nothing was changed. Try again, and finish in the window." },
  network_error: { title: "No answer", advice: "The server cannot be reached, or does not allow this page to ask. Check that all three parts of the demo run." },
  timeout: { title: "No answer in time", advice: "Check that all three parts of the demo run, then try again." },
};

const byType: Readonly<Record<string, Advice>> = {
  validation: { title: "The answer did not pass the checks", advice: "Nothing of it was kept. Sign in again; if it stays, the provider and this page disagree about something." },
  policy: { title: "Refused for safety", advice: "The configuration or the provider asks for something this client does not do." },
  protocol: { title: "The provider refused", advice: "Its own words are below. Sign in again to make a fresh request." },
  http: { title: "An unexpected answer", advice: "Something other than the provider may have answered. Try again." },
  storage: { title: "This browser keeps nothing for this page", advice: "Allow storage for this site, or leave private mode." },
  interaction: { title: "This was not finished", advice: "Nothing was changed. Try again." },
  usage: { title: "The page cannot use the library like this", advice: "This is for whoever built the page: the sentence above says what to change." },
};

export function errorAdvice(code: string, type: string, serverError: string | undefined): Advice {
  return (
    (serverError !== undefined ? byServerError[serverError] : undefined) ??
    byCode[code] ??
    byType[type] ?? { title: "Something went wrong", advice: "Reload the page and try again." }
  );
}
