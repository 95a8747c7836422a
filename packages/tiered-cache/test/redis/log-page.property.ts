import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  maxEntries,
  type NumberedEntry,
  type PageReply,
  pageSince,
  type RedisMark,
  startOf,
} from '../../src/redis/log-page.ts';

/** A log in which as many entries were written. */
function logOf(count: number): NumberedEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const position = BigInt(10 * (index + 1));
    const change = { position, origin: 'test', change: 'delete', names: [`${index + 1}`] } as const;
    return { number: index + 1, position, change };
  });
}

function markAt(number: number): RedisMark {
  return { position: BigInt(10 * number), number, epoch: 1n, run: 'a' };
}

/** What the server answers to a reader at `mark`, if `kept` is what is left of a log of `count` entries. */
function reply(kept: readonly NumberedEntry[], count: number, mark: RedisMark): PageReply {
  const entries = kept.filter(({ position }) => position > mark.position).slice(0, maxEntries);
  return { epoch: 1n, cleared: 0n, tagFloor: 0n, run: 'a', count, last: BigInt(10 * count), entries };
}

const numbers = (entries: readonly NumberedEntry[]): number[] => entries.map(({ number }) => number);
const log = fc.integer({ min: 0, max: 40 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    at: fc.integer({ min: 0, max: count }),
    lost: fc.array(fc.integer({ min: 1, max: Math.max(1, count) }), { maxLength: 6 }),
  }),
);

describe('pageSince', () => {
  it('has a gap exactly if an entry after the mark is missing', () => {
    fc.assert(
      fc.property(log, ({ count, at, lost }) => {
        const kept = logOf(count).filter(({ number }) => !lost.includes(number));
        const page = pageSince(markAt(at), reply(kept, count, markAt(at)));
        const due = numbers(logOf(count)).slice(at);

        expect(page.gap).toBe(due.some((number) => lost.includes(number)));
        expect(page.changes.map(({ names }) => Number(names[0]))).toEqual(page.gap ? [] : due);
        expect(page.mark).toEqual(markAt(count));
      }),
      { numRuns: 2_000 },
    );
  });

  it('has a gap if the end of the log was lost and others have written on', () => {
    fc.assert(
      fc.property(log, fc.integer({ min: 1, max: 5 }), fc.nat(10), ({ count, at }, lost, written) => {
        // As on a replica that took over without the last entries: numbers are given out again, positions are not.
        const kept = logOf(Math.max(0, count - lost));
        const later = Array.from({ length: written }, (_, index): NumberedEntry => {
          const number = kept.length + index + 1;
          const position = BigInt(10 * count + 7 + index);
          return { number, position, change: { position, origin: 'x', change: 'clear', names: [] } };
        });
        const whole = [...kept, ...later];
        const last = whole.at(-1)?.position ?? 0n;
        const page = pageSince(markAt(at), { ...reply(whole, whole.length, markAt(at)), last });

        expect(page.gap).toBe(at > kept.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['another epoch', { epoch: 2n }],
    ['another run of the server', { run: 'b' }],
    ['fewer entries than were read', { count: 4, last: 40n }],
    ['as many entries, but another last one', { last: 51n }],
  ])('has a gap on %s', (_what, difference) => {
    const page = { ...reply(logOf(5), 5, markAt(5)), ...difference };
    const { gap, changes, more, mark } = pageSince(markAt(5), page);

    expect({ gap, changes, more }).toEqual({ gap: true, changes: [], more: false });
    const { last: position, count: number, epoch, run } = page;
    expect(mark).toEqual({ position, number, epoch, run });
    expect(pageSince(mark as RedisMark, page).gap).toBe(false);
  });

  it.each([
    ['that is none of ours', { number: Number.NaN, position: 55n, change: undefined }],
    ['that cannot be read', { number: 6, position: 60n, change: undefined }],
  ])('has a gap on an entry %s', (_what, entry) => {
    const page = reply([...logOf(5), entry], 6, markAt(3));

    expect(pageSince(markAt(3), page)).toMatchObject({ gap: true, changes: [] });
  });

  it('reads on after a page that is full', () => {
    const whole = logOf(2 * maxEntries);
    const first = pageSince(markAt(0), reply(whole, whole.length, markAt(0)));
    const second = pageSince(first.mark as RedisMark, reply(whole, whole.length, first.mark as RedisMark));

    expect([first.more, second.more, first.gap, second.gap]).toEqual([true, false, false, false]);
    expect([...first.changes, ...second.changes]).toHaveLength(whole.length);
  });
});

describe('startOf', () => {
  it('begins before the oldest entry, so that it is read', () => {
    const whole = logOf(9);
    const { mark } = startOf(reply(whole.slice(4), 9, markAt(0)));

    expect(pageSince(mark as RedisMark, reply(whole.slice(4), 9, mark as RedisMark))).toMatchObject({
      gap: false,
      changes: { length: 5 },
    });
  });
});
