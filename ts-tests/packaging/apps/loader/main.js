import { init, OidcClient } from "oidc-wasm";
import wasm from "oidc-wasm/oidc_wasm_bg.wasm";
import { run } from "../shared/main.js";

await init(wasm);
await run(OidcClient);
