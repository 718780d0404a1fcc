// The functions of the protocol: what must compile, and what must not. Only the compiler reads this file.
import {
  base64url,
  certificateThumbprint,
  createAuthorizeUrl,
  createEndSessionUrl,
  createRequestObject,
  createRequestUrl,
  deleteClient,
  DiscoveryCache,
  DpopKey,
  epoch,
  fetchDiscoveryDocument,
  fetchJsonWebKeySet,
  fetchProtectedResourceMetadata,
  fetchUserInfo,
  generatePkce,
  getInteger,
  getString,
  getStringArray,
  GrantTypes,
  introspectToken,
  isPrivateJwk,
  jwkThumbprint,
  OidcClient,
  OidcError,
  parseAuthorizeResponse,
  pollBackchannelAuthentication,
  pollDeviceToken,
  pushAuthorizationRequest,
  randomString,
  registerClient,
  requestAuthorizationCodeToken,
  requestBackchannelAuthentication,
  requestClientCredentialsToken,
  requestDeviceAuthorization,
  requestRefreshToken,
  requestToken,
  requestTokenExchangeToken,
  ResponseTypes,
  revokeToken,
  timingSafeEqual,
  TokenTypeIdentifiers,
  updateClient,
  validateAuthorizeResponse,
  validateIdToken,
  validateLogoutToken,
} from "oidc-wasm";
import type {
  AuthorizationResponse,
  CachedDiscoveryDocument,
  ClientAuthentication,
  ClientMetadataDocument,
  IdTokenClaims,
  Introspection,
  JsonObject,
  JsonWebKey,
  JsonWebKeySet,
  LogoutTokenClaims,
  ParametersInit,
  ProtectedResourceMetadata,
  ProtocolResponse,
  ProviderMetadata,
  RegisteredClientMetadata,
  TokenEndpointResponse,
  TokenExchangeTokenResponse,
  UserInfo,
} from "oidc-wasm";
import { requestToken as requestTokenInline } from "oidc-wasm/inline";
import { requestToken as requestTokenInNode } from "oidc-wasm/node";
import type { Equal, Expect } from "./equal.js";

declare const metadata: ProviderMetadata;
declare const key: CryptoKey;
declare const domKey: globalThis.JsonWebKey;
declare const headers: Headers;
const clientId = "spa";
const signal = new AbortController().signal;

// One request object for every entry.
const custom = { metadata, clientId, grantType: GrantTypes.TokenExchange, timeoutSeconds: 5, signal, dangerousAllowHttp: false };
void [requestToken(custom), requestTokenInline(custom), requestTokenInNode(custom)];
await requestToken({ address: "https://id.example.com/token", parameters: { grant_type: "x" }, headers: { dpop: "proof" } });
await requestToken({ ...custom, headers });
// @ts-expect-error the name on the wire is not the option's name
await requestToken({ ...custom, grant_type: "x" });
// @ts-expect-error an option is given or left out
await requestToken({ ...custom, clientId: undefined });
// @ts-expect-error the URL object has to be turned into text
await requestToken({ ...custom, address: new URL("https://id.example.com/token") });
// @ts-expect-error a header has one text
await requestToken({ ...custom, headers: { "x-a": ["b"] } });

// Parameters.
export const parameters: ParametersInit[] = [
  {},
  { a: "b", n: 1, t: true, list: ["a", 1, null], gone: undefined, nil: null },
  [["a", "b"], ["a", 1]],
  [["a", ["b", "c"]]],
  new Map([["a", "b"]]),
  new Map<string, string[]>(),
  new URLSearchParams("a=b"),
  new Set<readonly [string, number]>(),
];
// @ts-expect-error a query is no list of parameters
createRequestUrl("/", "a=b");
// @ts-expect-error an object is no value
createRequestUrl("/", { a: {} });
// @ts-expect-error neither is a date
createRequestUrl("/", { a: new Date() });
// @ts-expect-error nor a bigint
createRequestUrl("/", [["a", 1n]]);
// @ts-expect-error half a pair
createRequestUrl("/", [["a"]]);

// Client authentication.
export const authentications: ClientAuthentication[] = [
  { method: "none" },
  { method: "client_secret_basic", clientSecret: "s", encoding: "rfc2617" },
  { method: "client_secret_post", clientSecret: "s" },
  { method: "client_secret_jwt", clientSecret: "s", algorithm: "HS512", audience: "https://id.example.com" },
  { method: "private_key_jwt", key },
  { method: "private_key_jwt", key: domKey, keyId: "k", algorithm: "PS256" },
  { method: "client_assertion", assertion: "a.b.c" },
  { method: "client_assertion", assertion: () => "a.b.c" },
  { method: "client_assertion", assertion: async () => "a.b.c", assertionType: "urn:x" },
  { method: "tls_client_auth" },
  { method: "self_signed_tls_client_auth" },
];
// @ts-expect-error there is no such method
authentications.push({ method: "client_secret" });
// @ts-expect-error the secret is missing
authentications.push({ method: "client_secret_basic" });
// @ts-expect-error a public client has no secret
authentications.push({ method: "none", clientSecret: "s" });
// @ts-expect-error a symmetric algorithm is not for a private key
authentications.push({ method: "private_key_jwt", key, algorithm: "HS256" });
// @ts-expect-error an asymmetric algorithm is not for a secret
authentications.push({ method: "client_secret_jwt", clientSecret: "s", algorithm: "ES256" });
// @ts-expect-error PEM has to be imported first
authentications.push({ method: "private_key_jwt", key: "-----BEGIN PRIVATE KEY-----" });
// @ts-expect-error an assertion is a text
authentications.push({ method: "client_assertion", assertion: () => 7 });

// Grants.
await requestAuthorizationCodeToken({ metadata, clientId, code: "c", redirectUri: "https://a.example/", codeVerifier: "v" });
// @ts-expect-error the code is missing
await requestAuthorizationCodeToken({ metadata, clientId, redirectUri: "https://a.example/" });
// @ts-expect-error the grant type is fixed
await requestRefreshToken({ metadata, clientId, refreshToken: "r", grantType: "x" });
await requestClientCredentialsToken({ metadata, clientId, resource: ["https://a.example", "https://b.example"] });
const exchanged = await requestTokenExchangeToken({
  metadata,
  clientId,
  subjectToken: "t",
  subjectTokenType: TokenTypeIdentifiers.AccessToken,
});
const kind: string = exchanged.issuedTokenType;
void kind;
await pollDeviceToken({ metadata, clientId, deviceCode: "d", interval: 5, expiresIn: 600, signal });
await pollBackchannelAuthentication({ metadata, clientId, authReqId: "a" });
// @ts-expect-error seconds are a number
await pollDeviceToken({ metadata, clientId, deviceCode: "d", interval: "5" });

const typed = await requestToken<{ readonly tenant: string; readonly roles?: readonly string[] }>(custom);
const tenant: string = typed.json.tenant;
void [tenant, typed.json.roles?.includes("admin")];
// @ts-expect-error not described
void typed.json.tennant;
const token = await requestToken(custom);
// @ts-expect-error might be missing
void token.expiresIn.toFixed();
// @ts-expect-error an answer is not changed
token.accessToken = "x";
type Payment = { readonly type: "payment"; readonly amount: string };
const paid = await requestRefreshToken<JsonObject, Payment>({ metadata, clientId, refreshToken: "r" });
const amount: string | undefined = paid.authorizationDetails?.[0]?.amount;
const kinds: readonly string[] | undefined = token.authorizationDetails?.map((detail) => detail.type);
void [amount, kinds];
// @ts-expect-error an answer is not changed
paid.authorizationDetails?.push({ type: "payment", amount: "1" });
const member: unknown = token.json["anything"];
const [text, whole, list]: [string | undefined, number | undefined, readonly string[]] = [
  getString(token.json, "anything"),
  getInteger(token.json, "anything"),
  getStringArray(token.json, "anything"),
];
void [member, text, whole, list, token.headers["dpop-nonce"], token.raw, token.status];
// @ts-expect-error a header may be missing
void token.headers["dpop-nonce"].length;

// Other endpoints.
const { interval } = await requestDeviceAuthorization({ metadata, clientId });
void interval.toFixed();
await requestBackchannelAuthentication({ metadata, clientId, scope: "openid", loginHint: "ada", requestedExpiry: 60 });
await requestBackchannelAuthentication({ metadata, clientId, request: "a.b.c" });
// @ts-expect-error a request object has everything in it
await requestBackchannelAuthentication({ metadata, clientId, request: "a.b.c", scope: "openid" });
// @ts-expect-error without a request object there is a scope
await requestBackchannelAuthentication({ metadata, clientId, loginHint: "ada" });
const about = await introspectToken({ metadata, token: "t", responseFormat: "jwt", validate: async (jwt: string) => void jwt });
await introspectToken({ address: "https://id.example.com/i", token: "t", issuer: "https://id.example.com", keySet: { keys: [] } });
// @ts-expect-error there is no such format
await introspectToken({ metadata, token: "t", responseFormat: "xml" });
await revokeToken({ metadata, clientId, token: "t", tokenTypeHint: "refresh_token" });

const person = await fetchUserInfo({ metadata, accessToken: "t", subject: "ada" });
await fetchUserInfo({ metadata, accessToken: "t", dangerousSkipSubjectCheck: true, responseFormat: "jwt" });
// @ts-expect-error whom it is about is not left out by accident
await fetchUserInfo({ metadata, accessToken: "t" });
// @ts-expect-error both contradict each other
await fetchUserInfo({ metadata, accessToken: "t", subject: "ada", dangerousSkipSubjectCheck: true });
// @ts-expect-error the access token is the authentication
await fetchUserInfo({ metadata, accessToken: "t", subject: "ada", clientAuthentication: { method: "none" } });

const registered = await registerClient({ metadata, clientMetadata: { redirect_uris: ["https://a.example/"], vendor: 1 } });
await updateClient({
  registrationClientUri: "https://id.example.com/c/1",
  registrationAccessToken: "t",
  clientId: registered.clientId,
  clientMetadata: { ...registered.json, client_name: "Other" },
});
await deleteClient({ registrationClientUri: "https://id.example.com/c/1", registrationAccessToken: "t" });
// @ts-expect-error by its name on the wire
await registerClient({ metadata, clientMetadata: { redirect_uris: "https://a.example/" } });
// @ts-expect-error a registration has a URL of its own
await deleteClient({ metadata, registrationClientUri: "https://id.example.com/c/1", registrationAccessToken: "t" });

// Metadata.
const found = await fetchDiscoveryDocument({
  authority: "https://id.example.com",
  wellKnown: "oauth-authorization-server",
  discoveryPolicy: { authorityValidation: "url", requireKeySet: false, dangerousExcludeEndpoints: ["registration_endpoint"] },
});
await requestToken({ metadata: found.metadata });
await OidcClient.create({ authority: found.metadata.issuer, clientId, redirectUri: "https://a.example/", metadata: found.metadata });
await requestToken({ metadata: { issuer: "https://id.example.com", token_endpoint: "https://id.example.com/token" } });
// @ts-expect-error metadata has an issuer
await requestToken({ metadata: { token_endpoint: "https://id.example.com/token" } });
// @ts-expect-error there is no such rule
await fetchDiscoveryDocument({ authority: "https://id.example.com", discoveryPolicy: { requireHttps: false } });
await OidcClient.create({
  authority: "https://id.example.com",
  clientId,
  redirectUri: "https://a.example/",
  // @ts-expect-error a sign-in does without the rules of this client being bent
  discoveryPolicy: { dangerousSkipIssuerValidation: true },
});
const cache = new DiscoveryCache({ authority: "https://id.example.com", durationSeconds: 60, storage: "memory" });
await requestToken({ metadata: (await cache.get({ signal })).metadata });
const set: JsonWebKeySet = await cache.keySet({ kid: "k" });
// @ts-expect-error public data does not go to localStorage either
void new DiscoveryCache({ authority: "https://id.example.com", storage: "local" });
const resource = await fetchProtectedResourceMetadata({ resource: "https://api.example.com" });
await fetchJsonWebKeySet({ address: "https://id.example.com/jwks" });

// Tokens.
const claims = await validateIdToken({ idToken: "t", metadata, clientId, nonce: null, keySet: set, algorithm: "ES256" });
// @ts-expect-error a nonce is never left out by accident
await validateIdToken({ idToken: "t", metadata, clientId });
// @ts-expect-error unsigned tokens are never accepted
await validateIdToken({ idToken: "t", metadata, clientId, nonce: "n", algorithm: "none" });
await validateIdToken({ idToken: "t", metadata, clientId, nonce: null, previousClaims: claims });
const logout = await validateLogoutToken({ logoutToken: "t", metadata, clientId });
const signedResponse = await validateAuthorizeResponse({ response: "a.b.c", metadata, clientId, state: "s", keySet: set, signal });
await validateAuthorizeResponse({ response: "a.b.c", metadata, clientId, algorithm: "ES256", clockToleranceSeconds: 0, timeoutSeconds: 5 });
// @ts-expect-error unsigned responses are never accepted
await validateAuthorizeResponse({ response: "a.b.c", metadata, clientId, algorithm: "none" });
// @ts-expect-error whom it is for is not left out
await validateAuthorizeResponse({ response: "a.b.c", metadata });
// @ts-expect-error all of it is compared, an issuer is known from the metadata
await validateAuthorizeResponse({ response: "a.b.c", metadata, clientId, issuer: "https://id.example.com" });

// DPoP.
const proofKey = await DpopKey.generate({ algorithm: "ES384", extractable: false });
await DpopKey.from(await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]));
await DpopKey.import(domKey);
await DpopKey.import(proofKey.publicJwk);
// A key in WebCrypto has its pair; one in software has none, and says so.
const pair: CryptoKeyPair = proofKey.keyPair;
const noPair: CryptoKeyPair | undefined = (await DpopKey.generate({ signer: "software" })).keyPair;
await DpopKey.import(domKey, { signer: "software" });
void [(await DpopKey.import(domKey, { signer: "webcrypto" })).keyPair.privateKey, pair, noPair];
// @ts-expect-error it may be undefined
void (await DpopKey.generate({ signer: "software" })).keyPair.privateKey;
// @ts-expect-error there are two signers
await DpopKey.generate({ signer: "hardware" });
await proofKey.proof({ method: "GET", url: "https://a.example", clockOffset: -3 });
const proof: string = await proofKey.proof({ method: "POST", url: new URL("https://id.example.com/token") });
await requestToken({ ...custom, headers: { DPoP: proof } });
// What came with the last answer, if anything did.
await proofKey.proof({ method: "GET", url: "https://a.example", accessToken: "t", nonce: token.headers["dpop-nonce"] });
createAuthorizeUrl({ metadata, clientId, responseType: "none", dpopJkt: jwkThumbprint(proofKey.publicJwk) });
// @ts-expect-error a key is made by its functions
void new DpopKey(proofKey.keyPair, "ES256", proofKey.publicJwk);
// @ts-expect-error one key is no pair
await DpopKey.from(key);
// @ts-expect-error proofs are not made with shared secrets
await DpopKey.generate({ algorithm: "HS256" });
// @ts-expect-error the wire's name is not the option's name
await proofKey.proof({ htm: "GET", url: "https://a.example" });
// @ts-expect-error a token is given or left out
await proofKey.proof({ method: "GET", url: "https://a.example", accessToken: undefined });
// @ts-expect-error the public key is what it is
proofKey.publicJwk = domKey;

// URLs.
const target = { metadata, clientId };
const url: string = createAuthorizeUrl({
  ...target,
  responseType: ResponseTypes.Code,
  codeChallenge: generatePkce().codeChallenge,
  codeChallengeMethod: "S256",
  maxAge: 0,
  resource: ["https://a.example"],
  dpopJkt: proofKey.thumbprint,
  claims: { id_token: { acr: { essential: true } } },
  authorizationDetails: [{ type: "payment_initiation", amount: { currency: "EUR" } }],
  parameters: { vendor: "x" },
});
createAuthorizeUrl({ ...target, requestUri: "urn:x" });
createAuthorizeUrl({ ...target, request: "a.b.c", responseType: "code", scope: "openid" });
// @ts-expect-error there is no type of response
createAuthorizeUrl(target);
// @ts-expect-error tokens do not come by the address bar
createAuthorizeUrl({ ...target, responseType: "token" });
// @ts-expect-error nor beside an ID Token
createAuthorizeUrl({ ...target, responseType: ResponseTypes.IdTokenToken });
// @ts-expect-error plain protects nobody
createAuthorizeUrl({ ...target, responseType: "code", codeChallenge: "c", codeChallengeMethod: "plain" });
// @ts-expect-error a reference is complete
createAuthorizeUrl({ ...target, requestUri: "urn:x", responseType: "code" });
// @ts-expect-error a request object is complete
createAuthorizeUrl({ ...target, request: "a.b.c", nonce: "n" });
// @ts-expect-error a detail has a type
createAuthorizeUrl({ ...target, responseType: "none", authorizationDetails: [{ amount: 1 }] });
createAuthorizeUrl<Payment>({ ...target, responseType: "none", authorizationDetails: [{ type: "payment", amount: "1" }] });
// @ts-expect-error an amount is a text
createAuthorizeUrl<Payment>({ ...target, responseType: "none", authorizationDetails: [{ type: "payment", amount: 1 }] });
// @ts-expect-error a claim is asked for by an object, or null
createAuthorizeUrl({ ...target, responseType: "none", claims: { userinfo: { email: true } } });
const requestObject: string = await createRequestObject({
  clientId,
  issuer: metadata.issuer,
  key,
  keyId: "k",
  lifetimeSeconds: 60,
  responseType: "code",
  codeChallenge: "c",
  authorizationDetails: [{ type: "payment", amount: 1 }],
  parameters: { vendor: "x" },
});
createAuthorizeUrl({ ...target, request: requestObject, responseType: "code", scope: "openid" });
await createRequestObject({ clientId, issuer: metadata.issuer, key: domKey, algorithm: "PS256", responseType: "none" });
// @ts-expect-error whom it is for is not left out
await createRequestObject({ clientId, key, responseType: "none" });
// @ts-expect-error unsigned request objects protect nobody
await createRequestObject({ clientId, issuer: metadata.issuer, key, algorithm: "none", responseType: "none" });
// @ts-expect-error a request object is in no other
await createRequestObject({ clientId, issuer: metadata.issuer, key, responseType: "none", request: "a.b.c" });
await pushAuthorizationRequest({ ...target, responseType: "code", codeChallenge: "c" });
const tagged = await pushAuthorizationRequest<{ readonly tag: string }, Payment>({
  ...target,
  responseType: "none",
  authorizationDetails: [{ type: "payment", amount: "1" }],
});
void tagged.json.tag.length;
await pushAuthorizationRequest({ ...target, request: "a.b.c", clientAuthentication: { method: "private_key_jwt", key } });
// @ts-expect-error what is pushed is no reference
await pushAuthorizationRequest({ ...target, requestUri: "urn:x" });
// @ts-expect-error whose request it is is not left out
await pushAuthorizationRequest({ metadata, responseType: "code", codeChallenge: "c" });
createEndSessionUrl({ metadata, idTokenHint: "t", postLogoutRedirectUri: "https://a.example/", state: "s" });
const response = parseAuthorizeResponse(url, { state: "s", issuer: "https://id.example.com", issRequired: true });

// Small things.
certificateThumbprint(new Uint8Array(8));
timingSafeEqual("a", new TextEncoder().encode("a").buffer);
const der: ArrayBuffer = base64url.decode(base64url.encode("a")).buffer;
const when: Date = epoch.toDate(epoch.now());
randomString({ bytes: 16, format: "hex" });
isPrivateJwk({ kty: "oct", k: "AA", vendor: 1 });
void [der, when];
// @ts-expect-error a key has a kind
const keyless: JsonWebKey = { kid: "k" };
// @ts-expect-error a date is not a number
epoch.fromDate(1);
// @ts-expect-error there is no such format
randomString({ format: "uuid" });
// @ts-expect-error set once
epoch.now = () => 0;
void keyless;

const failure = new OidcError({ code: "endpoint_error", type: "protocol", phase: "introspection", message: "No.", raw: "{}" });
const raw: string | undefined = failure.raw;
void raw;
// @ts-expect-error the answer is not for logs
void failure.toJSON().raw;

export type Cases = [
  Expect<Equal<typeof token, TokenEndpointResponse<JsonObject>>>,
  Expect<Equal<typeof exchanged, TokenExchangeTokenResponse<JsonObject>>>,
  Expect<Equal<typeof registered.json, RegisteredClientMetadata>>,
  Expect<Equal<typeof found.metadata, ProviderMetadata>>,
  Expect<Equal<typeof resource.metadata, ProtectedResourceMetadata>>,
  Expect<Equal<typeof claims, IdTokenClaims>>,
  Expect<Equal<typeof logout, LogoutTokenClaims>>,
  Expect<Equal<typeof response, AuthorizationResponse>>,
  Expect<Equal<typeof signedResponse, AuthorizationResponse>>,
  Expect<Equal<typeof paid, TokenEndpointResponse<JsonObject, Payment>>>,
  Expect<Equal<ReturnType<typeof revokeToken>, Promise<ProtocolResponse>>>,
  Expect<Equal<ReturnType<typeof deleteClient>, Promise<ProtocolResponse>>>,
  Expect<Equal<typeof about, Introspection>>,
  Expect<Equal<ReturnType<DiscoveryCache["get"]>, Promise<CachedDiscoveryDocument>>>,
  Expect<Equal<typeof person.json, UserInfo>>,
  Expect<Equal<ClientMetadataDocument["jwks"], JsonWebKeySet | undefined>>,
];
