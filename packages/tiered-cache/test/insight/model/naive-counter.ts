/** Counts every key, faded by halves. */
export class NaiveCounter {
  readonly #counts = new Map<string, number>();

  record(key: string): void {
    this.#counts.set(key, this.of(key) + 1);
  }

  halve(times: number): void {
    for (const [key, count] of this.#counts) this.#counts.set(key, count * 0.5 ** times);
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  entries(): readonly (readonly [string, number])[] {
    return [...this.#counts];
  }
}
