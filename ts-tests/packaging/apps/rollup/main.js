import { OidcClient } from "oidc-wasm";
import { run } from "../shared/main.js";

await run(OidcClient);
