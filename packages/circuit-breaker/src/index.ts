/**
 * Stops calling a dependency that fails, and finds out with few calls when it is back.
 *
 * @module
 */
export { CircuitBreaker } from './circuit-breaker.ts';
export type { Classify, Verdict } from './classify.ts';
export { CircuitOpenError } from './errors.ts';
export type { CircuitBreakerEvent, ClosedReason, OpenedReason } from './events.ts';
export { keyed, type Keyed, type KeyedOptions } from './keyed.ts';
export type {
  CircuitBreakerOptions,
  CountWindowOptions,
  HalfOpenOptions,
  SlowCallOptions,
  TimeWindowOptions,
} from './options.ts';
export type { Permit } from './permit.ts';
export type { CircuitState } from './state.ts';
export type { CircuitBreakerStatistics } from './statistics.ts';
