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
