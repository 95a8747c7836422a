import { ManualClock, settle } from '@holdfast/core/testing';
import { type LoadContext } from '@holdfast/tiered-cache';
import { warmUp, type WarmUpProgress } from '@holdfast/tiered-cache/insight';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

type Fate = 'warmed' | 'present' | 'absent' | 'failed';

const fates = fc.array(
  fc.record({ fate: fc.constantFrom<Fate>('warmed', 'present', 'absent', 'failed'), tookMs: fc.nat(300) }),
  { maxLength: 40 },
);

describe('warmUp', () => {
  it('counts every key once, keeps its concurrency and its pace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fates,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 50 }),
        async (all, concurrency, maxPerSecond) => {
          const clock = new ManualClock();
          const startedAt: number[] = [];
          const told: WarmUpProgress[] = [];
          let running = 0;
          let most = 0;
          const cache = {
            async get(key: string, loader: (context: LoadContext) => Promise<number>) {
              const { fate, tookMs } = all[Number(key)]!;
              startedAt.push(clock.now());
              running += 1;
              most = Math.max(most, running);
              await new Promise<void>((resolve) => void clock.schedule(resolve, tookMs));
              running -= 1;
              return fate === 'present' ? 1 : loader({} as LoadContext);
            },
          };
          const load = (key: string): number => {
            const { fate } = all[Number(key)]!;
            if (fate === 'failed') throw new Error('no connection');
            return (fate === 'absent' ? undefined : 1) as number;
          };

          const warming = warmUp(cache, Object.keys(all), load, {
            concurrency,
            maxPerSecond,
            clock,
            onProgress: (progress) => told.push(progress),
          });
          await clock.advance(all.length * (1_000 + 300));
          await settle();

          const expected = { warmed: 0, present: 0, absent: 0, failed: 0 };
          for (const { fate } of all) expected[fate] += 1;
          expect(await warming).toEqual(expected);
          expect(told.map(({ done }) => done)).toEqual(all.map((_, index) => index + 1));
          expect(most).toBeLessThanOrEqual(concurrency);
          const gaps = startedAt.slice(1).map((at, index) => at - startedAt[index]!);
          expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(1_000 / maxPerSecond - 1e-6);
          expect(clock.pending()).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});
