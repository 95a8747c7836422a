/** Counters only grow; `running` is read now. */
export interface FallbackStatistics {
  readonly component: 'fallback';
  /** Calls that failed and were answered, whose answers failed too, and that there was no room to answer. */
  readonly calls: { readonly answered: number; readonly failed: number; readonly refused: number };
  /** Calls that are being answered. */
  readonly running: number;
}
