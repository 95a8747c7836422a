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

/** Counters only grow; `zombies` is read now. */
export interface TimeoutStatistics {
  readonly component: 'timeout';
  /** Executions whose caller got their outcome, and those that took too long. */
  readonly calls: { readonly inTime: number; readonly timedOut: number };
  /** Operations that still run although nobody waits for them. */
  readonly zombies: number;
}

/** Counters only grow. Each call that has ended is in exactly one of them. */
export interface PipelineStatistics {
  readonly component: 'pipeline';
  readonly calls: {
    readonly success: number;
    /** Rejected, by the operation, a policy or the deadline. */
    readonly failure: number;
    /** Answered by the fallback. */
    readonly fallback: number;
    /** Left by the caller. */
    readonly cancelled: number;
  };
}
