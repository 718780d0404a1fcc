import { OidcClient } from "oidc-wasm/node";
import {
  OidcProvider,
  RequireSession,
  useOidcClient,
  useRequireSession,
  useSession,
  type ClientSource,
  type SessionState,
} from "oidc-wasm/react";
import { createElement, StrictMode, type ReactNode } from "react";
import { renderToString } from "react-dom/server";
import { describe, expect, test, vi } from "vitest";

// What needs a page (StrictMode, hydration, sign-in, unmounting) is in ts-tests/packaging/frameworks.test.ts, in Chromium; what
// all frameworks have in common is in vue.test.ts, where no page is needed to mount a component.

function Who(): ReactNode {
  const { status } = useSession();
  return `${status} ${useOidcClient() ? "with" : "without"} a client`;
}

const render = (client: ClientSource, child: ReactNode): string =>
  renderToString(createElement(StrictMode, null, createElement(OidcProvider, { client }, child)));

describe("rendering on a server", () => {
  test("starts nothing, and shows what the browser will show first", async () => {
    const make = vi.fn<() => OidcClient>();
    expect(render(make, createElement(Who))).toBe("loading without a client");
    expect(make).not.toHaveBeenCalled();

    const client = await OidcClient.create({ authority: "http://127.0.0.1:9", clientId: "spa", redirectUri: "https://app.example.com/" });
    const start = vi.spyOn(client, "start");
    expect(render(client, createElement(Who))).toBe("loading without a client");
    expect(start).not.toHaveBeenCalled();
    client.dispose();
  });

  test("survives a client that cannot be made there", async () => {
    const uncaught = vi.fn();
    process.on("unhandledRejection", uncaught);
    expect(render(Promise.reject(new Error("no page")), createElement(Who))).toBe("loading without a client");
    await new Promise((resolve) => setTimeout(resolve));
    process.off("unhandledRejection", uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });

  test("shows the fallback of what needs a session, never its children", () => {
    const secret = createElement("p", null, "for members");
    const fallback = ({ status }: SessionState): ReactNode => status;
    expect(render(() => new Promise(() => {}), createElement(RequireSession, { fallback }, secret))).toBe("loading");
    expect(render(() => new Promise(() => {}), createElement(RequireSession, { fallback: "One moment" }, secret))).toBe("One moment");
    expect(render(() => new Promise(() => {}), createElement(RequireSession, null, secret))).toBe("");
  });
});

test.each([
  ["useSession", useSession],
  ["useOidcClient", useOidcClient],
  ["useRequireSession", useRequireSession],
])("%s without a provider says what is missing", (name, hook) => {
  const Lost = (): ReactNode => String(hook());
  expect(() => renderToString(createElement(Lost))).toThrow(`${name}() needs an OidcProvider above the component.`);
});
