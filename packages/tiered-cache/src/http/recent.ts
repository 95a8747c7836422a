/** Keys in the order of their last use, at most so many: the one used longest ago leaves first. */
export class Recent<V> {
  readonly #entries = new Map<string, V>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.#entries.size >= this.#max;
  }

  /** The entry used longest ago. */
  get oldest(): readonly [key: string, value: V] | undefined {
    const [entry] = this.#entries;
    return entry;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  /** Makes `key` the one used last. */
  use(key: string, value: V): void {
    this.#entries.delete(key);
    if (this.full && this.oldest !== undefined) this.#entries.delete(this.oldest[0]);
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
