import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

const minute = 60_000;
const limits = {
  user: { limit: 10, windowMs: minute, by: 'user' },
  expensive: { limit: 5, windowMs: minute, by: 'user', tag: 'expensive', mode: 'smooth' },
  ip: { limit: 10, windowMs: minute, by: 'ip' },
  global: { limit: 100, windowMs: minute, by: 'global' },
} as const;
const alice = { user: 'alice' };

function given(): { limiter: RateLimiter<typeof limits>; clock: ManualClock; events: RateLimiterEvent[] } {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ name: 'api', limits, clock });
  const events: RateLimiterEvent[] = [];
  limiter.events.subscribe((event) => events.push(event));
  return { limiter, clock, events };
}

function remaining(limiter: RateLimiter<typeof limits>): Record<string, number> {
  const { limits: states } = limiter.checkSync(
    { user: 'alice', ip: '192.0.2.1' },
    { cost: 0, tags: ['expensive'] },
  );
  return Object.fromEntries(Object.entries(states).map(([name, state]) => [name, state.remaining]));
}

describe('RateLimiter.penalize', () => {
  it('charges all own limits of the subject, and none that all share', async () => {
    const { limiter } = given();

    await limiter.penalize(alice, 3);

    expect(remaining(limiter)).toEqual({ user: 7, expensive: 2, ip: 10, global: 100 });
  });

  it('may charge more than is left, for which later calls wait', async () => {
    const { limiter, clock } = given();
    await limiter.penalize(alice, 25);

    expect(limiter.checkSync(alice)).toMatchObject({
      allowed: false,
      violated: ['user'],
      retryAfterMs: minute,
    });
    clock.advanceSync(minute);
    expect(limiter.checkSync(alice).allowed).toBe(true);
  });

  it('counts more penalties than the log of a limit has cells', async () => {
    const { limiter, clock } = given();
    for (let each = 0; each < 100; each += 1) {
      clock.advanceSync(1);
      await limiter.penalize(alice, 1);
    }
    await limiter.reward(alice, 91);

    expect(limiter.checkSync(alice).allowed).toBe(true);
    expect(limiter.checkSync(alice).allowed).toBe(false);
  });

  it.each([0, -1, 0.5, 2 ** 32])('rejects cost %d', async (cost) => {
    const { limiter } = given();

    await expect(limiter.penalize(alice, cost)).rejects.toThrow(
      'cost must be a whole number from 1 to 4294967295',
    );
    await expect(limiter.reward(alice, cost)).rejects.toThrow(
      'cost must be a whole number from 1 to 4294967295',
    );
  });
});

describe('RateLimiter.reward', () => {
  it('gives back what counts, the latest first', async () => {
    const { limiter, clock } = given();
    limiter.checkSync(alice, { cost: 4 });
    clock.advanceSync(minute / 2);
    limiter.checkSync(alice, { cost: 4 });

    await limiter.reward(alice, 5);

    expect(remaining(limiter)).toMatchObject({ user: 7, global: 92 });
    clock.advanceSync(minute / 2);
    expect(remaining(limiter)).toMatchObject({ user: 10 });
  });

  it('never gives more than was spent', async () => {
    const { limiter } = given();
    limiter.checkSync(alice, { cost: 2, tags: ['expensive'] });

    await limiter.reward(alice, 100);
    await limiter.reward({ user: 'nobody' }, 100);

    expect(remaining(limiter)).toEqual({ user: 10, expensive: 5, ip: 10, global: 98 });
    expect(limiter.checkSync({ user: 'nobody' }, { cost: 11 }).allowed).toBe(false);
  });
});

describe('RateLimiter.block', () => {
  it('refuses every call of the subject for so long, and charges nobody', async () => {
    const { limiter, clock } = given();
    await limiter.block(alice, 5_000, 'abuse');

    expect(limiter.checkSync({ ...alice, ip: '192.0.2.1' })).toMatchObject({
      allowed: false,
      blocked: true,
      violated: [],
      retryAfterMs: 5_000,
      impossible: false,
    });
    clock.advanceSync(4_999);
    expect(limiter.checkSync(alice)).toMatchObject({ blocked: true, retryAfterMs: 1 });
    clock.advanceSync(1);
    expect(remaining(limiter)).toEqual({ user: 10, expensive: 5, ip: 10, global: 100 });
    expect(limiter.checkSync(alice).allowed).toBe(true);
  });

  it('blocks nobody else', async () => {
    const { limiter } = given();
    await limiter.block(alice, 5_000);

    expect(limiter.checkSync({ user: 'bob', ip: '192.0.2.1' }).allowed).toBe(true);
  });

  it('leaves a longer block as it is', async () => {
    const { limiter } = given();
    await limiter.block(alice, 5_000);
    await limiter.block(alice, 1_000);

    expect(limiter.checkSync(alice).retryAfterMs).toBe(5_000);
  });

  it('waits for the longer of block and limits', async () => {
    const { limiter } = given();
    limiter.checkSync(alice, { cost: 10 });
    await limiter.block(alice, 5_000);

    expect(limiter.checkSync(alice)).toMatchObject({
      blocked: true,
      violated: ['user'],
      retryAfterMs: minute,
    });
  });

  it('ends by hand', async () => {
    const { limiter } = given();
    await limiter.block(alice, 5_000);
    await limiter.unblock(alice);
    await limiter.unblock({ user: 'nobody' });

    expect(limiter.checkSync(alice).allowed).toBe(true);
    expect(limiter.statistics().trackedSubjects).toBe(2);
  });

  it('tells what happened', async () => {
    const { limiter, events } = given();
    await limiter.block(alice, 5_000, 'abuse');
    limiter.checkSync(alice);
    await limiter.unblock(alice);

    expect(events).toEqual([
      {
        type: 'blocked',
        limiter: 'api',
        scope: 'user',
        subject: 'alice',
        forMs: 5_000,
        limit: undefined,
        reason: 'abuse',
      },
      {
        type: 'rejected',
        limiter: 'api',
        subject: alice,
        binding: undefined,
        violated: [],
        blocked: true,
        retryAfterMs: 5_000,
        source: 'memory',
      },
      { type: 'unblocked', limiter: 'api', scope: 'user', subject: 'alice' },
    ]);
    expect(limiter.statistics().decisions).toEqual({ allowed: 0, rejected: 1, local: 0, blocked: 1 });
  });

  it('is an error of execute', async () => {
    const limiter = new RateLimiter({ name: 'api', limits: { user: { limit: 1, windowMs: 10 } } });
    await limiter.block('alice', 60_000);

    await expect(limiter.execute(() => 1, { key: 'alice' })).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
      blocked: true,
      limit: '',
      message: 'api refused the call: the subject is blocked',
    });
  });

  it.each([0, -1, Number.NaN, Infinity])('rejects a length of %d', async (forMs) => {
    await expect(given().limiter.block(alice, forMs)).rejects.toThrow('forMs must be a finite number');
  });
});

describe('RateLimiter.reset', () => {
  it('forgets everything of a subject and its block, and nothing that all share', async () => {
    const { limiter } = given();
    limiter.checkSync({ ...alice, ip: '192.0.2.1' }, { cost: 4, tags: ['expensive'] });
    await limiter.block(alice, 5_000);

    await limiter.reset(alice);

    expect(limiter.checkSync(alice).allowed).toBe(true);
    expect(remaining(limiter)).toEqual({ user: 9, expensive: 5, ip: 6, global: 95 });
  });

  it('forgets only the limits that are named', async () => {
    const { limiter } = given();
    limiter.checkSync(alice, { cost: 4, tags: ['expensive'] });
    await limiter.block(alice, 5_000);

    await limiter.reset(alice, ['expensive']);

    expect(remaining(limiter)).toMatchObject({ user: 6, expensive: 5 });
    expect(limiter.checkSync(alice).blocked).toBe(true);
  });

  it('does nothing for a subject that it does not know', async () => {
    const { limiter } = given();
    await limiter.reset({ user: 'nobody' });

    expect(limiter.statistics().trackedSubjects).toBe(0);
  });

  it('rejects a limit of another scope', async () => {
    await expect(given().limiter.reset(alice, ['ip'])).rejects.toThrow(
      "limitNames must be names of limits of the subject, got 'ip'",
    );
  });
});
