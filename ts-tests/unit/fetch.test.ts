import { OidcClient } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

let provider: TinyProvider;
let api: TestServer;
let client: OidcClient;

beforeEach(async () => {
  provider = await startProvider();
  api = await serve((request, response) => {
    if (request.path === "/v1/hang") return;
    const moved = /^\/v1\/moved\/(\d+)/.exec(request.path)?.[1];
    response.writeHead(moved ? Number(moved) : request.path === "/v1/closed" ? 401 : 200, moved ? { location: "https://evil.example/" } : {});
    response.end("answer");
  });
  openPage("https://app.example.com/");
  const options = {
    authority: provider.issuer,
    clientId: "spa",
    redirectUri: "https://app.example.com/callback",
    allowedOrigins: [`${api.origin}/v1`],
  };
  client = await OidcClient.create(options);
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
});

afterEach(async () => {
  client.dispose();
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

describe("client.fetch", () => {
  test("sends the token, as a function that needs no this", async () => {
    const { fetch } = client;
    const response = await fetch(`${api.origin}/v1/me?x=1`);
    expect(await response.text()).toBe("answer");
    expect(api.requests).toMatchObject([{ method: "GET", path: "/v1/me?x=1", headers: { authorization: "Bearer CANARY-access-token" } }]);
  });

  test("passes a status on as it is", async () => {
    expect((await client.fetch(`${api.origin}/v1/closed`)).status).toBe(401);
  });

  test("keeps method, headers and body of the call and of a Request", async () => {
    const init = { method: "PUT", body: "text", headers: { "x-own": "1" } };
    const request = new Request(`${api.origin}/v1/a`, init);
    await client.fetch(request);
    await client.fetch(new URL(`${api.origin}/v1/b`), init);
    expect(request.headers.has("authorization")).toBe(false);
    for (const seen of api.requests) expect(seen).toMatchObject({ method: "PUT", body: "text", headers: { "x-own": "1" } });
    expect(api.requests).toHaveLength(2);
  });

  test("keeps a streamed body", async () => {
    const body = new Response("streamed").body;
    await client.fetch(`${api.origin}/v1/stream`, { method: "POST", body, duplex: "half" } as RequestInit);
    expect(api.requests).toMatchObject([{ body: "streamed", headers: { authorization: "Bearer CANARY-access-token" } }]);
  });

  test("sends nothing to a place that was not named", async () => {
    await using other = await serve((_request, response) => response.end());
    const places = [`${other.origin}/v1/`, `${api.origin}/v2`, `${api.origin}/v10`, `${api.origin}/v1/../secret`, "https://evil.example/"];
    for (const place of places) await expect(client.fetch(place)).rejects.toMatchObject({ code: "origin_not_allowed", type: "policy" });
    expect(other.requests).toEqual([]);
    expect(api.requests).toEqual([]);
  });

  test("sends nothing when nobody is signed in", async () => {
    await client.clearSession();
    await expect(client.fetch(`${api.origin}/v1/me`)).rejects.toMatchObject({ code: "not_signed_in" });
    expect(api.requests).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])("refuses a redirect (%i), whatever mode was asked for but manual", async (status) => {
    const url = `${api.origin}/v1/moved/${status}`;
    for (const redirect of ["follow", "error"] as const) {
      await expect(client.fetch(url, { redirect })).rejects.toMatchObject({ code: "redirect_refused", type: "http", status });
    }
    expect((await client.fetch(url, { redirect: "manual" })).status).toBe(status);
  });

  test("refuses a request that has an Authorization header or makes no sense", async () => {
    const url = `${api.origin}/v1/me`;
    await expect(client.fetch(url, { headers: { authorization: "Basic x" } })).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(client.fetch(new Request(url, { headers: { Authorization: "x" } }))).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(client.fetch("http://")).rejects.toMatchObject({ code: "invalid_argument" });
    await expect(client.fetch(url, { method: "GET", body: "x" })).rejects.toMatchObject({ code: "invalid_argument" });
    expect(api.requests).toEqual([]);
  });

  test("is aborted by the caller's signal", async () => {
    const abort = new AbortController();
    const running = client.fetch(`${api.origin}/v1/hang`, { signal: abort.signal });
    await expect.poll(() => api.requests.length).toBe(1);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "aborted", type: "aborted" });
    await expect(client.fetch(`${api.origin}/v1/me`, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
    expect(api.requests).toHaveLength(1);
  });

  test("says when there is no answer", async () => {
    await api[Symbol.asyncDispose]();
    await expect(client.fetch(`${api.origin}/v1/me`)).rejects.toMatchObject({
      code: "network_error",
      type: "network",
      retryable: true,
      details: { origin: api.origin },
    });
    api = await serve(() => {});
  });
});
