import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { alice, useWorld } from "./support.js";

const the = useWorld();

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
}

function ask(path: string, headers: Record<string, string | string[]> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(the.world.api.url + path, { method, headers }, (response) => {
      response.resume();
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

const challenge = ({ headers }: Answer): string => String(headers["www-authenticate"] ?? "");

/** A token as the provider would issue it after a sign-in. */
async function issue(scope: string, seconds = 60): Promise<string> {
  const { provider } = the.world.provider;
  const client = await provider.Client.find("spa");
  const grant = new provider.Grant({ accountId: alice.subject, clientId: "spa" });
  grant.addOIDCScope(scope);
  const token = new provider.AccessToken({ client, accountId: alice.subject, grantId: await grant.save(), scope, gty: "authorization_code" });
  token.expiresIn = seconds;
  return token.save();
}

describe("the API's answers, RFC 6750 section 3", () => {
  test("without a token: 401 and a challenge that names no error", async () => {
    const answer = await ask("/me");
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toBe('Bearer realm="demo-api"');
  });

  test("another scheme counts as no token", async () => {
    const answer = await ask("/me", { authorization: "Basic YTpi" });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).not.toContain("error");
  });

  test.each<[string, string, Record<string, string | string[]>]>([
    ["no token after the scheme", "/me", { authorization: "Bearer" }],
    ["two tokens after the scheme", "/me", { authorization: "Bearer a b" }],
    ["characters no token has", "/me", { authorization: 'Bearer "a"' }],
    ["two headers", "/me", { authorization: ["Bearer a", "Bearer b"] }],
    ["a token in the address", "/me?access_token=a", {}],
  ])("malformed: %s", async (_name, path, headers) => {
    const answer = await ask(path, headers);
    expect(answer.status).toBe(400);
    expect(challenge(answer)).toContain('error="invalid_request"');
  });

  test("an unknown token: 401 invalid_token", async () => {
    const answer = await ask("/me", { authorization: "Bearer unknown" });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('error="invalid_token"');
  });

  test("a token that has expired: 401 invalid_token", async () => {
    const token = await issue("openid api", -1);
    const answer = await ask("/me", { authorization: `Bearer ${token}` });
    expect(answer.status).toBe(401);
    expect(challenge(answer)).toContain('error="invalid_token"');
  });

  test("a token without the scope: 403 insufficient_scope, and which one", async () => {
    const answer = await ask("/me", { authorization: `Bearer ${await issue("openid")}` });
    expect(answer.status).toBe(403);
    expect(challenge(answer)).toContain('error="insufficient_scope"');
    expect(challenge(answer)).toContain('scope="api"');
  });

  test("a good token: 200, whatever the case of the scheme", async () => {
    const token = await issue("openid api");
    expect((await ask("/me", { authorization: `Bearer ${token}` })).status).toBe(200);
    expect((await ask("/me", { authorization: `bearer ${token}` })).status).toBe(200);
  });

  test("only the page's origin may read answers, and it may read the challenge", async () => {
    const { world } = the;
    const own = await ask("/me", { origin: world.page.url });
    expect(own.headers["access-control-allow-origin"]).toBe(world.page.url);
    expect(own.headers["access-control-expose-headers"]).toBe("WWW-Authenticate");
    const foreign = await ask("/me", { origin: "http://localhost:1" });
    expect(foreign.headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("the provider", () => {
  test("says in its metadata what the client relies on", async () => {
    const { provider } = the.world;
    const metadata = (await (await fetch(`${provider.url}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: provider.url,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ["S256"],
      id_token_signing_alg_values_supported: ["RS256", "ES256"],
      response_types_supported: ["code"],
    });
  });

  test("insists on PKCE", async () => {
    const { provider, page } = the.world;
    const url = `${provider.url}/auth?${new URLSearchParams({ client_id: "spa", redirect_uri: `${page.url}/callback`, response_type: "code", scope: "openid", state: "s" })}`;
    const response = await fetch(url, { redirect: "manual" });
    const back = new URL(response.headers.get("location") ?? "");
    expect(back.searchParams.get("error")).toBe("invalid_request");
  });
});
