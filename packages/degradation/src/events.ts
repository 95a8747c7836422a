import type { CallCriticality } from './admission.ts';
import type { Level } from './levels.ts';

interface Common {
  /** The `name` option. */
  readonly degradation: string;
  /** Counts the events of this degradation, observed or not; an observer sees no gap. */
  readonly sequence: number;
  /** Nothing is really off or refused: the option `dryRun`. */
  readonly dryRun: boolean;
}

/** The load at the time of the event. */
interface Load {
  readonly score: number;
  /** The signal that the score comes from. */
  readonly top: string | undefined;
  readonly values: Readonly<Record<string, number>>;
}

export interface LevelChangedEvent extends Common, Load {
  readonly type: 'level-changed';
  readonly from: Level;
  readonly to: Level;
}

export interface FeatureDisabledEvent extends Common {
  readonly type: 'feature-disabled';
  readonly feature: string;
  readonly score: number;
  /** The dependency that took it along, if one did. */
  readonly because?: string | undefined;
}

/** The feature is on for a share of the subjects. */
export interface FeatureProbingEvent extends Common {
  readonly type: 'feature-probing';
  readonly feature: string;
  readonly shareRatio: number;
}

export interface FeatureRestoredEvent extends Common {
  readonly type: 'feature-restored';
  readonly feature: string;
}

/** The load rose while the feature came back. */
export interface FeatureRolledBackEvent extends Common {
  readonly type: 'feature-rolled-back';
  readonly feature: string;
  readonly score: number;
  /** Until it is tried again, at the earliest. */
  readonly holdOffMs: number;
}

/** Calls begin to be refused. */
export interface AdmissionStartedEvent extends Common, Load {
  readonly type: 'admission-started';
  readonly level: Level;
}

/** Calls were refused since the last such event, or since refusing began. At most one a second, and one with the rest when it stops. */
export interface AdmissionRefusedEvent extends Common {
  readonly type: 'admission-refused';
  readonly durationMs: number;
  readonly refused: Readonly<Record<CallCriticality, number>>;
}

/** No call is refused any more. */
export interface AdmissionStoppedEvent extends Common {
  readonly type: 'admission-stopped';
  readonly durationMs: number;
  /** Calls refused in between. */
  readonly refused: Readonly<Record<CallCriticality, number>>;
}

export interface SignalLostEvent extends Common {
  readonly type: 'signal-lost';
  readonly signal: string;
  readonly error: unknown;
}

/** The signal could be read for a second. It counted from the first reading on. */
export interface SignalRecoveredEvent extends Common {
  readonly type: 'signal-recovered';
  readonly signal: string;
}

export interface OverrideSetEvent extends Common {
  readonly type: 'override-set';
  readonly level: Level;
  readonly ttlMs: number;
}

export interface OverrideEndedEvent extends Common {
  readonly type: 'override-ended';
  readonly level: Level;
  readonly reason: 'expired' | 'lifted' | 'replaced';
}

/** A feature was forced on or off by hand. */
export interface FeatureOverrideSetEvent extends Common {
  readonly type: 'feature-override-set';
  readonly feature: string;
  readonly setting: 'on' | 'off';
  readonly ttlMs: number;
}

export interface FeatureOverrideEndedEvent extends Common {
  readonly type: 'feature-override-ended';
  readonly feature: string;
  readonly setting: 'on' | 'off';
  readonly reason: 'expired' | 'lifted' | 'replaced';
}

export type DegradationEvent =
  | LevelChangedEvent
  | FeatureDisabledEvent
  | FeatureProbingEvent
  | FeatureRestoredEvent
  | FeatureRolledBackEvent
  | AdmissionStartedEvent
  | AdmissionRefusedEvent
  | AdmissionStoppedEvent
  | SignalLostEvent
  | SignalRecoveredEvent
  | OverrideSetEvent
  | OverrideEndedEvent
  | FeatureOverrideSetEvent
  | FeatureOverrideEndedEvent;

type Without<Event> = Event extends unknown ? Omit<Event, keyof Common> : never;

/** An event before it is numbered. */
export type DegradationNews = Without<DegradationEvent>;
