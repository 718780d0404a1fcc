import { createHash } from "node:crypto";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import * as oidc from "oidc-wasm/node";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { publicKey, testKeys } from "../support/flows.js";
import { ANSWER, exactRequests, HEADERS } from "../support/protocol/exact.js";
import { hurry } from "../support/protocol/hurry.js";
import type { Recorded } from "../support/protocol/recording.js";
import { startServers } from "../support/protocol/servers.js";
import { DEADLINE, World } from "../support/protocol/world.js";

let started: Awaited<ReturnType<typeof startServers>>;
let world: World;
let address: string;

beforeAll(async () => {
  started = await startServers();
  await oidc.init();
  world = new World(oidc, started.servers);
});

beforeEach(async () => {
  address = await world.script({ body: ANSWER });
  await world.taken();
});

afterAll(() => started[Symbol.asyncDispose]());

/** The one request that a call made. */
async function sent(work: () => Promise<unknown>): Promise<Recorded> {
  await work();
  const [request, ...more] = await world.taken();
  if (!request || more.length > 0) throw new Error(`One request was expected, not ${more.length + 1}.`);
  return request;
}

function headersThatMatter({ headers }: Recorded): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => (HEADERS as readonly string[]).includes(name)));
}

describe("what is on the wire, exactly", () => {
  test.each(exactRequests)("$name", async ({ name, run, method, headers, body }) => {
    if (name.startsWith("poll")) hurry();
    const request = await sent(() => run(oidc, address));
    expect({ method: request.method, path: request.path, body: request.body }).toEqual({
      method,
      path: new URL(address).pathname,
      body,
    });
    expect(headersThatMatter(request)).toEqual(headers);
  });

  test("deleteClient: no body, and nothing comes back", async () => {
    const registrationClientUri = await world.script({ status: 204 });
    const request = await sent(() => oidc.deleteClient({ registrationClientUri, registrationAccessToken: "rat" }));
    expect({ method: request.method, body: request.body }).toEqual({ method: "DELETE", body: "" });
    expect(headersThatMatter(request)).toEqual({ accept: "application/json", authorization: "Bearer rat" });
  });

  test("fetchDiscoveryDocument: the well-known URL, and no more than JSON", async () => {
    const authority = `${world.rfc.origin}/exact`;
    const document = { issuer: authority, jwks_uri: `${authority}/jwks` };
    await world.scriptAt("/exact/.well-known/openid-configuration", { body: document });
    const request = await sent(() => oidc.fetchDiscoveryDocument({ authority, headers: { "X-Own": "mine" } }));
    expect({ method: request.method, path: request.path }).toEqual({
      method: "GET",
      path: "/exact/.well-known/openid-configuration",
    });
    expect(headersThatMatter(request)).toEqual({ accept: "application/json", "x-own": "mine" });
  });

  test("fetchProtectedResourceMetadata: the well-known path before the resource's own, and its query", async () => {
    const resource = `${world.rfc.origin}/exact/notes?tenant=1`;
    await world.scriptAt("/.well-known/oauth-protected-resource/exact/notes", { body: { resource } });
    const request = await sent(() => oidc.fetchProtectedResourceMetadata({ resource }));
    expect({ method: request.method, path: request.path }).toEqual({
      method: "GET",
      path: "/.well-known/oauth-protected-resource/exact/notes?tenant=1",
    });
    expect(headersThatMatter(request)).toEqual({ accept: "application/json" });
  });

  test("introspectToken: a signed answer is asked for by its media type alone", async () => {
    await world.scriptAt(new URL(address).pathname, { status: 400, body: { error: "invalid_request" } });
    const metadata = { issuer: world.rfc.issuer };
    const request = await sent(() =>
      world.failureOf(() =>
        oidc.introspectToken({
          address,
          metadata,
          keySet: { keys: [] },
          clientId: "api",
          token: "t",
          responseFormat: "jwt",
        }),
      ),
    );
    expect(headersThatMatter(request)).toEqual({
      accept: "application/token-introspection+jwt",
      "content-type": "application/x-www-form-urlencoded",
    });
    expect(request.body).toBe("token=t&client_id=api");
  });

  test.each([
    ["jwt", "application/jwt"],
    [undefined, "application/json, application/jwt"],
  ] as const)("fetchUserInfo: %s is asked for", async (responseFormat, accept) => {
    const metadata = { issuer: world.rfc.issuer };
    const request = await sent(() =>
      world.failureOf(() =>
        oidc.fetchUserInfo({
          address,
          metadata,
          clientId: "spa",
          keySet: { keys: [] },
          accessToken: "t",
          subject: "alice",
          ...(responseFormat === undefined ? {} : { responseFormat }),
        }),
      ),
    );
    expect(headersThatMatter(request)).toEqual({ accept, authorization: "Bearer t" });
  });

  test("no request follows a redirect, says where it comes from or shows a cookie", async () => {
    const seen: Readonly<Record<string, string>>[] = [];
    const once = exactRequests.filter(({ name }) => !name.startsWith("poll"));
    for (const { run } of once) {
      const { headers } = await sent(() => run(oidc, address));
      seen.push(headers);
    }
    for (const headers of seen) {
      expect(headers).not.toHaveProperty("referer");
      expect(headers).not.toHaveProperty("cookie");
    }
    const moved = await world.script({ status: 307, headers: { location: address } });
    for (const { run } of once) {
      await expect(run(oidc, moved)).rejects.toMatchObject({ code: "redirect_refused" });
    }
    expect((await world.taken()).map(({ path }) => path)).not.toContain(new URL(address).pathname);
  });
});

describe("options that contradict each other send nothing", () => {
  const cases: readonly [string, string, (address: string) => Promise<unknown>][] = [
    [
      "a parameter that has an option",
      "codeVerifier",
      (address) =>
        oidc.requestAuthorizationCodeToken({
          address,
          clientId: "spa",
          code: "c",
          redirectUri: "https://app.example.com/",
          codeVerifier: "v",
          parameters: { code_verifier: "w" },
        }),
    ],
    [
      "a fixed parameter",
      "grantType",
      (address) => oidc.requestRefreshToken({ address, refreshToken: "r", parameters: { grant_type: "password" } }),
    ],
    [
      "another client",
      "clientId",
      (address) => oidc.requestClientCredentialsToken({ address, clientId: "spa", parameters: { client_id: "other" } }),
    ],
    [
      "a header of the request's own",
      "headers",
      (address) => oidc.requestClientCredentialsToken({ address, headers: { Authorization: "Basic x" } }),
    ],
    [
      "an actor token without its type",
      "actorTokenType",
      (address) => oidc.requestTokenExchangeToken({ address, subjectToken: "s", subjectTokenType: "t", actorToken: "a" }),
    ],
    [
      "a deadline that is none",
      "timeoutSeconds",
      (address) => oidc.requestClientCredentialsToken({ address, timeoutSeconds: 0 }),
    ],
    [
      "a request object and something beside it",
      "loginHint",
      (address) =>
        oidc.requestBackchannelAuthentication({ address, clientId: "spa", request: "h.p.s", loginHint: "alice" } as never),
    ],
    [
      "a token in the front channel",
      "responseType",
      (address) =>
        oidc.pushAuthorizationRequest({
          address,
          clientId: "spa",
          responseType: "token" as never,
          redirectUri: "https://app.example.com/",
        }),
    ],
    [
      "a code without a challenge",
      "codeChallenge",
      (address) =>
        oidc.pushAuthorizationRequest({
          address,
          clientId: "spa",
          responseType: "code",
          redirectUri: "https://app.example.com/",
        }),
    ],
    [
      "no code",
      "code",
      (address) => oidc.requestAuthorizationCodeToken({ address, code: "", redirectUri: "https://app.example.com/" }),
    ],
    ["nobody whom userinfo is about", "subject", (address) => oidc.fetchUserInfo({ address, accessToken: "t" } as never)],
    [
      "a signed answer that nobody could verify",
      "metadata",
      (address) => oidc.introspectToken({ address, token: "t", responseFormat: "jwt" }),
    ],
    [
      "an access token that no header can carry",
      "accessToken",
      (address) => oidc.fetchUserInfo({ address, accessToken: "a\r\nb", subject: "alice" }),
    ],
  ];

  test.each(cases)("%s", async (_name, option, work) => {
    await expect(work(address)).rejects.toMatchObject({ code: "invalid_argument", type: "usage", details: { option } });
    expect(await world.taken()).toEqual([]);
  });

  test.each([
    ["http: beyond loopback", "http://id.example.com/token"],
    ["a user name", "https://user@id.example.com/token"],
    ["a fragment", "https://id.example.com/token#x"],
    ["another scheme", "javascript:alert(1)"],
  ])("an endpoint with %s", async (_name, address) => {
    await expect(oidc.requestClientCredentialsToken({ address })).rejects.toMatchObject({
      code: "insecure_url",
      type: "policy",
    });
    await expect(
      oidc.requestClientCredentialsToken({ metadata: { issuer: "https://id.example.com", token_endpoint: address } }),
    ).rejects.toMatchObject({
      code: "insecure_url",
    });
  });

  test("metadata without the endpoint", async () => {
    await expect(oidc.revokeToken({ metadata: { issuer: "https://id.example.com" }, token: "t" })).rejects.toMatchObject({
      code: "endpoint_missing",
      type: "policy",
      details: { name: "revocation_endpoint" },
    });
  });
});

describe("how a client proves who it is, on the wire", () => {
  const clientId = "clïent +&:";
  const clientSecret = "sëcret+&=:%~!*'()";
  const encoded = {
    id: "cl%C3%AFent+%2B%26%3A",
    secret: "s%C3%ABcret%2B%26%3D%3A%25~%21%2A%27%28%29",
  };
  const GRANT = "grant_type=client_credentials";
  const TYPE = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const credentials = (request: object): Promise<Recorded> =>
    sent(() => oidc.requestClientCredentialsToken({ address, ...request }));

  test("client_secret_basic: both parts form-encoded, nothing in the body", async () => {
    const request = await credentials({ clientId, clientAuthentication: { method: "client_secret_basic", clientSecret } });
    expect(request.headers["authorization"]).toBe(`Basic ${base64(`${encoded.id}:${encoded.secret}`)}`);
    expect(request.body).toBe(GRANT);
    expect(oidc.basicAuthorization(clientId, clientSecret)).toBe(request.headers["authorization"]);
  });

  test("client_secret_basic: as they are, for servers that do not decode", async () => {
    const clientAuthentication = { method: "client_secret_basic", clientSecret, encoding: "rfc2617" } as const;
    const request = await credentials({ clientId: "clïent +&", clientAuthentication });
    expect(request.headers["authorization"]).toBe(`Basic ${base64(`clïent +&:${clientSecret}`)}`);
    expect(request.body).toBe(GRANT);
    // The first colon would end the client's name.
    await expect(credentials({ clientId, clientAuthentication })).rejects.toMatchObject({ code: "invalid_argument" });
    expect(await world.taken()).toEqual([]);
  });

  test("client_secret_post: both in the body", async () => {
    const request = await credentials({ clientId, clientAuthentication: { method: "client_secret_post", clientSecret } });
    expect(request.body).toBe(`${GRANT}&client_id=${encoded.id}&client_secret=${encoded.secret}`);
    expect(request.headers).not.toHaveProperty("authorization");
  });

  test("none: the name alone, said or not", async () => {
    for (const clientAuthentication of [undefined, { method: "none" }]) {
      const request = await credentials({ clientId, ...(clientAuthentication && { clientAuthentication }) });
      expect(request.body).toBe(`${GRANT}&client_id=${encoded.id}`);
      expect(request.headers).not.toHaveProperty("authorization");
    }
  });

  /** The assertion of a request whose body has nothing else that was not expected. */
  function assertionOf({ body, headers }: Recorded): string {
    const [before, assertion = ""] = body.split("&client_assertion=");
    expect(before).toBe(`${GRANT}&client_id=job&${TYPE}`);
    expect(headers).not.toHaveProperty("authorization");
    return assertion;
  }

  function expectClaims(assertion: string, audience: string): void {
    const now = Date.now() / 1000;
    const { iat = 0, jti, ...claims } = decodeJwt(assertion);
    expect(claims).toEqual({ iss: "job", sub: "job", aud: audience, exp: iat + 60 });
    expect(Math.abs(now - iat)).toBeLessThan(10);
    expect(String(jti).length).toBeGreaterThanOrEqual(22);
  }

  test.each(["HS256", "HS384", "HS512"] as const)(
    "client_secret_jwt: a fresh assertion with %s, verified by others",
    async (algorithm) => {
      const secret = "a secret of at least sixty-four bytes, for the longest of the three hashes";
      const clientAuthentication = { method: "client_secret_jwt", clientSecret: secret, algorithm } as const;
      const assertion = assertionOf(await credentials({ clientId: "job", clientAuthentication }));
      const { protectedHeader } = await jwtVerify(assertion, new TextEncoder().encode(secret), {
        algorithms: [algorithm],
        audience: address,
      });
      expect(protectedHeader).toEqual({ alg: algorithm, typ: "JWT" });
      expectClaims(assertion, address);
    },
  );

  const algorithms = [
    ["a P-256 key", "ec-2", {}, "ES256"],
    ["a P-384 key", "ec-384", {}, "ES384"],
    ["an Ed25519 key", "ed-2", {}, "EdDSA"],
    ["an RSA key", "rsa-2", {}, "PS256"],
    ["an RSA key that says its algorithm", "rsa-2", { alg: "RS256" }, "RS256"],
  ] as const;

  test.each(algorithms)("private_key_jwt: %s as JWK", async (_name, name, more, alg) => {
    const key = { ...(testKeys[name] as JsonWebKey), kid: name, ...more };
    const assertion = assertionOf(
      await credentials({ clientId: "job", clientAuthentication: { method: "private_key_jwt", key } }),
    );
    expect(decodeProtectedHeader(assertion)).toEqual({ alg, typ: "JWT", kid: name });
    const keys = createLocalJWKSet({ keys: [publicKey(name) as Record<string, string>] });
    await jwtVerify(assertion, keys, { algorithms: [alg], audience: address, issuer: "job", subject: "job" });
    expectClaims(assertion, address);
  });

  test("private_key_jwt: a CryptoKey that nobody can read", async () => {
    const [hash, name] = ["SHA-384", "RSASSA-PKCS1-v1_5"];
    const key = await crypto.subtle.importKey("jwk", testKeys["rsa-2"] as JsonWebKey, { name, hash }, false, ["sign"]);
    const assertion = assertionOf(
      await credentials({ clientId: "job", clientAuthentication: { method: "private_key_jwt", key, keyId: "k" } }),
    );
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: "RS384", typ: "JWT", kid: "k" });
    await jwtVerify(
      assertion,
      createLocalJWKSet({ keys: [{ ...(publicKey("rsa-2") as Record<string, string>), kid: "k" }] }),
    );
  });

  test("the audience of an assertion is what was said, else the issuer, else the endpoint", async () => {
    const key = testKeys["ec-2"] as JsonWebKey;
    const metadata = { issuer: world.rfc.issuer, token_endpoint: address };
    for (const [request, authentication, audience] of [
      [{ address }, {}, address],
      [{ metadata }, {}, metadata.issuer],
      [{ metadata, address }, {}, metadata.issuer],
      [{ metadata }, { audience: "urn:example:audience" }, "urn:example:audience"],
    ] as const) {
      const clientAuthentication = { method: "private_key_jwt", key, ...authentication } as const;
      const assertion = assertionOf(
        await sent(() => oidc.requestClientCredentialsToken({ ...request, clientId: "job", clientAuthentication })),
      );
      expect(decodeJwt(assertion).aud).toBe(audience);
    }
  });

  test("every request has an assertion of its own, each poll included", async () => {
    const pending = { status: 400, body: { error: "authorization_pending" } };
    await world.scriptAt(new URL(address).pathname, pending, pending, { body: ANSWER });
    const key = testKeys["ec-2"] as JsonWebKey;
    const clientAuthentication = { method: "private_key_jwt", key } as const;
    hurry();
    await oidc.pollDeviceToken({
      address,
      clientId: "job",
      clientAuthentication,
      deviceCode: "d",
      timeoutSeconds: DEADLINE,
    });
    const ids = (await world.taken()).map(
      ({ body }) => decodeJwt(new URLSearchParams(body).get("client_assertion") ?? "").jti,
    );
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(3);
  });

  test("client_assertion: as given, with its type", async () => {
    const clientAuthentication = { method: "client_assertion", assertion: "h.p.s" } as const;
    expect((await credentials({ clientId: "job", clientAuthentication })).body).toBe(
      `${GRANT}&client_id=job&${TYPE}&client_assertion=h.p.s`,
    );
    const saml = {
      ...clientAuthentication,
      assertion: "PHNhbWw",
      assertionType: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
    };
    expect((await credentials({ clientId: "job", clientAuthentication: saml })).body).toBe(
      `${GRANT}&client_id=job&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Asaml2-bearer&client_assertion=PHNhbWw`,
    );
  });

  test("client_assertion: a factory is called afresh for every attempt", async () => {
    const pending = { status: 400, body: { error: "authorization_pending" } };
    await world.scriptAt(new URL(address).pathname, pending, { status: 503 }, { body: ANSWER });
    let calls = 0;
    const assertion = async (): Promise<string> => `assertion-${(calls += 1)}`;
    const clientAuthentication = { method: "client_assertion", assertion } as const;
    hurry();
    await oidc.pollBackchannelAuthentication({
      address,
      clientId: "job",
      clientAuthentication,
      authReqId: "r",
      timeoutSeconds: DEADLINE,
    });
    const sent = (await world.taken()).map(({ body }) => new URLSearchParams(body).get("client_assertion"));
    expect(sent).toEqual(["assertion-1", "assertion-2", "assertion-3"]);
    expect(calls).toBe(3);
  });

  test("client_assertion: a factory that fails sends nothing, and says why", async () => {
    const reason = new Error("the vault is closed");
    const assertion = (): string => {
      throw reason;
    };
    const clientAuthentication = { method: "client_assertion", assertion } as const;
    await expect(credentials({ clientId: "job", clientAuthentication })).rejects.toMatchObject({
      code: "hook_failed",
      type: "usage",
      cause: reason,
    });
    expect(await world.taken()).toEqual([]);
  });

  test.each(["tls_client_auth", "self_signed_tls_client_auth"] as const)(
    "%s: goes to the alias with the name alone",
    async (method) => {
      const { pathname } = new URL(address);
      const metadata = {
        issuer: world.rfc.issuer,
        token_endpoint: address,
        revocation_endpoint: address,
        mtls_endpoint_aliases: { token_endpoint: world.rfc.aliasOrigin + pathname },
      };
      const request = { metadata, clientId: "job", clientAuthentication: { method } };
      const token = await sent(() => oidc.requestClientCredentialsToken(request));
      expect(token).toMatchObject({ alias: true, path: pathname, body: `${GRANT}&client_id=job` });
      expect(token.headers).not.toHaveProperty("authorization");
      // Without an alias the endpoint itself asks for the certificate (RFC 8705, section 5).
      expect(await sent(() => oidc.revokeToken({ ...request, token: "t" }))).toMatchObject({
        alias: false,
        body: "token=t&client_id=job",
      });
      // Nobody else goes there.
      const secret = { clientAuthentication: { method: "client_secret_post", clientSecret: "s" } } as const;
      expect(await sent(() => oidc.requestClientCredentialsToken({ ...request, ...secret }))).toMatchObject({
        alias: false,
      });
    },
  );

  test("every endpoint that takes a client takes every method", async () => {
    const clientAuthentication = { method: "client_secret_basic", clientSecret } as const;
    const client = { address, clientId, clientAuthentication };
    const digest = createHash("sha256").update("v").digest("base64url");
    const calls = [
      () => oidc.requestDeviceAuthorization(client),
      () => oidc.requestBackchannelAuthentication({ ...client, scope: "openid", loginHint: "alice" }),
      () =>
        oidc.pushAuthorizationRequest({
          ...client,
          responseType: "code",
          redirectUri: "https://app.example.com/",
          codeChallenge: digest,
        }),
      () => oidc.introspectToken({ ...client, token: "t" }),
      () => oidc.revokeToken({ ...client, token: "t" }),
    ];
    for (const call of calls) {
      const { headers, body } = await sent(call);
      expect(headers["authorization"]).toBe(oidc.basicAuthorization(clientId, clientSecret));
      expect(body).not.toContain("secret");
    }
  });
});
