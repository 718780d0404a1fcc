import type { OidcClient } from "oidc-wasm";
import { facts, find, json, show, text } from "./dom.js";
import { challengeMeaning, challengesOf } from "./explain.js";
import { log } from "./log.js";
import { mode } from "./mode.js";

/** The answer that a stronger sign-in would change. */
let unsatisfied: Response | undefined;

async function showResponse(request: string, response: Response, client?: OidcClient): Promise<void> {
  const challenges = challengesOf(response.headers.get("www-authenticate") ?? "");
  // An API that takes both ways names both; this page speaks of the one that it goes.
  const challenge = challenges.find(({ scheme }) => scheme.toLowerCase() === mode) ?? challenges[0];
  const error = challenge?.parameters.find(([name]) => name === "error")?.[1];
  const others = challenges.filter((other) => other !== challenge).map(({ raw }) => ["Or", raw] as const);
  find("api-result").dataset["status"] = String(response.status);
  find("api-status").dataset["ok"] = String(response.ok);
  text("api-status", String(response.status));
  text("api-request", request);
  text("api-explanation", response.ok ? "The API asked the provider about the token and accepts it." : challengeMeaning(response.status, error));
  facts("api-challenge", challenge ? [["WWW-Authenticate", challenge.raw, "api-challenge-raw"], ...challenge.parameters, ...others] : []);
  show("api-challenge", challenge !== undefined);
  unsatisfied = client?.stepUpChallenge(response) ? response : undefined;
  show("api-step-up-row", unsatisfied !== undefined);
  json("api-body", await response.json());
  show("api-result", true);
  log("api", `${request} answered ${response.status}`);
}

export async function callWithToken(client: OidcClient): Promise<void> {
  await showResponse("GET /me with the token", await client.fetch(`${DEMO.api}/me`));
}

export async function openVault(client: OidcClient): Promise<void> {
  await showResponse("GET /vault with the token", await client.fetch(`${DEMO.api}/vault`), client);
}

/** Signs the same person in again in a window, as the API wants it, and repeats the request. */
export async function stepUp(client: OidcClient): Promise<void> {
  if (unsatisfied) await showResponse("GET /vault after a stronger sign-in", await client.stepUp(unsatisfied), client);
}

export async function callWithoutToken(): Promise<void> {
  await showResponse("GET /me without a token", await fetch(`${DEMO.api}/me`));
}

export async function sendNote(client: OidcClient, input: HTMLInputElement): Promise<void> {
  const response = await client.fetch(`${DEMO.api}/notes`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text: input.value }),
  });
  await showResponse("POST /notes with the token", response);
  if (response.ok) input.value = "";
}
