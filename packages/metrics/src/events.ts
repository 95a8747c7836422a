/** A metric ran out of series. Told at most once an hour for each metric. */
export interface SeriesOverflowed {
  readonly type: 'overflowed';
  readonly metric: string;
  /** The label with most values: the likely culprit. */
  readonly label: string;
  /** Series that the metric has. */
  readonly series: number;
}

/** A component or callback threw while it was read, so its series are missing from that scrape. */
export interface ReadFailed {
  readonly type: 'read-failed';
  /** The kind of component, or the metric. */
  readonly source: string;
  /** The component's name, or the metric once more. */
  readonly name: string;
  readonly error: unknown;
}

export type MetricsEvent = SeriesOverflowed | ReadFailed;
