/** Up to 2 × this, each whole number has a bucket of its own; from there on so many buckets share each doubling. */
const perOctave = 32;

/** Up to 2 ** 52 reads. */
const octaves = 48;

const buckets = octaves * perOctave;

/**
 * How many reads pass until a key is read again, and what that says of memories that push out what was read longest
 * ago. Of keys that were no longer watched before they came back it is known only that they took longer: they count as
 * present up to then and not at all from then on, so leaving off keys early makes the answer vaguer but not wrong.
 *
 * Times are counted in buckets at most 3.2 % wide: 24 KB, whatever is added.
 *
 * @see Kaplan and Meier: Nonparametric Estimation from Incomplete Observations (1958); Tene: HdrHistogram, for the
 * buckets
 */
export class ReuseTimes {
  readonly #returned = new Float64Array(buckets);
  readonly #lost = new Float64Array(buckets);

  /** The weight of all that was added, faded. */
  get count(): number {
    return sumOf(this.#returned) + sumOf(this.#lost);
  }

  /** A key was read again, so many reads after the last time. From 1. */
  addReturned(reads: number, weight: number): void {
    this.#returned[bucketOf(reads)]! += weight;
  }

  /** A key had not been read again for so many reads when it was watched no longer. */
  addLost(reads: number, weight: number): void {
    this.#lost[bucketOf(reads)]! += weight;
  }

  /** Multiplies all weights by a factor. */
  fade(factor: number): void {
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      this.#returned[bucket]! *= factor;
      this.#lost[bucket]! *= factor;
    }
  }

  /**
   * The hit ratio, 0…1, of a memory of so many entries; 0 if no key was read again.
   *
   * On average a window of `n` reads touches as many keys as there are reads in it whose key is not read again inside
   * the window: the sum over all times under `n` of the share of reads that take longer. A memory of that size holds a
   * key for `n` reads, and hits those which take no longer.
   *
   * @param waiting - For how many reads each key that is being watched has not been read again yet, and its weight.
   * @see Denning and Schwartz: Properties of the Working-Set Model (1972); Hu et al.: Kinetic Modeling of Data Eviction
   * in Cache (2016)
   */
  hitRatio(entries: number, waiting: Iterable<readonly [reads: number, weight: number]>): number {
    const lost = Float64Array.from(this.#lost);
    for (const [reads, weight] of waiting) lost[bucketOf(reads)]! += weight;
    let present = sumOf(this.#returned) + sumOf(lost);
    let longer = 1;
    let touched = 0;
    for (let bucket = 0; bucket < buckets && present > 0; bucket += 1) {
      const next = longer * Math.max(0, 1 - this.#returned[bucket]! / present);
      const width = startOf(bucket + 1) - startOf(bucket);
      // Inside a bucket the share falls evenly.
      const more = width === 1 ? next : (width * (longer + next)) / 2;
      if (touched + more > entries) {
        const part = width === 1 ? 1 : (entries - touched) / more;
        return 1 - (longer + part * (next - longer));
      }
      touched += more;
      longer = next;
      present -= this.#returned[bucket]! + lost[bucket]!;
    }
    return 1 - longer;
  }
}

/** Buckets of octave 0 and 1 are 1 wide, those of octave n are 2 ** (n - 1) wide. */
function bucketOf(reads: number): number {
  const doublings = Math.max(0, Math.floor(Math.log2(reads / perOctave)));
  return Math.min(buckets - 1, doublings * perOctave + Math.floor(reads / 2 ** doublings));
}

function startOf(bucket: number): number {
  const doublings = Math.max(0, Math.floor(bucket / perOctave) - 1);
  return (bucket - doublings * perOctave) * 2 ** doublings;
}

function sumOf(numbers: Float64Array): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}
