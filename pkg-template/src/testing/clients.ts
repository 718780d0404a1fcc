/** Who is registered, and who shows that they are. */
import { Refusal, words } from "./refusal.js";
import type { TestClient } from "./types.js";

/** The scopes that are asked for, if the client may have them. */
export function allowedScope({ scope }: TestClient, asked: string): string {
  const allowed = words(scope);
  const refused = scope === undefined ? undefined : words(asked).find((word) => !allowed.includes(word));
  if (refused !== undefined) throw new Refusal("invalid_scope", `This client may not have the scope ${refused}.`);
  return words(asked).join(" ");
}

/**
 * The client of a request, which has shown what it has to.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3
 */
export function authenticate(clients: ReadonlyMap<string, TestClient>, form: URLSearchParams, authorization: string | null): TestClient {
  const basic = readBasic(authorization);
  if (basic && form.has("client_secret")) throw new Refusal("invalid_request", "The client authenticates in two ways.");
  const id = basic?.id ?? form.get("client_id") ?? "";
  if (form.has("client_id") && form.get("client_id") !== id) throw new Refusal("invalid_request", "client_id names another client.");
  const client = clients.get(id);
  const headers: Record<string, string> = authorization === null ? {} : { "www-authenticate": 'Basic realm="test provider"' };
  if (!client) throw new Refusal("invalid_client", "There is no such client.", 401, headers);
  if ((basic?.secret ?? form.get("client_secret") ?? undefined) !== client.clientSecret) {
    const description = client.clientSecret === undefined ? "This client has no secret." : "The secret is missing or wrong.";
    throw new Refusal("invalid_client", description, 401, headers);
  }
  return client;
}

function readBasic(authorization: string | null): { readonly id: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic +([\w+/]+=*)$/i.exec(authorization ?? "") ?? [];
  if (encoded === undefined) return undefined;
  try {
    const [, id = "", secret = ""] = /^([^:]*):(.*)$/s.exec(atob(encoded)) ?? [];
    const decode = (text: string): string => decodeURIComponent(text.replace(/\+/g, " "));
    return { id: decode(id), secret: decode(secret) };
  } catch {
    throw new Refusal("invalid_client", "The Authorization header cannot be read.", 401);
  }
}
