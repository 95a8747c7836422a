/**
 * What hedges are paid from: each success earns a share of one, and some can be saved up for later.
 *
 * Invariant: since it was made it has granted at most `ratio × successes + maxSaved`.
 */
export class HedgeBudget {
  readonly #ratio: number;
  readonly #maxSaved: number;
  #saved: number;

  constructor(ratio: number, maxSaved: number) {
    this.#ratio = ratio;
    this.#maxSaved = maxSaved;
    this.#saved = maxSaved;
  }

  earn(): void {
    this.#saved = Math.min(this.#maxSaved, this.#saved + this.#ratio);
  }

  trySpend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
