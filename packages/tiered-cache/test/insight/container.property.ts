import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ContainerWriter, openContainer } from '../../src/insight/container.ts';

const record = fc.uint8Array({ maxLength: 60 });
const records = fc.array(record, { maxLength: 30 });
const label = fc.string({ unit: 'grapheme' });
const head = fc.record({
  kind: fc.constantFrom('entries' as const, 'keys' as const),
  label,
  savedAt: fc.double(),
});

function write(
  about: Parameters<typeof openContainer>[1] & { readonly savedAt: number },
  all: Iterable<Uint8Array>,
  maxBytes = 1_000_000,
): { readonly bytes: Buffer; readonly writer: ContainerWriter } {
  const writer = new ContainerWriter(about, maxBytes);
  return { bytes: Buffer.concat([...writer.pieces(all)]), writer };
}

describe('a container', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(head, records, (about, all) => {
        const { bytes, writer } = write(about, all);

        expect(writer.bytes).toBe(bytes.length);
        expect(writer.records).toBe(all.length);
        expect(openContainer(bytes, about)).toEqual({
          savedAt: about.savedAt,
          records: all.map((each) => Buffer.from(each)),
        });
      }),
    );
  });

  it('gives back nothing of what was cut short', () => {
    fc.assert(
      fc.property(head, records, fc.nat(), (about, all, cut) => {
        const { bytes } = write(about, all);

        const opened = openContainer(bytes.subarray(0, cut % bytes.length), about);

        expect(['damaged', 'foreign']).toContain(opened);
      }),
    );
  });

  it('gives back nothing of what was changed, wherever it was', () => {
    fc.assert(
      fc.property(head, records, fc.nat(), fc.integer({ min: 1, max: 255 }), (about, all, place, change) => {
        const { bytes } = write(about, all);
        bytes[place % bytes.length]! ^= change;

        expect(['damaged', 'foreign', 'newer']).toContain(openContainer(bytes, about));
      }),
    );
  });

  it('never throws for bytes of others', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), head, (bytes, about) => {
        expect(['damaged', 'foreign']).toContain(openContainer(Buffer.from(bytes), about));
        expect(['damaged', 'newer']).toContain(
          openContainer(Buffer.concat([Buffer.from('HFKF'), bytes]), about),
        );
      }),
    );
  });

  it('never takes more than maxBytes, and takes the first records before later ones of the same size', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 0, max: 30 }),
        fc.integer({ min: 30, max: 600 }),
        (size, count, maxBytes) => {
          const about = { kind: 'keys', label: '', savedAt: 0 } as const;
          const all = Array.from({ length: count }, (_, index) => Buffer.alloc(size, index));
          const { bytes, writer } = write(about, all, maxBytes);

          expect(bytes.length).toBeLessThanOrEqual(maxBytes);
          expect(openContainer(bytes, about)).toMatchObject({ records: all.slice(0, writer.records) });
          const another = bytes.length + 4 + size;
          expect(writer.records === count || another > maxBytes).toBe(true);
        },
      ),
    );
  });
});
