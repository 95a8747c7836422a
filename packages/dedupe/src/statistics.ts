/** Counters only grow; `inFlight` is read now. */
export interface DedupeStatistics {
  readonly component: 'dedupe';
  readonly calls: {
    /** Calls that ran the work, those that ran alone included. */
    readonly leader: number;
    /** Calls that shared the work of another one. */
    readonly follower: number;
  };
  /** Keys that a caller could join now. */
  readonly inFlight: number;
  /** Flights that were called off because their last caller had left. */
  readonly abandoned: number;
  /** Calls over a bound: they ran alone, or were refused. */
  readonly overflowed: number;
  /** Calls that operations made for their own key. */
  readonly reentered: number;
}
