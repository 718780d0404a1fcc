import { isOidcError, OidcError } from "oidc-wasm";
import type { OidcErrorCode, OidcErrorType, OidcErrorTypes } from "oidc-wasm";
import type { Equal, Expect } from "./equal.js";

declare const caught: unknown;

if (isOidcError(caught)) {
  const code: OidcErrorCode = caught.code;
  const type: OidcErrorType = caught.type;
  const status: number | undefined = caught.status;
  const description: string | undefined = caught.errorDescription;
  const evidence: string | undefined = caught.details["expected"];
  void [code, type, status, description, evidence];
  // @ts-expect-error the list of codes is closed
  void (caught.code === "no_such_code");
  // @ts-expect-error evidence is not changed
  caught.details["expected"] = "x";
} else {
  // @ts-expect-error could be anything
  void caught.code;
}

if (isOidcError(caught, "timeout")) {
  const code: "timeout" = caught.code;
  const type: "timeout" = caught.type;
  void [code, type];
}
// @ts-expect-error there is no such code
isOidcError(caught, "no_such_code");

declare const code: OidcErrorCode;
switch (code) {
  case "signature_invalid":
  case "unknown_state":
    break;
  // @ts-expect-error misspelt
  case "signature_invaild":
    break;
}

const general: OidcError = new OidcError({ code: "timeout", type: "timeout", message: "Too slow." });
const json: { readonly code: OidcErrorCode; readonly message: string; readonly name: string } = general.toJSON();
void json;
// @ts-expect-error the type belongs to the code
new OidcError({ code: "timeout", type: "network", message: "Too slow." });

export type Cases = [Expect<Equal<OidcErrorTypes[OidcErrorCode], OidcErrorType>>, Expect<Equal<keyof OidcErrorTypes, OidcErrorCode>>];
