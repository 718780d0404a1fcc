/*
 * What the face uses of the private wasm module (`#wasm`). Written by hand and private: the published declarations
 * never mention it. Options go in as JSON text, plain objects come out; `core.ts` knows what they are.
 */

export function initSync(input: { module: WebAssembly.Module }): unknown;

export class Client {
  /** Throws a plain object that describes the error. */
  constructor(options: string, seams: object);
  /** Rejects with a plain object that describes the error. */
  run(
    operation: string,
    argument: string,
    expected: string,
    hooks?: Readonly<Record<string, (text: string) => Promise<string>>>,
    signal?: AbortSignal,
  ): Promise<unknown>;
  free(): void;
}

/** Everything that needs no waiting. Throws a plain object that describes the error. */
export function call(operation: string, argument: string): unknown;
/** Functions that give a text for a text; and `fetch`, in place of the global one. */
export type RequestHooks =
  | Readonly<Record<string, (text: string) => Promise<string>>>
  | { readonly fetch: (request: Request) => Promise<Response> };

/** One protocol request. The hooks do what the core cannot: sign with a key that it never sees, ask the application. */
export function request(
  operation: string,
  argument: string,
  hooks?: RequestHooks,
  signal?: AbortSignal,
): Promise<unknown>;

/** The claims of one proof, as JSON; empty texts for what it does not have. Throws a plain object that describes the error. */
export function dpopClaims(method: string, url: string, tokenHash: string, nonce: string, clockOffset: number): Bytes;
/** The value of `ath` for an access token. */
export function dpopTokenHash(accessToken: string): string;

/** ECMAScript 2026 encodes them itself, where an engine has that: quicker than crossing over. */
export interface Bytes extends Uint8Array<ArrayBuffer> {
  toBase64?(options: { readonly alphabet: string; readonly omitPadding: boolean }): string;
}

export function base64urlEncode(bytes: Uint8Array): string;
export function base64urlDecode(text: string): Uint8Array<ArrayBuffer> | undefined;
export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
