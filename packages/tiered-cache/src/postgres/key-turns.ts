/**
 * Keeps the writes of each key in the order of their calls, though a pool may run them on several connections at once.
 * Writes of other keys do not wait.
 *
 * Invariants:
 * - a write begins when every earlier one of any of its keys has settled, however that ended;
 * - nothing is kept of keys that have no write under way.
 */
export class KeyTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Keys with a write under way. */
  get size(): number {
    return this.#last.size;
  }

  async take<T>(keys: readonly string[], write: () => Promise<T>): Promise<T> {
    const ahead = keys.map((key) => this.#last.get(key)).filter((last) => last !== undefined);
    const turn = ahead.length === 0 ? write() : Promise.allSettled(ahead).then(write);
    for (const key of keys) this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      for (const key of keys) if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
