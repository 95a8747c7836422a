import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Pair, someOptions, someSteps } from './model/pair.ts';

describe('Bulkhead', () => {
  it('invariants 14, 17 and 18: does what a bulkhead of plain arrays does', async () => {
    await fc.assert(
      fc.asyncProperty(someOptions, someSteps, async (options, steps) => {
        const pair = new Pair(options);
        for (const step of steps) {
          await pair.take(step);
          expect(pair.actual).toEqual(pair.expected);
        }
      }),
    );
  });

  it('invariants 15, 16 and 19: accounts for every call and slot, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(someOptions, someSteps, async (options, steps) => {
        const pair = new Pair(options);
        for (const step of steps) await pair.take(step);

        const { calls, ...now } = pair.bulkhead.statistics();
        const { admitted, rejectedFull, rejectedTimeout, shed, rejectedClosed, aborted } = calls;
        const over = admitted + rejectedFull + rejectedTimeout + shed + rejectedClosed + aborted;
        expect(over + now.queued).toBe(pair.arrived);
        expect(now.queued === 0 || now.running >= now.limit).toBe(true);
        expect(pair.leftListeners).toBe(0);

        await pair.drain();
        expect(pair.bulkhead.statistics()).toMatchObject({ running: 0, queued: 0, abandoned: 0 });
        expect(pair.clock.pending()).toBe(0);
      }),
    );
  });
});
