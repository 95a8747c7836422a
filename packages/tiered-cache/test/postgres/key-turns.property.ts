import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { KeyTurns } from '../../src/postgres/key-turns.ts';

const write = fc.record({
  keys: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
  lastsMs: fc.integer({ min: 0, max: 50 }),
  fails: fc.boolean(),
  pauseMs: fc.integer({ min: 0, max: 20 }),
});

describe('KeyTurns', () => {
  it('runs the writes of a key one after the other in the order of the calls, and keeps nothing afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 20 }), async (writes) => {
        const clock = new ManualClock();
        const turns = new KeyTurns();
        const begun = new Map<string, number[]>();
        const running = new Set<string>();
        let overlaps = 0;
        const run = async (index: number, keys: readonly string[], lastsMs: number): Promise<void> => {
          for (const key of keys) {
            if (running.has(key)) overlaps += 1;
            running.add(key);
            begun.set(key, [...(begun.get(key) ?? []), index]);
          }
          await new Promise<void>((resolve) => void clock.schedule(resolve, lastsMs));
          for (const key of keys) running.delete(key);
        };
        const outcomes: Promise<unknown>[] = [];
        for (const [index, { keys, lastsMs, fails, pauseMs }] of writes.entries()) {
          const work = async (): Promise<number> => {
            await run(index, keys, lastsMs);
            if (fails) throw new Error(`write ${index} fails`);
            return index;
          };
          outcomes.push(turns.take(keys, work).catch((error: Error) => error.message));
          await clock.advance(pauseMs);
        }
        await clock.advance(10_000);

        expect(await Promise.all(outcomes)).toEqual(
          writes.map(({ fails }, index) => (fails ? `write ${index} fails` : index)),
        );
        expect(overlaps).toBe(0);
        for (const order of begun.values())
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        expect(turns.size).toBe(0);
      }),
    );
  });

  it('does not hold up writes of other keys', async () => {
    const turns = new KeyTurns();
    void turns.take(['a'], () => new Promise(() => undefined));

    expect(await turns.take(['b', 'c'], async () => 'written')).toBe('written');
  });
});
