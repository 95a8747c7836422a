import { hours } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { HitRatioCurve, type HitRatioCurveOptions } from '@holdfast/tiered-cache/insight';
import { describe, expect, it } from 'vitest';

import { lruHitRatio } from './model/lru-hit-ratio.ts';
import { randomOf } from './model/random.ts';
import { inTurns, loopTrace, scanTrace, zipfTrace } from './model/traces.ts';

function curveOf(trace: readonly string[], options: HitRatioCurveOptions): HitRatioCurve {
  const curve = new HitRatioCurve({ clock: new ManualClock(), random: randomOf(3), ...options });
  for (const key of trace) curve.record(key);
  return curve;
}

describe('HitRatioCurve', () => {
  it('gives the hit ratio for an eighth of the entries up to eight times as many', () => {
    const curve = curveOf(loopTrace(100, 10_000), { entries: 80 });

    expect(curve.curve()).toEqual([
      { entries: 10, hitRatio: 0 },
      { entries: 20, hitRatio: 0 },
      { entries: 40, hitRatio: 0 },
      { entries: 80, hitRatio: 0 },
      { entries: 160, hitRatio: 1 },
      { entries: 320, hitRatio: 1 },
      { entries: 640, hitRatio: 1 },
    ]);
  });

  it('gives each size once where an eighth is less than one entry', () => {
    const sizes = curveOf(['a'], { entries: 3 })
      .curve()
      .map(({ entries }) => entries);

    expect(sizes).toEqual([1, 2, 3, 6, 12, 24]);
  });

  it('knows nothing before a read', () => {
    const curve = curveOf([], { entries: 10 });

    expect(curve.hitRatio(10)).toBe(0);
    expect(curve.samples).toBe(0);
  });

  it('counts the observations that it is made of', () => {
    const { samples } = curveOf(loopTrace(100, 16_000), { entries: 80 });

    expect(samples).toBeGreaterThan(900);
    expect(samples).toBeLessThan(1_100);
  });

  const steady = {
    'reads by Zipf of 20,000 keys': zipfTrace(20_000, 300_000),
    'very uneven reads': zipfTrace(20_000, 300_000, 1.1),
    'rather even reads': zipfTrace(20_000, 300_000, 0.6),
    'a loop that fits': loopTrace(1_600, 200_000),
    'a loop that does not fit': loopTrace(2_800, 200_000),
    'a scan': scanTrace(200_000),
    'reads by Zipf during a scan': inTurns(zipfTrace(20_000, 150_000), scanTrace(150_000)),
    'reads by Zipf beside a loop': inTurns(zipfTrace(20_000, 150_000), loopTrace(3_200, 150_000)),
  };
  const changing = {
    'turns of a loop and a scan': inTurns(loopTrace(1_000, 150_000), scanTrace(150_000), 5_000),
    'turns of reads by Zipf and a scan': inTurns(zipfTrace(20_000, 150_000), scanTrace(150_000), 10_000),
    'turns of reads by Zipf and a loop': inTurns(
      zipfTrace(20_000, 150_000),
      loopTrace(3_200, 150_000),
      10_000,
    ),
  };

  it.each(Object.entries(steady))('is within 0.02 of the true ratio for %s', (_, trace) => {
    for (const { entries, hitRatio } of curveOf(trace, { entries: 2_000 }).curve())
      expect(Math.abs(hitRatio - lruHitRatio(trace, entries)), `at ${entries}`).toBeLessThan(0.02);
  });

  it.each(Object.entries(changing))('is the true ratio of half to twice the size for %s', (_, trace) => {
    for (const { entries, hitRatio } of curveOf(trace, { entries: 2_000 }).curve()) {
      expect(hitRatio, `at ${entries}`).toBeGreaterThan(lruHitRatio(trace, entries / 2) - 0.02);
      expect(hitRatio, `at ${entries}`).toBeLessThan(lruHitRatio(trace, entries * 2) + 0.02);
    }
  });

  it('finds a loop again after two million keys that never came back', () => {
    const clock = new ManualClock();
    const curve = curveOf(scanTrace(2_000_000), { entries: 1_000, clock });
    expect(curve.hitRatio(8_000)).toBeLessThan(0.001);

    clock.advanceSync(hours(24));
    for (const key of loopTrace(1_500, 200_000)) curve.record(key);

    expect(curve.hitRatio(1_000)).toBeLessThan(0.01);
    expect(curve.hitRatio(2_000)).toBeGreaterThan(0.99);
  });

  it('keeps no timer', () => {
    const clock = new ManualClock();
    curveOf(loopTrace(10, 1_000), { entries: 10, clock }).curve();

    expect(clock.pending()).toBe(0);
  });

  it.each([
    [{}, 'entries must be a whole number of at least 1, got undefined'],
    [{ entries: 0 }, 'entries must be'],
    [{ entries: 10, maxWatched: 15 }, 'maxWatched must be a whole number from 16 to 1048576, got 15'],
    [{ entries: 10, halfLifeMs: -1 }, 'halfLifeMs must be'],
    [{ entries: 10, clock: 1 }, 'clock must be'],
    [{ entries: 10, random: 1 }, 'random must be'],
  ])('refuses %o', (options, message) => {
    expect(() => new HitRatioCurve(options as never)).toThrow(message);
  });

  it('refuses a size beyond its reach', () => {
    const curve = curveOf([], { entries: 10 });

    expect(() => curve.hitRatio(81)).toThrow('entries must be a whole number from 1 to 80, got 81');
    expect(() => curve.hitRatio(0)).toThrow('entries must be');
  });
});
