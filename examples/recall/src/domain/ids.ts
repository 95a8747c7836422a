import { getRandomValues } from 'node:crypto';
import type { Clock } from '@holdfast/core';

const maxSequence = 0xf_ff;

/**
 * Makes UUIDs of version 7 on an injected clock.
 *
 * Invariant: each id sorts after the one before it, also within a millisecond (the 12 bits of `rand_a` count up) and
 * when the wall clock steps back (the time stamp stands still meanwhile).
 *
 * @see RFC 9562, sections 5.7 and 6.2 (method 1: fixed-length dedicated counter)
 */
export class IdSource {
  readonly #clock: Pick<Clock, 'epoch'>;
  readonly #fill: (bytes: Uint8Array<ArrayBuffer>) => void;
  #lastAt = -1;
  #sequence = 0;

  /** @param fill - Fills the bytes with random ones; the platform's cryptographic source unless given. */
  constructor(clock: Pick<Clock, 'epoch'>, fill: (bytes: Uint8Array<ArrayBuffer>) => void = getRandomValues) {
    this.#clock = clock;
    this.#fill = fill;
  }

  next(): string {
    this.#tick();
    const bytes = new Uint8Array(16);
    this.#fill(bytes);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, Math.floor(this.#lastAt / 0x1_00_00));
    view.setUint16(4, this.#lastAt % 0x1_00_00);
    view.setUint16(6, 0x70_00 | this.#sequence);
    view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
    const hex = Buffer.from(bytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  #tick(): void {
    const at = Math.floor(this.#clock.epoch());
    if (at > this.#lastAt) {
      this.#lastAt = at;
      this.#sequence = 0;
    } else if (this.#sequence < maxSequence) {
      this.#sequence += 1;
    } else {
      this.#lastAt += 1;
      this.#sequence = 0;
    }
  }
}

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

export const isUuid = (value: string): boolean => uuid.test(value);
