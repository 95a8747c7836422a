import type { DegradationNews } from './events.ts';
import type { PlannedFeature } from './feature-plan.ts';
import type { FeatureState, Moment } from './feature-state.ts';
import type { ResolvedDegradationOptions } from './options.ts';

/** Shares of the subjects that a feature comes back to, one after the other. */
const probeShares: readonly number[] = [0.1, 0.5, 1];
/** How far a step may differ from its length. */
const stepJitterRatio = 0.2;

/** The one feature that is on its way back. */
interface Probe {
  readonly state: FeatureState;
  readonly scoreBefore: number;
  step: number;
  stepEndsAt: number;
}

/** What a recovery changes. */
export interface Recovering {
  readonly states: ReadonlyMap<string, FeatureState>;
  /** Told after each change of a share. */
  serve(): void;
  tell(news: DegradationNews): void;
}

/**
 * Brings features back that are off: in order, one at a time, to 10, 50 and 100 % of the subjects. One that costs too much is off
 * again, and waits twice as long each time.
 *
 * Invariants:
 * - at most one feature is on its way back;
 * - for each subject a feature that is coming back goes on once, not on and off.
 */
export class FeatureRecovery {
  readonly #order: readonly PlannedFeature[];
  readonly #target: Recovering;
  readonly #options: ResolvedDegradationOptions['recovery'];
  readonly #rollBackAt: number;
  /** Below it a score that rises tells of room that is used. */
  readonly #roomBelow: number;
  readonly #random: () => number;
  #probe: Probe | undefined;
  /** After a roll-back nothing is tried for a while: the load that it brought has to go first. */
  #quietUntil = -Infinity;
  #restored = 0;
  #rolledBack = 0;

  constructor({ features, recovery, levels, random }: ResolvedDegradationOptions, target: Recovering) {
    this.#order = features.restoreOrder;
    this.#options = recovery;
    this.#rollBackAt = levels.reduced.enter;
    this.#roomBelow = levels.reduced.exit;
    this.#random = random;
    this.#target = target;
  }

  /** How trials ended so far. */
  get probes(): { readonly restored: number; readonly rolledBack: number } {
    return { restored: this.#restored, rolledBack: this.#rolledBack };
  }

  /** Begins the next trial if there may be one. */
  begin({ refusing, score, measuredScore, now }: Moment): void {
    // Calls come back before features: the load of both at once could not be told apart.
    if (this.#probe !== undefined || refusing) return;
    if (score >= this.#rollBackAt || now < this.#quietUntil) return;
    const next = this.#order.find((feature) => this.#mayReturn(feature, now));
    const state = next === undefined ? undefined : this.#target.states.get(next.name);
    if (state === undefined) return;
    this.#probe = { state, scoreBefore: measuredScore, step: -1, stepEndsAt: now };
    this.#nextStep(this.#probe, now);
  }

  /** Ends the trial under way, or goes a step further with it, as the score says. */
  proceed({ level, score, now }: Moment): void {
    if (this.#probe === undefined) return;
    const { state, scoreBefore, stepEndsAt } = this.#probe;
    const rose = score >= this.#roomBelow && score > scoreBefore + this.#options.maxRise;
    // The end of an override may bring back a level above normal whose score has long fallen.
    if (rose || score >= this.#rollBackAt || level !== 'normal') this.#rollBack(state, score, now);
    else if (now >= stepEndsAt) this.#nextStep(this.#probe, now);
  }

  /** Brings all back at once: without samples nothing would bring them back step by step. */
  finish({ now }: Moment): void {
    const probed = this.#probe?.state;
    this.#probe = undefined;
    // In reverse of the order of going off: what others depend on comes before them.
    for (const state of [...this.#target.states.values()].toReversed())
      if (state.shareRatio < 1 || state === probed) this.#restore(state, now);
  }

  /** A feature that was on for long is trusted again: its hold-off halves with each calm period. */
  relax(state: FeatureState, now: number): void {
    const { calmMs, holdOffMs } = this.#options;
    const calmPeriods = Math.floor((now - state.onAt) / calmMs);
    state.holdOffMs = Math.max(holdOffMs, state.holdOffMs / 2 ** calmPeriods);
  }

  #mayReturn({ name, dependsOn }: PlannedFeature, now: number): boolean {
    const { states } = this.#target;
    const state = states.get(name);
    if (state === undefined || state.shareRatio > 0 || now - state.offAt < state.holdOffMs) return false;
    return dependsOn.every((each) => states.get(each)?.shareRatio === 1);
  }

  #nextStep(probe: Probe, now: number): void {
    const { state } = probe;
    probe.step += 1;
    const shareRatio = probeShares[probe.step];
    if (shareRatio === undefined) {
      this.#probe = undefined;
      this.#restored += 1;
      this.#restore(state, now);
      return;
    }
    state.shareRatio = shareRatio;
    this.#target.serve();
    probe.stepEndsAt = now + this.#options.stepMs * (1 + stepJitterRatio * (2 * this.#random() - 1));
    this.#target.tell({ type: 'feature-probing', feature: state.feature.name, shareRatio });
  }

  #restore(state: FeatureState, now: number): void {
    state.shareRatio = 1;
    this.#target.serve();
    state.onAt = now;
    this.#target.tell({ type: 'feature-restored', feature: state.feature.name });
  }

  #rollBack(state: FeatureState, score: number, now: number): void {
    this.#probe = undefined;
    this.#quietUntil = now + this.#options.holdOffMs;
    this.#rolledBack += 1;
    state.shareRatio = 0;
    this.#target.serve();
    state.offAt = now;
    state.holdOffMs = Math.min(state.holdOffMs * 2, this.#options.maxHoldOffMs);
    const { holdOffMs } = state;
    this.#target.tell({ type: 'feature-rolled-back', feature: state.feature.name, score, holdOffMs });
  }
}
