/** Where keys for ID Tokens come from, against a server that counts what is asked for. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { isOidcError, validateIdToken, type OidcError } from "oidc-wasm/node";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

type Jwk = Readonly<Record<string, unknown>>;

const ours = generateKeyPairSync("ec", { namedCurve: "P-256" });
const theirs = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicJwk: Jwk = { ...ours.publicKey.export({ format: "jwk" }), kid: "a" };
const privateJwk: Jwk = { ...ours.privateKey.export({ format: "jwk" }), kid: "a" };
const theirJwk: Jwk = { ...theirs.publicKey.export({ format: "jwk" }), kid: "a" };

let server: Server;
let issuer: string;
/** What `/<name>/jwks` answers: each test has a provider of its own. */
const published = new Map<string, readonly Jwk[]>();
const asked: string[] = [];

beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    asked.push(url);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: published.get(url) ?? [theirJwk] }));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await new Promise((resolve) => void server.close(resolve));
});

beforeEach(() => {
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${randomUUID()}`;
  asked.length = 0;
});

function publish(keys: readonly Jwk[]): void {
  published.set(new URL(`${issuer}/jwks`).pathname, keys);
}

function idToken(header: object, key = ours.privateKey): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, aud: "spa", sub: "alice", iat: now, exp: now + 300 };
  const input = [{ alg: "ES256", ...header }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${input}.${sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

async function validate(token: string): Promise<unknown> {
  const metadata = { issuer, jwks_uri: `${issuer}/jwks` };
  return validateIdToken({
    idToken: token,
    metadata,
    clientId: "spa",
    nonce: null,
    algorithm: "ES256",
    dangerousAllowHttp: true,
  } as Parameters<typeof validateIdToken>[0]);
}

async function refusal(token: string): Promise<OidcError> {
  const failure: unknown = await validate(token).catch((error: unknown) => error);
  if (isOidcError(failure)) return failure;
  throw new Error("it is accepted", { cause: failure });
}

test("JO-09: a hundred tokens with made-up kids cost one more request for keys", async () => {
  publish([publicJwk]);
  await validate(idToken({ kid: "a" }));
  expect(asked).toHaveLength(1);
  for (let count = 0; count < 50; count++) {
    expect((await refusal(idToken({ kid: randomUUID() }))).code).toBe("signing_key_not_found");
  }
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      expect((await refusal(idToken({ kid: randomUUID() }))).code).toBe("signing_key_not_found");
    }),
  );
  await validate(idToken({ kid: "a" }));
  expect(asked).toHaveLength(2);
});

test("JO-09: a key that is rotated in between is found without a reload", async () => {
  publish([theirJwk]);
  expect((await refusal(idToken({ kid: "a" }))).code).toBe("signature_invalid");
  publish([{ ...publicJwk, kid: "b" }]);
  expect(await validate(idToken({ kid: "b" }))).toMatchObject({ sub: "alice" });
  expect(asked).toHaveLength(2);
});

test.each([
  ["jwk", () => publicJwk],
  ["jku", () => `${issuer}/evil`],
  ["x5u", () => `${issuer}/evil`],
  ["x5c", () => ["MIIBBjCBrAIBAjAK"]],
  ["x5t#S256", () => "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"],
])("JO-10: a token that brings its own key is refused, and nothing it names is fetched: %s", async (member, value) => {
  publish([theirJwk]);
  expect((await refusal(idToken({ kid: "a", [member]: value() }))).code).toBe("signature_invalid");
  expect(asked).toEqual([new URL(`${issuer}/jwks`).pathname]);
  expect((await refusal(idToken({ [member]: value() }))).code).toBe("signature_invalid");
  // Beside the right key the member changes nothing.
  expect(await validate(idToken({ kid: "a", [member]: value() }, theirs.privateKey))).toMatchObject({ sub: "alice" });
});

test("JO-20: a published private key is not used, and nobody repeats it", async () => {
  publish([privateJwk]);
  const error = await refusal(idToken({ kid: "a" }));
  expect(error).toMatchObject({ code: "signing_key_not_found", details: { kid: "a", alg: "ES256" } });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(String(privateJwk["d"]));
});

test("JO-20: nor one with the members of a symmetric key, beside one that is good", async () => {
  publish([{ kty: "oct", kid: "a", k: "c2VjcmV0" }, { ...publicJwk, k: "c2VjcmV0" }, publicJwk]);
  expect(await validate(idToken({ kid: "a" }))).toMatchObject({ sub: "alice" });
});
