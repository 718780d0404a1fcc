/** Hands the package to `page.evaluate`, for options that the demo does not use. Makes no client by itself. */
import * as oidc from "oidc-wasm";

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly type?: string;
  readonly error?: string;
}

declare global {
  interface Window {
    oidc: typeof oidc;
    clients: { main: oidc.OidcClient; other: oidc.OidcClient };
    /** What `work` fails with, as plain data; `undefined` when it succeeds. */
    failureOf(work: () => unknown): Promise<Failure | undefined>;
  }
}

window.oidc = oidc;
window.clients = {} as Window["clients"];
window.failureOf = async (work) => {
  try {
    await work();
    return undefined;
  } catch (failure) {
    return oidc.isOidcError(failure) ? failure.toJSON() : { code: "not an OidcError", message: String(failure) };
  }
};
document.body.dataset["ready"] = "yes";
