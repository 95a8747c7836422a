import type { Place } from '../../../src/memory/eviction/queue.ts';
import type { Placed } from '../../../src/memory/eviction/record-table.ts';

/** A record of a test: its number tells it from others. */
export class Numbered implements Placed<Numbered> {
  readonly number: number;
  readonly spent: boolean;
  used: boolean = false;
  place: Place<Numbered> | undefined;

  constructor(number: number, spent: boolean) {
    this.number = number;
    this.spent = spent;
  }
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
