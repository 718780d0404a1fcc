/*
 * What the face uses of the signer's own wasm module (`#signer-wasm`). Written by hand and private, as `wasm.d.ts` is.
 */

export function initSync(input: { module: WebAssembly.Module }): unknown;

/** A P-256 key that signs in the wasm. It never gives the private key back. */
export class Es256Key {
  private constructor();
  static generate(): Es256Key;
  /** Takes a private JWK. Throws a plain object that describes the error. */
  static import(jwk: string): Es256Key;
  /** A JWK with the members `kty`, `crv`, `x` and `y`. */
  publicJwk(): string;
  /** The signature of a text, base64url. */
  sign(input: string): string;
  free(): void;
}
