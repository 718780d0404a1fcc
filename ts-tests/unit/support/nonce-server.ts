import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose";
import { serve, type Seen, type TestServer } from "./server.ts";

/**
 * What a server makes of its nonces (RFC 9449, section 9, leaves it open):
 *
 * - `latest`: another with every answer, and only the latest is taken
 * - `once`: another with every answer, and each is taken once
 * - `refused-once`: another with every refusal only, and each is taken once
 * - `window`: one for some time, which is taken for a while longer
 * - `none`: there are no nonces
 */
export type NonceModel = "latest" | "once" | "refused-once" | "window" | "none";

/** An API that takes only tokens with a good proof, and checks that each proof is what RFC 9449, section 4.3, says. */
export interface NonceServer extends TestServer {
  model: NonceModel;
  /** What is wrong with proofs apart from their nonces. */
  readonly faults: string[];
  readonly ids: Set<string>;
  readonly keys: Set<string>;
  /** The nonces that came, in order; `undefined` for none. */
  readonly nonces: (string | undefined)[];
  /** How often a path was asked for. */
  sends(path: string): number;
  /** Begins another window. */
  rotate(): void;
}

/** Starts it. `answer` writes the answer to a request whose proof is good; it may be slow. */
export async function startNonceServer(
  model: NonceModel,
  answer: (request: Seen, response: ServerResponse) => unknown = (_request, response) => response.end("answer"),
): Promise<NonceServer> {
  let issued = 0;
  let step = 0;
  const unused = new Set<string>();
  const issue = (): string => {
    const nonce = `nonce-${(issued += 1)}`;
    unused.add(nonce);
    return nonce;
  };
  const isGood = (nonce: string | undefined): boolean => {
    switch (state.model) {
      case "latest":
        return nonce === `nonce-${issued}`;
      case "once":
      case "refused-once":
        return nonce !== undefined && unused.delete(nonce);
      case "window":
        return nonce === `window-${step}` || nonce === `window-${step - 1}`;
      case "none":
        if (nonce !== undefined) state.faults.push("a nonce that nobody gave");
        return true;
    }
  };
  /** The nonce that goes with an answer, made when the answer begins. */
  const next = (isRefusal: boolean): string | undefined => {
    if (state.model === "window") return `window-${step}`;
    if (state.model === "none" || (state.model === "refused-once" && !isRefusal)) return undefined;
    return issue();
  };
  const server = await serve(async (request, response) => {
    const writeHead = response.writeHead.bind(response);
    let isRefusal = false;
    response.writeHead = ((status: number, headers?: Record<string, string>) => {
      const nonce = next(isRefusal);
      if (nonce !== undefined) response.setHeader("dpop-nonce", nonce);
      return writeHead(status, headers);
    }) as typeof response.writeHead;
    const { nonce, fault } = await check(request, server.origin, state);
    if (fault) state.faults.push(fault);
    state.nonces.push(nonce);
    if (!isGood(nonce)) {
      isRefusal = true;
      response.writeHead(401, { "www-authenticate": 'DPoP error="use_dpop_nonce"' }).end();
      return;
    }
    await answer(request, response);
  });
  const state: NonceServer = {
    origin: server.origin,
    requests: server.requests,
    model,
    faults: [],
    ids: new Set(),
    keys: new Set(),
    nonces: [],
    sends: (path) => server.requests.filter((request) => request.path === path).length,
    rotate: () => void (step += 1),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return state;
}

/** Everything of RFC 9449, section 4.3, but the nonce. */
async function check(request: Seen, origin: string, { ids, keys }: NonceServer): Promise<{ nonce?: string; fault?: string }> {
  const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
  const proof = request.headers["dpop"];
  if (scheme !== "DPoP" || typeof proof !== "string") return { fault: "no token with one proof" };
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"], maxTokenAge: 10 });
    const { jti = "", htm, htu, ath, nonce } = payload;
    const fault = [
      ids.has(jti) && "a jti that was there before",
      htm !== request.method && "another method",
      htu !== `${origin}${request.path.split("?", 1)[0]}` && "another URL",
      ath !== createHash("sha256").update(token).digest("base64url") && "another token",
    ].find(Boolean);
    ids.add(jti);
    keys.add(await calculateJwkThumbprint(protectedHeader.jwk ?? {}));
    return { ...(typeof nonce === "string" ? { nonce } : {}), ...(fault ? { fault } : {}) };
  } catch (failure) {
    return { fault: String(failure) };
  }
}
