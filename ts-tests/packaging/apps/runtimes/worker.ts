/** Workers of a browser, of all three kinds: the addresses come in a message with a port, to which the report goes. */
import * as oidc from "oidc-wasm";
import type { Servers } from "../../../support/protocol/world.js";
import { check } from "./check.js";

/** What the three kinds of events have in common. */
interface Incoming extends MessageEvent<Servers> {
  /** A service worker ends when it seems to have nothing to do. */
  waitUntil?(work: Promise<unknown>): void;
}

const answer = ({ data, ports }: MessageEvent<Servers>): Promise<void> =>
  check(oidc, data).then(
    (report) => ports[0]?.postMessage(JSON.stringify(report)),
    (failure: unknown) => ports[0]?.postMessage(JSON.stringify({ failed: String(failure) })),
  );

addEventListener("message", (event: Incoming) => {
  const work = answer(event);
  event.waitUntil?.(work);
});
addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  port?.addEventListener("message", (message: MessageEvent<Servers>) => void answer(message));
  port?.start();
});
