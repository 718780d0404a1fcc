/** A page and its Worker with the same session: what the Worker knows of it, and what an API says to the Worker. */
import { OidcClient, type OidcClientOptions } from "oidc-wasm";

/** What the page sends to the Worker. */
interface Question {
  readonly options: OidcClientOptions;
  readonly api: string;
}

async function use({ options, api }: Question): Promise<{ subject: string | undefined; status: number }> {
  const client = await OidcClient.create(options);
  const session = await client.start();
  const { status } = await client.fetch(api);
  return { subject: session?.subject, status };
}

if (typeof document === "undefined") {
  addEventListener("message", ({ data, ports }: MessageEvent<Question>) => {
    use(data).then(
      (answer) => ports[0]?.postMessage(answer),
      (failure: unknown) => ports[0]?.postMessage({ failed: String(failure) }),
    );
  });
} else {
  Object.assign(globalThis, {
    OidcClient,
    /** Asks a Worker of this page. */
    ask: (question: Question): Promise<unknown> => {
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => port1.addEventListener("message", ({ data }) => resolve(data)));
      port1.start();
      new Worker("/session.js", { type: "module" }).postMessage(question, [port2]);
      return answer;
    },
  });
}
