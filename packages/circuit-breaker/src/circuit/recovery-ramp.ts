export interface RampTerms {
  readonly durationMs: number;
  readonly startRatio: number;
}

/**
 * Lets a growing share of the calls through after a recovery, from `startRatio` to all of them, so that a dependency
 * that has just come back is not met by the whole load at once.
 *
 * Invariant: of the calls that were offered, as many have been let through as their shares add up to, give or take one.
 * They are spread evenly and without chance.
 */
export class RecoveryRamp {
  readonly endsAt: number;
  readonly #terms: RampTerms;
  /** What was offered and not let through yet, in calls. The first call is let through. */
  #credit = 1;

  constructor(terms: RampTerms, startAt: number) {
    this.#terms = terms;
    this.endsAt = startAt + terms.durationMs;
  }

  admits(now: number): boolean {
    this.#credit += this.#shareAt(now);
    if (this.#credit < 1) return false;
    this.#credit -= 1;
    return true;
  }

  /** In milliseconds, at least 0. */
  leftMs(now: number): number {
    return Math.max(0, this.endsAt - now);
  }

  #shareAt(now: number): number {
    const { durationMs, startRatio } = this.#terms;
    const left = Math.min(1, this.leftMs(now) / durationMs);
    return 1 - (1 - startRatio) * left;
  }
}
