import { OidcClient } from "oidc-wasm";
import { createOidc } from "oidc-wasm/vue";
import { createApp } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import { optionsOf, readSettings } from "../shared/settings.ts";
import Account from "./Account.vue";
import App from "./App.vue";

const settings = readSettings();
const options = optionsOf(settings);
// First of all: it takes the response out of the address bar, which the router looks at too.
const client = settings.lazy ? () => OidcClient.create(options) : OidcClient.create(options);
const oidc = createOidc(client, { onReturn: (returnTo) => router.replace(returnTo) });
const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", component: Account },
    { path: "/notes", component: Account, beforeEnter: oidc.guard },
    { path: "/callback", component: Account, beforeEnter: oidc.guard },
  ],
});

const app = createApp(App).use(oidc).use(router);
app.mount("#root");

/** The client and the application, for what a test does without a button. */
Object.assign(globalThis, { client, unmount: () => app.unmount() });
