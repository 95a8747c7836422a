import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { ContainerWriter, openContainer } from '../../src/insight/container.ts';

const head = { kind: 'entries', label: 'shop', savedAt: 1 } as const;

function bytesOf(records: Iterable<Uint8Array>, maxBytes = 10_000_000): Buffer {
  return Buffer.concat([...new ContainerWriter(head, maxBytes).pieces(records)]);
}

describe('a container', () => {
  it('is only for who names its label and kind', () => {
    const bytes = bytesOf([Buffer.from('a')]);

    expect(openContainer(bytes, { kind: 'entries', label: 'other' })).toBe('other-label');
    expect(openContainer(bytes, { kind: 'keys', label: 'shop' })).toBe('foreign');
  });

  it('of a newer version is left alone, whatever it looks like inside', () => {
    const bytes = bytesOf([]);
    bytes[4] = 2;

    expect(openContainer(bytes, head)).toBe('newer');
  });

  it('comes in pieces, so that a large one is never in memory as a whole', () => {
    const records = Array.from({ length: 40 }, () => Buffer.alloc(100_000));
    const pieces = [...new ContainerWriter(head, 10_000_000).pieces(records)];

    expect(pieces.length).toBeGreaterThan(10);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(400_000);
    expect(openContainer(Buffer.concat(pieces), head)).toMatchObject({ records });
  });

  it('leaves out a record that is too large, and those which follow only once it is nearly full', () => {
    const taken: number[] = [];
    function* records(): Generator<Buffer> {
      for (const size of [900, 2_000, 50, 60, 2_000, 1, 1]) {
        taken.push(size);
        yield Buffer.alloc(size);
      }
    }

    const opened = openContainer(bytesOf(records(), 1_300), head);

    expect(opened).toMatchObject({ records: [900, 50, 60].map((size) => Buffer.alloc(size)) });
    // It was more than three quarters full then: nothing that follows was even made.
    expect(taken).toEqual([900, 2_000, 50, 60, 2_000]);
  });

  it('whose lengths do not add up is damaged, even with the right checksum', () => {
    const inner = Buffer.concat([Buffer.from([0, 0, 0, 9]), Buffer.from('short')]);
    const bytes = bytesOf([inner]);
    // The record's own length, enlarged until it reaches beyond the end; the checksum is made again.
    const at = bytes.indexOf(inner) - 4;
    bytes.writeUInt32BE(1_000, at);
    const again = Buffer.concat([...resealed(bytes)]);

    expect(openContainer(again, head)).toBe('damaged');
  });
});

function* resealed(bytes: Buffer): Generator<Buffer> {
  const content = bytes.subarray(0, -4);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(content));
  yield content;
  yield checksum;
}
