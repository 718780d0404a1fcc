import { OidcClient } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

let provider: TinyProvider;
let api: TestServer;
/** What the API says when it wants more. */
let challenge: string;
/** How many requests it refuses. */
let refusals: number;
/** Where windows were sent. */
let visited: URL[];
/** What windows were told once they had handed their address over. */
let told: unknown[];

/** A window in which the person says yes at once, and whose callback page hands its address over. */
function openWindow(): Partial<Window> {
  const window = {
    closed: false,
    close: () => void (window.closed = true),
    location: {
      replace(url: string) {
        visited.push(new URL(url));
        const callback = provider.approve(url);
        const channel = new BroadcastChannel(`oidc-wasm ${new URL(callback).searchParams.get("state")}`);
        channel.addEventListener("message", ({ data }) => {
          told.push(data);
          channel.close();
        });
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is its own origin's
        channel.postMessage(callback);
      },
    },
  };
  return window as unknown as Partial<Window>;
}

async function signIn(dpop = false): Promise<OidcClient> {
  const redirectUri = "https://app.example.com/callback";
  const client = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins: [api.origin], dpop });
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
  return client;
}

beforeEach(async () => {
  challenge = 'error="insufficient_user_authentication", acr_values="gold silver"';
  refusals = 1;
  visited = [];
  told = [];
  provider = await startProvider();
  api = await serve((request, response) => {
    if ((refusals -= 1) < 0) return response.end(request.body);
    const scheme = request.headers.authorization?.split(" ")[0] ?? "";
    return response.writeHead(401, { "www-authenticate": `${scheme} ${challenge}` }).end("refused");
  });
  openPage("https://app.example.com/");
  for (const name of ["screenX", "screenY", "outerWidth", "outerHeight"]) vi.stubGlobal(name, 0);
  vi.stubGlobal("open", vi.fn(openWindow));
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

describe.each([false, true])("a request that needs another sign-in (DPoP: %s)", (dpop) => {
  test("is sent again with its body after it", async () => {
    using client = await signIn(dpop);
    const refused = await client.fetch(`${api.origin}/a`, { method: "POST", body: "text" });
    expect(refused.status).toBe(401);
    expect(client.stepUpChallenge(refused)).toEqual({ acrValues: "gold silver" });
    const response = await client.stepUp(refused, { loginHint: "ada" });
    expect(await response.text()).toBe("text");
    expect(api.requests.map(({ method, body }) => [method, body])).toEqual([["POST", "text"], ["POST", "text"]]);
    const asked = visited.map(({ searchParams }) => [searchParams.get("acr_values"), searchParams.get("login_hint")]);
    expect(asked).toEqual([["gold silver", "ada"]]);
    // So the window need not wait.
    await expect.poll(() => told).toEqual(["taken"]);
    // The answer is the caller's to read.
    expect(await refused.text()).toBe("refused");
  });

  test("may be refused again, and then asked for again", async () => {
    using client = await signIn(dpop);
    refusals = 2;
    const refused = await client.fetch(`${api.origin}/a`);
    const again = await client.stepUp(refused);
    expect(again.status).toBe(401);
    expect(client.stepUpChallenge(again)).toEqual({ acrValues: "gold silver" });
    expect((await client.stepUp(again)).status).toBe(200);
    expect(visited).toHaveLength(2);
  });

  test("DP-18: is not sent again when its body was a stream, and the person is not asked", async () => {
    using client = await signIn(dpop);
    const init = { method: "POST", body: new Response("streamed").body, duplex: "half" } as RequestInit;
    const refused = await client.fetch(`${api.origin}/a`, init);
    expect(client.stepUpChallenge(refused)).toEqual({ acrValues: "gold silver" });
    await expect(client.stepUp(refused)).rejects.toMatchObject({ code: "request_not_repeatable", type: "usage" });
    expect(open).not.toHaveBeenCalled();
    expect(api.requests).toHaveLength(1);
  });

  test("asks for its scope besides what is granted", async () => {
    using client = await signIn(dpop);
    challenge += ', scope="transfer"';
    const refused = await client.fetch(`${api.origin}/a`);
    expect(client.stepUpChallenge(refused)).toEqual({ acrValues: "gold silver", scope: "openid transfer" });
    await client.stepUp(refused);
    expect(visited.map(({ searchParams }) => searchParams.get("scope"))).toEqual(["openid transfer"]);
  });

  test("is not sent when the window is blocked, and can be once it is not", async () => {
    using client = await signIn(dpop);
    const refused = await client.fetch(`${api.origin}/a`);
    vi.mocked(open).mockReturnValueOnce(null);
    await expect(client.stepUp(refused)).rejects.toMatchObject({ code: "popup_blocked" });
    expect(api.requests).toHaveLength(1);
    expect((await client.stepUp(refused)).status).toBe(200);
  });

  test("is not sent when nobody is signed in any more", async () => {
    using client = await signIn(dpop);
    const refused = await client.fetch(`${api.origin}/a`);
    await client.clearSession();
    await expect(client.stepUp(refused)).rejects.toMatchObject({ code: "not_signed_in" });
    expect(open).not.toHaveBeenCalled();
  });
});

test.each([false, true])("the body of a Request is kept for it (DPoP: %s)", async (dpop) => {
  using client = await signIn(dpop);
  const refused = await client.fetch(new Request(`${api.origin}/a`, { method: "POST", body: "of a request" }));
  expect(await (await client.stepUp(refused)).text()).toBe("of a request");
});

test.each(['error="invalid_token"', 'error="insufficient_scope", acr_values="gold"', 'realm="x"'])("%s asks for none", async (said) => {
  challenge = said;
  using client = await signIn();
  const refused = await client.fetch(`${api.origin}/a`);
  expect(client.stepUpChallenge(refused)).toBeUndefined();
  await expect(client.stepUp(refused)).rejects.toMatchObject({ code: "invalid_argument", details: { argument: "response" } });
});
