/** Past this many milliseconds, some 3,000 years, Redis may refuse a life as too long. */
export const longestLifeMs = 1e14;

/** A duration as commands take it. */
export function wholeMs(ms: number): string {
  return String(Math.min(Math.ceil(ms), longestLifeMs));
}

/** A life as our scripts take it: `''` has no end. */
export function lifeOf(ttlMs: number): string {
  return ttlMs > longestLifeMs ? '' : wholeMs(ttlMs);
}
