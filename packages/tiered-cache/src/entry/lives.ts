import { lifetime } from '../checks.ts';
import type { EntryTimes } from '../options.ts';
import { resolveTerms } from '../resolved-options.ts';
import type { Terms } from './entry.ts';

/** The times that entries of one cache are stored with. */
export class Lives {
  readonly #defaults: Terms;
  readonly #jitterRatio: number;
  readonly #random: () => number;

  constructor(defaults: Terms, jitterRatio: number, random: () => number) {
    this.#defaults = defaults;
    this.#jitterRatio = jitterRatio;
    this.#random = random;
  }

  /**
   * The times of an entry that is stored now.
   *
   * @throws {InvalidOptionError} naming the first option out of range.
   */
  termsOf(options: EntryTimes | undefined): Terms {
    if (options === undefined && this.#jitterRatio === 0) return this.#defaults;
    const terms = resolveTerms(options ?? {}, this.#defaults);
    if (this.#jitterRatio === 0) return terms;
    const share = 1 - this.#jitterRatio * this.#random();
    return {
      ...terms,
      ttlMs: lifetime('ttlMs', terms.ttlMs * share),
      slidingMs: terms.slidingMs * share,
    };
  }
}
