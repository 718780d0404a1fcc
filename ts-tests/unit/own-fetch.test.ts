import { DiscoveryCache, DpopKey, fetchDiscoveryDocument, OidcClient, requestRefreshToken, type Fetch, type OidcClientOptions } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

const network = globalThis.fetch;
let provider: TinyProvider;
let api: TestServer;
/** What went through the application's own `fetch`. */
let sent: Request[];

/** Goes the usual way, and writes down what it was given. */
const own: Fetch = async (request) => {
  sent.push(request.clone());
  return network(request);
};

beforeEach(async () => {
  sent = [];
  provider = await startProvider();
  api = await serve((_, response) => response.end("mine"));
  openPage("https://app.example.com/");
  // Whoever has a fetch of its own needs no other.
  vi.stubGlobal("fetch", () => Promise.reject(new Error("the global fetch was used")));
});

afterEach(async () => {
  for (const server of [api, provider]) await server[Symbol.asyncDispose]();
});

function paths(): string[] {
  return sent.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
}

async function signIn(options: Partial<OidcClientOptions> = {}): Promise<OidcClient> {
  const redirectUri = "https://app.example.com/callback";
  const all = { authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins: [api.origin], fetch: own, ...options };
  const client = await OidcClient.create(all);
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
  return client;
}

describe("the option fetch of OidcClient", () => {
  test.each([false, true])("sends all that the client sends (DPoP: %s)", async (dpop) => {
    using client = await signIn({ dpop });
    expect(await (await client.fetch(`${api.origin}/mine`)).text()).toBe("mine");
    await client.fetchUserInfo();
    expect(paths()).toEqual([
      "GET /.well-known/openid-configuration",
      "POST /token",
      "GET /jwks",
      "GET /mine",
      "GET /userinfo",
    ]);
    expect(sent.map(({ redirect }) => redirect)).toEqual(sent.map(() => "manual"));
    expect(sent.at(3)?.headers.get("authorization")).toBe(`${dpop ? "DPoP" : "Bearer"} CANARY-access-token`);
  });

  test("sends what goes elsewhere as it is", async () => {
    const other = await serve((_, response) => response.end("theirs"));
    using client = await signIn();
    expect(await (await client.createFetch({ elsewhere: "plain" })(other.origin)).text()).toBe("theirs");
    expect(sent.at(-1)?.headers.has("authorization")).toBe(false);
    await other[Symbol.asyncDispose]();
  });

  test("is told when nobody waits any more", async () => {
    const controller = new AbortController();
    let signal: AbortSignal | undefined;
    const fetch: Fetch = (request) => {
      if (!request.url.endsWith("/openid-configuration")) return own(request);
      signal = request.signal;
      controller.abort();
      return new Promise(() => {});
    };
    await expect(signIn({ fetch }).then(() => {})).rejects.toMatchObject({ code: "timeout" });
    expect(signal?.aborted).toBe(true);
  }, 20_000);
});

describe("what such a function may do wrong", () => {
  const stream = (chunk: unknown): Response =>
    new Response(new ReadableStream({ start: (out) => (out.enqueue(chunk), out.close()) }), { headers: { "content-type": "application/json" } });

  test.each([
    ["rejects", (): Promise<never> => Promise.reject(new Error("CANARY")), "network_error"],
    ["throws", (): never => { throw new Error("CANARY"); }, "network_error"],
    ["gives nothing", async (): Promise<unknown> => undefined, "invalid_argument"],
    ["gives null", async (): Promise<unknown> => null, "invalid_argument"],
    ["gives something else", async () => ({ ok: true }), "invalid_argument"],
    ["gives what has only a status", async () => ({ status: 200 }), "unexpected_content_type"],
    ["gives a text where bytes belong", async () => stream("text"), "invalid_argument"],
    ["gives nothing where bytes belong", async () => stream(null), "invalid_argument"],
    ["gives an error response", async () => Response.error(), "redirect_refused"],
  ] as const)("%s: a typed error, and the next call works", async (_, wrong, code) => {
    const request = { authority: provider.issuer, fetch: wrong as unknown as Fetch };
    const failure: unknown = await fetchDiscoveryDocument(request).catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ code });
    expect(JSON.stringify(failure)).not.toContain("CANARY");
    expect((await fetchDiscoveryDocument({ authority: provider.issuer, fetch: own })).json.issuer).toBe(provider.issuer);
  });

  test("gives a Response of another class, as other realms and libraries have", async () => {
    const fetch: Fetch = async (request) => {
      const { status, headers, body } = await network(request);
      return { status, headers, body } as Response;
    };
    expect((await fetchDiscoveryDocument({ authority: provider.issuer, fetch })).json.issuer).toBe(provider.issuer);
  });

  test("follows a redirect by itself: the answer counts, as that of a proxy would", async () => {
    const fetch: Fetch = (request) => network(provider.issuer + "/.well-known/openid-configuration", { signal: request.signal });
    expect((await fetchDiscoveryDocument({ authority: provider.issuer, fetch })).json.issuer).toBe(provider.issuer);
  });
});

describe("single requests", () => {
  test("go through it, with a key for DPoP too", async () => {
    provider.settings.refreshes = true;
    const { metadata } = await new DiscoveryCache({ authority: provider.issuer, fetch: own, storage: "memory" }).get();
    const dpop = await DpopKey.generate();
    const request = { metadata, clientId: "spa", refreshToken: "none", dpop, fetch: own };
    await expect(requestRefreshToken(request)).rejects.toMatchObject({ phase: "token" });
    expect(paths()).toEqual(["GET /.well-known/openid-configuration", "POST /token"]);
    expect(sent.at(-1)?.headers.has("dpop")).toBe(true);
  });

  test("keep what they learned for the same function only", async () => {
    const get = async (fetch: Fetch): Promise<unknown> => new DiscoveryCache({ authority: provider.issuer, fetch, storage: "memory" }).get();
    await get(own);
    await get(own);
    expect(paths()).toHaveLength(1);
    const another: Fetch = (request) => own(request);
    await get(another);
    expect(paths()).toHaveLength(2);
  });
});
