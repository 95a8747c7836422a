import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Incoming } from '../../src/http/incoming.ts';
import { RecentPasses } from '../../src/http/recent-passes.ts';
import type { StoredResponse } from '../../src/http/stored-response.ts';
import { Variants } from '../../src/http/variants.ts';

const pauses = fc.constantFrom(0, 1, 400, 1_000, 5_000, 9_999, 10_000);

describe('Variants', () => {
  it('keeps at most so many keys in use, and drops none that was used within 10 s', () => {
    const requests = fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), pauses), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), requests, (maxVariants, walk) => {
        const clock = new ManualClock();
        const usedAt = new Map<string, number>();
        const drop = (key: string): void => {
          expect(clock.now() - Number(usedAt.get(key))).toBeGreaterThanOrEqual(10_000);
          usedAt.delete(key);
        };
        const variants = new Variants({ maxVariants, clock, drop });
        const response = { vary: ['accept'] } as unknown as StoredResponse;
        for (const [accept, pauseMs] of walk) {
          clock.advanceSync(pauseMs);
          const incoming = { header: () => String(accept) } as unknown as Incoming<unknown>;
          const key = variants.keyOf('resource', 'key', response, incoming);
          if (key !== undefined) usedAt.set(key, clock.now());
          expect(usedAt.size).toBeLessThanOrEqual(maxVariants);
          expect(key === undefined).toBe(!usedAt.has(String(key)));
        }
      }),
    );
  });
});

describe('RecentPasses', () => {
  it('remembers a key for 10 s, lets it be tried once a second meanwhile, and is told when it may be forgotten', () => {
    const step = fc.tuple(fc.constantFrom('note', 'forget', 'try'), fc.constantFrom('a', 'b'), pauses);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (walk) => {
        const clock = new ManualClock();
        const passes = new RecentPasses(clock);
        const model = new Map<string, { readonly notedAt: number; readonly triedAt: number }>();
        for (const [action, key, pauseMs] of walk) {
          clock.advanceSync(pauseMs);
          const now = clock.now();
          const known = model.get(key);
          const remembered = known !== undefined && now - known.notedAt < 10_000;
          const mayTry = !remembered || now - known.triedAt >= 1_000;
          expect(action === 'try' ? passes.mayTry(key) : mayTry).toBe(mayTry);
          if (action === 'try' && remembered && mayTry) model.set(key, { ...known, triedAt: now });
          if (action === 'note') model.set(key, { notedAt: now, triedAt: now });
          if (action === 'note') passes.note(key);
          if (action === 'forget') model.delete(key);
          if (action === 'forget') passes.forget(key);
        }
      }),
    );
  });

  it('forgets the key noted longest ago where there are more than 10,000', () => {
    const passes = new RecentPasses(new ManualClock());

    for (let key = 0; key <= 10_000; key += 1) passes.note(String(key));

    expect([passes.mayTry('0'), passes.mayTry('1'), passes.mayTry('10000')]).toEqual([true, false, false]);
  });
});
