const primes = { multiplier: 16_807, modulus: 2_147_483_647 };

/** Numbers from 0 to 1, the same ones for the same seed (Park and Miller, 1988). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * primes.multiplier) % primes.modulus;
    return state / primes.modulus;
  };
}

/**
 * `length` keys drawn from `distinct` ones by Zipf's law with exponent `alpha`, in an order that is the same in each
 * run. A power of two as `length` lets a benchmark walk them with a mask.
 */
export function zipfKeys(distinct: number, length: number, alpha: number = 0.99): readonly string[] {
  const rank = zipfRanks(distinct, alpha, randomOf(42));
  return Array.from({ length }, () => `user:${rank()}`);
}

/** Ranks from 0 to below `distinct` by Zipf's law with exponent `alpha`, the most frequent first. */
export function zipfRanks(distinct: number, alpha: number, random: () => number): () => number {
  const cumulative: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= distinct; rank += 1) cumulative.push((total += rank ** -alpha));
  return () => firstAtLeast(cumulative, random() * total);
}

/** `length` keys drawn evenly from `distinct` ones. */
export function uniformKeys(distinct: number, length: number): readonly string[] {
  const random = randomOf(42);
  return Array.from({ length }, () => `user:${Math.floor(random() * distinct)}`);
}

function firstAtLeast(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
