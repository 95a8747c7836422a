import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Housekeeping } from '../../src/durable/housekeeping.ts';

const rest = fc.constantFrom(undefined, 0, 5, 1_500, 'fails');
const action = fc.oneof(
  fc.record({ type: fc.constant('within'), ms: fc.integer({ min: 0, max: 5_000 }) }),
  fc.record({ type: fc.constant('pass'), ms: fc.integer({ min: 0, max: 3_000 }) }),
);

describe('Housekeeping', () => {
  it('never runs two steps at once, is never late by more than a second and a step, and has no timer at rest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 30 }),
        fc.array(rest, { maxLength: 20 }),
        fc.integer({ min: 0, max: 200 }),
        async (actions, rests, stepMs) => {
          const clock = new ManualClock();
          const due: number[] = [];
          let running = 0;
          let mostRunning = 0;
          let latest = 0;
          const housekeeping = new Housekeeping(clock, async () => {
            running += 1;
            mostRunning = Math.max(mostRunning, running);
            for (const at of due.splice(0)) latest = Math.max(latest, clock.now() - at);
            await new Promise<void>((resolve) => void clock.schedule(resolve, stepMs));
            running -= 1;
            const next = rests.shift();
            if (next === 'fails') throw new Error('failed');
            return next as number | undefined;
          });
          for (const { type, ms } of actions) {
            if (type === 'pass') await clock.advance(ms);
            else due.push(clock.now() + ms);
            if (type === 'within') housekeeping.within(ms);
            expect(clock.pending('background')).toBeLessThanOrEqual(1);
          }
          await clock.advance(100_000);

          expect(due).toEqual([]);
          expect(mostRunning).toBeLessThanOrEqual(1);
          expect(latest).toBeLessThanOrEqual(1_000 + stepMs);
          expect(clock.pending()).toBe(0);
        },
      ),
    );
  });
});
