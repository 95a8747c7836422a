// A backend that 80 % of its capacity is asked for gets four times slower for a minute: how many callers have an answer within a second, behind which queue?
import { Bulkhead, type BulkheadOptions } from '@holdfast/bulkhead';
import { type Clock, type Policy } from '@holdfast/core';

import { type PhaseResult, simulate } from '../../../packages/bulkhead/test/simulation/simulation.ts';
import { type Lines, study } from '../harness/question.ts';
import { quantile } from '../harness/result.ts';

/** What the backend works on at once. */
const workers = 20;
/** A little more than that, so that the backend always has something to do. */
const limit = 26;
const load = 0.8;
const seeds = { thorough: [1, 2, 3], smoke: [1] } as const;
/** Of the length of a phase. */
const shares = { thorough: 1, smoke: 0.1 } as const;

interface Contender {
  readonly label: string;
  readonly policy: (clock: Clock) => Policy;
}

const behind = (label: string, options: BulkheadOptions): Contender => ({
  label,
  policy: (clock) => new Bulkhead({ ...options, clock }),
});

const contenders: readonly Contender[] = [
  { label: 'no limit', policy: () => ({ execute: async (operation) => operation(undefined as never) }) },
  behind('limit 26, no queue', { limit }),
  behind('limit 26, first in first out, 200 wait', { limit, maxQueued: 200, discipline: 'fifo' }),
  behind('limit 26, first in first out, 2000 wait', { limit, maxQueued: 2_000, discipline: 'fifo' }),
  behind('limit 26, CoDel 20/100 ms, 2000 wait', {
    limit,
    maxQueued: 2_000,
    targetWaitMs: 20,
    shedAfterMs: 100,
  }),
  behind('limit 26, CoDel 50/250 ms, 2000 wait', {
    limit,
    maxQueued: 2_000,
    targetWaitMs: 50,
    shedAfterMs: 250,
  }),
  behind('**limit 26, CoDel as by default, 200 wait**', { limit, maxQueued: 200 }),
  behind('**limit 26, CoDel as by default, 2000 wait**', { limit, maxQueued: 2_000 }),
  behind('**limit auto, no queue**', { limit: 'auto' }),
  behind('**limit auto, CoDel as by default, 200 wait**', { limit: 'auto', maxQueued: 200 }),
];

const columns: Lines['columns'] = [
  { title: 'before the backend', align: 'left' },
  { title: 'normal', align: 'right' },
  { title: 'slow (at most 31 %)', align: 'right' },
  { title: 'median answer while slow', align: 'right' },
  { title: 'first 10 s after', align: 'right' },
  { title: 'next 30 s', align: 'right' },
];

export default study(async (effort) => {
  const lines: (readonly string[])[] = [];
  for (const contender of contenders) {
    const runs: (readonly PhaseResult[])[] = [];
    for (const seed of seeds[effort]) runs.push(await run(contender, seed, shares[effort]));
    const share = (phase: number): string =>
      `${(100 * middle(runs.map((results) => results[phase]?.goodRatio ?? 0))).toFixed(1)} %`;
    const medianMs = middle(runs.map((results) => results[1]?.medianMs ?? Infinity));
    lines.push([
      contender.label,
      share(0),
      share(1),
      medianMs === Infinity ? 'none' : `${medianMs.toFixed(0)} ms`,
      share(2),
      share(3),
    ]);
  }
  return { columns, lines };
});

function run({ policy }: Contender, seed: number, share: number): Promise<readonly PhaseResult[]> {
  return simulate({
    workers,
    seed,
    policy,
    phases: [
      { name: 'normal', seconds: 30 * share, load },
      { name: 'slow', seconds: 60 * share, load, slowness: 4 },
      { name: 'just after', seconds: 10 * share, load },
      { name: 'later', seconds: 30 * share, load },
    ],
  });
}

function middle(values: readonly number[]): number {
  return quantile(values, 0.5);
}
