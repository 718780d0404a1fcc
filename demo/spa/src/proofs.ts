/** Shows the DPoP proofs of this page, as they go over the wire. */

import { jwkThumbprint } from "oidc-wasm";
import { facts, find, json, show, text } from "./dom.js";
import { proofMeaning } from "./explain.js";
import { decode } from "./jwt.js";
import { log } from "./log.js";

/** For requests that are not this page's own: those of the thief. */
export const unwatched = globalThis.fetch.bind(globalThis);

/** Thumbprint of the key that the last proof came from. */
let thumbprint = "";
export const keyOfThisPage = (): string => thumbprint;

const seen = new Set<unknown>();
let count = 0;

/** Looks at every request of this page that has a proof. It changes nothing, and no request waits for it. */
export function watchProofs(): void {
  globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    const proof = headers.get("dpop");
    const response = await unwatched(input, init);
    if (proof !== null) showProof(proof, response.status);
    return response;
  };
}

function showProof(proof: string, status: number): void {
  const [header = "", payload = ""] = proof.split(".");
  const fields = decode(header) as { readonly jwk: JsonWebKey };
  const claims = decode(payload) as Readonly<Record<string, unknown>>;
  seen.add(claims["jti"]);
  count += 1;
  const request = `${String(claims["htm"])} ${String(claims["htu"])}`;
  find("proof-status").dataset["ok"] = String(status < 400);
  text("proof-status", String(status));
  text("proof-request", request);
  json("proof-header", fields);
  json("proof-claims", claims);
  facts(
    "proof-meaning",
    ["jwk", ...Object.keys(claims)].map((name) => [name, proofMeaning(name)]),
  );
  text("proof-count", count === 1 ? "1 proof" : `${count} proofs, ${seen.size} different jti`);
  thumbprint = jwkThumbprint(fields.jwk);
  facts("access-token-key", [["Its key", thumbprint]]);
  find("proof").dataset["count"] = String(count);
  show("proof-empty", false);
  show("proof-shown", true);
  log("proof", `${request} answered ${status}${claims["nonce"] === undefined ? "" : ", with a nonce"}`);
}
