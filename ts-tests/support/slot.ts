/** Test files run side by side, each in a slot of its own: with its own ports, and pages that were built for them. */
import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    slots: readonly Slot[];
    artifacts: string;
  }
}

export interface Slot {
  readonly providerPort: number;
  readonly apiPort: number;
  readonly pagePort: number;
  /** The same for `demo/settings.js`. */
  readonly environment: Readonly<Record<string, string>>;
  /** The folders of the demo page, with the wasm beside the script and in it. */
  readonly pages: { readonly app: string; readonly inline: string };
}

/** The slot of the file that runs here. */
export function slot(): Slot {
  const found = inject("slots")[Number(process.env["VITEST_POOL_ID"]) - 1];
  if (!found) throw new Error(`There is no slot for worker ${process.env["VITEST_POOL_ID"]}: there are as many as maxWorkers says.`);
  return found;
}
