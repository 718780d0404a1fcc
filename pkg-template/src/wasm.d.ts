/*
 * What the face uses of the private wasm module (`#wasm`). Written by hand and private: the published declarations
 * never mention it. Options go in as JSON text, plain objects come out; `core.ts` knows what they are.
 */

export function initSync(input: { module: WebAssembly.Module }): unknown;

export class Client {
  /** Throws a plain object that describes the error. */
  constructor(options: string);
  session(): unknown;
  /** Rejects with a plain object that describes the error. */
  run(operation: string, argument: string, signal?: AbortSignal): Promise<unknown>;
  free(): void;
}
