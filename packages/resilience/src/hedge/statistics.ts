/** Counters only grow; `delayMs` is read now. */
export interface HedgeStatistics {
  readonly component: 'hedge';
  /** Calls that have ended, by what answered them. */
  readonly calls: { readonly byFirst: number; readonly byHedge: number; readonly failed: number };
  /** Executions beside the first of each call, and those there was no budget for. */
  readonly hedges: { readonly started: number; readonly suppressed: number };
  /** How long a call waits now before it is hedged; `Infinity` if only failures are hedged. */
  readonly delayMs: number;
}
