import { OidcError } from "./errors.js";

/** Handlers by event name. A handler that throws disturbs neither the others nor the one who emits. */
export class Emitter<Events> {
  readonly #handlers = new Map<keyof Events, Set<{ run: (detail: never) => unknown }>>();

  constructor(names: readonly (keyof Events)[]) {
    for (const name of names) this.#handlers.set(name, new Set());
  }

  on<Name extends keyof Events>(name: Name, handler: (detail: Events[Name]) => unknown): () => void {
    const handlers = this.#handlers.get(name);
    if (!handlers || typeof handler !== "function") {
      throw new OidcError({
        code: "invalid_argument",
        type: "usage",
        message: "on() takes the name of an event and a function.",
        details: { argument: handlers ? "handler" : "name" },
      });
    }
    // An entry of its own, so that one function may be registered twice and removed once.
    const entry = { run: handler };
    handlers.add(entry);
    return () => void handlers.delete(entry);
  }

  emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    for (const { run } of [...(this.#handlers.get(name) ?? [])]) {
      try {
        run(detail as never);
      } catch (failure) {
        report(failure);
      }
    }
  }

  clear(): void {
    for (const handlers of this.#handlers.values()) handlers.clear();
  }
}

/** Shows the fault of a handler where uncaught errors go. */
function report(failure: unknown): void {
  if (typeof reportError === "function") return reportError(failure);
  queueMicrotask(() => {
    throw failure;
  });
}
