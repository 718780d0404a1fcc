// @ts-check
/**
 * The application that every bundler builds: sign in, see who is there, call an API, sign out. It is handed the class,
 * so that `oidc-wasm` is imported, and found, by each application itself.
 *
 * @typedef {typeof import("oidc-wasm")} Package
 * @param {Package["OidcClient"]} OidcClient
 * @param {Partial<import("oidc-wasm").OidcClientOptions>} [more]
 * @param {import("oidc-wasm").SignInOptions} [signInOptions]
 */
export async function run(OidcClient, more = {}, signInOptions = {}) {
  const who = add("p", "who", "Loading");
  const signIn = add("button", "sign-in", "Sign in");
  const callApi = add("button", "call-api", "Call the API");
  const signOut = add("button", "sign-out", "Sign out");
  const output = add("pre", "output", "");
  try {
    /** @type {import("../../support/world.ts").Settings} */
    const { authority, clientId, api } = Reflect.get(globalThis, "settings");
    const client = await OidcClient.create({
      authority,
      clientId,
      redirectUri: `${location.origin}/`,
      postLogoutRedirectUri: `${location.origin}/`,
      scope: "openid profile api",
      allowedOrigins: [api],
      ...more,
    });
    signIn.addEventListener("click", () => client.signIn(signInOptions));
    callApi.addEventListener("click", async () => {
      const response = await client.fetch(`${api}/me`);
      output.textContent = `${response.status} ${await response.text()}`;
    });
    signOut.addEventListener("click", () => client.signOut());
    await client.start();
    who.textContent = client.session ? `Signed in as ${client.session.subject}` : "Not signed in";
    return client;
  } catch (failure) {
    const isOurs = failure instanceof Error && "code" in failure;
    who.textContent = isOurs ? `${failure.code}: ${failure.message}` : String(failure);
    return undefined;
  }
}

/**
 * @param {string} tag
 * @param {string} name
 * @param {string} text
 */
function add(tag, name, text) {
  const element = document.createElement(tag);
  element.dataset["testid"] = name;
  element.textContent = text;
  document.body.append(element);
  return element;
}
