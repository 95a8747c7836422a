import { bufferOf } from './bytes.ts';
import { type Codec, ownCodec } from './codec.ts';
import { UnsupportedValueError } from './errors.ts';
import { Assembly } from './typed/assembly.ts';
import { Dissection } from './typed/dissection.ts';
import { isPlain } from './typed/plain.ts';
import { misshapen } from './typed/shapes.ts';

/**
 * How a value is written that JSON alone does not give back; one that it does is written as JSON and nothing else:
 *
 * | offset | bytes | content |
 * |---|---|---|
 * | 0 | 1 | `!`, with which no JSON begins |
 * | 1 | 4 | length of the next, big-endian |
 * | 5 | n | JSON of a pair: the note that says what stands for what, and what stands for the value |
 * | … | … | binary data, in the order of the notes about it |
 */
const typedMark = 0x21;
const headBytes = 5;

/**
 * The default: JSON that keeps types. A value comes back as it was, or is refused.
 *
 * - Kept: what JSON keeps; `undefined`, `NaN`, `±Infinity`, `-0`, `BigInt`; `Date`, invalid or not; `Map`, `Set`; `Buffer`,
 *   typed arrays, `DataView`, `ArrayBuffer`, as raw bytes; `RegExp` but for its `lastIndex`, `URL`; arrays with holes; errors
 *   with name, message, cause and enumerable fields, yet without stack. All of them also inside each other.
 * - Changed: an instance of a class that extends one of these, and an object without a prototype, come back as the plain
 *   type; of errors, the built-in ones keep their class. An object that is reached twice comes back as two.
 * - Left out, as in JSON: properties that are not enumerable or whose key is a symbol, and further properties of an array,
 *   `Map`, `Set` or the like.
 * - Refused with an {@link UnsupportedValueError} that names the path: functions, symbols, cycles, and instances of other
 *   classes, also when they have a `toJSON()`. For the cycles take `v8Codec`, for the losses of `toJSON()` take `jsonCodec`.
 */
export const typedCodec: Codec = /* @__PURE__ */ ownCodec({
  id: 1,
  encode: (value) => (isPlain(value) ? Buffer.from(JSON.stringify(value)) : encodeTyped(value)),
  decode(bytes) {
    const buffer = bufferOf(bytes);
    return buffer[0] === typedMark ? decodeTyped(buffer) : JSON.parse(buffer.toString());
  },
});

function encodeTyped(value: unknown): Buffer {
  if (value === undefined) throw new UnsupportedValueError('value', 'is undefined, which no cache holds');
  const { plain, note, binaries } = new Dissection(value);
  if (note === undefined) return Buffer.from(JSON.stringify(plain));
  const json = Buffer.from(JSON.stringify([note, plain]));
  const head = Buffer.allocUnsafe(headBytes);
  head.writeUInt8(typedMark, 0);
  head.writeUInt32BE(json.byteLength, 1);
  return Buffer.concat([head, json, ...binaries]);
}

function decodeTyped(buffer: Buffer): unknown {
  if (buffer.byteLength < headBytes) throw misshapen();
  const end = headBytes + buffer.readUInt32BE(1);
  if (end > buffer.byteLength) throw misshapen();
  const pair: unknown = JSON.parse(buffer.toString('utf8', headBytes, end));
  if (!Array.isArray(pair)) throw misshapen();
  return new Assembly(buffer.subarray(end)).value(pair[1], pair[0]);
}
