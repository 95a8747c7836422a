import type { CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { describe, expect, it } from 'vitest';

import { play } from './script.ts';

/** Judges the last four calls, and opens for `openForMs` when three of them failed. */
const of4 = (openForMs: number, halfOpenCalls: number): CircuitBreakerOptions => ({
  window: { calls: 4 },
  minCalls: 4,
  failureRatio: 0.75,
  openForMs,
  halfOpen: { calls: halfOpenCalls },
});
const half: CircuitBreakerOptions = { window: { calls: 4 }, minCalls: 4, failureRatio: 0.5 };
const timed: CircuitBreakerOptions = { window: { durationMs: 1_000, buckets: 10 }, minCalls: 4 };
const two: CircuitBreakerOptions = { window: { calls: 2 }, failureRatio: 1 };
const slow: CircuitBreakerOptions = { window: { calls: 4 }, slow: { afterMs: 100, ratio: 0.5 } };

const rows: readonly (readonly [id: string, what: string, CircuitBreakerOptions, script: string])[] = [
  ['CB-01', 'opens, and refuses from then on', of4(50_000, 2), 'F F F F O O O [4]'],
  ['CB-02', 'closes after enough trial calls', of4(1, 2), 'F F F F +500 S S S [7] =closed'],
  ['CB-03', 'starts with an empty window when it closes', of4(1_000, 1), 'F F F F O +2000 S F F F F O [9]'],
  ['CB-04', 'judges after a success too', of4(1_000, 1), 'F F F S O +2000 S F F F S O [9]'],
  ['CB-05', 'carries no trial call into the new window', of4(1_000, 1), 'S F F F O +2000 S S F F F O [9]'],
  ['CB-06', 'opens again after one failed trial call', of4(1_000, 3), 'F F F F O +2000 S S F O [7]'],
  ['CB-07', 'judges the last calls only', half, 'S F S S F O'],
  ['CB-08', 'judges only when the window holds minCalls', half, 'S F F S O'],
  ['CB-09', 'opens at a ratio of 1', two, 'F F O O O O O [2]'],
  ['CB-10', 'takes a timeout for a failure', two, 'T T O'],
  [
    'CB-11',
    'never opens on timeouts that are classified as ignored',
    { ...two, classify: () => 'ignore' },
    'T T T T T T =closed',
  ],
  ['CB-12', 'ignores refusals of other policies', two, 'B B H H R R D D C C F B F O'],
  ['CB-12', 'counts refusals if told so', { ...two, classify: () => 'failure' }, 'B R O'],
  ['CB-13', 'stays closed when calls expire before there are enough', timed, 'F F F +1000 F F F =closed'],
  ['CB-14', 'adds up the end of one bucket and the start of the next', timed, 'F +99 F +1 F F O'],
  ['CB-15', 'still counts a call one millisecond before its age is up', timed, 'F F F +999 F O'],
  ['CB-15', 'no longer counts a call when its age is up', timed, 'F F F +1000 F =closed S S S =closed'],
  ['CB-16', 'forgets everything in a long silence', timed, 'F F F +10000 F S S =closed F =open'],
  ['CB-19', 'opens exactly at the ratio', { ...half, failureRatio: 0.25 }, 'S S S F O'],
  [
    'CB-32',
    'doubles the open time up to its bound',
    { ...two, halfOpen: { calls: 1 }, openForMs: 10, maxOpenForMs: 35 },
    'F F +9 O +1 F +19 O +1 F +34 O +1 F +34 O +1 S =closed',
  ],
  [
    'CB-32',
    'starts over after a stable time',
    { ...two, halfOpen: { calls: 1 }, openForMs: 10, stableForMs: 100 },
    'F F +10 F +20 S +100 F F +9 O +1 =half-open',
  ],
  [
    'CB-32',
    'goes on doubling without a stable time',
    { ...two, halfOpen: { calls: 1 }, openForMs: 10, stableForMs: 100 },
    'F F +10 F +20 S +99 F F +39 O +1 =half-open',
  ],
  [
    'T9',
    'closes with as many failed trial calls as are allowed',
    { ...of4(10, 3), halfOpen: { calls: 3, maxFailures: 1 } },
    'F F F F +10 F S =half-open S =closed',
  ],
  [
    'T13',
    'opens as soon as more trial calls failed than are allowed',
    { ...of4(10, 3), halfOpen: { calls: 3, maxFailures: 1 } },
    'F F F F +10 F F =open O',
  ],
  [
    'T14',
    'gives the place of an ignored trial call back',
    of4(10, 1),
    'F F F F +10 B B B =half-open S =closed',
  ],
  ['slow', 'does not take quick calls for slow', slow, 'S S S S S S =closed'],
];

describe('CircuitBreaker, in sequences', () => {
  it.each(rows)('%s: %s', async (_id, _what, options, script) => {
    await expect(play(options, script)).resolves.toBeDefined();
  });
});
