import type { Tombstone } from './tier-write.ts';

/** Most keys remembered; past it the whole tier is owed a clear instead. */
const maxKeys = 10_000;

/**
 * What a tier was told and did not take: keys whose old value must be removed there before the tier is believed about
 * them again. Bounded; when it overflows the tier is owed a `clear` and is not believed about anything.
 *
 * Debts are numbered, for a write that was begun before a debt arose may be older than it and does not pay it.
 */
export class Journal {
  readonly #keys = new Map<string, { readonly debt: number; readonly tombstone: Tombstone | undefined }>();
  #clear: number | undefined;
  #latest = 0;

  /** Number of the newest debt: what a write that begins now may pay. */
  get latest(): number {
    return this.#latest;
  }

  /** Keys owed; 0 while a clear is. */
  get size(): number {
    return this.#keys.size;
  }

  /** Whether everything must be removed. */
  get owesClear(): boolean {
    return this.#clear !== undefined;
  }

  get empty(): boolean {
    return this.#clear === undefined && this.#keys.size === 0;
  }

  /** Whether the tier cannot be believed about `key`. */
  covers(key: string): boolean {
    return this.#clear !== undefined || this.#keys.has(key);
  }

  /** The keys owed, the longest owed first. */
  keys(): string[] {
    return [...this.#keys.keys()];
  }

  /** What has to stand in for the key once it is removed; `undefined` for nothing. */
  tombstoneOf(key: string): Tombstone | undefined {
    return this.#keys.get(key)?.tombstone;
  }

  /** Returns the number of the debt. */
  owe(key: string, tombstone?: Tombstone): number {
    if (this.#clear !== undefined) return this.oweClear();
    this.#latest += 1;
    const owed = { debt: this.#latest, tombstone: newest(this.tombstoneOf(key), tombstone) };
    this.#keys.delete(key);
    this.#keys.set(key, owed);
    return this.#keys.size > maxKeys ? this.oweClear() : this.#latest;
  }

  /** Returns the number of the debt. */
  oweClear(): number {
    this.#latest += 1;
    this.#clear = this.#latest;
    this.#keys.clear();
    return this.#latest;
  }

  /** The tier has a value of `key`, or its absence, as of debt number `upTo`. */
  settle(key: string, upTo: number): void {
    const owed = this.#keys.get(key);
    if (owed !== undefined && owed.debt <= upTo) this.#keys.delete(key);
  }

  /** The tier was emptied as of debt number `upTo`. */
  settleAll(upTo: number): void {
    if (this.#clear !== undefined && this.#clear <= upTo) this.#clear = undefined;
    for (const [key, { debt }] of this.#keys) if (debt <= upTo) this.#keys.delete(key);
  }
}

function newest(one: Tombstone | undefined, other: Tombstone | undefined): Tombstone | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.version > other.version ? one : other;
}
