/* The one function of Node that `oidc-wasm/node` needs. */

declare module "node:fs/promises" {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}
