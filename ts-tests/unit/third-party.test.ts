import { beforeEach, expect, test, vi } from "vitest";
import { loadInteraction, type Interaction } from "./support/frames.ts";

const { thirdPartySignIn }: Interaction = await loadInteraction();

beforeEach(() => {
  vi.stubGlobal("location", { origin: "https://app.example.com", href: "https://app.example.com/login" });
});

test("a link without wishes changes nothing", () => {
  const options = { prompt: "login", appState: { basket: 3 } };
  expect(thirdPartySignIn({}, options)).toEqual(options);
  expect(thirdPartySignIn({}, {})).toEqual({});
});

test("the person whom the link expects is hinted at, where the application expects nobody", () => {
  expect(thirdPartySignIn({ loginHint: "ada" }, {})).toEqual({ loginHint: "ada" });
  expect(thirdPartySignIn({ loginHint: "ada" }, { loginHint: "grace" })).toEqual({ loginHint: "grace" });
});

test("where to go afterwards is beside what the application remembers", () => {
  const appState = { basket: 3, returnTo: "/elsewhere" };
  expect(thirdPartySignIn({ targetLinkUri: "https://app.example.com/a?b#c" }, { appState })).toEqual({
    appState: { basket: 3, returnTo: "https://app.example.com/a?b#c" },
  });
  expect(appState.returnTo).toBe("/elsewhere");
});

test.each([
  "https://evil.example/",
  "//evil.example",
  "\\\\evil.example",
  "/..//evil.example",
  "javascript:alert(1)",
  "blob:https://app.example.com/1",
  "https://app.example.com@evil.example/",
])("OR: %s leads to the first page", (targetLinkUri) => {
  expect(thirdPartySignIn({ targetLinkUri }, {})).toEqual({ appState: { returnTo: "https://app.example.com/" } });
});
