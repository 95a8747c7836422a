/** Counters only grow; the rest is read now. */
export interface BulkheadStatistics {
  readonly component: 'bulkhead';
  /** Slots taken, also by operations whose callers have left. May exceed `limit` for a while after that fell. */
  readonly running: number;
  /** Callers waiting for a slot. */
  readonly queued: number;
  readonly limit: number;
  readonly queueLimit: number;
  /** Those running operations whose callers have left. */
  readonly abandoned: number;
  /** Tenants waiting, each counted once per criticality. */
  readonly tenants: number;
  readonly calls: {
    /** Got a slot, at once or after waiting. */
    readonly admitted: number;
    /** Had to wait, whatever came of it. */
    readonly queued: number;
    /** Found no slot and no room in the queue. */
    readonly rejectedFull: number;
    /** Waited up to `maxWaitMs` or to their deadline, or came after it. */
    readonly rejectedTimeout: number;
    /** Gave way to newer ones in a queue that did not move. */
    readonly shed: number;
    /** Came after the bulkhead was disposed, or waited when it was. */
    readonly rejectedClosed: number;
    /** Were cancelled while they waited. */
    readonly aborted: number;
  };
}

/** The counts of a bulkhead that has had no call yet, for it to raise. */
export function noCalls(): { -readonly [Count in keyof BulkheadStatistics['calls']]: number } {
  return {
    admitted: 0,
    queued: 0,
    rejectedFull: 0,
    rejectedTimeout: 0,
    shed: 0,
    rejectedClosed: 0,
    aborted: 0,
  };
}
