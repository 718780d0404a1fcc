import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { packageFolder, workspace } from "./support/package.js";

const read = (file: string): Promise<string> => readFile(path.join(workspace, file), "utf8");

/** One member of a type, up to its type or its parameters. */
const MEMBER = /^[\s{}]*(private |protected )?(?:readonly |static |get |set )*([A-Za-z]\w*)\s*\??\s*[(:<]/;

/** The names of the public members of a type, as its declaration file has them. */
function members(declarations: string, opening: RegExp): string[] {
  const text = declarations.replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, "");
  const found = opening.exec(text);
  if (!found) throw new Error(`There is no ${opening.source}.`);
  const names = new Set<string>();
  let depth = 0;
  let line = "";
  for (const character of text.slice(text.indexOf("{", found.index + found[0].length - 1))) {
    const isOuter = depth === 1;
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    // What stands at the first level, with the bracket of a method's parameters.
    if (isOuter || depth === 1) line += character;
    if (depth === 0 || (isOuter && depth === 1 && /[;\n]/.test(character))) {
      const [, hidden, name] = MEMBER.exec(line) ?? [];
      if (name !== undefined && hidden === undefined && name !== "constructor") names.add(name);
      line = "";
    }
    if (depth === 0) break;
  }
  if (names.size === 0) throw new Error(`${opening.source} has no members.`);
  return [...names];
}

interface Peer {
  readonly name: string;
  readonly page: string;
  /** Files with declarations, and the types in them whose members the page has to name. */
  readonly types: Readonly<Record<string, readonly RegExp[]>>;
  /** Names that nobody can write in an application. */
  readonly inside?: readonly string[];
  /** Further names. */
  also?(read: (file: string) => Promise<string>): Promise<readonly string[]>;
}

const COMMON = "node_modules/@azure/msal-common/types";
const MSAL = "node_modules/@azure/msal-browser/types";

const peers: readonly Peer[] = [
  {
    name: "oidc-client-ts",
    page: "docs/migrate/oidc-client-ts.md",
    types: {
      "node_modules/oidc-client-ts/dist/types/oidc-client-ts.d.ts": [
        /interface OidcClientSettings \{/,
        /interface UserManagerSettings extends OidcClientSettings \{/,
        /class UserManager \{/,
        /class UserManagerEvents extends AccessTokenEvents \{/,
        /class AccessTokenEvents \{/,
        /class User \{/,
      ],
    },
    // For the manager itself, and for its store.
    inside: ["load", "unload", "fromStorageString"],
  },
  {
    name: "@auth0/auth0-spa-js",
    page: "docs/migrate/auth0-spa-js.md",
    types: {
      "node_modules/@auth0/auth0-spa-js/dist/typings/global.d.ts": [/interface Auth0ClientOptions \{/],
      "node_modules/@auth0/auth0-spa-js/dist/typings/Auth0Client.d.ts": [/class Auth0Client \{/],
    },
    also: async (file) => {
      const errors = await file("node_modules/@auth0/auth0-spa-js/dist/typings/errors.d.ts");
      return [...errors.matchAll(/class (\w+)/g)].map(([, name = ""]) => name);
    },
  },
  {
    name: "@azure/msal-browser",
    page: "docs/migrate/msal-browser.md",
    types: {
      [`${MSAL}/config/Configuration.d.ts`]: [
        /type BrowserAuthOptions = \{/,
        /type CacheOptions = \{/,
        /type BrowserSystemOptions = SystemOptions & \{/,
        /type BrowserExperimentalOptions = \{/,
        /type BrowserTelemetryOptions = \{/,
      ],
      [`${COMMON}/config/ClientConfiguration.d.ts`]: [/type SystemOptions = \{/],
      [`${MSAL}/app/IPublicClientApplication.d.ts`]: [/interface IPublicClientApplication \{/],
      [`${MSAL}/event/EventType.d.ts`]: [/const EventType: \{/],
      [`${MSAL}/request/RedirectRequest.d.ts`]: [/type RedirectRequest = .*?& \{/s],
      [`${MSAL}/request/PopupRequest.d.ts`]: [/type PopupRequest = .*?& \{/s],
      [`${MSAL}/request/SilentRequest.d.ts`]: [/type SilentRequest = .*?& \{/s],
      [`${MSAL}/request/EndSessionPopupRequest.d.ts`]: [/type EndSessionPopupRequest = .*?& \{/s],
      [`${COMMON}/request/BaseAuthRequest.d.ts`]: [/type BaseAuthRequest = \{/],
      [`${COMMON}/request/CommonAuthorizationUrlRequest.d.ts`]: [/type CommonAuthorizationUrlRequest = .*?& \{/s],
      [`${COMMON}/request/CommonEndSessionRequest.d.ts`]: [/type CommonEndSessionRequest = \{/],
      [`${COMMON}/request/CommonSilentFlowRequest.d.ts`]: [/type CommonSilentFlowRequest = .*?& \{/s],
    },
    // Left out of the requests of applications by their types.
    inside: ["responseMode", "earJwk", "codeChallenge", "codeChallengeMethod", "platformBroker"],
  },
  {
    name: "keycloak-js",
    page: "docs/migrate/keycloak-js.md",
    types: {
      "node_modules/keycloak-js/lib/keycloak.d.ts": [
        /interface KeycloakServerConfig \{/,
        /interface GenericOidcConfig \{/,
        /interface KeycloakInitOptions \{/,
        /interface KeycloakLoginOptions \{/,
        /class Keycloak \{/,
      ],
    },
  },
];

describe.each(peers)("the page about $name", ({ name, page, types, inside = [], also }) => {
  test("has a row for each option, method and event of the installed version", async () => {
    const text = await read(page);
    // The first cells of all tables, without the code's own marks.
    const cells = [...text.matchAll(/^\| (.*?) \| /gm)].map(([, cell = ""]) => cell).join(" ");
    const written = new Set([...cells.matchAll(/`([^`]+)`/g)].flatMap(([, code = ""]) => code.split(/\W+/)));
    const wanted = new Set((await also?.(read)) ?? []);
    for (const [file, openings] of Object.entries(types)) {
      const declarations = await read(file);
      for (const opening of openings) for (const member of members(declarations, opening)) wanted.add(member);
    }
    // What removes a handler needs no row of its own beside what adds it.
    const isLeftOut = (member: string): boolean =>
      inside.includes(member) || (member.startsWith("remove") && wanted.has(member.replace("remove", "add")));
    expect([...wanted].filter((member) => !written.has(member) && !isLeftOut(member))).toEqual([]);
    expect(wanted.size).toBeGreaterThan(30);

  });

  test("calls nothing here that does not exist", async () => {
    const dist = path.join(packageFolder, "dist");
    const files = (await readdir(dist)).filter((file) => file.endsWith(".d.ts"));
    const texts = await Promise.all(files.map((file) => readFile(path.join(dist, file), "utf8")));
    const ours = texts.join("\n").replace(/\/\*.*?\*\//gs, "");
    const cells = [...(await read(page)).matchAll(/^\| .*? \| (.*) \|$/gm)].map(([, cell = ""]) => cell).join(" ");
    const codes = [...cells.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code).join(" ");
    const calls = new Set([...codes.matchAll(/(\w+)\(/g)].map(([, call = ""]) => call));
    // What the former library calls may be named beside its counterpart.
    const theirs = new Set(["createFetcher", "updateToken", "broadcastResponseToMainFrame", "signinCallback"]);
    expect([...calls].filter((call) => !theirs.has(call) && !new RegExp(`\\b${call}\\b`).test(ours))).toEqual([]);
    expect(calls.size).toBeGreaterThan(10);
  });

  test("names the installed version", async () => {
    const text = await read(page);
    const { version } = JSON.parse(await read(`node_modules/${name}/package.json`)) as { version: string };
    expect(text).toContain(`\`${name}\` ${version}.`);
  });
});
