/** The way from a protocol function to the core and back: one for what waits, one for what does not. */
import { call, request } from "#wasm";
import { enter, hooked, json, type Hooks } from "./core.js";
import { OidcError } from "./errors.js";
import { init, requireLoaded } from "./init.js";
import type { Fetch, ParametersInit, ProofMaker } from "./messages.js";

export type { Hooks };

/** What is not plain data in the options of a request; the core knows all the others. */
interface Options {
  readonly parameters?: ParametersInit;
  readonly headers?: object;
  readonly signal?: AbortSignal;
  readonly dpop?: ProofMaker;
  readonly fetch?: Fetch;
}

/** Has the core carry out a request. */
export async function ask<T>(operation: string, options: Options, hooks?: Hooks): Promise<T> {
  const { signal, headers, dpop, fetch, ...rest } = options;
  const isList = typeof headers === "object" && headers !== null && Symbol.iterator in headers;
  const plain = isList ? Object.fromEntries(headers as Headers) : headers;
  const argument = json(withPairs({ ...rest, headers: plain, ...(dpop && { dpop: true }) }));
  await init();
  const all = dpop ? { ...hooks, proof: async (text: string) => dpop.proof(JSON.parse(text)) } : hooks;
  return hooked(all, (watched) => request(operation, argument, fetch ? { ...watched, fetch } : watched, signal));
}

/** Has the core compute something, for functions that promise nothing. */
export function compute<T>(operation: string, argument: unknown): T {
  requireLoaded();
  const text = json(argument);
  return enter(() => call(operation, text)) as T;
}

/** Options with their parameters in the one shape that the core reads. */
export function withPairs<T extends { readonly parameters?: ParametersInit }>(options: T): object {
  const { parameters, ...rest } = options;
  return parameters === undefined ? rest : { ...rest, parameters: pairs(parameters) };
}

/** Names and texts in order, whatever shape they came in. */
export function pairs(parameters: ParametersInit): [name: string, value: string][] {
  const result: [string, string][] = [];
  if (typeof parameters !== "object" || parameters === null) throw invalid("parameters");
  const entries: Iterable<unknown> = Symbol.iterator in parameters ? parameters : Object.entries(parameters);
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length !== 2 || typeof entry[0] !== "string") throw invalid("parameters");
    const [name, given] = entry as [string, unknown];
    for (const value of Array.isArray(given) ? (given as unknown[]) : [given]) {
      if (value === undefined || value === null) continue;
      if (!isScalar(value)) throw invalid("parameters", { name });
      result.push([name, String(value)]);
    }
  }
  return result;
}

/** What has one obvious spelling. `[object Object]` and `NaN` help nobody. */
function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

/** The error for an argument that the face itself cannot use. */
export function invalid(option: string, details: Readonly<Record<string, string>> = {}, cause?: unknown): OidcError {
  return new OidcError({
    code: "invalid_argument",
    type: "usage",
    message: "An argument is invalid: correct the one named in details.",
    details: { option, ...details },
    ...(cause === undefined ? {} : { cause }),
  });
}
