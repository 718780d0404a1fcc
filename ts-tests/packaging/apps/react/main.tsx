import { OidcClient } from "oidc-wasm";
import { OidcProvider } from "oidc-wasm/react";
import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { optionsOf, readSettings } from "../shared/settings.ts";
import { App } from "./app.tsx";

const settings = readSettings();
const options = optionsOf(settings);
// A promise takes the response out of the address bar before anything else runs; a function is called when React shows the page.
const client = settings.lazy ? make : OidcClient.create(options);
let made = 0;

function make(): Promise<OidcClient> {
  made += 1;
  return OidcClient.create(options);
}

const app = (
  <StrictMode>
    <OidcProvider client={client}>
      <App api={settings.api} />
    </OidcProvider>
  </StrictMode>
);
const place = document.querySelector("#root") as HTMLElement;
if (settings.hydrate) {
  // In the place of a server, which knows nothing of sessions either.
  const { renderToString } = await import("react-dom/server.browser");
  place.innerHTML = renderToString(app);
}
const root = settings.hydrate ? hydrateRoot(place, app) : createRoot(place);
if (!settings.hydrate) root.render(app);

/** The client and the root, for what a test does without a button. */
Object.assign(globalThis, { client, made: () => made, unmount: () => root.unmount() });
