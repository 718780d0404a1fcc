import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { PlainOptions } from "../support/plain-options.ts";
import { alice, useWorld, type Visit, type World } from "./support.js";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signingKey = { ...pair.privateKey.export({ format: "jwk" }), kid: "request-key" };
const jwks = { keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "request-key", alg: "ES256", use: "sig" }] };
const grant_types = ["authorization_code", "refresh_token"];
const NOTES = "https://notes.example/api";
const FILES = "https://files.example/api";

const the = useWorld(
  "app",
  [
    {
      client_id: "spa-fapi2",
      grant_types,
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      id_token_signed_response_alg: "ES256",
      authorization_details_types: ["note"],
    },
    {
      client_id: "spa-signed",
      grant_types,
      jwks,
      require_signed_request_object: true,
      request_object_signing_alg: "ES256",
      authorization_signed_response_alg: "ES256",
      id_token_signed_response_alg: "ES256",
      response_modes: ["query.jwt", "jwt"],
    },
    { client_id: "spa-resources", grant_types },
  ],
  { provider: { resources: { [NOTES]: "read write", [FILES]: "read" } } },
);

const options = (world: World, more: Partial<PlainOptions>): PlainOptions =>
  world.options({ idTokenSignedResponseAlg: "ES256", ...more });

/** The parameters of the last authorization request that went through the address bar. */
function frontChannel(visit: Visit): URLSearchParams {
  return new URL(visit.requests.findLast((request) => request.startsWith(`${visit.world.provider.url}/auth?`)) ?? "").searchParams;
}

const claimsOf = (jwt: string): Record<string, unknown> => JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
const headerOf = (jwt: string): Record<string, unknown> => JSON.parse(Buffer.from(jwt.split(".")[0] ?? "", "base64url").toString()) as Record<string, unknown>;

describe('profile: "fapi2"', () => {
  test("one switch: pushed, bound to a key, and calls work", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(options(world, { clientId: "spa-fapi2", profile: "fapi2" }));
    expect([...frontChannel(visit).keys()]).toEqual(["client_id", "request_uri"]);
    const status = await visit.page.evaluate(async (url) => (await window.clients.main.fetch(`${url}/me`)).status, world.api.url);
    expect([status, await visit.page.evaluate(() => window.clients.main.session?.tokenType)]).toEqual([200, "DPoP"]);
  });

  test("what breaks it is refused, naming the rule", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    for (const [more, option, rule] of [
      [{ dpop: false }, "dpop", "FAPI2-SP 5.3.3.1"],
      [{ pushedAuthorization: "never" }, "pushedAuthorization", "FAPI2-SP 5.3.3.2-2"],
      [{ idTokenSignedResponseAlg: "RS256" }, "idTokenSignedResponseAlg", "FAPI2-SP 5.4.1"],
      [{ discoveryPolicy: { dangerousAllowHttp: true } }, "discoveryPolicy.dangerousAllowHttp", "FAPI2-SP 5.2.1"],
    ] as const) {
      const details = await visit.page.evaluate(async (given) => {
        try {
          await window.oidc.OidcClient.create(JSON.parse(given));
          return undefined;
        } catch (failure) {
          return window.oidc.isOidcError(failure, "profile_violation") ? failure.details : String(failure);
        }
      }, JSON.stringify(options(world, { clientId: "spa-fapi2", profile: "fapi2", ...more })));
      expect(details).toMatchObject({ option, rule });
    }
  });
});

describe("signed requests and responses", () => {
  const signed = (world: World, more: Partial<PlainOptions> = {}): PlainOptions =>
    options(world, {
      clientId: "spa-signed",
      requestObject: { key: signingKey },
      responseMode: "query.jwt",
      authorizationSignedResponseAlg: "ES256",
      ...more,
    });

  test("AR-15, CB-11: a signed request goes out, a signed response comes back", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(signed(world));
    expect(await visit.page.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
    const sent = frontChannel(visit);
    expect([...sent.keys()].sort()).toEqual(["client_id", "request", "response_type", "scope"]);
    const request = sent.get("request") ?? "";
    expect(headerOf(request)).toEqual({ typ: "oauth-authz-req+jwt", alg: "ES256", kid: "request-key" });
    const claims = claimsOf(request);
    expect(claims).toMatchObject({ iss: "spa-signed", aud: world.provider.url, response_mode: "query.jwt", client_id: "spa-signed" });
    expect(Number(claims["exp"]) - Number(claims["iat"])).toBeLessThanOrEqual(60);
    for (const name of ["sub", "request", "request_uri"]) expect(claims).not.toHaveProperty(name);
    expect(visit.requests.some((url) => url.startsWith(`${world.page.url}/harness/callback?response=`))).toBe(true);
  });

  test("AR-11, AR-15: pushed, the signed request is all there is", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.signInToHarness(signed(world, { pushedAuthorization: "always" }));
    expect([...frontChannel(visit).keys()]).toEqual(["client_id", "request_uri"]);
    expect(await visit.page.evaluate(() => window.clients.main.session?.subject)).toBe(alice.subject);
  });

  test("CB-11: a response that was changed, or is not signed, is refused before any token request; the sign-in stays", async () => {
    const { world } = the;
    const visit = await world.visit();
    await visit.openHarness();
    await visit.createClient(signed(world));
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn());
    await visit.page.goto(url);
    await visit.enterPassword();
    await visit.allow();
    await visit.harnessReady();
    const callback = new URL(visit.page.url());
    const response = callback.searchParams.get("response") ?? "";
    const [header = "", payload = "", signature = ""] = response.split(".");
    const other = Buffer.from(JSON.stringify({ ...claimsOf(response), aud: "somebody-else" })).toString("base64url");
    const plain = new URL(callback);
    plain.search = new URLSearchParams({ code: String(claimsOf(response)["code"]), state: String(claimsOf(response)["state"]) }).toString();
    const changed = (jwt: string): string => `${callback.origin}${callback.pathname}?response=${jwt}`;
    world.provider.log.clear();
    await visit.openHarness();
    await visit.createClient(signed(world));
    for (const [address, code] of [
      [changed(`${header}.${other}.${signature}`), "signature_invalid"],
      [changed(`${header}.${payload}.${signature.slice(0, -4)}AAAA`), "signature_invalid"],
      [changed(`${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`), "algorithm_not_allowed"],
      [`${changed(response)}&iss=https%3A%2F%2Fevil.example`, "wrong_issuer"],
      [plain.href, "wrong_response_mode"],
    ] as const) {
      const failure = await visit.page.evaluate((given) => window.failureOf(() => window.clients.main.handleCallback(given)), address);
      expect(failure?.code, address).toBe(code);
    }
    expect(world.tokenRequests).toBe(0);
    expect(await visit.page.evaluate(async (given) => (await window.clients.main.handleCallback(given)).subject, callback.href)).toBe(alice.subject);
  });
});

describe("rich requests and several resources", () => {
  test("AR-16: details are asked for, granted, and told", async () => {
    const { world } = the;
    const visit = await world.visit();
    // This provider takes details for a named API only.
    const details = [{ type: "note", actions: ["read"] }];
    await visit.signInToHarness(options(world, { clientId: "spa-fapi2", profile: "fapi2", resource: [NOTES], authorizationDetails: details }));
    expect(await visit.page.evaluate(() => window.clients.main.session?.authorizationDetails)).toMatchObject(details);
  });

  test("AR-17: a token for each resource and set of scopes, fetched once", async () => {
    const { world } = the;
    const visit = await world.visit();
    const client: PlainOptions = world.options({
      clientId: "spa-resources",
      scope: "openid offline_access read write",
      resource: [NOTES, FILES],
    });
    await visit.openHarness();
    await visit.createClient(client);
    const { url } = await visit.page.evaluate(() => window.clients.main.prepareSignIn({ prompt: "consent" }));
    await visit.page.goto(url);
    await visit.enterPassword();
    await visit.allow();
    await visit.harnessReady();
    await visit.createClient(client);
    await visit.page.evaluate(() => window.clients.main.start());
    world.provider.log.clear();
    const tokens = await visit.page.evaluate(
      async ([notes, files]) => {
        const get = (resource: string, scope?: string): Promise<string> =>
          window.clients.main.getAccessToken({ resource, ...(scope === undefined ? {} : { scope }) }).then(({ token }) => token);
        const together = await Promise.all([get(notes), get(notes), get(files)]);
        return [...together, await get(notes), await get(notes, "write read"), await get(notes, "read  write read"), await get(notes, "read")];
      },
      [NOTES, FILES] as const,
    );
    const [first, second, other, again, both, same, one] = tokens;
    expect([second, again]).toEqual([first, first]);
    expect(same).toBe(both);
    expect(new Set([first, other, both, one]).size).toBe(4);
    expect(world.tokenRequests).toBe(4);
  });
});
