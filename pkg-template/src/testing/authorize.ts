/** The authorization endpoint, with the page where a person signs in, and the one where requests are pushed. */
import { random } from "./bytes.js";
import { allowedScope, authenticate } from "./clients.js";
import { proofOf, resourcesOf, type Context } from "./context.js";
import { isObject, readJwt, type Members } from "./keys.js";
import { Refusal, requireSingle, words, type Reply } from "./refusal.js";
import type { TestClient, TestUser } from "./types.js";

/** How long a pushed request is kept, in seconds. */
const PUSHED_SECONDS = 60;
/** 256 bits in base64url: what a challenge and a thumbprint look like. */
const HASH = /^[\w-]{43}$/;

/** A request of a known client, which can be sent back. */
interface Asked {
  readonly client: TestClient;
  readonly redirectUri: string;
  readonly parameters: URLSearchParams;
}

/** What a person does with it. */
export type Decision = { readonly user: TestUser } | { readonly error: string; readonly description?: string | undefined };

export class Authorization {
  readonly #context: Context;
  readonly #pushed = new Map<string, { readonly client: TestClient; readonly parameters: URLSearchParams; readonly expires: number }>();
  /** Requests whose page is shown. */
  readonly #shown = new Map<string, Asked>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9126#section-2 */
  async push(request: Request, form: URLSearchParams): Promise<Reply> {
    requireSingle(form);
    const client = authenticate(this.#context.clients, form, request.headers.get("authorization"));
    if (form.has("request_uri")) throw new Refusal("invalid_request", "A pushed request has no request_uri.");
    const parameters = new URLSearchParams(form);
    parameters.set("client_id", client.clientId);
    const jkt = await proofOf(this.#context, request);
    if (jkt !== undefined) {
      if ((parameters.get("dpop_jkt") ?? jkt) !== jkt) throw new Refusal("invalid_dpop_proof", "dpop_jkt names another key than the proof.");
      parameters.set("dpop_jkt", jkt);
    }
    this.#check(this.#locate(parameters));
    const uri = `urn:ietf:params:oauth:request_uri:${random()}`;
    this.#pushed.set(uri, { client, parameters, expires: this.#context.clock.now() + PUSHED_SECONDS });
    return { status: 201, json: { request_uri: uri, expires_in: PUSHED_SECONDS } };
  }

  /**
   * The browser comes with a request. Without a decision it goes back at once, where the provider need not ask, or gets a page.
   *
   * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequestValidation
   */
  visit(sent: URLSearchParams, decision?: Decision): Reply {
    const asked = this.#locate(this.#unfold(sent));
    return this.#back(asked, () => {
      this.#check(asked);
      const prompt = words(asked.parameters.get("prompt"));
      const isKnown = this.#isKnown(asked);
      if (prompt.includes("none")) {
        if (!isKnown) throw new Refusal("login_required", "Nobody is signed in, and prompt=none forbids to ask.");
        // A person sees nothing of this, and decides nothing.
        return this.#grant(asked);
      }
      if (decision) return this.#decide(asked, decision);
      return isKnown && prompt.length === 0 ? this.#grant(asked) : this.#show(asked);
    });
  }

  /** A button of the page was pressed. */
  submit(form: URLSearchParams): Reply {
    const interaction = form.get("interaction") ?? "";
    const asked = this.#shown.get(interaction);
    if (!asked) throw new Refusal("invalid_request", "This page was used before.");
    this.#shown.delete(interaction);
    const user = this.#context.users.find(({ subject }) => subject === form.get("subject"));
    return this.#back(asked, () => this.#decide(asked, user ? { user } : { error: "access_denied", description: "The person said no." }));
  }

  /** What is refused from here on goes back to the client. */
  #back(asked: Asked, work: () => Reply): Reply {
    try {
      return work();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      return this.#goBack(asked, { error: refusal.error, error_description: refusal.description });
    }
  }

  /** The parameters, wherever they are. A pushed request is for one use and for the client that pushed it. */
  #unfold(sent: URLSearchParams): URLSearchParams {
    requireSingle(sent);
    const uri = sent.get("request_uri");
    if (uri === null) {
      if (this.#context.requiresPush) throw new Refusal("invalid_request", "Requests have to be pushed.");
      return sent;
    }
    const pushed = this.#pushed.get(uri);
    this.#pushed.delete(uri);
    if (!pushed || pushed.expires <= this.#context.clock.now()) throw new Refusal("invalid_request_uri", "There is no such pushed request any more.");
    if (sent.get("client_id") !== pushed.client.clientId) throw new Refusal("invalid_request", "Another client has pushed this request.");
    return pushed.parameters;
  }

  /** Whose request it is and where its answer goes. What fails here is shown to the person, and goes nowhere. */
  #locate(parameters: URLSearchParams): Asked {
    const client = this.#context.clients.get(parameters.get("client_id") ?? "");
    if (!client) throw new Refusal("invalid_client", `There is no client ${parameters.get("client_id") ?? ""}.`);
    const redirectUri = parameters.get("redirect_uri");
    if (redirectUri === null) throw new Refusal("invalid_request", "redirect_uri is missing.");
    if (!client.redirectUris?.includes(redirectUri)) {
      throw new Refusal("invalid_redirect_uri", `The client ${client.clientId} has not registered ${redirectUri}`);
    }
    return { client, redirectUri, parameters };
  }

  #check({ client, parameters }: Asked): void {
    const get = (name: string): string | undefined => parameters.get(name) ?? undefined;
    const demand = (isSo: boolean, rule: string, error = "invalid_request"): void => {
      if (!isSo) throw new Refusal(error, rule);
    };
    demand(get("response_type") === "code", "response_type has to be code.", "unsupported_response_type");
    demand(["query", "fragment"].includes(get("response_mode") ?? "query"), "response_mode has to be query or fragment.");
    demand(get("request") === undefined, "Signed requests are not understood here.", "request_not_supported");
    demand(get("code_challenge_method") === "S256", "code_challenge_method has to be S256.");
    demand(HASH.test(get("code_challenge") ?? ""), "code_challenge has to be a SHA-256 in base64url.");
    demand(HASH.test(get("dpop_jkt") ?? "_".repeat(43)), "dpop_jkt has to be a SHA-256 in base64url.");
    demand(/^\d+$/.test(get("max_age") ?? "0"), "max_age has to be a number.");
    const prompt = words(get("prompt"));
    demand(prompt.length < 2 || !prompt.includes("none"), "prompt=none stands alone.");
    allowedScope(client, get("scope") ?? "");
    resourcesOf(parameters);
    detailsOf(parameters);
  }

  /** Whether the provider knows who is there, as this request wants it. */
  #isKnown({ parameters }: Asked): boolean {
    const { session, clock } = this.#context;
    if (!session) return false;
    const maxAge = parameters.get("max_age");
    if (maxAge !== null && clock.now() - session.authTime > Number(maxAge)) return false;
    const hint = parameters.get("id_token_hint");
    return hint === null || readJwt(hint)?.claims["sub"] === session.user.subject;
  }

  #decide(asked: Asked, decision: Decision): Reply {
    if ("error" in decision) throw new Refusal(decision.error, decision.description ?? "As the test wants it.");
    this.#context.session = { user: decision.user, authTime: this.#context.clock.now(), id: random().slice(0, 16) };
    return this.#grant(asked);
  }

  /** Gives a code for whoever is signed in. */
  #grant(asked: Asked): Reply {
    const { session, tokens } = this.#context;
    const { client, parameters, redirectUri } = asked;
    if (!session) throw new Refusal("login_required", "Nobody is signed in.");
    const [acr] = words(parameters.get("acr_values"));
    const claims = { auth_time: session.authTime, sid: session.id, nonce: parameters.get("nonce") ?? undefined, acr };
    const scope = allowedScope(client, parameters.get("scope") ?? "");
    const code = tokens.code({
      grant: { client, user: session.user, scope, resource: resourcesOf(parameters), details: detailsOf(parameters), claims, isEnded: false },
      redirectUri,
      challenge: parameters.get("code_challenge") ?? "",
      jkt: parameters.get("dpop_jkt") ?? undefined,
    });
    return this.#goBack(asked, { code });
  }

  /** @see https://www.rfc-editor.org/rfc/rfc9207#section-2 */
  #goBack({ redirectUri, parameters }: Asked, response: Readonly<Record<string, string>>): Reply {
    const state = parameters.get("state") ?? undefined;
    const isFragment = parameters.get("response_mode") === "fragment";
    return { redirect: { uri: redirectUri, isFragment, parameters: { ...response, state, iss: this.#context.issuer } } };
  }

  #show(asked: Asked): Reply {
    const interaction = random();
    this.#shown.set(interaction, asked);
    const button = ({ subject, claims }: TestUser): string =>
      `<p><button name="subject" value="${escaped(subject)}">${escaped(String(claims?.["name"] ?? subject))}</button></p>`;
    return {
      html: `<title>Test provider</title>
<h1>Sign in to ${escaped(asked.client.clientId)}</h1>
<form method="post" action="${escaped(this.#context.at("/authorize/decision"))}">
<input type="hidden" name="interaction" value="${interaction}">
${this.#context.users.map(button).join("\n")}
<p><button>Refuse</button></p>
</form>`,
    };
  }
}

/** The rich request; RFC 9396, section 5. It is granted as it is. */
function detailsOf(parameters: URLSearchParams): Members[] | undefined {
  const text = parameters.get("authorization_details");
  if (text === null) return undefined;
  try {
    const details: unknown = JSON.parse(text);
    if (Array.isArray(details) && details.every((detail) => isObject(detail) && typeof detail["type"] === "string")) return details as Members[];
  } catch {
    // Refused below.
  }
  throw new Refusal("invalid_authorization_details", "authorization_details has to be a list of objects with a type.");
}

export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
