import type { CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { describe, expect, it } from 'vitest';

import { play, type Row } from './script.ts';

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
const two: CircuitBreakerOptions = {
  window: { calls: 2 },
  failureRatio: 1,
  openForMs: 10,
  halfOpen: { calls: 1, leaseMs: 50 },
};
const slow: CircuitBreakerOptions = { window: { calls: 10 }, slow: { afterMs: 100, ratio: 0.5 } };

const rows: readonly Row[] = [
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
    'never opens on timeouts that are ignored',
    { ...two, classify: () => 'ignore' },
    'T T T T T =closed',
  ],
  ['CB-12', 'ignores refusals of other policies', two, 'N N H H R R D D C C F N F O'],
  ['CB-12', 'counts refusals if told so', { ...two, classify: () => 'failure' }, 'N R O'],
  ['CB-13', 'stays closed when calls expire before there are enough', timed, 'F F F +1000 F F F =closed'],
  ['CB-14', 'adds up the end of one bucket and the start of the next', timed, 'F +99 F +1 F F O'],
  ['CB-15', 'still counts a call one millisecond before its age is up', timed, 'F F F +999 F O'],
  ['CB-15', 'no longer counts a call when its age is up', timed, 'F F F +1000 F =closed S S S =closed'],
  ['CB-16', 'forgets everything in a long silence', timed, 'F F F +10000 F S S =closed F =open'],
  [
    'CB-17',
    'does not mind a wall clock that goes back',
    timed,
    'F F wall-3600000 F F =open retry:5000 +5000 =half-open',
  ],
  ['CB-19', 'opens exactly at the ratio', { ...half, failureRatio: 0.25 }, 'S S S F O'],
  [
    'CB-20',
    'ignores an old failure while half-open',
    two,
    'a( F F +10 b( a)F =half-open b)S =closed stale:1',
  ],
  ['CB-21', 'ignores an old success while half-open', two, 'a( F F +10 b( a)S =half-open b)F =open stale:1'],
  ['CB-22', 'ignores an earlier round', two, 'F F +10 a( +70 b( a)S =half-open -( stale:1 b)S =closed'],
  ['CB-23', 'gives the place of an ignored trial call back', two, 'F F +10 N N N =half-open S =closed'],
  ['CB-25', 'goes on though no trial call ever ends', two, 'F F +10 a( +50 -( +20 b( +50 -( +40 S =closed'],
  [
    'CB-27',
    'never has more trial calls than the round',
    { ...two, halfOpen: { calls: 2 } },
    'F F +10 a( b( -( a)N c( -( O',
  ],
  [
    'CB-28',
    'opens once for many failures at once',
    two,
    'a( b( c( d( a)F b)F c)F d)F opened:1 stale:2 retry:10',
  ],
  [
    'CB-32',
    'doubles the open time up to its bound',
    { ...two, maxOpenForMs: 35 },
    'F F +9 O +1 F +19 O +1 F +34 O +1 F +34 O +1 S =closed',
  ],
  [
    'CB-32',
    'starts over after a stable time',
    { ...two, stableForMs: 100 },
    'F F +10 F +20 S +100 F F +9 O +1 =half-open',
  ],
  [
    'CB-32',
    'goes on doubling without',
    { ...two, stableForMs: 100 },
    'F F +10 F +20 S +99 F F +39 O +1 =half-open',
  ],
  [
    'CB-33',
    'opens on slow calls that succeed',
    slow,
    'a( b( c( d( e( f( g( h( i( j( +150 a)S b)S c)S d)S e)S f)S g)S h)S i)S =closed j)S =open last:opened/slow-ratio',
  ],
  ['CB-33', 'does not take quick calls for slow', slow, 'S S S S S S S S S S S =closed'],
  [
    'CB-34',
    'opens on slow calls that have not ended',
    slow,
    'a( b( c( d( e( f( g( h( i( j( +100 -( =open last:opened/slow-in-flight',
  ],
  [
    'CB-35',
    'keeps an open circuit open for what is left',
    two,
    'F F +4 restart =open retry:6 +6 =half-open S =closed',
  ],
  [
    'CB-35',
    'takes what has passed off the open time',
    { ...two, openForMs: 100 },
    'F F +30 restart +69 O +1 S =closed',
  ],
  [
    'CB-35',
    'lets a half-open circuit begin a new round',
    two,
    'F F +10 a( restart =half-open b( -( a)F b)S =closed',
  ],
  ['CB-35', 'keeps what a window of calls held', half, 'F S F restart S =open'],
  ['CB-35', 'keeps what a window of time held', timed, 'F +500 F F restart +499 F =open'],
  ['CB-35', 'goes on expiring what a window of time held', timed, 'F +500 F F restart +500 F =closed'],
  ['CB-35', 'remembers openings in a row', two, 'F F +10 F restart +20 F retry:40'],
  [
    'CB-35',
    'remembers how long it was closed',
    { ...two, stableForMs: 100 },
    'F F +10 S +60 restart +40 F F retry:10',
  ],
  [
    'CB-35',
    'closes an isolated circuit, whose handles are gone',
    two,
    'F isolate:x restart =closed F =closed F =open',
  ],
  [
    'CB-35',
    'does not open for longer because a wall clock went back',
    two,
    'F F wall-99999 restart +10 S =closed',
  ],
];

describe('§9.2, sequences', () => {
  it.each(rows)('%s: %s', async (_id, _what, options, script) => {
    await expect(play(options, script)).resolves.toBeUndefined();
  });
});
