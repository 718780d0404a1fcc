/*
 * What the face uses of the private wasm module (`#wasm`). Written by hand and private: the published declarations
 * never mention it. Everything crosses as JSON text; `core.ts` knows what it means.
 */

export function initSync(input: { module: WebAssembly.Module }): unknown;

export class Client {
  /** Throws the JSON text of an error. */
  constructor(options: string);
  /** The session as JSON text, or an empty text. */
  session(): string;
  /** Resolves with JSON text, a plain text, or an empty text; rejects with the JSON text of an error. */
  run(operation: string, argument: string, signal?: AbortSignal): Promise<string>;
  free(): void;
}
