import type { Evaluation } from './evaluation.ts';
import type { Method } from './ranking.ts';

/** A difference with its 95 % confidence interval. */
export interface Difference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/**
 * By how much `a` hits more often among five than `b`. Draws whole users again and again, because the accesses of one
 * user are not independent; both methods are judged on the same draws.
 *
 * @param random - From 0 up to but not 1.
 * @see An Introduction to the Bootstrap (1993), chapters 8 and 13: clusters, percentile interval
 */
export function differenceInHits(
  { byUser }: Evaluation,
  a: Method,
  b: Method,
  random: () => number,
  draws: number = 2_000,
): Difference {
  const users = [...byUser.values()].map((tally) => ({
    n: tally[a].n,
    gain: tally[a].hits5 - tally[b].hits5,
  }));
  const sampled = Array.from({ length: draws }, () => {
    const draw = users.map(() => users[Math.floor(random() * users.length)] ?? { n: 0, gain: 0 });
    return meanGain(draw);
  }).toSorted((x, y) => x - y);
  const at = (ratio: number): number => sampled[Math.floor(ratio * (draws - 1))] ?? 0;
  return { mean: meanGain(users), low: at(0.025), high: at(0.975) };
}

function meanGain(users: readonly { readonly n: number; readonly gain: number }[]): number {
  const n = users.reduce((sum, user) => sum + user.n, 0);
  return n === 0 ? 0 : users.reduce((sum, user) => sum + user.gain, 0) / n;
}
