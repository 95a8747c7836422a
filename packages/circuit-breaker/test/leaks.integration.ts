import { getEventListeners } from 'node:events';

import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { startChild } from '@holdfast/test-support';
import { describe, expect, it } from 'vitest';

interface Report {
  readonly acquired: number;
  readonly executed: number;
  readonly collectionsOfAcquire: number;
  readonly counted: number;
}

/** Ten times as many where there is time for it: `HOLDFAST_LONG_TESTS=1` makes it more than ten million calls. */
const scale = process.env['HOLDFAST_LONG_TESTS'] === undefined ? '1' : '10';
const noiseBytes = 50_000;

/** However long it takes. */
async function reportOf(name: string, times: string): Promise<Report> {
  await using child = startChild(new URL('children/memory.ts', import.meta.url), [name, times]);
  const [line = ''] = await child.ended();
  return JSON.parse(line) as Report;
}

describe('CircuitBreaker, over millions of calls', () => {
  it.each(['window of calls', 'window of time', 'slow calls'])(
    'CB-37: keeps the heap as it is, with %s',
    async (name) => {
      const report = await reportOf(name, scale);

      expect(report.counted).toBeGreaterThan(2_000_000 * Number(scale));
      expect(report.acquired).toBeLessThan(noiseBytes);
      expect(report.executed).toBeLessThan(noiseBytes);
    },
    600_000,
  );

  it('allocates nothing for a permit', async () => {
    const { collectionsOfAcquire } = await reportOf('window of calls', '1');

    // A million permits of 64 bytes would fill the young generation more than once, even one of 32 MB.
    expect(collectionsOfAcquire).toBe(0);
  }, 600_000);

  it('CB-36: leaves nothing that keeps a process alive', () => {
    const before = process.getActiveResourcesInfo().toSorted();
    const breaker = new CircuitBreaker({ window: { calls: 1 }, slow: { afterMs: 1, ratio: 1 } });

    breaker.tryAcquire()?.failure();
    breaker.isolate();
    breaker.tryAcquire();

    expect(process.getActiveResourcesInfo().toSorted()).toEqual(before);
  });

  it('keeps no listener on a signal that many calls share', async () => {
    const breaker = new CircuitBreaker();
    const { signal } = new AbortController();

    for (let call = 0; call < 1_000; call += 1) await breaker.execute(() => call, { signal });

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
