import { ManualClock } from '@holdfast/core/testing';
import { describeWithPostgres } from '@holdfast/test-support';
import type { ICache } from '@holdfast/tiered-cache';
import { postgres } from '@holdfast/tiered-cache/postgres';
import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { FifoModel } from '../model/fifo-model.ts';
import { newTable, openPool } from './rig.ts';

type Action =
  | { readonly type: 'set'; readonly entries: readonly [string, Buffer][] }
  | { readonly type: 'delete'; readonly keys: readonly string[] }
  | { readonly type: 'clear' };

const keys = Array.from({ length: 16 }, (_, number) => `key ${String(number).padStart(2, '0')}`);
const key = fc.constantFrom(...keys);
const bytes = fc.integer({ min: 0, max: 5_000 }).map((length) => Buffer.alloc(length, 97));

// A batch is written in the order of its keys.
const set: fc.Arbitrary<Action> = fc.record({
  type: fc.constant('set'),
  entries: fc
    .uniqueArray(fc.tuple(key, bytes), { minLength: 1, maxLength: 6, selector: ([name]) => name })
    .map((entries) => entries.toSorted(([one], [other]) => one.localeCompare(other))),
});
const others: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constant('delete' as const), keys: fc.array(key, { maxLength: 4 }) }),
  fc.constant({ type: 'clear' as const }),
);
const action = fc.oneof({ weight: 5, arbitrary: set }, { weight: 2, arbitrary: others });

async function act(each: Action, part: ICache<Uint8Array>, model: FifoModel): Promise<void> {
  if (each.type === 'set') {
    await part.setMany(each.entries);
    model.set(each.entries, each.entries, Infinity);
  } else if (each.type === 'delete') {
    model.delete(each.keys, await part.getMany(keys));
    await part.deleteMany(each.keys);
  } else {
    await part.clear();
    model.clear();
  }
}

describeWithPostgres('postgres with limits', (server) => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = openPool(server.url);
  });
  afterAll(() => pool.end());

  it('holds what was written last, and no more than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 20 }),
        async (actions, maxEntries) => {
          const clock = new ManualClock();
          const part = postgres(pool, { table: newTable(), clock, maxEntries }).bytes('any');
          const model = new FifoModel(clock);
          for (const each of actions) {
            await act(each, part, model);
            const held = await part.getMany(keys);
            expect(model.complaints(held)).toEqual([]);
            expect(held.size).toBeLessThanOrEqual(maxEntries);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('keeps what it may keep: nothing goes while there is room', async () => {
    const part = postgres(pool, { table: newTable(), maxEntries: 16, maxBytes: 1_000_000 }).bytes('any');
    for (let round = 0; round < 20; round += 1)
      for (const name of keys) await part.set(name, Buffer.alloc(1_000));

    expect((await part.getMany(keys)).size).toBe(16);
  });
});
