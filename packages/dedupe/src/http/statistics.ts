import type { DedupeStatistics } from '../statistics.ts';

/** `calls.leader` are handlers that ran for all who ask, `calls.follower` requests that waited for one. */
export interface RequestDedupeStatistics extends DedupeStatistics {
  /** Requests with an idempotency key, or without one that they need. */
  readonly idempotency: {
    /** Their handler ran. */
    readonly executed: number;
    /** Were given the answer of an earlier one. */
    readonly replayed: number;
    /** Were refused: 400, 409, 422 or 503. */
    readonly refused: number;
    /** Failures of the store. */
    readonly storeErrors: number;
  };
}
