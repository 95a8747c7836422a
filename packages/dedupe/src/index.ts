/**
 * Single flight: identical concurrent calls share one execution.
 *
 * @module
 */
export type { AsyncContext } from './async-context.ts';
export { Dedupe } from './dedupe.ts';
export { AbandonedError, DedupeFullError } from './errors.ts';
export type { DedupeEvent } from './events.ts';
export { keyOf, type KeyPart } from './key-of.ts';
export type { Abandon, DedupeOptions } from './options.ts';
export type { DedupeOutcome } from './outcome.ts';
export type { DedupeStatistics } from './statistics.ts';
