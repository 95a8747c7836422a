import { UnsupportedValueError } from '../errors.ts';
import { describe, kindOf } from '../kinds.ts';
import { binaryName, bytesOf } from './binary.ts';
import { errorClass, errorStandIns } from './error-stand-ins.ts';
import type { Note, Notes } from './notes.ts';
import { type Key, pathOf } from './path.ts';
import { isPlainNumber } from './plain.ts';
import type { Fields } from './shapes.ts';
import type { StandIn } from './stand-in.ts';
import { standIns } from './stand-ins.ts';

/** From this depth on a value may be a cycle; before, looking for one is not worth the time. */
const suspiciousDepth = 100;

/**
 * A value taken apart: `plain`, which JSON gives back as it is, the notes that tell what it stands for, and binary data
 * next to them. What is plain in the value is taken over, never copied or changed.
 *
 * A value is a tree here: an object that is reached twice is written twice and comes back as two, and a cycle is refused.
 *
 * Invariant: `note` is `undefined` exactly if `plain` is the value itself.
 */
export class Dissection {
  readonly plain: unknown;
  readonly note: Note | undefined;
  /** In the order of the notes about them. */
  readonly binaries: Uint8Array[] = [];
  /** The objects around what is taken apart, from the outside in, and what each holds the next one under. */
  readonly #around: object[] = [];
  readonly #keys: Key[] = [];
  /** About what was taken apart last. */
  #note: Note | undefined;

  /** @throws {UnsupportedValueError} */
  constructor(value: unknown) {
    this.plain = this.#take(value);
    this.note = this.#note;
  }

  #take(value: unknown): unknown {
    this.#note = undefined;
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return isPlainNumber(value) ? value : this.#leaf('number', standIns.number.of(value));
      case 'bigint':
        return this.#leaf('bigint', standIns.bigint.of(value));
      case 'undefined':
        return this.#leaf('undefined', standIns.undefined.of(value));
      case 'object':
        return value === null ? null : this.#takeObject(value);
      case 'function':
      case 'symbol':
        throw this.#unsupported(value);
    }
  }

  #leaf(name: string, standIn: unknown): unknown {
    this.#note = name;
    return standIn;
  }

  #takeObject(object: object): unknown {
    const kind = kindOf(object);
    switch (kind) {
      case undefined:
        throw this.#unsupported(object);
      case 'Object':
        return this.#takeParts(object, object, '');
      case 'Array':
        if (!isSparse(object as unknown[])) return this.#takeParts(object, object, '');
        return this.#takeParts(object, standIns.Array.of(object as unknown[]), kind);
      case 'View':
      case 'ArrayBuffer':
        return this.#takeBinary(object as ArrayBufferView);
      case 'Error':
        return this.#takeError(object as Error);
      case 'Date':
      case 'Map':
      case 'RegExp':
      case 'Set':
      case 'URL':
        return this.#takeParts(object, (standIns[kind] as StandIn<object>).of(object), kind);
    }
  }

  #takeError(error: Error): unknown {
    const name = errorClass(error);
    return this.#takeParts(error, errorStandIns.get(name)?.of(error), name);
  }

  #takeBinary(binary: ArrayBufferView | ArrayBuffer): number {
    const bytes = bytesOf(binary);
    this.binaries.push(bytes);
    this.#note = binaryName(binary);
    return bytes.byteLength;
  }

  /** What stands in for `original`, with its parts taken apart in their turn. */
  #takeParts(original: object, standIn: unknown, name: string): unknown {
    if (typeof standIn !== 'object' || standIn === null) return this.#leaf(name, standIn);
    this.#enter(original);
    const notes: Notes = [name];
    const plain = Array.isArray(standIn)
      ? this.#takeItems(standIn, notes)
      : this.#takeFields(standIn as Fields, notes);
    this.#around.pop();
    this.#note = notes.length > 1 ? notes : name || undefined;
    return plain;
  }

  #takeItems(items: readonly unknown[], notes: Notes): readonly unknown[] {
    let plain: unknown[] | undefined;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      if (typeof item === 'string' || item === null) continue;
      const part = this.#takePart(index, item);
      if (this.#note === undefined) continue;
      plain ??= [...items];
      plain[index] = part;
      notes.push(index, this.#note);
    }
    return plain ?? items;
  }

  #takeFields(fields: Fields, notes: Notes): Fields {
    let plain: Fields | undefined;
    for (const key of Object.keys(fields)) {
      const field = fields[key];
      if (typeof field === 'string' || field === null) continue;
      const part = this.#takePart(key, field);
      if (this.#note === undefined) continue;
      // A field called `__proto__` is there by now, so that it is changed like any other.
      plain ??= { ...fields };
      plain[key] = part;
      notes.push(key, this.#note);
    }
    return plain ?? fields;
  }

  #takePart(key: Key, part: unknown): unknown {
    this.#keys.push(key);
    const plain = this.#take(part);
    this.#keys.pop();
    return plain;
  }

  #enter(object: object): void {
    const around = this.#around;
    if (around.length >= suspiciousDepth && around.includes(object)) throw this.#cyclic();
    around.push(object);
  }

  /** Names the place where the cycle closes for the first time, which is long passed. */
  #cyclic(): UnsupportedValueError {
    const around = this.#around;
    const closed = around.findIndex((object, depth) => around.indexOf(object) < depth);
    const depth = closed === -1 ? around.length : closed;
    return new UnsupportedValueError(
      pathOf(around.slice(0, depth), this.#keys),
      'leads back to what it is part of',
    );
  }

  #unsupported(value: unknown): UnsupportedValueError {
    const problem = `is ${describe(value)}, which would not come back as it is`;
    return new UnsupportedValueError(pathOf(this.#around, this.#keys), problem);
  }
}

/** Whether the array has holes. Ends at the first one, however long the array. */
function isSparse(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index += 1)
    if (array[index] === undefined && !(index in array)) return true;
  return false;
}
