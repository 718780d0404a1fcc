import { provideZonelessChangeDetection, signal, type EnvironmentProviders } from "@angular/core";
import type { Cell } from "./cell.ts";

export const changeDetection: EnvironmentProviders = provideZonelessChangeDetection();

export const cell = (value: string): Cell => signal(value);
