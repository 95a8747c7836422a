import type { CallCriticality } from './admission.ts';
import type { Level } from './levels.ts';

export interface DegradationStatistics {
  readonly component: 'degradation';
  /** 0 normal, 1 reduced, 2 critical. */
  readonly level: 0 | 1 | 2;
  readonly score: number;
  readonly transitions: number;
  /** Milliseconds spent in each level so far. */
  readonly msAt: Readonly<Record<Level, number>>;
  /** Features that are off now, wholly or for some subjects. */
  readonly featuresDisabled: number;
  /** Calls refused. */
  readonly refused: Readonly<Record<CallCriticality, number>>;
}
