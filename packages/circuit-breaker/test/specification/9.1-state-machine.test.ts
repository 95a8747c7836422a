import type { CircuitBreakerOptions } from '@holdfast/circuit-breaker';
import { describe, expect, it } from 'vitest';

import { play, type Row } from './script.ts';

/** Opens at the second failure of two for 100 ms; one trial call, which may take 50 ms. */
const two: CircuitBreakerOptions = {
  window: { calls: 2 },
  failureRatio: 1,
  openForMs: 100,
  halfOpen: { calls: 1, leaseMs: 50 },
};
const probes = (calls: number, failures: number): CircuitBreakerOptions => ({
  ...two,
  halfOpen: { calls, maxFailures: failures, leaseMs: 50 },
});
const slow: CircuitBreakerOptions = {
  ...two,
  window: { calls: 4 },
  minCalls: 2,
  slow: { afterMs: 30, ratio: 0.5 },
};

const rows: readonly Row[] = [
  ['T1', 'opens on failures', two, 'F F =open last:opened/failure-ratio retry:100 opened:1'],
  ['T1', 'opens on slow calls', slow, 'a( b( +29 a)S +1 b)S =open last:opened/slow-ratio'],
  [
    'T1',
    'takes failures before slow calls for the reason',
    slow,
    'a( b( +30 a)F b)F last:opened/failure-ratio',
  ],
  ['T2', 'stays closed below the ratio', two, 'F S F S F S =closed opened:0'],
  ['T2', 'stays closed below minCalls', slow, 'a( +30 a)F =closed'],
  ['T3', 'learns nothing from ignored calls', two, 'F N N N N N N =closed F =open'],
  [
    'T4',
    'opens on calls under way that are slow already',
    slow,
    'a( b( +30 -( =open last:opened/slow-in-flight',
  ],
  ['T4', 'does not open a moment before', slow, 'a( b( +29 c( =closed'],
  ['T4', 'asks for minCalls', slow, 'a( +30 b( =closed +30 -( =open'],
  ['T4', 'counts those in the window with them', slow, 'a( +30 b( a)S c( d( +29 =closed c)S +1 -( =open'],
  ['T4', 'counts quick calls against them', slow, 'a( b( S S S S +30 c( d( =closed +30 -( =open'],
  ['T4', 'does not count those that have ended', slow, 'a( b( +30 a)N c( b)N d( =closed'],
  ['T4', 'drops the results of those that opened it', slow, 'a( b( +30 -( a)S b)S stale:2 =open'],
  ['T5', 'refuses while open and says for how long', two, 'F F +99 -( O retry:1 +1 =half-open'],
  ['T6', 'lets a trial call through when the time is up', two, 'F F +100 a( last:half-opened/open-time-over'],
  [
    'T7',
    'reads half-open without a transition',
    two,
    'F F +100 =half-open retry:0 last:opened/failure-ratio',
  ],
  [
    'T8',
    'drops what ends after the opening',
    two,
    'a( b( c( d( a)F b)F +40 c)F d)S stale:2 opened:1 retry:60 =open',
  ],
  [
    'T9',
    'lets as many trial calls through as there is room for',
    probes(3, 0),
    'F F +100 a( b( c( -( =half-open',
  ],
  ['T9', 'closes with as many failures as are allowed', probes(3, 1), 'F F +100 F S =half-open S =closed'],
  ['T10', 'fails a trial call at the end of its lease', two, 'F F +100 a( +49 -( =half-open +1 -( =open'],
  ['T10', 'says so', two, 'F F +100 a( +50 -( last:opened/probe-lease-ended retry:200 opened:2'],
  ['T11', 'names the end of the lease', two, 'F F +100 a( +20 -( retry:30'],
  ['T11', 'names the lease that decides', probes(2, 1), 'F F +100 a( +10 b( -( retry:50'],
  [
    'T12',
    'closes when enough succeeded',
    probes(2, 0),
    'F F +100 S =half-open S =closed last:closed/recovered',
  ],
  ['T12', 'begins with an empty window', two, 'F F +100 S F =closed F =open'],
  ['T13', 'opens for twice as long', two, 'F F +100 F =open last:opened/probe-failed retry:200 opened:2'],
  [
    'T13',
    'opens as soon as more failed than allowed',
    probes(3, 1),
    'F F +100 a( F =half-open F =open a)S stale:1',
  ],
  ['T13', 'takes a slow trial call for failed', slow, 'F F +100 a( +30 a)S =open last:opened/probe-failed'],
  ['T14', 'gives the place of an ignored trial call back', two, 'F F +100 N N a( -( a)N S =closed'],
  ['T15', 'drops results of before', two, 'a( b( F F +100 c( a)S b)F -( stale:2 =half-open c)S =closed'],
  ['T16', 'refuses everything while isolated', two, 'isolate:x =isolated -( O retry:undefined last:rejected'],
  [
    'T16',
    'isolates from any state',
    two,
    'F F isolate:x =isolated release:x F F +200 a( isolate:y =isolated',
  ],
  [
    'T17',
    'closes with the last handle',
    two,
    'isolate:x isolate:y release:x release:x =isolated release:y =closed',
  ],
  ['T17', 'begins with an empty window', two, 'F isolate:x release:x last:closed/released F =closed F =open'],
  [
    'T18',
    'drops results while isolated, and after',
    two,
    'a( b( isolate:x a)F release:x b)F stale:2 =closed F F =open',
  ],
  ['T19', 'closes from open', two, 'F F reset =closed last:closed/reset F F retry:100'],
  ['T19', 'closes from half-open', two, 'F F +100 F +200 a( reset =closed a)F stale:1 F F retry:100'],
  [
    'T19',
    'closes from isolated, whose handle then does nothing',
    two,
    'isolate:x reset isolate:y release:x =isolated',
  ],
  ['T19', 'empties the window of a closed circuit', two, 'F reset F =closed F =open'],
  [
    'T20',
    'computes in shadow what would happen and lets all calls through',
    { ...two, mode: 'shadow' },
    'F F =open last:opened/failure-ratio/shadow S last:rejected/shadow retry:0 [3] +99 F =open +1 S =closed [5]',
  ],
  [
    'T20',
    'learns in shadow only from the calls that it would have let through',
    { ...two, mode: 'shadow' },
    'F F +100 a( b( b)F =half-open a)S =closed stale:0',
  ],
  [
    'T20',
    'lets calls through in shadow though isolated',
    { ...two, mode: 'shadow' },
    'isolate:x S S [2] =isolated',
  ],
  [
    'T20',
    'goes on from shadow in earnest',
    { ...two, mode: 'shadow' },
    'F F S mode:on O retry:100 +100 S =closed',
  ],
  [
    'T21',
    'neither refuses nor counts when off',
    { ...two, mode: 'off' },
    'F F F F =disabled retry:0 opened:0 [4]',
  ],
  [
    'T21',
    'begins afresh when switched on',
    { ...two, mode: 'off' },
    'a( F F mode:on =closed a)F F =closed F =open',
  ],
  ['T21', 'forgets its state when switched off', two, 'F F mode:off S =disabled mode:on S =closed'],
  [
    'T22',
    'forgets earlier openings once stable',
    { ...two, stableForMs: 500 },
    'F F +100 S +500 F F retry:100',
  ],
  ['T22', 'remembers them until then', { ...two, stableForMs: 500 }, 'F F +100 S +499 F F retry:200'],
  [
    'T23',
    'is suspected: trial calls decide',
    two,
    'F suspect =half-open last:half-opened/suspected a( -( a)S =closed',
  ],
  ['T23', 'opens from suspicion only by trial calls', two, 'suspect opened:0 F =open retry:100 opened:1'],
  ['T23', 'does not mind suspicion in any other state', two, 'F F suspect =open isolate:x suspect =isolated'],
  ['T23', 'does not mind suspicion when off', { ...two, mode: 'off' }, 'suspect =disabled mode:on =closed'],
];

// T24, a listener that throws, is in circuit-breaker.test.ts.
describe('§9.1, the state machine', () => {
  it.each(rows)('%s: %s', async (_id, _what, options, script) => {
    await expect(play(options, script)).resolves.toBeUndefined();
  });
});
