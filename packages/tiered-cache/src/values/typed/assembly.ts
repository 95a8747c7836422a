import { binaryOf, isBinaryName } from './binary.ts';
import type { Note } from './notes.ts';
import type { Key } from './path.ts';
import { asNumber, type Fields, misshapen } from './shapes.ts';
import { standInCalled } from './stand-ins.ts';

/**
 * Puts together what a `Dissection` took apart. Changes the JSON that it is given in place.
 *
 * Invariant: only what JSON itself made an object's own property is replaced, so no note reaches a prototype.
 */
export class Assembly {
  readonly #binary: Uint8Array;
  #used = 0;

  /** @param binary - All binary data, in the order of the notes about it. */
  constructor(binary: Uint8Array) {
    this.#binary = binary;
  }

  /** @throws If the payload is damaged. */
  value(plain: unknown, note: unknown): unknown {
    const value = this.#restore(plain, note as Note);
    if (this.#used === this.#binary.byteLength) return value;
    throw misshapen();
  }

  #restore(plain: unknown, note: Note): unknown {
    if (typeof note === 'string') return this.#make(note, plain);
    if (!Array.isArray(note) || typeof plain !== 'object' || plain === null) throw misshapen();
    for (let part = 1; part < note.length; part += 2) {
      const key = note[part] as Key;
      if (!Object.hasOwn(plain, key)) throw misshapen();
      (plain as Fields)[key] = this.#restore((plain as Fields)[key], note[part + 1] as Note);
    }
    return note[0] === '' ? plain : this.#make(note[0], plain);
  }

  #make(name: string, plain: unknown): unknown {
    if (isBinaryName(name)) return binaryOf(name, this.#take(asNumber(plain)));
    const standIn = standInCalled(name);
    if (standIn === undefined) throw misshapen();
    return standIn.restore(plain);
  }

  #take(length: number): Uint8Array {
    const end = this.#used + length;
    if (!Number.isSafeInteger(length) || length < 0 || end > this.#binary.byteLength) throw misshapen();
    const bytes = this.#binary.subarray(this.#used, end);
    this.#used = end;
    return bytes;
  }
}
