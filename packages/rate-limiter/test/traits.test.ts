import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

describe('a limit that counts attempts', () => {
  const limits = {
    user: { limit: 2, windowMs: 1_000 },
    burst: { limit: 5, windowMs: 100, counts: 'attempts' },
  } as const;

  it('is charged by calls that other limits refuse', () => {
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    for (let call = 0; call < 4; call += 1) limiter.checkSync('alice');

    expect(limiter.checkSync('alice').limits).toMatchObject({
      burst: { remaining: 0, countsAttempts: true },
    });
    expect(limiter.checkSync('alice').violated).toEqual(['user', 'burst']);
  });

  it('is not charged beyond what it has, nor by a look', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits, clock });
    for (let call = 0; call < 20; call += 1) limiter.checkSync('alice');
    limiter.checkSync('alice', { cost: 0 });

    clock.advanceSync(100);

    expect(limiter.checkSync('alice', { cost: 0 }).limits.burst?.remaining).toBe(5);
  });

  it('keeps what a refund gives back to the others', async () => {
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    await limiter.checkSync('alice').refund();

    expect(limiter.checkSync('alice', { cost: 0 }).limits).toMatchObject({
      user: { remaining: 2 },
      burst: { remaining: 4 },
    });
  });

  it('tells the wait that the attempt itself caused', () => {
    const one = {
      user: { limit: 1, windowMs: 100 },
      tries: { limit: 2, windowMs: 5_000, counts: 'attempts' },
    } as const;
    const limiter = new RateLimiter({ limits: one, clock: new ManualClock() });
    limiter.checkSync('alice');

    expect(limiter.checkSync('alice')).toMatchObject({ violated: ['user'], retryAfterMs: 5_000 });
  });

  it('tells of a burst once, and again only after attempts came under half of the limit', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ name: 'api', limits: { burst: { ...limits.burst, limit: 4 } }, clock });
    const bursts: RateLimiterEvent[] = [];
    limiter.events.subscribe((event) => event.type === 'burst' && bursts.push(event));
    const hammer = (times: number): void => {
      for (let call = 0; call < times; call += 1) limiter.checkSync('alice');
    };
    hammer(2);
    clock.advanceSync(50);

    hammer(4);
    expect(bursts).toEqual([{ type: 'burst', limiter: 'api', limit: 'burst', subject: 'alice' }]);

    clock.advanceSync(50);
    hammer(4);
    expect(bursts).toHaveLength(1);

    clock.advanceSync(99);
    limiter.checkSync('alice', { cost: 5 });
    clock.advanceSync(1);
    limiter.checkSync('alice');
    limiter.checkSync('alice', { cost: 5 });
    expect(bursts).toHaveLength(2);
  });

  it('tells of a burst again after a quiet window', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { burst: limits.burst }, clock });
    let bursts = 0;
    limiter.events.subscribe(({ type }) => (bursts += type === 'burst' ? 1 : 0));

    limiter.checkSync('alice', { cost: 5 });
    limiter.checkSync('alice', { cost: 5 });
    limiter.checkSync('alice', { cost: 5 });
    clock.advanceSync(100);
    limiter.checkSync('alice', { cost: 5 });
    limiter.checkSync('alice', { cost: 5 });

    expect(bursts).toBe(2);
  });
});

describe('a shadow limit', () => {
  it('counts what it would have refused', () => {
    const limits = {
      user: { limit: 9, windowMs: 1_000 },
      tried: { limit: 1, windowMs: 1_000, shadow: true },
    } as const;
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    limiter.checkSync('alice');

    limiter.checkSync('alice');

    expect(limiter.statistics()).toMatchObject({ rejections: { user: 0 }, shadowed: { tried: 1 } });
  });

  it('is given back only what it was charged', async () => {
    const limits = {
      user: { limit: 9, windowMs: 1_000 },
      tried: { limit: 3, windowMs: 1_000, shadow: true },
    } as const;
    const limiter = new RateLimiter({ limits, clock: new ManualClock() });
    limiter.checkSync('alice', { cost: 2 });
    await limiter.checkSync('alice', { cost: 2 }).refund();

    expect(limiter.checkSync('alice', { cost: 0 }).limits).toMatchObject({
      user: { remaining: 7 },
      tried: { remaining: 1 },
    });
  });
});

describe('the factor of a limiter', () => {
  const limits = {
    user: { limit: 100, windowMs: 1_000, minFactor: 0.2 },
    fixed: { limit: 100, windowMs: 1_000 },
    smooth: { limit: 50, windowMs: 1_000, mode: 'smooth', minFactor: 0.1, burst: 20 },
  } as const;

  it.each<[string, () => number, { user: number; smooth: number }]>([
    ['1', () => 1, { user: 100, smooth: 20 }],
    ['a half', () => 0.5, { user: 50, smooth: 10 }],
    ['less than the limits allow', () => 0.001, { user: 20, smooth: 2 }],
    ['0', () => 0, { user: 20, smooth: 2 }],
    ['less than 0', () => -1, { user: 20, smooth: 2 }],
    ['more than 1', () => 2, { user: 100, smooth: 20 }],
    ['not a number', () => Number.NaN, { user: 100, smooth: 20 }],
    [
      'an error',
      () => {
        throw new Error('no load');
      },
      { user: 100, smooth: 20 },
    ],
  ])('lowers the limits that listen to it: %s', (_, factor, { user, smooth }) => {
    const limiter = new RateLimiter({ limits, factor, clock: new ManualClock() });

    const { limits: states } = limiter.checkSync('alice', { cost: 0 });

    expect(states).toMatchObject({
      user: { limit: 100, remaining: user },
      fixed: { remaining: 100 },
      smooth: { limit: 50, remaining: smooth },
    });
  });

  it('changes nothing that was spent', () => {
    let factor = 1;
    const limiter = new RateLimiter({
      limits: { user: limits.user },
      factor: () => factor,
      clock: new ManualClock(),
    });
    limiter.checkSync('alice', { cost: 60 });

    factor = 0.5;
    expect(limiter.checkSync('alice').allowed).toBe(false);
    factor = 1;
    expect(limiter.checkSync('alice').limits.user?.remaining).toBe(39);
  });

  it('gives back a smooth limit at the lower rate', () => {
    const clock = new ManualClock();
    const smooth = { limit: 10, windowMs: 1_000, mode: 'smooth', minFactor: 0.5 } as const;
    const limiter = new RateLimiter({ limits: { smooth }, factor: () => 0.5, clock });
    limiter.checkSync('alice', { cost: 5 });

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 200 });
  });

  it('never lowers a limit under 1', () => {
    const limiter = new RateLimiter({
      limits: { user: { limit: 2, windowMs: 10, minFactor: 0.1 } },
      factor: () => 0,
    });

    expect(limiter.checkSync('alice').allowed).toBe(true);
  });

  it('is not asked when no limit listens', () => {
    let asked = 0;
    const factor = (): number => (asked += 1);
    new RateLimiter({ limits: { fixed: limits.fixed }, factor }).checkSync('alice');

    expect(asked).toBe(0);
  });
});
