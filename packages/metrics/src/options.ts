import {
  type Clock,
  InvalidOptionError,
  methods,
  object,
  systemClock,
  text,
  wholeNumber,
} from '@holdfast/core';

import type { Family } from './family.ts';
import type { LabelValue } from './instruments/labelled.ts';
import { bucketBounds, labelNames, metricName, namePrefix } from './names.ts';

export interface MetricsOptions {
  /** In front of the names of everything bound, and of the registry's own metrics. Defaults to `'resilience_'`. */
  readonly prefix?: string | undefined;

  /** Most series of one histogram; each is a line per bucket. At least 1; defaults to 500. */
  readonly maxHistogramSeries?: number | undefined;

  /** Most series of one counter or gauge. At least 1; defaults to 2,000. */
  readonly maxSeries?: number | undefined;

  /** Most series of all instruments together. At least 1; defaults to 20,000. */
  readonly maxTotalSeries?: number | undefined;

  /** Defaults to the system clock. */
  readonly clock?: Clock | undefined;
}

/** What every instrument is told. */
export interface InstrumentOptions {
  /** One sentence for whoever meets the metric on a dashboard. */
  readonly help: string;
  readonly labels?: undefined;
}

/** What an instrument with several series is told. */
export interface LabelledOptions<Label extends string> {
  /** One sentence for whoever meets the metric on a dashboard. */
  readonly help: string;
  /** Names of the labels, all of which every series has. */
  readonly labels: readonly Label[];
  /** Most series of this metric; defaults to the registry's limit for the type. */
  readonly maxSeries?: number | undefined;
}

/** The buckets of a histogram. */
export interface BucketOptions {
  /** Upper bounds, finite and rising, in the metric's base unit; the bucket above the last one is implied. */
  readonly buckets: readonly number[];
}

/** A number that is read when somebody looks. */
export interface ObservableOptions {
  /** One sentence for whoever meets the metric on a dashboard. */
  readonly help: string;
  /** Called at each scrape; `undefined` leaves the metric out of it. */
  readonly read: () => number | undefined;
  readonly labels?: undefined;
}

/** Numbers that are read when somebody looks. */
export interface LabelledObservableOptions<Label extends string> {
  /** One sentence for whoever meets the metric on a dashboard. */
  readonly help: string;
  /** Names of the labels, all of which every series has. */
  readonly labels: readonly Label[];
  /** Most series of this metric; defaults to the registry's limit for the type. */
  readonly maxSeries?: number | undefined;
  /** Called at each scrape. Two readings with the same labels are added up. */
  readonly read: () => Iterable<{
    readonly labels: Readonly<Record<Label, LabelValue>>;
    readonly value: number;
  }>;
}

export interface ResolvedMetricsOptions {
  readonly prefix: string;
  readonly maxHistogramSeries: number;
  readonly maxSeries: number;
  readonly maxTotalSeries: number;
  readonly clock: Clock;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveOptions(options: MetricsOptions): ResolvedMetricsOptions {
  object('options', options);
  return {
    prefix: namePrefix('prefix', options.prefix ?? 'resilience_'),
    maxHistogramSeries: wholeNumber('maxHistogramSeries', options.maxHistogramSeries ?? 500, 1),
    maxSeries: wholeNumber('maxSeries', options.maxSeries ?? 2_000, 1),
    maxTotalSeries: wholeNumber('maxTotalSeries', options.maxTotalSeries ?? 20_000, 1),
    clock: methods('clock', options.clock ?? systemClock, 'now', 'epoch', 'schedule'),
  };
}

/** The shape of a metric: two callers may share a name only if they agree on all of it. */
export interface Definition {
  readonly type: Family['type'];
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Empty unless it is a histogram. */
  readonly bounds: readonly number[];
  readonly maxSeries: number;
}

interface Wanted {
  readonly help: string;
  readonly labels?: readonly string[] | undefined;
  readonly maxSeries?: number | undefined;
  readonly buckets?: readonly number[] | undefined;
}

/** @throws {InvalidOptionError} naming the first option out of range. */
export function resolveDefinition(
  type: Family['type'],
  name: string,
  wanted: Wanted,
  registry: ResolvedMetricsOptions,
): Definition {
  const limit = type === 'histogram' ? registry.maxHistogramSeries : registry.maxSeries;
  if (type === 'histogram' && !Array.isArray(wanted.buckets)) {
    throw new InvalidOptionError('buckets', 'a list of upper bounds', wanted.buckets);
  }
  return {
    type,
    name: metricName(type, name),
    help: text('help', wanted.help),
    labels: labelNames(type, wanted.labels ?? []),
    bounds: type === 'histogram' ? bucketBounds(wanted.buckets ?? []) : [],
    maxSeries: wholeNumber('maxSeries', wanted.maxSeries ?? limit, 1),
  };
}

/** The parts of a definition that must agree, in words that also serve as the comparison. */
export function shapeOf({ type, labels, bounds, help }: Definition): string {
  const buckets = type === 'histogram' ? ` and buckets [${bounds.join(', ')}]` : '';
  return `a ${type} with labels [${labels.join(', ')}]${buckets}, '${help}'`;
}
