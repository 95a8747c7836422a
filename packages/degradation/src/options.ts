import {
  callable,
  type Clock,
  duration,
  InvalidOptionError,
  methods,
  object,
  oneOf,
  ratio,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';
import { type FeatureOptions, type FeaturePlan, planFeatures } from './feature-plan.ts';
import { type LevelRules, type LevelsOptions, resolveLevels } from './levels.ts';
import { type Signal, type SignalKind, signalKinds } from './signal.ts';

export interface DegradationOptions<Name extends string = string> {
  /** Shown in errors and events. Defaults to `'degradation'`. */
  readonly name?: string | undefined;

  /** What load is measured by: signals, or functions with a name. At least one; names are unique. */
  readonly signals: readonly (Signal | (() => number))[];

  /** What may be switched off. Names are unique. Defaults to none. */
  readonly features?: readonly FeatureOptions<Name>[] | undefined;

  /** When levels begin and end. */
  readonly levels?: LevelsOptions | undefined;

  /** Milliseconds between samples; at least 1. Defaults to 250. */
  readonly sampleIntervalMs?: number | undefined;

  /** How signals are smoothed. */
  readonly smoothing?: SmoothingOptions | undefined;

  /** How features come back. */
  readonly recovery?: RecoveryOptions | undefined;

  /** Whether it only tells and counts what it would do: every feature stays on and every call comes in. Defaults to `false`. */
  readonly dryRun?: boolean | undefined;

  /** How long the score holds when every signal is lost, in milliseconds; then it is 0. Defaults to 30,000. */
  readonly signalGraceMs?: number | undefined;

  /** Spreads recovery steps, and admits calls without a subject; from 0 to 1. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

export interface SmoothingOptions {
  /** Half-life of a rise in milliseconds; 0 for none. Defaults to 500. */
  readonly upHalfLifeMs?: number | undefined;
  /** Half-life of a fall in milliseconds; 0 for none. Defaults to 5,000. */
  readonly downHalfLifeMs?: number | undefined;
}

export interface RecoveryOptions {
  /** How long each step of 10, 50 and 100 % of the subjects lasts, ±20 %, in milliseconds. Defaults to 5,000. */
  readonly stepMs?: number | undefined;
  /** Shortest time off before a feature is tried again, and the pause after any roll-back, in milliseconds. Doubles for the
   * feature with each roll-back of it. Defaults to 10,000. */
  readonly holdOffMs?: number | undefined;
  /** Longest time off between trials, in milliseconds. Defaults to 300,000. */
  readonly maxHoldOffMs?: number | undefined;
  /** Time on after which the hold-off halves again, in milliseconds. Defaults to 600,000. */
  readonly calmMs?: number | undefined;
  /**
   * Rise of the score over its value before the trial that rolls a feature back, once the score is at `levels.reduced.exit` or over
   * it; over 0. Defaults to 0.1.
   */
  readonly maxRise?: number | undefined;
  /** How long refused calls take to come back, a few at a time, in milliseconds; at least 1. Defaults to 30,000. */
  readonly admissionMs?: number | undefined;
}

export interface ResolvedSignal {
  readonly name: string;
  readonly kind: SignalKind;
  readonly signal: Pick<Signal, 'read' | 'start'>;
}

export interface ResolvedDegradationOptions {
  readonly name: string;
  readonly signals: readonly ResolvedSignal[];
  readonly features: FeaturePlan;
  readonly levels: LevelRules;
  readonly sampleIntervalMs: number;
  readonly smoothing: { readonly [Option in keyof SmoothingOptions]-?: number };
  readonly recovery: { readonly [Option in keyof RecoveryOptions]-?: number };
  readonly dryRun: boolean;
  readonly signalGraceMs: number;
  readonly random: () => number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option that is wrong. */
export function resolveOptions<Name extends string>(
  options: DegradationOptions<Name>,
): ResolvedDegradationOptions {
  object('options', options);
  const levels = resolveLevels(options.levels);
  return {
    name: text('name', options.name ?? 'degradation'),
    signals: resolveSignals(options.signals),
    features: planFeatures(options.features ?? [], levels.reduced.enter),
    levels,
    sampleIntervalMs: duration('sampleIntervalMs', options.sampleIntervalMs ?? 250, 1),
    smoothing: {
      upHalfLifeMs: duration('smoothing.upHalfLifeMs', options.smoothing?.upHalfLifeMs ?? 500),
      downHalfLifeMs: duration('smoothing.downHalfLifeMs', options.smoothing?.downHalfLifeMs ?? 5_000),
    },
    recovery: resolveRecovery(options.recovery ?? {}),
    dryRun: oneOf('dryRun', options.dryRun ?? false, [true, false]),
    signalGraceMs: duration('signalGraceMs', options.signalGraceMs ?? 30_000),
    random: callable('random', options.random ?? Math.random),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

function resolveSignals(signals: DegradationOptions['signals']): ResolvedSignal[] {
  if (!Array.isArray(signals)) throw new InvalidOptionError('signals', 'an array of signals', signals);
  wholeNumber('signals.length', signals.length, 1);
  const resolved = signals.map((signal: DegradationOptions['signals'][number], i): ResolvedSignal => {
    if (typeof signal === 'function')
      return { name: text(`signals[${i}].name`, signal.name), kind: 'capacity', signal: { read: signal } };
    const name = text(`signals[${i}].name`, object(`signals[${i}]`, signal).name);
    return {
      name,
      kind: oneOf(`signals[${i}].kind`, signal.kind ?? 'capacity', signalKinds),
      signal: methods(`signals[${i}]`, signal, 'read'),
    };
  });
  refuseDuplicates('signals', resolved);
  return resolved;
}

function refuseDuplicates(option: string, named: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of named) {
    if (seen.has(name)) throw new InvalidOptionError(option, 'of unique names', name);
    seen.add(name);
  }
}

function resolveRecovery(recovery: RecoveryOptions): ResolvedDegradationOptions['recovery'] {
  const holdOffMs = duration('recovery.holdOffMs', recovery.holdOffMs ?? 10_000);
  return {
    stepMs: duration('recovery.stepMs', recovery.stepMs ?? 5_000),
    holdOffMs,
    maxHoldOffMs: duration(
      'recovery.maxHoldOffMs',
      recovery.maxHoldOffMs ?? Math.max(300_000, holdOffMs),
      holdOffMs,
    ),
    calmMs: duration('recovery.calmMs', recovery.calmMs ?? 600_000, 1),
    maxRise: ratio('recovery.maxRise', recovery.maxRise ?? 0.1, 'over'),
    admissionMs: duration('recovery.admissionMs', recovery.admissionMs ?? 30_000, 1),
  };
}
