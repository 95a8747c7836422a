/** So many entries may go before the rest moves to a new table. */
const patience = 256;

/**
 * A map for entries that come and go by the thousand, in an object that lives long.
 *
 * The engine's `Map` takes a new table whenever it has grown or has many holes, and the old table keeps a reference to the
 * new one. Once one of them has come to the old generation, the collector of the young one takes all later tables, and
 * whatever they hold or held, for alive: it copies all of it at each of its runs, which was half the price of a read from
 * Redis. So the entries move to another `Map`, to which none refers, after every few hundred deletions.
 *
 * @see V8, `OrderedHashTable::Rehash`
 */
export class TransientMap<Value> {
  #entries = new Map<string, Value>();
  #deletions = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: Value): void {
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    if (!this.#entries.delete(key)) return;
    this.#deletions += 1;
    if (this.#deletions < patience || this.#deletions < this.#entries.size) return;
    this.#entries = new Map(this.#entries);
    this.#deletions = 0;
  }

  /** What is held now; later changes do not show in it. */
  keys(): readonly string[] {
    return [...this.#entries.keys()];
  }

  values(): readonly Value[] {
    return [...this.#entries.values()];
  }
}
