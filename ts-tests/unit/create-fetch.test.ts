import { OidcClient, type OidcClientOptions } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

let provider: TinyProvider;
/** What may have the token, and what may not. */
let api: TestServer;
let other: TestServer;

beforeEach(async () => {
  provider = await startProvider();
  openPage("https://app.example.com/");
  const start = (): Promise<TestServer> =>
    serve((request, response) => {
      if (request.path === "/never") return undefined;
      if (request.path === "/moved") return response.writeHead(307, { location: "/target" }).end();
      if (request.path === "/to-the-api") return response.writeHead(307, { location: `${api.origin}/target` }).end();
      if (request.path === "/denied") return response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
      return response.end(request.body);
    });
  [api, other] = [await start(), await start()];
});

afterEach(async () => {
  for (const server of [api, other, provider]) await server[Symbol.asyncDispose]();
});

async function makeClient(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const redirectUri = "https://app.example.com/callback";
  return OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins: [`${api.origin}/`], ...options });
}

async function signIn(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const client = await makeClient(options);
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
  return client;
}

/** What of a request says who sends it. */
function credentials({ requests }: TestServer): unknown[] {
  return requests.map(({ headers }) => [headers.authorization, headers["dpop"], headers.cookie]);
}

describe("createFetch", () => {
  test.each([undefined, {}, { elsewhere: "refuse" }] as const)("sends nothing to other servers (%o)", async (options) => {
    using client = await signIn();
    const send = client.createFetch(options);
    expect(await (await send(`${api.origin}/a`, { method: "POST", body: "text" })).text()).toBe("text");
    await expect(send(`${other.origin}/a`)).rejects.toMatchObject({ code: "origin_not_allowed" });
    expect(credentials(api)).toEqual([["Bearer CANARY-access-token", undefined, undefined]]);
    expect(other.requests).toEqual([]);
  });

  test("knows no other way", async () => {
    using client = await makeClient();
    for (const elsewhere of ["send", "", null, true] as never[]) {
      expect(() => client.createFetch({ elsewhere })).toThrow(expect.objectContaining({ code: "invalid_argument" }));
    }
  });

  test("leaves requests to other servers to a function, without a token", async () => {
    using client = await signIn();
    const send = client.createFetch({ elsewhere: async (request) => new Response(`${request.method} ${request.url} ${await request.text()}`) });
    expect(await (await send(`${other.origin}/a`, { method: "POST", body: "text" })).text()).toBe(`POST ${other.origin}/a text`);
    const headers = client.createFetch({ elsewhere: async (request) => Response.json([...request.headers.keys()]) });
    expect(await (await headers(other.origin)).json()).toEqual([]);
    const failing = client.createFetch({ elsewhere: () => Promise.reject(new Error("not here")) });
    await expect(failing(other.origin)).rejects.toThrow("not here");
    expect((await send(api.origin)).status).toBe(200);
    expect(credentials(api)).toEqual([["Bearer CANARY-access-token", undefined, undefined]]);
    expect(other.requests).toEqual([]);
  });

  test("makes a function that needs no `this`, and ends with the client", async () => {
    const client = await signIn();
    const { send } = { send: client.createFetch({ elsewhere: "plain" }) };
    const call = send.call.bind(send) as (self: unknown, url: string) => Promise<Response>;
    expect((await call(undefined, api.origin)).status).toBe(200);
    expect((await send(new URL(other.origin))).status).toBe(200);
    client.dispose();
    for (const server of [api, other]) await expect(send(server.origin)).rejects.toMatchObject({ code: "client_disposed" });
  });
});

describe.each([false, true])("elsewhere: plain (DPoP: %s)", (dpop) => {
  async function plain(options: Partial<OidcClientOptions> = {}): Promise<{ client: OidcClient; send: typeof fetch }> {
    const client = await signIn({ dpop, ...options });
    return { client, send: client.createFetch({ elsewhere: "plain" }) };
  }

  test("a request goes as it is, without a token or a proof", async () => {
    const { client, send } = await plain();
    const response = await send(`${other.origin}/a?b=c`, { method: "POST", body: "text", headers: { "x-own": "kept" } });
    expect(await response.text()).toBe("text");
    expect(other.requests).toMatchObject([{ method: "POST", path: "/a?b=c", body: "text", headers: { "x-own": "kept" } }]);
    expect(credentials(other)).toEqual([[undefined, undefined, undefined]]);
    expect((await send(`${api.origin}/a`)).status).toBe(200);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([`${dpop ? "DPoP" : "Bearer"} CANARY-access-token`]);
    client.dispose();
  });

  const bodies: Readonly<Record<string, (url: string) => Parameters<typeof fetch>>> = {
    "a Request": (url) => [new Request(url, { method: "POST", body: "sent" })],
    "a stream": (url) => [url, { method: "POST", body: new Response("sent").body, duplex: "half" } as RequestInit],
    "a Request and changes to it": (url) => [new Request(url, { method: "PUT", body: "not sent" }), { body: "sent" }],
    bytes: (url) => [url, { method: "POST", body: new TextEncoder().encode("sent") }],
  };
  test.each(Object.entries(bodies))("a body arrives: %s", async (_name, make) => {
    const { client, send } = await plain();
    expect(await (await send(...make(`${other.origin}/a`))).text()).toBe("sent");
    expect(other.requests).toHaveLength(1);
    client.dispose();
  });

  test("a request may have an Authorization header of its own there, and not where the token goes", async () => {
    const { client, send } = await plain();
    const init = { headers: { authorization: "Basic YTpi" } };
    await send(other.origin, init);
    expect(credentials(other)).toEqual([["Basic YTpi", undefined, undefined]]);
    await expect(send(api.origin, init)).rejects.toMatchObject({ code: "invalid_argument" });
    expect(api.requests).toEqual([]);
    client.dispose();
  });

  test("redirects are followed as usual, and never with the token", async () => {
    const { client, send } = await plain();
    const response = await send(`${other.origin}/moved`);
    expect([response.status, response.redirected, response.url]).toEqual([200, true, `${other.origin}/target`]);
    await send(`${other.origin}/to-the-api`);
    expect(credentials(api)).toEqual([[undefined, undefined, undefined]]);
    await expect(send(`${api.origin}/moved`)).rejects.toMatchObject({ code: "redirect_refused" });
    client.dispose();
  });

  test("a refusal there is nobody's business here", async () => {
    provider.settings.refreshes = true;
    const { client, send } = await plain();
    expect((await send(`${other.origin}/denied`)).status).toBe(401);
    expect(other.requests).toHaveLength(1);
    expect(provider.count("/token")).toBe(1);
    client.dispose();
  });

  test("what goes wrong there is what fetch says", async () => {
    const { client, send } = await plain();
    const abort = new AbortController();
    const waiting = send(`${other.origin}/never`, { signal: abort.signal });
    await expect.poll(() => other.requests.length).toBe(1);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await other[Symbol.asyncDispose]();
    await expect(send(other.origin)).rejects.toBeInstanceOf(TypeError);
    client.dispose();
  });

  test("everything else of an origin is elsewhere, and so is every other kind of address", async () => {
    const { client, send } = await plain({ allowedOrigins: [`${api.origin}/v1`] });
    for (const path of ["/v1/a", "/v10", "/v1/../v2", "/"]) await send(api.origin + path);
    const hasToken = api.requests.map(({ path, headers }) => [path, headers.authorization !== undefined]);
    expect(hasToken).toEqual([["/v1/a", true], ["/v10", false], ["/v2", false], ["/", false]]);
    expect(await (await send("data:text/plain,here")).text()).toBe("here");
    client.dispose();
  });

  test("needs nobody who is signed in, and asks the provider for nothing", async () => {
    using client = await makeClient({ dpop });
    const send = client.createFetch({ elsewhere: "plain" });
    expect((await send(other.origin)).status).toBe(200);
    await expect(send(api.origin)).rejects.toMatchObject({ code: "not_signed_in" });
    expect([...api.requests, ...provider.requests]).toEqual([]);
  });
});
