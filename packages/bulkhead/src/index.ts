/**
 * Caps how many operations run at once, with a bounded queue in front.
 *
 * @module
 */
export type { AutoLimitOptions } from './auto-limit-options.ts';
export { Bulkhead } from './bulkhead.ts';
export { BulkheadFullError, ShedError } from './errors.ts';
export type { BulkheadEvent, RejectedReason } from './events.ts';
export type { BulkheadOptions } from './options.ts';
export type { Permit, PermitOutcome } from './permit.ts';
export { presets } from './presets.ts';
export type { BulkheadStatistics } from './statistics.ts';
