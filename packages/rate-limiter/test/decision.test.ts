import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';
import { fixedStore } from './support/fixed-store.ts';

const modes = ['strict', 'smooth'] as const;

describe('Decision.refund', () => {
  it.each(modes)('gives back what was charged, %s', async (mode) => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 5, windowMs: 1_000, mode } },
      clock: new ManualClock(),
    });
    const decision = limiter.checkSync('alice', { cost: 3 });

    await decision.refund();

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(5);
  });

  it.each(modes)('gives back a part, once, and never more than was charged, %s', async (mode) => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 9, windowMs: 1_000, mode } },
      clock: new ManualClock(),
    });
    limiter.checkSync('alice', { cost: 4 });
    const part = limiter.checkSync('alice', { cost: 3 });
    const more = limiter.checkSync('alice', { cost: 1 });

    await part.refund(2);
    await part.refund();
    await more.refund(7);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(4);
  });

  it.each(modes)('does nothing for a call that was refused or only looked, %s', async (mode) => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 2, windowMs: 1_000, mode } },
      clock: new ManualClock(),
    });
    limiter.checkSync('alice', { cost: 2 });

    await limiter.checkSync('alice', { cost: 2 }).refund();
    await limiter.checkSync('alice', { cost: 0 }).refund(1);
    await limiter.checkSync('alice', { cost: 0 }).settle(1);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(0);
  });

  it.each(modes)('does nothing once the window has passed, %s', async (mode) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 1_000, mode } }, clock });
    const decision = limiter.checkSync('alice', { cost: 2 });
    clock.advanceSync(1_000);
    limiter.checkSync('alice', { cost: 2 });

    await decision.refund();

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(0);
  });

  it('takes the charge out of its own cell', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 9, windowMs: 1_000 } }, clock });
    const first = limiter.checkSync('alice', { cost: 4 });
    clock.advanceSync(500);
    limiter.checkSync('alice', { cost: 5 });

    await first.refund();
    clock.advanceSync(500);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(4);
  });

  it('frees the cell of a refunded call for calls to come, and makes no other cell longer', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 40, windowMs: 320 } }, clock });
    limiter.checkSync('alice');
    clock.advanceSync(15);
    await limiter.checkSync('alice').refund();
    clock.advanceSync(1);
    limiter.checkSync('alice');

    clock.advanceSync(304);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(39);
  });

  it('leaves nothing of refunded calls in the time until nothing counts', async () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 9, windowMs: 1_000 } }, clock });
    limiter.checkSync('alice');
    for (let call = 0; call < 3; call += 1) {
      clock.advanceSync(10);
      await limiter.checkSync('alice').refund();
    }

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.resetMs).toBe(970);
  });

  it('tells a wrong cost', () => {
    const decision = new RateLimiter({ limits: { user: { limit: 2, windowMs: 1 } } }).checkSync('alice');

    expect(() => decision.refund(-1)).toThrow('cost must be a whole number of at least 0, got -1');
    expect(() => decision.settle(0.5)).toThrow('actualCost must be a whole number of at least 0, got 0.5');
  });

  it('asks the store for the limits that were charged, at the instant it told', async () => {
    const adjusted: unknown[] = [];
    const limits = {
      tried: { limit: 1, windowMs: 9, shadow: true, by: 'user' },
      user: { limit: 9, windowMs: 9, by: 'user' },
      tries: { limit: 9, windowMs: 9, by: 'ip', counts: 'attempts' },
      all: { limit: 9, windowMs: 9, by: 'global' },
    } as const;
    const readings = [1, 0, 9, 9, 0, 8, 0, 9, 0, 8, 0, 9, 0, 8, 0, 9];
    const store = fixedStore(
      { source: 'redis', readings, blockedMs: 0, chargedAt: 123 },
      (groups, subjects, cost, chargedAt) => {
        const rules = groups.map((group) => group.rules.map(({ name }) => name));
        adjusted.push({ rules, subjects: [...subjects], cost, chargedAt });
      },
    );
    const limiter = new RateLimiter({ limits, store });

    await limiter.checkSync({ user: 'alice', ip: '192.0.2.1' }, { cost: 3 }).settle(5);

    expect(adjusted).toEqual([
      { rules: [['user'], ['all']], subjects: ['alice', ''], cost: 2, chargedAt: 123 },
    ]);
  });
});

describe('Decision.settle', () => {
  it.each(modes)('charges what the call turned out to cost, once, %s', async (mode) => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 9, windowMs: 900, mode } },
      clock: new ManualClock(),
    });
    const dearer = limiter.checkSync('alice', { cost: 1 });
    const cheaper = limiter.checkSync('alice', { cost: 3 });

    await dearer.settle(4);
    await dearer.settle(1);
    await cheaper.settle(1);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(4);
  });

  it.each(modes)('may pass the limit, and later calls wait for it, %s', async (mode) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 1_000, mode } }, clock });
    await limiter.checkSync('alice').settle(3);

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
    clock.advanceSync(1_000);
    expect(limiter.checkSync('alice').allowed).toBe(true);
  });
});

describe('Decision', () => {
  const user = { limit: 2, windowMs: 1_000 };

  it('tells that a closed limit refused because the store failed', () => {
    const verdict = {
      source: 'local',
      readings: [1, 0, 500, 0],
      blockedMs: 0,
      chargedAt: undefined,
    } as const;
    const closed = new RateLimiter({
      limits: { user: { ...user, onStoreError: 'closed' } },
      store: fixedStore(verdict),
    });
    const local = new RateLimiter({ limits: { user }, store: fixedStore(verdict) });

    expect(closed.checkSync('alice')).toMatchObject({ storeFailed: true, allowed: false, retryAfterMs: 500 });
    expect(local.checkSync('alice')).toMatchObject({ storeFailed: false, allowed: false });
    expect(new RateLimiter({ limits: { user } }).checkSync('alice').storeFailed).toBe(false);
  });

  it('tells the same limits however often it is asked', () => {
    const decision = new RateLimiter({ limits: { user } }).checkSync('alice');

    expect(decision.limits).toBe(decision.limits);
  });

  it('keeps what it says when more calls are made', () => {
    const limiter = new RateLimiter({ limits: { user }, clock: new ManualClock() });
    const first = limiter.checkSync('alice');
    limiter.checkSync('alice');

    expect(first.limits.user?.remaining).toBe(1);
  });

  it('keeps what it says of several limits, in fractions as well, when more calls are made', () => {
    const clock = new ManualClock();
    const limits = { strict: user, smooth: { limit: 3, windowMs: 1_000, mode: 'smooth' } } as const;
    const limiter = new RateLimiter({ limits, clock });
    const first = limiter.checkSync('alice');
    clock.advanceSync(0.5);
    const second = limiter.checkSync('alice');
    limiter.checkSync('bob', { cost: 3 });

    expect(first.limits).toMatchObject({
      strict: { remaining: 1, retryAfterMs: 0, resetMs: 1_000 },
      smooth: { remaining: 2, retryAfterMs: 0, resetMs: 334 },
    });
    expect(second.limits).toMatchObject({
      strict: { remaining: 0, retryAfterMs: 1_000, resetMs: 1_000 },
      smooth: { remaining: 1, retryAfterMs: 0, resetMs: 667 },
    });
  });

  it('lets a call pass that the store has charged, whatever a shadow limit says', () => {
    const limits = { tried: { ...user, shadow: true }, user };
    const readings = [1, 0, 500, 500, 0, 1, 0, 1_000];
    const store = fixedStore({ source: 'redis', readings, blockedMs: 0, chargedAt: 5 });

    const decision = new RateLimiter({ limits, store }).checkSync('alice');

    expect(decision).toMatchObject({ allowed: true, violated: [], retryAfterMs: 0 });
    expect(decision.limits.tried?.exceeded).toBe(true);
  });

  it('describes a limit as it was configured', () => {
    const limits = { user: { limit: 4, windowMs: 100, mode: 'smooth', burst: 2, by: 'user' } } as const;
    const decision = new RateLimiter({ limits, clock: new ManualClock() }).checkSync({ user: 'alice' });

    expect(decision.limits.user).toEqual({
      mode: 'smooth',
      limit: 4,
      windowMs: 100,
      burst: 2,
      by: 'user',
      remaining: 1,
      retryAfterMs: 0,
      resetMs: 25,
      exceeded: false,
      shadow: false,
      countsAttempts: false,
    });
  });
});

describe('RateLimiter.checkSync', () => {
  const limits = { user: { limit: 1, windowMs: 1_000 } };

  it('decides as check does', async () => {
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });

    expect(limiter.checkSync('alice').allowed).toBe(true);
    expect((await limiter.check('alice')).allowed).toBe(false);
  });

  it('refuses a store that has to be waited for', () => {
    const store = fixedStore(() => new Promise(() => undefined));

    expect(() => new RateLimiter({ limits, store }).checkSync('alice')).toThrow(
      'store must be one that answers at once, such as a MemoryStore, for checkSync',
    );
  });
});
