import { OidcClient } from "oidc-wasm";
import { run } from "../shared/main.js";

const client = await run(
  OidcClient,
  {
    scope: "openid profile api offline_access",
    popupRedirectUri: `${location.origin}/window.html`,
    silentRedirectUri: `${location.origin}/frame.html`,
  },
  // For a refresh token the demo's provider wants to ask the person.
  { prompt: "consent" },
);
Object.assign(globalThis, { client });
document.addEventListener("click", async ({ target }) => {
  if (target.dataset.testid !== "popup") return;
  const session = await client.signInPopup();
  document.querySelector('[data-testid="who"]').textContent = `Signed in as ${session.subject}`;
});
