import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

describe('a smooth limit', () => {
  it('admits burst at once, then one unit per window divided by limit', () => {
    const clock = new ManualClock();
    const limits = { user: { limit: 10, windowMs: 1_000, mode: 'smooth', burst: 3 } } as const;
    const limiter = new RateLimiter({ limits, clock });

    expect(limiter.checkSync('alice', { cost: 3 }).limits.user).toMatchObject({
      burst: 3,
      remaining: 0,
      retryAfterMs: 300,
      resetMs: 300,
    });
    clock.advanceSync(100);
    expect(limiter.checkSync('alice').allowed).toBe(true);
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 100 });
  });

  it('allows a burst above the limit', () => {
    const limits = { user: { limit: 1, windowMs: 1_000, mode: 'smooth', burst: 5 } } as const;
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });

    expect(limiter.checkSync('alice', { cost: 5 }).allowed).toBe(true);
    expect(limiter.checkSync('bob', { cost: 6 })).toMatchObject({ allowed: false, impossible: true });
  });

  it('admits each unit of a limit that does not divide the window', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({
      limits: { user: { limit: 7, windowMs: 1_000, mode: 'smooth' } },
      clock,
    });
    for (let call = 0; call < 7; call += 1) expect(limiter.checkSync('alice').allowed).toBe(true);

    let admitted = 0;
    for (let ms = 0; ms < 10_000; ms += 1) {
      clock.advanceSync(1);
      if (limiter.checkSync('alice').allowed) admitted += 1;
    }

    expect(admitted).toBe(70);
  });

  it('holds a limit far above one unit per microsecond', () => {
    const clock = new ManualClock();
    const limit = 4_000_000_000;
    const limiter = new RateLimiter({ limits: { user: { limit, windowMs: 1_000, mode: 'smooth' } }, clock });
    limiter.checkSync('alice', { cost: limit });
    expect(limiter.checkSync('alice').allowed).toBe(false);

    clock.advanceSync(1);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(4_000_000);
  });

  it('counts for itself where another limiter of the store counts strictly under the same name', () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const user = { limit: 2, windowMs: 1_000 } as const;
    const strict = new RateLimiter({ name: 'api', limits: { user }, store, clock });
    const smooth = new RateLimiter({
      name: 'api',
      limits: { user: { ...user, mode: 'smooth' } },
      store,
      clock,
    });
    strict.checkSync('alice', { cost: 2 });

    expect(smooth.checkSync('alice').limits.user).toMatchObject({ mode: 'smooth', remaining: 1 });
    expect(strict.checkSync('alice', { cost: 0 }).limits.user).toMatchObject({
      mode: 'strict',
      remaining: 0,
    });
  });
});
