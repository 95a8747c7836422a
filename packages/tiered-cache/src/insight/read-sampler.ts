/**
 * Draws reads from a stream, each with the same chance and independently of the others, so that no rhythm in the reads
 * distorts the sample. Counts down to the next one: a read that is not drawn costs a subtraction.
 */
export class ReadSampler {
  readonly ratio: number;
  readonly #random: () => number;
  /** Turns the logarithm of an even number from 0 to 1 into a gap. */
  readonly #scale: number;
  /** Reads until one is drawn, that one included. */
  #gap: number;

  /**
   * @param ratio - Share of the reads that are drawn, over 0 and up to 1.
   * @param random - Gives numbers from 0 to under 1.
   */
  constructor(ratio: number, random: () => number) {
    this.ratio = ratio;
    this.#random = random;
    this.#scale = 1 / Math.log1p(-ratio);
    this.#gap = this.#next();
  }

  /** Whether this read is drawn. */
  draw(): boolean {
    this.#gap -= 1;
    if (this.#gap > 0) return false;
    this.#gap = this.#next();
    return true;
  }

  #next(): number {
    return this.ratio === 1 ? 1 : 1 + Math.floor(Math.log(1 - this.#random()) * this.#scale);
  }
}
