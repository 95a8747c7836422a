import { ManualClock } from '@holdfast/core/testing';
import { MemoryStore, RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

function limiterOf(maxSubjects: number): {
  clock: ManualClock;
  limiter: RateLimiter<{ user: { limit: 2; windowMs: 100 } }>;
} {
  const clock = new ManualClock();
  const store = new MemoryStore({ maxSubjects });
  return { clock, limiter: new RateLimiter({ limits: { user: { limit: 2, windowMs: 100 } }, store, clock }) };
}

describe('MemoryStore', () => {
  it('takes in no subject that was refused or only looked at', async () => {
    const limits = {
      user: { limit: 5, windowMs: 60_000, by: 'user' },
      all: { limit: 1, windowMs: 60_000, by: 'global' },
    } as const;
    const limiter = new RateLimiter({ limits });
    await limiter.check({ user: 'first' });
    const before = limiter.statistics().trackedSubjects;

    await limiter.check({ user: 'refused' });
    await limiter.check({ user: 'looks' }, { cost: 0 });

    expect(limiter.statistics().trackedSubjects).toBe(before);
  });

  it('drops idle subjects as new ones come', async () => {
    const { clock, limiter } = limiterOf(1_000);
    for (let i = 0; i < 100; i += 1) await limiter.check(`early ${i}`);
    clock.advanceSync(100);

    for (let i = 0; i < 100; i += 1) await limiter.check(`late ${i}`);

    expect(limiter.statistics().trackedSubjects).toBe(100);
  });

  it('forgets the subject that runs out first when it is full of subjects that count', async () => {
    const { clock, limiter } = limiterOf(3);
    for (const subject of ['a', 'b', 'c']) {
      await limiter.check(subject, { cost: 2 });
      clock.advanceSync(10);
    }
    await limiter.check('a');

    await limiter.check('d');

    expect((await limiter.check('b', { cost: 0 })).limits.user?.remaining).toBe(0);
    expect((await limiter.check('c', { cost: 0 })).limits.user?.remaining).toBe(0);
    expect((await limiter.check('a', { cost: 0 })).limits.user?.remaining).toBe(2);
  });

  it('prefers an idle subject to one that counts', async () => {
    const { clock, limiter } = limiterOf(2);
    await limiter.check('idle');
    clock.advanceSync(100);
    await limiter.check('counts', { cost: 2 });

    await limiter.check('new');

    expect((await limiter.check('counts')).allowed).toBe(false);
  });
});
