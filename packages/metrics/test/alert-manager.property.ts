import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type AlertEvent, AlertManager } from '@holdfast/metrics/alerts';
import { stateAfter, type Verdict } from './model/alert-log.ts';

const steps = fc.array(
  fc.record({ wait: fc.constantFrom(0, 1, 5, 10, 20), value: fc.integer({ min: 0, max: 10 }) }),
  {
    maxLength: 40,
  },
);
const pause = fc.constantFrom(0, 1, 10, 25);

describe('AlertManager', () => {
  it('is in the state that its whole history says', () => {
    fc.assert(
      fc.property(
        steps,
        pause,
        pause,
        fc.integer({ min: 0, max: 6 }),
        (history, forMs, keepFiringForMs, clear) => {
          const clock = new ManualClock();
          const threshold = 6;
          let value = 0;
          const manager = new AlertManager({
            clock,
            rules: [
              {
                name: 'a',
                severity: 'info',
                threshold,
                clearThreshold: clear,
                forMs,
                keepFiringForMs,
                evaluate: () => value,
              },
            ],
          });
          const events: AlertEvent[] = [];
          manager.events.subscribe((event) => events.push(event));
          const log: Verdict[] = [];

          for (const step of history) {
            clock.advanceSync(step.wait);
            value = step.value;
            manager.evaluate();
            log.push({ at: clock.now(), pastThreshold: value >= threshold, pastClear: value >= clear });

            expect(manager.alerts()[0]?.state).toBe(stateAfter(log, forMs, keepFiringForMs));
          }
          const told = events.map(({ type }) => type);
          expect(told).toEqual(told.map((_, index) => (index % 2 === 0 ? 'fired' : 'resolved')));
        },
      ),
      { numRuns: 500 },
    );
  });
});
