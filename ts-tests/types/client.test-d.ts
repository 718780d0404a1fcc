// What must compile, and what must not. Only the compiler reads this file.
import { consoleLogger, createLogger, diagnose, handOverResponse, init, OidcClient, resolveReturnTo } from "oidc-wasm";
import type {
  AccessToken,
  AuthorizationDetail,
  ClaimsRequest,
  Degradation,
  Diagnosis,
  IdTokenClaims,
  JsonValue,
  JsonWebKey,
  LogEvent,
  LogLevel,
  OidcClientOptions,
  PreparedSignIn,
  Session,
  SessionStore,
  SignOutResult,
  StepUpChallenge,
  UserInfo,
  WasmSource,
} from "oidc-wasm";
import { OidcClient as InlineClient } from "oidc-wasm/inline";
import { OidcClient as NodeClient } from "oidc-wasm/node";
import type { Equal, Expect } from "./equal.js";

const minimal = { authority: "https://id.example.com", clientId: "spa", redirectUri: "https://app.example.com/" };
const client = await OidcClient.create(minimal);
new OidcClient(minimal);
void [InlineClient.create(minimal), NodeClient.create(minimal)];

await OidcClient.create({
  ...minimal,
  scope: "openid profile",
  postLogoutRedirectUri: "https://app.example.com/bye",
  metadata: { issuer: "https://id.example.com", token_endpoint: "https://id.example.com/token", anything: 1 },
  discoveryPolicy: { additionalEndpointBaseAddresses: ["https://keys.example.com"], dangerousAllowHttp: false },
  idTokenSignedResponseAlg: "EdDSA",
  trustedAudiences: ["api"],
  storage: "session",
  allowedOrigins: ["https://api.example.com"],
  authorizeParameters: { audience: "api" },
  clockToleranceSeconds: 0,
  timeoutSeconds: 5,
});

declare const key: CryptoKey;
declare const jwk: JsonWebKey;
declare const domKey: globalThis.JsonWebKey;
const claims: ClaimsRequest = { userinfo: { email: { essential: true }, name: null }, id_token: { acr: { values: ["a", "b"] } } };
await OidcClient.create({
  ...minimal,
  profile: "fapi2",
  dpop: { bindCode: true, algorithm: "PS256", signer: "webcrypto", dangerousAllowBearer: false },
  requestObject: { key, algorithm: "ES256", keyId: "k" },
  responseMode: "query.jwt",
  authorizationSignedResponseAlg: "PS256",
  authorizationDetails: [{ type: "payment", amount: 1 }],
  claims,
  resource: ["https://api.example.com"],
  allowedOrigins: ["https://a.example", { baseAddress: "https://b.example/v1", resource: "https://b.example", scope: "read" }],
});
for (const dpop of [true, false, {}] as const) await OidcClient.create({ ...minimal, dpop, pushedAuthorization: "always" });
for (const key of [jwk, domKey]) await OidcClient.create({ ...minimal, requestObject: { key }, responseMode: "jwt" });
// @ts-expect-error there is no such profile
await OidcClient.create({ ...minimal, profile: "fapi1" });
// @ts-expect-error there is no such signer
await OidcClient.create({ ...minimal, dpop: { signer: "hardware" } });
// @ts-expect-error proofs are not made with shared secrets
await OidcClient.create({ ...minimal, dpop: { algorithm: "HS256" } });
// @ts-expect-error a switch is on or off
await OidcClient.create({ ...minimal, dpop: "yes" });
// @ts-expect-error private keys are made by the client, and not given to it
await OidcClient.create({ ...minimal, dpop: { key } });
// @ts-expect-error without a key nothing is signed
await OidcClient.create({ ...minimal, requestObject: { algorithm: "ES256" } });
// @ts-expect-error unsigned request objects protect nobody
await OidcClient.create({ ...minimal, requestObject: { key, algorithm: "none" } });
// @ts-expect-error responses come in the query
await OidcClient.create({ ...minimal, responseMode: "fragment.jwt" });
// @ts-expect-error unsigned responses are never accepted
await OidcClient.create({ ...minimal, responseMode: "jwt", authorizationSignedResponseAlg: "none" });
// @ts-expect-error an object says where
await OidcClient.create({ ...minimal, allowedOrigins: [{ resource: "https://b.example" }] });
// @ts-expect-error a detail has a type
await OidcClient.create({ ...minimal, authorizationDetails: [{ amount: 1 }] });
// @ts-expect-error the parameter has the name on the wire in it
await OidcClient.create({ ...minimal, claims: { idToken: { acr: null } } });

// @ts-expect-error authority is required
await OidcClient.create({ clientId: "spa", redirectUri: "https://app.example.com/" });
// @ts-expect-error a page cannot keep a secret
await OidcClient.create({ ...minimal, clientSecret: "hunter2" });
// @ts-expect-error unsigned tokens are never accepted
await OidcClient.create({ ...minimal, idTokenSignedResponseAlg: "none" });
// @ts-expect-error symmetric signatures are never accepted
await OidcClient.create({ ...minimal, idTokenSignedResponseAlg: "HS256" });
// @ts-expect-error there is no such place
await OidcClient.create({ ...minimal, storage: "cookie" });
// @ts-expect-error a store can forget
await OidcClient.create({ ...minimal, storage: { load: () => null, save: () => {} } });
for (const storage of ["memory", "session", "local", "indexedDb"] as const) await OidcClient.create({ ...minimal, storage });
const own: SessionStore = { load: async (name) => name, save: async () => {}, remove: () => {} };
await OidcClient.create({ ...minimal, storage: own, automaticRenewal: false, revokeOnSignOut: true, logger: consoleLogger("trace") });
await OidcClient.create({ ...minimal, popupRedirectUri: "https://app.example.com/popup", silentRedirectUri: "https://app.example.com/silent" });
// @ts-expect-error a logger is made by createLogger
await OidcClient.create({ ...minimal, logger: { log: () => {} } });
const level: LogLevel = "critical";
// @ts-expect-error there is no such level
consoleLogger("warn");
await OidcClient.create({ ...minimal, logger: createLogger(({ id, name, data }: LogEvent) => void [id, name, data], level) });
// @ts-expect-error an option is given or left out
await OidcClient.create({ ...minimal, scope: undefined });
// @ts-expect-error the URL object has to be turned into text
await OidcClient.create({ ...minimal, redirectUri: new URL("https://app.example.com/") });

export type Cases = [
  Expect<Equal<Awaited<ReturnType<OidcClient["start"]>>, Session | null>>,
  Expect<Equal<OidcClient["session"], Session | null>>,
  Expect<Equal<ReturnType<OidcClient["signIn"]>, Promise<void>>>,
  Expect<Equal<ReturnType<OidcClient["prepareSignIn"]>, Promise<PreparedSignIn>>>,
  Expect<Equal<ReturnType<OidcClient["signInPopup"]>, Promise<Session>>>,
  Expect<Equal<ReturnType<OidcClient["renew"]>, Promise<Session>>>,
  Expect<Equal<ReturnType<OidcClient["stepUpChallenge"]>, StepUpChallenge | undefined>>,
  Expect<Equal<ReturnType<OidcClient["stepUp"]>, Promise<Response>>>,
  Expect<Equal<ReturnType<OidcClient["handleCallback"]>, Promise<Session>>>,
  Expect<Equal<ReturnType<OidcClient["getAccessToken"]>, Promise<AccessToken>>>,
  Expect<Equal<ReturnType<OidcClient["getIdToken"]>, Promise<string>>>,
  Expect<Equal<ReturnType<OidcClient["fetchUserInfo"]>, Promise<UserInfo>>>,
  Expect<Equal<ReturnType<OidcClient["signOut"]>, Promise<SignOutResult>>>,
  Expect<Equal<AccessToken["type"], "Bearer" | "DPoP">>,
  Expect<Equal<Session["tokenType"], "Bearer" | "DPoP">>,
  Expect<Equal<Session["authorizationDetails"], readonly AuthorizationDetail[] | undefined>>,
  Expect<Equal<Session["claims"], IdTokenClaims>>,
  Expect<Equal<Parameters<typeof init>[0], WasmSource | undefined>>,
];

await client.signIn();
await client.signIn({ appState: { returnTo: "/", tabs: [1, 2, null] }, maxAgeSeconds: 0, signal: new AbortController().signal });
const prepared = await client.prepareSignIn({ claims, authorizationDetails: [{ type: "account" }], scope: "openid" });
await client.signIn({ prepared });
await client.signIn({ prepared, signal: new AbortController().signal });
const until: number | undefined = prepared.expiresAt;
void until;
// @ts-expect-error what is prepared is not prepared again
await client.prepareSignIn({ prepared });
// @ts-expect-error the URL alone does not tell when it is too old
await client.signIn({ prepared: prepared.url });
// @ts-expect-error a window is for the client to open
await client.prepareSignIn({ popup: true });
await client.signInPopup({ acrValues: "urn:mfa", width: 400, height: 600, timeoutSeconds: 60 });
await client.getAccessToken({ resource: "https://api.example.com", scope: "read", minValiditySeconds: 30 });
// @ts-expect-error one token is for one resource
await client.getAccessToken({ resource: ["https://a.example", "https://b.example"] });
// @ts-expect-error what has begun is not aborted
await client.getAccessToken({ signal: new AbortController().signal });
const refused = await client.fetch("https://api.example.com/");
const challenge = client.stepUpChallenge(refused);
await client.signIn({ ...challenge, appState: { returnTo: "/" } });
if (challenge) console.log((await client.stepUp(refused, { width: 400 })).status);
// @ts-expect-error functions do not survive JSON
await client.signIn({ appState: () => 1 });
// @ts-expect-error dates do not survive JSON
await client.signIn({ appState: { at: new Date() } });
// @ts-expect-error max_age is a number
await client.signIn({ maxAgeSeconds: "60" });
// @ts-expect-error the wire name is not the option's name
await client.signIn({ login_hint: "ada" });
// @ts-expect-error a click handler's event is not a set of options
document.body.onclick = client.signIn;

const session = client.session;
// @ts-expect-error nobody may be signed in
void session.subject;
if (session) {
  const state: JsonValue | undefined = session.appState;
  const custom: unknown = session.claims["groups"];
  const expiresAt: number | undefined = session.expiresAt;
  void [state, custom, expiresAt];
  // @ts-expect-error frozen
  session.subject = "eve";
  // @ts-expect-error frozen
  session.claims.sub = "eve";
  // @ts-expect-error a session holds no token
  void session.accessToken;
}
// @ts-expect-error set by the client alone
client.session = null;

const detached: typeof fetch = client.fetch;
await detached("https://api.example.com/");
const off: () => void = client.on("signedIn", (who) => who.subject);
off();
client.on("signedOut", () => {});
client.on("degraded", ({ feature, reason }: Degradation) => [feature === "dpopKey", reason.length]);
client.on("signedOut", async (nothing: undefined) => nothing);
client.on("renewed", ({ id, expiresAt }) => [id.length, expiresAt]);
client.on("renewalFailed", ({ code, retryable }) => [code, retryable]);
client.on("sessionChanged", ({ subject }) => subject);
client.on("expiring", ({ expiresAt }) => expiresAt);
client.on("expired", ({ expiresAt }) => expiresAt);
const silent: Session = await client.signInSilent({ loginHint: "ada", timeoutSeconds: 5 });
void silent.id;
// @ts-expect-error silent is prompt=none already
await client.signInSilent({ prompt: "login" });
const left: SignOutResult = await client.signOutSilent({ revoke: true, timeoutSeconds: 5 });
await client.signOutPopup({ width: 400 });
// @ts-expect-error a window is for the provider
await client.signOutPopup({ localOnly: true });
void left.remote;
const isWatched: boolean = await client.monitorSession({ intervalSeconds: 5, onStopped: (reason) => reason === "not_visible" });
const isNamed: boolean = await client.frontChannelLogout();
void [isWatched, isNamed];
await client.signInFromThirdParty({ appState: { from: "link" } });
// @ts-expect-error returnTo is added to an object
await client.signInFromThirdParty({ appState: "link" });
const mixed: typeof fetch = client.createFetch({ elsewhere: "plain" });
void mixed;
// @ts-expect-error there is no such way
client.createFetch({ elsewhere: "anything" });
const handedOver: boolean = await handOverResponse();
const target: string = resolveReturnTo("/orders", { base: "https://app.example.com/" });
const { reason, remedy }: Diagnosis = await diagnose(new Error());
void [handedOver, target, reason, remedy];
// @ts-expect-error there is no such event
client.on("signedUp", () => {});
// @ts-expect-error the handler gets a session
client.on("signedIn", (who: string) => who);

// @ts-expect-error there are no private doors
void client.core;
client.dispose();
client[Symbol.dispose]();

await init();
for (const source of ["/x.wasm", new URL("https://a.example/x.wasm"), new Uint8Array(8), fetch("/x.wasm")] as const) await init(source);
// @ts-expect-error a source is given or left out
await init(null);

// Details of one's own.
type Payment = { readonly type: "payment"; readonly amount: string; readonly to?: string };
interface Account extends AuthorizationDetail {
  readonly type: "account";
  readonly actions: readonly ("read" | "write")[];
}
const bank = await OidcClient.create<Payment | Account>({
  ...minimal,
  authorizationDetails: [{ type: "payment", amount: "1.00" }, { type: "account", actions: ["read"] }],
});
for (const detail of (await bank.start())?.authorizationDetails ?? []) {
  if (detail.type === "payment") console.log(detail.amount.length, detail.to?.length);
  else console.log(detail.actions.includes("write"), detail["bank"]);
  // @ts-expect-error there is no such type
  if (detail.type === "transfer") console.log();
}
await bank.signIn({ authorizationDetails: [{ type: "payment", amount: "2.00", to: "DE89" }] });
bank.on("signedIn", (who) => who.authorizationDetails?.[0]?.type satisfies "payment" | "account" | undefined);
const granted: readonly (Payment | Account)[] | undefined = (await bank.getAccessToken()).authorizationDetails;
const renewed: Session<Payment | Account> = await bank.renew();
await bank.signInPopup({ authorizationDetails: [{ type: "account", actions: [] }] });
// @ts-expect-error an amount is a text
await bank.signIn({ authorizationDetails: [{ type: "payment", amount: 2 }] });
// @ts-expect-error no such action
await bank.prepareSignIn({ authorizationDetails: [{ type: "account", actions: ["delete"] }] });
// @ts-expect-error no such member
await bank.signIn({ authorizationDetails: [{ type: "payment", amount: "2.00", too: "DE89" }] });
// @ts-expect-error something has to say what it is
export type Typeless = OidcClient<{ readonly amount: string }>;
// What knows nothing of details takes clients and sessions that do.
const general: OidcClient = bank;
const someone: Session | null = bank.session;
export const maker = <Detail extends AuthorizationDetail>(options: OidcClientOptions<Detail>): OidcClient<Detail> => new OidcClient(options);
void [granted, renewed, general, someone];

const options: OidcClientOptions = minimal;
// @ts-expect-error options are not changed after they were given
options.clientId = "other";
