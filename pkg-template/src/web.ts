/**
 * Types of the web that TypeScript declares in its libraries `dom` and `webworker` only. Named here, so that programs for Node, Deno
 * or Bun compile without either: there the global `crypto` has the types of the runtime.
 *
 * @module
 */

/** A key of WebCrypto. */
export type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Both halves of a key. */
export interface CryptoKeyPair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** Bytes. */
export type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

/** What `fetch` takes besides a `URL`. */
export type RequestInfo = Request | string;

/** A `WebAssembly.Module`. */
export type WasmModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;
