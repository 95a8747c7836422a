/**
 * Load score, service levels, features that go off and come back in order, and admission by criticality.
 *
 * @module
 */
export type { Admission, CallCriticality } from './admission.ts';
export {
  type AnyMethod,
  degradable,
  type DegradableDecorator,
  type DegradableOptions,
  type Fitting,
  type FeatureGate,
  type SubjectOf,
} from './degradable.ts';
export { Degradation } from './degradation.ts';
export { ShedError } from './errors.ts';
export type {
  AdmissionRefusedEvent,
  AdmissionStartedEvent,
  AdmissionStoppedEvent,
  DegradationEvent,
  FeatureDisabledEvent,
  FeatureOverrideEndedEvent,
  FeatureOverrideSetEvent,
  FeatureProbingEvent,
  FeatureRestoredEvent,
  FeatureRolledBackEvent,
  LevelChangedEvent,
  OverrideEndedEvent,
  OverrideSetEvent,
  SignalLostEvent,
  SignalRecoveredEvent,
} from './events.ts';
export type { FeatureSetting } from './feature-overrides.ts';
export type { FeatureOptions } from './feature-plan.ts';
export type { FeatureStatus } from './feature-set.ts';
export {
  type FleetChannel,
  FleetLevel,
  type FleetLevelOptions,
  type FleetReport,
  type Suggestible,
} from './fleet/fleet-level.ts';
export type { Level, LevelOptions, LevelsOptions } from './levels.ts';
export type { DegradationOptions, RecoveryOptions, SmoothingOptions } from './options.ts';
export { type Phase2Feature, type Preset, presets } from './presets.ts';
export type { Signal, SignalKind } from './signal.ts';
export { cpuQuota, type CpuQuotaOptions } from './signals/cpu-quota.ts';
export {
  type CircuitLike,
  openCircuits,
  type OpenCircuitsOptions,
  poolUse,
  type QueueLike,
} from './signals/dependencies.ts';
export { eventLoopDelay, type EventLoopDelayOptions } from './signals/event-loop-delay.ts';
export { eventLoopUtilization } from './signals/event-loop-utilization.ts';
export { heapUsed, type HeapUsedOptions } from './signals/heap-used.ts';
export { InFlight, type InFlightOptions } from './signals/in-flight.ts';
export { memoryLimit, type MemoryLimitOptions } from './signals/memory-limit.ts';
export { pressureStall, type PressureStallOptions } from './signals/pressure-stall.ts';
export { QueueWait, type QueueWaitOptions } from './signals/queue-wait.ts';
export { ratio, scaled, type ScaledOptions } from './signals/ratio.ts';
export type { DegradationStatistics } from './statistics.ts';
export { ClientThrottle, type ClientThrottleStatistics } from './throttle/client-throttle.ts';
export { ThrottledError } from './throttle/errors.ts';
export { type ClientThrottleOptions, isOverload } from './throttle/throttle-options.ts';
