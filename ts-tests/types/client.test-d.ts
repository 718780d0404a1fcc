// What must compile, and what must not. Only the compiler reads this file.
import { init, OidcClient } from "oidc-wasm";
import type { AccessToken, IdTokenClaims, JsonValue, OidcClientOptions, Session, SignOutResult, UserInfo, WasmSource } from "oidc-wasm";
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

// @ts-expect-error authority is required
await OidcClient.create({ clientId: "spa", redirectUri: "https://app.example.com/" });
// @ts-expect-error a page cannot keep a secret
await OidcClient.create({ ...minimal, clientSecret: "hunter2" });
// @ts-expect-error unsigned tokens are never accepted
await OidcClient.create({ ...minimal, idTokenSignedResponseAlg: "none" });
// @ts-expect-error symmetric signatures are never accepted
await OidcClient.create({ ...minimal, idTokenSignedResponseAlg: "HS256" });
// @ts-expect-error tokens do not go to localStorage
await OidcClient.create({ ...minimal, storage: "local" });
// @ts-expect-error an option is given or left out
await OidcClient.create({ ...minimal, scope: undefined });
// @ts-expect-error the URL object has to be turned into text
await OidcClient.create({ ...minimal, redirectUri: new URL("https://app.example.com/") });

export type Cases = [
  Expect<Equal<Awaited<ReturnType<OidcClient["start"]>>, Session | null>>,
  Expect<Equal<OidcClient["session"], Session | null>>,
  Expect<Equal<ReturnType<OidcClient["signIn"]>, Promise<void>>>,
  Expect<Equal<ReturnType<OidcClient["prepareSignIn"]>, Promise<import("oidc-wasm").PreparedSignIn>>>,
  Expect<Equal<ReturnType<OidcClient["handleCallback"]>, Promise<Session>>>,
  Expect<Equal<ReturnType<OidcClient["getAccessToken"]>, Promise<AccessToken>>>,
  Expect<Equal<ReturnType<OidcClient["getIdToken"]>, Promise<string>>>,
  Expect<Equal<ReturnType<OidcClient["fetchUserInfo"]>, Promise<UserInfo>>>,
  Expect<Equal<ReturnType<OidcClient["signOut"]>, Promise<SignOutResult>>>,
  Expect<Equal<AccessToken["type"], "Bearer">>,
  Expect<Equal<Session["claims"], IdTokenClaims>>,
  Expect<Equal<Parameters<typeof init>[0], WasmSource | undefined>>,
];

await client.signIn();
await client.signIn({ appState: { returnTo: "/", tabs: [1, 2, null] }, maxAgeSeconds: 0, signal: new AbortController().signal });
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
client.on("signedOut", async (nothing: undefined) => nothing);
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

const options: OidcClientOptions = minimal;
// @ts-expect-error options are not changed after they were given
options.clientId = "other";
