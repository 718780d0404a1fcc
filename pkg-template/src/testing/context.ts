/** What the endpoints of one provider share. */
import type { TestClock } from "./clock.js";
import type { SigningKey } from "./keys.js";
import type { Proofs } from "./proofs.js";
import { Refusal } from "./refusal.js";
import type { Tokens } from "./tokens.js";
import type { TestClient, TestProviderOptions, TestUser } from "./types.js";

/** Who is signed in at the provider, which in real life a cookie says. */
export interface ProviderSession {
  readonly user: TestUser;
  readonly authTime: number;
  /** `sid` */
  readonly id: string;
}

export interface Context {
  readonly issuer: string;
  readonly clock: TestClock;
  readonly clients: ReadonlyMap<string, TestClient>;
  readonly users: readonly TestUser[];
  readonly tokens: Tokens;
  readonly proofs: Proofs;
  /** The key that signs now, and those that are published, this one among them. */
  key: SigningKey;
  published: readonly SigningKey[];
  session: ProviderSession | undefined;
  readonly requiresPush: boolean;
  readonly wantsNonce: boolean;
  readonly refreshTokens: NonNullable<TestProviderOptions["refreshTokens"]>;
  /** The address of an endpoint. */
  at(path: string): string;
}

/** The thumbprint of the key that made a request's proof; `undefined` without a proof. */
export async function proofOf({ proofs, wantsNonce }: Context, { headers, method, url }: Request, accessToken?: string): Promise<string | undefined> {
  const proof = headers.get("dpop");
  return proof === null ? undefined : proofs.check(proof, accessToken === undefined ? { method, url } : { method, url, accessToken }, wantsNonce);
}

/** The APIs that are asked for; RFC 8707, section 2. */
export function resourcesOf(parameters: URLSearchParams): string[] {
  const resources = parameters.getAll("resource");
  const wrong = resources.find((resource) => !URL.canParse(resource) || resource.includes("#"));
  if (wrong !== undefined) throw new Refusal("invalid_target", "resource has to be an absolute URI without a fragment.");
  return resources;
}
