import { type DumpedEntry, jsonCodec } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { readEntry, writeEntry } from '../../src/insight/entry-record.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const life = fc.oneof(fc.nat(100_000), fc.constant(Infinity));
const entry: fc.Arbitrary<DumpedEntry> = fc.record({
  key: text,
  value: fc.jsonValue(),
  freshForMs: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.constant(Infinity)),
  staleWhileRevalidateMs: life,
  staleIfErrorMs: life,
  tags: fc.array(text, { maxLength: 4 }),
  version: fc.option(fc.nat(), { nil: undefined }),
});

describe('the record of an entry', () => {
  it('gives back the entry', () => {
    fc.assert(
      fc.property(entry, (given) => {
        expect(readEntry(writeEntry(given, jsonCodec), 0, jsonCodec)).toEqual({
          ...given,
          value: JSON.parse(JSON.stringify(given.value)) as unknown,
        });
      }),
    );
  });

  it('gives back an entry with what is left of its life, for as long as it may stand in', () => {
    fc.assert(
      fc.property(entry, fc.integer({ min: 0, max: 300_000 }), (given, ageMs) => {
        const read = readEntry(writeEntry(given, jsonCodec), ageMs, jsonCodec);

        const goneInMs = given.freshForMs + Math.max(given.staleWhileRevalidateMs, given.staleIfErrorMs);
        expect(read?.freshForMs).toBe(ageMs < goneInMs ? given.freshForMs - ageMs : undefined);
      }),
    );
  });

  it('gives no other key or tags when it was cut short', () => {
    fc.assert(
      fc.property(entry, fc.nat(), (given, cut) => {
        const bytes = writeEntry({ ...given, value: '' }, textCodec);

        const read = attempt(() => readEntry(bytes.subarray(0, cut % bytes.length), 0, textCodec));

        expect(read).toBeUndefined();
      }),
    );
  });
});

/** Takes any bytes for a value, so that nothing is found out by it. */
const textCodec = {
  id: 16,
  encode: (value: unknown) => Buffer.from(value as string),
  decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
};

function attempt(work: () => DumpedEntry | undefined): DumpedEntry | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
