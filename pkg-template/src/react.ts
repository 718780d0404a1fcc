"use client";

/**
 * `oidc-wasm/react`: who is signed in, for React components. It has no core of its own: it is given a client.
 *
 * @module
 */
import {
  createContext,
  createElement,
  Fragment,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactElement,
  type ReactNode,
} from "react";
import type { AuthorizationDetail, OidcClient } from "./api.js";
import {
  LOADING,
  SessionSource,
  type AutomaticSignInOptions,
  type ClientSource,
  type SessionState,
  type SourceOptions,
} from "./session-source.js";

export type {
  AutomaticSignInOptions,
  ClientSource,
  FailedState,
  LoadingState,
  SessionState,
  SignedInState,
  SignedOutState,
} from "./session-source.js";

/** Properties of {@link OidcProvider}. */
export interface OidcProviderProps extends SourceOptions {
  /** The client. The first one counts; another one needs another `key` of the provider. */
  readonly client: ClientSource;
  readonly children?: ReactNode;
}

/** Properties of {@link RequireSession}. */
export interface RequireSessionProps {
  readonly children?: ReactNode;
  /** Shown while nobody is signed in; as a function it is told why. Default nothing. */
  readonly fallback?: ReactNode | ((state: SessionState) => ReactNode);
  /** What the sign-in asks for. */
  readonly signIn?: AutomaticSignInOptions;
}

const Source = /* @__PURE__ */ createContext<SessionSource | undefined>(undefined);

/**
 * Gives all components below it the client, and calls its `start()` once the page shows them. Mounted twice, as StrictMode does, it
 * starts once. On a server nothing is started.
 *
 * @see https://react.dev/reference/react/StrictMode
 * @example
 * ```ts
 * import { OidcClient } from "oidc-wasm";
 * import { OidcProvider, useSession } from "oidc-wasm/react";
 * import { createElement, StrictMode } from "react";
 * import { createRoot } from "react-dom/client";
 *
 * const client = OidcClient.create({
 *   authority: "https://id.example.com",
 *   clientId: "spa",
 *   redirectUri: `${location.origin}/`,
 * });
 *
 * function App() {
 *   const { status, session } = useSession();
 *   return status === "signedIn" ? session.subject : status;
 * }
 *
 * const app = createElement(OidcProvider, { client }, createElement(App));
 * createRoot(document.body).render(createElement(StrictMode, null, app));
 * ```
 */
export function OidcProvider({ client, onReturn, children }: OidcProviderProps): ReactElement {
  const [source] = useState(() => new SessionSource(client, { onReturn }));
  useEffect(() => source.connect(), [source]);
  return createElement(Source.Provider, { value: source }, children);
}

/**
 * Who is signed in. The component renders again when that changes, here or in another tab, and when the tokens were renewed. The
 * type parameter describes the entries of `authorizationDetails`, where an application uses them.
 *
 * @throws {Error} Without an {@link OidcProvider} above.
 * @see https://react.dev/reference/react/useSyncExternalStore
 * @example
 * ```ts
 * import { useSession } from "oidc-wasm/react";
 *
 * function Greeting() {
 *   const { status, session, error } = useSession();
 *   if (status === "failed") return `That did not work: ${String(error)}`;
 *   return status === "signedIn" ? `Hello ${String(session.claims["name"])}` : null;
 * }
 * ```
 */
export function useSession<Detail extends AuthorizationDetail = AuthorizationDetail>(): SessionState<Detail> {
  const source = useSource("useSession");
  return useSyncExternalStore(source.subscribe, () => source.state, unknownYet) as SessionState<Detail>;
}

/**
 * The client, to sign in and out and to call APIs; `undefined` until it has been made, and on a server.
 *
 * @throws {Error} Without an {@link OidcProvider} above.
 * @example
 * ```ts
 * import { useOidcClient } from "oidc-wasm/react";
 * import { createElement } from "react";
 *
 * function SignIn() {
 *   const client = useOidcClient();
 *   return createElement("button", { disabled: !client, onClick: () => void client?.signIn() }, "Sign in");
 * }
 * ```
 */
export function useOidcClient<Detail extends AuthorizationDetail = AuthorizationDetail>(): OidcClient<Detail> | undefined {
  const source = useSource("useOidcClient");
  return useSyncExternalStore(source.subscribe, () => source.client, nothingYet) as OidcClient<Detail> | undefined;
}

/**
 * {@link useSession} for what only those who are signed in may see: where nobody is, the browser goes to the provider and comes back to
 * this address. It does so once: neither after a failure, which is the state then, nor when a session ends while the component is
 * shown.
 *
 * @throws {Error} Without an {@link OidcProvider} above.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 * @example
 * ```ts
 * import { useRequireSession } from "oidc-wasm/react";
 *
 * function Account() {
 *   const { status, session } = useRequireSession({ prompt: "select_account" });
 *   return status === "signedIn" ? `Account of ${session.subject}` : "One moment";
 * }
 * ```
 */
export function useRequireSession<Detail extends AuthorizationDetail = AuthorizationDetail>(
  options: AutomaticSignInOptions<Detail> = {},
): SessionState<Detail> {
  const source = useSource("useRequireSession");
  const state = useSession<Detail>();
  const { status } = state;
  const wanted = useRef(options);
  const wasSignedIn = useRef(false);
  useEffect(() => {
    wanted.current = options;
    if (status === "signedIn") wasSignedIn.current = true;
  });
  useEffect(() => {
    // Who signs out is on the way to the provider already, and must not be overtaken.
    if (status !== "signedOut" || wasSignedIn.current) return;
    const { pathname, search, hash } = location;
    void source.signIn(pathname + search + hash, wanted.current);
  }, [source, status]);
  return state;
}

/**
 * Shows its children to those who are signed in, and signs in by {@link useRequireSession} where nobody is. When another person signs
 * in instead, the children begin anew, with nothing of the one before.
 *
 * @throws {Error} Without an {@link OidcProvider} above.
 * @example
 * ```ts
 * import { RequireSession, type SessionState } from "oidc-wasm/react";
 * import { createElement } from "react";
 *
 * function fallback({ status, error, retry }: SessionState) {
 *   if (status === "failed") return createElement("button", { onClick: retry }, `${String(error)} Try again`);
 *   return status === "loading" ? "One moment" : "You are signed out.";
 * }
 *
 * const page = createElement(RequireSession, { fallback }, "For members only");
 * ```
 */
export function RequireSession({ children, fallback, signIn }: RequireSessionProps): ReactNode {
  const state = useRequireSession(signIn);
  if (state.status === "signedIn") return createElement(Fragment, { key: state.session.subject }, children);
  return typeof fallback === "function" ? fallback(state) : fallback;
}

function useSource(name: string): SessionSource {
  const source = useContext(Source);
  if (!source) throw new Error(`${name}() needs an OidcProvider above the component.`);
  return source;
}

function unknownYet(): SessionState {
  return LOADING;
}

function nothingYet(): undefined {
  return undefined;
}
