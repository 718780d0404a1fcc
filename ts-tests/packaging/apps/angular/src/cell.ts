/** Something that the page shows. */
export interface Cell {
  (): string;
  set(value: string): void;
}
