/** What one tier has counted. */
export interface TierCounts {
  hits: number;
  misses: number;
  errors: number;
  skipped: number;
  writesApplied: number;
  writesFailed: number;
}
