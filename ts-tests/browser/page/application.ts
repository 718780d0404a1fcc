/** What an application does on each of its pages, at once. The test gives the client's options. */
import { OidcClient, type OidcClientOptions } from "oidc-wasm";

declare global {
  interface Window {
    options: OidcClientOptions;
  }
}

const client = await OidcClient.create(window.options);
document.body.dataset["begun"] = "yes";
await client.start();
document.body.dataset["state"] = client.session ? "signed-in" : "signed-out";
