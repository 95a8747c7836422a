import type { Criticality } from '@holdfast/core';
import { cohortOf } from './cohort.ts';
import type { DegradationNews } from './events.ts';
import type { FeatureSetting } from './feature-overrides.ts';
import type { FeaturePlan, PlannedFeature } from './feature-plan.ts';
import { FeatureRecovery } from './feature-recovery.ts';
import type { FeatureState, Moment } from './feature-state.ts';
import type { ResolvedDegradationOptions } from './options.ts';

/** How a feature is served now. */
export interface FeatureStatus<Name extends string = string> {
  readonly name: Name;
  readonly criticality: Criticality;
  /** Share of the subjects for whom it is on, from 0 to 1. In a dry run, for whom it would be. */
  readonly shareRatio: number;
}

/**
 * Which features are on. They go off by level and score, and come back in level normal only, when no call is refused any more.
 *
 * Invariant: a critical feature is never off but by hand, and a feature is off whenever one that it depends on is.
 */
export class FeatureSet {
  readonly #plan: FeaturePlan;
  readonly #dependenciesFirst: readonly PlannedFeature[];
  readonly #states = new Map<string, FeatureState>();
  readonly #recovery: FeatureRecovery;
  readonly #dryRun: boolean;
  readonly #forced: (feature: string) => FeatureSetting | undefined;
  readonly #tell: (news: DegradationNews) => void;

  constructor(
    options: ResolvedDegradationOptions,
    forced: (feature: string) => FeatureSetting | undefined,
    tell: (news: DegradationNews) => void,
  ) {
    this.#plan = options.features;
    this.#dependenciesFirst = options.features.disableOrder.toReversed();
    this.#dryRun = options.dryRun;
    this.#forced = forced;
    this.#tell = tell;
    const { holdOffMs } = options.recovery;
    for (const [i, feature] of options.features.disableOrder.entries())
      this.#states.set(feature.name, {
        feature,
        salt: Math.imul(i + 1, 0x9e_37_79_b1),
        shareRatio: 1,
        servedRatio: 1,
        offAt: 0,
        onAt: 0,
        holdOffMs,
      });
    this.#recovery = new FeatureRecovery(options, {
      states: this.#states,
      serve: () => this.serve(),
      tell,
    });
  }

  /** Features that are off, wholly or for some subjects. */
  get disabled(): number {
    let disabled = 0;
    for (const { servedRatio } of this.#states.values()) if (servedRatio < 1) disabled += 1;
    return disabled;
  }

  /** How trials ended so far. */
  get probes(): { readonly restored: number; readonly rolledBack: number } {
    return this.#recovery.probes;
  }

  /** In the order of going off. */
  status(): FeatureStatus[] {
    return Array.from(this.#states.values(), ({ feature: { name, criticality }, servedRatio }) => ({
      name,
      criticality,
      shareRatio: servedRatio,
    }));
  }

  /** `undefined` if there is no such feature. Without a subject a feature is on only when it is on for all. */
  isEnabled(name: string, subject: string | undefined): boolean | undefined {
    const state = this.#states.get(name);
    if (state === undefined) return undefined;
    const { servedRatio, salt } = state;
    if (servedRatio === 1 || this.#dryRun) return true;
    return subject !== undefined && servedRatio > 0 && cohortOf(subject, salt) < servedRatio;
  }

  update(moment: Moment): void {
    this.#recovery.proceed(moment);
    if (moment.level !== 'normal') this.#disable(moment);
    else if (moment.sampling) this.#recovery.begin(moment);
    else this.#recovery.finish(moment);
  }

  /** Brings what is served in line with what is forced by hand. */
  serve(): void {
    // Dependencies come before what depends on them.
    for (const { name, dependsOn } of this.#dependenciesFirst) {
      const state = this.#states.get(name);
      if (state === undefined) continue;
      const forced = this.#forced(name);
      const wanted = forced === undefined ? state.shareRatio : Number(forced === 'on');
      const complete = dependsOn.every((each) => this.#states.get(each)?.servedRatio === 1);
      state.servedRatio = complete ? wanted : 0;
    }
  }

  #disable(moment: Moment): void {
    for (const { name, criticality, disableAt } of this.#plan.disableOrder) {
      if (criticality === 'critical') continue;
      if (moment.level === 'critical' || disableAt <= moment.score) this.#turnOff(name, moment);
    }
  }

  /** Takes along whatever depends on it, first. */
  #turnOff(name: string, moment: Moment, because?: string): void {
    const state = this.#states.get(name);
    if (state === undefined || state.shareRatio === 0) return;
    for (const { name: dependant, dependsOn } of this.#plan.disableOrder)
      if (dependsOn.includes(name)) this.#turnOff(dependant, moment, name);
    this.#recovery.relax(state, moment.now);
    state.shareRatio = 0;
    state.offAt = moment.now;
    this.serve();
    this.#tell({ type: 'feature-disabled', feature: name, score: moment.score, because });
  }
}
