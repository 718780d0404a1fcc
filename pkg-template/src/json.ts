/**
 * Members of JSON that nobody has described, without guessing what a value of another type may mean.
 *
 * @module
 */

/**
 * A text. A number, a boolean or `null` is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @example
 * ```ts
 * import { getString, type ProviderMetadata } from "oidc-wasm";
 *
 * declare const metadata: ProviderMetadata;
 * const region: string | undefined = getString(metadata, "tenant_region_scope");
 * console.log(region);
 * ```
 */
export function getString(json: unknown, name: string): string | undefined {
  const value = member(json, name);
  return typeof value === "string" ? value : undefined;
}

/**
 * A whole number that JavaScript holds exactly. A text with digits is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @example
 * ```ts
 * import { getInteger, type TokenEndpointResponse } from "oidc-wasm";
 *
 * declare const response: TokenEndpointResponse;
 * const seconds: number | undefined = getInteger(response.json, "refresh_expires_in");
 * console.log(seconds);
 * ```
 */
export function getInteger(json: unknown, name: string): number | undefined {
  const value = member(json, name);
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

/**
 * `true` or `false`. The text `"true"` is neither.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @example
 * ```ts
 * import { getBoolean, type Session } from "oidc-wasm";
 *
 * declare const session: Session;
 * const verified: boolean | undefined = getBoolean(session.claims, "email_verified");
 * console.log(verified);
 * ```
 */
export function getBoolean(json: unknown, name: string): boolean | undefined {
  const value = member(json, name);
  return typeof value === "boolean" ? value : undefined;
}

/**
 * A list of texts. Anything else, a single text or a list with something else in it too, is an empty list.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259#section-4
 * @example
 * ```ts
 * import { getStringArray, type Session } from "oidc-wasm";
 *
 * declare const session: Session;
 * if (getStringArray(session.claims, "groups").includes("admin")) console.log("welcome");
 * ```
 */
export function getStringArray(json: unknown, name: string): readonly string[] {
  const value = member(json, name);
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? [...value] : [];
}

/** An own member only: `constructor` and the like are not in anybody's JSON. */
function member(json: unknown, name: string): unknown {
  if (typeof json !== "object" || json === null || !Object.hasOwn(json, name)) return undefined;
  return (json as Readonly<Record<string, unknown>>)[name];
}
