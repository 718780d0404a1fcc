/* Modules that exist only while the package is built, and the one function of Node that `oidc-wasm/node` needs. */

declare module "#bytes" {
  /** The wasm file in base64. */
  const base64: string;
  export default base64;
}

declare module "node:fs/promises" {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}
