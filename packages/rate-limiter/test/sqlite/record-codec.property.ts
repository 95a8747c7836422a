import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/sqlite/record-codec.ts';
import type { Slot } from '../../src/sqlite/slot.ts';
import { SubjectRecord } from '../../src/sqlite/subject-record.ts';

const now = 1_000_000_000_000;
const numbers = fc.double({ min: 0, max: 1e15, noNaN: true });

const slots: fc.Arbitrary<Slot[]> = fc.uniqueArray(
  fc.record({
    mode: fc.constantFrom('strict' as const, 'smooth' as const),
    name: fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme-ascii' }),
    endsAt: fc.double({ min: now + 1, max: 1e15, noNaN: true }),
    gridStartsAt: numbers,
    cells: fc.array(fc.tuple(numbers, numbers), { minLength: 1, maxLength: 33 }).map((pairs) => pairs.flat()),
  }),
  { selector: ({ mode, name }) => `${mode} ${name}`, maxLength: 12 },
);

function facts(record: SubjectRecord): unknown {
  return { blockedUntil: record.blockedUntil, slots: [...record.slots] };
}

describe('the value of a row', () => {
  it('invariant 13: gives back what was put into it, limits of others included', () => {
    fc.assert(
      fc.property(slots, numbers, (spent, blockedUntil) => {
        const record = new SubjectRecord(spent, blockedUntil);

        expect(facts(decode(encode(record, now), now))).toEqual(facts(record));
      }),
    );
  });

  it('leaves out what does not count any more', () => {
    fc.assert(
      fc.property(slots, (spent) => {
        const later = new SubjectRecord(spent);
        const value = encode(later, 2e15);

        expect([...decode(value, 2e15).slots]).toEqual([]);
      }),
    );
  });

  it('invariant 13: is empty where a byte was changed', () => {
    fc.assert(
      fc.property(slots, fc.nat(), fc.integer({ min: 1, max: 255 }), (spent, position, change) => {
        const value = encode(new SubjectRecord(spent, 5), now);
        const at = position % value.length;
        value[at] = (value[at] as number) ^ change;

        expect(facts(decode(value, now))).toEqual({ blockedUntil: 0, slots: [] });
      }),
    );
  });

  it('invariant 13: can be any bytes at all, even with a right checksum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const value = Buffer.concat([Buffer.of(1, 0, 0, 0, 0), content]);
        value.writeUInt32LE(crc32(content), 1);

        expect(() => decode(value, now)).not.toThrow();
        expect(() => decode(content, now)).not.toThrow();
      }),
    );
  });
});
