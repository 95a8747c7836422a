/** Counters only grow; `inFlight` is read now. */
export interface DedupeStatistics {
  readonly component: 'dedupe';
  readonly calls: {
    /** Calls that ran the work, those over a bound included. */
    readonly leader: number;
    /** Calls that shared the work of another one. */
    readonly follower: number;
  };
  /** Keys that a caller could join now. */
  readonly inFlight: number;
  /** Flights whose last caller left before the end. */
  readonly abandoned: number;
}
