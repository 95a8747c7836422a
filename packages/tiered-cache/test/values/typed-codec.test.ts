import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';

import { typedCodec } from '../../src/values/typed-codec.ts';
import { portrait } from './model/portrait.ts';

const again = (value: unknown): unknown => typedCodec.decode(typedCodec.encode(value));
const written = (value: unknown): string => Buffer.from(typedCodec.encode(value)).toString('latin1');
const refusal = (value: unknown): unknown => {
  try {
    return typedCodec.encode(value);
  } catch (error) {
    return error;
  }
};

class Money {
  readonly cents = 5;
}

describe('typedCodec', () => {
  it('writes a value that JSON keeps as JSON and nothing else', () => {
    expect(written({ name: 'a', items: [1, null, true, 'x'] })).toBe(
      '{"name":"a","items":[1,null,true,"x"]}',
    );
  });

  it('keeps types that JSON loses, nested in each other', () => {
    const value = {
      at: new Date(5),
      never: new Date(Number.NaN),
      users: new Map<unknown, unknown>([['a', new Set([1n, { seen: undefined }])]]),
      total: -0,
      rate: Number.NaN,
      body: Buffer.from('raw'),
      floats: Float64Array.of(1.5, -0),
      pattern: /a+/gi,
      home: new URL('https://example.com/a?b#c'),
    };

    expect(portrait(again(value))).toBe(portrait(value));
  });

  it('tells a hole from undefined, and writes no more than what is there of a very long array', () => {
    const sparse: unknown[] = [1, undefined];
    sparse[4_000_000_000] = new Date(7);

    const bytes = typedCodec.encode(sparse);

    expect(bytes.byteLength).toBeLessThan(200);
    const copy = typedCodec.decode(bytes) as unknown[];
    expect(copy.length).toBe(4_000_000_001);
    expect(Object.keys(copy)).toEqual(['0', '1', '4000000000']);
    expect(copy[4_000_000_000]).toEqual(new Date(7));
  });

  it('writes binary data as it is, without base64', () => {
    const body = Buffer.alloc(10_000, 0xff);

    expect(typedCodec.encode({ status: 200, body }).byteLength).toBeLessThan(10_100);
  });

  it('gives out binary data that has memory of its own', () => {
    const bytes = Buffer.from(typedCodec.encode({ body: Buffer.from('abc'), view: Uint16Array.of(1, 2) }));
    const { body, view } = typedCodec.decode(bytes) as { body: Buffer; view: Uint16Array };

    bytes.fill(0);

    expect(body.toString()).toBe('abc');
    expect(body.buffer.byteLength).toBe(3);
    expect([...view]).toEqual([1, 2]);
  });

  it('keeps of an error its class, message, cause and fields, but not the stack of another process', () => {
    const error = Object.assign(new RangeError('full', { cause: new TypeError('why') }), {
      code: 'E_FULL',
      at: new Date(1),
    });

    const copy = again(error) as typeof error;

    expect(portrait(copy)).toBe(portrait(error));
    expect(copy.stack).toBe('RangeError: full');
  });

  it('tells an error without a message from one with an empty one', () => {
    for (const error of [new Error(), new Error('')]) expect(portrait(again(error))).toBe(portrait(error));
  });

  it('gives an error of a class of the application back as the built-in one that it extends, with its name', () => {
    class PaymentError extends TypeError {
      override readonly name = 'PaymentError';
      readonly errors = { card: 'expired' };
    }

    const copy = again(new PaymentError('no')) as PaymentError;

    expect(Object.getPrototypeOf(copy)).toBe(TypeError.prototype);
    expect(copy).toMatchObject({ name: 'PaymentError', message: 'no', errors: { card: 'expired' } });
  });

  it('takes an error without a class for an Error', () => {
    const error = Object.setPrototypeOf(new TypeError('x'), Object.create({})) as Error;

    const { error: copy } = again({ error }) as { error: Error };

    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype);
    expect(copy.message).toBe('x');
  });

  it('gives instances of classes that extend a built-in one, and objects without a prototype, back as the plain type', () => {
    class Rows extends Array<number> {}
    class Index extends Map<string, number> {}
    const bare = Object.assign(Object.create(null) as object, { a: 1 });

    expect(portrait(again({ rows: Rows.of(1, 2), bare }))).toBe(portrait({ rows: [1, 2], bare: { a: 1 } }));
    expect(portrait(again(new Index([['a', 1]])))).toBe(portrait(new Map([['a', 1]])));
  });

  it('takes values of another realm, as some test runners and plug-ins make them', () => {
    const foreign: unknown = runInNewContext(
      '({ list: [new Date(5), new Map([[1, { a: undefined }]])], plain: { b: [1] }, error: new RangeError("x") })',
    );
    const plain: unknown = runInNewContext('({ b: [1, "x"] })');

    expect(portrait(again(foreign))).toBe(
      portrait({
        list: [new Date(5), new Map([[1, { a: undefined }]])],
        plain: { b: [1] },
        error: new RangeError('x'),
      }),
    );
    expect(written(plain)).toBe('{"b":[1,"x"]}');
  });

  it('gives an object that is reached twice back as two', () => {
    const shared = { at: new Date(1) };

    const [one, other] = again([shared, shared]) as [object, object];

    expect(one).toEqual(shared);
    expect(other).toEqual(shared);
    expect(one).not.toBe(other);
  });

  it.each<[string, unknown, string]>([
    ['a function', { onChange: () => 1 }, 'value.onChange is a function, which would not come back as it is'],
    ['a symbol', [1, [Symbol('x')]], 'value[1][0] is a symbol'],
    [
      'an instance of a class',
      { 'a b': { price: new Money() } },
      'value["a b"].price is an instance of Money',
    ],
    ['what somebody forgot to await', { user: Promise.resolve(1) }, 'value.user is an instance of Promise'],
    [
      'an object with toJSON of its class',
      [
        new (class Big {
          toJSON = String;
        })(),
      ],
      'value[0] is an instance of Big',
    ],
    ['a boxed number', new Number(1), 'value is an instance of Number'],
    [
      'a key of a Map',
      {
        byUser: new Map([
          ['a', 1],
          [new Money(), 2],
        ] as [unknown, number][]),
      },
      'value.byUser.entries()[1][0] is an instance of Money',
    ],
    ['a value of a Map', new Map([['a', Money]]), 'value.entries()[0][1] is a function'],
    ['a member of a Set', new Set([1, Money]), 'value.values()[1] is a function'],
    [
      'a field of an error',
      Object.assign(new Error('x'), { socket: new Money() }),
      'value.socket is an instance of Money',
    ],
    ['an item among holes', Object.assign([], { 7: Money }), 'value[7] is a function'],
    [
      'an instance of a nameless class',
      [
        new (class {
          readonly cents = 5;
        })(),
      ],
      'value[0] is an instance of a class without a name',
    ],
    ['undefined itself', undefined, 'value is undefined, which no cache holds'],
  ])('refuses %s and names the place', (_what, value, message) => {
    expect(refusal(value)).toMatchObject({
      code: 'ERR_CACHE_UNSUPPORTED_VALUE',
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a cycle and names the place where it closes', () => {
    const company: Record<string, unknown> = { name: 'a' };
    company['staff'] = [{ name: 'b' }, { name: 'c', employer: company }];
    const own: unknown[] = [];
    own.push(own);
    const map = new Map<string, unknown>();
    map.set('me', map);

    expect(refusal(company)).toMatchObject({
      path: 'value.staff[1].employer',
      message: 'value.staff[1].employer leads back to what it is part of',
    });
    expect(refusal(own)).toMatchObject({ path: 'value[0]' });
    expect(refusal({ map })).toMatchObject({ path: 'value.map.entries()[0][1]' });
  });

  it('takes a value that is deep without being a cycle', () => {
    const nested = (depth: number): unknown => (depth === 0 ? new Date(1) : [{ next: nested(depth - 1) }]);

    expect(portrait(again(nested(150)))).toBe(portrait(nested(150)));
  });

  it('keeps a field called __proto__ as a field, and lets it reach no prototype', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"list":[{"__proto__":null}]}');
    const typed = { at: new Date(1), inner: value };

    expect(portrait(again(value))).toBe(portrait(value));
    expect(portrait(again(typed))).toBe(portrait(typed));
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it.each<[string, string]>([
    ['a prototype', '[["","__proto__",["","admin","undefined"]],{}]'],
    ['the class of what is inside', '[["","a",["","constructor",["","b","undefined"]]],{"a":{}}]'],
    ['a part that is not there', '[["","a","undefined"],{}]'],
    ['a part of what has none', '[["","a","undefined"],7]'],
  ])('refuses a note about %s', (_what, json) => {
    expect(() => typedCodec.decode(bytesOf(json))).toThrow('not of the form its type demands');
  });

  it.each<[string, string]>([
    ['Date', '["Date","now"]'],
    ['number', '["number",1]'],
    ['bigint', '["bigint",1]'],
    ['RegExp', '["RegExp",["a"]]'],
    ['URL', '["URL",null]'],
    ['Map', '["Map",[1]]'],
    ['Set', '["Set",{}]'],
    ['Array', '["Array",{"length":2,"5":1}]'],
    ['Array', '["Array",{"length":"2"}]'],
    ['TypeError', '["TypeError",[]]'],
    ['Error', '["Error","x"]'],
    ['Buffer', '["Buffer",1]'],
    ['Buffer', '["Buffer",-1]'],
    ['a type of a later version', '["Decimal","1"]'],
    ['a name of the language', '["toString","1"]'],
    ['no note at all', '[null,1]'],
    ['no pair', '7'],
  ])('refuses a %s that is not of the form that it writes', (_type, json) => {
    expect(() => typedCodec.decode(bytesOf(json))).toThrow('not of the form its type demands');
  });

  it('refuses bytes that are cut off or too many', () => {
    const bytes = Buffer.from(typedCodec.encode({ body: Buffer.from('abc') }));
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => typedCodec.decode(bytes.subarray(0, length))).toThrow(Error);

    expect(() => typedCodec.decode(Buffer.concat([bytes, Buffer.from('d')]))).toThrow('not of the form');
    const textOnly = Buffer.from(typedCodec.encode(1n));
    textOnly.writeUInt32BE(textOnly.length, 1);
    expect(() => typedCodec.decode(textOnly)).toThrow('not of the form');
  });
});

/** Bytes as the codec writes them for a value with types. */
function bytesOf(json: string): Buffer {
  const head = Buffer.from('!1234');
  head.writeUInt32BE(Buffer.byteLength(json), 1);
  return Buffer.concat([head, Buffer.from(json)]);
}
