import { detached } from '../bytes.ts';
import { misshapen } from './shapes.ts';

/** The views that we write, by name. Not all of them are known to every version of Node.js. */
const viewNames: ReadonlySet<string> = new Set([
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'DataView',
]);

/** What a value is called whose bytes are written as they are. */
export function binaryName(binary: ArrayBufferView | ArrayBuffer): string {
  return Buffer.isBuffer(binary)
    ? 'Buffer'
    : (binary as { [Symbol.toStringTag]: string })[Symbol.toStringTag];
}

export function isBinaryName(name: string): boolean {
  return name === 'Buffer' || name === 'ArrayBuffer' || viewNames.has(name);
}

/** The bytes of it, as a view. */
export function bytesOf(binary: ArrayBufferView | ArrayBuffer): Uint8Array {
  if (!ArrayBuffer.isView(binary)) return new Uint8Array(binary);
  return new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength);
}

/**
 * Makes what `name` says of a copy of the bytes. Items of several bytes are in the order of the machine that wrote them: a
 * fleet of little- and big-endian machines cannot share them.
 */
export function binaryOf(name: string, bytes: Uint8Array): unknown {
  const buffer = detached(bytes);
  if (name === 'Buffer') return Buffer.from(buffer);
  if (name === 'ArrayBuffer') return buffer;
  const view: unknown = Reflect.get(globalThis, name);
  if (typeof view !== 'function') throw misshapen();
  return Reflect.construct(view, [buffer]);
}
