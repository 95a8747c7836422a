import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SlaTracker, type WindowName } from '@holdfast/metrics/sla';
import { EventList } from './model/event-list.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Each window with the slots that it is made of. */
const made: readonly (readonly [window: WindowName, windowMs: number, slotMs: number])[] = [
  ['5m', 5 * minute, 10_000],
  ['30m', 30 * minute, minute],
  ['1h', hour, minute],
  ['2h', 2 * hour, minute],
  ['6h', 6 * hour, minute],
  ['1d', 24 * hour, 5 * minute],
  ['3d', 72 * hour, 5 * minute],
  ['30d', 720 * hour, hour],
];

const wait = fc.oneof(
  fc.nat(30_000),
  fc.constantFrom(0, 1, 9_999, 10_000, 59_999, minute, 5 * minute, hour, 6 * hour, 73 * hour, 800 * hour),
);
const steps = fc.array(
  fc.record({ wait, bad: fc.boolean(), repeat: fc.integer({ min: 1, max: 3 }), look: fc.boolean() }),
  { maxLength: 60 },
);

describe('SlaTracker', () => {
  it('counts in every window what a list of all events has there', () => {
    fc.assert(
      fc.property(steps, fc.nat(hour), (history, startMs) => {
        const clock = new ManualClock();
        clock.advanceSync(startMs);
        const tracker = new SlaTracker({ clock });
        const list = new EventList();

        for (const { wait: ms, bad, repeat, look } of history) {
          clock.advanceSync(ms);
          for (let event = 0; event < repeat; event += 1) {
            tracker.record({ durationMs: 1, outcome: bad ? 'failure' : 'success' });
            list.add(clock.now(), bad);
          }
          if (!look) continue;
          for (const [window, windowMs, slotMs] of made) {
            expect(tracker.window('availability', window)).toMatchObject(
              list.counts(clock.now(), windowMs, slotMs),
            );
          }
        }
      }),
    );
  });

  it('never says ok or violated on fewer events than it takes, and is right otherwise', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 40 }), (good, bad, minEvents) => {
        const objectives = [{ name: 'half', targetRatio: 0.5 }];
        const tracker = new SlaTracker({ clock: new ManualClock(), objectives, minEvents });
        for (let event = 0; event < good; event += 1) tracker.record({ durationMs: 1, outcome: 'success' });
        for (let event = 0; event < bad; event += 1) tracker.record({ durationMs: 1, outcome: 'failure' });

        const known = good >= bad ? 'ok' : 'violated';
        expect(tracker.report().status).toBe(good + bad < minEvents ? 'unknown' : known);
      }),
    );
  });
});
