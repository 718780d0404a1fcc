/** What is to go wrong, and in which order. */
import { makeKey, signJwt, type Members, type SigningKey } from "./keys.js";
import type { IdTokenFault, TestEndpoint, TestFailure } from "./types.js";

/** What still is an answer. */
export type AnsweredFailure = Exclude<TestFailure, "network">;

/** What comes next, for each endpoint. */
export class Script {
  readonly #queues = new Map<TestEndpoint, { readonly failure: TestFailure; times: number }[]>();

  add(endpoint: TestEndpoint, failure: TestFailure, times: number): void {
    const queue = this.#queues.get(endpoint) ?? [];
    queue.push({ failure, times });
    this.#queues.set(endpoint, queue);
  }

  clear(): void {
    this.#queues.clear();
  }

  /** What is to happen before the request is looked at. */
  before(endpoint: TestEndpoint): TestFailure | undefined {
    const next = this.#queues.get(endpoint)?.[0]?.failure;
    if (next === undefined || !isAfterwards(next)) return this.#take(endpoint);
    return next.delaySeconds === undefined ? undefined : { delaySeconds: next.delaySeconds };
  }

  /** What is to become of an answer that is good: a request that is refused leaves it for the next one. */
  after(endpoint: TestEndpoint): AnsweredFailure | undefined {
    const next = this.#queues.get(endpoint)?.[0]?.failure;
    return next !== undefined && isAfterwards(next) ? (this.#take(endpoint) as AnsweredFailure) : undefined;
  }

  /** What is to be wrong with the ID Token of a good answer that is being made. */
  fault(): IdTokenFault | undefined {
    const next = this.#queues.get("token")?.[0]?.failure;
    return next === "network" ? undefined : next?.idToken;
  }

  #take(endpoint: TestEndpoint): TestFailure | undefined {
    const queue = this.#queues.get(endpoint) ?? [];
    const [next] = queue;
    if (next && (next.times -= 1) <= 0) queue.shift();
    return next?.failure;
  }
}

function isAfterwards(failure: TestFailure): failure is AnsweredFailure {
  return failure !== "network" && (failure.idToken !== undefined || failure.answer !== undefined);
}

/** An ID Token, with what is to be wrong about it. */
export async function signIdToken(
  key: SigningKey,
  claims: Members & { readonly iat: number; readonly exp: number },
  fault?: IdTokenFault,
): Promise<string> {
  const { iat, exp } = claims;
  switch (fault) {
    case "bad_signature": {
      const token = await signJwt(key, claims);
      const start = token.lastIndexOf(".") + 1;
      return token.slice(0, start) + (token[start] === "A" ? "B" : "A") + token.slice(start + 1);
    }
    case "unknown_key":
      return signJwt(await makeKey(key.alg), claims);
    case "alg_none":
      return (await signJwt(key, claims, { alg: "none" })).replace(/[^.]*$/, "");
    case "wrong_issuer":
      return signJwt(key, { ...claims, iss: "https://other.example" });
    case "wrong_audience":
      return signJwt(key, { ...claims, aud: "other-client" });
    case "wrong_nonce":
      return signJwt(key, { ...claims, nonce: "of-another-sign-in" });
    case "wrong_at_hash":
      return signJwt(key, { ...claims, at_hash: "ofAnotherAccessToken00" });
    case "expired":
      return signJwt(key, { ...claims, iat: iat - 7200, exp: iat - 3600 });
    case "issued_in_the_future":
      return signJwt(key, { ...claims, iat: iat + 3600, exp: exp + 3600 });
    default:
      return signJwt(key, claims);
  }
}
