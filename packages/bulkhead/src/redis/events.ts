import type { BulkheadEvent } from '../events.ts';

/** What a bulkhead of many processes tells besides. */
export type RedisBulkheadEvent =
  | BulkheadEvent
  /** Redis failed or was late: this process decides by its own share of the limit from now on. */
  | { readonly type: 'went-local'; readonly policy: string; readonly error: unknown }
  /** Redis answers again. */
  | { readonly type: 'went-shared'; readonly policy: string }
  /** So many slots of operations that run had been taken for those of a dead process. They count again. */
  | { readonly type: 'lease-lost'; readonly policy: string; readonly count: number };
