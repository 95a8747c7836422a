import { methods } from '@holdfast/core';

import type { Family, Sample } from '../family.ts';
import type { Definition, LabelledObservableOptions, ObservableOptions } from '../options.ts';
import type { SelfReport, Watched } from '../self-report.ts';
import { Counter } from './counter.ts';
import { Gauge } from './gauge.ts';
import type { Histogram } from './histogram.ts';
import { Labelled, type LabelValue } from './labelled.ts';
import type { Tally } from './tally.ts';

export type Readings = Iterable<{
  readonly labels: Readonly<Record<string, LabelValue>>;
  readonly value: number;
}>;

export function scalarFamily(definition: Definition, series: Labelled<Counter | Gauge, string>): Family {
  return { ...scalar(definition), collect: () => samplesOf(series) };
}

export function histogramFamily(definition: Definition, series: Labelled<Histogram, string>): Family {
  const { name, help, bounds } = definition;
  const collect = (): ReturnType<Histogram['read']>[] => series.children().map((child) => child.read());
  return { type: 'histogram', name, help, bounds, collect };
}

/**
 * A family that calls `read` whenever it is collected; a `read` that throws leaves it empty and is reported, and a value that is
 * none is left out and counted.
 */
export function observableFamily(
  definition: Definition,
  read: () => Readings,
  report: SelfReport,
): { readonly family: Family; readonly watched: Watched } {
  const { type, name, labels, maxSeries } = definition;
  const tally: Tally = { folded: 0, invalid: 0 };
  const create = type === 'counter' ? Counter : Gauge;
  let size = 0;
  const collect = (): readonly Sample[] => {
    const series = new Labelled<Counter | Gauge, string>({
      labels,
      maxSeries,
      budget: { remaining: maxSeries },
      tally,
      create: (place) => new create(place),
      onOverflow: (busiest) => report.overflowed(name, busiest),
    });
    try {
      for (const { labels: values, value } of heard(read())) {
        // Left out before there is a series: that would read 0, which nobody has read.
        if (fits(type, heard(value))) series.with(values).add(value);
        else tally.invalid += 1;
      }
    } catch (error) {
      report.failed(name, name, error);
      return [];
    }
    size = series.size;
    return samplesOf(series);
  };
  return { family: { ...scalar(definition), collect }, watched: { tally, size: () => size } };
}

/** What a callback gave. If that is a promise by mistake it is no reading, and how it ends is nobody's business any more. */
function heard<Given>(given: Given): Given {
  if (given instanceof Promise) given.catch(() => undefined);
  return given;
}

/** Whether an instrument of the type would take the value. */
function fits(type: Definition['type'], value: unknown): boolean {
  if (typeof value !== 'number' || Number.isNaN(value)) return false;
  return type !== 'counter' || (value >= 0 && value < Infinity);
}

/** The callback of an observable metric in one form, whether it has labels or not. */
export function readingsOf(options: ObservableOptions | LabelledObservableOptions<string>): () => Readings {
  methods<{ readonly read: unknown }>('options', options, 'read');
  if (options.labels !== undefined) return () => options.read();
  return () => {
    const value = options.read();
    return value === undefined ? [] : [{ labels: {}, value }];
  };
}

function scalar({ type, name, help }: Definition): {
  readonly type: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
} {
  return { type: type === 'counter' ? 'counter' : 'gauge', name, help };
}

function samplesOf(series: Labelled<Counter | Gauge, string>): readonly Sample[] {
  return series.children().map(({ labels, value }) => ({ labels, value }));
}
