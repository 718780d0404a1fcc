/** oidc-client-ts in a tab, used as its documentation says: automatic renewal by refresh tokens, the user in localStorage. */
import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import type {} from "../tabs-page.js";

export interface PeerSettings {
  readonly authority: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  /** How long before the expiry it renews, in seconds. */
  readonly expiring?: number;
}

declare global {
  interface Window {
    peer: {
      signIn(settings: PeerSettings): Promise<void>;
      /** Completes a sign-in where this page is the callback of one, and goes on with the stored user. */
      start(settings: PeerSettings): Promise<string | undefined>;
      /** The refresh token that is stored now. */
      refreshToken(): Promise<string | undefined>;
    };
  }
}

let manager: UserManager;

function create({ authority, clientId, redirectUri, scope, expiring }: PeerSettings): UserManager {
  return new UserManager({
    authority,
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    prompt: "consent",
    automaticSilentRenew: true,
    userStore: new WebStorageStateStore({ store: localStorage }),
    ...(expiring === undefined ? {} : { accessTokenExpiringNotificationTimeInSeconds: expiring }),
  });
}

window.peer = {
  signIn: async (settings) => create(settings).signinRedirect(),
  async start(settings) {
    manager = create(settings);
    /** Whether the last renewal failed: its timer rests then, and the application asks when it needs a token. */
    let failed = false;
    manager.events.addUserLoaded(() => {
      failed = false;
      window.tab.saw("renewed");
    });
    manager.events.addSilentRenewError((failure) => {
      failed = true;
      window.tab.saw("renewalFailed", failure.message);
      window.tab.saw("signedOut");
    });
    manager.events.addUserUnloaded(() => window.tab.saw("signedOut"));
    if (location.pathname.endsWith("/callback")) {
      await manager.signinCallback();
      history.replaceState(null, "", "/");
    }
    window.tab.asks = false;
    const channel = new BroadcastChannel("tabs test");
    channel.addEventListener("message", () => {
      if (!failed) return;
      manager.signinSilent().then(
        () => window.tab.saw("renewed"),
        (failure: Error) => {
          window.tab.saw("renewalFailed", failure.message);
          window.tab.saw("signedOut");
        },
      );
    });
    window.tab.ask = async () => (await manager.getUser())?.access_token ?? "";
    const user = await manager.getUser();
    return user?.profile.sub;
  },
  refreshToken: async () => (await manager.getUser())?.refresh_token,
};
document.body.dataset["ready"] = "yes";
