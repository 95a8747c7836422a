import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

// Each is a defect that other limiters were seen with when they were run; the number is that of the study.
describe('RateLimiter', () => {
  it('D1: ends a window of half a second after half a second', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 500 } }, clock });
    limiter.checkSync('alice');
    clock.advanceSync(500);

    expect(limiter.checkSync('alice').allowed).toBe(true);
  });

  it('D2: keeps a window of 1.9 seconds for 1.9 seconds', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1_900 } }, clock });
    limiter.checkSync('alice');
    clock.advanceSync(1_899);

    expect(limiter.checkSync('alice').allowed).toBe(false);
  });

  it('D3: charges no limit when one of two refuses', () => {
    const limits = { ten: { limit: 10, windowMs: 1_000 }, one: { limit: 1, windowMs: 1_000 } };
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    for (let call = 0; call < 6; call += 1) limiter.checkSync('alice');

    expect(limiter.checkSync('alice', { cost: 0 }).limits).toMatchObject({
      ten: { remaining: 9 },
      one: { remaining: 0 },
    });
  });

  it.each(['strict', 'smooth'] as const)('D4: does not count the calls that it refuses, %s', (mode) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 1_000, mode } }, clock });
    for (let call = 0; call < 10; call += 1) limiter.checkSync('alice');
    clock.advanceSync(1_000);

    expect(limiter.checkSync('alice', { cost: 2 }).allowed).toBe(true);
  });

  it('D5: admits no more than the limit around the edge of a window', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 10, windowMs: 1_000 } }, clock });
    let admitted = 0;
    limiter.checkSync('alice');
    clock.advanceSync(950);
    for (let call = 0; call < 100; call += 1) {
      if (limiter.checkSync('alice').allowed) admitted += 1;
      clock.advanceSync(1);
    }

    expect(admitted).toBe(10);
  });

  it.each(['strict', 'smooth'] as const)('D8: charges nothing for a cost that does not fit, %s', (mode) => {
    const limits = { user: { limit: 10, windowMs: 1_000, mode } };
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    limiter.checkSync('alice', { cost: 9 });
    limiter.checkSync('alice', { cost: 10 });

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(1);
  });

  it.each(['strict', 'smooth'] as const)(
    'D9: admits a cost that fits after it refused one that did not, %s',
    (mode) => {
      const limits = { user: { limit: 10, windowMs: 1_000, mode } };
      const limiter = new RateLimiter({ limits, clock: new ManualClock() });
      limiter.checkSync('alice', { cost: 5 });

      expect(limiter.checkSync('alice', { cost: 8 }).allowed).toBe(false);
      expect(limiter.checkSync('alice').allowed).toBe(true);
    },
  );

  it.each(['*', 'user:*', '?lice', '[a-z]lice', ''])(
    'D11: resets nobody else by the name %j',
    async (pattern) => {
      const limiter = new RateLimiter({
        limits: { user: { limit: 1, windowMs: 1_000 } },
        store: new MemoryStore(),
      });
      limiter.checkSync('alice');

      await limiter.reset(pattern).catch(() => undefined);

      expect(limiter.checkSync('alice').allowed).toBe(false);
    },
  );
});
