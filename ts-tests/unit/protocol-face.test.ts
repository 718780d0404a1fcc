import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { inspect } from "node:util";
import { base64url as joseBase64url, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import {
  base64url,
  basicAuthorization,
  certificateThumbprint,
  computeCodeChallenge,
  createAuthorizeUrl,
  createEndSessionUrl,
  createRequestObject,
  createRequestUrl,
  DiscoveryCache,
  epoch,
  fetchDiscoveryDocument,
  fetchUserInfo,
  generatePkce,
  getBoolean,
  getInteger,
  getString,
  getStringArray,
  init,
  introspectToken,
  isOidcError,
  isPrivateJwk,
  jwkKeySize,
  jwkThumbprint,
  parseAuthorizeResponse,
  parseWwwAuthenticate,
  pollDeviceToken,
  pushAuthorizationRequest,
  randomBytes,
  randomInteger,
  randomString,
  readClient,
  requestToken,
  timingSafeEqual,
  validateAuthorizeResponse,
  validateIdToken,
  type AuthorizeResponseValidationRequest,
  type ClientAuthentication,
  type IdTokenValidationRequest,
  type JsonWebKey,
  type JsonWebKeySet,
  type OidcError,
  type ParametersInit,
  type PrivateKeyJwt,
  type RequestObjectParameters,
} from "oidc-wasm/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freshPackage } from "./support/package.ts";
import { serve, type Seen, type TestServer } from "./support/server.ts";

/** Answers of the next requests; a token, when there is none. */
const answers: { status: number; type: string; body: string }[] = [];
let server: TestServer;
let address: string;

beforeAll(async () => {
  await init();
  server = await serve((_request, response) => {
    const token = { access_token: "CANARY-token", token_type: "Bearer" };
    const { status, type, body } = answers.shift() ?? { status: 200, type: "application/json", body: JSON.stringify(token) };
    response.writeHead(status, { "content-type": type });
    response.end(body);
  });
  address = `${server.origin}/token`;
});

afterAll(() => server[Symbol.asyncDispose]());

function willAnswer(body: unknown, status = 200, type = "application/json"): void {
  answers.push({ status, type, body: typeof body === "string" ? body : JSON.stringify(body) });
}

/** The requests that reach the server during some work. */
async function seenDuring(work: () => Promise<unknown>): Promise<Seen[]> {
  const before = server.requests.length;
  await work();
  return server.requests.slice(before);
}

/** The one request that some work makes. */
async function sentBy(work: () => Promise<unknown>): Promise<Seen> {
  const [only, ...others] = await seenDuring(work);
  if (!only || others.length > 0) throw new Error("not one request");
  return only;
}

/** What some work rejects with, without anything having been sent. */
async function refusal(work: () => Promise<unknown>): Promise<OidcError> {
  let caught: unknown;
  const seen = await seenDuring(() => work().catch((failure: unknown) => void (caught = failure)));
  expect(seen).toEqual([]);
  if (!isOidcError(caught)) throw new Error("no OidcError", { cause: caught });
  return caught;
}

/** What a call throws. */
function thrownBy(work: () => unknown): OidcError {
  try {
    work();
  } catch (failure) {
    if (isOidcError(failure)) return failure;
    throw failure;
  }
  throw new Error("nothing was thrown");
}

/** The code of what a call throws, or that it does not. */
function outcome(work: () => unknown): string {
  try {
    work();
    return "fine";
  } catch (failure) {
    return isOidcError(failure) ? failure.code : String(failure);
  }
}

const grantType = "urn:example:grant";

describe("parameters", () => {
  const pairs: [string, string | number | boolean][] = [
    ["audience", "a"],
    ["audience", "b c"],
    ["max", 1.5],
    ["flag", false],
    ["empty", ""],
  ];
  const object = { audience: ["a", "b c"], max: 1.5, flag: false, empty: "", gone: undefined, nil: null, none: [] };
  const shapes: [string, () => ParametersInit][] = [
    ["an object", () => object],
    ["a Map", () => new Map(Object.entries(object))],
    ["pairs", () => pairs],
    ["a generator of pairs", () => pairs.values()],
    ["URLSearchParams", () => new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)]))],
    ["an object without a prototype", () => Object.assign(Object.create(null) as typeof object, object)],
  ];

  test.each(shapes)("may be %s, and mean the same", async (_shape, make) => {
    const encoded = "audience=a&audience=b+c&max=1.5&flag=false&empty=";
    const { body } = await sentBy(() => requestToken({ address, grantType, parameters: make() }));
    expect(body).toBe(`${encoded}&grant_type=urn%3Aexample%3Agrant`);
    expect(createRequestUrl("/search", make())).toBe(`/search?${encoded.replace("+", "%20")}`);
  });

  const bad: [string, unknown][] = [
    ["a query", "a=b"],
    ["a number", 1],
    ["null", null],
    ["a list of names", ["a"]],
    ["half a pair", [["a"]]],
    ["a name that is no text", [[1, "a"]]],
    ["an object as value", { a: {} }],
    ["a list in a list", { a: [["b"]] }],
    ["NaN", { a: Number.NaN }],
    ["a bigint", { a: 1n }],
    ["a symbol", { a: Symbol("a") }],
    ["a function", { a: () => "b" }],
  ];
  test.each(bad)("%s is refused before anything is sent", async (_what, parameters) => {
    const wrong = parameters as ParametersInit;
    const error = await refusal(() => requestToken({ address, grantType, parameters: wrong }));
    expect(error).toMatchObject({ code: "invalid_argument", type: "usage", details: { option: "parameters" } });
    expect(thrownBy(() => createRequestUrl("/", wrong)).code).toBe("invalid_argument");
  });
});

describe("what the caller gives", () => {
  test("is never changed", async () => {
    const freeze = <T extends object>(value: T): T => {
      Object.values(value).forEach((member: unknown) => typeof member === "object" && member !== null && freeze(member));
      return Object.freeze(value);
    };
    const request = freeze({
      address,
      grantType,
      clientId: "job",
      clientAuthentication: { method: "client_secret_jwt", clientSecret: "CANARY-secret" } as const,
      parameters: { audience: ["a"] },
      headers: { "x-a": "b" },
    });
    const before = JSON.stringify(request);
    await requestToken(request);
    expect(JSON.stringify(request)).toBe(before);
  });

  test("counts as it was when the call was made", async () => {
    const parameters = { audience: "then" };
    const { body } = await sentBy(() => {
      const answer = requestToken({ address, grantType, parameters });
      parameters.audience = "now";
      return answer;
    });
    expect(body).toContain("audience=then&");
  });

  test("must be plain data", async () => {
    const error = await refusal(() => requestToken({ address, grantType: (() => "x") as unknown as string }));
    expect(error).toMatchObject({ code: "invalid_argument", cause: expect.any(TypeError) as Error });
  });

  test("must have names that exist", async () => {
    const misspelt = { address, granttype: grantType } as Parameters<typeof requestToken>[0];
    expect(await refusal(() => requestToken(misspelt))).toMatchObject({ code: "invalid_argument", details: { option: "granttype" } });
  });

  test("may bring headers as an object or as Headers", async () => {
    for (const headers of [{ "X-Trace": "1" }, new Headers({ "X-Trace": "1" })]) {
      const seen = await sentBy(() => requestToken({ address, grantType, headers }));
      expect(seen.headers["x-trace"]).toBe("1");
    }
    const error = await refusal(() => requestToken({ address, grantType, headers: new Headers({ authorization: "Bearer x" }) }));
    expect(error).toMatchObject({ code: "invalid_argument", details: { option: "headers" } });
  });

  test("may abort the call", async () => {
    const reason = AbortSignal.abort();
    expect(await refusal(() => requestToken({ address, grantType, signal: reason }))).toMatchObject({ code: "aborted" });
  });
});

describe("a function of the application", () => {
  const clientId = "job";
  const asking = (assertion: unknown): ClientAuthentication => ({
    method: "client_assertion",
    assertion: assertion as () => string,
    assertionType: "urn:example:assertion",
  });

  test("makes an assertion afresh for every call", async () => {
    let made = 0;
    const clientAuthentication = asking(async () => `assertion-${(made += 1)}`);
    const seen = await seenDuring(async () => {
      await requestToken({ address, grantType, clientId, clientAuthentication });
      await requestToken({ address, grantType, clientId, clientAuthentication });
    });
    const bodies = seen.map(({ body }) => new URLSearchParams(body));
    expect(bodies.map((body) => body.get("client_assertion"))).toEqual(["assertion-1", "assertion-2"]);
    expect(bodies[0]?.get("client_assertion_type")).toBe("urn:example:assertion");
    expect(bodies[0]?.get("client_id")).toBe(clientId);
  });

  test("makes one for every request of a poll", async () => {
    // The pause of a second between two requests takes no time here.
    const wait = setTimeout;
    vi.stubGlobal("setTimeout", (run: () => void, delay: number) => wait(run, delay === 1000 ? 0 : delay));
    let made = 0;
    willAnswer({ error: "authorization_pending" }, 400);
    willAnswer({ error: "authorization_pending" }, 400);
    const seen = await seenDuring(() =>
      pollDeviceToken({ address, clientId, deviceCode: "d", interval: 1, clientAuthentication: asking(() => `a${(made += 1)}`) }),
    );
    expect(seen.map(({ body }) => new URLSearchParams(body).get("client_assertion"))).toEqual(["a1", "a2", "a3"]);
  });

  const reason = new Error("no key today");
  test.each([
    ["throws", () => { throw reason; }],
    ["rejects", () => Promise.reject(reason)],
  ])("that %s ends the call with its reason, and nothing is sent", async (_how, factory) => {
    const error = await refusal(() => requestToken({ address, grantType, clientId, clientAuthentication: asking(factory) }));
    expect(error).toMatchObject({ code: "hook_failed", type: "usage", phase: "token", retryable: false });
    expect(error.cause).toBe(reason);
    expect(JSON.stringify(error)).not.toContain("no key today");
  });

  test.each([undefined, null, 7, { assertion: "x" }])("that gives %o instead of a text ends the call", async (given) => {
    const error = await refusal(() => requestToken({ address, grantType, clientId, clientAuthentication: asking(() => given) }));
    expect(error).toMatchObject({ code: "hook_failed", cause: expect.any(TypeError) as Error });
  });

  test("that throws nothing at all still is the cause", async () => {
    const factory = (): Promise<string> => Promise.reject<string>(undefined as unknown as Error);
    const error = await refusal(() => requestToken({ address, grantType, clientId, clientAuthentication: asking(factory) }));
    expect(error.code).toBe("hook_failed");
    expect(Object.hasOwn(error, "cause")).toBe(true);
  });

  test("does not mix its reasons with those of other calls", async () => {
    const reasons = [new Error("one"), new Error("two")];
    const errors = await Promise.all(
      reasons.map((cause) => {
        const clientAuthentication = asking(() => Promise.reject(cause));
        return refusal(() => requestToken({ address, grantType, clientId, clientAuthentication }));
      }),
    );
    expect(errors.map((error) => error.cause)).toEqual(reasons);
  });

  test("may use this package itself", async () => {
    const clientAuthentication = asking(() => base64url.encode("nested"));
    const { body } = await sentBy(() => requestToken({ address, grantType, clientId, clientAuthentication }));
    expect(new URLSearchParams(body).get("client_assertion")).toBe(base64url.encode("nested"));
  });

  describe("that checks a signed introspection answer", () => {
    const metadata = { issuer: "https://id.example.com" };

    async function signedAnswer(): Promise<{ jwt: string; keySet: JsonWebKeySet }> {
      const { privateKey, publicKey } = await generateKeyPair("ES256");
      const jwt = await new SignJWT({ token_introspection: { active: true, scope: "a b" } })
        .setProtectedHeader({ alg: "ES256", typ: "token-introspection+jwt", kid: "k" })
        .setIssuer(metadata.issuer)
        .setAudience("api")
        .setIssuedAt()
        .sign(privateKey);
      return { jwt, keySet: { keys: [{ ...(await exportJWK(publicKey)), kty: "EC", kid: "k" }] } };
    }

    test("gets the JWT, once", async () => {
      const { jwt, keySet } = await signedAnswer();
      willAnswer(jwt, 200, "application/token-introspection+jwt");
      const validate = vi.fn<(jwt: string) => void>();
      const found = await introspectToken({ address, metadata, keySet, clientId: "api", token: "t", responseFormat: "jwt", validate });
      expect(found).toMatchObject({ active: true, scopes: ["a", "b"] });
      expect(validate.mock.calls).toEqual([[jwt]]);
    });

    test("refuses it by throwing", async () => {
      const { jwt, keySet } = await signedAnswer();
      willAnswer(jwt, 200, "application/token-introspection+jwt");
      const validate = (): Promise<void> => Promise.reject(reason);
      const call = introspectToken({ address, ...metadata, keySet, clientId: "api", token: "t", responseFormat: "jwt", validate });
      await expect(call).rejects.toMatchObject({ code: "hook_failed", phase: "introspection", cause: reason });
    });

    test("is not asked about plain JSON", async () => {
      willAnswer({ active: false });
      const validate = vi.fn<(jwt: string) => void>();
      expect((await introspectToken({ address, clientId: "api", token: "t", validate })).active).toBe(false);
      expect(validate).not.toHaveBeenCalled();
    });
  });
});

describe("a request object", () => {
  const issuer = "https://id.example.com";
  const clientId = "spa";
  const query = { responseType: "code", codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" } as const;

  test("AR-15: says who asks whom, by a signature of the key", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const request = await createRequestObject({
      ...query,
      clientId,
      issuer,
      key: privateKey,
      keyId: "k",
      lifetimeSeconds: 120,
      maxAge: 0,
      claims: { id_token: { acr: { value: "urn:mfa" } } },
      authorizationDetails: [{ type: "payment", amount: 12 }],
      audience: "https://api.example.com",
      parameters: { vendor: ["a", "b"], flag: true },
    });
    const options = { issuer: clientId, audience: issuer, typ: "oauth-authz-req+jwt", algorithms: ["ES256"] };
    const { payload, protectedHeader } = await jwtVerify(request, publicKey, options);
    const { iat = 0, jti, ...claims } = payload;
    expect(protectedHeader).toEqual({ typ: "oauth-authz-req+jwt", alg: "ES256", kid: "k" });
    expect(jti).toMatch(/^[\w-]{20,}$/);
    expect(claims).toEqual({
      iss: clientId,
      aud: issuer,
      nbf: iat,
      exp: iat + 120,
      client_id: clientId,
      response_type: "code",
      code_challenge: query.codeChallenge,
      code_challenge_method: "S256",
      max_age: 0,
      claims: { id_token: { acr: { value: "urn:mfa" } } },
      authorization_details: [{ type: "payment", amount: 12 }],
      audience: "https://api.example.com",
      vendor: ["a", "b"],
      flag: "true",
    });
  });

  test("is made by any key that may sign, as its JWK says, and is another one every time", async () => {
    for (const alg of ["PS256", "RS256", "ES384", "EdDSA"] as const) {
      const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
      const key = { ...(await exportJWK(privateKey)), kid: "from-jwk", alg } as JsonWebKey;
      const make = (): Promise<string> => createRequestObject({ ...query, clientId, issuer, key });
      const requests = await Promise.all([make(), make()]);
      expect(decodeProtectedHeader(requests[0] ?? "")).toMatchObject({ alg, kid: "from-jwk" });
      const ids = await Promise.all(requests.map(async (request) => (await jwtVerify(request, publicKey)).payload.jti));
      expect(ids[0]).not.toBe(ids[1]);
    }
  });

  test("AR-15: is refused where it would mean nothing, or something else", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const good = { ...query, clientId, issuer, key: privateKey };
    const wrong: [string, object][] = [
      ["algorithm", { algorithm: "none" }],
      ["algorithm", { algorithm: "HS256" }],
      ["algorithm", { algorithm: "PS256" }],
      ["key", { key: publicKey }],
      ["key", { key: undefined }],
      ["key", { key: "-----BEGIN PRIVATE KEY-----" }],
      ["key", { key: { kty: "oct", k: "c2VjcmV0" } }],
      ["issuer", { issuer: undefined }],
      ["clientId", { clientId: undefined }],
      ["lifetimeSeconds", { lifetimeSeconds: 3601 }],
      ["request", { request: "a.b.c" }],
      ["requestUri", { requestUri: "urn:x" }],
      ["sub", { parameters: { sub: clientId } }],
      ["codeChallenge", { codeChallenge: undefined }],
      ["authorizationDetails", { authorizationDetails: [{}] }],
      ["resource", { resource: "api" }],
      ["parameters", { parameters: "a=b" }],
    ];
    for (const [option, change] of wrong) {
      const error = await refusal(() => createRequestObject({ ...good, ...change } as RequestObjectParameters));
      expect(error, JSON.stringify(change)).toMatchObject({ code: "invalid_argument", details: { option } });
    }
  });

  test("counts as it was when the call was made", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kty: "EC" };
    const authorizationDetails = [{ type: "then" }];
    const making = createRequestObject({ ...query, clientId, issuer, key, authorizationDetails });
    authorizationDetails[0] = { type: "now" };
    delete key.d;
    expect((await jwtVerify(await making, publicKey)).payload["authorization_details"]).toEqual([{ type: "then" }]);
  });

  test("goes where authorization requests go", async () => {
    const { privateKey } = await generateKeyPair("ES256");
    const request = await createRequestObject({ ...query, clientId, issuer, key: privateKey });
    const url = new URL(createAuthorizeUrl({ address: "https://id.example.com/auth", clientId, request }));
    expect(Object.fromEntries(url.searchParams)).toEqual({ client_id: clientId, request });
    willAnswer({ request_uri: "urn:x", expires_in: 60 }, 201);
    const { body } = await sentBy(() => pushAuthorizationRequest({ address, clientId, request }));
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({ client_id: clientId, request });
  });
});

describe("a signed authorization response", () => {
  const metadata = { issuer: "https://id.example.com", authorization_signing_alg_values_supported: ["ES256"] };
  const clientId = "spa";
  const state = "CANARY-state";

  async function signing(): Promise<{ sign: (claims?: object, header?: object) => Promise<string>; keySet: JsonWebKeySet }> {
    const { privateKey, publicKey } = await generateKeyPair("ES256");
    const sign = (claims: object = {}, header: object = {}): Promise<string> => {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: metadata.issuer, aud: clientId, exp: now + 60, code: "CANARY-code", state, ...claims };
      return new SignJWT(JSON.parse(JSON.stringify(all)) as Record<string, unknown>)
        .setProtectedHeader({ alg: "ES256", kid: "k", ...header })
        .sign(privateKey);
    };
    return { sign, keySet: { keys: [{ ...(await exportJWK(publicKey)), kty: "EC", kid: "k" }] } };
  }

  test("CB-11: is read as one that is not signed", async () => {
    const { sign, keySet } = await signing();
    const response = await sign({ session_state: "s.1" });
    const read = await validateAuthorizeResponse({ response, metadata, keySet, clientId, state });
    expect(parseAuthorizeResponse(`?response=${response}`).response).toBe(response);
    expect(read).toMatchObject({ code: "CANARY-code", state, iss: metadata.issuer, sessionState: "s.1" });
    expect(read.parameters).toMatchObject({ code: "CANARY-code", state });
  });

  test("CB-11: is believed when it says that something went wrong, and only then", async () => {
    const { sign, keySet } = await signing();
    const response = await sign({ code: undefined, error: "access_denied", error_description: "No." });
    const believed = { code: "authorization_error", error: "access_denied", errorDescription: "No." };
    await expect(validateAuthorizeResponse({ response, metadata, keySet, clientId, state })).rejects.toMatchObject(believed);
    const tampered = `${response.slice(0, -8)}AAAAAAAA`;
    const call = validateAuthorizeResponse({ response: tampered, metadata, keySet, clientId, state });
    await expect(call).rejects.toMatchObject({ code: "signature_invalid" });
  });

  const now = Math.floor(Date.now() / 1000);
  test.each<[string, object, object]>([
    ["jwt_issuer_mismatch", { iss: "https://evil.example" }, {}],
    ["claim_invalid", { iss: undefined }, {}],
    ["jwt_audience_mismatch", { aud: "other" }, {}],
    ["jwt_expired", { exp: now - 61 }, {}],
    ["claim_invalid", { exp: undefined }, {}],
    ["unknown_state", { state: "other" }, {}],
    ["missing_state", { state: undefined }, {}],
    ["jwt_type_not_allowed", {}, { typ: "at+jwt" }],
    ["ambiguous_response", { error: "access_denied" }, {}],
  ])("CB-11: ends in %s", async (code, claims, header) => {
    const { sign, keySet } = await signing();
    const response = await sign(claims, header);
    const failure: unknown = await validateAuthorizeResponse({ response, metadata, keySet, clientId, state }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, type: "validation", phase: "callback" });
    expect(inspect(failure, { depth: 9 })).not.toMatch(/CANARY/);
  });

  test("CB-11: is signed by the one algorithm of this client, and never by none", async () => {
    const { sign, keySet } = await signing();
    const response = await sign();
    const call = { response, metadata, keySet, clientId, state };
    await expect(validateAuthorizeResponse({ ...call, algorithm: "PS256" })).rejects.toMatchObject({ code: "algorithm_mismatch" });
    const [, payload] = response.split(".");
    const unsigned = `${joseBase64url.encode('{"alg":"none"}')}.${payload}.`;
    await expect(validateAuthorizeResponse({ ...call, response: unsigned })).rejects.toMatchObject({ code: "algorithm_not_allowed" });
  });

  test("needs to know whom it is for", async () => {
    for (const option of ["response", "metadata", "clientId"]) {
      const { [option]: _, ...rest } = { response: "a.b.c", metadata, clientId } as Record<string, unknown>;
      const error = await refusal(() => validateAuthorizeResponse(rest as unknown as AuthorizeResponseValidationRequest));
      expect(error).toMatchObject({ code: "invalid_argument", details: { option } });
    }
  });
});

describe("an assertion signed here", () => {
  const clientId = "job";
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
  const keyAlgorithms: [string, RsaHashedKeyGenParams | EcKeyGenParams | Algorithm][] = [
    ["RS256", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", ...rsa }],
    ["RS384", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384", ...rsa }],
    ["RS512", { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512", ...rsa }],
    ["PS256", { name: "RSA-PSS", hash: "SHA-256", ...rsa }],
    ["PS384", { name: "RSA-PSS", hash: "SHA-384", ...rsa }],
    ["PS512", { name: "RSA-PSS", hash: "SHA-512", ...rsa }],
    ["ES256", { name: "ECDSA", namedCurve: "P-256" }],
    ["ES384", { name: "ECDSA", namedCurve: "P-384" }],
    ["ES512", { name: "ECDSA", namedCurve: "P-521" }],
    ["EdDSA", { name: "Ed25519" }],
  ];

  async function generate(algorithm: RsaHashedKeyGenParams | EcKeyGenParams | Algorithm, extractable = false): Promise<CryptoKeyPair> {
    return (await crypto.subtle.generateKey(algorithm, extractable, ["sign", "verify"])) as CryptoKeyPair;
  }

  async function assertionWith(clientAuthentication: ClientAuthentication): Promise<string> {
    const { body } = await sentBy(() => requestToken({ address, grantType, clientId, clientAuthentication }));
    const form = new URLSearchParams(body);
    expect(form.get("client_assertion_type")).toBe("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    return form.get("client_assertion") ?? "";
  }

  test.each(keyAlgorithms)("has the algorithm %s of its CryptoKey, which need not be extractable", async (alg, parameters) => {
    const { privateKey, publicKey } = await generate(parameters);
    const jwt = await assertionWith({ method: "private_key_jwt", key: privateKey, keyId: "k1" });
    const { payload, protectedHeader } = await jwtVerify(jwt, publicKey, { issuer: clientId, subject: clientId, audience: address });
    expect(protectedHeader).toEqual({ alg, typ: "JWT", kid: "k1" });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    expect(payload.jti).toMatch(/^[\w-]{20,}$/);
  });

  test.each(keyAlgorithms)("can be made with a JWK for %s, and has its kid", async (alg, parameters) => {
    const { privateKey, publicKey } = await generate(parameters, true);
    const jwk = await crypto.subtle.exportKey("jwk", privateKey);
    const jwt = await assertionWith({ method: "private_key_jwt", key: { ...jwk, kty: jwk.kty ?? "", kid: "from-jwk", alg } });
    expect((await jwtVerify(jwt, publicKey)).protectedHeader).toEqual({ alg, typ: "JWT", kid: "from-jwk" });
  });

  test("takes PS256 for a JWK of RSA that names no algorithm, and the curve's for others", async () => {
    const expected = { "RSA-PSS": "PS256", ECDSA: "ES384", Ed25519: "EdDSA" };
    for (const [, parameters] of keyAlgorithms.filter(([alg]) => ["PS256", "ES384", "EdDSA"].includes(alg))) {
      const { privateKey, publicKey } = await generate(parameters, true);
      const { kty = "", alg: _, key_ops: __, ext: ___, ...members } = await crypto.subtle.exportKey("jwk", privateKey);
      const jwt = await assertionWith({ method: "private_key_jwt", key: { kty, ...members } });
      expect(decodeProtectedHeader(jwt).alg).toBe(expected[parameters.name as keyof typeof expected]);
      await jwtVerify(jwt, publicKey);
    }
  });

  test("may call Ed25519 by either name", async () => {
    const { privateKey, publicKey } = await generate({ name: "Ed25519" }, true);
    const jwk = await exportJWK(privateKey);
    for (const key of [privateKey, { ...jwk, kty: "OKP", alg: "EdDSA" }, { ...jwk, kty: "OKP", alg: "Ed25519" }]) {
      const jwt = await assertionWith({ method: "private_key_jwt", key, algorithm: "Ed25519" });
      expect((await jwtVerify(jwt, publicKey)).protectedHeader.alg).toBe("Ed25519");
    }
  });

  test.each(["HS256", "HS384", "HS512"] as const)("by %s has the secret in its signature only", async (algorithm) => {
    const clientSecret = "CANARY-süß-and-long-enough-for-every-hash-function-that-there-is-here";
    const clientAuthentication = { method: "client_secret_jwt", clientSecret, algorithm, audience: "https://id.example.com" } as const;
    const seen = await sentBy(() => requestToken({ address, grantType, clientId, clientAuthentication }));
    const jwt = new URLSearchParams(seen.body).get("client_assertion") ?? "";
    const options = { audience: "https://id.example.com", algorithms: [algorithm] };
    await jwtVerify(jwt, new TextEncoder().encode(clientSecret), options);
    expect(JSON.stringify(seen)).not.toContain("CANARY");
  });

  test("is another one every time, and for the issuer where the metadata names it", async () => {
    const { privateKey } = await generate({ name: "Ed25519" });
    const metadata = { issuer: server.origin, token_endpoint: address };
    const clientAuthentication: PrivateKeyJwt = { method: "private_key_jwt", key: privateKey };
    const seen = await seenDuring(async () => {
      await requestToken({ metadata, grantType, clientId, clientAuthentication });
      await requestToken({ metadata, grantType, clientId, clientAuthentication });
    });
    const claims = seen.map(({ body }) => {
      const [, payload = ""] = (new URLSearchParams(body).get("client_assertion") ?? "").split(".");
      return JSON.parse(new TextDecoder().decode(joseBase64url.decode(payload))) as { aud: string; jti: string };
    });
    expect(claims.map(({ aud }) => aud)).toEqual([server.origin, server.origin]);
    expect(claims[0]?.jti).not.toBe(claims[1]?.jti);
  });

  describe("is refused before anything is sent", () => {
    async function refused(authentication: object): Promise<OidcError> {
      const clientAuthentication = authentication as ClientAuthentication;
      const error = await refusal(() => requestToken({ address, grantType, clientId, clientAuthentication }));
      expect(error).toMatchObject({ code: "invalid_argument", type: "usage" });
      expect(JSON.stringify(error)).not.toContain("CANARY");
      return error;
    }

    test.each(["key", "algorithm"])("with keys that cannot sign it: %s is named", async (option) => {
      const method = "private_key_jwt";
      const ec = await generate({ name: "ECDSA", namedCurve: "P-256" }, true);
      const encryption = await crypto.subtle.generateKey({ name: "RSA-OAEP", hash: "SHA-256", ...rsa }, true, ["encrypt", "decrypt"]);
      const privateJwk = await exportJWK(ec.privateKey);
      const cases: Record<string, object[]> = {
        key: [
          { method, key: undefined },
          { method, key: "-----BEGIN PRIVATE KEY-----CANARY" },
          { method, key: {} },
          { method, key: ec.publicKey },
          { method, key: await exportJWK(ec.publicKey) },
          { method, key: encryption.privateKey },
          { method, key: { kty: "oct", k: "Q0FOQVJZ" } },
          { method, key: { ...privateJwk, d: "CANARY" } },
          { method, key: { ...privateJwk, use: "enc" } },
        ],
        algorithm: [
          { method, key: ec.privateKey, algorithm: "none" },
          { method, key: ec.privateKey, algorithm: "HS256" },
          { method, key: ec.privateKey, algorithm: "ES384" },
          { method, key: ec.privateKey, algorithm: "constructor" },
          { method, key: { ...privateJwk, alg: "ES256" }, algorithm: "ES384" },
        ],
      };
      for (const wrong of cases[option] ?? []) expect((await refused(wrong)).details["option"], inspect(wrong)).toBe(option);
    });

    test("with a secret or an algorithm that is none", async () => {
      const method = "client_secret_jwt";
      for (const clientSecret of [undefined, "", 7]) {
        expect((await refused({ method, clientSecret })).details).toMatchObject({ option: "clientSecret" });
      }
      for (const algorithm of ["RS256", "HS1", ""]) {
        expect((await refused({ method, clientSecret: "CANARY", algorithm })).details).toMatchObject({ option: "algorithm" });
      }
    });

    test("with an option or a method that does not exist", async () => {
      const { privateKey } = await generate({ name: "Ed25519" });
      expect((await refused({ method: "private_key_jwt", key: privateKey, keyid: "misspelt" })).details["option"]).toBe("keyid");
      expect((await refused({ method: "private_key" })).details["option"]).toBe("method");
    });

    test("where the page has no WebCrypto", async () => {
      const { privateKey } = await generate({ name: "Ed25519" });
      const key = await exportJWK(await generateKeyPair("ES256", { extractable: true }).then((pair) => pair.privateKey));
      vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
      const all: ClientAuthentication[] = [
        { method: "private_key_jwt", key: privateKey },
        { method: "private_key_jwt", key: { ...key, kty: "EC" } },
        { method: "client_secret_jwt", clientSecret: "CANARY" },
      ];
      for (const clientAuthentication of all) {
        const error = await refusal(() => requestToken({ address, grantType, clientId, clientAuthentication }));
        expect(error).toMatchObject({ code: "unsupported_environment", type: "usage", details: { feature: "crypto.subtle" } });
      }
    });
  });
});

describe("the answer that an error is about", () => {
  test("is there, and goes nowhere by itself", async () => {
    const body = JSON.stringify({ error: "invalid_grant", hint: "CANARY-hint" });
    willAnswer(body, 400);
    const error = await requestToken({ address, grantType }).catch((failure: unknown) => failure as OidcError);
    if (!isOidcError(error, "token_error")) throw new Error("no token_error", { cause: error });
    expect(error.raw).toBe(body);
    expect(error).toMatchObject({ error: "invalid_grant", status: 400, phase: "token" });
    const copies = [JSON.stringify(error), JSON.stringify({ ...error }), inspect({ ...error }), String(error), Object.keys(error).join()];
    for (const copy of copies) expect(copy).not.toContain("CANARY");
    expect(Object.keys(error)).not.toContain("raw");
    expect(Object.getOwnPropertyDescriptor(error, "raw")).toMatchObject({ enumerable: false, writable: false });
  });

  test("is missing where there was none", async () => {
    const error = await refusal(() => requestToken({ address: "http://intranet.example/token", grantType }));
    expect(error.code).toBe("insecure_url");
    expect(error).not.toHaveProperty("raw");
  });
});

describe("metadata", () => {
  const policy = { discoveryPolicy: { requireKeySet: false } };

  function willDiscover(): void {
    willAnswer({ issuer: server.origin, token_endpoint: address, vendor_flag: true });
  }

  test("of a fetched document names the endpoints of other functions", async () => {
    willDiscover();
    const { metadata, url } = await fetchDiscoveryDocument({ authority: server.origin, ...policy });
    expect(url).toBe(`${server.origin}/.well-known/openid-configuration`);
    expect(metadata["vendor_flag"]).toBe(true);
    const { path } = await sentBy(() => requestToken({ metadata, grantType }));
    expect(path).toBe("/token");
  });

  test("is fetched once for everybody by a cache, which can be made before anything is loaded", async () => {
    const { DiscoveryCache: Cache } = await freshPackage("node");
    const cache = new Cache({ authority: server.origin, storage: "memory", ...policy });
    willDiscover();
    const seen = await seenDuring(async () => {
      const found = await Promise.all([cache.get(), cache.get()]);
      expect(found[0]).toEqual(found[1]);
      expect(found[0]).toMatchObject({ stale: false, metadata: { token_endpoint: address } });
      await cache.get();
    });
    expect(seen).toHaveLength(1);
  });

  test("of a cache with bad options is refused by the first call", async () => {
    const cache = new DiscoveryCache({ authority: server.origin, duration: 1 } as ConstructorParameters<typeof DiscoveryCache>[0]);
    for (const call of [cache.get(), cache.refresh()]) {
      await expect(call).rejects.toMatchObject({ code: "invalid_argument", details: { option: "duration" } });
    }
    expect(thrownBy(() => new DiscoveryCache({ authority: 1n as unknown as string })).code).toBe("invalid_argument");
  });
});

describe("what must not be left out by accident", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["nonce", () => validateIdToken({ idToken: "a.b.c", metadata: { issuer: address }, clientId: "spa" } as IdTokenValidationRequest)],
    ["accessToken", () => fetchUserInfo({ address, subject: "ada" } as Parameters<typeof fetchUserInfo>[0])],
    ["clientId", () => pushAuthorizationRequest({ address, responseType: "none" } as Parameters<typeof pushAuthorizationRequest>[0])],
    ["registrationAccessToken", () => readClient({ registrationClientUri: address } as Parameters<typeof readClient>[0])],
    ["address", () => requestToken({ grantType })],
  ])("%s", async (option, call) => {
    expect(await refusal(call)).toMatchObject({ code: "invalid_argument", details: { option } });
  });
});

describe("before the wasm is loaded", () => {
  test("what is synchronous and needs it says so", async () => {
    const fresh = await freshPackage("node");
    const calls: (() => unknown)[] = [
      () => fresh.createRequestUrl("/"),
      () => fresh.createAuthorizeUrl({ address, clientId: "spa", responseType: "none" }),
      () => fresh.createEndSessionUrl({ address }),
      () => fresh.parseAuthorizeResponse("?code=c"),
      () => fresh.generatePkce(),
      () => fresh.computeCodeChallenge("v".repeat(43)),
      () => fresh.jwkThumbprint({ kty: "oct", k: "AA" }),
      () => fresh.jwkKeySize({ kty: "oct", k: "AA" }),
      () => fresh.isPrivateJwk({ kty: "oct", k: "AA" }),
      () => fresh.certificateThumbprint(""),
      () => fresh.certificateThumbprint(new Uint8Array(3)),
      () => fresh.parseWwwAuthenticate("Bearer"),
      () => fresh.basicAuthorization("a", "b"),
      () => fresh.timingSafeEqual("a", "a"),
      () => fresh.base64url.encode("a"),
      () => fresh.base64url.decode("YQ"),
    ];
    for (const call of calls) expect(thrownBy(call)).toMatchObject({ code: "not_initialized", type: "usage" });
  });

  test("the rest works", async () => {
    const fresh = await freshPackage("node");
    expect(fresh.randomString()).toHaveLength(43);
    expect(fresh.randomBytes(3)).toHaveLength(3);
    expect(fresh.randomInteger(1, 2)).toBe(1);
    expect(fresh.epoch.now()).toBeGreaterThan(1_700_000_000);
    expect(fresh.getString({ a: "b" }, "a")).toBe("b");
  });

  test("what is asynchronous loads it", async () => {
    const fresh = await freshPackage("node");
    await fresh.requestToken({ address, grantType });
    expect(fresh.base64url.encode("a")).toBe("YQ");
  });
});

describe("an instance that has trapped", () => {
  test("ends what waits for it and is never entered again", async () => {
    let broken = false;
    const Instance = WebAssembly.Instance;
    vi.spyOn(WebAssembly, "Instance").mockImplementation(function (module: WebAssembly.Module, imports?: WebAssembly.Imports) {
      const exports = Object.entries(new Instance(module, imports).exports).map(([name, value]) => {
        if (typeof value !== "function" || !["call", "request"].includes(name)) return [name, value];
        const guarded = (...values: unknown[]): unknown => {
          if (broken) throw new WebAssembly.RuntimeError("unreachable");
          return (value as (...values: unknown[]) => unknown)(...values);
        };
        return [name, guarded];
      });
      return { exports: Object.fromEntries(exports) as WebAssembly.Exports };
    });
    vi.stubGlobal("fetch", () => new Promise(() => {}));
    const fresh = await freshPackage("node");
    await fresh.init();
    const waiting = fresh.requestToken({ address, grantType });
    // One turn of the loop: the request is under way.
    await new Promise((resolve) => setImmediate(resolve));
    broken = true;
    const internal = { code: "internal", cause: expect.any(WebAssembly.RuntimeError) as Error };
    expect(thrownBy(() => fresh.generatePkce())).toMatchObject(internal);
    await expect(waiting).rejects.toMatchObject(internal);
    broken = false;
    expect(thrownBy(() => fresh.base64url.encode("a"))).toMatchObject(internal);
    await expect(fresh.requestToken({ address, grantType })).rejects.toMatchObject(internal);
    await expect(new fresh.DiscoveryCache({ authority: server.origin }).get()).rejects.toMatchObject(internal);
  });

  test("is not what wrong types lead to", () => {
    const wrong = 7 as unknown as string;
    for (const call of [() => timingSafeEqual(wrong, "a"), () => base64url.encode(wrong), () => base64url.decode(wrong)]) {
      expect(thrownBy(call).code).toBe("invalid_argument");
    }
    for (const value of [7, undefined, null, {}, Symbol("s"), 1n, () => 1]) {
      const one = value as unknown as string;
      for (const call of [
        () => computeCodeChallenge(one),
        () => certificateThumbprint(one),
        () => parseWwwAuthenticate(one),
        () => parseAuthorizeResponse(one),
        () => createRequestUrl(one, { a: 1 }),
        () => jwkThumbprint(one as unknown as { kty: string }),
        () => basicAuthorization(one, one),
      ]) {
        expect(["fine", "invalid_argument"]).toContain(outcome(call));
      }
    }
    expect(base64url.encode("still alive")).toBe("c3RpbGwgYWxpdmU");
  });
});

describe("URLs", () => {
  test("take parameters in any shape", () => {
    const target = { address: "https://id.example.com/end", parameters: new Map([["a", "1"]]) };
    expect(createEndSessionUrl({ ...target, state: "s" })).toBe("https://id.example.com/end?a=1&state=s");
    const url = createAuthorizeUrl({ ...target, clientId: "spa", responseType: "none", claims: { userinfo: { email: null } } });
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      a: "1",
      client_id: "spa",
      response_type: "none",
      claims: '{"userinfo":{"email":null}}',
    });
  });

  test("that come back are compared before an error in them is believed", () => {
    const error = "?error=access_denied&error_description=No.&state=s";
    expect(parseAuthorizeResponse(error)).toMatchObject({ error: "access_denied", errorDescription: "No.", parameters: { state: "s" } });
    expect(thrownBy(() => parseAuthorizeResponse(error, { state: "other" })).code).toBe("unknown_state");
    expect(thrownBy(() => parseAuthorizeResponse(error, { state: "s" }))).toMatchObject({ code: "authorization_error", error: "access_denied" });
  });
});

describe("bytes and texts", () => {
  test("base64url is that of others, and strict", () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = randomBytes(length);
      const text = base64url.encode(bytes);
      expect(text).toBe(joseBase64url.encode(bytes));
      expect(base64url.decode(text)).toEqual(bytes);
    }
    expect(base64url.encode("ü")).toBe("w7w");
    expect(base64url.encode(new Uint8Array([0, 255, 254, 0]).subarray(1, 3))).toBe("__4");
    expect(base64url.encode(new Uint16Array([1]).buffer)).toBe("AQA");
    for (const wrong of ["YQ==", "Y", "YR", "Y Q", "_+", "ä"]) {
      expect(thrownBy(() => base64url.decode(wrong))).toMatchObject({ code: "invalid_argument", details: { option: "text" } });
    }
  });

  test("timingSafeEqual compares by content", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(timingSafeEqual(bytes, new Uint8Array([0, 1, 2, 3]).subarray(1))).toBe(true);
    expect(timingSafeEqual("süß", new TextEncoder().encode("süß"))).toBe(true);
    expect(timingSafeEqual("", "")).toBe(true);
    for (const [a, b] of [["a", "b"], ["a", "aa"], ["", "a"]] as const) expect(timingSafeEqual(a, b)).toBe(false);
  });

  test("a certificate has one thumbprint, as PEM and as DER", () => {
    for (const pem of rootCertificates.slice(0, 5)) {
      const { raw, fingerprint256 } = new X509Certificate(pem);
      const expected = Buffer.from(fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
      expect(certificateThumbprint(pem)).toBe(expected);
      expect(certificateThumbprint(Uint8Array.from(raw))).toBe(expected);
    }
    for (const wrong of ["", "text", new Uint8Array([1, 2])]) {
      expect(thrownBy(() => certificateThumbprint(wrong)).code).toBe("invalid_argument");
    }
  });

  test("a verifier and its challenge belong together", () => {
    const { codeVerifier, codeChallenge, codeChallengeMethod } = generatePkce();
    expect(computeCodeChallenge(codeVerifier)).toBe(codeChallenge);
    expect(codeChallengeMethod).toBe("S256");
    expect(generatePkce().codeVerifier).not.toBe(codeVerifier);
  });

  test("a key can be told by itself", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const secret = await crypto.subtle.exportKey("jwk", privateKey);
    const open = await crypto.subtle.exportKey("jwk", publicKey);
    expect(jwkThumbprint(secret)).toBe(jwkThumbprint(open));
    expect([jwkKeySize(open), isPrivateJwk(secret), isPrivateJwk(open)]).toEqual([256, true, false]);
  });

  test("challenges and Basic are plain values", () => {
    expect(parseWwwAuthenticate('DPoP algs="ES256", Basic YQ==')).toEqual([
      { scheme: "DPoP", parameters: { algs: "ES256" } },
      { scheme: "Basic", token68: "YQ==", parameters: {} },
    ]);
    expect(basicAuthorization("a b", "c:d")).toBe(`Basic ${btoa("a+b:c%3Ad")}`);
    expect(basicAuthorization("a b", "c:d", "rfc2617")).toBe(`Basic ${btoa("a b:c:d")}`);
  });
});

describe("random values", () => {
  test("have the length and the letters that were asked for", () => {
    expect(randomString()).toMatch(/^[\w-]{43}$/);
    expect(randomString({ bytes: 16, format: "hex" })).toMatch(/^[\da-f]{32}$/);
    expect(atob(randomString({ bytes: 5, format: "base64" }))).toHaveLength(5);
    expect(randomString({ bytes: 0 })).toBe("");
    expect(new Set(Array.from({ length: 1000 }, () => randomString())).size).toBe(1000);
    expect(randomBytes(200_000).subarray(131_072).some((byte) => byte !== 0)).toBe(true);
  });

  test("in base64url are the bytes that the generator gave", () => {
    const given = Uint8Array.from({ length: 256 }, (_, index) => index);
    vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
      new Uint8Array((array as Uint8Array).buffer).set(given);
      return array;
    });
    expect(randomString({ bytes: 256 })).toBe(joseBase64url.encode(given));
    expect(randomString({ bytes: 256, format: "hex" })).toBe(Buffer.from(given).toString("hex"));
  });

  test("are refused where they would not be what was asked for", () => {
    for (const count of [-1, 1.5, Number.NaN, 2 ** 31, "8" as unknown as number]) {
      expect(thrownBy(() => randomBytes(count)).code).toBe("invalid_argument");
    }
    expect(thrownBy(() => randomString({ format: "utf8" as "hex" })).code).toBe("invalid_argument");
    for (const [min, max] of [[2, 1], [0.5, 2], [0, 2 ** 53], [-(2 ** 53) + 1, 2 ** 53 - 1], [0, Number.NaN]] as const) {
      expect(thrownBy(() => randomInteger(min, max)).code).toBe("invalid_argument");
    }
  });

  test("are whole numbers from min to below max, all of them", () => {
    const seen = new Set(Array.from({ length: 2000 }, () => randomInteger(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(randomInteger(5, 5)).toBe(5);
    const large = randomInteger(0, Number.MAX_SAFE_INTEGER);
    expect(Number.isSafeInteger(large) && large >= 0).toBe(true);
  });

  test("favour nobody: draws of the incomplete last round are thrown away", () => {
    const range = 2 ** 52 + 1;
    // Above the last complete round, then exactly 5.
    const draws = [[2 ** 21 - 1, 2 ** 32 - 1], [0, 5]];
    const spy = vi.spyOn(crypto, "getRandomValues").mockImplementation((array) => {
      (array as Uint32Array).set(draws.shift() ?? []);
      return array;
    });
    expect(randomInteger(0, range)).toBe(5);
    expect(spy).toHaveBeenCalledTimes(2);
  });
});

describe("epoch", () => {
  test("counts whole seconds", () => {
    vi.spyOn(Date, "now").mockReturnValue(1_700_000_000_999);
    expect(epoch.now()).toBe(1_700_000_000);
    expect(epoch.fromDate(new Date("2038-01-19T03:14:08.900Z"))).toBe(2_147_483_648);
    expect(epoch.fromDate(new Date(-1))).toBe(-1);
    expect(epoch.toDate(0).toISOString()).toBe("1970-01-01T00:00:00.000Z");
    expect(epoch.toDate(4_102_444_800).toISOString()).toBe("2100-01-01T00:00:00.000Z");
  });

  test("refuses what is no time", () => {
    expect(thrownBy(() => epoch.fromDate(new Date("never"))).code).toBe("invalid_argument");
    for (const seconds of [Number.NaN, 1e20, "5" as unknown as number]) {
      expect(thrownBy(() => epoch.toDate(seconds)).code).toBe("invalid_argument");
    }
  });
});

describe("members of unknown JSON", () => {
  const json: unknown = JSON.parse(
    `{"text":"a","empty":"","number":7,"fraction":7.5,"big":9007199254740993,"digits":"7","yes":true,"word":"true",
      "nil":null,"list":["a","b"],"mixed":["a",1],"one":"a","__proto__":"p"}`,
  );

  test("are read only as what they are", () => {
    const names = ["text", "empty", "number", "fraction", "big", "digits", "yes", "word", "nil", "list", "gone", "constructor"];
    const read = <T>(get: (json: unknown, name: string) => T): Record<string, T> =>
      Object.fromEntries(names.map((name) => [name, get(json, name)]).filter(([, value]) => value !== undefined)) as Record<string, T>;
    expect(read(getString)).toEqual({ text: "a", empty: "", digits: "7", word: "true" });
    expect(read(getInteger)).toEqual({ number: 7 });
    expect(read(getBoolean)).toEqual({ yes: true });
    expect(getStringArray(json, "list")).toEqual(["a", "b"]);
    for (const name of ["mixed", "one", "number", "nil", "gone"]) expect(getStringArray(json, name)).toEqual([]);
    expect(getString(json, "__proto__")).toBe("p");
  });

  test("are missing in what is no object", () => {
    for (const value of [undefined, null, 7, "text"]) expect(getString(value, "length")).toBeUndefined();
    expect(getInteger([1], "length")).toBe(1);
  });

  test("come as a list of one's own", () => {
    const list = getStringArray(json, "list") as string[];
    list.push("c");
    expect(getStringArray(json, "list")).toEqual(["a", "b"]);
  });
});
