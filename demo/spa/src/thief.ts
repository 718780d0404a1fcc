/** What somebody can do who has the access token of this page, and not its key. */

import { DpopKey, type OidcClient } from "oidc-wasm";
import { facts, find, show, text } from "./dom.js";
import { challengesOf } from "./explain.js";
import { log } from "./log.js";
import { keyOfThisPage, unwatched } from "./proofs.js";

const TARGET = `${DEMO.api}/me`;

interface Replay {
  readonly attempt: string;
  readonly response: Response;
  readonly evidence: readonly (readonly [string, string, string?])[];
}

/** The token as somebody else has it: as text. */
async function stolenToken(client: OidcClient): Promise<string> {
  return (await client.getAccessToken()).token;
}

async function showReplay({ attempt, response, evidence }: Replay): Promise<void> {
  const challenges = challengesOf(response.headers.get("www-authenticate") ?? "");
  const parameters = challenges.find(({ parameters: all }) => all.some(([name]) => name === "error"))?.parameters ?? [];
  const value = (wanted: string): string => parameters.find(([name]) => name === wanted)?.[1] ?? "";
  find("thief-result").dataset["status"] = String(response.status);
  find("thief-status").dataset["ok"] = String(response.ok);
  text("thief-status", String(response.status));
  text("thief-request", `GET ${TARGET}`);
  text("thief-attempt", attempt);
  text("thief-words", response.ok ? "The API let it pass. It should not have." : value("error_description"));
  facts("thief-facts", [["error", value("error"), "thief-error"], ...evidence]);
  show("thief-result", true);
  log("api", `${attempt}: answered ${response.status}, ${value("error")}`);
}

/** The thief knows the protocol: a key of their own, a proof that is right in every way, and the nonce that the API asks for. */
export async function replayWithAnotherKey(client: OidcClient): Promise<void> {
  const accessToken = await stolenToken(client);
  const key = await DpopKey.generate();
  const send = async (nonce?: string): Promise<Response> => {
    const dpop = await key.proof({ method: "GET", url: TARGET, accessToken, ...(nonce === undefined ? {} : { nonce }) });
    return unwatched(TARGET, { headers: { authorization: `DPoP ${accessToken}`, dpop } });
  };
  let response = await send();
  if (response.headers.get("www-authenticate")?.includes('error="use_dpop_nonce"')) {
    response = await send(response.headers.get("dpop-nonce") ?? undefined);
  }
  await showReplay({
    attempt: "The token, with a good proof from another key",
    response,
    evidence: [
      ["The thief's key", key.thumbprint, "thief-key"],
      ["The token's key", keyOfThisPage() || "not used yet since this page was loaded"],
    ],
  });
}

export async function replayWithoutProof(client: OidcClient): Promise<void> {
  const response = await unwatched(TARGET, { headers: { authorization: `Bearer ${await stolenToken(client)}` } });
  await showReplay({ attempt: "The token alone, as a Bearer token", response, evidence: [] });
}
