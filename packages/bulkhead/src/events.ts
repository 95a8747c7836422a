/** Why a caller got no slot: as in the error, or because the deadline of its call passed first. */
export type RejectedReason = 'full' | 'waited-too-long' | 'deadline' | 'shed' | 'closed';

/** What a bulkhead tells whoever watches. */
export type BulkheadEvent =
  | {
      readonly type: 'queued';
      readonly policy: string;
      /** Callers waiting now, this one included. */
      readonly queued: number;
    }
  | { readonly type: 'rejected'; readonly policy: string; readonly reason: RejectedReason }
  /** A new limit was set, or found by measuring. */
  | {
      readonly type: 'resized';
      readonly policy: string;
      readonly limit: number;
      readonly previousLimit: number;
    }
  | { readonly type: 'closed'; readonly policy: string };
