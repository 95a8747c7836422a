import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import { describe, expect, it } from 'vitest';

import { uniform } from './uniform.ts';

const entries = 4_000;
const loadMs = 100;
const ttlMs = 2_000;

/** How many of the entries are refreshed by one read each, so long before they expire. */
async function refreshedBy(leftMs: number, beta: number): Promise<number> {
  const clock = new ManualClock();
  const random = uniform(leftMs + beta);
  const cache = createCache({ namespace: 'n', ttlMs, clock, random, earlyRefresh: { beta } });
  let calls = 0;
  const load = (): Promise<number> => {
    calls += 1;
    return new Promise((resolve) => void clock.schedule(() => resolve(calls), loadMs));
  };
  const keys = Array.from({ length: entries }, (_, index) => `key ${index}`);
  const loading = Promise.all(keys.map((key) => cache.get(key, load)));
  await settle();
  clock.advanceSync(loadMs);
  await loading;
  clock.advanceSync(ttlMs - leftMs);
  for (const key of keys) await cache.get(key, load);
  await cache[Symbol.asyncDispose]();
  return calls - entries;
}

describe('earlyRefresh by chance', () => {
  it.each([
    [20, 1],
    [50, 1],
    [100, 1],
    [200, 1],
    [400, 1],
    [100, 2],
    [100, 0.5],
  ])(
    'refreshes %d ms before the end, with beta %d, as often as XFetch has it, within 3 sigma',
    async (leftMs, beta) => {
      const expected = Math.exp(-leftMs / (loadMs * beta));
      const sigma = Math.sqrt((expected * (1 - expected)) / entries);

      expect(Math.abs((await refreshedBy(leftMs, beta)) / entries - expected)).toBeLessThan(3 * sigma);
    },
  );

  it('never refreshes with beta 0, and never when the end has come', async () => {
    expect(await refreshedBy(1, 0)).toBe(0);
    expect(await refreshedBy(20 * loadMs, 1)).toBeLessThan(3);
  });
});
