import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Invalidations } from '../../src/coherence/invalidations.ts';
import { Trust } from '../../src/coherence/trust.ts';
import { Journal } from '../../src/tiers/journal.ts';
import { RecentWrites } from '../../src/tiers/recent-writes.ts';

const windowMs = 5_000;

/** What a tier owes of it. */
function owed(recent: RecentWrites): { readonly keys: Journal; readonly tags: Journal } {
  const journals = { keys: new Journal(), tags: new Journal() };
  recent.oweTo(journals.keys, journals.tags);
  return journals;
}

describe('RecentWrites', () => {
  it('makes debts of what was written within 5 s before the last write, once', async () => {
    const write = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      afterMs: fc.constantFrom(0, 1, 999, 2_500, 5_000, 5_001),
      kind: fc.constantFrom('key' as const, 'key' as const, 'tag' as const, 'all' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
        const clock = new ManualClock();
        const recent = new RecentWrites(clock, new Invalidations(new Trust(Infinity)));
        const last = { key: new Map<string, number>(), tag: new Map<string, number>(), all: new Map() };
        for (const { name, afterMs, kind } of writes) {
          await clock.advance(afterMs);
          last[kind].set(name, clock.now());
          if (kind === 'key') recent.wrote(name, 'set', 1n, undefined);
          else if (kind === 'tag') recent.invalidated([name]);
          else recent.cleared(1n);
        }
        const endedAt = clock.now();
        await clock.advance(60_000);
        const within = (times: ReadonlyMap<string, number>): string[] =>
          [...times].filter(([, at]) => at >= endedAt - windowMs).map(([name]) => name);
        const { keys, tags } = owed(recent);

        expect(keys.owesClear).toBe(within(last.all).length > 0);
        expect(keys.keys().toSorted()).toEqual(keys.owesClear ? [] : within(last.key).toSorted());
        expect(tags.keys().toSorted()).toEqual(within(last.tag).toSorted());
        const again = owed(recent);
        expect([again.keys.empty, again.tags.empty]).toEqual([true, true]);
      }),
    );
  });

  it('remembers the last 1,000 keys and tags, with the tombstone of the last write of each', () => {
    const recent = new RecentWrites(new ManualClock(), new Invalidations(new Trust(Infinity)));
    const tombstone = { version: 1, envelope: Buffer.of(1), ttlMs: 1 };
    for (let index = 0; index < 1_500; index += 1) {
      recent.wrote(`key ${index}`, 'set', 1n, undefined);
      recent.invalidated([`tag ${index}`]);
    }
    recent.wrote('key 600', 'delete', 1n, tombstone);
    const { keys, tags } = owed(recent);

    expect([keys.size, tags.size]).toEqual([1_000, 1_000]);
    expect([keys.keys()[0], keys.keys().at(-1), tags.keys()[0]]).toEqual(['key 500', 'key 600', 'tag 500']);
    expect(keys.tombstoneOf('key 600')).toBe(tombstone);
  });
});
