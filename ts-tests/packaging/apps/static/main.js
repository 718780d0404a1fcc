import { OidcClient } from "./oidc-wasm/dist/index.js";
import { run } from "./shared/main.js";

await run(OidcClient);
