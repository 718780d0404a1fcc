import base64 from "#bytes";

/** `oidc-wasm/inline` and the software signer: the wasm is part of the script. */
export function wasmSource(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
