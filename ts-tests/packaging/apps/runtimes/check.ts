/**
 * What is asked of the package in every runtime: all that needs no page, and what is said where one is needed. Nothing in here
 * knows where it runs; `main`, `workerd` and `worker` do.
 */
import type { DpopKey, OidcClient } from "oidc-wasm";
import { scenarios } from "../../../support/protocol/scenarios.js";
import { type Package, type Servers, World } from "../../../support/protocol/world.js";

/** How a call ended, as plain data. */
export type Outcome = { readonly value: unknown } | Failed | { readonly thrown: string };

/** By an error of the package. */
export interface Failed {
  readonly code: string;
  readonly message: string;
  /** What is missing, where the error names it. */
  readonly feature: string | null;
}

/** What a runtime has to say. */
export interface Report {
  /** What each rule of the endpoints' tests gave, by group and rule. */
  readonly scenarios: Readonly<Record<string, Readonly<Record<string, Outcome>>>>;
  /** What each method of a client did where nobody is signed in, by its name. */
  readonly client: Readonly<Record<string, Outcome>>;
  /** What functions did that need no client. */
  readonly functions: Readonly<Record<string, Outcome>>;
}

export async function check(oidc: Package, servers: Servers): Promise<Report> {
  const world = new World(oidc, servers);
  // Whoever imports the package and calls nothing of it has not loaded the wasm.
  const early = await outcome(oidc, () => oidc.generatePkce());
  const results: Record<string, Record<string, Outcome>> = {};
  await oidc.init();
  for (const [group, members] of Object.entries(scenarios)) {
    const outcomes: Record<string, Outcome> = (results[group] = {});
    for (const { rule, run } of members) outcomes[rule] = await outcome(oidc, () => run(world));
  }
  return { scenarios: results, client: await askClient(oidc, servers), functions: { early, ...(await askFunctions(oidc)) } };
}

async function askClient(oidc: Package, { provider }: Servers): Promise<Record<string, Outcome>> {
  const client = await oidc.OidcClient.create({
    authority: provider.issuer,
    clientId: provider.clients.spa,
    redirectUri: provider.redirectUri,
    postLogoutRedirectUri: provider.signedOutUri,
    allowedOrigins: [provider.issuer],
  });
  const response = new Response(null, { status: 401, headers: { "www-authenticate": 'Bearer error="insufficient_user_authentication"' } });
  const calls: Readonly<Record<string, (client: OidcClient) => unknown>> = {
    start: (client) => client.start(),
    session: (client) => client.session,
    signIn: (client) => client.signIn(),
    prepareSignIn: async (client) => new URL((await client.prepareSignIn()).url).origin,
    signInPopup: (client) => client.signInPopup(),
    signInSilent: (client) => client.signInSilent(),
    signInFromThirdParty: (client) => client.signInFromThirdParty(),
    "signInFromThirdParty, with an address": (client) => client.signInFromThirdParty({}, `https://app.example.com/login?iss=${provider.issuer}`),
    handleCallback: (client) => client.handleCallback(),
    getAccessToken: (client) => client.getAccessToken(),
    getIdToken: (client) => client.getIdToken(),
    renew: (client) => client.renew(),
    fetch: (client) => client.fetch(`${provider.issuer}/me`),
    fetchUserInfo: (client) => client.fetchUserInfo(),
    stepUpChallenge: (client) => client.stepUpChallenge(response),
    stepUp: (client) => client.stepUp(response),
    signOut: (client) => client.signOut(),
    "signOut, only here": (client) => client.signOut({ localOnly: true }),
    signOutPopup: (client) => client.signOutPopup(),
    signOutSilent: (client) => client.signOutSilent(),
    frontChannelLogout: (client) => client.frontChannelLogout(),
    "frontChannelLogout, with an address": (client) => client.frontChannelLogout("https://app.example.com/frontchannel"),
    monitorSession: (client) => client.monitorSession(),
    clearSession: (client) => client.clearSession(),
    dispose: (client) => client.dispose(),
  };
  const outcomes: Record<string, Outcome> = {};
  for (const [name, call] of Object.entries(calls)) outcomes[name] = await outcome(oidc, () => call(client));
  return outcomes;
}

async function askFunctions(oidc: Package): Promise<Record<string, Outcome>> {
  const proof = async (make: () => Promise<DpopKey>): Promise<number> => {
    const key = await make();
    const { length } = (await key.proof({ method: "GET", url: "https://api.example.com/" })).split(".");
    return length;
  };
  return {
    handOverResponse: await outcome(oidc, () => oidc.handOverResponse()),
    "a key of WebCrypto": await outcome(oidc, () => proof(() => oidc.DpopKey.generate())),
    "a key in memory": await outcome(oidc, () => proof(() => oidc.DpopKey.generate({ signer: "software" }))),
    diagnose: await outcome(oidc, async () => (await oidc.diagnose(new TypeError("Failed to fetch"))).reason),
  };
}

async function outcome(oidc: Package, work: () => unknown): Promise<Outcome> {
  try {
    return { value: (await work()) ?? null };
  } catch (failure) {
    if (!oidc.isOidcError(failure)) return { thrown: String((failure as Partial<Error> | null)?.stack ?? failure) };
    const { code, message, details } = failure;
    return { code, message, feature: details["feature"] ?? null };
  }
}
