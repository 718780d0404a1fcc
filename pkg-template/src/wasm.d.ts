/*
 * What the face uses of the private wasm module (`#wasm`). Written by hand and private: the published declarations
 * never mention it. The generated one types everything that crosses the boundary as `any`.
 */
import type { AccessToken, OidcClientOptions, Session, SignInOptions, SignOutOptions, UserInfo } from "./types.js";

export function initSync(input: { module: WebAssembly.Module }): unknown;

/** Everything that the core throws or rejects with. Anything else is a trap or a fault of the glue. */
export interface CoreError {
  code: string;
  type: string;
  phase?: string;
  message: string;
  retryable: boolean;
  status?: number;
  error?: string;
  errorDescription?: string;
  errorUri?: string;
  details?: Record<string, string>;
}

export class Client {
  constructor(options: OidcClientOptions);
  prepareSignIn(options: Omit<SignInOptions, "signal">, signal?: AbortSignal): Promise<{ url: string; state: string }>;
  finishSignIn(url: string, signal?: AbortSignal): Promise<Session>;
  finishSignOut(url: string): boolean;
  restore(): Session | undefined;
  preload(signal?: AbortSignal): Promise<void>;
  session(): Session | undefined;
  accessToken(options: object): AccessToken;
  idToken(): string;
  authorizationFor(url: string): string;
  userInfo(signal?: AbortSignal): Promise<UserInfo>;
  prepareSignOut(options: SignOutOptions): Promise<{ url?: string; form?: Record<string, string> }>;
  clearSession(): void;
  free(): void;
}
