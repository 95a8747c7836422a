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

/** Bytes of an instant. */
export const instantBytes = 8;

/** An instant in milliseconds since 1970, as it stands in an envelope. */
export function instantOf(at: number): Buffer {
  const instant = Buffer.allocUnsafe(instantBytes);
  instant.writeDoubleLE(at);
  return instant;
}

export function readInstant(instant: Buffer): number {
  return instant.readDoubleLE(0);
}
