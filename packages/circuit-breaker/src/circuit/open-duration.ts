/** More doublings than any duration has bits left for; keeps a duration of 0 from being multiplied by infinity. */
const maxDoublings = 64;

export interface OpenDurationTerms {
  readonly openForMs: number;
  readonly maxOpenForMs: number;
  readonly jitterRatio: number;
  readonly random: () => number;
}

/**
 * How long the circuit stays open at the `trips`-th opening in a row, in milliseconds: twice as long each time up to
 * `maxOpenForMs`, then spread evenly by `jitterRatio` to both sides, so that a fleet does not come back in step.
 */
export function openDurationMs(trips: number, terms: OpenDurationTerms): number {
  const grownMs = Math.min(terms.openForMs * 2 ** Math.min(trips - 1, maxDoublings), terms.maxOpenForMs);
  return grownMs * (1 + terms.jitterRatio * (2 * terms.random() - 1));
}
