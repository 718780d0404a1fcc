/**
 * `oidc-wasm/vue`: who is signed in, for Vue components. It has no core of its own: it is given a client.
 *
 * @module
 */
import { inject, shallowRef, type App, type InjectionKey, type ShallowRef } from "vue";
import type { AuthorizationDetail, OidcClient } from "./api.js";
import { SessionSource, type AutomaticSignInOptions, type ClientSource, type SessionState, type SourceOptions } from "./session-source.js";

export type {
  AutomaticSignInOptions,
  ClientSource,
  FailedState,
  LoadingState,
  SessionState,
  SignedInState,
  SignedOutState,
} from "./session-source.js";

/** Options of {@link createOidc}. */
export interface OidcOptions extends SourceOptions {
  /** What sign-ins ask for that begin because of {@link Oidc.guard}. */
  readonly signIn?: AutomaticSignInOptions;
}

/** What {@link createOidc} makes: a plugin, with what is needed outside of components. */
export interface Oidc {
  /** For `app.use()`: starts the client, and lets it go with the application. On a server it starts nothing. */
  install(app: App): void;
  /**
   * A guard for Vue Router. Where nobody is signed in the browser goes to the provider, and comes back to the page that was wanted by
   * {@link SourceOptions.onReturn}. After a failure, which is the state then, it stops the navigation and does not try again.
   */
  guard(to: { readonly fullPath: string }): Promise<boolean>;
  /** As {@link useSession}. */
  readonly session: Readonly<ShallowRef<SessionState>>;
  /** As {@link useOidcClient}. */
  readonly client: Readonly<ShallowRef<OidcClient | undefined>>;
}

const KEY: InjectionKey<Oidc> = /* @__PURE__ */ Symbol("oidc-wasm");

/**
 * A plugin that gives all components the client.
 *
 * @see https://vuejs.org/guide/reusability/plugins.html
 * @example
 * ```ts
 * import { OidcClient } from "oidc-wasm";
 * import { createOidc } from "oidc-wasm/vue";
 * import { createApp } from "vue";
 *
 * const oidc = createOidc(
 *   OidcClient.create({
 *     authority: "https://id.example.com",
 *     clientId: "spa",
 *     redirectUri: `${location.origin}/`,
 *   }),
 * );
 * createApp({ template: "<main />" }).use(oidc).mount("body");
 * ```
 */
export function createOidc(client: ClientSource, { signIn = {}, ...options }: OidcOptions = {}): Oidc {
  const source = new SessionSource(client, options);
  const session = shallowRef(source.state);
  const made = shallowRef(source.client);
  const oidc: Oidc = {
    session,
    client: made,
    install(app) {
      app.provide(KEY, oidc);
      if (isServer()) return;
      const off = source.subscribe(() => {
        session.value = source.state;
        made.value = source.client;
      });
      const release = source.connect();
      app.onUnmount(() => {
        off();
        release();
      });
    },
    async guard({ fullPath }) {
      // Who is signed in is known in the browser alone.
      if (isServer()) return true;
      const { status } = await source.ready();
      if (status !== "signedOut") return status === "signedIn";
      // The page goes away; an answer would make the router change the address once more.
      return (await source.signIn(fullPath, signIn)) ? new Promise(() => {}) : false;
    },
  };
  return oidc;
}

/**
 * Who is signed in, as a ref that changes here and with other tabs, and when the tokens were renewed. The type parameter describes the
 * entries of `authorizationDetails`, where an application uses them.
 *
 * @throws {Error} Without the plugin of {@link createOidc}.
 * @see https://vuejs.org/guide/reusability/composables.html
 * @example
 * ```ts
 * import { useSession } from "oidc-wasm/vue";
 * import { computed } from "vue";
 *
 * const session = useSession();
 * const name = computed(() => session.value.session?.claims["name"]);
 * ```
 */
export function useSession<Detail extends AuthorizationDetail = AuthorizationDetail>(): Readonly<ShallowRef<SessionState<Detail>>> {
  return use("useSession").session as Readonly<ShallowRef<SessionState<Detail>>>;
}

/**
 * The client, to sign in and out and to call APIs, as a ref: `undefined` until it has been made, and on a server.
 *
 * @throws {Error} Without the plugin of {@link createOidc}.
 * @example
 * ```ts
 * import { useOidcClient } from "oidc-wasm/vue";
 *
 * const client = useOidcClient();
 * const load = async () => (await client.value?.fetch("https://api.example.com/me"))?.json();
 * ```
 */
export function useOidcClient<Detail extends AuthorizationDetail = AuthorizationDetail>(): Readonly<
  ShallowRef<OidcClient<Detail> | undefined>
> {
  return use("useOidcClient").client as Readonly<ShallowRef<OidcClient<Detail> | undefined>>;
}

function use(name: string): Oidc {
  const oidc = inject(KEY, undefined);
  if (!oidc) throw new Error(`${name}() needs app.use(createOidc(client)).`);
  return oidc;
}

function isServer(): boolean {
  return typeof document === "undefined";
}
