/** What an endpoint says, before it becomes a `Response`. */
import type { Members } from "./keys.js";

/** An answer. It is JSON, unless it sends the browser somewhere or shows it a page. */
export interface Reply {
  readonly status?: number;
  readonly json?: Members;
  readonly html?: string;
  readonly redirect?: Redirect;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where the browser goes, with parameters that are added there. */
export interface Redirect {
  readonly uri: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Whether they are in the fragment instead of the query. */
  readonly isFragment?: boolean;
}

/** An endpoint says no. */
export class Refusal extends Error {
  constructor(
    /** The code of the specifications: `invalid_grant`. An API that was shown no token says none (RFC 6750, section 3.1). */
    readonly error: string,
    /** `error_description` */
    readonly description: string,
    readonly status = 400,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`${error}: ${description}`);
  }

  /** @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
  get reply(): Reply {
    const { status, headers, error, description } = this;
    return { status, headers, ...(error !== "" && { json: { error, error_description: description } }) };
  }
}

/** Refuses parameters that come more than once; RFC 6749, section 3.1. Only `resource` may (RFC 8707, section 2). */
export function requireSingle(parameters: URLSearchParams): void {
  for (const name of new Set(parameters.keys())) {
    if (name !== "resource" && parameters.getAll(name).length > 1) throw new Refusal("invalid_request", `${name} is there more than once.`);
  }
}

/** The words of a list that is separated by spaces. */
export function words(list: string | null | undefined): string[] {
  return (list ?? "").split(" ").filter((word) => word !== "");
}
