import type { OidcClient } from "oidc-wasm";
import { facts, find, json, show, text } from "./dom.js";
import { challengeMeaning, challengeParameters } from "./explain.js";
import { log } from "./log.js";

async function showResponse(request: string, response: Response): Promise<void> {
  const challenge = response.headers.get("www-authenticate");
  const parameters = challenge === null ? [] : challengeParameters(challenge);
  const error = parameters.find(([name]) => name === "error")?.[1];
  find("api-result").dataset["status"] = String(response.status);
  find("api-status").dataset["ok"] = String(response.ok);
  text("api-status", String(response.status));
  text("api-request", request);
  text("api-explanation", response.ok ? "The API asked the provider about the token and accepts it." : challengeMeaning(response.status, error));
  facts("api-challenge", challenge === null ? [] : [["WWW-Authenticate", challenge, "api-challenge-raw"], ...parameters]);
  show("api-challenge", challenge !== null);
  json("api-body", await response.json());
  show("api-result", true);
  log("api", `${request} answered ${response.status}`);
}

export async function callWithToken(client: OidcClient): Promise<void> {
  await showResponse("GET /me with the token", await client.fetch(`${DEMO.api}/me`));
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
