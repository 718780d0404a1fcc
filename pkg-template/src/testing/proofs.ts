/** DPoP proofs, as a server checks them. */
import { base64url, random, sha256 } from "./bytes.js";
import type { TestClock } from "./clock.js";
import { isObject, isSignedBy, PROOF_ALGORITHMS, readJwt, thumbprint } from "./keys.js";
import { Refusal } from "./refusal.js";

/** How far `iat` may be from the server's clock, in seconds. */
const TOLERANCE = 60;
/** How long a nonce is good, in seconds. */
const NONCE_LIFE = 300;

/** What a proof has to be about. */
export interface Proven {
  readonly method: string;
  readonly url: string;
  /** The token that it comes with. */
  readonly accessToken?: string;
}

/**
 * What one server knows of proofs: those it has seen, and the nonce that it wants.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449#section-4.3
 */
export class Proofs {
  readonly #clock: TestClock;
  readonly #seen = new Set<string>();
  #nonce: { readonly text: string; readonly until: number } | undefined;

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** The nonce that a proof needs now. */
  get nonce(): string {
    if (!this.#nonce || this.#nonce.until <= this.#clock.now()) this.#nonce = { text: random(), until: this.#clock.now() + NONCE_LIFE };
    return this.#nonce.text;
  }

  /** The thumbprint of the key that made the proof. */
  async check(proof: string, { method, url, accessToken }: Proven, wantsNonce: boolean): Promise<string> {
    const refuse = (description: string): never => {
      throw new Refusal("invalid_dpop_proof", description);
    };
    const { header, claims } = readJwt(proof) ?? refuse("The header DPoP has to be one JWT.");
    if (header["typ"] !== "dpop+jwt") refuse('typ has to be "dpop+jwt".');
    const { alg, jwk } = header;
    if (!PROOF_ALGORITHMS.includes(String(alg))) refuse(`alg has to be one of ${PROOF_ALGORITHMS.join(", ")}.`);
    if (!isObject(jwk) || "d" in jwk || "k" in jwk) return refuse("jwk has to be a public key.");
    if (!(await isSignedBy(proof, jwk as JsonWebKey, alg))) refuse("The signature is wrong.");
    const { jti, htm, htu, iat, ath, nonce } = claims;
    if (htm !== method) refuse(`htm has to be ${method}.`);
    if (typeof htu !== "string" || bare(htu) !== bare(url)) refuse(`htu has to be ${bare(url)}.`);
    if (typeof iat !== "number" || Math.abs(iat - this.#clock.now()) > TOLERANCE) refuse("iat is too far from this server's time.");
    if (accessToken !== undefined && ath !== base64url(await sha256(accessToken))) refuse("ath has to be the hash of the access token.");
    const jkt = (await thumbprint(jwk as JsonWebKey)) ?? refuse("jwk has to be a public key.");
    if (wantsNonce && nonce !== this.nonce) throw new Refusal("use_dpop_nonce", "The proof needs the nonce of this server.");
    if (typeof jti !== "string" || jti === "") refuse("jti is missing.");
    if (this.#seen.has(`${jkt} ${jti}`)) refuse("This proof was used before.");
    this.#seen.add(`${jkt} ${jti}`);
    return jkt;
  }
}

/** An address without query and fragment, written in one way. */
function bare(address: string): string {
  if (!URL.canParse(address)) return address;
  const { origin, pathname } = new URL(address);
  return origin + pathname;
}
