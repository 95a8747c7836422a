/**
 * Stops calling a dependency that fails, and finds out with few calls when it is back.
 *
 * @module
 */
export { CircuitBreaker } from './circuit-breaker.ts';
export type { CircuitState, ProbeGate } from './circuit/state.ts';
export { CircuitOpenError } from './errors.ts';
export type { CircuitBreakerEvent, ClosedReason, HalfOpenedReason, OpenedReason } from './events.ts';
export type { Classify, Verdict } from './judging/classify.ts';
export { type ErrorClassifier, type ErrorKind, errors } from './judging/errors.ts';
export { type HttpStatus, httpStatus } from './judging/http-status.ts';
export { keyed, type Keyed, type KeyedOptions } from './keyed.ts';
export type {
  CircuitBreakerChanges,
  CircuitBreakerMode,
  CircuitBreakerOptions,
  CountWindowOptions,
  HalfOpenOptions,
  RampOptions,
  SlowCallOptions,
  TimeWindowOptions,
} from './options.ts';
export type { Permit } from './permit.ts';
export { presets } from './presets.ts';
export type { BucketSnapshot, CircuitBreakerSnapshot, WindowSnapshot } from './snapshot.ts';
export type { CircuitBreakerStatistics } from './statistics.ts';
