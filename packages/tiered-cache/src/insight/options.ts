import {
  callable,
  type Clock,
  hours,
  InvalidOptionError,
  methods,
  object,
  ratio,
  systemClock,
  wholeNumber,
} from '@holdfast/core';

/** How a stream of reads is sampled, and how what was counted fades. */
export interface SamplingOptions {
  /**
   * What was counted loses half of its weight each time that so many milliseconds are over, from 1. `Infinity` keeps
   * all. Defaults to one hour.
   */
  readonly halfLifeMs?: number | undefined;
  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
  /** Gives numbers from 0 to under 1. Defaults to `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export interface HotKeysOptions extends SamplingOptions {
  /** Most keys counted at once, from 1. Defaults to 4,096: room to name a few hundred hot keys reliably. */
  readonly maxKeys?: number | undefined;
  /**
   * Share of the reads that are counted, over 0 and up to 1, drawn at random. Defaults to 1/64, which names some 85 of
   * the 100 hottest keys after a million reads. Take 1 where there are few reads: to count one costs some 0.1 µs.
   */
  readonly sampleRatio?: number | undefined;
}

export interface HitRatioCurveOptions extends SamplingOptions {
  /** The size in question, in entries, from 1: the `maxEntries` that the first tier has. */
  readonly entries: number;
  /** Most keys watched at once, from 16. More of them settle the curve sooner. Defaults to 1,024. */
  readonly maxWatched?: number | undefined;
}

/** All options given. */
type Resolved<Options> = { readonly [Option in keyof Options]-?: NonNullable<Options[Option]> };

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveHotKeysOptions(options: HotKeysOptions): Resolved<HotKeysOptions> {
  object('options', options);
  return {
    maxKeys: wholeNumber('maxKeys', options.maxKeys ?? 4_096, 1, 2 ** 24),
    sampleRatio: ratio('sampleRatio', options.sampleRatio ?? 1 / 64, 'over'),
    ...resolveSampling(options),
  };
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveHitRatioCurveOptions(options: HitRatioCurveOptions): Resolved<HitRatioCurveOptions> {
  object('options', options);
  return {
    entries: wholeNumber('entries', options.entries, 1),
    maxWatched: wholeNumber('maxWatched', options.maxWatched ?? 1_024, 16, 2 ** 20),
    ...resolveSampling(options),
  };
}

function resolveSampling({ halfLifeMs = hours(1), ...options }: SamplingOptions): Resolved<SamplingOptions> {
  if (typeof halfLifeMs !== 'number' || !(halfLifeMs >= 1))
    throw new InvalidOptionError('halfLifeMs', 'a number of milliseconds of at least 1', halfLifeMs);
  return {
    halfLifeMs,
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
    random: callable('random', options.random ?? Math.random),
  };
}
