/**
 * Single flight: identical concurrent calls share one execution.
 *
 * @module
 */
export { Dedupe } from './dedupe.ts';
export { AbandonedError } from './errors.ts';
export type { DedupeEvent } from './events.ts';
export { keyOf, type KeyPart } from './key-of.ts';
export type { DedupeOptions } from './options.ts';
export type { DedupeStatistics } from './statistics.ts';
