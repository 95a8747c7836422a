import type { Clock } from '@holdfast/core';

import { Housekeeping } from '../durable/housekeeping.ts';
import type { DurableLimits } from '../durable/limits.ts';
import type { PostgresConnection } from './connection.ts';
import { Entries, type Writing } from './entries.ts';
import { entryBytes } from './entry-bytes.ts';
import { Removal } from './removal.ts';
import type { TableNames } from './schema.ts';
import { storedKey } from './stored-key.ts';
import { Trimming } from './trimming.ts';

/** How often at most a process looks for what has expired, and how long it pauses between two steps, in milliseconds. */
const tidyEveryMs = 10_000;
const stepPauseMs = 10;

/** Past this many milliseconds, some 3,000 years, an entry is taken to never expire. */
const longestLifeMs = 1e14;

/**
 * A table of bytes by namespace and key, bounded in entries and bytes.
 *
 * Invariant: the limits are checked after at most a 64th of them was written by a process, and once at its first write. So
 * they are passed by no more than what all processes write between two checks, and by the error of an estimate.
 */
export class PostgresTable {
  readonly #entries: Entries;
  readonly #limits: DurableLimits;
  readonly #removal: Removal;
  readonly #trimming: Trimming;
  readonly #housekeeping: Housekeeping;
  #written = false;

  constructor(connection: PostgresConnection, names: TableNames, limits: DurableLimits, clock: Clock) {
    this.#entries = new Entries(connection, names);
    this.#limits = limits;
    this.#removal = new Removal(connection, names);
    this.#trimming = new Trimming(connection, names, limits);
    this.#housekeeping = new Housekeeping(clock, () => this.#tidy());
  }

  get entries(): Pick<Entries, 'read' | 'readMany'> {
    return this.#entries;
  }

  /**
   * An entry that is larger than `maxBytes` is not kept, nor is what it replaces.
   *
   * @param ttlMs - More than 0; `Infinity` for no end.
   */
  async write(namespace: string, entries: ReadonlyMap<string, Uint8Array>, ttlMs: number): Promise<void> {
    const writings = [...entries].map(([key, value]) => ({ key: storedKey(key), value }));
    const fitting = writings.filter((writing) => this.#fits(writing));
    if (fitting.length < writings.length) {
      const large = writings.filter((writing) => !this.#fits(writing));
      await this.#entries.remove(
        namespace,
        large.map(({ key }) => key),
      );
    }
    await this.#entries.write(namespace, fitting, ttlMs > longestLifeMs ? null : ttlMs);
    this.#tidyWithin(this.#written ? ttlMs : 0);
    this.#written = true;
    await this.#trim(fitting);
  }

  /** Tells how many of the keys were held and had not expired. */
  remove(namespace: string, keys: readonly string[]): Promise<number> {
    return this.#entries.remove(namespace, keys.map(storedKey));
  }

  async clear(namespace: string): Promise<void> {
    await this.#entries.clear(namespace);
    this.#tidyWithin(0);
  }

  /** Ends the housekeeping. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#housekeeping[Symbol.asyncDispose]();
  }

  #fits({ key, value }: Writing): boolean {
    return entryBytes(key, value) <= this.#limits.maxBytes;
  }

  #tidyWithin(delayMs: number): void {
    if (delayMs < Infinity) this.#housekeeping.within(Math.max(delayMs, tidyEveryMs));
  }

  /** What was written stays written, whether or not room is made for it. */
  async #trim(written: readonly Writing[]): Promise<void> {
    const bytes = written.reduce((sum, { key, value }) => sum + entryBytes(key, value), 0);
    if (!this.#trimming.note(written.length, bytes)) return;
    const rest = await this.#trimming.step().catch(() => 'none');
    if (rest === 'some') this.#housekeeping.within(0);
  }

  async #tidy(): Promise<number | undefined> {
    const rests = [await this.#trimming.step(), await this.#removal.step()];
    if (rests.includes('some')) return stepPauseMs;
    const nextMs = await this.#removal.nextExpiryMs();
    return nextMs === undefined ? undefined : Math.max(nextMs, tidyEveryMs);
  }
}
