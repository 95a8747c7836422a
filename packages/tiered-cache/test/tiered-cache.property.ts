import { isDeepStrictEqual } from 'node:util';
import { ManualClock, settle } from '@holdfast/core/testing';
import { createCache, type TieredCache, type TieredCacheOptions } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { type LoaderPlan, NaiveCache } from './model/naive-cache.ts';
import { ScriptedStore } from './scripted-store.ts';

type Command =
  | { readonly do: 'get'; readonly key: string; readonly plan: LoaderPlan }
  | { readonly do: 'read' | 'readMany' | 'peek' | 'delete'; readonly key: string }
  | { readonly do: 'set'; readonly key: string; readonly value: unknown }
  | { readonly do: 'clear' }
  | { readonly do: 'advance' | 'jump'; readonly ms: number };

const key = fc.constantFrom('a', 'b');
const anyValue = fc.oneof(fc.nat(5), fc.constantFrom(null, false, 0, '', 'text', { deep: [1] }));
const plan = fc.oneof(
  anyValue.map((brings): LoaderPlan => ({ brings })),
  fc.constantFrom<LoaderPlan>('fails', { brings: undefined }),
);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), key, plan }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('read', 'readMany', 'peek', 'delete'), key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), key, value: anyValue }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 9, 10, 11, 30) }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
) as fc.Arbitrary<Command>;

const terms = fc.record({
  ttlMs: fc.constantFrom(10, 20),
  staleWhileRevalidateMs: fc.constantFrom(0, 10, 25),
  staleIfErrorMs: fc.constantFrom(0, 10, 40),
});

/** The cache next to the model, which must agree on every answer and every load. */
class Bench {
  readonly model: NaiveCache;
  readonly cache: TieredCache;
  readonly clock: ManualClock;
  readonly loads: string[] = [];
  readonly #differences: unknown[] = [];

  constructor(cache: TieredCache, clock: ManualClock, model: NaiveCache) {
    this.cache = cache;
    this.clock = clock;
    this.model = model;
  }

  /** Where the two differ, if anywhere. */
  async run(commands: readonly Command[]): Promise<unknown[]> {
    for (const each of commands) {
      await this.#run(each);
      await settle();
      this.#compare(each, this.loads, this.model.loads);
    }
    return this.#differences;
  }

  async #run(each: Command): Promise<void> {
    const { cache, model, clock } = this;
    switch (each.do) {
      case 'get':
        this.#compare(each, await this.#get(each.key, each.plan), model.get(each.key, each.plan));
        break;
      case 'read':
        this.#compare(each, await cache.get(each.key), model.fresh(each.key));
        break;
      case 'readMany':
        this.#compare(each, (await cache.getMany([each.key, 'b'])).get(each.key), model.fresh(each.key));
        break;
      case 'peek':
        // Memory may have less than the tiers, and never anything else.
        this.#compare(each, cache.peek(each.key) ?? model.fresh(each.key), model.fresh(each.key));
        break;
      case 'delete':
        await cache.delete(each.key);
        model.delete(each.key);
        break;
      case 'set':
        await cache.set(each.key, each.value);
        model.set(each.key, each.value);
        break;
      case 'clear':
        await cache.clear();
        model.clear();
        break;
      case 'jump':
        clock.shiftEpoch(each.ms);
        break;
      case 'advance':
        await clock.advance(each.ms);
        model.advance(each.ms);
        break;
    }
  }

  #compare(after: Command, actual: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(actual, expected)) this.#differences.push({ after, actual, expected });
  }

  async #get(which: string, does: LoaderPlan): Promise<unknown> {
    const loader = async (): Promise<unknown> => {
      this.loads.push(which);
      if (does === 'fails') throw new Error('down');
      return does.brings;
    };
    return this.cache.get(which, loader).catch(() => 'rejected');
  }
}

const layouts: [string, (clock: ManualClock) => Partial<TieredCacheOptions>][] = [
  ['memory alone', () => ({})],
  ['memory and L2', (clock) => ({ l2: new ScriptedStore(clock) })],
  ['all tiers', (clock) => ({ l2: new ScriptedStore(clock), l3: new ScriptedStore(clock) })],
  [
    'all tiers, memory asking again after 5 ms',
    (clock) => ({ l1: { ttlMs: 5 }, l2: new ScriptedStore(clock), l3: new ScriptedStore(clock) }),
  ],
  ['L2 alone', (clock) => ({ l1: false, l2: new ScriptedStore(clock) })],
];

describe('TieredCache next to a naive model', () => {
  it.each(layouts)('gives the same answers by the same loads: %s', async (_layout, tiers) => {
    await fc.assert(
      fc.asyncProperty(terms, fc.array(command, { maxLength: 30 }), async (times, commands) => {
        const clock = new ManualClock();
        const cache = createCache({ namespace: 'n', clock, loadRetryMs: 0, ...times, ...tiers(clock) });
        expect(await new Bench(cache, clock, new NaiveCache(times)).run(commands)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is not moved by jumps of the wall clock, in memory', async () => {
    const day = 86_400_000;
    const jump = fc.record({ do: fc.constant('jump' as const), ms: fc.constantFrom(-day, day) });
    await fc.assert(
      fc.asyncProperty(
        terms,
        fc.array(fc.oneof(command, jump), { maxLength: 30 }),
        async (times, commands) => {
          const clock = new ManualClock();
          const cache = createCache({ namespace: 'n', clock, loadRetryMs: 0, ...times });
          expect(await new Bench(cache, clock, new NaiveCache(times)).run(commands)).toEqual([]);
        },
      ),
    );
  });
});
