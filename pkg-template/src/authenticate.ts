/** Turns client authentication into what the core knows, and signs what it may not see the key for. */
import type { ClientAuthentication, ClientSecretJwt, PrivateKeyJwt } from "./client-authentication.js";
import type { ClientRequest } from "./messages.js";
import { ask, invalid, type Hooks } from "./request.js";
import { givenKey, parametersOf, signer, subtle } from "./signing.js";

/** A request that a client makes in its own name. */
export async function askAsClient<T>(operation: string, request: ClientRequest, hooks: Hooks = {}): Promise<T> {
  const { clientAuthentication, ...rest } = request;
  if (clientAuthentication === undefined) return ask(operation, rest, hooks);
  const [wire, own] = await prepare(clientAuthentication);
  const authenticated = { ...rest, clientAuthentication: wire };
  return ask(operation, authenticated, { ...hooks, ...own });
}

/** What crosses to the core, and the functions that stay here. */
async function prepare(authentication: ClientAuthentication): Promise<[wire: object, hooks: Hooks]> {
  switch (authentication.method) {
    case "client_secret_jwt":
      return withSecret(authentication);
    case "private_key_jwt":
      return withKey(authentication);
    case "client_assertion": {
      const { assertion, ...rest } = authentication;
      return typeof assertion === "function" ? [rest, { assertion: async () => text(await assertion()) }] : [authentication, {}];
    }
    default:
      return [authentication, {}];
  }
}

function text(assertion: unknown): string {
  if (typeof assertion === "string") return assertion;
  throw new TypeError("The function in clientAuthentication.assertion gave no text.");
}

async function withSecret(authentication: ClientSecretJwt): Promise<[object, Hooks]> {
  const { clientSecret, algorithm = "HS256", ...rest } = authentication;
  const parameters = parametersOf(algorithm);
  if (parameters?.name !== "HMAC") throw invalid("algorithm");
  if (typeof clientSecret !== "string" || clientSecret === "") throw invalid("clientSecret");
  const engine = subtle();
  const key = await engine.importKey("raw", new TextEncoder().encode(clientSecret), parameters, false, ["sign"]);
  return [{ ...rest, algorithm }, { sign: signer(engine, key, parameters) }];
}

async function withKey(authentication: PrivateKeyJwt): Promise<[object, Hooks]> {
  const { key: _, ...rest } = authentication;
  const { algorithm, keyId, load } = givenKey(authentication);
  return [{ ...rest, keyId, algorithm }, { sign: await load() }];
}
