import type { DegradationOptions } from '@holdfast/degradation';
import { describe, expect, it } from 'vitest';
import { Bench } from './support/bench.ts';

/** Of 1,000 users, how many are refused, from 0 to 1. */
function refusedShare({ degradation }: Bench, criticality: 'sheddable' | 'normal' | 'critical'): number {
  const users = Array.from({ length: 1_000 }, (_, i) => `user ${i}`);
  return users.filter((user) => !degradation.admit(criticality, user).admitted).length / users.length;
}

describe('calls that come in', () => {
  it('get one object for all, calm or not', () => {
    const bench = new Bench();
    expect(bench.degradation.admit('normal', 'alice')).toBe(bench.degradation.admit('normal', 'bob'));
    bench.hold(0.9, 1);
    const admitted = Array.from({ length: 100 }, (_, i) =>
      bench.degradation.admit('normal', `user ${i}`),
    ).filter((each) => each.admitted);

    expect(admitted.length).toBeGreaterThan(30);
    expect(new Set(admitted).size).toBe(1);
    expect(admitted[0]?.refusedRatio).toBeCloseTo(0.5);
  });
});

describe('critical calls', () => {
  /** A processor that is wholly busy, and work that waits. */
  const busyWith = (waiting: () => number): Partial<DegradationOptions> => ({
    signals: [
      { name: 'processor', kind: 'utilization', read: () => 1.2 },
      { name: 'queue', kind: 'queueing', read: waiting },
    ],
  });

  it('come in however busy the processor is, while little waits', () => {
    const bench = new Bench(busyWith(() => 0.5));
    bench.hold(0, 2);

    expect(bench.degradation).toMatchObject({ level: 'critical', score: 1.2 });
    expect(refusedShare(bench, 'normal')).toBe(1);
    expect(refusedShare(bench, 'critical')).toBe(0);
  });

  it('are refused by how much waits', () => {
    const bench = new Bench(busyWith(() => 1.035));
    bench.hold(0, 2);

    expect(refusedShare(bench, 'critical')).toBeCloseTo(0.5, 1);
  });

  it('come in again as soon as nothing waits, however slowly the score falls', () => {
    const bench = new Bench({ smoothing: { upHalfLifeMs: 0 } });
    bench.hold(1.2, 2);
    expect(refusedShare(bench, 'critical')).toBe(1);
    bench.hold(0.3, 1);

    expect(bench.degradation.score).toBeGreaterThan(1.1);
    expect(refusedShare(bench, 'critical')).toBe(0);
  });
});

describe('calls that were refused', () => {
  it('come back in 30 s once nothing waits, the normal ones in 20 s', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    bench.holdMs(0.2, 10_000);
    const shares = [0, 5_000, 5_000, 5_000, 5_000, 10_000].map((ms) => {
      bench.holdMs(0.2, ms);
      return [refusedShare(bench, 'normal'), refusedShare(bench, 'sheddable')].map((share) =>
        share.toFixed(1),
      );
    });

    expect(shares).toEqual([
      ['1.0', '1.0'],
      ['0.7', '1.0'],
      ['0.5', '1.0'],
      ['0.2', '0.7'],
      ['0.0', '0.5'],
      ['0.0', '0.0'],
    ]);
  });

  it('come back four times as slowly while work waits', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    bench.holdMs(0.5, 10_000);
    bench.holdMs(0.5, 40_000);

    expect(refusedShare(bench, 'normal')).toBeCloseTo(0.5, 1);
  });

  it('come back at once after a moment of waiting in level normal', () => {
    const bench = new Bench();
    bench.hold(1, 1);
    expect(refusedShare(bench, 'normal')).toBe(1);
    bench.hold(0.3, 1);

    expect(refusedShare(bench, 'sheddable')).toBe(0);
  });

  it('come back at once when they were critical', () => {
    const bench = new Bench();
    bench.hold(1.2, 2);
    expect(refusedShare(bench, 'critical')).toBe(1);
    bench.hold(0.9, 1);

    expect(refusedShare(bench, 'critical')).toBe(0);
  });

  it('come back in recovery.admissionMs if that is given, and at once by hand', () => {
    const quick = new Bench({ recovery: { admissionMs: 1_500 } });
    const byHand = new Bench();
    for (const bench of [quick, byHand]) {
      bench.hold(0.96, 2);
      bench.holdMs(0.2, 10_000);
    }
    quick.holdMs(0.2, 1_500);
    byHand.degradation.force('normal', 1_000);

    expect(refusedShare(quick, 'sheddable')).toBe(0);
    expect(refusedShare(byHand, 'sheddable')).toBe(0);
  });

  it('are told of once a second while there are some', () => {
    const bench = new Bench();
    bench.hold(0.96, 2);
    for (let i = 0; i < 40; i += 1) {
      if (i < 20) for (let call = 0; call < 100; call += 1) bench.degradation.admit('normal', `user ${call}`);
      bench.hold(0.96, 1);
    }
    const reports = bench.events.filter((event) => event.type === 'admission-refused');

    // 2,000 refusals in 5 s.
    expect(reports).toHaveLength(6);
    expect(reports.map(({ refused }) => refused.normal).reduce((sum, each) => sum + each)).toBe(2_000);
    expect(Math.min(...reports.map(({ durationMs }) => durationMs))).toBeGreaterThanOrEqual(1_000);
  });
});
