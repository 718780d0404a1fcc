/**
 * What every endpoint has to do, once for Node and once for a page: `run` goes where the package is and gives plain
 * data, `check` stays with the test runner.
 */
import type { ExpectStatic } from "vitest";
import type { Servers, World } from "./world.js";

export interface Scenario {
  /** The rule that is shown. */
  readonly rule: string;
  run(world: World): Promise<unknown>;
  check(result: unknown, expect: ExpectStatic, servers: Servers): void;
}

function scenario<Result>(
  rule: string,
  run: (world: World) => Promise<Result>,
  check: (result: Result, expect: ExpectStatic, servers: Servers) => void,
): Scenario {
  return { rule, run, check: (result, expect, servers) => check(result as Result, expect, servers) };
}

const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";
const FIVE_TOKENS = { access_token: "a", token_type: "Bearer", expires_in: 300 };

function changeOneCharacter(text: string): string {
  const at = text.length - 20;
  return text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
}

const documents: readonly Scenario[] = [
  scenario(
    "discovery finds the provider's metadata by OpenID Connect's path",
    async ({ oidc, provider }) => {
      const { metadata, url, status, json, raw } = await oidc.fetchDiscoveryDocument({ authority: provider.issuer });
      return { issuer: metadata.issuer, endpoint: metadata.introspection_endpoint, url, status, json, raw };
    },
    ({ issuer, endpoint, url, status, json, raw }, expect, { provider }) => {
      expect({ issuer, endpoint, url, status }).toEqual({
        issuer: provider.issuer,
        endpoint: `${provider.issuer}/token/introspection`,
        url: `${provider.issuer}/.well-known/openid-configuration`,
        status: 200,
      });
      expect(JSON.parse(raw)).toEqual(json);
    },
  ),
  scenario(
    "discovery takes the URL of the document as well",
    async ({ oidc, provider }) => {
      const authority = `${provider.issuer}/.well-known/oauth-authorization-server`;
      const { metadata, url } = await oidc.fetchDiscoveryDocument({ authority, wellKnown: "oauth-authorization-server" });
      return { issuer: metadata.issuer, url };
    },
    (result, expect, { provider: { issuer } }) =>
      expect(result).toEqual({ issuer, url: `${issuer}/.well-known/oauth-authorization-server` }),
  ),
  scenario(
    "discovery inserts the well-known path of RFC 8414 before the issuer's own",
    async ({ oidc, rfc }) => {
      const { metadata, url } = await oidc.fetchDiscoveryDocument({
        authority: rfc.issuer,
        wellKnown: "oauth-authorization-server",
      });
      return { issuer: metadata.issuer, token: metadata.token_endpoint, url };
    },
    (result, expect, { rfc }) =>
      expect(result).toEqual({
        issuer: rfc.issuer,
        token: `${rfc.issuer}/token`,
        url: `${rfc.origin}/.well-known/oauth-authorization-server/tenant`,
      }),
  ),
  scenario(
    "discovery refuses the document of another issuer, and one that names an endpoint elsewhere",
    async (world) => {
      const { oidc, rfc } = world;
      const [issuer, keys] = [`${rfc.origin}/policy`, `${rfc.origin}/policy/keys`];
      const document = { issuer, jwks_uri: keys, token_endpoint: `${issuer}/token` };
      await world.scriptAt(
        "/policy/.well-known/openid-configuration",
        { body: { ...document, issuer: `${issuer}/` } },
        { body: { ...document, token_endpoint: "https://evil.example/token" } },
        { body: { ...document, mtls_endpoint_aliases: { token_endpoint: `${rfc.aliasOrigin}/token` } } },
        { body: { issuer, token_endpoint: `${issuer}/token` } },
        { body: { ...document, mtls_endpoint_aliases: { token_endpoint: `${rfc.aliasOrigin}/token` } } },
      );
      const failures = [];
      for (let documents = 0; documents < 4; documents += 1) {
        const { code, type, phase } = await world.failureOf(() => oidc.fetchDiscoveryDocument({ authority: issuer }));
        failures.push({ code, type, phase });
      }
      const discoveryPolicy = { additionalEndpointBaseAddresses: [rfc.aliasOrigin] };
      const allowed = await oidc.fetchDiscoveryDocument({ authority: issuer, discoveryPolicy });
      return { failures, alias: allowed.metadata.mtls_endpoint_aliases?.["token_endpoint"] };
    },
    ({ failures, alias }, expect, { rfc }) => {
      const policy = { type: "policy", phase: "discovery" };
      expect(failures).toEqual([
        { code: "issuer_mismatch", ...policy },
        { code: "endpoint_not_allowed", ...policy },
        { code: "endpoint_not_allowed", ...policy },
        { code: "endpoint_missing", ...policy },
      ]);
      expect(alias).toBe(`${rfc.aliasOrigin}/token`);
    },
  ),
  scenario(
    "a document that is not there is an unexpected status, with what the server said",
    async (world) => {
      // There every answer may be read by pages of other origins; the provider's own 404 may not.
      const missing = `${world.rfc.origin}/nobody`;
      return {
        discovery: await world.failureOf(() => world.oidc.fetchDiscoveryDocument({ authority: missing })),
        jwks: await world.failureOf(() => world.oidc.fetchJsonWebKeySet({ address: `${missing}/jwks` })),
      };
    },
    ({ discovery, jwks }, expect) => {
      expect(discovery).toMatchObject({
        code: "unexpected_status",
        type: "http",
        phase: "discovery",
        status: 404,
        retryable: false,
      });
      expect(jwks).toMatchObject({ code: "unexpected_status", type: "http", phase: "jwks", status: 404 });
      expect(discovery.raw).toBeTypeOf("string");
    },
  ),
  scenario(
    "the key set is the provider's, members and all",
    async (world) => {
      const { keys, status, headers } = await world.oidc.fetchJsonWebKeySet({ metadata: await world.metadata() });
      return { keys, status, contentType: headers["content-type"] };
    },
    ({ keys, status, contentType }, expect) => {
      expect(keys).toMatchObject([
        { kty: "RSA", kid: "rsa-1", alg: "RS256", use: "sig", e: "AQAB" },
        { kty: "EC", kid: "ec-1", alg: "ES256", use: "sig", crv: "P-256" },
      ]);
      expect({ status, contentType }).toEqual({ status: 200, contentType: "application/jwk-set+json; charset=utf-8" });
    },
  ),
  scenario(
    "a protected resource is found by its own URL and by what its challenge says",
    async (world) => {
      const { oidc, rfc } = world;
      const { metadata, url } = await oidc.fetchProtectedResourceMetadata({ resource: rfc.resource });
      const refused = await fetch(rfc.resource);
      const [challenge] = oidc.parseWwwAuthenticate(refused.headers.get("www-authenticate") ?? "");
      const address = challenge?.parameters["resource_metadata"] ?? "";
      const again = await oidc.fetchProtectedResourceMetadata({ resource: rfc.resource, address });
      const wrong = await world.failureOf(() =>
        oidc.fetchProtectedResourceMetadata({ resource: `${rfc.resource}/`, address }),
      );
      const missing = await world.failureOf(() =>
        oidc.fetchProtectedResourceMetadata({ resource: `${rfc.origin}/nothing` }),
      );
      return { metadata, url, scheme: challenge?.scheme, again: again.metadata, wrong, missing };
    },
    ({ metadata, url, scheme, again, wrong, missing }, expect, { rfc }) => {
      expect(metadata).toEqual({
        resource: rfc.resource,
        authorization_servers: [rfc.issuer],
        scopes_supported: ["notes:read", "notes:write"],
        bearer_methods_supported: ["header"],
      });
      expect(url).toBe(`${rfc.origin}/.well-known/oauth-protected-resource/api/notes`);
      expect(scheme?.toLowerCase()).toBe("bearer");
      expect(again).toEqual(metadata);
      expect(wrong).toMatchObject({ code: "resource_mismatch", type: "policy", phase: "protected_resource" });
      expect(missing).toMatchObject({ phase: "protected_resource", status: 404 });
    },
  ),
];

const codes: readonly Scenario[] = [
  scenario(
    "a code is exchanged for tokens, once",
    async (world) => {
      const { oidc } = world;
      const { tokens, request, metadata, clientId, nonce } = await world.signIn();
      const idToken = tokens.idToken ?? "";
      const claims = await oidc.validateIdToken({ idToken, metadata, clientId, nonce, accessToken: tokens.accessToken });
      const again = await world.failureOf(() => oidc.requestAuthorizationCodeToken(request));
      return { ...tokens, claims, clientId, nonce, again };
    },
    ({ status, tokenType, expiresIn, scope, json, raw, headers, claims, clientId, nonce, again }, expect, { provider }) => {
      expect({ status, tokenType, expiresIn, scope }).toEqual({
        status: 200,
        tokenType: "Bearer",
        expiresIn: 600,
        scope: "openid profile email",
      });
      expect(JSON.parse(raw)).toEqual(json);
      expect(headers["content-type"]).toBe("application/json; charset=utf-8");
      expect(claims).toMatchObject({ iss: provider.issuer, aud: clientId, sub: "alice", nonce });
      expect(again).toMatchObject({
        code: "token_error",
        type: "protocol",
        phase: "token",
        status: 400,
        error: "invalid_grant",
        errorDescription: "grant request is invalid",
        retryable: false,
      });
      expect(JSON.parse(again.raw ?? "")).toEqual({ error: "invalid_grant", error_description: "grant request is invalid" });
    },
  ),
  scenario(
    "an ID Token is refused for another client, another sign-in and another signature",
    async (world) => {
      const { tokens, metadata, clientId, nonce } = await world.signIn();
      const idToken = tokens.idToken ?? "";
      const honest = { idToken, metadata, clientId, nonce };
      const codeOf = async (change: object): Promise<string> =>
        (await world.failureOf(() => world.oidc.validateIdToken({ ...honest, ...change }))).code;
      return [
        await codeOf({ clientId: "another" }),
        await codeOf({ nonce: `${nonce}x` }),
        await codeOf({ nonce: null }),
        await codeOf({ idToken: changeOneCharacter(idToken) }),
        await codeOf({ algorithm: "ES256" }),
        await codeOf({ metadata: { ...metadata, issuer: `${metadata.issuer}/` } }),
        await codeOf({ keySet: { keys: [] } }),
      ];
    },
    (failures, expect) =>
      expect(failures).toEqual([
        "jwt_audience_mismatch",
        "nonce_mismatch",
        "nonce_mismatch",
        "signature_invalid",
        "algorithm_mismatch",
        "jwt_issuer_mismatch",
        "signing_key_not_found",
      ]),
  ),
  scenario(
    "the provider's keys are fetched once for tokens at the same time, and once more when they were changed",
    async (world) => {
      const { oidc, rfc, provider } = world;
      const issuer = `${rfc.origin}/${oidc.randomString()}`;
      const metadata = { issuer, jwks_uri: `${issuer}/jwks` };
      const { keys } = await oidc.fetchJsonWebKeySet({ address: `${rfc.issuer}/jwks` });
      const { d: _, ...added } = provider.clients.es256.key;
      const path = new URL(metadata.jwks_uri).pathname;
      await world.scriptAt(path, { body: { keys } }, { body: { keys: [added, ...keys] } });
      const claims = { iss: issuer, aud: "spa", nonce: "n" };
      const validate = async (idToken: string): Promise<string> => {
        const request = { idToken, metadata, clientId: "spa", nonce: "n", algorithm: "ES256" } as const;
        return (await world.failureOf(async () => oidc.validateIdToken(request))).code;
      };
      const [known, rotated] = [await world.sign("ec-1", claims), await world.sign("ec-2", claims)];
      await world.taken();
      const together = await Promise.all(Array.from({ length: 5 }, async () => validate(known)));
      const first = (await world.taken()).length;
      const afterwards = [await validate(rotated), await validate(rotated), await validate(known)];
      const second = (await world.taken()).length;
      return { together, first, afterwards, second };
    },
    (result, expect) => {
      const good = "nothing failed";
      expect(result).toEqual({
        together: [good, good, good, good, good],
        first: 1,
        afterwards: [good, good, good],
        second: 1,
      });
    },
  ),
  scenario(
    "a refresh token gets new tokens, and a used one gets nothing",
    async (world) => {
      const { oidc } = world;
      const { tokens, metadata, clientId } = await world.signIn({ scope: "openid profile offline_access" });
      const request = { metadata, clientId, refreshToken: tokens.refreshToken ?? "" };
      const renewed = await oidc.requestRefreshToken({ ...request, scope: "openid" });
      const { status, scope, accessToken, refreshToken, idToken } = renewed;
      const again = await world.failureOf(() => oidc.requestRefreshToken(request));
      const rotated = refreshToken !== undefined && refreshToken !== tokens.refreshToken;
      return { status, scope, rotated, fresh: accessToken !== tokens.accessToken, idToken: typeof idToken, again };
    },
    ({ again, ...renewed }, expect) => {
      expect(renewed).toEqual({ status: 200, scope: "openid", rotated: true, fresh: true, idToken: "string" });
      expect(again).toMatchObject({ code: "token_error", phase: "token", status: 400, error: "invalid_grant" });
    },
  ),
  scenario(
    "code, tokens and userinfo are bound to a key: whoever has another gets nothing",
    async (world) => {
      const { oidc, provider } = world;
      const { redirectUri } = provider;
      const metadata = await world.metadata();
      const [key, stranger] = [await oidc.DpopKey.generate(), await oidc.DpopKey.generate({ algorithm: "EdDSA" })];
      // The way of a page that was reloaded: a store gives the pair back, not the object.
      const again = await oidc.DpopKey.from(structuredClone(key.keyPair));
      type Proven = (headers: Readonly<Record<string, string>>) => Promise<unknown>;
      const prove = async (by: typeof key, to: Omit<Parameters<typeof key.proof>[0], "nonce">, work: Proven) => {
        const { error, details } = await world.failureOf(async () => work({ DPoP: await by.proof(to) }));
        const nonce = details?.["dpopNonce"];
        const proof = await by.proof({ ...to, nonce });
        return { error, work: async () => work({ DPoP: proof }) };
      };
      const signIn = async (by: typeof key) => {
        const { codeVerifier, codeChallenge } = oidc.generatePkce();
        const state = oidc.randomString();
        const request = { metadata, clientId: provider.clients.spa, redirectUri };
        const url = oidc.createAuthorizeUrl({
          ...request,
          responseType: "code",
          scope: "openid",
          state,
          codeChallenge,
          dpopJkt: key.thumbprint,
        });
        const { code = "" } = oidc.parseAuthorizeResponse(await world.authorize(url), { state });
        return prove(by, { method: "POST", url: metadata.token_endpoint ?? "" }, (headers) =>
          oidc.requestAuthorizationCodeToken({ ...request, code, codeVerifier, headers }),
        );
      };
      const stolenCode = await world.failureOf((await signIn(stranger)).work);
      const granted = await signIn(again);
      const { tokenType, accessToken } = (await granted.work()) as { tokenType: string; accessToken: string };
      const userInfo = (by: typeof key) => {
        const to = { method: "GET", url: metadata.userinfo_endpoint ?? "", accessToken };
        return prove(by, to, (headers) => oidc.fetchUserInfo({ metadata, accessToken, subject: "alice", headers }));
      };
      await world.taken("provider");
      const asked = await userInfo(again);
      const { sub } = (await asked.work()) as { sub: string };
      const schemes = (await world.taken("provider"))
        .filter(({ method }) => method === "GET")
        .map(({ headers }) => headers["authorization"]?.split(" ", 1)[0]);
      return {
        stolenCode,
        tokenType,
        errors: [granted.error, asked.error],
        sub,
        schemes,
        stolenToken: await world.failureOf((await userInfo(stranger)).work),
        withoutProof: await world.failureOf(() => oidc.fetchUserInfo({ metadata, accessToken, subject: "alice" })),
      };
    },
    ({ stolenCode, stolenToken, withoutProof, ...granted }, expect) => {
      expect(stolenCode).toMatchObject({ code: "token_error", status: 400, error: "invalid_grant" });
      expect(granted).toEqual({
        tokenType: "DPoP",
        errors: ["use_dpop_nonce", "use_dpop_nonce"],
        sub: "alice",
        schemes: ["DPoP", "DPoP"],
      });
      expect(stolenToken).toMatchObject({ code: "userinfo_error", status: 401, error: "invalid_token" });
      expect(withoutProof).toMatchObject({ code: "userinfo_error", status: 401, error: "invalid_token" });
    },
  ),
  scenario(
    "pushed parameters become a request URI that the provider knows, once",
    async (world) => {
      const { oidc, provider } = world;
      const { redirectUri } = provider;
      const [metadata, clientId] = [await world.metadata(), provider.clients.spa];
      const { codeVerifier, codeChallenge } = oidc.generatePkce();
      const [state, nonce] = [oidc.randomString(), oidc.randomString()];
      const pushed = {
        metadata,
        clientId,
        responseType: "code",
        scope: "openid",
        redirectUri,
        state,
        nonce,
        codeChallenge,
      } as const;
      const { requestUri, expiresIn, status } = await oidc.pushAuthorizationRequest(pushed);
      const url = oidc.createAuthorizeUrl({ metadata, clientId, requestUri });
      const callback = await world.authorize(url);
      const { code = "" } = oidc.parseAuthorizeResponse(callback, { state, issuer: provider.issuer, issRequired: true });
      const tokens = await oidc.requestAuthorizationCodeToken({ metadata, clientId, code, redirectUri, codeVerifier });
      const claims = await oidc.validateIdToken({ idToken: tokens.idToken ?? "", metadata, clientId, nonce });
      const refused = await world.failureOf(() =>
        oidc.pushAuthorizationRequest({ ...pushed, redirectUri: "https://evil.example/" }),
      );
      return { url, requestUri, expiresIn, status, subject: claims.sub, refused };
    },
    ({ url, requestUri, expiresIn, status, subject, refused }, expect, { provider }) => {
      expect({ expiresIn, status, subject }).toEqual({ expiresIn: 60, status: 201, subject: "alice" });
      expect(requestUri).toMatch(/^urn:ietf:params:oauth:request_uri:/);
      expect(url).toBe(`${provider.issuer}/auth?client_id=spa&request_uri=${encodeURIComponent(requestUri)}`);
      expect(refused).toMatchObject({
        code: "endpoint_error",
        type: "protocol",
        phase: "pushed_authorization",
        status: 400,
        error: "invalid_request",
      });
    },
  ),
  scenario(
    "a refusal at the authorization endpoint is an error only after its state was found right",
    async (world) => {
      const { oidc, provider } = world;
      const [metadata, state] = [await world.metadata(), oidc.randomString()];
      const { codeChallenge } = oidc.generatePkce();
      const request = {
        metadata,
        clientId: provider.clients.spa,
        responseType: "code",
        scope: "openid",
        redirectUri: provider.redirectUri,
      } as const;
      const url = oidc.createAuthorizeUrl({ ...request, state, nonce: "n", codeChallenge });
      const response = await world.authorize(url, { answer: "deny" });
      return {
        right: await world.failureOf(() => oidc.parseAuthorizeResponse(response, { state, issuer: provider.issuer })),
        wrong: await world.failureOf(() =>
          oidc.parseAuthorizeResponse(response, { state: `${state}x`, issuer: provider.issuer }),
        ),
      };
    },
    ({ right, wrong }, expect) => {
      expect(right).toMatchObject({
        code: "authorization_error",
        error: "access_denied",
        errorDescription: "The person said no.",
      });
      expect(wrong).toMatchObject({ code: "unknown_state", type: "validation" });
      expect(wrong.error).toBeUndefined();
    },
  ),
  scenario(
    "after sign-out the provider sends the person back, and its logout token is about that session",
    async (world) => {
      const { oidc, provider, rfc } = world;
      const session = oidc.randomString();
      const { tokens, metadata, clientId, nonce } = await world.signIn({ session });
      const idToken = tokens.idToken ?? "";
      const { sid } = await oidc.validateIdToken({ idToken, metadata, clientId, nonce });
      await world.scriptAt("/backchannel-logout", { status: 200 });
      await world.taken();
      const url = oidc.createEndSessionUrl({
        metadata,
        idTokenHint: idToken,
        postLogoutRedirectUri: provider.signedOutUri,
        state: "back",
      });
      const back = await world.signOut(url, session);
      await world.reached(`${rfc.origin}/backchannel-logout`);
      const body = (await world.taken()).find(({ path }) => path === "/backchannel-logout")?.body ?? "";
      const logoutToken = new URLSearchParams(body).get("logout_token") ?? "";
      const claims = await oidc.validateLogoutToken({ logoutToken, metadata, clientId });
      const other = await world.failureOf(() => oidc.validateLogoutToken({ logoutToken, metadata, clientId: "another" }));
      const confused = await world.failureOf(() => oidc.validateLogoutToken({ logoutToken: idToken, metadata, clientId }));
      return { back, claims, sid, other, confused };
    },
    ({ back, claims, sid, other, confused }, expect, { provider }) => {
      expect(back).toBe(`${provider.signedOutUri}?state=back`);
      expect(claims).toMatchObject({
        iss: provider.issuer,
        sub: "alice",
        aud: "spa",
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      });
      expect(claims.sid).toBe(sid);
      expect(sid).toBeTypeOf("string");
      expect(other).toMatchObject({ code: "jwt_audience_mismatch", phase: "logout_token" });
      expect(confused).toMatchObject({ type: "validation", phase: "logout_token" });
    },
  ),
];

const machines: readonly Scenario[] = [
  scenario(
    "client credentials, with every way a client can prove who it is",
    async (world) => {
      const { oidc } = world;
      const { clients, resource } = world.provider;
      const metadata = await world.metadata();
      const curve = { name: "ECDSA", namedCurve: "P-256" };
      const key = await crypto.subtle.importKey("jwk", clients.es256.key, curve, false, ["sign"]);
      const requests = [
        {
          clientId: clients.basic.id,
          clientAuthentication: { method: "client_secret_basic", clientSecret: clients.basic.secret },
        },
        {
          clientId: clients.post.id,
          clientAuthentication: { method: "client_secret_post", clientSecret: clients.post.secret },
        },
        {
          clientId: clients.secretJwt.id,
          clientAuthentication: { method: "client_secret_jwt", clientSecret: clients.secretJwt.secret },
        },
        { clientId: clients.es256.id, clientAuthentication: { method: "private_key_jwt", key: clients.es256.key } },
        { clientId: clients.es256.id, clientAuthentication: { method: "private_key_jwt", key, keyId: "ec-2" } },
        { clientId: clients.ps256.id, clientAuthentication: { method: "private_key_jwt", key: clients.ps256.key } },
      ] as const;
      const results = [];
      for (const request of requests) {
        const response = await oidc.requestClientCredentialsToken({ metadata, ...request, scope: "notes:read", resource });
        const { status, tokenType, expiresIn, scope, refreshToken, idToken } = response;
        results.push({ status, tokenType, expiresIn, scope, refreshToken, idToken });
      }
      return results;
    },
    (results, expect) => {
      expect(results).toHaveLength(6);
      for (const result of results) {
        expect(result).toEqual({ status: 200, tokenType: "Bearer", expiresIn: 600, scope: "notes:read" });
      }
    },
  ),
  scenario(
    "client credentials are refused with a wrong secret, another's key and an unknown resource",
    async (world) => {
      const { oidc, provider } = world;
      const { basic, es256, ps256 } = provider.clients;
      const metadata = await world.metadata();
      const clientAuthentication = { method: "client_secret_basic", clientSecret: basic.secret } as const;
      const wrongSecret = { ...clientAuthentication, clientSecret: `${basic.secret}x` };
      const wrongKey = { method: "private_key_jwt", key: ps256.key } as const;
      return [
        await world.failureOf(() =>
          oidc.requestClientCredentialsToken({ metadata, clientId: basic.id, clientAuthentication: wrongSecret }),
        ),
        await world.failureOf(() =>
          oidc.requestClientCredentialsToken({ metadata, clientId: es256.id, clientAuthentication: wrongKey }),
        ),
        await world.failureOf(() =>
          oidc.requestClientCredentialsToken({
            metadata,
            clientId: basic.id,
            clientAuthentication,
            resource: "https://api.example.com/other",
          }),
        ),
      ];
    },
    (failures, expect, { provider }) => {
      const refused = { code: "token_error", type: "protocol", phase: "token" };
      const description = "client authentication failed";
      expect(failures).toMatchObject([
        { ...refused, status: 401, error: "invalid_client", errorDescription: description },
        { ...refused, status: 401, error: "invalid_client", errorDescription: description },
        { ...refused, status: 400, error: "invalid_target", errorDescription: "resource indicator is missing, or unknown" },
      ]);
      expect(JSON.stringify(failures)).not.toContain(provider.clients.basic.secret);
    },
  ),
  scenario(
    "a client with a certificate goes to the alias, where the provider sees it",
    async (world) => {
      const { oidc, provider } = world;
      const document = await world.metadata();
      const metadata = { ...document, mtls_endpoint_aliases: { token_endpoint: `${provider.aliasOrigin}/token` } };
      const request = { clientId: provider.clients.tls, clientAuthentication: { method: "tls_client_auth" } } as const;
      const { status, accessToken } = await oidc.requestClientCredentialsToken({ metadata, ...request });
      // The host that asks nobody for a certificate sees none.
      const elsewhere = await world.failureOf(() =>
        oidc.requestClientCredentialsToken({ metadata: document, clientId: request.clientId }),
      );
      return { status, token: accessToken.length > 20, elsewhere };
    },
    ({ elsewhere, ...answer }, expect) => {
      expect(answer).toEqual({ status: 200, token: true });
      expect(elsewhere).toMatchObject({ code: "token_error", status: 401, error: "invalid_client" });
    },
  ),
  scenario(
    "a proof of possession goes along with the nonce that the provider wants, and the token is of that type",
    async (world) => {
      const { oidc, provider } = world;
      const { id: clientId, secret: clientSecret } = provider.clients.post;
      const metadata = await world.metadata();
      const key = await oidc.DpopKey.generate();
      const requestWith = (DPoP: string) =>
        oidc.requestClientCredentialsToken({
          metadata,
          clientId,
          clientAuthentication: { method: "client_secret_post", clientSecret },
          headers: { DPoP },
        });
      const endpoint = { method: "POST", url: metadata.token_endpoint ?? "" };
      const first = await key.proof(endpoint);
      const refused = await world.failureOf(() => requestWith(first));
      const proof = await key.proof({ ...endpoint, nonce: refused.details?.["dpopNonce"] });
      const { tokenType } = await requestWith(proof);
      const replayed = await world.failureOf(() => requestWith(proof));
      const elsewhere = { ...endpoint, url: `${provider.issuer}/elsewhere`, nonce: refused.details?.["dpopNonce"] };
      const otherUrl = await key.proof(elsewhere);
      return { refused, tokenType, replayed, misplaced: await world.failureOf(() => requestWith(otherUrl)) };
    },
    ({ refused, tokenType, replayed, misplaced }, expect) => {
      const failure = { code: "token_error", phase: "token", type: "protocol", status: 400 };
      expect(refused).toMatchObject({ ...failure, error: "use_dpop_nonce" });
      expect(refused.details?.["dpopNonce"]).toBeTypeOf("string");
      expect(tokenType).toBe("DPoP");
      expect(replayed).toMatchObject({ ...failure, error: "invalid_grant" });
      expect(misplaced).toMatchObject({ ...failure, error: "invalid_dpop_proof" });
    },
  ),
  scenario(
    "with a key, proofs and nonces take care of themselves: a nonce that is known costs no request",
    async (world) => {
      const { oidc, provider } = world;
      const metadata = await world.metadata();
      const dpop = await oidc.DpopKey.generate();
      const { redirectUri } = provider;
      const request = { metadata, clientId: provider.clients.spa, redirectUri, dpop };
      const { codeVerifier, codeChallenge } = oidc.generatePkce();
      const state = oidc.randomString();
      await world.taken("provider");
      const { requestUri } = await oidc.pushAuthorizationRequest({
        ...request,
        responseType: "code",
        scope: "openid offline_access",
        prompt: "consent",
        state,
        codeChallenge,
      });
      const pushes = (await world.taken("provider")).length;
      const url = oidc.createAuthorizeUrl({ metadata, clientId: provider.clients.spa, requestUri });
      const { code = "" } = oidc.parseAuthorizeResponse(await world.authorize(url), { state });
      await world.taken("provider");
      const { tokenType, accessToken } = await oidc.requestAuthorizationCodeToken({ ...request, code, codeVerifier });
      const exchanges = (await world.taken("provider")).length;
      const userInfo = { metadata, accessToken, subject: "alice" };
      const { sub } = await oidc.fetchUserInfo({ ...userInfo, dpop });
      await world.taken("provider");
      await oidc.fetchUserInfo({ ...userInfo, dpop });
      const later = (await world.taken("provider")).length;
      const stranger = await oidc.DpopKey.generate();
      return {
        granted: { tokenType, sub, exchanges, later },
        pushes,
        stolen: await world.failureOf(() => oidc.fetchUserInfo({ ...userInfo, dpop: stranger })),
      };
    },
    ({ granted, pushes, stolen }, expect) => {
      expect(granted).toEqual({ tokenType: "DPoP", sub: "alice", exchanges: 1, later: 1 });
      expect([1, 2], "the first has to learn the nonce").toContain(pushes);
      expect(stolen).toMatchObject({ code: "userinfo_error", status: 401, error: "invalid_token" });
    },
  ),
  scenario(
    "a token is exchanged for a narrower one, with its type",
    async (world) => {
      const { oidc } = world;
      const { tokens, metadata, clientId } = await world.signIn();
      const request = { metadata, clientId, subjectToken: tokens.accessToken, subjectTokenType: ACCESS_TOKEN_TYPE };
      const { status, issuedTokenType, scope, tokenType, expiresIn } = await oidc.requestTokenExchangeToken({
        ...request,
        audience: "urn:example:backend",
        scope: "openid",
        requestedTokenType: ACCESS_TOKEN_TYPE,
        actorToken: tokens.accessToken,
        actorTokenType: ACCESS_TOKEN_TYPE,
      });
      return {
        exchanged: { status, issuedTokenType, scope, tokenType, expiresIn },
        unknown: await world.failureOf(() => oidc.requestTokenExchangeToken({ ...request, subjectToken: "nobody's" })),
        wider: await world.failureOf(() => oidc.requestTokenExchangeToken({ ...request, scope: "openid offline_access" })),
        targets: await world.failureOf(() => oidc.requestTokenExchangeToken({ ...request, audience: ["one", "two"] })),
      };
    },
    ({ exchanged, unknown, wider, targets }, expect) => {
      expect(exchanged).toEqual({
        status: 200,
        issuedTokenType: ACCESS_TOKEN_TYPE,
        scope: "openid",
        tokenType: "Bearer",
        expiresIn: 600,
      });
      const refused = { code: "token_error", type: "protocol", phase: "token", status: 400 };
      expect(unknown).toMatchObject({ ...refused, error: "invalid_request", errorDescription: "the token is not valid" });
      expect(wider).toMatchObject({ ...refused, error: "invalid_scope" });
      expect(targets).toMatchObject({ ...refused, error: "invalid_target", errorDescription: "one target at a time" });
    },
  ),
  scenario(
    "any grant, with parameters that repeat",
    async (world) => {
      const { oidc } = world;
      const { tokens, metadata, clientId } = await world.signIn();
      const parameters = new URLSearchParams({ subject_token: tokens.accessToken, subject_token_type: ACCESS_TOKEN_TYPE });
      const grantType = "urn:ietf:params:oauth:grant-type:token-exchange";
      const { issuedTokenType } = await oidc.requestToken({ metadata, clientId, grantType, parameters });
      parameters.append("audience", "one");
      parameters.append("audience", "two");
      const repeated = await world.failureOf(() => oidc.requestToken({ metadata, clientId, grantType, parameters }));
      const unknown = await world.failureOf(() =>
        oidc.requestToken({ metadata, clientId, grantType: "urn:example:unknown" }),
      );
      return { issuedTokenType, repeated, unknown };
    },
    ({ issuedTokenType, repeated, unknown }, expect) => {
      expect(issuedTokenType).toBe(ACCESS_TOKEN_TYPE);
      expect(repeated).toMatchObject({ error: "invalid_target", errorDescription: "one target at a time" });
      expect(unknown).toMatchObject({ code: "token_error", status: 400, error: "unsupported_grant_type" });
    },
  ),
  scenario(
    "a name and a password, which only a server of our own takes",
    async (world) => {
      const { oidc, rfc } = world;
      const authority = { authority: rfc.issuer, wellKnown: "oauth-authorization-server" } as const;
      const { metadata } = await oidc.fetchDiscoveryDocument(authority);
      const clientAuthentication = { method: "client_secret_basic", clientSecret: rfc.client.secret } as const;
      const request = { metadata, clientId: rfc.client.id, clientAuthentication, ...rfc.password };
      const { accessToken, scope, expiresIn } = await oidc.requestPasswordToken({
        ...request,
        scope: "notes:read notes:write",
      });
      const answer = await fetch(rfc.resource, { headers: { authorization: `Bearer ${accessToken}` } });
      return {
        granted: { scope, expiresIn, resource: answer.status },
        wrong: await world.failureOf(() => oidc.requestPasswordToken({ ...request, password: "wrong" })),
        client: await world.failureOf(() => oidc.requestPasswordToken({ ...request, clientId: "another" })),
      };
    },
    ({ granted, wrong, client }, expect, { rfc }) => {
      expect(granted).toEqual({ scope: "notes:read notes:write", expiresIn: 300, resource: 200 });
      expect(wrong).toMatchObject({
        code: "token_error",
        type: "protocol",
        phase: "token",
        status: 400,
        error: "invalid_grant",
        errorDescription: "The user name or the password is wrong.",
      });
      expect(client).toMatchObject({ code: "token_error", status: 401, error: "invalid_client" });
      expect(JSON.stringify({ wrong, client })).not.toContain(rfc.password.password);
    },
  ),
  scenario(
    "an assertion is worth a token while it is good",
    async (world) => {
      const { oidc, rfc } = world;
      const address = `${rfc.issuer}/token`;
      const clientAuthentication = { method: "client_secret_post", clientSecret: rfc.client.secret } as const;
      const request = { address, clientId: rfc.client.id, clientAuthentication };
      const { tokenType, scope } = await oidc.requestJwtBearerToken({
        ...request,
        assertion: await world.assertion(),
        scope: "notes:write",
      });
      return {
        granted: { tokenType, scope },
        expired: await world.failureOf(async () =>
          oidc.requestJwtBearerToken({ ...request, assertion: await world.assertion({ exp: 1 }) }),
        ),
        elsewhere: await world.failureOf(async () =>
          oidc.requestJwtBearerToken({ ...request, assertion: await world.assertion({ aud: "https://other.example" }) }),
        ),
      };
    },
    ({ granted, expired, elsewhere }, expect) => {
      expect(granted).toEqual({ tokenType: "Bearer", scope: "notes:write" });
      const refused = { code: "token_error", type: "protocol", phase: "token", status: 400, error: "invalid_grant" };
      expect(expired).toMatchObject({ ...refused, errorDescription: "The assertion has expired." });
      expect(elsewhere).toMatchObject({ ...refused, errorDescription: "The assertion is not valid." });
    },
  ),
];

const devices: readonly Scenario[] = [
  scenario(
    "a device waits for its user: pending, then tokens; and so does a backchannel request",
    async (world) => {
      const { oidc, provider } = world;
      const [metadata, clientId] = [await world.metadata(), provider.clients.spa];
      const device = await oidc.requestDeviceAuthorization({ metadata, clientId, scope: "openid profile offline_access" });
      const { deviceCode, userCode, verificationUri, verificationUriComplete, expiresIn } = device;
      await world.enterUserCode(userCode, { afterFirstPoll: true });
      const backchannel = await oidc.requestBackchannelAuthentication({
        metadata,
        clientId,
        scope: "openid profile",
        loginHint: "alice-later",
        bindingMessage: "W4SCT",
        requestedExpiry: 60,
      });
      const { authReqId } = backchannel;
      await world.taken("provider");
      const tokens = await Promise.all([
        oidc.pollDeviceToken({ metadata, clientId, deviceCode, interval: 1, expiresIn }),
        oidc.pollBackchannelAuthentication({ metadata, clientId, authReqId, interval: 1, expiresIn: backchannel.expiresIn }),
      ]);
      const polls = (await world.taken("provider"))
        .filter(({ path }) => path === "/token")
        .map(({ body }) => new URLSearchParams(body).get("grant_type"));
      const claims = [];
      for (const { idToken = "" } of tokens) {
        claims.push(await oidc.validateIdToken({ idToken, metadata, clientId, nonce: null }));
      }
      return {
        userCode,
        verificationUri,
        verificationUriComplete,
        lifetimes: [expiresIn, device.interval, backchannel.expiresIn, backchannel.interval],
        subjects: claims.map(({ sub }) => sub),
        refreshToken: typeof tokens[0].refreshToken,
        polls: polls.toSorted(),
      };
    },
    (
      { userCode, verificationUri, verificationUriComplete, lifetimes, subjects, refreshToken, polls },
      expect,
      { provider: { issuer } },
    ) => {
      expect(userCode).toMatch(/^[A-Z]{4}-[A-Z]{4}$/);
      expect(verificationUri).toBe(`${issuer}/device`);
      expect(verificationUriComplete).toBe(`${issuer}/device?user_code=${userCode}`);
      // The provider names no interval, and five seconds are the default of both specifications.
      expect(lifetimes).toEqual([120, 5, 60, 5]);
      expect(subjects).toEqual(["alice", "alice"]);
      expect(refreshToken).toBe("string");
      const device = "urn:ietf:params:oauth:grant-type:device_code";
      const ciba = "urn:openid:params:grant-type:ciba";
      // Twice each; once more where the person's answer takes the provider longer than a second.
      for (const kind of [device, ciba]) expect(polls.filter((poll) => poll === kind).length).toBeOneOf([2, 3, 4]);
      expect(new Set(polls)).toEqual(new Set([device, ciba]));
    },
  ),
  scenario(
    "a device request is refused for an unknown client, a code before its time and after a refusal",
    async (world) => {
      const { oidc, provider } = world;
      const [metadata, clientId] = [await world.metadata(), provider.clients.spa];
      const unknown = await world.failureOf(() =>
        oidc.requestDeviceAuthorization({ metadata, clientId: "nobody", scope: "openid" }),
      );
      const { deviceCode, userCode } = await oidc.requestDeviceAuthorization({ metadata, clientId, scope: "openid" });
      const early = await world.failureOf(() => oidc.requestDeviceToken({ metadata, clientId, deviceCode }));
      await world.enterUserCode(userCode, { answer: "deny" });
      const denied = await world.failureOf(() => oidc.pollDeviceToken({ metadata, clientId, deviceCode, interval: 1 }));
      return { unknown, early, denied };
    },
    ({ unknown, early, denied }, expect) => {
      expect(unknown).toMatchObject({
        code: "endpoint_error",
        type: "protocol",
        phase: "device_authorization",
        status: 401,
        error: "invalid_client",
      });
      expect(early).toMatchObject({ code: "token_error", phase: "token", status: 400, error: "authorization_pending" });
      expect(denied).toMatchObject({
        code: "token_error",
        phase: "token",
        status: 400,
        error: "access_denied",
        errorDescription: "End-User aborted interaction",
      });
    },
  ),
  scenario(
    "a code that was agreed to is worth tokens without polling",
    async (world) => {
      const { oidc, provider } = world;
      const [metadata, clientId] = [await world.metadata(), provider.clients.spa];
      const { deviceCode, userCode } = await oidc.requestDeviceAuthorization({ metadata, clientId, scope: "openid" });
      await world.enterUserCode(userCode);
      const device = await oidc.requestDeviceToken({ metadata, clientId, deviceCode });
      const request = { metadata, clientId, scope: "openid", loginHint: "alice" };
      const { authReqId } = await oidc.requestBackchannelAuthentication(request);
      const backchannel = await oidc.requestBackchannelAuthenticationToken({ metadata, clientId, authReqId });
      return [device, backchannel].map(({ status, tokenType, scope }) => ({ status, tokenType, scope }));
    },
    (answers, expect) => {
      const answer = { status: 200, tokenType: "Bearer", scope: "openid" };
      expect(answers).toEqual([answer, answer]);
    },
  ),
  scenario(
    "a backchannel request is refused for an unknown person, a wrong user code and by the person",
    async (world) => {
      const { oidc, provider } = world;
      const request = { metadata: await world.metadata(), clientId: provider.clients.spa };
      const ask = { ...request, scope: "openid" };
      const { authReqId } = await oidc.requestBackchannelAuthentication({ ...ask, loginHint: "alice-refuses" });
      return {
        person: await world.failureOf(() => oidc.requestBackchannelAuthentication({ ...ask, loginHint: "nobody" })),
        userCode: await world.failureOf(() =>
          oidc.requestBackchannelAuthentication({ ...ask, loginHint: "alice", userCode: "wrong" }),
        ),
        refused: await world.failureOf(() => oidc.requestBackchannelAuthenticationToken({ ...request, authReqId })),
      };
    },
    ({ person, userCode, refused }, expect) => {
      const wrong = { code: "endpoint_error", type: "protocol", phase: "backchannel_authentication", status: 400 };
      expect(person).toMatchObject({ ...wrong, error: "unknown_user_id", errorDescription: "could not identify end-user" });
      expect(userCode).toMatchObject({ ...wrong, error: "invalid_user_code", errorDescription: "the user code is wrong" });
      expect(refused).toMatchObject({ code: "token_error", phase: "token", status: 400, error: "access_denied" });
    },
  ),
  scenario(
    "polling stops at the caller's signal and when the code has expired",
    async (world) => {
      const { oidc } = world;
      const pending = { status: 400, body: { error: "authorization_pending" } };
      const address = await world.script(pending);
      const request = { address, clientId: "spa", deviceCode: "d", interval: 1 };
      await world.taken();
      const abort = new AbortController();
      const aborted = world.failureOf(() => oidc.pollDeviceToken({ ...request, signal: abort.signal }));
      const expired = world.failureOf(() => oidc.pollDeviceToken({ ...request, expiresIn: 2 }));
      await world.reached(address, 2);
      abort.abort();
      return {
        aborted: await aborted,
        expired: await expired,
        already: await world.failureOf(() => oidc.pollDeviceToken({ ...request, signal: AbortSignal.abort() })),
      };
    },
    ({ aborted, expired, already }, expect) => {
      expect(aborted).toMatchObject({ code: "aborted", type: "aborted" });
      expect(expired).toMatchObject({ code: "polling_expired", type: "interaction" });
      expect(already).toMatchObject({ code: "aborted" });
    },
  ),
];

const tokens: readonly Scenario[] = [
  scenario(
    "introspection says what a token is good for, and that an unknown one is not active",
    async (world) => {
      const { oidc, provider } = world;
      const { tokens, metadata } = await world.signIn();
      const { id: clientId, secret: clientSecret } = provider.clients.api;
      const clientAuthentication = { method: "client_secret_basic", clientSecret } as const;
      const request = { metadata, clientId, clientAuthentication };
      const active = await oidc.introspectToken({ ...request, token: tokens.accessToken, tokenTypeHint: "access_token" });
      const unknown = await oidc.introspectToken({ ...request, token: "nobody's" });
      const wrong = { ...request, clientAuthentication: { ...clientAuthentication, clientSecret: "wrong" } };
      const refused = await world.failureOf(() => oidc.introspectToken({ ...wrong, token: tokens.accessToken }));
      const { headers: _, raw, ...members } = active;
      return { members, sameText: JSON.stringify(JSON.parse(raw)) === JSON.stringify(active.json), unknown, refused };
    },
    ({ members, sameText, unknown, refused }, expect, { provider }) => {
      expect(members).toMatchObject({
        status: 200,
        active: true,
        scopes: ["openid", "profile", "email"],
        audiences: [],
        clientId: "spa",
        sub: "alice",
        iss: provider.issuer,
        tokenType: "Bearer",
        exp: expect.any(Number),
        iat: expect.any(Number),
      });
      expect(sameText).toBe(true);
      expect(unknown).toMatchObject({ status: 200, active: false, scopes: [], audiences: [], json: { active: false } });
      expect(refused).toMatchObject({
        code: "endpoint_error",
        type: "protocol",
        phase: "introspection",
        status: 401,
        error: "invalid_client",
      });
    },
  ),
  scenario(
    "a signed introspection answer is verified, and shown to the application where it wants that",
    async (world) => {
      const { oidc, provider } = world;
      const { tokens, metadata } = await world.signIn();
      const { id: clientId, secret: clientSecret } = provider.clients.api;
      const clientAuthentication = { method: "client_secret_basic", clientSecret } as const;
      const request = {
        metadata,
        clientId,
        clientAuthentication,
        token: tokens.accessToken,
        responseFormat: "jwt",
        algorithm: "ES256",
      } as const;
      const seen: string[] = [];
      const good = await oidc.introspectToken({ ...request, validate: (jwt) => void seen.push(jwt) });
      const refused = await world.failureOf(() =>
        oidc.introspectToken({
          ...request,
          validate: async () => {
            throw new Error("not today");
          },
        }),
      );
      const { keys } = await oidc.fetchJsonWebKeySet({ metadata });
      const keySet = { keys };
      const answered = async (body: string) =>
        world.script({ body, headers: { "content-type": "application/token-introspection+jwt" } });
      const [honest, tampered] = [await answered(good.raw), await answered(changeOneCharacter(good.raw))];
      // The issuer and its keys are enough to verify an answer.
      const { metadata: _, ...named } = { ...request, keySet };
      const offline = { ...named, metadata: { issuer: metadata.issuer } };
      const codeOf = async (change: object): Promise<string> =>
        (await world.failureOf(() => oidc.introspectToken({ ...offline, ...change }))).code;
      return {
        active: good.active,
        subject: good.sub,
        scopes: good.scopes,
        json: good.json,
        seen: seen.length === 1 && seen[0] === good.raw,
        refused,
        again: (await oidc.introspectToken({ ...offline, address: honest })).active,
        named: (await oidc.introspectToken({ ...named, issuer: metadata.issuer, address: honest })).active,
        codes: [
          await codeOf({ address: tampered }),
          await codeOf({ address: honest, algorithm: "RS256" }),
          await codeOf({ address: honest, clientId: "another" }),
          await codeOf({ address: honest, metadata: { issuer: "https://other.example" } }),
          await codeOf({ address: honest, keySet: { keys: [] } }),
          // Another kind of token of the same issuer, and what anybody could have written.
          await codeOf({ address: await answered(tokens.idToken ?? ""), algorithm: "RS256" }),
          await codeOf({ address: await world.script({ body: { active: true } }) }),
        ],
        unchecked: (await oidc.introspectToken({ ...offline, address: tampered, dangerousSkipSignatureValidation: true }))
          .active,
      };
    },
    ({ active, subject, scopes, json, seen, refused, again, named, codes, unchecked }, expect) => {
      expect({ active, subject, scopes, seen, again, named }).toEqual({
        active: true,
        subject: "alice",
        scopes: ["openid", "profile", "email"],
        seen: true,
        again: true,
        named: true,
      });
      expect(json).toMatchObject({ active: true, sub: "alice", client_id: "spa" });
      expect(json).not.toHaveProperty("token_introspection");
      expect(refused).toMatchObject({
        code: "hook_failed",
        type: "usage",
        phase: "introspection",
        cause: "Error: not today",
      });
      expect(codes).toEqual([
        "signature_invalid",
        "algorithm_mismatch",
        "jwt_audience_mismatch",
        "jwt_issuer_mismatch",
        "signing_key_not_found",
        "jwt_type_not_allowed",
        "unexpected_content_type",
      ]);
      expect(unchecked).toBe(true);
    },
  ),
  scenario(
    "a revoked token is not active any more, and revoking an unknown one succeeds too",
    async (world) => {
      const { oidc, provider } = world;
      const { tokens, metadata, clientId } = await world.signIn();
      const { id, secret: clientSecret } = provider.clients.api;
      const introspect = async (): Promise<boolean> => {
        const clientAuthentication = { method: "client_secret_basic", clientSecret } as const;
        return (await oidc.introspectToken({ metadata, clientId: id, clientAuthentication, token: tokens.accessToken }))
          .active;
      };
      const before = await introspect();
      const { status, raw } = await oidc.revokeToken({
        metadata,
        clientId,
        token: tokens.accessToken,
        tokenTypeHint: "access_token",
      });
      const unknown = await oidc.revokeToken({ metadata, clientId, token: "nobody's" });
      const refused = await world.failureOf(() =>
        oidc.revokeToken({ metadata, clientId: "nobody", token: tokens.accessToken }),
      );
      return { before, after: await introspect(), status, raw, unknown: unknown.status, refused };
    },
    ({ refused, ...revoked }, expect) => {
      expect(revoked).toEqual({ before: true, after: false, status: 200, raw: "", unknown: 200 });
      expect(refused).toMatchObject({
        code: "endpoint_error",
        type: "protocol",
        phase: "revocation",
        status: 401,
        error: "invalid_client",
      });
    },
  ),
  scenario(
    "userinfo is about the person of the ID Token, or it is refused",
    async (world) => {
      const { oidc } = world;
      const { tokens, metadata } = await world.signIn();
      const request = { metadata, accessToken: tokens.accessToken, subject: "alice" };
      const { sub, json, status } = await oidc.fetchUserInfo(request);
      const unchecked = { metadata, accessToken: tokens.accessToken, dangerousSkipSubjectCheck: true } as const;
      return {
        sub,
        json,
        status,
        unchecked: (await oidc.fetchUserInfo(unchecked)).sub,
        other: await world.failureOf(() => oidc.fetchUserInfo({ ...request, subject: "alicex" })),
        token: await world.failureOf(() => oidc.fetchUserInfo({ ...request, accessToken: "nobody's" })),
        signed: await world.failureOf(() => oidc.fetchUserInfo({ ...request, responseFormat: "jwt" })),
      };
    },
    ({ sub, json, status, unchecked, other, token, signed }, expect) => {
      expect({ sub, status, unchecked }).toEqual({ sub: "alice", status: 200, unchecked: "alice" });
      expect(json).toEqual({ sub: "alice", name: "Alice Liddell", email: "alice@example.com" });
      expect(other).toMatchObject({ code: "userinfo_subject_mismatch", type: "validation", phase: "userinfo" });
      expect(token).toMatchObject({
        code: "userinfo_error",
        type: "protocol",
        phase: "userinfo",
        status: 401,
        error: "invalid_token",
        errorDescription: "invalid token provided",
      });
      expect(signed).toMatchObject({ code: "unexpected_content_type", type: "http", phase: "userinfo" });
    },
  ),
  scenario(
    "signed userinfo is verified",
    async (world) => {
      const { oidc, provider } = world;
      const { tokens, metadata, clientId } = await world.signIn({ clientId: provider.clients.signedUserinfo });
      const request = { metadata, clientId, accessToken: tokens.accessToken, subject: "alice", algorithm: "ES256" } as const;
      const { sub, json, raw } = await oidc.fetchUserInfo(request);
      const tampered = await world.script({ body: changeOneCharacter(raw), headers: { "content-type": "application/jwt" } });
      const codeOf = async (change: object): Promise<string> =>
        (await world.failureOf(() => oidc.fetchUserInfo({ ...request, ...change }))).code;
      return {
        sub,
        json,
        parts: raw.split(".").length,
        demanded: (await oidc.fetchUserInfo({ ...request, responseFormat: "jwt" })).sub,
        codes: [
          await codeOf({ address: tampered }),
          await codeOf({ algorithm: "RS256" }),
          await codeOf({ clientId: "another" }),
          await codeOf({ subject: "bob" }),
        ],
      };
    },
    ({ sub, json, parts, demanded, codes }, expect, { provider }) => {
      expect({ sub, parts, demanded }).toEqual({ sub: "alice", parts: 3, demanded: "alice" });
      expect(json).toMatchObject({ iss: provider.issuer, aud: provider.clients.signedUserinfo, name: "Alice Liddell" });
      expect(codes).toEqual([
        "signature_invalid",
        "algorithm_mismatch",
        "jwt_audience_mismatch",
        "userinfo_subject_mismatch",
      ]);
    },
  ),
  scenario(
    "a client registers itself, reads, updates and deletes its registration",
    async (world) => {
      const { oidc, provider } = world;
      const metadata = await world.metadata();
      const clientMetadata = {
        client_name: "Notes",
        redirect_uris: ["https://notes.example.com/callback"],
        token_endpoint_auth_method: "client_secret_basic",
      };
      const register = { metadata, clientMetadata, initialAccessToken: provider.initialAccessToken };
      const registered = await oidc.registerClient(register);
      const { clientId, registrationClientUri = "", registrationAccessToken = "" } = registered;
      const manage = { registrationClientUri, registrationAccessToken };
      const read = await oidc.readClient(manage);
      const updated = await oidc.updateClient({
        ...manage,
        clientId,
        clientMetadata: { ...registered.json, client_name: "Better notes" },
      });
      // The provider gives a new token with every update.
      const renewed = { ...manage, registrationAccessToken: updated.registrationAccessToken ?? "" };
      const invalid = await world.failureOf(() =>
        oidc.updateClient({ ...renewed, clientId, clientMetadata: { ...clientMetadata, redirect_uris: ["no URL"] } }),
      );
      const deleted = await oidc.deleteClient(renewed);
      return {
        registered: {
          status: registered.status,
          secret: typeof registered.clientSecret,
          at: typeof registered.clientIdIssuedAt,
          expires: registered.clientSecretExpiresAt,
        },
        same:
          read.clientId === clientId &&
          read.status === 200 &&
          updated.clientId === clientId &&
          updated.clientSecret === registered.clientSecret,
        names: [registered, read, updated].map(({ json }) => json["client_name"]),
        rotated: updated.registrationAccessToken !== registrationAccessToken,
        deleted: { status: deleted.status, raw: deleted.raw },
        invalid,
        gone: await world.failureOf(() => oidc.readClient(renewed)),
        stranger: await world.failureOf(() => oidc.registerClient({ ...register, initialAccessToken: "wrong" })),
      };
    },
    ({ registered, same, names, rotated, deleted, invalid, gone, stranger }, expect) => {
      expect(registered).toEqual({ status: 201, secret: "string", at: "number", expires: 0 });
      expect({ same, rotated, names }).toEqual({ same: true, rotated: true, names: ["Notes", "Notes", "Better notes"] });
      expect(deleted).toEqual({ status: 204, raw: "" });
      const refused = { code: "endpoint_error", type: "protocol", phase: "registration" };
      expect(invalid).toMatchObject({
        ...refused,
        status: 400,
        error: "invalid_redirect_uri",
        errorDescription: "redirect_uris must only contain valid uris",
      });
      expect(gone).toMatchObject({ ...refused, status: 401, error: "invalid_token" });
      expect(stranger).toMatchObject({ ...refused, status: 401, error: "invalid_token" });
    },
  ),
];

const outcomes: readonly Scenario[] = [
  scenario(
    "every strange answer has an outcome of its own",
    async (world) => {
      const { oidc } = world;
      const html = { "content-type": "text/html" };
      const json = { "content-type": "application/json" };
      const answers = {
        "a 200 that carries an error": { body: { error: "invalid_grant", error_description: "Used before." } },
        "an error as HTML": { status: 502, headers: html, body: "<h1>Bad gateway</h1>" },
        "an error in JSON with the wrong type": { status: 400, headers: html, body: '{"error":"invalid_grant"}' },
        "an error without a name": { status: 400, body: { message: "no" } },
        "an empty body": { headers: json, body: "" },
        "a body of no type": { body: "" },
        "a page instead of JSON": { headers: html, body: "<!doctype html>" },
        "a list": { body: [FIVE_TOKENS] },
        "a member twice": { headers: json, body: '{"access_token":"a","access_token":"b","token_type":"Bearer"}' },
        "a number as a string": { body: { ...FIVE_TOKENS, expires_in: "300" } },
        "no access token": { body: { token_type: "Bearer" } },
        "a type of token that nobody asked for": { body: { ...FIVE_TOKENS, token_type: "DPoP" } },
        "a redirect": { status: 307, headers: { location: "https://evil.example/" } },
        "too many requests": { status: 429, headers: { "retry-after": "7", ...json }, body: '{"error":"slow_down"}' },
        "no answer": { fault: "drop" },
      } as const;
      const results: Record<string, object> = {};
      for (const [name, answer] of Object.entries(answers)) {
        const address = await world.script(answer);
        const {
          message: _,
          details,
          ...failure
        } = await world.failureOf(() => oidc.requestClientCredentialsToken({ address, clientId: "spa" }));
        results[name] = { ...failure, member: details?.["member"] };
      }
      return results;
    },
    (results, expect) => {
      const error = { code: "token_error", type: "protocol", phase: "token" };
      const http = { type: "http", phase: "token" };
      const validation = { type: "validation", phase: "token" };
      expect(results).toMatchObject({
        "a 200 that carries an error": { ...error, status: 200, error: "invalid_grant", errorDescription: "Used before." },
        "an error as HTML": {
          ...http,
          code: "unexpected_status",
          status: 502,
          retryable: true,
          raw: "<h1>Bad gateway</h1>",
        },
        "an error in JSON with the wrong type": {
          ...http,
          code: "unexpected_status",
          status: 400,
          raw: '{"error":"invalid_grant"}',
        },
        "an error without a name": { ...http, code: "unexpected_status", status: 400, raw: '{"message":"no"}' },
        "an empty body": { ...validation, code: "invalid_json" },
        "a body of no type": { ...http, code: "unexpected_content_type" },
        "a page instead of JSON": { ...http, code: "unexpected_content_type", raw: "<!doctype html>" },
        "a list": { ...validation, code: "invalid_json" },
        "a member twice": { ...validation, code: "invalid_json" },
        "a number as a string": { ...validation, code: "invalid_response", member: "expires_in" },
        "no access token": { ...validation, code: "invalid_response", member: "access_token" },
        "a type of token that nobody asked for": { ...validation, code: "token_type_not_supported" },
        "a redirect": { ...http, code: "redirect_refused" },
        "too many requests": { ...error, status: 429, error: "slow_down", retryable: true },
        "no answer": { type: "network", code: "network_error", phase: "token", retryable: true },
      });
    },
  ),
  scenario(
    "members that nobody has a name for, and headers that matter, are there",
    async (world) => {
      const address = await world.script({
        headers: {
          "retry-after": "3",
          "dpop-nonce": "n-1",
          "x-own": "hidden",
          "content-type": "application/json;charset=UTF-8",
        },
        body: '{"access_token":"a","token_type":"bearer","expires_in":300,"account":{"id":7},"__proto__":{"admin":true}}',
      });
      const { json, raw, headers, tokenType, expiresIn } = await world.oidc.requestClientCredentialsToken({
        address,
        clientId: "spa",
      });
      // A member of this name must not become the prototype of anything.
      const admin = [json["admin"], ({} as Record<string, unknown>)["admin"]].map((value) => typeof value);
      return { account: json["account"], admin, raw, headers, tokenType, expiresIn };
    },
    ({ account, admin, raw, headers, tokenType, expiresIn }, expect) => {
      expect(account).toEqual({ id: 7 });
      expect(admin).toEqual(["undefined", "undefined"]);
      expect(raw).toContain('"account":{"id":7}');
      expect(headers).toMatchObject({
        "retry-after": "3",
        "dpop-nonce": "n-1",
        "content-type": "application/json;charset=UTF-8",
      });
      expect(headers).not.toHaveProperty("x-own");
      expect(tokenType.toLowerCase()).toBe("bearer");
      expect(expiresIn).toBe(300);
    },
  ),
  scenario(
    "a call ends at its deadline and at the caller's signal, also while it waits for the application",
    async (world) => {
      const { oidc } = world;
      const address = await world.script({ fault: "silent" });
      await world.taken();
      const abort = new AbortController();
      const late = world.failureOf(() =>
        oidc.requestClientCredentialsToken({ address, clientId: "spa", timeoutSeconds: 1 }),
      );
      const aborted = world.failureOf(() =>
        oidc.requestClientCredentialsToken({ address, clientId: "spa", signal: abort.signal }),
      );
      await world.reached(address, 2);
      const never = { method: "client_assertion", assertion: () => new Promise<string>(() => {}) } as const;
      const asking = world.failureOf(() =>
        oidc.requestClientCredentialsToken({ address, clientId: "spa", clientAuthentication: never, signal: abort.signal }),
      );
      abort.abort();
      return { late: await late, aborted: await aborted, asking: (await asking).code };
    },
    ({ late, aborted, asking }, expect) => {
      expect(asking).toBe("aborted");
      expect(late).toMatchObject({ code: "timeout", type: "timeout", phase: "token" });
      expect(aborted).toMatchObject({ code: "aborted", type: "aborted" });
    },
  ),
];

const caches: readonly Scenario[] = [
  scenario(
    "a cache asks once for everybody who waits",
    async (world) => {
      const { oidc, rfc } = world;
      const authority = `${rfc.origin}/${oidc.randomString()}`;
      const document = `${authority}/.well-known/openid-configuration`;
      const body = { issuer: authority, jwks_uri: `${authority}/jwks`, token_endpoint: `${authority}/token` };
      await world.scriptAt(new URL(document).pathname, { fault: "hold", body });
      await world.taken();
      const cache = new oidc.DiscoveryCache({ authority });
      const gets = Array.from({ length: 20 }, async () => cache.get());
      const abort = new AbortController();
      const left = world.failureOf(() => cache.get({ signal: abort.signal }));
      await world.reached(document);
      // Whoever does not want to wait any more leaves alone.
      abort.abort();
      const { code: leaving } = await left;
      await world.release(document);
      const entries = await Promise.all(gets);
      const later = await cache.get();
      const requests = (await world.taken()).length;
      return {
        requests,
        issuers: [...new Set(entries.map(({ metadata }) => metadata.issuer === authority))],
        stale: later.stale,
        leaving,
        age: Date.now() / 1000 - later.fetchedAt,
      };
    },
    ({ age, ...result }, expect) => {
      expect(result).toEqual({ requests: 1, issuers: [true], stale: false, leaving: "aborted" });
      expect(Math.abs(age)).toBeLessThan(30);
    },
  ),
  scenario(
    "a cache whose refresh fails keeps serving the last good document",
    async (world) => {
      const { oidc, rfc } = world;
      const authority = `${rfc.origin}/${oidc.randomString()}`;
      const path = `${new URL(authority).pathname}/.well-known/openid-configuration`;
      const body = { issuer: authority, jwks_uri: `${authority}/jwks` };
      await world.scriptAt(path, { body }, { status: 503 });
      const cache = new oidc.DiscoveryCache({ authority, durationSeconds: 100, hardExpirySeconds: 1000 });
      const first = await cache.get();
      return world.later(200, async () => {
        const second = await cache.get();
        const refreshed = await world.failureOf(() => cache.refresh());
        const third = await cache.get();
        await world.scriptAt(path, { body: { ...body, token_endpoint: `${authority}/token` } });
        const fourth = await cache.refresh();
        return {
          stale: [first.stale, second.stale, third.stale, fourth.stale],
          same: [second.fetchedAt, third.fetchedAt].every((at) => at === first.fetchedAt),
          endpoint: fourth.metadata.token_endpoint === `${authority}/token`,
          refreshed,
        };
      });
    },
    ({ refreshed, ...result }, expect) => {
      expect(result).toEqual({ stale: [false, true, true, false], same: true, endpoint: true });
      expect(refreshed).toMatchObject({ code: "unexpected_status", phase: "discovery", status: 503, retryable: true });
    },
  ),
  scenario(
    "a cache serves nothing after the hard expiry",
    async (world) => {
      const { oidc, rfc } = world;
      const authority = `${rfc.origin}/${oidc.randomString()}`;
      const path = `${new URL(authority).pathname}/.well-known/openid-configuration`;
      await world.scriptAt(path, { body: { issuer: authority, jwks_uri: `${authority}/jwks` } }, { status: 503 });
      const cache = new oidc.DiscoveryCache({ authority, durationSeconds: 100, hardExpirySeconds: 1000 });
      await cache.get();
      const failure = await world.later(1001, () => world.failureOf(() => cache.get()));
      return failure;
    },
    (failure, expect) => expect(failure).toMatchObject({ code: "unexpected_status", phase: "discovery", status: 503 }),
  ),
  scenario(
    "a key set is fetched again for a key it does not have, once",
    async (world) => {
      const { oidc, rfc } = world;
      const authority = `${rfc.origin}/${oidc.randomString()}`;
      const { pathname } = new URL(authority);
      const key = (kid: string) => ({ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid });
      await world.scriptAt(`${pathname}/.well-known/openid-configuration`, {
        body: { issuer: authority, jwks_uri: `${authority}/jwks` },
      });
      await world.scriptAt(
        `${pathname}/jwks`,
        { body: { keys: [key("old")] } },
        { body: { keys: [key("old"), key("new")] } },
      );
      await world.taken();
      const cache = new oidc.DiscoveryCache({ authority });
      const sets = [await cache.keySet({ kid: "old" }), await cache.keySet(), await cache.keySet({ kid: "new" })];
      // Nobody has this one: within the cooldown nothing is asked again.
      sets.push(await cache.keySet({ kid: "unknown" }), await cache.keySet({ kid: "unknown" }));
      const requests = (await world.taken()).map(({ path }) => path.slice(pathname.length));
      await world.later(61, () => cache.keySet({ kid: "unknown" }));
      const later = (await world.taken()).length;
      return { later, sets: sets.map(({ keys }) => keys.map(({ kid }) => kid)), requests };
    },
    ({ later, sets, requests }, expect) => {
      expect(later, "after the cooldown").toBe(1);
      expect(sets).toEqual([["old"], ["old"], ["old", "new"], ["old", "new"], ["old", "new"]]);
      expect(requests).toEqual(["/.well-known/openid-configuration", "/jwks", "/jwks"]);
    },
  ),
];

export const scenarios: Readonly<Record<string, readonly Scenario[]>> = {
  "documents and keys": documents,
  "people sign in": codes,
  "clients get tokens": machines,
  "devices and backchannel": devices,
  "what becomes of tokens": tokens,
  "answers that are not as they should be": outcomes,
  "the discovery cache": caches,
};
