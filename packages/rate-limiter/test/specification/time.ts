import type { Clock } from '@holdfast/core';
import { RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

const day = 86_400_000;
const modes = ['strict', 'smooth'] as const;

/** A clock that is set by hand, in any direction. */
class SteppingClock implements Clock {
  at = 1_700_000_000_000;

  now(): number {
    return this.at;
  }

  epoch(): number {
    return this.at;
  }

  schedule(): () => void {
    return () => undefined;
  }
}

/** Tests every row about time on the stores that `open` gives. Whatever it is to them, the clock is the test's. */
export function itKeepsTime(open: () => RateLimitStore): void {
  const limiterOf = (clock: Clock, user: object): AnyLimiter =>
    new RateLimiter({ name: crypto.randomUUID(), limits: { user: user as never }, clock, store: open() });

  it.each([
    ['16.2 window edge', 60_000],
    ['16.2 sub-second window', 500],
    ['16.2 window of 30 days', 30 * day],
    ['16.2 window of 366 days', 366 * day],
  ])('%s: frees what was spent exactly one window later', async (_, windowMs) => {
    const clock = new SteppingClock();
    const limiter = limiterOf(clock, { limit: 2, windowMs });
    await limiter.check('alice', { cost: 2 });

    clock.at += windowMs - 1;
    expect(await limiter.check('alice')).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.at += 1;
    expect((await limiter.check('alice', { cost: 2 })).allowed).toBe(true);
  });

  it.each([
    ['16.2 window edge', 60_000],
    ['16.2 sub-second window', 500],
    ['16.2 window of 30 days', 30 * day],
  ])('%s: gives back one unit of a smooth limit exactly when it is due', async (_, windowMs) => {
    const clock = new SteppingClock();
    const limiter = limiterOf(clock, { limit: 10, windowMs, mode: 'smooth' });
    await limiter.check('alice', { cost: 10 });

    clock.at += windowMs / 10 - 1;
    expect(await limiter.check('alice')).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.at += 1;
    expect((await limiter.check('alice')).allowed).toBe(true);
    expect(await limiter.check('alice')).toMatchObject({ allowed: false, retryAfterMs: windowMs / 10 });
  });

  it.each(modes)('16.2 clock back 5 s: admits nothing more, %s', async (mode) => {
    const clock = new SteppingClock();
    const limiter = limiterOf(clock, { limit: 2, windowMs: 10_000, mode });
    await limiter.check('alice', { cost: 2 });

    clock.at -= 5_000;

    const { allowed, limits } = await limiter.check('alice');
    expect([allowed, limits['user']?.remaining, limits['user']?.resetMs]).toEqual([false, 0, 10_000]);
  });

  it.each(modes)('16.2 clock back 5 s: goes on once it has caught up, %s', async (mode) => {
    const clock = new SteppingClock();
    const limiter = limiterOf(clock, { limit: 2, windowMs: 10_000, mode });
    await limiter.check('alice', { cost: 2 });
    clock.at -= 5_000;
    await limiter.check('alice');

    clock.at += 15_000;

    expect((await limiter.check('alice', { cost: 2 })).allowed).toBe(true);
  });

  it.each(modes)('16.2 clock forward 1 h: gives at most one full quota, %s', async (mode) => {
    const clock = new SteppingClock();
    const limiter = limiterOf(clock, { limit: 2, windowMs: 10_000, mode });
    await limiter.check('alice', { cost: 2 });

    clock.at += 3_600_000;

    expect((await limiter.check('alice', { cost: 0 })).limits['user']?.remaining).toBe(2);
    const admitted = [await limiter.check('alice', { cost: 2 }), await limiter.check('alice')];
    expect(admitted.map(({ allowed }) => allowed)).toEqual([true, false]);
  });
}
