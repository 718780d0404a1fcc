import type { JsonWebKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Flow scripts, as `fixtures/flows/README.md` describes them. `tests/flows` runs the same files. */
export interface Flow {
  readonly id: string;
  readonly options?: Members;
  readonly signIn?: Members;
  readonly provider?: Behaviour;
  readonly callback?: string;
  readonly clientClockAhead?: number;
  readonly steps?: readonly Step[];
  readonly expect: string;
  readonly phase?: string;
  readonly error?: string;
  readonly session?: Members;
  readonly endSession?: Members;
  readonly requests: readonly string[];
}

export type Step = Action | { readonly wait: number } | { readonly change: Behaviour } | Check;

export interface Check {
  readonly do: Action;
  readonly expect: string;
  readonly requests?: readonly string[];
  readonly callback?: string;
}

export type Action =
  | "preload"
  | "signIn"
  | "callback"
  | "callbackTwice"
  | "reload"
  | "restore"
  | "userInfo"
  | "accessToken"
  | "signOut"
  | "signOutHere"
  | "clearSession"
  | "garbleStorage"
  | "breakStorage";

export type Json = null | boolean | number | string | readonly Json[] | Members;
export interface Members {
  readonly [member: string]: Json;
}

export interface Behaviour {
  readonly discovery?: Answer;
  readonly jwks?: Answer;
  readonly par?: Answer;
  readonly token?: Answer;
  readonly userinfo?: Answer;
  readonly idToken?: IdToken;
}

export interface Answer {
  readonly status?: number;
  readonly contentType?: string;
  readonly body?: Members;
  readonly text?: string;
  readonly times?: number;
  readonly hex?: string;
  readonly fault?: "network" | "noCors" | "silent" | "slowBody" | "endless" | "gzipBomb" | "truncated" | "redirect";
}

export interface IdToken {
  readonly key?: string;
  readonly alg?: string;
  readonly header?: Members;
  readonly claims?: Members;
  readonly headerText?: string;
  readonly claimsText?: string;
  readonly claimsHex?: string;
  readonly saltLength?: number;
  readonly signature?: "empty" | "zeros" | "ecDer" | "hmacPem" | "hmacDer" | "hmacJwk";
  readonly tamper?: Part;
  readonly append?: Readonly<Partial<Record<Part, string>>>;
  readonly text?: string;
}

export type Part = "header" | "payload" | "signature";

export const HONEST_CALLBACK = "$redirectUri?code=$code&state=$state&iss=$iss";
export const USUAL_STEPS: readonly Step[] = ["signIn", "callback"];

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

function read(name: string): unknown {
  return JSON.parse(readFileSync(fixtures + name, "utf8"));
}

/** All scripts, by the name of their file. */
export function loadFlows(): Map<string, readonly Flow[]> {
  const names = readdirSync(`${fixtures}flows`).filter((name) => name.endsWith(".json"));
  return new Map(names.sort().map((name) => [name.slice(0, -".json".length), read(`flows/${name}`) as readonly Flow[]]));
}

/** The fixed test keys by name, as private JWKs. */
export const testKeys = (read("test-keys.json") as { keys: Record<string, JsonWebKey> }).keys;

/** The published form of a key, with its name as `kid`. */
export function publicKey(name: string): Members {
  const { kty, crv, x, y, n, e } = testKeys[name] ?? {};
  if (kty === undefined) throw new Error(`There is no test key ${name}.`);
  const members = Object.entries({ kty, crv, x, y, n, e, kid: name, use: "sig" });
  return Object.fromEntries(members.filter((member): member is [string, string] => member[1] !== undefined));
}

/** Fills in the words that begin with `$`. */
export class Words {
  readonly #texts: readonly (readonly [string, string])[];
  readonly #now: number;

  constructor(texts: Readonly<Record<string, string>>, now: number) {
    this.#texts = Object.entries(texts);
    this.#now = now;
  }

  text(text: string): string {
    return this.#texts.reduce((text, [word, value]) => text.replaceAll(`$${word}`, () => value), text);
  }

  value(value: Json): Json {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((item: Json) => this.value(item));
    if (typeof value !== "object" || value === null) return value;
    const { $now, $repeat, $like, times, ...rest } = value as Members;
    if (typeof $now === "number") return this.#now + $now;
    if (typeof $repeat === "string") return $repeat.repeat(Number(times));
    return typeof $like === "string" ? this.merge(publicKey($like), rest) : this.merge({}, value as Members);
  }

  /** Puts `changes` over `base`; `"$absent"` takes a member away. */
  merge(base: Members, changes: Members = {}): Members {
    const merged = new Map(Object.entries(base));
    for (const [name, value] of Object.entries(changes)) {
      if (value === "$absent") merged.delete(name);
      else merged.set(name, this.value(value));
    }
    return Object.fromEntries(merged);
  }
}
