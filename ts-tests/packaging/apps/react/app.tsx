import { RequireSession, useOidcClient, useSession, type SessionState } from "oidc-wasm/react";
import { useEffect, useState, useSyncExternalStore } from "react";

let effects = 0;

/** Three pages, of which only the first is for everybody. */
export function App({ api }: { readonly api: string }) {
  const path = usePath();
  const [count, setCount] = useState(0);
  useEffect(() => setCount((effects += 1)), []);
  return (
    <>
      <p data-testid="who">{whoIs(useSession())}</p>
      <p data-testid="effects">{count}</p>
      <a href="/notes" onClick={go}>
        Notes
      </a>
      {path === "/notes" || path === "/callback" ? (
        <RequireSession fallback={(state) => <p data-testid="fallback">{whoIs(state)}</p>}>
          <Notes api={api} />
        </RequireSession>
      ) : (
        <Account api={api} />
      )}
    </>
  );
}

function Account({ api }: { readonly api: string }) {
  const client = useOidcClient();
  return (
    <>
      <button data-testid="sign-in" disabled={!client} onClick={() => void client?.signIn()}>
        Sign in
      </button>
      <Notes api={api} />
    </>
  );
}

function Notes({ api }: { readonly api: string }) {
  const client = useOidcClient();
  const [output, setOutput] = useState("");
  const call = async () => {
    const response = await client?.fetch(`${api}/me`);
    setOutput(response ? `${response.status} ${await response.text()}` : "There is no client.");
  };
  return (
    <>
      <button data-testid="call-api" onClick={() => void call()}>
        Call the API
      </button>
      <button data-testid="sign-out" onClick={() => void client?.signOut()}>
        Sign out
      </button>
      <pre data-testid="output">{output}</pre>
    </>
  );
}

function whoIs({ status, session, error, retry }: SessionState) {
  if (status === "signedIn") return `Signed in as ${session.subject}`;
  if (status === "signedOut") return "Not signed in";
  if (status === "loading") return "Loading";
  return (
    <>
      {String(error)} <button onClick={retry}>Try again</button>
    </>
  );
}

/** The smallest of routers. */
function usePath(): string {
  return useSyncExternalStore(
    (changed) => {
      addEventListener("popstate", changed);
      return () => removeEventListener("popstate", changed);
    },
    () => location.pathname,
    () => "/",
  );
}

function go(event: { currentTarget: HTMLAnchorElement; preventDefault(): void }): void {
  event.preventDefault();
  history.pushState(null, "", event.currentTarget.href);
  dispatchEvent(new PopStateEvent("popstate"));
}
