import fc from 'fast-check';

const text = fc.string({ unit: 'binary', maxLength: 8 });
const bytes = fc.uint8Array({ maxLength: 24 });
/** Names with a meaning of their own in JavaScript, among others. */
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'length', 'toJSON', 'then', '0', ''));

/** Whatever JSON gives back as it is. */
export const plainValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(Object.fromEntries),
  ),
})).value;

const binary = fc.oneof(
  bytes.map((array) => Buffer.from(array)),
  bytes,
  fc.uint8ClampedArray({ maxLength: 8 }),
  fc.int8Array({ maxLength: 8 }),
  fc.uint16Array({ maxLength: 8 }),
  fc.int32Array({ maxLength: 8 }),
  fc.float32Array({ maxLength: 8 }),
  fc.float64Array({ maxLength: 8 }),
  fc.bigInt64Array({ maxLength: 8 }),
  bytes.map((array) => array.slice().buffer),
  bytes.map((array) => new DataView(array.slice().buffer)),
  // A part of a larger buffer, as sockets and pools give them.
  bytes.map((array) =>
    Buffer.concat([Buffer.alloc(3, 7), array, Buffer.alloc(3, 7)]).subarray(3, 3 + array.length),
  ),
);

const leaf = fc.oneof(
  text,
  fc.double(),
  fc.boolean(),
  fc.constantFrom(null, undefined, Number.NaN, Infinity, -Infinity, -0, 0),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.constantFrom(/a/, /[/"\\]+(?<n>\d)/giu, new RegExp('')),
  fc.webUrl().map((href) => new URL(href)),
  binary,
);

const errorTypes = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** Whatever the default codec claims to keep, nested in each other. Never `undefined` itself. */
export const typedValue: fc.Arbitrary<unknown> = fc
  .letrec((tie) => {
    const items = fc.array(tie('value'), { maxLength: 4 });
    const entries = fc.array(fc.tuple(key, tie('value')), { maxLength: 4 });
    return {
      value: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        items,
        fc.sparseArray(tie('value'), { maxNumElements: 3, maxLength: 8 }),
        entries.map(Object.fromEntries),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        items.map((members) => new Set(members)),
        fc
          .tuple(fc.constantFrom(...errorTypes), text, tie('value'), entries)
          .map(([Type, message, cause, fields]) => withFields(new Type(message, { cause }), fields)),
        fc.tuple(items, text).map(([errors, message]) => new AggregateError(errors, message)),
      ),
    };
  })
  .value.filter((value) => value !== undefined);

/** Fields that the application has put on an error, apart from those that an error has anyway. */
function withFields(error: Error, fields: readonly (readonly [string, unknown])[]): Error {
  for (const [name, value] of fields) {
    const property = { value, enumerable: true, writable: true, configurable: true };
    if (!(name in error) || name === '__proto__') Object.defineProperty(error, name, property);
  }
  return error;
}
