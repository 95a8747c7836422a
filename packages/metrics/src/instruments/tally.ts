/** What went wrong with the observations of one metric. Plain fields: children raise them on the hot path. */
export interface Tally {
  /** Observations that went to the overflow series. */
  folded: number;
  /** Observations that were refused because no number could come of them. */
  invalid: number;
}

/** Where a series stands: what the family gives each of its children. */
export interface SeriesPlace {
  readonly labels: Readonly<Record<string, string>>;
  readonly tally: Tally;
  /** Whether this is the series that takes what no longer fits. */
  readonly overflow: boolean;
}
