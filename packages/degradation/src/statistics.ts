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
  /** Features that are off now, wholly or for some subjects; in a dry run, that would be. */
  readonly featuresDisabled: number;
  /** Calls refused; in a dry run, those that would have been. */
  readonly refused: Readonly<Record<CallCriticality, number>>;
  /** How trials of features ended so far. */
  readonly probes: { readonly restored: number; readonly rolledBack: number };
  /** The option `dryRun`. */
  readonly dryRun: boolean;
}
