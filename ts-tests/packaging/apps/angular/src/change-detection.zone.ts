import { provideZoneChangeDetection, type EnvironmentProviders } from "@angular/core";
import type { Cell } from "./cell.ts";

export const changeDetection: EnvironmentProviders = provideZoneChangeDetection();

/** Not a signal: Angular notices a change because it happens in its zone, or not at all. */
export function cell(value: string): Cell {
  return Object.assign(() => value, { set: (next: string) => void (value = next) });
}
