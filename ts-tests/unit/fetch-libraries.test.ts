import ky from "ky";
import { OidcClient } from "oidc-wasm/node";
import createClient from "openapi-fetch";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type TestServer } from "./support/server.ts";

interface Note {
  readonly text: string;
}

/** As `openapi-typescript` writes it for this API. */
interface paths {
  "/notes/{id}": {
    get: {
      parameters: { path: { id: string }; query?: { lang?: string } };
      responses: { 200: { content: { "application/json": Note } }; 401: { content: { "application/json": { error: string } } } };
    };
  };
  "/notes": {
    post: {
      requestBody: { content: { "application/json": Note } };
      responses: { 201: { content: { "application/json": Note } }; 401: { content: { "application/json": { error: string } } } };
    };
  };
}

/** An application's calls, with some library. */
interface Calls {
  get(): Promise<Note>;
  post(note: Note): Promise<Note>;
  /** The status of a request that fails. */
  failing(): Promise<number>;
}

const LIBRARIES: Readonly<Record<string, (origin: string, send: typeof fetch) => Calls>> = {
  ky(origin, send) {
    const api = ky.create({ prefixUrl: origin, fetch: send, retry: 0 });
    return {
      get: () => api.get("notes/1", { searchParams: { lang: "de" } }).json<Note>(),
      post: (note) => api.post("notes", { json: note }).json<Note>(),
      failing: async () => (await api.get("notes/1", { throwHttpErrors: false })).status,
    };
  },
  "openapi-fetch"(origin, send) {
    const api = createClient<paths>({ baseUrl: origin, fetch: send });
    const data = <T>(answer: { data?: T; response: Response }): T => {
      if (answer.data === undefined) throw new Error(String(answer.response.status));
      return answer.data;
    };
    return {
      get: async () => data(await api.GET("/notes/{id}", { params: { path: { id: "1" }, query: { lang: "de" } } })),
      post: async (note) => data(await api.POST("/notes", { body: note })),
      failing: async () => (await api.GET("/notes/{id}", { params: { path: { id: "1" } } })).response.status,
    };
  },
};

let provider: TinyProvider;
let api: TestServer;
let client: OidcClient;
/** The tokens that the API takes. */
let taken: RegExp;

beforeEach(async () => {
  taken = /./;
  provider = await startProvider();
  provider.settings.refreshes = true;
  api = await serve(({ method, headers, body }, response) => {
    response.setHeader("content-type", "application/json");
    if (!taken.test(headers.authorization ?? "")) {
      response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' });
      return response.end('{"error":"refused"}');
    }
    if (method === "POST") return response.writeHead(201).end(body);
    return response.end('{"text":"Buy milk"}');
  });
  openPage("https://app.example.com/");
  const redirectUri = "https://app.example.com/callback";
  client = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins: [api.origin] });
  await client.handleCallback(provider.approve((await client.prepareSignIn()).url));
});

afterEach(async () => {
  client.dispose();
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

describe.each(Object.entries(LIBRARIES))("%s with createFetch()", (_name, make) => {
  test("gets and posts with the token", async () => {
    const calls = make(api.origin, client.createFetch());
    expect(await calls.get()).toEqual({ text: "Buy milk" });
    expect(await calls.post({ text: "Buy bread" })).toEqual({ text: "Buy bread" });
    expect(api.requests).toMatchObject([
      { method: "GET", path: "/notes/1?lang=de", headers: { authorization: "Bearer CANARY-access-token" } },
      { method: "POST", path: "/notes", body: '{"text":"Buy bread"}', headers: { "content-type": "application/json" } },
    ]);
  });

  test("RF-09: notices nothing of a token that was refused: it is renewed and the request sent again", async () => {
    taken = /-2$/;
    const calls = make(api.origin, client.createFetch());
    expect(await calls.post({ text: "Buy bread" })).toEqual({ text: "Buy bread" });
    expect(api.requests.map(({ body }) => body)).toEqual(['{"text":"Buy bread"}', '{"text":"Buy bread"}']);
    taken = /-3$/;
    expect(await calls.get()).toEqual({ text: "Buy milk" });
    expect(api.requests.map(({ headers }) => headers.authorization?.slice(-2))).toEqual(["en", "-2", "-2", "-3"]);
    expect(provider.count("/token")).toBe(3);
  });

  test("has the refusal where there is no other token", async () => {
    taken = /^$/;
    const calls = make(api.origin, client.createFetch());
    expect(await calls.failing()).toBe(401);
    expect(api.requests).toHaveLength(2);
  });

  test("reaches other servers without the token", async () => {
    await using other = await serve((_request, response) => response.setHeader("content-type", "application/json").end('{"text":"public"}'));
    expect(await make(other.origin, client.createFetch({ elsewhere: "plain" })).get()).toEqual({ text: "public" });
    expect(other.requests[0]?.headers.authorization).toBeUndefined();
    await expect(make(other.origin, client.createFetch()).get()).rejects.toMatchObject({ code: "origin_not_allowed" });
  });
});
