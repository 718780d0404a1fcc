import { OidcClient } from "oidc-wasm";

export const dynamic = "force-dynamic";

/** What a client finds on the server: nobody, without a request to anybody. */
export default async function Page() {
  const client = await OidcClient.create({
    authority: "https://id.example.com",
    clientId: "spa",
    redirectUri: "https://app.example.com/",
  });
  const session = await client.start();
  return <p data-testid="server">{session ? session.subject : "Nobody on the server"}</p>;
}
