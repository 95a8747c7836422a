/**
 * The contracts that every Holdfast package shares, and nothing else.
 *
 * @module
 */
export { type Cancellation, cancellationOf, throwIfCancelled } from './cancellation.ts';
export { CancellationSource } from './cancellation-source.ts';
export {
  type Cancel,
  type Clock,
  hours,
  minutes,
  type ScheduleOptions,
  seconds,
  systemClock,
} from './clock.ts';
export { DeadlineExceededError, HoldfastError, isHoldfastError } from './errors.ts';
export { EventHub, type EventSource, type Unsubscribe } from './events.ts';
export { Execution, type ExecutionTerms, type Expiry } from './execution.ts';
export {
  atLeast,
  callable,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  ratio,
  text,
  wholeNumber,
} from './options.ts';
export {
  compose,
  type Criticality,
  type ExecuteOptions,
  type Operation,
  type OperationContext,
  type Policy,
  wrap,
} from './policy.ts';
