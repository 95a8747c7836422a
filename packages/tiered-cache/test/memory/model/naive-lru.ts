import type { Bounds, NaiveTable, Numbered } from './naive-table.ts';

interface Item {
  readonly key: string;
  readonly record: Numbered;
  readonly bytes: number;
}

/** One list, the last used in front. */
export class NaiveLru implements NaiveTable {
  evictions = 0;
  readonly #bounds: Bounds;
  #items: readonly Item[] = [];

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#items.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get(key: string): Numbered | undefined {
    const item = this.#find(key);
    if (item !== undefined) this.#items = [item, ...this.#without(key)];
    return item?.record;
  }

  peek(key: string): Numbered | undefined {
    return this.#find(key)?.record;
  }

  set(key: string, record: Numbered, bytes: number): boolean {
    this.#items = this.#without(key);
    if (bytes > this.#bounds.maxBytes) return false;
    this.#items = [{ key, record, bytes }, ...this.#items];
    while (this.size > this.#bounds.maxEntries || this.bytes > this.#bounds.maxBytes) {
      this.#items = this.#items.slice(0, -1);
      this.evictions += 1;
    }
    return true;
  }

  delete(key: string): boolean {
    const held = this.#find(key) !== undefined;
    this.#items = this.#without(key);
    return held;
  }

  clear(): void {
    this.#items = [];
  }

  entries(): readonly (readonly [string, Numbered])[] {
    return this.#items.map(({ key, record }) => [key, record]);
  }

  #find(key: string): Item | undefined {
    return this.#items.find((item) => item.key === key);
  }

  #without(key: string): readonly Item[] {
    return this.#items.filter((item) => item.key !== key);
  }
}
