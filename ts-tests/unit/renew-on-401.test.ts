import type { ServerResponse } from "node:http";
import { OidcClient, type OidcClientOptions } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startNonceServer } from "./support/nonce-server.ts";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type Seen, type TestServer } from "./support/server.ts";

let provider: TinyProvider;
let api: TestServer;
let client: OidcClient;
/** The tokens that the API takes no longer. */
let refused: (token: string) => boolean;
/** What it says then. */
let challenge: string | undefined;
/** Holds answers back. */
let held: Promise<void> | undefined;

const INVALID = 'Bearer error="invalid_token"';
const FIRST = "CANARY-access-token";

function tokenOf({ headers }: Seen): string {
  return headers.authorization?.replace(/^\S+ /, "") ?? "";
}

async function answer(request: Seen, response: ServerResponse): Promise<void> {
  const isRefused = refused(tokenOf(request));
  if (isRefused) await held;
  if (isRefused) response.writeHead(401, challenge === undefined ? {} : { "www-authenticate": challenge });
  response.end(isRefused ? "refused" : request.body);
}

async function signIn(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const redirectUri = "https://app.example.com/callback";
  const made = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins: [api.origin], ...options });
  await made.handleCallback(provider.approve((await made.prepareSignIn()).url));
  return made;
}

beforeEach(async () => {
  refused = (token) => token === FIRST;
  challenge = INVALID;
  held = undefined;
  provider = await startProvider();
  provider.settings.refreshes = true;
  api = await serve(answer);
  openPage("https://app.example.com/");
  client = await signIn();
});

afterEach(async () => {
  client.dispose();
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** How often a token was asked for, and which ones came to the API. */
function traffic(): { readonly renewals: number; readonly tokens: string[] } {
  return { renewals: provider.count("/token") - 1, tokens: api.requests.map(tokenOf) };
}

const RENEWED = { renewals: 1, tokens: [FIRST, "CANARY-access-token-2"] };
const NOT_RENEWED = { renewals: 0, tokens: [FIRST] };

describe("RF-09: a token that an API takes no longer", () => {
  test.each([
    ["by name", INVALID],
    ["among other challenges", 'Basic realm="x", Bearer realm="y", error="invalid_token", error_description="gone"'],
    ["without a reason", 'Bearer realm="y"'],
    ["without a challenge, or one that cannot be read", undefined],
  ])("is renewed once, and the request is sent once more: %s", async (_name, said) => {
    challenge = said;
    const response = await client.fetch(`${api.origin}/a`);
    expect(response.status).toBe(200);
    expect(traffic()).toEqual(RENEWED);
    // Everybody has the new one from now on.
    expect((await client.getAccessToken()).token).toBe("CANARY-access-token-2");
    await client.fetch(`${api.origin}/a`);
    expect(traffic().renewals).toBe(1);
  });

  test.each([
    ["a scope that is missing", 401, 'Bearer error="insufficient_scope"'],
    ["a request that makes no sense", 401, 'Bearer error="invalid_request"'],
    ["a proof that nobody made", 401, 'DPoP error="invalid_dpop_proof"'],
    ["a sign-in that is not good enough", 401, 'Bearer error="insufficient_user_authentication"'],
    ["another status", 403, INVALID],
    ["an answer that is none", 500, INVALID],
  ])("is something else than %s", async (_name, status, said) => {
    await using other = await serve((_request, response) => response.writeHead(status, { "www-authenticate": said }).end("told"));
    using caller = await signIn({ allowedOrigins: [other.origin] });
    const before = provider.count("/token");
    const response = await caller.fetch(other.origin);
    expect([response.status, await response.text()]).toEqual([status, "told"]);
    expect(other.requests).toHaveLength(1);
    expect(provider.count("/token")).toBe(before);
  });

  test("is not renewed for ever: the second answer is the answer", async () => {
    refused = () => true;
    const response = await client.fetch(`${api.origin}/a`);
    expect([response.status, await response.text()]).toEqual([401, "refused"]);
    expect(traffic()).toEqual(RENEWED);
  });

  test("is not renewed for an API that takes none, until it has taken one", async () => {
    refused = () => true;
    for (const path of ["/a", "/b", "/c"]) expect((await client.fetch(api.origin + path)).status).toBe(401);
    expect(traffic()).toMatchObject({ renewals: 1, tokens: { length: 4 } });
    refused = () => false;
    expect((await client.fetch(api.origin)).status).toBe(200);
    refused = (token) => token === "CANARY-access-token-2";
    expect((await client.fetch(api.origin)).status).toBe(200);
    expect(traffic()).toMatchObject({ renewals: 2, tokens: { length: 7 } });
  });

  test("is renewed for another API all the same", async () => {
    await using bad = await serve((_request, response) => response.writeHead(401).end());
    using caller = await signIn({ allowedOrigins: [api.origin, bad.origin] });
    expect((await caller.fetch(bad.origin)).status).toBe(401);
    expect(bad.requests.map(tokenOf)).toEqual([FIRST, "CANARY-access-token-3"]);
    refused = (token) => token === "CANARY-access-token-3";
    expect((await caller.fetch(api.origin)).status).toBe(200);
    expect(api.requests.map(tokenOf)).toEqual(["CANARY-access-token-3", "CANARY-access-token-4"]);
  });

  test("is renewed once for all whose requests it was in", async () => {
    const responses = await Promise.all(Array.from({ length: 20 }, (_, number) => client.fetch(`${api.origin}/${number}`)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    const { renewals, tokens } = traffic();
    expect([renewals, tokens.length]).toEqual([1, 40]);
    for (let number = 0; number < 20; number += 1) {
      const sent = api.requests.filter(({ path }) => path === `/${number}`).map(tokenOf);
      expect(sent).toEqual(RENEWED.tokens);
    }
  });

  test("is not renewed once more by an answer that comes late", async () => {
    let release = (): void => {};
    held = new Promise((resolve) => (release = resolve));
    const late = client.fetch(`${api.origin}/late`);
    await expect.poll(() => api.requests.length).toBe(1);
    await client.renew();
    release();
    expect((await late).status).toBe(200);
    expect(traffic()).toEqual(RENEWED);
  });

  test("is renewed for the resource that it was for", async () => {
    const resource = "https://api.example.com/";
    refused = (token) => token === "CANARY-access-token-3";
    using caller = await signIn({ allowedOrigins: [{ baseAddress: api.origin, resource }] });
    expect((await caller.fetch(api.origin)).status).toBe(200);
    const asked = provider.sent("/token").map((body) => body.get("resource"));
    expect(asked).toEqual([null, null, resource, resource]);
    expect(api.requests.map(tokenOf)).toEqual(["CANARY-access-token-3", "CANARY-access-token-4"]);
    expect((await caller.getAccessToken()).token).toBe(FIRST);
  });
});

describe("what is sent once more", () => {
  const form = new FormData();
  form.set("file", new Blob(["of a form"]), "name.txt");
  const inits: Readonly<Record<string, { readonly init: RequestInit; readonly arrives: string }>> = {
    "GET without a body": { init: {}, arrives: "" },
    "DELETE without a body": { init: { method: "DELETE" }, arrives: "" },
    "POST with text": { init: { method: "POST", body: "text" }, arrives: "text" },
    "PUT with bytes": { init: { method: "PUT", body: new TextEncoder().encode("bytes") }, arrives: "bytes" },
    "PATCH with a Blob": { init: { method: "PATCH", body: new Blob(["blob"]) }, arrives: "blob" },
    "POST with parameters": { init: { method: "POST", body: new URLSearchParams({ a: "b c" }) }, arrives: "a=b+c" },
    "POST with a form": { init: { method: "POST", body: form }, arrives: "of a form" },
  };

  test.each(Object.entries(inits))("is what was sent: %s", async (_name, { init, arrives }) => {
    const response = await client.fetch(`${api.origin}/a?b=c`, { ...init, headers: { "x-own": "kept" } });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(arrives);
    expect(traffic()).toEqual(RENEWED);
    const [first, second] = api.requests;
    const seen = ({ method, path, body, headers }: Seen): unknown => [method, path, body, headers["content-type"], headers["x-own"]];
    expect(seen(second as Seen)).toEqual(seen(first as Seen));
    expect(second?.method).toBe(init.method ?? "GET");
  });

  test("is a Request with its body, in whatever form that is, and is used up as fetch does", async () => {
    const init = { method: "POST", body: new Response("of a request").body, duplex: "half" } as RequestInit;
    for (const request of [new Request(`${api.origin}/a`, { method: "POST", body: "of a request" }), new Request(`${api.origin}/a`, init)]) {
      refused = (token) => !token.endsWith(String(provider.count("/token")));
      expect(await (await client.fetch(request)).text()).toBe("of a request");
      expect(request.bodyUsed).toBe(true);
      expect(request.headers.has("authorization")).toBe(false);
      await client.renew();
    }
  });

  const streams: Readonly<Record<string, () => unknown>> = {
    "a stream": () => new Response("streamed").body,
    "a generator": async function* () {
      yield new TextEncoder().encode("streamed");
    },
  };

  test.each(Object.entries(streams))("is not %s: the refusal is the answer, and the next request has a new token", async (_name, make) => {
    const init = { method: "POST", body: make(), duplex: "half" } as RequestInit;
    const response = await client.fetch(`${api.origin}/a`, init);
    expect([response.status, await response.text()]).toEqual([401, "refused"]);
    expect(traffic()).toEqual(NOT_RENEWED);
    expect((await client.fetch(`${api.origin}/a`)).status).toBe(200);
  });

  test("is not sent once the caller has given up, and the others have their token", async () => {
    const release = provider.holdTokens("refresh_token");
    const abort = new AbortController();
    const left = client.fetch(`${api.origin}/left`, { signal: abort.signal });
    const waiting = client.fetch(`${api.origin}/waiting`);
    await expect.poll(() => [provider.count("/token"), api.requests.length]).toEqual([2, 2]);
    abort.abort();
    await expect(left).rejects.toMatchObject({ code: "aborted", type: "aborted" });
    release();
    expect((await waiting).status).toBe(200);
    expect(api.requests.filter(({ path }) => path === "/left")).toHaveLength(1);
  });
});

describe("a token that cannot be renewed", () => {
  test("for want of a refresh token leaves the refusal as the answer", async () => {
    provider.settings.refreshes = false;
    using caller = await signIn();
    const failures: unknown[] = [];
    caller.on("renewalFailed", (failure) => failures.push(failure));
    const response = await caller.fetch(`${api.origin}/a`);
    expect([response.status, response.headers.get("www-authenticate"), await response.text()]).toEqual([401, INVALID, "refused"]);
    expect(api.requests).toHaveLength(1);
    // Nothing was tried.
    expect(failures).toEqual([]);
    expect(caller.session?.subject).toBe("ada");
  });

  test("now leaves the refusal as the answer, and the session as it is", async () => {
    provider.failTokens(503, "temporarily_unavailable");
    for (const renewals of [1, 1]) {
      const response = await client.fetch(`${api.origin}/a`);
      expect([response.status, await response.text()]).toEqual([401, "refused"]);
      expect(traffic().renewals).toBe(renewals);
    }
    expect(api.requests).toHaveLength(2);
    expect(client.session?.subject).toBe("ada");
    provider.failTokens(200, undefined);
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 5000);
    expect((await client.fetch(`${api.origin}/a`)).status).toBe(200);
  });

  test("any more ends the session, and says so", async () => {
    provider.failTokens(400, "invalid_grant");
    await expect(client.fetch(`${api.origin}/a`)).rejects.toMatchObject({ code: "session_ended", error: "invalid_grant" });
    expect(client.session).toBeNull();
    expect(api.requests).toHaveLength(1);
  });
});

describe("with proofs", () => {
  test("RF-09, DP-15: a nonce and a new token in one call take four requests at most, each with a proof of its own", async () => {
    await using strict = await startNonceServer("latest", (request, response) => {
      if (tokenOf(request) === FIRST) return response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_token"' }).end();
      return response.end(request.body);
    });
    using caller = await signIn({ dpop: true, allowedOrigins: [strict.origin] });
    const response = await caller.fetch(`${strict.origin}/a`, { method: "POST", body: "text" });
    expect([response.status, await response.text()]).toEqual([200, "text"]);
    // Refused for its nonce, refused for its token, done.
    expect(strict.requests.map(tokenOf)).toEqual([FIRST, FIRST, "CANARY-access-token-3"]);
    expect(strict.faults).toEqual([]);
    expect(strict.ids.size).toBe(3);
    expect(strict.keys.size).toBe(1);
    expect(provider.count("/token")).toBe(3);
  });

  test("RF-09, DP-15: also where the new token meets a new nonce", async () => {
    let nonce = 0;
    await using strict = await serve((request, response) => {
      // Every second request needs another nonce; the first token is never good.
      response.setHeader("dpop-nonce", `n${(nonce += 1)}`);
      if (nonce % 2 === 1) return response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"' }).end();
      if (tokenOf(request) === FIRST) return response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_token"' }).end();
      return response.end();
    });
    using caller = await signIn({ dpop: true, allowedOrigins: [strict.origin] });
    expect((await caller.fetch(strict.origin)).status).toBe(200);
    expect(strict.requests).toHaveLength(4);
    expect(new Set(strict.requests.map(({ headers }) => headers["dpop"])).size).toBe(4);
  });

  test("RF-09: an API that refuses everything is asked four times at most, then once for each call", async () => {
    let count = 0;
    await using strict = await serve((_request, response) => {
      response.setHeader("dpop-nonce", `n${(count += 1)}`);
      response.writeHead(401, { "www-authenticate": `DPoP error="${count % 2 === 1 ? "use_dpop_nonce" : "invalid_token"}"` }).end();
    });
    using caller = await signIn({ dpop: true, allowedOrigins: [strict.origin] });
    const before = provider.count("/token");
    expect((await caller.fetch(strict.origin)).status).toBe(401);
    expect(strict.requests).toHaveLength(4);
    expect(provider.count("/token")).toBe(before + 1);
    expect((await caller.fetch(strict.origin)).status).toBe(401);
    expect(strict.requests).toHaveLength(6);
    expect(provider.count("/token")).toBe(before + 1);
  });
});
