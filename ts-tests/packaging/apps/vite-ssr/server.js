import { OidcClient } from "oidc-wasm";

/** What a server renders: a client can be made, and it finds nobody. */
export async function render() {
  const client = await OidcClient.create({
    authority: "https://id.example.com",
    clientId: "spa",
    redirectUri: "https://app.example.com/",
  });
  const session = await client.start();
  return session ? session.subject : "Nobody on the server";
}
