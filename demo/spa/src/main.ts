import { isOidcError, OidcClient, type Session } from "oidc-wasm";
import { callWithoutToken, callWithToken, openVault, sendNote, stepUp } from "./api.js";
import { find, json, show, text } from "./dom.js";
import { clearError, showError } from "./errors.js";
import { log, restoreLog } from "./log.js";
import { clientOptions, fitsMode, home, inMode, isCallback, mode, showMode } from "./mode.js";
import { watchProofs } from "./proofs.js";
import { showSession } from "./session.js";
import { replayWithAnotherKey, replayWithoutProof } from "./thief.js";

type State = "loading" | "signed-out" | "signed-in";

const statusText: Readonly<Record<State, string>> = {
  loading: "Loading",
  "signed-out": "Signed out",
  "signed-in": "Signed in",
};

let client: OidcClient | undefined;
/** What the button on the error does: begin anew while there is no client, later whatever fits the failure. */
let retry: () => Promise<void> = start;

function setState(state: State): void {
  for (const part of document.querySelectorAll<HTMLElement>("[data-view]")) {
    part.hidden = !(part.dataset["view"] ?? "").split(" ").includes(state) || !fitsMode(part);
  }
  for (const name of ["api-with-token", "api-vault", "note-form"]) show(name, state === "signed-in");
  find("status").dataset["state"] = state;
  text("status", statusText[state]);
  find("app").dataset["state"] = state;
}

async function render(session: Session | null): Promise<void> {
  show("user-info-result", false);
  show("api-result", false);
  show("thief-result", false);
  if (client && session) await showSession(client, session);
  setState(session ? "signed-in" : "signed-out");
}

function fail(failure: unknown): void {
  showError(failure);
  log("error", isOidcError(failure) ? failure.code : String(failure));
}

/** Runs what a button asks for; a failure becomes words on the page. */
async function attempt(button: HTMLElement | undefined, work: () => Promise<void>): Promise<void> {
  clearError();
  button?.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (failure) {
    fail(failure);
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

function onClick(name: string, work: () => Promise<void>): void {
  const button = find(name);
  button.addEventListener("click", () => void attempt(button, work));
}

/** Where the person was when signing in; only a path of this page is followed. */
function returnTo(session: Session): string {
  const state = session.appState;
  const wanted = typeof state === "object" && state !== null && "returnTo" in state ? state["returnTo"] : undefined;
  if (typeof wanted !== "string") return home;
  const url = new URL(wanted, location.origin);
  const own = url.origin === location.origin && url.protocol === location.protocol && !url.pathname.startsWith("//");
  return own ? inMode(url.pathname) : home;
}

async function signIn(): Promise<void> {
  if (!client) return start();
  log("page", "Going to the provider");
  await client.signIn({ appState: { returnTo: isCallback() ? "/" : location.pathname } });
}

async function start(): Promise<void> {
  const began = performance.now();
  client = await OidcClient.create(clientOptions);
  log("page", `Core ready after ${Math.round(performance.now() - began)} ms`);
  client.on("signedIn", (session) => log("event", `signedIn: ${session.subject}`));
  client.on("degraded", ({ reason }) => log("event", `degraded: the key is in memory only, ${reason}`));
  client.on("signedOut", () => {
    log("event", "signedOut");
    void render(null);
  });
  await resume(client);
}

/** Lists what this page asks the provider, as the browser reports it. */
function watchRequests(): void {
  const report = (entries: PerformanceObserverEntryList): void => {
    for (const { name } of entries.getEntries()) {
      const { origin, pathname } = new URL(name);
      if (origin === DEMO.provider) log("page", `Request to the provider: ${pathname}`);
    }
  };
  new PerformanceObserver(report).observe({ type: "resource", buffered: true });
}

/** Completes a callback or restores a session, and shows the outcome. */
async function resume(started: OidcClient): Promise<void> {
  let session: Session | null;
  try {
    session = await started.start();
    log("page", session ? "There is a session" : "There is no session");
    retry = signIn;
  } catch (failure) {
    fail(failure);
    // Where the same answer may pass next time, it is kept; a refused one is dropped, and who was signed in still is.
    const again = isOidcError(failure) && failure.retryable;
    retry = again ? () => resume(started) : signIn;
    session = again ? null : await started.start();
  }
  text("error-retry", retry === signIn ? "Sign in again" : "Try again");
  if (isCallback()) history.replaceState(history.state, "", session ? returnTo(session) : home);
  await render(session);
}

showMode();
restoreLog();
watchRequests();
if (mode === "dpop") watchProofs();
text("wasm-mode", DEMO.inline ? "wasm inside the script" : "wasm as a file");
text("provider-address", DEMO.provider);
text("api-address", DEMO.api);

onClick("sign-in", signIn);
onClick("error-retry", () => retry());
find("error-dismiss").addEventListener("click", clearError);
onClick("sign-out", async () => {
  log("page", "Signing out here, then at the provider");
  await client?.signOut();
});
onClick("user-info", async () => {
  const claims = await client?.fetchUserInfo();
  log("page", "UserInfo answered, about the same person");
  json("user-info-result", claims);
  show("user-info-result", true);
});
onClick("renew", async () => {
  if (!client) return;
  await showSession(client, await client.renew());
  log("page", "The token was renewed, and the refresh token with it");
});
onClick("api-without-token", callWithoutToken);
onClick("api-vault", async () => {
  if (client) await openVault(client);
});
onClick("api-step-up", async () => {
  if (!client) return;
  await stepUp(client);
  if (client.session) await showSession(client, client.session);
});
onClick("thief-other-key", async () => {
  if (client) await replayWithAnotherKey(client);
});
onClick("thief-no-proof", async () => {
  if (client) await replayWithoutProof(client);
});
onClick("api-with-token", async () => {
  if (client) await callWithToken(client);
});
find("note-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(find("note-send"), async () => {
    if (client) await sendNote(client, find<HTMLInputElement>("note-text"));
  });
});

void attempt(undefined, start).then(() => {
  if (find("app").dataset["state"] === "loading") setState("signed-out");
});
