"use client";

import { OidcClient } from "oidc-wasm";
import { useEffect, useRef, useState } from "react";

/** Rendered on the server as well: importing does nothing there, and effects run in browsers only. */
export function SignIn() {
  const client = useRef(null);
  const [who, setWho] = useState("Loading");
  const [output, setOutput] = useState("");

  useEffect(() => {
    const { authority, clientId, api } = globalThis.settings;
    const home = `${location.origin}/`;
    client.current ??= OidcClient.create({
      authority,
      clientId,
      redirectUri: home,
      postLogoutRedirectUri: home,
      scope: "openid profile api",
      allowedOrigins: [api],
    });
    client.current
      .then(async (created) => {
        const session = await created.start();
        setWho(session ? `Signed in as ${session.subject}` : "Not signed in");
      })
      .catch((failure) => setWho(`${failure.code}: ${failure.message}`));
  }, []);

  async function callApi() {
    const response = await (await client.current).fetch(`${globalThis.settings.api}/me`);
    setOutput(`${response.status} ${await response.text()}`);
  }

  return (
    <main>
      <p data-testid="who">{who}</p>
      <button data-testid="sign-in" onClick={async () => (await client.current).signIn()}>Sign in</button>
      <button data-testid="call-api" onClick={callApi}>Call the API</button>
      <button data-testid="sign-out" onClick={async () => (await client.current).signOut()}>Sign out</button>
      <pre data-testid="output">{output}</pre>
    </main>
  );
}
