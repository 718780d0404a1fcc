import { handOverResponse } from "oidc-wasm";

const isTaken = await handOverResponse();
document.body.dataset["handedOver"] = String(isTaken);
