/** Reproducible randomness for synthetic data; the same seed gives the same numbers on every machine. */
export class SeededRandom {
  #state: number;

  /** @param seed - A whole number; its lower 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not 1. */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d_2b_79_f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from 0 up to but not `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** @throws {RangeError} if there is nothing to pick from. */
  pick<T>(choices: readonly T[]): T {
    if (choices.length === 0) throw new RangeError('nothing to pick from');
    return choices[this.below(choices.length)] as T;
  }

  /** Picks by weights of at least 0, one of them over 0. */
  pickWeighted<T>(choices: readonly (readonly [choice: T, weight: number])[]): T {
    let rest = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [choice, weight] of choices) {
      rest -= weight;
      if (rest < 0) return choice;
    }
    const [last] = choices.at(-1) ?? [];
    if (last === undefined) throw new RangeError('nothing to pick from');
    return last;
  }
}
