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

  it('keeps the counts of a shared store when a limiter brings another limit', () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const user = { limit: 100, windowMs: 1_000 };
    const before = new RateLimiter({ name: 'api', limits: { user }, store, clock });
    for (let subject = 0; subject < 100; subject += 1) {
      before.checkSync(`user ${subject}`, { cost: 40 });
      clock.advanceSync(5);
      before.checkSync(`user ${subject}`, { cost: 30 });
    }

    const limits = { burst: { limit: 5, windowMs: 1_000 }, user };
    const widened = new RateLimiter({ name: 'api', limits, store, clock });

    for (let subject = 0; subject < 100; subject += 1)
      expect(widened.checkSync(`user ${subject}`).limits).toMatchObject({
        burst: { remaining: 4 },
        user: { remaining: 29 },
      });
  });

  it('gives a limit that another limiter brings nothing of the logs that are over', () => {
    const clock = new ManualClock();
    const store = new MemoryStore();
    const user = { limit: 20, windowMs: 100 };
    const four = { a: user, b: user, c: user, d: user };
    const before = new RateLimiter({ name: 'api', limits: four, store, clock });
    for (const gapMs of [0, 1, 1, 200]) {
      clock.advanceSync(gapMs);
      before.checkSync('alice');
    }

    // Five limits make a record as large as the first block of a log, which alice's logs have left.
    const limits = { ...four, hourly: { limit: 9, windowMs: 3_600_000 } };
    const widened = new RateLimiter({ name: 'api', limits, store, clock });

    expect(widened.checkSync('alice').limits.hourly?.remaining).toBe(8);
  });

  it('gives a newcomer nothing of whoever was there before', () => {
    const clock = new ManualClock();
    const store = new MemoryStore({ maxSubjects: 1 });
    const limits = {
      user: { limit: 9, windowMs: 1_000 },
      smooth: { limit: 9, windowMs: 1_000, mode: 'smooth' },
    } as const;
    const limiter = new RateLimiter({ limits, store, clock });

    for (let subject = 0; subject < 5; subject += 1) {
      for (let call = 0; call < subject; call += 1) {
        limiter.checkSync(`user ${subject}`);
        clock.advanceSync(1);
      }
      expect(limiter.checkSync(`newcomer ${subject}`, { cost: 9 }).allowed).toBe(true);
    }
  });

  it('gives newcomers nothing of the logs that others left', () => {
    const clock = new ManualClock();
    const user = { limit: 20, windowMs: 1_000 };
    const tagged = { limit: 9, windowMs: 1_000, tag: 'tagged' } as const;
    // Five limits make a record as large as the first block of a log, which alice's logs outgrow.
    const limits = { a: user, b: user, c: user, d: tagged, e: tagged };
    const limiter = new RateLimiter({ limits, clock });
    for (let call = 0; call < 4; call += 1) {
      limiter.checkSync('alice', { tags: ['tagged'] });
      clock.advanceSync(1);
    }

    for (let newcomer = 0; newcomer < 10; newcomer += 1) {
      limiter.checkSync(`newcomer ${newcomer}`);
      expect(limiter.checkSync(`newcomer ${newcomer}`, { cost: 9, tags: ['tagged'] }).allowed).toBe(true);
    }
  });
});
