import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

const modes = ['strict', 'smooth'] as const;
const windowMs = 3_200;

/** Tests that what a call turned out to cost counts, also where nothing of its charge is left to be added to. */
export function itSettlesWhatWasGivenBack(open: () => RateLimitStore): void {
  function limiterOf(limit: number, mode: 'strict' | 'smooth'): { limiter: AnyLimiter; clock: ManualClock } {
    const clock = new ManualClock();
    const limits = { user: { limit, windowMs, mode } } as never;
    return { limiter: new RateLimiter({ name: crypto.randomUUID(), limits, clock, store: open() }), clock };
  }

  const left = async (limiter: AnyLimiter): Promise<number | undefined> =>
    (await limiter.check('alice', { cost: 0 })).limits['user']?.remaining;

  it.each(modes)('counts it after a reward took the charge, %s', async (mode) => {
    const { limiter } = limiterOf(5, mode);
    const decision = await limiter.check('alice');
    await limiter.reward('alice', 1);
    await decision.settle(4);

    expect(await left(limiter)).toBe(2);
  });

  it.each(modes)('counts it after a reset, %s', async (mode) => {
    const { limiter } = limiterOf(5, mode);
    const decision = await limiter.check('alice');
    await limiter.reset('alice');
    await decision.settle(4);

    expect(await left(limiter)).toBe(2);
  });

  it('counts it for a window from the call on, beside what earlier calls cost', async () => {
    const { limiter, clock } = limiterOf(5, 'strict');
    await limiter.check('alice');
    clock.advanceSync(10);
    const decision = await limiter.check('alice');
    await limiter.reward('alice', 1);
    clock.advanceSync(10);
    await decision.settle(4);

    expect(await left(limiter)).toBe(1);
    clock.advanceSync(windowMs - 20);
    expect(await left(limiter)).toBe(2);
    clock.advanceSync(9);
    expect(await left(limiter)).toBe(2);
    clock.advanceSync(1);
    expect(await left(limiter)).toBe(5);
  });

  it('counts it after everything before it has run out', async () => {
    const { limiter, clock } = limiterOf(5, 'strict');
    await limiter.check('alice');
    clock.advanceSync(10);
    const decision = await limiter.check('alice');
    await limiter.reward('alice', 1);
    clock.advanceSync(windowMs - 5);
    await decision.settle(4);

    expect(await left(limiter)).toBe(2);
    clock.advanceSync(5);
    expect(await left(limiter)).toBe(5);
  });

  it('does not join it with calls of later cells', async () => {
    const cellMs = windowMs / 32;
    const { limiter, clock } = limiterOf(64, 'strict');
    await limiter.check('alice');
    clock.advanceSync(1.5 * cellMs);
    const decision = await limiter.check('alice');
    clock.advanceSync(2 * cellMs);
    await limiter.check('alice');
    await limiter.reward('alice', 2);
    await decision.settle(4);
    await limiter.check('alice', { cost: 10 });

    expect(await left(limiter)).toBe(50);
    clock.advanceSync(windowMs - 2 * cellMs);
    expect(await left(limiter)).toBe(54);
  });

  it('does not count it once the window of the call is over', async () => {
    const { limiter, clock } = limiterOf(5, 'strict');
    const decision = await limiter.check('alice');
    clock.advanceSync(windowMs);
    await decision.settle(4);

    expect(await left(limiter)).toBe(5);
  });
}
