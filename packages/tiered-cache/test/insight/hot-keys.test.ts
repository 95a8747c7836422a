import { hours } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { HotKeys } from '@holdfast/tiered-cache/insight';
import { describe, expect, it } from 'vitest';

import { randomOf } from './model/random.ts';
import { scanTrace, zipfTrace } from './model/traces.ts';

function every(options: { readonly maxKeys?: number } = {}): { hotKeys: HotKeys; clock: ManualClock } {
  const clock = new ManualClock();
  return { hotKeys: new HotKeys({ sampleRatio: 1, clock, ...options }), clock };
}

function read(hotKeys: HotKeys, key: string, times: number): void {
  for (let time = 0; time < times; time += 1) hotKeys.record(key);
}

const namesOf = (hotKeys: HotKeys, limit?: number): readonly string[] =>
  hotKeys.top(limit).map(({ key }) => key);

describe('HotKeys', () => {
  it('names the hottest keys first, with how often they were read', () => {
    const { hotKeys } = every();
    read(hotKeys, 'user:1', 3);
    read(hotKeys, 'user:2', 5);
    read(hotKeys, 'user:3', 1);

    expect(hotKeys.top(2)).toEqual([
      { key: 'user:2', count: 5, error: 0 },
      { key: 'user:1', count: 3, error: 0 },
    ]);
  });

  it('is empty before the first read', () => {
    expect(every().hotKeys.top()).toEqual([]);
  });

  it('says how much of a count may belong to a key that was pushed out', () => {
    const { hotKeys } = every({ maxKeys: 1 });
    read(hotKeys, 'old', 4);
    read(hotKeys, 'new', 2);

    expect(hotKeys.top()).toEqual([{ key: 'new', count: 6, error: 4 }]);
  });

  it('halves counts when a half-life is over, also several at once and without any read', () => {
    const { hotKeys, clock } = every({ maxKeys: 2 });
    read(hotKeys, 'a', 8);
    clock.advanceSync(hours(1) - 1);
    expect(hotKeys.top()).toEqual([{ key: 'a', count: 8, error: 0 }]);

    clock.advanceSync(1);
    expect(hotKeys.top()).toEqual([{ key: 'a', count: 4, error: 0 }]);

    clock.advanceSync(hours(2.5));
    expect(hotKeys.top()).toEqual([{ key: 'a', count: 1, error: 0 }]);
    clock.advanceSync(hours(0.5));
    expect(hotKeys.top()).toEqual([{ key: 'a', count: 0.5, error: 0 }]);
  });

  it('halves what may belong to others along with the count', () => {
    const { hotKeys, clock } = every({ maxKeys: 1 });
    read(hotKeys, 'old', 4);
    read(hotKeys, 'new', 2);
    clock.advanceSync(hours(1));

    expect(hotKeys.top()).toEqual([{ key: 'new', count: 3, error: 2 }]);
  });

  it('lets the heroes of yesterday make room for those of today', () => {
    const { hotKeys, clock } = every();
    read(hotKeys, 'yesterday', 1_000);
    clock.advanceSync(hours(24));
    read(hotKeys, 'today', 2);

    expect(namesOf(hotKeys)).toEqual(['today', 'yesterday']);
  });

  it('never fades with an infinite half-life', () => {
    const clock = new ManualClock();
    const hotKeys = new HotKeys({ sampleRatio: 1, halfLifeMs: Infinity, clock });
    hotKeys.record('a');
    clock.advanceSync(hours(1e6));

    expect(hotKeys.top()).toEqual([{ key: 'a', count: 1, error: 0 }]);
  });

  it('keeps no timer', () => {
    const { hotKeys, clock } = every();
    read(hotKeys, 'a', 100);

    expect(clock.pending()).toBe(0);
  });

  it('still names the hot keys after a scan of a million keys that never come back', () => {
    const { hotKeys } = every({ maxKeys: 256 });
    const rows = scanTrace(1_000_000);
    for (const [index, row] of rows.entries()) {
      hotKeys.record(row);
      if (index % 20 === 0) hotKeys.record(`hot:${index % 3}`);
    }

    expect(namesOf(hotKeys, 3).toSorted()).toEqual(['hot:0', 'hot:1', 'hot:2']);
    expect(namesOf(hotKeys)).toHaveLength(256);
  });

  it('counts a sample and scales it up', () => {
    const hotKeys = new HotKeys({ sampleRatio: 0.1, random: randomOf(11), clock: new ManualClock() });
    read(hotKeys, 'a', 100_000);

    const [hottest] = hotKeys.top();
    expect(hottest?.count).toBeGreaterThan(97_000);
    expect(hottest?.count).toBeLessThan(103_000);
  });

  it('does not fall into step with the rhythm of the reads', () => {
    const hotKeys = new HotKeys({ sampleRatio: 1 / 16, random: randomOf(11), clock: new ManualClock() });
    for (let round = 0; round < 20_000; round += 1)
      for (let key = 0; key < 16; key += 1) hotKeys.record(`step:${key}`);

    const counts = hotKeys.top().map(({ count }) => count);
    expect(counts).toHaveLength(16);
    expect(Math.min(...counts)).toBeGreaterThan(18_000);
    expect(Math.max(...counts)).toBeLessThan(22_000);
  });

  it('names at least 80 of the 100 hottest of 50,000 keys from a 64th of a million reads', () => {
    const hotKeys = new HotKeys({ random: randomOf(11), clock: new ManualClock() });
    for (const key of zipfTrace(50_000, 1_000_000, 0.99)) hotKeys.record(key);

    const hottest = new Set(Array.from({ length: 100 }, (_, rank) => `user:${rank}`));
    expect(namesOf(hotKeys, 100).filter((key) => hottest.has(key)).length).toBeGreaterThanOrEqual(80);
  });

  it.each([
    [{ maxKeys: 0 }, 'maxKeys must be a whole number from 1 to 16777216, got 0'],
    [{ maxKeys: 1.5 }, 'maxKeys must be'],
    [{ maxKeys: 2 ** 40 }, 'maxKeys must be'],
    [{ sampleRatio: 0 }, 'sampleRatio must be a number over 0, up to 1, got 0'],
    [{ sampleRatio: 1.1 }, 'sampleRatio must be'],
    [{ sampleRatio: Number.NaN }, 'sampleRatio must be'],
    [{ halfLifeMs: 0 }, 'halfLifeMs must be a number of milliseconds of at least 1, got 0'],
    [{ halfLifeMs: Number.NaN }, 'halfLifeMs must be'],
    [{ halfLifeMs: '1h' }, "halfLifeMs must be a number of milliseconds of at least 1, got '1h'"],
    [{ clock: {} }, 'clock must be an object with now(), epoch(), schedule(), got an object'],
    [{ random: 1 }, 'random must be a function, got 1'],
  ])('refuses %o', (options, message) => {
    expect(() => new HotKeys(options as never)).toThrow(message);
  });

  it('refuses a limit that is no count', () => {
    expect(() => every().hotKeys.top(0)).toThrow('limit must be a whole number of at least 1, got 0');
  });
});
