import type { Criticality } from '@holdfast/core';
import { cohortOf } from './cohort.ts';
import type { DegradationNews } from './events.ts';
import type { FeatureSetting } from './feature-overrides.ts';
import type { FeaturePlan, PlannedFeature } from './feature-plan.ts';
import type { Level } from './levels.ts';
import type { ResolvedDegradationOptions } from './options.ts';

/** Shares of the subjects that a feature comes back to, one after the other. */
const probeShares: readonly number[] = [0.1, 0.5, 1];
/** How far a step may differ from its length. */
const stepJitterRatio = 0.2;

interface FeatureState {
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

/** The one feature that is on its way back. */
interface Probe {
  readonly state: FeatureState;
  readonly scoreBefore: number;
  step: number;
  stepEndsAt: number;
}

/** How a feature is served now. */
export interface FeatureStatus<Name extends string = string> {
  readonly name: Name;
  readonly criticality: Criticality;
  /** Share of the subjects for whom it is on, from 0 to 1. In a dry run, for whom it would be. */
  readonly shareRatio: number;
}

export interface Moment {
  readonly level: Level;
  /** Some calls are refused. */
  readonly refusing: boolean;
  readonly score: number;
  readonly now: number;
}

/**
 * Which features are on. They go off by level and score, and come back in level normal only, when no call is refused any more: in
 * order, one at a time, to 10, 50 and 100 % of the subjects.
 *
 * Invariants:
 * - a critical feature is never off but by hand, and a feature is off whenever one that it depends on is;
 * - at most one feature is on its way back;
 * - for each subject a feature that is coming back goes on once, not on and off.
 */
export class FeatureSet {
  readonly #plan: FeaturePlan;
  readonly #dependenciesFirst: readonly PlannedFeature[];
  readonly #states = new Map<string, FeatureState>();
  readonly #recovery: ResolvedDegradationOptions['recovery'];
  readonly #rollBackAt: number;
  /** Below it a score that rises tells of room that is used. */
  readonly #roomBelow: number;
  readonly #random: () => number;
  readonly #dryRun: boolean;
  readonly #forced: (feature: string) => FeatureSetting | undefined;
  readonly #tell: (news: DegradationNews) => void;
  #probe: Probe | undefined;
  /** After a roll-back nothing is tried for a while: the load that it brought has to go first. */
  #quietUntil = -Infinity;
  #restored = 0;
  #rolledBack = 0;

  constructor(
    options: ResolvedDegradationOptions,
    forced: (feature: string) => FeatureSetting | undefined,
    tell: (news: DegradationNews) => void,
  ) {
    this.#plan = options.features;
    this.#dependenciesFirst = options.features.disableOrder.toReversed();
    this.#recovery = options.recovery;
    this.#rollBackAt = options.levels.reduced.enter;
    this.#roomBelow = options.levels.reduced.exit;
    this.#random = options.random;
    this.#dryRun = options.dryRun;
    this.#forced = forced;
    this.#tell = tell;
    for (const [i, feature] of options.features.disableOrder.entries())
      this.#states.set(feature.name, {
        feature,
        salt: Math.imul(i + 1, 0x9e_37_79_b1),
        shareRatio: 1,
        servedRatio: 1,
        offAt: 0,
        onAt: 0,
        holdOffMs: options.recovery.holdOffMs,
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
    return { restored: this.#restored, rolledBack: this.#rolledBack };
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
    if (this.#probe !== undefined) this.#continueProbe(this.#probe, moment);
    if (moment.level !== 'normal') this.#disable(moment);
    else if (this.#mayProbe(moment)) this.#startProbe(moment);
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
    this.#relax(state, moment.now);
    state.shareRatio = 0;
    state.offAt = moment.now;
    this.serve();
    this.#tell({ type: 'feature-disabled', feature: name, score: moment.score, because });
  }

  /** Calls come back before features: the load of both at once could not be told apart. */
  #mayProbe({ refusing, score, now }: Moment): boolean {
    if (this.#probe !== undefined || refusing) return false;
    return score < this.#rollBackAt && now >= this.#quietUntil;
  }

  #startProbe({ score, now }: Moment): void {
    const next = this.#plan.restoreOrder.find((feature) => this.#mayReturn(feature, now));
    const state = next === undefined ? undefined : this.#states.get(next.name);
    if (state === undefined) return;
    this.#probe = { state, scoreBefore: score, step: -1, stepEndsAt: now };
    this.#nextStep(this.#probe, now);
  }

  #mayReturn({ name, dependsOn }: PlannedFeature, now: number): boolean {
    const state = this.#states.get(name);
    if (state === undefined || state.shareRatio > 0 || now - state.offAt < state.holdOffMs) return false;
    return dependsOn.every((each) => this.#states.get(each)?.shareRatio === 1);
  }

  #continueProbe(probe: Probe, { score, now }: Moment): void {
    // Every level above normal begins at this score or over it.
    const rose = score >= this.#roomBelow && score > probe.scoreBefore + this.#recovery.maxRise;
    if (rose || score >= this.#rollBackAt) this.#rollBack(probe.state, score, now);
    else if (now >= probe.stepEndsAt) this.#nextStep(probe, now);
  }

  #nextStep(probe: Probe, now: number): void {
    const { state } = probe;
    probe.step += 1;
    const shareRatio = probeShares[probe.step];
    if (shareRatio === undefined) {
      this.#probe = undefined;
      state.onAt = now;
      this.#restored += 1;
      this.#tell({ type: 'feature-restored', feature: state.feature.name });
      return;
    }
    state.shareRatio = shareRatio;
    this.serve();
    probe.stepEndsAt = now + this.#recovery.stepMs * (1 + stepJitterRatio * (2 * this.#random() - 1));
    this.#tell({ type: 'feature-probing', feature: state.feature.name, shareRatio });
  }

  #rollBack(state: FeatureState, score: number, now: number): void {
    this.#probe = undefined;
    this.#quietUntil = now + this.#recovery.holdOffMs;
    this.#rolledBack += 1;
    state.shareRatio = 0;
    this.serve();
    state.offAt = now;
    state.holdOffMs = Math.min(state.holdOffMs * 2, this.#recovery.maxHoldOffMs);
    const { holdOffMs } = state;
    this.#tell({ type: 'feature-rolled-back', feature: state.feature.name, score, holdOffMs });
  }

  /** A feature that was on for long is trusted again: its hold-off halves with each calm period. */
  #relax(state: FeatureState, now: number): void {
    const { calmMs, holdOffMs } = this.#recovery;
    const calmPeriods = Math.floor((now - state.onAt) / calmMs);
    state.holdOffMs = Math.max(holdOffMs, state.holdOffMs / 2 ** calmPeriods);
  }
}
