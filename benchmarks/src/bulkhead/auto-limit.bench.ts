// What limit does `auto` find before a backend whose capacity it does not know, overloaded, for long, and while it is four times slower for a minute?
import { Bulkhead } from '@holdfast/bulkhead';

import {
  type Phase,
  type PhaseResult,
  simulate,
} from '../../../packages/bulkhead/test/simulation/simulation.ts';
import { type Lines, study } from '../harness/question.ts';
import { quantile } from '../harness/result.ts';

const seeds = { thorough: [1, 2, 3], smoke: [1] } as const;
/** Of the length of a phase. */
const shares = { thorough: 1, smoke: 0.1 } as const;
/** Median time of an answer that did not queue, in milliseconds. */
const unloadedMs = 25 + 25 * Math.LN2;

const phases: readonly Phase[] = [
  { name: 'half', seconds: 30, load: 0.5 },
  { name: 'settling', seconds: 10, load: 2 },
  { name: 'overload', seconds: 50, load: 2 },
  { name: 'settling', seconds: 40, load: 1.5 },
  { name: 'first', seconds: 20, load: 1.5 },
  { name: 'long', seconds: 220, load: 1.5 },
  { name: 'last', seconds: 20, load: 1.5 },
  { name: 'slow', seconds: 60, load: 0.5, slowness: 4 },
  { name: 'recovering', seconds: 10, load: 0.5 },
  { name: 'recovered', seconds: 30, load: 0.5 },
];

/** What is told of a run, from the results of its phases; `atMost` and `atLeast` are what we allow ourselves. */
interface Reading {
  readonly title: string;
  readonly of: (phase: (name: string) => PhaseResult, workers: number) => number;
  readonly show: (value: number) => string;
  readonly atLeast?: number;
  readonly atMost?: number;
}

const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const times = (value: number): string => value.toFixed(2);

const readings: readonly Reading[] = [
  { title: 'half load, answered', of: (phase) => phase('half').goodRatio, show: percent },
  {
    title: 'AL-04: 2 × overload, of what is possible',
    of: (phase) => phase('overload').usedRatio,
    show: percent,
    atLeast: 0.95,
  },
  {
    title: 'median answer, × unloaded',
    of: (phase) => phase('overload').medianMs / unloadedMs,
    show: times,
    atMost: 2,
  },
  {
    title: 'mean limit, × capacity',
    of: (phase, workers) => phase('overload').observed / workers,
    show: times,
    atLeast: 1,
    atMost: 2,
  },
  {
    title: 'AL-05: mean limit after five minutes, × after one',
    of: (phase) => phase('last').observed / phase('first').observed,
    show: times,
    atLeast: 0.8,
    atMost: 1.2,
  },
  {
    title: '4 × slower, of what is possible',
    of: (phase) => phase('slow').usedRatio,
    show: percent,
  },
  {
    title: 'AL-06: first 10 s after, answered',
    of: (phase) => phase('recovering').goodRatio,
    show: percent,
    atLeast: 0.9,
  },
  { title: 'next 30 s', of: (phase) => phase('recovered').goodRatio, show: percent, atLeast: 0.9 },
];

const columns: Lines['columns'] = [
  { title: 'capacity', align: 'right' },
  { title: 'queue', align: 'right' },
  { title: 'what', align: 'left' },
  { title: 'median of the seeds', align: 'right' },
  { title: 'over seeds', align: 'right' },
  { title: 'target', align: 'left' },
];

export default study(async (effort) => {
  const lines: (readonly string[])[] = [];
  for (const workers of [6, 20, 80]) {
    for (const maxQueued of [0, 10 * workers]) {
      const runs: (readonly PhaseResult[])[] = [];
      for (const seed of seeds[effort]) runs.push(await run(workers, maxQueued, seed, shares[effort]));
      for (const reading of readings)
        lines.push([String(workers), String(maxQueued), ...lineOf(reading, runs, workers)]);
    }
  }
  return { columns, lines };
});

function lineOf(reading: Reading, runs: readonly (readonly PhaseResult[])[], workers: number): string[] {
  const { title, of, show, atLeast = -Infinity, atMost = Infinity } = reading;
  const values = runs.map((results) =>
    of((name) => results.findLast((phase) => phase.name === name) as PhaseResult, workers),
  );
  const range = `${show(Math.min(...values))} to ${show(Math.max(...values))}`;
  const isMet = values.every((value) => value >= atLeast && value <= atMost);
  const bounds = [
    ...(atLeast === -Infinity ? [] : [`≥ ${atLeast}`]),
    ...(atMost === Infinity ? [] : [`≤ ${atMost}`]),
  ].join(', ');
  const verdict = bounds === '' ? '' : `${bounds}: ${isMet ? 'met' : '**missed**'}`;
  return [title, show(quantile(values, 0.5)), range, verdict];
}

/** Watches the limit too: each phase tells its mean over the seconds. */
function run(
  workers: number,
  maxQueued: number,
  seed: number,
  share: number,
): Promise<readonly PhaseResult[]> {
  let limits: number[] = [];
  let bulkhead: Bulkhead;
  return simulate({
    workers,
    seed,
    phases: phases.map(({ name, seconds, load, slowness }) => ({
      name,
      seconds: seconds * share,
      load,
      slowness,
    })),
    policy: (clock) => (bulkhead = new Bulkhead({ limit: 'auto', maxQueued, clock })),
    onSecond: () => limits.push(bulkhead.limit),
    observe: () => {
      const mean = limits.reduce((sum, limit) => sum + limit, 0) / limits.length;
      limits = [];
      return mean;
    },
  });
}
