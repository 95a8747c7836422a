import { randomOf } from './random.ts';

/** Draws numbers from 0 to under `distinct` by Zipf's law. */
function zipf(distinct: number, alpha: number, random: () => number): () => number {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= distinct; rank += 1) cumulative.push((total += rank ** -alpha));
  return () => {
    const wanted = random() * total;
    let [low, high] = [0, distinct - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Reads by Zipf's law, as those of users are. */
export function zipfTrace(distinct: number, reads: number, alpha = 0.9): readonly string[] {
  const draw = zipf(distinct, alpha, randomOf(7));
  return Array.from({ length: reads }, () => `user:${draw()}`);
}

/** All keys one after the other, again and again: what pushing out the oldest is worst at. */
export function loopTrace(distinct: number, reads: number): readonly string[] {
  return Array.from({ length: reads }, (_, read) => `page:${read % distinct}`);
}

/** Keys that never come back. */
export function scanTrace(reads: number): readonly string[] {
  return Array.from({ length: reads }, (_, read) => `row:${read}`);
}

/** So many reads from one, then so many from the other, in turns; the other may be the shorter one. */
export function inTurns(one: readonly string[], other: readonly string[], reads = 1): readonly string[] {
  const turns: string[] = [];
  for (let start = 0; start < one.length; start += reads)
    turns.push(...one.slice(start, start + reads), ...other.slice(start, start + reads));
  return turns;
}
