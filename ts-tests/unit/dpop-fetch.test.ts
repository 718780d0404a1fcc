import type { ServerResponse } from "node:http";
import { decodeJwt } from "jose";
import { OidcClient } from "oidc-wasm/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startNonceServer, type NonceModel, type NonceServer } from "./support/nonce-server.ts";
import { openPage } from "./support/page.ts";
import { startProvider, type TinyProvider } from "./support/provider.ts";
import { serve, type Seen } from "./support/server.ts";

/** Everything that asks for nonces. */
const MODELS: readonly NonceModel[] = ["latest", "once", "refused-once", "window"];
const MANY = 200;

let provider: TinyProvider;
let api: NonceServer;
let client: OidcClient;
/** Ends the answers of `/poll`. */
let endPolls: () => void;

async function signIn(allowedOrigins: readonly string[], dpop = true): Promise<OidcClient> {
  const redirectUri = "https://app.example.com/callback";
  const made = await OidcClient.create({ authority: provider.issuer, clientId: "spa", redirectUri, allowedOrigins, dpop });
  await made.handleCallback(provider.approve((await made.prepareSignIn()).url));
  return made;
}

beforeEach(async () => {
  provider = await startProvider();
  const polls: ServerResponse[] = [];
  endPolls = () => polls.splice(0).forEach((response) => response.end("answer"));
  api = await startNonceServer("none", (request, response) => {
    if (request.path === "/poll") return void polls.push(response);
    if (request.path === "/moved") return response.writeHead(307, { location: "https://evil.example/" }).end();
    if (request.path === "/denied") return response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_token"' }).end();
    return response.end(request.body);
  });
  openPage("https://app.example.com/");
  client = await signIn([api.origin]);
});

afterEach(async () => {
  client.dispose();
  await api[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** So many calls at once, each with a path of its own: their statuses, and how often each was sent. */
async function burst(name: string, count = MANY): Promise<{ statuses: Set<number>; most: number; sends: number }> {
  const paths = Array.from({ length: count }, (_, number) => `/${name}/${number}`);
  const responses = await Promise.all(paths.map((path) => client.fetch(api.origin + path)));
  const sends = paths.map((path) => api.sends(path));
  return {
    statuses: new Set(responses.map((response) => response.status)),
    most: Math.max(...sends),
    sends: sends.reduce((sum, number) => sum + number, 0),
  };
}

/** What holds whatever was sent: each proof fits its request, is there once, and is of the one key. */
function expectGoodProofs(): void {
  expect(api.faults).toEqual([]);
  expect(api.ids.size).toBe(api.requests.length);
  expect(api.keys.size).toBe(1);
}

describe("many calls at once", () => {
  test.each(MODELS)("DP-02, DP-14, DP-15: each needs two sends at most, whatever the API makes of nonces (%s)", async (model) => {
    api.model = model;
    for (const name of ["cold", "warm"]) {
      const { statuses, most } = await burst(name);
      expect(statuses).toEqual(new Set([200]));
      expect(most).toBeLessThanOrEqual(2);
      api.rotate();
      api.rotate();
    }
    expectGoodProofs();
  });

  test.each(MODELS)("DP-15: the same while a long poll is under way (%s)", async (model) => {
    api.model = model;
    const poll = client.fetch(`${api.origin}/poll`);
    // Its second attempt, where there has to be one, is the one that hangs.
    await expect.poll(() => api.nonces.some((nonce) => nonce !== undefined)).toBe(true);
    for (const name of ["first", "second"]) {
      const { statuses, most } = await burst(name, 50);
      expect(statuses).toEqual(new Set([200]));
      expect(most).toBeLessThanOrEqual(2);
    }
    endPolls();
    expect((await poll).status).toBe(200);
    expect(api.sends("/poll")).toBeLessThanOrEqual(2);
    expectGoodProofs();
  });

  test.each(MODELS)("DP-15: the same when calls keep coming while others are sent again (%s)", async (model) => {
    api.model = model;
    const workers = Array.from({ length: 20 }, async (_, worker) => {
      const results: { status: number; sends: number }[] = [];
      for (let number = 0; number < 5; number += 1) {
        const path = `/${worker}/${number}`;
        const { status } = await client.fetch(api.origin + path);
        results.push({ status, sends: api.sends(path) });
      }
      return results;
    });
    const results = (await Promise.all(workers)).flat();
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.max(...results.map(({ sends }) => sends))).toBeLessThanOrEqual(2);
    expectGoodProofs();
  });

  test("DP-17: an API without nonces gets none, and every request once", async () => {
    const { statuses, sends } = await burst("plain");
    expect(statuses).toEqual(new Set([200]));
    expect(sends).toBe(MANY);
    expect(new Set(api.nonces)).toEqual(new Set([undefined]));
    expectGoodProofs();
  });

  test("where nonces last, retries do not wait for each other", async () => {
    api.model = "window";
    await burst("known", 3);
    const poll = client.fetch(`${api.origin}/poll`);
    await expect.poll(() => api.sends("/poll")).toBe(1);
    api.rotate();
    api.rotate();
    const before = performance.now();
    const { statuses, sends } = await burst("rotated", 5);
    expect(statuses).toEqual(new Set([200]));
    expect(sends).toBeGreaterThan(5);
    // Waiting for the poll would have taken two seconds.
    expect(performance.now() - before).toBeLessThan(1900);
    endPolls();
    await poll;
  });
});

describe("a nonce", () => {
  test.each(["latest", "once"] as const)("DP-14: costs no retry once one is known, though each answer has another (%s)", async (model) => {
    api.model = model;
    for (let number = 0; number < 20; number += 1) await client.fetch(`${api.origin}/a`);
    expect(api.requests).toHaveLength(21);
    expectGoodProofs();
  });

  test("DP-14, DP-15: costs exactly one retry when it was rotated", async () => {
    api.model = "window";
    for (const sends of [2, 3, 4]) {
      await client.fetch(`${api.origin}/a`);
      expect(api.requests).toHaveLength(sends);
    }
    api.rotate();
    api.rotate();
    for (const sends of [6, 7]) {
      await client.fetch(`${api.origin}/a`);
      expect(api.requests).toHaveLength(sends);
    }
    expectGoodProofs();
  });

  test("DP-13, DP-17: is for the API that gave it", async () => {
    await using other = await startNonceServer("none");
    using both = await signIn([api.origin, other.origin]);
    api.model = "latest";
    await both.fetch(`${api.origin}/a`);
    await both.fetch(`${other.origin}/a`);
    await both.fetch(`${api.origin}/a`);
    expect(other.nonces).toEqual([undefined]);
    expect(other.faults).toEqual([]);
    // Not forgotten meanwhile.
    expect(api.requests).toHaveLength(3);
  });
});

describe("a second send", () => {
  const challenge = { "www-authenticate": 'dPoP error="use_dpop_nonce"' };
  const answers: Record<string, { readonly answer: (response: ServerResponse, count: number) => unknown; readonly sends: number[] }> = {
    "DP-15: is the last, whatever the API says": {
      answer: (response, count) => response.writeHead(401, { ...challenge, "dpop-nonce": `n${count}` }).end(),
      sends: [2, 2, 2],
    },
    "DP-15: does not happen for the nonce that was just sent": {
      answer: (response) => response.writeHead(401, { ...challenge, "dpop-nonce": "n" }).end(),
      sends: [2, 1, 1],
    },
    "DP-15: does not happen because there is a nonce": {
      answer: (response, count) => response.writeHead(401, { "dpop-nonce": `n${count}` }).end(),
      sends: [1, 1, 1],
    },
    "DP-15: does not happen with another status": {
      answer: (response, count) => response.writeHead(400, { ...challenge, "dpop-nonce": `n${count}` }).end(),
      sends: [1, 1, 1],
    },
    "DP-16: does not happen for what is no nonce": {
      answer: (response) => response.writeHead(401, { ...challenge, "dpop-nonce": "a b" }).end(),
      sends: [1, 1, 1],
    },
  };

  test.each(Object.entries(answers))("%s", async (_, { answer, sends }) => {
    let count = 0;
    await using server = await serve((_request, response) => answer(response, (count += 1)));
    using caller = await signIn([server.origin]);
    for (const expected of sends) {
      server.requests.length = 0;
      const response = await caller.fetch(server.origin);
      expect([400, 401]).toContain(response.status);
      expect(server.requests).toHaveLength(expected);
    }
  });

  test("DP-19: does not happen when the nonce cannot be read, and the error names the header", async () => {
    await using server = await serve((_request, response) => response.writeHead(401, challenge).end());
    using caller = await signIn([server.origin]);
    await expect(caller.fetch(server.origin)).rejects.toMatchObject({
      code: "dpop_nonce_unreadable",
      type: "http",
      status: 401,
      message: expect.stringContaining("Access-Control-Expose-Headers") as string,
      details: { header: "DPoP-Nonce", origin: server.origin },
    });
    expect(server.requests).toHaveLength(1);
  });

  test("DP-22: corrects the time of the proof by the API's clock, once", async () => {
    const ahead = 300;
    const issued: number[] = [];
    await using server = await serve((request, response) => {
      const { iat = 0 } = decodeJwt(String(request.headers["dpop"]));
      issued.push(iat);
      const now = Math.floor(Date.now() / 1000) + ahead;
      response.sendDate = false;
      response.setHeader("date", new Date(now * 1000).toUTCString());
      if (Math.abs(iat - now) < 30) return response.end();
      return response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_dpop_proof"' }).end();
    });
    using caller = await signIn([server.origin]);
    for (const sends of [2, 1]) {
      issued.length = 0;
      expect((await caller.fetch(server.origin)).status).toBe(200);
      expect(issued).toHaveLength(sends);
    }
  });

  test("has a connection that broke before it: the retry of the application has a proof of its own", async () => {
    await using server = await serve((request, response) => (request.path === "/broken" ? response.destroy() : response.end()));
    using caller = await signIn([server.origin]);
    await expect(caller.fetch(`${server.origin}/broken`)).rejects.toMatchObject({ code: "network_error", retryable: true });
    await expect(caller.fetch(`${server.origin}/broken`)).rejects.toMatchObject({ code: "network_error" });
    const ids = server.requests.map((request) => decodeJwt(String(request.headers["dpop"])).jti);
    // DP-02; the runtime itself may have tried again, with the same proof.
    expect(new Set(ids).size).toBeGreaterThanOrEqual(2);
  });
});

describe("a body", () => {
  const form = (): FormData => {
    const data = new FormData();
    data.set("file", new Blob(["of a form"]), "name.txt");
    return data;
  };
  const bodies: Record<string, () => { readonly init: RequestInit; readonly arrives: string }> = {
    text: () => ({ init: { body: "text" }, arrives: "text" }),
    bytes: () => ({ init: { body: new TextEncoder().encode("bytes") }, arrives: "bytes" }),
    "a buffer": () => ({ init: { body: new TextEncoder().encode("buffer").buffer }, arrives: "buffer" }),
    "a Blob": () => ({ init: { body: new Blob(["blob"]) }, arrives: "blob" }),
    "a form": () => ({ init: { body: form() }, arrives: "of a form" }),
    parameters: () => ({ init: { body: new URLSearchParams({ a: "b c" }) }, arrives: "a=b+c" }),
  };

  test.each(Object.entries(bodies))("DP-18: is sent again: %s", async (_, make) => {
    api.model = "latest";
    const { init, arrives } = make();
    const response = await client.fetch(`${api.origin}/a`, { method: "POST", ...init });
    expect(response.status).toBe(200);
    expect(api.requests).toHaveLength(2);
    for (const { body } of api.requests) expect(body).toContain(arrives);
    expect(api.requests[0]?.body).toBe(api.requests[1]?.body);
    expect(api.requests[0]?.headers["content-type"]).toBe(api.requests[1]?.headers["content-type"]);
    expectGoodProofs();
  });

  test("DP-18: of a Request is sent again, and the Request is used up as fetch does", async () => {
    api.model = "latest";
    const request = new Request(`${api.origin}/a`, { method: "POST", body: "of a request" });
    expect(await (await client.fetch(request)).text()).toBe("of a request");
    expect(api.requests.map(({ body }) => body)).toEqual(["of a request", "of a request"]);
    expect(request.bodyUsed).toBe(true);
  });

  test("DP-18: is sent again as it was, whatever the caller does to it meanwhile", async () => {
    api.model = "latest";
    const body = new TextEncoder().encode("before");
    const running = client.fetch(`${api.origin}/a`, { method: "POST", body });
    body.fill(0);
    expect(await (await running).text()).toBe("before");
  });

  const streams: Record<string, () => unknown> = {
    "a stream": () => new Response("streamed").body,
    "a generator": async function* () {
      yield new TextEncoder().encode("streamed");
    },
  };
  test.each(Object.entries(streams))("DP-18: is never sent twice: %s", async (_, make) => {
    api.model = "window";
    const body = make();
    const stream = typeof body === "function" ? (body as () => unknown)() : body;
    const init = { method: "POST", body: stream, duplex: "half" } as RequestInit;
    await expect(client.fetch(`${api.origin}/a`, init)).rejects.toMatchObject({
      code: "request_not_repeatable",
      type: "usage",
    });
    expect(api.requests.map((request) => request.body)).toEqual(["streamed"]);
    // The nonce is known now.
    const again = { ...init, body: make() } as RequestInit;
    expect(await (await client.fetch(`${api.origin}/a`, again)).text()).toBe("streamed");
    expect(api.requests).toHaveLength(2);
  });
});

describe("with proofs", () => {
  test("DP-01, DP-04, DP-05: a request has the token and a proof about itself", async () => {
    await client.fetch(`${api.origin}/a/../b%7Ec?x=1#y`);
    expect(api.requests).toMatchObject([{ path: "/b%7Ec?x=1", headers: { authorization: "DPoP CANARY-access-token" } }]);
    const { htm, htu, nonce } = decodeJwt(String(api.requests[0]?.headers["dpop"]));
    expect({ htm, htu, nonce }).toEqual({ htm: "GET", htu: `${api.origin}/b%7Ec`, nonce: undefined });
    expectGoodProofs();
  });

  test.each(["get", "Post", "PUT", "delete", "PATCH"])("DP-03: the proof has the method that is sent (%s)", async (method) => {
    expect((await client.fetch(`${api.origin}/a`, { method })).status).toBe(200);
    expectGoodProofs();
  });

  test("DP-20: nothing goes to a place that was not named", async () => {
    await using other = await serve((_request, response) => response.end());
    const { port } = new URL(api.origin);
    const places = [other.origin, `http://127.0.0.1.evil.example:${port}/`, `https://127.0.0.1:${port}/`, "http://127.0.0.1/"];
    for (const place of places) await expect(client.fetch(place)).rejects.toMatchObject({ code: "origin_not_allowed" });
    // Not even `fetch` makes a request of this one.
    await expect(client.fetch(`${api.origin}@evil.example/`)).rejects.toMatchObject({ code: "invalid_argument" });
    expect([...other.requests, ...api.requests]).toEqual([]);
  });

  test("DP-21: a redirect is not followed", async () => {
    for (const redirect of ["follow", "error"] as const) {
      await expect(client.fetch(`${api.origin}/moved`, { redirect })).rejects.toMatchObject({ code: "redirect_refused", status: 307 });
    }
    expect((await client.fetch(`${api.origin}/moved`, { redirect: "manual" })).status).toBe(307);
    expectGoodProofs();
  });

  test("a status that asks for nothing is passed on as it is", async () => {
    expect((await client.fetch(`${api.origin}/denied`)).status).toBe(401);
    expect(api.requests).toHaveLength(1);
  });

  test("a request that brings a proof or a token of its own is refused", async () => {
    for (const name of ["dpop", "authorization"]) {
      await expect(client.fetch(`${api.origin}/a`, { headers: { [name]: "x" } })).rejects.toMatchObject({ code: "invalid_argument" });
    }
    expect(api.requests).toEqual([]);
  });

  test("DP-23: a call that had to wait has a proof that was made after that", async () => {
    api.model = "latest";
    const poll = client.fetch(`${api.origin}/poll`);
    await expect.poll(() => api.sends("/poll")).toBe(2);
    // It waits for the other's second attempt, as long as it is not taken for a long poll.
    const before = Date.now();
    await client.fetch(`${api.origin}/a`);
    const waited = Date.now() - before;
    const { iat = 0 } = decodeJwt(String(api.requests.find(({ path }) => path === "/a")?.headers["dpop"]));
    expect(waited).toBeGreaterThanOrEqual(1900);
    expect(iat * 1000).toBeGreaterThan(before);
    endPolls();
    await poll;
  });

  test("a call that waits for its turn is aborted at once, and holds nobody up", async () => {
    api.model = "latest";
    const poll = client.fetch(`${api.origin}/poll`);
    await expect.poll(() => api.sends("/poll")).toBe(2);
    // That one is a second attempt under way, so others wait for it; for two seconds, if they are not aborted.
    const abort = new AbortController();
    const before = performance.now();
    const calls = Array.from({ length: 5 }, () => client.fetch(`${api.origin}/a`, { signal: abort.signal }));
    const waiting = client.fetch(`${api.origin}/b`);
    abort.abort();
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "aborted", type: "aborted" });
    endPolls();
    expect((await poll).status).toBe(200);
    expect((await waiting).status).toBe(200);
    expect(api.sends("/a")).toBe(0);
    // Somebody else's request takes the nonce, so that the next one needs a second attempt, which waits for nobody.
    await fetch(`${api.origin}/other`);
    expect((await client.fetch(`${api.origin}/b`)).status).toBe(200);
    expect(api.sends("/b")).toBe(3);
    expect(performance.now() - before).toBeLessThan(1900);
  });
});

test("without proofs nothing waits and nothing is sent twice", async () => {
  const seen: Seen[] = [];
  await using server = await serve((request, response) => {
    seen.push(request);
    response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"', "dpop-nonce": "n" }).end();
  });
  using bearer = await signIn([server.origin], false);
  const responses = await Promise.all(Array.from({ length: 50 }, () => bearer.fetch(server.origin)));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([401]));
  expect(seen).toHaveLength(50);
  for (const { headers } of seen) expect(headers["dpop"]).toBeUndefined();
});
