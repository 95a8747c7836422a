import {
  duration,
  EventHub,
  type EventSource,
  type ExecuteOptions,
  Execution,
  InvalidOptionError,
  oneOf,
  type Operation,
  type Policy,
  throwIfCancelled,
} from '@holdfast/core';
import { type Admission, AdmissionPressure, type CallCriticality, isRefusing } from './admission.ts';
import { ShedError } from './errors.ts';
import type { DegradationEvent, DegradationNews } from './events.ts';
import { FeatureOverrides, type FeatureSetting } from './feature-overrides.ts';
import { FeatureSet, type FeatureStatus } from './feature-set.ts';
import { Gatekeeper } from './gatekeeper.ts';
import { type Level, LevelMachine, levels } from './levels.ts';
import { LoadMeter } from './load-meter.ts';
import type { Score } from './load-score.ts';
import { type DegradationOptions, resolveOptions, type ResolvedDegradationOptions } from './options.ts';
import { Override } from './override.ts';
import { RefusalLog } from './refusal-log.ts';
import type { DegradationStatistics } from './statistics.ts';

/**
 * Offers less while the service is overloaded, and more again step by step.
 *
 * Signals of load make a score, the score makes a level, and level and score decide which features are on and which
 * calls come in. Nothing is measured per call; without {@link start} nothing is measured at all and all is on.
 *
 * Invariants:
 * - the measured level depends on the samples alone, ends only after its dwell time, and falls one step at a time;
 * - a critical feature is off by hand only; a feature is off whenever one that it depends on is; one at a time comes back;
 * - the refused share never falls as the score rises, nor rises with criticality; `'system'` is never refused;
 * - no reading of a signal, whatever it is, throws here or changes the level on its own.
 */
export class Degradation<Name extends string = string> implements Policy, Disposable {
  readonly name: string;
  readonly #options: ResolvedDegradationOptions;
  readonly #hub = new EventHub<DegradationEvent>();
  readonly #meter: LoadMeter;
  readonly #machine: LevelMachine;
  readonly #features: FeatureSet;
  readonly #pressure: AdmissionPressure;
  readonly #gatekeeper: Gatekeeper;
  readonly #refusals: RefusalLog;
  readonly #override: Override<Level>;
  readonly #featureOverrides: FeatureOverrides;
  readonly #msAt: Record<Level, number> = { normal: 0, reduced: 0, critical: 0 };
  #suggested: Level = 'normal';
  #level: Level = 'normal';
  #levelSince: number;
  #transitions = 0;
  #sequence = 0;

  constructor(options: DegradationOptions<Name>) {
    this.#options = resolveOptions(options);
    const { name, clock, recovery } = this.#options;
    this.name = name;
    this.#levelSince = clock.now();
    const tell = (news: DegradationNews): void => this.#tell(news);
    this.#meter = new LoadMeter(this.#options, {
      lost: (signal, error) => tell({ type: 'signal-lost', signal, error }),
      recovered: (signal) => tell({ type: 'signal-recovered', signal }),
    });
    this.#machine = new LevelMachine(this.#options.levels);
    this.#featureOverrides = new FeatureOverrides(clock, tell, () => this.#features.serve());
    this.#features = new FeatureSet(this.#options, (feature) => this.#featureOverrides.of(feature), tell);
    this.#pressure = new AdmissionPressure(recovery.admissionMs);
    this.#refusals = new RefusalLog(tell);
    this.#gatekeeper = new Gatekeeper(this.#options, this.#refusals);
    this.#override = new Override<Level>(clock, {
      set: (level, ttlMs) => tell({ type: 'override-set', level, ttlMs }),
      ended: (level, reason) => tell({ type: 'override-ended', level, reason }),
      released: () => this.#settle(0),
    });
  }

  get events(): EventSource<DegradationEvent> {
    return this.#hub;
  }

  /** The level that holds: the measured one, unless it is raised by a fleet or set by hand. */
  get level(): Level {
    return this.#level;
  }

  /** The level by this process's own signals alone. */
  get measuredLevel(): Level {
    return this.#machine.level;
  }

  /** How loaded the service is: 1 is its end. */
  get score(): number {
    return this.#meter.measured.score;
  }

  /** Begins to sample by one background timer; does nothing if it has begun. Disposing of the degradation ends it. */
  start(): this {
    this.#meter.start(() => this.sample());
    return this;
  }

  /** Takes one sample now, for those who bring their own rhythm: call it each `sampleIntervalMs`. */
  sample(): void {
    const { clock, sampleIntervalMs } = this.#options;
    const now = clock.now();
    this.#meter.sample(now);
    // What is not seen neither raises the level nor ends it.
    if (!this.#meter.holding) this.#machine.sample(this.score, now, sampleIntervalMs);
    this.#settle(sampleIntervalMs);
  }

  /**
   * Whether a feature is on. While it comes back, it is on for a growing share of the subjects, and without a subject
   * only when it is on for all.
   *
   * @throws {InvalidOptionError} if there is no such feature.
   */
  isEnabled(feature: Name, subject?: string): boolean {
    const enabled = this.#features.isEnabled(feature, subject);
    if (enabled === undefined) throw unknownFeature(feature);
    return enabled;
  }

  /** The features as they are now, in the order of going off. */
  features(): readonly FeatureStatus<Name>[] {
    return this.#features.status() as FeatureStatus<Name>[];
  }

  /**
   * Runs `operation` if the feature is on for the call's `key`, else its `tenant`, and `fallback` if it is off. The
   * errors of both pass through untouched.
   *
   * @throws {InvalidOptionError} if there is no such feature.
   * @throws The signal's reason, if the call is cancelled already.
   */
  async guard<T, F = T>(
    feature: Name,
    operation: Operation<T>,
    fallback: Operation<F>,
    options?: ExecuteOptions,
  ): Promise<T | F> {
    throwIfCancelled(options);
    const context = new Execution(options, this.#options.clock);
    return this.isEnabled(feature, subjectOf(options)) ? operation(context) : fallback(context);
  }

  /**
   * Whether a call may come in. All calls of a subject get the same answer within an hour while the load stays the
   * same; calls without a subject are drawn by lot.
   *
   * @throws {InvalidOptionError} on an unknown criticality.
   */
  admit(criticality: CallCriticality, subject?: string): Admission {
    return this.#gatekeeper.admit(criticality, subject);
  }

  /**
   * Runs `operation` if a call of its `criticality` may come in; the subject is its `key`, else its `tenant`.
   *
   * @throws {ShedError} if not: the operation did not run.
   * @throws The signal's reason, if the call is cancelled already.
   */
  async execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
    throwIfCancelled(options);
    const criticality = options?.criticality ?? 'normal';
    const { admitted, level, retryAfterMs } = this.admit(criticality, subjectOf(options));
    if (!admitted) throw new ShedError({ policy: this.name, criticality, level, retryAfterMs });
    return operation(new Execution(options, this.#options.clock));
  }

  /**
   * Sets the level by hand for `ttlMs` milliseconds; it replaces an earlier override. Under `'normal'` everybody comes
   * in and features come back as after an overload. Measuring goes on, and holds again when the override ends. What was off
   * comes back with the samples then, or at once while none are taken.
   *
   * @returns What ends the override before its time.
   */
  force(level: Level, ttlMs: number): Disposable {
    const lift = this.#override.set(oneOf('level', level, levels), duration('ttlMs', ttlMs, 1));
    this.#settle(0);
    return lift;
  }

  /**
   * Sets a feature on or off by hand for `ttlMs` milliseconds, also a critical one; it replaces an earlier override of it.
   * What depends on a feature that is off is off too; one that is forced on is on once all that it depends on are.
   *
   * @returns What ends the override before its time.
   * @throws {InvalidOptionError} if there is no such feature.
   */
  forceFeature(feature: Name, setting: FeatureSetting, ttlMs: number): Disposable {
    if (this.#features.isEnabled(feature, undefined) === undefined) throw unknownFeature(feature);
    oneOf('setting', setting, ['on', 'off']);
    const lift = this.#featureOverrides.set(feature, setting, duration('ttlMs', ttlMs, 1));
    this.#features.serve();
    return lift;
  }

  /** The level that others are at: it raises the measured one by one step at most, and never lowers it. */
  suggest(level: Level): void {
    this.#suggested = oneOf('level', level, levels);
    this.#settle(0);
  }

  statistics(): DegradationStatistics {
    const msAt = { ...this.#msAt };
    msAt[this.#level] += this.#options.clock.now() - this.#levelSince;
    return {
      component: 'degradation',
      level: levels.indexOf(this.#level) as 0 | 1 | 2,
      score: this.score,
      transitions: this.#transitions,
      msAt,
      featuresDisabled: this.#features.disabled,
      refused: this.#refusals.refused,
      probes: this.#features.probes,
      dryRun: this.#options.dryRun,
    };
  }

  /** Ends sampling and overrides. The level and the features stay as they are measured; what an override took away is back. */
  [Symbol.dispose](): void {
    const forced = this.#override.value !== undefined;
    this.#meter[Symbol.dispose]();
    this.#override[Symbol.dispose]();
    this.#featureOverrides[Symbol.dispose]();
    this.#features.serve();
    if (forced) this.#settle(0);
  }

  /** Brings level, features and admission in line with the samples, the fleet and the override. */
  #settle(elapsedMs: number): void {
    const { clock } = this.#options;
    const now = clock.now();
    const level = this.#override.value ?? this.#raisedLevel();
    if (level !== this.#level) this.#changeLevel(level, now);
    const effective = this.#effectiveScore();
    const { sampling } = this.#meter;
    // Without samples the pressure would never fall.
    if (!sampling) this.#pressure.reset();
    this.#pressure.update(level, effective, elapsedMs);
    if (this.#override.value === 'normal') this.#pressure.reset();
    const pressure = this.#pressure.value;
    this.#gatekeeper.update({ level, pressure, calmAfterMs: this.#machine.calmAfterMs(now) });
    const refusing = isRefusing(pressure);
    this.#refusals.update(now, refusing, level, effective);
    const { score } = effective;
    this.#features.update({ level, refusing, score, measuredScore: this.score, now, sampling });
  }

  #raisedLevel(): Level {
    const measured = levels.indexOf(this.#machine.level);
    const suggested = levels.indexOf(this.#suggested);
    return levels[Math.max(measured, Math.min(measured + 1, suggested))] ?? 'normal';
  }

  /** In a level that was not measured here, the score is one that fits it. */
  #effectiveScore(): Score {
    const { measured } = this.#meter;
    if (this.#level === this.#machine.level && this.#override.value === undefined) return measured;
    if (this.#level === 'normal') return { ...measured, score: 0, queueing: false, shortage: 0 };
    return { ...measured, score: Math.max(this.score, this.#options.levels[this.#level].enter) };
  }

  #changeLevel(to: Level, now: number): void {
    const from = this.#level;
    this.#msAt[from] += now - this.#levelSince;
    this.#levelSince = now;
    this.#level = to;
    this.#transitions += 1;
    const { score, top, values } = this.#meter.measured;
    this.#tell({ type: 'level-changed', from, to, score, top, values });
  }

  #tell(news: DegradationNews): void {
    this.#sequence += 1;
    if (!this.#hub.observed) return;
    const { name, dryRun } = this.#options;
    this.#hub.emit({ ...news, degradation: name, sequence: this.#sequence, dryRun });
  }
}

function unknownFeature(feature: string): InvalidOptionError {
  return new InvalidOptionError('feature', 'the name of a feature', feature);
}

function subjectOf(options: ExecuteOptions | undefined): string | undefined {
  return options?.key ?? options?.tenant;
}
