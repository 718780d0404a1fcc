/* The one function of Node that `oidc-wasm/node` needs. */

declare module "node:fs/promises" {
  export function readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}

/* What `oidc-wasm/workerd` imports: Cloudflare's Workers compile such a file before they start. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
