/**
 * Load score, service levels, features that go off and come back in order, and admission by criticality.
 *
 * @module
 */
export type { Admission, CallCriticality } from './admission.ts';
export { Degradation } from './degradation.ts';
export { ShedError } from './errors.ts';
export type {
  AdmissionStartedEvent,
  AdmissionStoppedEvent,
  DegradationEvent,
  FeatureDisabledEvent,
  FeatureProbingEvent,
  FeatureRestoredEvent,
  FeatureRolledBackEvent,
  LevelChangedEvent,
  OverrideEndedEvent,
  OverrideSetEvent,
  SignalLostEvent,
  SignalRecoveredEvent,
} from './events.ts';
export type { FeatureOptions } from './feature-plan.ts';
export type { Level, LevelOptions, LevelsOptions } from './levels.ts';
export type { DegradationOptions, RecoveryOptions, SmoothingOptions } from './options.ts';
export type { Signal, SignalKind } from './signal.ts';
export type { DegradationStatistics } from './statistics.ts';
export {
  eventLoopDelay,
  type EventLoopDelayOptions,
  eventLoopUtilization,
  heapUsed,
  type HeapUsedOptions,
  ratio,
} from './signals.ts';
