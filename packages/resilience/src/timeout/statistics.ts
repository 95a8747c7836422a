/** Counters only grow; `zombies` is read now. */
export interface TimeoutStatistics {
  readonly component: 'timeout';
  /** Executions whose caller got their outcome, and those that took too long. */
  readonly calls: { readonly inTime: number; readonly timedOut: number };
  /** Operations that still run although nobody waits for them. */
  readonly zombies: number;
}
