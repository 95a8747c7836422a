/** Counters only grow. */
export interface RetryStatistics {
  readonly component: 'retry';
  /** Calls that have ended. */
  readonly calls: {
    readonly succeededWithoutRetry: number;
    readonly succeededAfterRetry: number;
    readonly failedWithoutRetry: number;
    readonly failedAfterRetry: number;
  };
  /** Executions beyond the first of each call. */
  readonly retries: number;
}
