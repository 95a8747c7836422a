import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

const modes = ['strict', 'smooth'] as const;

/** Tests that the stores that `open` gives are free of what other limiters were seen to do; the study of them numbers it. */
export function itAvoidsTheDefects(open: () => RateLimitStore): void {
  function limiterOf(limits: Record<string, object>): { limiter: AnyLimiter; clock: ManualClock } {
    const clock = new ManualClock();
    const options = { name: crypto.randomUUID(), limits: limits as never, clock, store: open() };
    return { limiter: new RateLimiter(options), clock };
  }

  it('D1: ends a window of half a second after half a second', async () => {
    const { limiter, clock } = limiterOf({ user: { limit: 1, windowMs: 500 } });
    await limiter.check('alice');
    clock.advanceSync(500);

    expect((await limiter.check('alice')).allowed).toBe(true);
  });

  it('D2: keeps a window of 1.9 seconds for 1.9 seconds', async () => {
    const { limiter, clock } = limiterOf({ user: { limit: 1, windowMs: 1_900 } });
    await limiter.check('alice');
    clock.advanceSync(1_899);

    expect((await limiter.check('alice')).allowed).toBe(false);
  });

  it('D3: charges no limit when one of two refuses', async () => {
    const { limiter } = limiterOf({
      ten: { limit: 10, windowMs: 60_000 },
      one: { limit: 1, windowMs: 60_000 },
    });
    const allowed: boolean[] = [];
    for (let call = 0; call < 6; call += 1) allowed.push((await limiter.check('alice')).allowed);

    expect(allowed).toEqual([true, false, false, false, false, false]);
    expect((await limiter.check('alice', { cost: 0 })).limits).toMatchObject({
      ten: { remaining: 9 },
      one: { remaining: 0 },
    });
  });

  it.each(modes)('D4: does not count the calls that it refuses, %s', async (mode) => {
    const { limiter, clock } = limiterOf({ user: { limit: 2, windowMs: 60_000, mode } });
    for (let call = 0; call < 10; call += 1) await limiter.check('alice');
    clock.advanceSync(60_000);

    expect((await limiter.check('alice', { cost: 2 })).allowed).toBe(true);
  });

  it('D5: admits no more than the limit around the edge of a window', async () => {
    const { limiter, clock } = limiterOf({ user: { limit: 10, windowMs: 60_000 } });
    let admitted = 0;
    await limiter.check('alice');
    clock.advanceSync(57_000);
    for (let call = 0; call < 100; call += 1) {
      if ((await limiter.check('alice')).allowed) admitted += 1;
      clock.advanceSync(60);
    }

    expect(admitted).toBe(10);
  });

  it.each(modes)('D8: charges nothing for a cost that does not fit, %s', async (mode) => {
    const { limiter } = limiterOf({ user: { limit: 10, windowMs: 60_000, mode } });
    await limiter.check('alice', { cost: 9 });

    expect((await limiter.check('alice', { cost: 10 })).allowed).toBe(false);
    expect((await limiter.check('alice', { cost: 0 })).limits['user']?.remaining).toBe(1);
  });

  it.each(modes)('D9: admits a cost that fits after it refused one that did not, %s', async (mode) => {
    const { limiter } = limiterOf({ user: { limit: 10, windowMs: 60_000, mode } });
    await limiter.check('alice', { cost: 5 });

    expect((await limiter.check('alice', { cost: 8 })).allowed).toBe(false);
    expect((await limiter.check('alice')).allowed).toBe(true);
  });
}
