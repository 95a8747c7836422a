import { describe, expect, it } from 'vitest';

import { resolveValueFormat } from '../../src/values/options.ts';
import { binding } from './binding.ts';

const format = resolveValueFormat({});
const refusal = (payload: Uint8Array): unknown => {
  try {
    return format.decode(payload, binding('k'));
  } catch (error) {
    return error;
  }
};

describe('a payload', () => {
  it('says of itself what it is: layout, codec, compression, protection, schema and length', () => {
    const bytes = resolveValueFormat({ schema: { version: 258 } }).encode({ a: 1 }, binding('k')) as Buffer;

    expect(bytes.toString('hex', 0, 12)).toBe('010100000000010200000007');
    expect(bytes.toString('utf8', 12)).toBe('{"a":1}');
  });

  it('is refused when it is cut off anywhere or longer than it says', () => {
    const bytes = Buffer.from(format.encode(12_345, binding('k')) as Uint8Array);
    for (let length = 0; length < bytes.length; length += 1)
      expect(refusal(bytes.subarray(0, length))).toMatchObject({ reason: 'damaged' });

    expect(refusal(Buffer.concat([bytes, Buffer.from('6')]))).toMatchObject({ reason: 'damaged' });
    expect(format.decode(bytes, binding('k'))).toBe(12_345);
  });

  it.each([
    [
      'of another layout',
      Buffer.from('02010000000000000000000131', 'hex'),
      'unknown',
      'has the unknown layout 2',
    ],
    [
      'of somebody else',
      Buffer.from('{"value":12345,"expires":67890}'),
      'unknown',
      'has the unknown layout 123',
    ],
    [
      'that is no JSON',
      Buffer.from('0101000000000000000000017b', 'hex'),
      'damaged',
      'cannot be decoded by the codec 1',
    ],
    [
      'of another protection',
      Buffer.from('01010009000000000000000131', 'hex'),
      'protection',
      'in the way that is demanded',
    ],
  ])('is refused if it is one %s', (_what, bytes, reason, message) => {
    expect(refusal(bytes)).toMatchObject({
      code: 'ERR_CACHE_REFUSED_PAYLOAD',
      reason,
      message: expect.stringContaining(message) as string,
    });
  });

  it('may be a view into a larger piece of memory, as a client gives it', () => {
    const bytes = format.encode({ a: 1 }, binding('k')) as Uint8Array;
    const chunk = new Uint8Array(100);
    chunk.set(bytes, 30);

    expect(format.decode(chunk.subarray(30, 30 + bytes.length), binding('k'))).toEqual({ a: 1 });
  });

  it('keeps null, false, zero and empty ones apart from nothing', () => {
    for (const value of [null, false, 0, '', [], {}])
      expect(format.decode(format.encode(value, binding('k')) as Uint8Array, binding('k'))).toEqual(value);
  });
});
