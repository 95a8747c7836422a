import { describe, expect, it } from 'vitest';

import { jsonCodec } from '../../src/values/json-codec.ts';
import { resolveValueFormat } from '../../src/values/options.ts';
import { v8Codec } from '../../src/values/v8-codec.ts';
import { binding } from './binding.ts';
import { portrait } from './model/portrait.ts';

describe('jsonCodec', () => {
  it('writes what JSON.stringify writes, losses included', () => {
    const value = { at: new Date(0), map: new Map([[1, 2]]), rate: Number.NaN, gone: undefined };

    const bytes = jsonCodec.encode(value);

    expect(Buffer.from(bytes).toString()).toBe('{"at":"1970-01-01T00:00:00.000Z","map":{},"rate":null}');
    expect(jsonCodec.decode(bytes)).toEqual({ at: '1970-01-01T00:00:00.000Z', map: {}, rate: null });
  });

  it('takes an object by its toJSON()', () => {
    const price = new (class Price {
      toJSON(): string {
        return '5.00';
      }
    })();

    expect(jsonCodec.decode(jsonCodec.encode({ price }))).toEqual({ price: '5.00' });
  });

  it.each([undefined, () => 1, Symbol('key'), 1n])('refuses what JSON has no text for: %s', (value) => {
    expect(() => jsonCodec.encode(value)).toThrow(TypeError);
  });
});

describe('v8Codec', () => {
  it('keeps cycles and objects that are reached twice', () => {
    const node: Record<string, unknown> = { at: new Date(1), body: Buffer.from('a') };
    node['self'] = node;

    const copy = v8Codec.decode(v8Codec.encode(node)) as Record<string, unknown>;

    expect(copy['self']).toBe(copy);
    expect(portrait(copy['body'])).toBe(portrait(Buffer.from('a')));
  });

  it('gives out binary data that does not change with the bytes that it was read from', () => {
    const bytes = Buffer.from(v8Codec.encode({ body: Buffer.from('abc') }));
    const { body } = v8Codec.decode(bytes) as { body: Buffer };

    bytes.fill(0);

    expect(body.toString()).toBe('abc');
  });

  it('refuses functions', () => {
    expect(() => v8Codec.encode({ run: () => 1 })).toThrow('could not be cloned');
  });
});

describe('a value format', () => {
  it.each([jsonCodec, v8Codec])('writes by the codec that it is given', (codec) => {
    const format = resolveValueFormat({ codec });

    const bytes = format.encode({ a: [1] }, binding('k')) as Buffer;

    expect(bytes.subarray(12)).toEqual(Buffer.from(codec.encode({ a: [1] })));
    expect(format.decode(bytes, binding('k'))).toEqual({ a: [1] });
  });

  it('takes a codec of the application', () => {
    const codec = { id: 16, encode: (value: unknown) => Buffer.from(String(value)), decode: String };
    const format = resolveValueFormat({ codec });

    expect(format.decode(format.encode('text', binding('k')) as Buffer, binding('k'))).toBe('text');
  });

  it('does not read what another codec wrote, which may hold other types', () => {
    const bytes = resolveValueFormat({ codec: jsonCodec }).encode(new Date(0), binding('k')) as Buffer;

    expect(() => resolveValueFormat({}).decode(bytes, binding('k'))).toThrow(
      'was written by the codec 0, not 1',
    );
  });

  it('refuses a codec that makes no bytes, or undefined of bytes', () => {
    const codec = { id: 16, encode: () => 'text' as unknown as Uint8Array, decode: () => undefined };
    const format = resolveValueFormat({ codec });
    const bytes = resolveValueFormat({ codec: { ...codec, encode: () => Buffer.from('x') } }).encode(
      1,
      binding('k'),
    );

    expect(() => format.encode(1, binding('k'))).toThrow('the codec 16 made no Uint8Array of the value');
    expect(() => format.decode(bytes as Buffer, binding('k'))).toThrow('became undefined by the codec 16');
  });
});
