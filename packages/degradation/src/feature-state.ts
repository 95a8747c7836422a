import type { PlannedFeature } from './feature-plan.ts';
import type { Level } from './levels.ts';

export interface FeatureState {
  readonly feature: PlannedFeature;
  /** Salt of its cohorts: another feature comes back to other subjects first. */
  readonly salt: number;
  /** Share of the subjects for whom the load allows it: 0 off, 1 on. */
  shareRatio: number;
  /** The same with what is forced by hand: what callers meet. */
  servedRatio: number;
  offAt: number;
  onAt: number;
  holdOffMs: number;
}

/** What a sample says to features. */
export interface Moment {
  readonly level: Level;
  /** Some calls are refused. */
  readonly refusing: boolean;
  /** The one that fits the level, if that is not measured here. */
  readonly score: number;
  readonly measuredScore: number;
  readonly now: number;
  /** Others will follow. */
  readonly sampling: boolean;
}
