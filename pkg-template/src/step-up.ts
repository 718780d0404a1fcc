import { OidcError } from "./errors.js";
import type { PopupSignInOptions } from "./popup.js";
import type { Session } from "./types.js";

/**
 * How an API wants the person to sign in before it does what it was asked for. The members are those of
 * {@link SignInOptions}.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export interface StepUpChallenge {
  /** Authentication context classes, separated by spaces, the preferred one first. */
  readonly acrValues?: string;
  /** How long ago the person may have signed in, in seconds. */
  readonly maxAgeSeconds?: number;
  /** The scopes that the request needs, and those that are granted already: a sign-in asks for all it is to get. */
  readonly scope?: string;
}

interface Challenged {
  readonly challenge: StepUpChallenge;
  /** Sends the request again; missing where its body is gone. */
  readonly again: (() => Promise<Response>) | undefined;
}

const challenged = new WeakMap<Response, Challenged>();

/** Keeps for an answer what it asks for, as long as the application keeps the answer. */
export function remember(response: Response, challenge: StepUpChallenge, again: (() => Promise<Response>) | undefined): void {
  challenged.set(response, { challenge: Object.freeze(challenge), again });
}

/** What an answer asks for. */
export function challengeOf(response: Response, session: Session | null = null): StepUpChallenge | undefined {
  const { challenge } = challenged.get(response) ?? {};
  if (challenge?.scope === undefined || !session) return challenge;
  // Without `openid` there is no session; not every provider tells that it is granted.
  return { ...challenge, scope: [...new Set(`openid ${session.scope} ${challenge.scope}`.match(/\S+/g))].join(" ") };
}

/** What stepping up needs of a client. */
export interface StepUpClient {
  readonly session: Session | null;
  /** Signs this person in, in a window that it opens synchronously, and changes nothing when it becomes another person. */
  signIn(options: PopupSignInOptions, subject: string): Promise<Session>;
}

/**
 * Signs the same person in again as the answer asks for, and then sends the request again: one person's request is not sent in
 * the name of another.
 */
export async function stepUp(client: StepUpClient, response: Response, options: PopupSignInOptions): Promise<Response> {
  const known = challenged.get(response);
  if (!known) {
    throw usage("invalid_argument", "This response does not ask for another sign-in.", { argument: "response" });
  }
  const { again } = known;
  const { session } = client;
  if (!session) throw usage("not_signed_in", "Nobody is signed in: call signIn() first.");
  if (!again) throw notRepeatable();
  await client.signIn({ ...challengeOf(response, session), ...options }, session.subject);
  // The request may be a transfer of money: it is sent once more, however often this is called.
  if (!challenged.delete(response)) throw usage("invalid_argument", "The request was sent again already.", { argument: "response" });
  return again();
}

/** What would be sent again is gone. */
export function notRepeatable(): OidcError {
  return usage("request_not_repeatable", "The request has to be sent again, and its body was a stream: give text, bytes or a form.");
}

function usage(code: "invalid_argument" | "not_signed_in" | "request_not_repeatable", message: string, details = {}): OidcError {
  return new OidcError({ code, type: "usage", phase: "fetch", message, details });
}
