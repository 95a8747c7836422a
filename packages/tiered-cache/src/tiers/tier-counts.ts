/** What one tier has counted. */
export interface TierCounts {
  hits: number;
  misses: number;
  errors: number;
  skipped: number;
  writesApplied: number;
  writesFailed: number;
}

/** Nothing yet. */
export function newCounts(): TierCounts {
  return { hits: 0, misses: 0, errors: 0, skipped: 0, writesApplied: 0, writesFailed: 0 };
}
