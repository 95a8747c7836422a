import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '@holdfast/core';

import type { Commands } from './client.ts';

/** Bytes of a generation. */
export const generationBytes = 8;

/** How long a generation is believed without asking again, in milliseconds: how late another process sees a `clear`. */
const believedMs = 1_000;

/**
 * The generation of a namespace: a random mark kept in one key and repeated in every entry. Entries of another
 * generation count as absent, so `clear` costs one write, however many entries there are and wherever they lie.
 *
 * Invariant: a mark is never used twice. When the key is lost a new mark takes its place and every old entry is absent:
 * losing it can only cause misses.
 */
export class RedisGeneration {
  readonly #key: string;
  readonly #clock: Clock;
  #mark: Buffer | undefined;
  #askedAt = -Infinity;
  #turn = 0;

  constructor(key: string, clock: Clock = systemClock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** The mark that entries must bear now; `undefined` if it has to be asked for. */
  get believed(): Buffer | undefined {
    return this.#clock.now() < this.#askedAt + believedMs ? this.#mark : undefined;
  }

  /** The mark that entries must bear now, asked for again if it was not within the last second. */
  async current(client: Commands): Promise<Buffer> {
    const { believed } = this;
    if (believed !== undefined) return believed;
    const now = this.#clock.now();
    const turn = this.#turn;
    const mark = await this.#read(client);
    // A `clear` of our own meanwhile knows better.
    if (turn === this.#turn || this.#mark === undefined) {
      this.#mark = mark;
      this.#askedAt = now;
    }
    return this.#mark;
  }

  /** Makes every entry written so far absent. */
  async renew(client: Commands): Promise<void> {
    const mark = randomBytes(generationBytes);
    this.#turn += 1;
    const turn = this.#turn;
    // Until the server has answered nobody knows which mark it holds, so the next operation asks.
    this.#mark = undefined;
    await client.set(this.#key, mark);
    if (turn !== this.#turn) return;
    this.#mark = mark;
    this.#askedAt = this.#clock.now();
  }

  async #read(client: Commands): Promise<Buffer> {
    const held = await client.getBuffer(this.#key);
    if (held?.length === generationBytes) return held;
    const mark = randomBytes(generationBytes);
    // Foreign bytes under our key are replaced; a missing key may be set by somebody else at the same moment.
    if (held === null) await client.set(this.#key, mark, 'NX');
    else await client.set(this.#key, mark);
    const settled = await client.getBuffer(this.#key);
    return settled?.length === generationBytes ? settled : mark;
  }
}
