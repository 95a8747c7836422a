/** A record of a test: its number tells it from others. */
export interface Numbered {
  readonly number: number;
  readonly spent: boolean;
}

export interface Bounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/** A table as one would explain it: lists that are searched from the front. */
export interface NaiveTable {
  readonly size: number;
  readonly bytes: number;
  readonly evictions: number;
  get(key: string): Numbered | undefined;
  peek(key: string): Numbered | undefined;
  set(key: string, record: Numbered, bytes: number): boolean;
  delete(key: string): boolean;
  clear(): void;
  entries(): readonly (readonly [string, Numbered])[];
}
