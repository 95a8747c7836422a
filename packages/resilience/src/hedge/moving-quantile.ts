/** How far one sample moves the estimate, as a share of how far samples are from it. */
const stepRatio = 0.08;
/** How fast the idea of that distance follows. */
const scaleRatio = 0.05;

/**
 * Estimates a quantile of numbers that come one by one, in constant space: exactly from the first samples, then by small
 * steps, up when a sample is above and down when it is below, balanced where the share of samples above is right.
 *
 * A censored sample, known only to be at least so much, counts like any other if that is above the estimate.
 *
 * @see Ma, Muthukrishnan, Sandler: "Frugal Streaming for Estimating Quantiles" (2013)
 */
export class MovingQuantile {
  readonly #quantile: number;
  readonly #first: Float64Array;
  #count = 0;
  #estimate = Infinity;
  #scale = 0;

  /** @param minSamples - How many samples it takes before there is an estimate. */
  constructor(quantile: number, minSamples: number) {
    this.#quantile = quantile;
    this.#first = new Float64Array(minSamples);
  }

  /** `Infinity` before there were enough samples. */
  get estimate(): number {
    return this.#estimate;
  }

  add(sample: number): void {
    if (this.#estimate === Infinity) this.#collect(sample);
    else this.#move(sample);
  }

  /** A sample that would have been at least `atLeast`: it says nothing where that is below the estimate. */
  addCensored(atLeast: number): void {
    if (this.#estimate !== Infinity && atLeast > this.#estimate) this.#move(atLeast);
  }

  #collect(sample: number): void {
    this.#first[this.#count] = sample;
    this.#count += 1;
    if (this.#count < this.#first.length) return;
    const sorted = this.#first.toSorted();
    const estimate = sorted[Math.min(Math.floor(this.#quantile * sorted.length), sorted.length - 1)] ?? 0;
    this.#scale = sorted.reduce((sum, each) => sum + Math.abs(each - estimate), 0) / sorted.length;
    this.#estimate = estimate;
  }

  #move(sample: number): void {
    const distance = sample - this.#estimate;
    this.#scale += scaleRatio * (Math.abs(distance) - this.#scale);
    const step = stepRatio * this.#scale;
    const share = distance > 0 ? this.#quantile : this.#quantile - 1;
    this.#estimate = Math.max(0, this.#estimate + step * share);
  }
}
