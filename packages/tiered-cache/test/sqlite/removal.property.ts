import { DatabaseSync } from 'node:sqlite';
import { ManualClock } from '@holdfast/core/testing';
import type { ICache } from '@holdfast/tiered-cache';
import { sqlite, type SqliteDatabase } from '@holdfast/tiered-cache/sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { entryBytes } from '../../src/sqlite/entry-bytes.ts';
import { FifoModel } from '../model/fifo-model.ts';
import { BetterSqlite3, countRows } from './engines.ts';

type Action =
  | {
      readonly type: 'set';
      readonly entries: readonly [string, Buffer][];
      readonly ttlMs: number | undefined;
    }
  | { readonly type: 'delete'; readonly keys: readonly string[] }
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'clear' };

const keys = Array.from({ length: 16 }, (_, number) => `key ${number}`);
const key = fc.constantFrom(...keys);
const bytes = fc.integer({ min: 0, max: 12_000 }).map((length) => Buffer.alloc(length, 97));

const set: fc.Arbitrary<Action> = fc.record({
  type: fc.constant('set'),
  entries: fc.array(fc.tuple(key, bytes), { minLength: 1, maxLength: 6 }),
  ttlMs: fc.constantFrom(undefined, 1, 500, 5_000),
});
const others: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('delete' as const), keys: fc.array(key, { maxLength: 4 }) }),
  fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 499, 1_000, 7_000) }),
  fc.constant({ type: 'clear' as const }),
);
const action = fc.oneof({ weight: 5, arbitrary: set }, { weight: 3, arbitrary: others });

interface Limits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

interface Size {
  readonly entries: number;
  readonly bytes: number;
}

interface Row {
  readonly key: string;
  readonly value: Uint8Array;
}

/** A cache beside the model of it. Each method gives what is wrong afterwards. */
class Run {
  readonly clock = new ManualClock();
  readonly database: SqliteDatabase;
  readonly #limits: Limits;
  readonly #part: ICache<Uint8Array>;
  readonly #model = new FifoModel(this.clock);

  constructor(database: SqliteDatabase, limits: Limits) {
    this.database = database;
    this.#limits = limits;
    this.#part = sqlite(database, { ...limits, clock: this.clock }).bytes('any');
  }

  async act(each: Action): Promise<readonly string[]> {
    const complaints = await this.#act(each);
    return [...complaints, ...this.#model.complaints(await this.held())];
  }

  held(): Promise<ReadonlyMap<string, Uint8Array>> {
    return this.#part.getMany(keys);
  }

  async #act(each: Action): Promise<readonly string[]> {
    if (each.type === 'set') return this.#set(each.entries, each.ttlMs);
    if (each.type === 'delete') return this.#delete(each.keys);
    if (each.type === 'pass') await this.clock.advance(each.ms);
    else await this.#clear();
    return [];
  }

  async #set(entries: readonly [string, Buffer][], ttlMs: number | undefined): Promise<readonly string[]> {
    const { maxBytes, maxEntries } = this.#limits;
    await this.#part.setMany(entries, { ttlMs });
    const kept = entries.filter(([name, value]) => entryBytes(name, value) <= maxBytes);
    this.#model.set(entries, kept, ttlMs ?? Infinity);

    const { entries: count, bytes: sum } = this.#counted();
    const measured = this.#measured();
    return [
      ...(count === measured.entries && sum === measured.bytes ? [] : ['it counts wrong']),
      ...(count > maxEntries ? [`${count} entries`] : []),
      ...(sum > maxBytes ? [`${sum} bytes`] : []),
    ];
  }

  async #delete(deleted: readonly string[]): Promise<readonly string[]> {
    const expected = this.#model.delete(deleted, await this.held());
    const count = await this.#part.deleteMany(deleted);
    return count === expected ? [] : [`${count} deleted, not ${expected}`];
  }

  async #clear(): Promise<void> {
    await this.#part.clear();
    this.#model.clear();
  }

  #counted(): Size {
    return this.database.prepare('SELECT entries, bytes FROM holdfast_cache_size').get() as Size;
  }

  #measured(): Size {
    const rows = this.database.prepare('SELECT key, value FROM holdfast_cache').all() as Row[];
    return {
      entries: rows.length,
      bytes: rows.reduce((sum, row) => sum + entryBytes(row.key, row.value), 0),
    };
  }
}

describe('sqlite with limits', () => {
  it('holds what was written last, counts it right, and comes to rest with nothing dead in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1_000, max: 60_000 }),
        fc.constantFrom(
          () => new DatabaseSync(':memory:'),
          () => new BetterSqlite3(':memory:'),
        ),
        async (actions, maxEntries, maxBytes, open) => {
          const run = new Run(open(), { maxEntries, maxBytes });
          for (const each of actions) expect(await run.act(each)).toEqual([]);
          await run.clock.advance(20_000);

          expect(run.clock.pending()).toBe(0);
          expect(countRows(run.database)).toBe((await run.held()).size);
        },
      ),
      { numRuns: 200 },
    );
  });
});
