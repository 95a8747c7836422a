import { ManualClock } from '@holdfast/core/testing';
import { createCache } from '@holdfast/tiered-cache';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ScriptedStore } from '../scripted-store.ts';

/** The rule itself: when the value is fresh, given when it was stored and asked for. */
class NaiveLife {
  readonly #ttlMs: number;
  readonly #slidingMs: number;
  #lengthenedAt = 0;
  #endsAt: number;

  constructor(ttlMs: number, slidingMs: number) {
    this.#ttlMs = ttlMs;
    this.#slidingMs = slidingMs;
    this.#endsAt = Math.min(ttlMs, slidingMs);
  }

  /** Whether somebody who asks at `now` is answered. */
  ask(now: number): boolean {
    if (now >= this.#endsAt) return false;
    if (now - this.#lengthenedAt >= this.#slidingMs / 4) {
      this.#lengthenedAt = now;
      this.#endsAt = Math.min(this.#ttlMs, now + this.#slidingMs);
    }
    return true;
  }
}

const asks = fc.array(
  fc.record({ afterMs: fc.nat(60), how: fc.constantFrom('peek' as const, 'get' as const, 'many' as const) }),
  { maxLength: 60 },
);
const lives = fc.record({
  ttlMs: fc.integer({ min: 1, max: 400 }),
  slidingMs: fc.integer({ min: 1, max: 100 }),
});

describe('lives that slide', () => {
  it.each([
    ['in memory alone', () => ({})],
    ['in memory and below', (clock: ManualClock) => ({ l2: new ScriptedStore(clock) })],
    ['below alone', (clock: ManualClock) => ({ l1: false as const, l2: new ScriptedStore(clock) })],
  ])('end as the rule says, %s', async (_where, tiersOn) => {
    await fc.assert(
      fc.asyncProperty(lives, asks, async ({ ttlMs, slidingMs }, some) => {
        const clock = new ManualClock();
        const cache = createCache({ namespace: 'n', ttlMs, slidingMs, clock, ...tiersOn(clock) });
        const isInMemory = cache.statistics().tiers.l1 !== undefined;
        const model = new NaiveLife(ttlMs, slidingMs);
        await cache.set('key', 'value');
        for (const { afterMs, how } of some) {
          await clock.advance(afterMs);
          if (how === 'peek' && !isInMemory) continue;
          const value =
            how === 'peek'
              ? cache.peek('key')
              : how === 'get'
                ? await cache.get('key')
                : (await cache.getMany(['key'])).get('key');
          expect(value).toBe(model.ask(clock.now()) ? 'value' : undefined);
          // What was begun in the tiers comes to its end.
          await clock.advance(0);
        }
        await cache[Symbol.asyncDispose]();
      }),
    );
  });
});
