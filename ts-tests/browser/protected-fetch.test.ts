import { beforeEach, describe, expect, test } from "vitest";
import { useWorld, type Visit } from "./support.js";

const the = useWorld("app", [], { api: { echo: true } });
let visit: Visit;

beforeEach(async () => {
  const { world } = the;
  visit = await world.visit({ allowedConsole: /net::ERR_FAILED|blocked by CORS policy/ });
  await visit.signInToHarness(world.options({ clientId: "spa-dpop", dpop: true, pushedAuthorization: "always" }));
});

describe("DP-18: in a browser, a body is sent again as it was", () => {
  const bodies: Record<string, string> = {
    text: "text",
    bytes: "bytes",
    "a Blob": "blob",
    "a form": "of a form",
    parameters: "a=b+c",
    "a Request": "of a request",
  };

  test.each(Object.entries(bodies))("%s", async (kind, arrives) => {
    const { api } = the.world;
    const answer = await visit.page.evaluate(
      async ([url, kind]) => {
        const form = new FormData();
        form.set("file", new Blob(["of a form"]), "name.txt");
        const requests: Record<string, () => Promise<Response>> = {
          text: () => window.clients.main.fetch(url, { method: "POST", body: "text" }),
          bytes: () => window.clients.main.fetch(url, { method: "POST", body: new TextEncoder().encode("bytes") }),
          "a Blob": () => window.clients.main.fetch(url, { method: "POST", body: new Blob(["blob"], { type: "text/x-own" }) }),
          "a form": () => window.clients.main.fetch(url, { method: "POST", body: form }),
          parameters: () => window.clients.main.fetch(url, { method: "POST", body: new URLSearchParams({ a: "b c" }) }),
          "a Request": () => window.clients.main.fetch(new Request(url, { method: "POST", body: "of a request" })),
        };
        const response = await requests[kind]?.();
        return { status: response?.status, json: (await response?.json()) as { body: string } };
      },
      [`${api.url}/echo?id=body`, kind] as const,
    );
    expect(answer.status).toBe(200);
    expect(answer.json.body).toContain(arrives);
    expect(api.seen.calls.get("body")).toMatchObject({ sends: 2, challenges: 1, statuses: [401, 200] });
  });
});

test.each(["get", "Post", "PATCH", "delete"])("DP-03: the proof has the method that the browser sends (%s)", async (method) => {
  const { api } = the.world;
  const status = await visit.page.evaluate(
    async ([url, method]) => (await window.clients.main.fetch(url, { method })).status,
    [`${api.url}/echo?id=method`, method] as const,
  );
  expect(status).toBe(200);
});

test("DP-20: neither token nor proof goes to a place that was not named", async () => {
  const { world } = the;
  const { host, port } = new URL(world.api.url);
  const places = [`//evil.example/`, `https://${host}/`, `http://localhost.evil.example:${port}/`, `\\\\evil.example/`, `/\\evil.example`, world.page.url];
  const before = visit.requests.length;
  const codes = await visit.page.evaluate(
    async (places) => Promise.all(places.map(async (place) => (await window.failureOf(() => window.clients.main.fetch(place)))?.code)),
    places,
  );
  expect(codes).toEqual(places.map(() => "origin_not_allowed"));
  const named = await visit.page.evaluate(
    async (url) => (await window.failureOf(() => window.clients.main.fetch(url)))?.code,
    `http://${host}@evil.example/`,
  );
  expect(named).toBe("invalid_argument");
  expect(visit.requests.slice(before)).toEqual([]);
});

test("DP-21: a redirect is not followed, with neither token nor proof", async () => {
  const { world } = the;
  const hits: string[] = [];
  await visit.context.route("https://evil.example/**", (route) => (hits.push(route.request().url()), route.abort()));
  await visit.page.route(`${world.api.url}/moved`, (route) =>
    route.request().method() === "OPTIONS"
      ? route.continue()
      : route.fulfill({ status: 307, headers: { location: "https://evil.example/", "access-control-allow-origin": world.page.url } }),
  );
  const code = await visit.page.evaluate(
    async (url) => (await window.failureOf(() => window.clients.main.fetch(url, { method: "POST", body: "secret" })))?.code,
    `${world.api.url}/moved`,
  );
  expect(code).toBe("redirect_refused");
  expect(hits).toEqual([]);
});

test("DP-19, RF-09: a challenge that the page may not read counts as one about the token: once, with a new one and the nonce that came", async () => {
  const { api } = the.world;
  api.configure({ exposeChallenge: false });
  const status = await visit.page.evaluate(async (url) => (await window.clients.main.fetch(url)).status, `${api.url}/me?id=hidden`);
  expect(status).toBe(200);
  expect(api.seen.calls.get("hidden")?.sends).toBe(2);
});
