/** Every request function with everything it can send, and exactly what that is on the wire. */
import { DEADLINE, type Package } from "./world.js";

/** Headers that matter for security, and one of an application's own. All others are the platform's. */
export const HEADERS = ["accept", "authorization", "content-type", "cookie", "dpop", "x-own"] as const;

export interface ExactRequest {
  readonly name: string;
  /** Calls the function, with its endpoint there. */
  run(oidc: Package, address: string): Promise<unknown>;
  readonly method: string;
  /** Of {@link HEADERS}: exactly these. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer that every function takes for a success. */
export const ANSWER = {
  access_token: "a",
  token_type: "Bearer",
  issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
  expires_in: 300,
  device_code: "d",
  user_code: "u",
  verification_uri: "https://id.example.com/device",
  auth_req_id: "r",
  request_uri: "urn:example:request",
  active: true,
  sub: "alice",
  client_id: "spa",
  keys: [],
};

/** Everything that has to be encoded, and everything that must not be. */
const NASTY = "a b+c&d=e%f/g?ü€~-._!*'()";
const NASTY_IN_FORM = "a+b%2Bc%26d%3De%25f%2Fg%3F%C3%BC%E2%82%AC~-._%21%2A%27%28%29";

const spa = { clientId: "spa" };
const form = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
const resource = ["https://api.example.com/one", "https://api.example.com/two"];
const RESOURCES = "resource=https%3A%2F%2Fapi.example.com%2Fone&resource=https%3A%2F%2Fapi.example.com%2Ftwo";
const callback = "https://app.example.com/callback";
const CALLBACK = "https%3A%2F%2Fapp.example.com%2Fcallback";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const ACCESS_TOKEN_TYPE = "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token";

function post(
  name: string,
  run: ExactRequest["run"],
  body: string,
  headers: Readonly<Record<string, string>> = form,
): ExactRequest {
  return { name, run, method: "POST", headers, body };
}

export const exactRequests: readonly ExactRequest[] = [
  post(
    "requestToken: any grant, parameters first and in their order",
    async (oidc, address) =>
      oidc.requestToken({
        address,
        ...spa,
        grantType: "urn:example:grant",
        parameters: { second: ["2", "3"], first: NASTY, no: null, yes: true },
      }),
    `second=2&second=3&first=${NASTY_IN_FORM}&yes=true&grant_type=urn%3Aexample%3Agrant&client_id=spa`,
  ),
  post(
    "requestToken: the grant among the parameters",
    async (oidc, address) =>
      oidc.requestToken({
        address,
        parameters: [
          ["grant_type", "g"],
          ["n", 1],
        ],
      }),
    "grant_type=g&n=1",
  ),
  post(
    "requestAuthorizationCodeToken: the least",
    async (oidc, address) =>
      oidc.requestAuthorizationCodeToken({ address, ...spa, code: NASTY, redirectUri: callback, codeVerifier: "v" }),
    `grant_type=authorization_code&code=${NASTY_IN_FORM}&redirect_uri=${CALLBACK}&code_verifier=v&client_id=spa`,
  ),
  post(
    "requestAuthorizationCodeToken: everything",
    async (oidc, address) =>
      oidc.requestAuthorizationCodeToken({
        address,
        ...spa,
        code: "c",
        redirectUri: callback,
        codeVerifier: "v",
        resource,
        parameters: new Map([["extra", "e"]]),
        headers: { DPoP: "a.given.proof", "X-Own": "mine" },
      }),
    `extra=e&grant_type=authorization_code&code=c&redirect_uri=${CALLBACK}&code_verifier=v&${RESOURCES}&client_id=spa`,
    { ...form, dpop: "a.given.proof", "x-own": "mine" },
  ),
  post(
    "requestRefreshToken",
    async (oidc, address) =>
      oidc.requestRefreshToken({ address, ...spa, refreshToken: NASTY, scope: "openid api", resource }),
    `grant_type=refresh_token&refresh_token=${NASTY_IN_FORM}&scope=openid+api&${RESOURCES}&client_id=spa`,
  ),
  post(
    "requestClientCredentialsToken: without a client there is nothing about one",
    async (oidc, address) => oidc.requestClientCredentialsToken({ address }),
    "grant_type=client_credentials",
  ),
  post(
    "requestClientCredentialsToken",
    async (oidc, address) =>
      oidc.requestClientCredentialsToken({ address, ...spa, scope: "a b", resource: "https://api.example.com/one" }),
    "grant_type=client_credentials&scope=a+b&resource=https%3A%2F%2Fapi.example.com%2Fone&client_id=spa",
  ),
  post(
    "requestPasswordToken",
    async (oidc, address) =>
      oidc.requestPasswordToken({ address, ...spa, username: "alice", password: NASTY, scope: "api" }),
    `grant_type=password&username=alice&password=${NASTY_IN_FORM}&scope=api&client_id=spa`,
  ),
  post(
    "requestPasswordToken: no password is an empty one",
    async (oidc, address) => oidc.requestPasswordToken({ address, ...spa, username: NASTY }),
    `grant_type=password&username=${NASTY_IN_FORM}&password=&client_id=spa`,
  ),
  post(
    "requestDeviceToken",
    async (oidc, address) => oidc.requestDeviceToken({ address, ...spa, deviceCode: NASTY }),
    `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=${NASTY_IN_FORM}&client_id=spa`,
  ),
  post(
    "pollDeviceToken",
    async (oidc, address) =>
      oidc.pollDeviceToken({ address, ...spa, deviceCode: "d", timeoutSeconds: DEADLINE, parameters: { extra: "e" } }),
    "extra=e&grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d&client_id=spa",
  ),
  post(
    "requestTokenExchangeToken: the least",
    async (oidc, address) =>
      oidc.requestTokenExchangeToken({ address, ...spa, subjectToken: NASTY, subjectTokenType: accessTokenType }),
    `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=${NASTY_IN_FORM}&subject_token_type=${ACCESS_TOKEN_TYPE}&client_id=spa`,
  ),
  post(
    "requestTokenExchangeToken: everything",
    async (oidc, address) =>
      oidc.requestTokenExchangeToken({
        address,
        ...spa,
        subjectToken: "s",
        subjectTokenType: accessTokenType,
        resource,
        audience: ["one", "two"],
        scope: "a b",
        requestedTokenType: accessTokenType,
        actorToken: "t",
        actorTokenType: accessTokenType,
      }),
    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=s" +
      `&subject_token_type=${ACCESS_TOKEN_TYPE}&${RESOURCES}&audience=one&audience=two&scope=a+b` +
      `&requested_token_type=${ACCESS_TOKEN_TYPE}&actor_token=t&actor_token_type=${ACCESS_TOKEN_TYPE}&client_id=spa`,
  ),
  post(
    "requestJwtBearerToken",
    async (oidc, address) => oidc.requestJwtBearerToken({ address, ...spa, assertion: "h.p.s", scope: "a", resource }),
    `grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=h.p.s&scope=a&${RESOURCES}&client_id=spa`,
  ),
  post(
    "requestBackchannelAuthenticationToken",
    async (oidc, address) => oidc.requestBackchannelAuthenticationToken({ address, ...spa, authReqId: NASTY, resource }),
    `grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=${NASTY_IN_FORM}&${RESOURCES}&client_id=spa`,
  ),
  post(
    "pollBackchannelAuthentication",
    async (oidc, address) =>
      oidc.pollBackchannelAuthentication({ address, ...spa, authReqId: "r", timeoutSeconds: DEADLINE }),
    "grant_type=urn%3Aopenid%3Aparams%3Agrant-type%3Aciba&auth_req_id=r&client_id=spa",
  ),
  post(
    "requestDeviceAuthorization",
    async (oidc, address) => oidc.requestDeviceAuthorization({ address, ...spa, scope: "openid api" }),
    "scope=openid+api&client_id=spa",
  ),
  post(
    "requestBackchannelAuthentication: everything",
    async (oidc, address) =>
      oidc.requestBackchannelAuthentication({
        address,
        ...spa,
        scope: "openid",
        clientNotificationToken: "n",
        acrValues: "1 2",
        loginHintToken: "lt",
        idTokenHint: "it",
        loginHint: NASTY,
        bindingMessage: "W4SCT",
        userCode: "u",
        requestedExpiry: 60,
        resource,
      }),
    `scope=openid&client_notification_token=n&acr_values=1+2&login_hint_token=lt&id_token_hint=it&login_hint=${NASTY_IN_FORM}` +
      `&binding_message=W4SCT&user_code=u&requested_expiry=60&${RESOURCES}&client_id=spa`,
  ),
  post(
    "requestBackchannelAuthentication: a request object alone",
    async (oidc, address) => oidc.requestBackchannelAuthentication({ address, ...spa, request: "h.p.s" }),
    "request=h.p.s&client_id=spa",
  ),
  post(
    "pushAuthorizationRequest: everything",
    async (oidc, address) =>
      oidc.pushAuthorizationRequest({
        address,
        ...spa,
        responseType: "code",
        scope: "openid api",
        redirectUri: callback,
        state: NASTY,
        nonce: "n",
        loginHint: "alice",
        acrValues: "1 2",
        prompt: "login consent",
        responseMode: "query",
        codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        codeChallengeMethod: "S256",
        display: "page",
        maxAge: 0,
        uiLocales: "de en",
        claimsLocales: "fr",
        idTokenHint: "it",
        resource,
        audience: "one",
        dpopJkt: "j",
        claims: { id_token: { email: null } },
        authorizationDetails: [{ type: "payment", amount: 1 }],
        registration: { client_name: "Notes" },
        parameters: { extra: "e" },
      }),
    `extra=e&client_id=spa&response_type=code&scope=openid+api&redirect_uri=${CALLBACK}&state=${NASTY_IN_FORM}&nonce=n` +
      "&login_hint=alice&acr_values=1+2&prompt=login+consent&response_mode=query" +
      "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256" +
      "&display=page&max_age=0&ui_locales=de+en&claims_locales=fr" +
      `&id_token_hint=it&${RESOURCES}&audience=one&dpop_jkt=j&claims=%7B%22id_token%22%3A%7B%22email%22%3Anull%7D%7D` +
      "&authorization_details=%5B%7B%22type%22%3A%22payment%22%2C%22amount%22%3A1%7D%5D&registration=%7B%22client_name%22%3A%22Notes%22%7D",
  ),
  post(
    "pushAuthorizationRequest: a request object",
    async (oidc, address) => oidc.pushAuthorizationRequest({ address, ...spa, request: "h.p.s" }),
    "client_id=spa&request=h.p.s",
  ),
  post(
    "pushAuthorizationRequest: a challenge is of the method S256",
    async (oidc, address) =>
      oidc.pushAuthorizationRequest({ address, ...spa, responseType: "code", redirectUri: callback, codeChallenge: "c" }),
    `client_id=spa&response_type=code&redirect_uri=${CALLBACK}&code_challenge=c&code_challenge_method=S256`,
  ),
  post(
    "introspectToken",
    async (oidc, address) => oidc.introspectToken({ address, ...spa, token: NASTY, tokenTypeHint: "access_token" }),
    `token=${NASTY_IN_FORM}&token_type_hint=access_token&client_id=spa`,
  ),
  post(
    "revokeToken",
    async (oidc, address) => oidc.revokeToken({ address, ...spa, token: NASTY, tokenTypeHint: "refresh_token" }),
    `token=${NASTY_IN_FORM}&token_type_hint=refresh_token&client_id=spa`,
  ),
  {
    name: "fetchUserInfo: the token in the header and nowhere else",
    run: async (oidc, address) =>
      oidc.fetchUserInfo({ address, accessToken: "an.access-token_~+/=", subject: "alice", responseFormat: "json" }),
    method: "GET",
    headers: { accept: "application/json", authorization: "Bearer an.access-token_~+/=" },
    body: "",
  },
  {
    name: "registerClient",
    run: async (oidc, address) =>
      oidc.registerClient({
        address,
        clientMetadata: { client_name: "Nötes", redirect_uris: [callback] },
        initialAccessToken: "iat",
      }),
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json", authorization: "Bearer iat" },
    body: `{"client_name":"Nötes","redirect_uris":["${callback}"]}`,
  },
  {
    name: "registerClient: open registration needs no token",
    run: async (oidc, address) => oidc.registerClient({ address, clientMetadata: { redirect_uris: [callback] } }),
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: `{"redirect_uris":["${callback}"]}`,
  },
  {
    name: "readClient",
    run: async (oidc, registrationClientUri) => oidc.readClient({ registrationClientUri, registrationAccessToken: "rat" }),
    method: "GET",
    headers: { accept: "application/json", authorization: "Bearer rat" },
    body: "",
  },
  {
    name: "updateClient: the client is named, and what only a server may set is left out",
    run: async (oidc, registrationClientUri) =>
      oidc.updateClient({
        registrationClientUri,
        registrationAccessToken: "rat",
        clientId: "spa",
        clientMetadata: {
          client_name: "Notes",
          registration_access_token: "rat",
          registration_client_uri: "https://id.example.com/reg",
          client_secret_expires_at: 0,
          client_id_issued_at: 1,
        },
      }),
    method: "PUT",
    headers: { accept: "application/json", "content-type": "application/json", authorization: "Bearer rat" },
    body: '{"client_name":"Notes","client_id":"spa"}',
  },
  {
    name: "fetchJsonWebKeySet",
    run: async (oidc, address) => oidc.fetchJsonWebKeySet({ address, headers: { "X-Own": "mine" } }),
    method: "GET",
    headers: { accept: "application/json, application/jwk-set+json", "x-own": "mine" },
    body: "",
  },
];
