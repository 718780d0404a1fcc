import { OidcClient } from "oidc-wasm";

const client = await OidcClient.create(window.options);
await client.frontChannelLogout();
