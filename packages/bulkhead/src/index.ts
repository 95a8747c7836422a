/**
 * Caps how many operations run at once, with a bounded queue in front.
 *
 * @module
 */
export { Bulkhead } from './bulkhead.ts';
export { BulkheadFullError } from './errors.ts';
export type { BulkheadEvent, RejectedReason } from './events.ts';
export type { BulkheadOptions } from './options.ts';
export type { Permit } from './permit.ts';
export type { BulkheadStatistics } from './statistics.ts';
