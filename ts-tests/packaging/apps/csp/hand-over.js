import { handOverResponse } from "oidc-wasm";

await handOverResponse();
