import { cosine } from '../../embedding/embedder.ts';
import type { Vectors } from '../vector-index.ts';
import type { ScoredItem } from './evidence.ts';

export interface DiversityOptions {
  readonly limit: number;
  /** From 0 (the best as they come) to 1 (whatever differs most). */
  readonly diversity: number;
}

/** Further down than this nothing is picked. */
const depth = 100;

/**
 * Maximal marginal relevance: picks one after the other, each time the item that is best by
 * `(1 - diversity) · score - diversity · (likeness to the most alike one picked so far)`. Scores count as parts of the
 * best one. An item without a vector is like no other.
 *
 * @param ranked - Best first.
 * @see "The use of MMR", SIGIR 1998; their λ is `1 - diversity`
 */
export function diversified(
  ranked: readonly ScoredItem[],
  vectors: Vectors,
  { limit, diversity }: DiversityOptions,
): readonly ScoredItem[] {
  const best = ranked[0]?.score ?? 1;
  const rest = ranked.slice(0, depth).map((item) => ({ item, likeness: 0 }));
  const picked: ScoredItem[] = [];
  while (picked.length < limit && rest.length > 0) {
    const next = argmax(
      rest,
      ({ item, likeness }) => ((1 - diversity) * item.score) / best - diversity * likeness,
    );
    const [chosen] = rest.splice(next, 1);
    if (chosen === undefined) break;
    picked.push(chosen.item);
    const vector = vectors.get(chosen.item.itemId);
    if (vector === undefined) continue;
    for (const candidate of rest) {
      const other = vectors.get(candidate.item.itemId);
      if (other !== undefined) candidate.likeness = Math.max(candidate.likeness, cosine(vector, other));
    }
  }
  return picked;
}

/** The position of the largest value; the first of several. */
function argmax<T>(values: readonly T[], measure: (value: T) => number): number {
  let best = 0;
  let most = -Infinity;
  for (const [index, value] of values.entries()) {
    const measured = measure(value);
    if (measured > most) [best, most] = [index, measured];
  }
  return best;
}
