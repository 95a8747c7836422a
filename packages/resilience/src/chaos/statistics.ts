/** Counters only grow. A delayed call may also be made to fail. */
export interface ChaosStatistics {
  readonly component: 'chaos';
  readonly injected: { readonly latency: number; readonly fault: number; readonly outcome: number };
}
