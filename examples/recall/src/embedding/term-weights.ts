import { words } from '../domain/text.ts';

/** How much a word says: rare ones more than common ones. Learnt once, from a collection of texts. */
export class TermWeights {
  readonly #weights: ReadonlyMap<string, number>;
  /** For words that the collection does not have, as telling as those that occur once. */
  readonly #unknown: number;

  private constructor(weights: ReadonlyMap<string, number>, unknown: number) {
    this.#weights = weights;
    this.#unknown = unknown;
  }

  /**
   * Inverse document frequency, smoothed to stay above 0: `ln(1 + n / documents)`.
   *
   * @see "A statistical interpretation of term specificity", Journal of Documentation 28(1), 1972
   */
  static of(texts: Iterable<string>): TermWeights {
    const documents = new Map<string, number>();
    let total = 0;
    for (const text of texts) {
      total += 1;
      for (const word of new Set(words(text))) documents.set(word, (documents.get(word) ?? 0) + 1);
    }
    const weights = [...documents].map(([word, count]) => [word, Math.log(1 + total / count)] as const);
    return new TermWeights(new Map(weights), Math.log(1 + Math.max(total, 1)));
  }

  /** How many words have a weight of their own. */
  get size(): number {
    return this.#weights.size;
  }

  weight(word: string): number {
    return this.#weights.get(word) ?? this.#unknown;
  }

  /** Every word with its weight, in the order of the words. */
  entries(): readonly (readonly [string, number])[] {
    return [...this.#weights].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}
