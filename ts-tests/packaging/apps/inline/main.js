import { OidcClient } from "oidc-wasm/inline";
import { run } from "../shared/main.js";

await run(OidcClient);
