import { execFileSync } from "node:child_process";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { packageFolder } from "./support/package.ts";

/** Everything an application can import, besides types. What is here stays until a breaking version. */
const PUBLIC_SURFACE: Readonly<Record<string, string>> = {
  session: "OidcClient OidcError consoleLogger createLogger diagnose handOverResponse init isOidcError resolveReturnTo",
  tokenRequests: `
    pollBackchannelAuthentication pollDeviceToken requestAuthorizationCodeToken requestBackchannelAuthenticationToken
    requestClientCredentialsToken requestDeviceToken requestJwtBearerToken requestPasswordToken requestRefreshToken
    requestToken requestTokenExchangeToken`,
  otherRequests: `
    createRequestObject deleteClient fetchUserInfo introspectToken pushAuthorizationRequest readClient registerClient
    requestBackchannelAuthentication requestDeviceAuthorization revokeToken updateClient`,
  documents: "DiscoveryCache fetchDiscoveryDocument fetchJsonWebKeySet fetchProtectedResourceMetadata",
  tokens: "computeTokenHash validateAuthorizeResponse validateIdToken validateLogoutToken",
  urls: "createAuthorizeUrl createEndSessionUrl createRequestUrl parseAuthorizeResponse",
  primitives: `
    base64url basicAuthorization certificateThumbprint computeCodeChallenge epoch generatePkce isPrivateJwk jwkKeySize
    jwkThumbprint parseWwwAuthenticate randomBytes randomInteger randomString timingSafeEqual`,
  dpop: "DpopKey",
  json: "getBoolean getInteger getString getStringArray",
  constants: `
    Algorithms ApplicationTypes AsymmetricAlgorithms AuthenticationMethods AuthenticationSchemes AuthorizeErrors
    AuthorizeRequest AuthorizeResponse BackChannelLogoutRequest BackchannelAuthenticationRequest
    BackchannelAuthenticationRequestErrors BackchannelAuthenticationResponse BackchannelTokenDeliveryModes
    ClientAssertionTypes ClientMetadata CodeChallengeMethods ConfirmationMethods DeviceAuthorizationResponse Discovery
    DisplayModes EndSessionRequest EndpointAuthenticationMethods Events GrantTypes HttpHeaders JsonClaimValueTypes
    JsonWebAlgorithmsKeyTypes JsonWebKeyParameterNames JwtClaimTypes JwtTypes PromptModes ProtectedResourceErrors
    PushedAuthorizationRequestResponse RegistrationErrors RegistrationResponse ResponseModes ResponseTypes
    RevocationErrors StandardScopes SubjectTypes SymmetricAlgorithms TokenErrors TokenIntrospectionRequest TokenRequest
    TokenRequestTypes TokenResponse TokenTypeIdentifiers TokenTypes WellKnownUris`,
};

/** Imports an entry in a process of its own where every side effect that matters throws, and reports what it exports. */
function importAlone(entry: string): readonly string[] {
  const url = pathToFileURL(path.join(packageFolder, `dist/${entry}.js`)).href;
  const script = `
    const refuse = (name) => () => { throw new Error(name + " was called by the import"); };
    for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask", "atob"]) globalThis[name] = refuse(name);
    for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"]) WebAssembly[name] = refuse(name);
    WebAssembly.Module = WebAssembly.Instance = refuse("WebAssembly constructor");
    globalThis.addEventListener = refuse("addEventListener");
    const before = Object.getOwnPropertyNames(globalThis).join();
    const module = await import(${JSON.stringify(url)});
    if (Object.getOwnPropertyNames(globalThis).join() !== before) throw new Error("the import made a global");
    process.stdout.write(Object.keys(module).join());
  `;
  return execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }).split(",");
}

describe("importing", () => {
  test.each(["index", "inline", "node"])("%s does nothing, needs no window, and exports exactly the public surface", (entry) => {
    const names = Object.values(PUBLIC_SURFACE).flatMap((group) => group.trim().split(/\s+/));
    expect(importAlone(entry).toSorted()).toEqual(names.toSorted());
  });
});
