import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimiterEvent } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';
import { fixedStore } from './support/fixed-store.ts';

const limits = {
  burst: { limit: 2, windowMs: 100, counts: 'attempts', penalty: { blockMs: 1_000, maxBlockMs: 3_000 } },
} as const;

function given(): { limiter: RateLimiter<typeof limits>; clock: ManualClock; exceed: () => number } {
  const clock = new ManualClock();
  const limiter = new RateLimiter({ name: 'api', limits, clock });
  /** Uses the limit up, and tells how long the refusal blocks. */
  const exceed = (): number => {
    limiter.checkSync('alice', { cost: 2 });
    return limiter.checkSync('alice').retryAfterMs;
  };
  return { limiter, clock, exceed };
}

describe('a penalty', () => {
  it('blocks the subject that was refused, and says so at once', () => {
    const { limiter, clock } = given();
    limiter.checkSync('alice', { cost: 2 });

    expect(limiter.checkSync('alice')).toMatchObject({
      allowed: false,
      blocked: true,
      violated: ['burst'],
      retryAfterMs: 1_000,
    });
    clock.advanceSync(999);
    expect(limiter.checkSync('alice')).toMatchObject({ blocked: true, retryAfterMs: 1 });
    clock.advanceSync(1);
    expect(limiter.checkSync('bob').allowed).toBe(true);
  });

  it('doubles with each repetition up to the longest', () => {
    const { clock, exceed } = given();
    const blocks: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      blocks.push(exceed());
      clock.advanceSync(3_000);
    }

    expect(blocks).toEqual([1_000, 2_000, 3_000, 3_000]);
  });

  it('is not prolonged by calls during the block', () => {
    const { limiter, clock, exceed } = given();
    exceed();
    for (let call = 0; call < 10; call += 1) {
      clock.advanceSync(50);
      limiter.checkSync('alice');
    }

    expect(limiter.checkSync('alice').retryAfterMs).toBe(500);
  });

  it('begins one block when calls are refused at the same time', async () => {
    const refusal = {
      source: 'redis',
      readings: [1, 0, 50, 50],
      blockedMs: 0,
      chargedAt: undefined,
    } as const;
    const store = fixedStore(async () => refusal);
    const limiter = new RateLimiter({ limits, store, clock: new ManualClock() });
    const blocks: RateLimiterEvent[] = [];
    limiter.events.subscribe((event) => event.type === 'blocked' && blocks.push(event));

    await Promise.all([limiter.check('alice'), limiter.check('alice'), limiter.check('alice')]);

    expect(blocks).toHaveLength(1);
  });

  it.each([
    { title: 'one millisecond less', quietMs: 9_999, next: 2_000 },
    { title: 'ten blocks', quietMs: 10_000, next: 1_000 },
  ])('starts anew after a quiet time of ten blocks: $title', ({ quietMs, next }) => {
    const { clock, exceed } = given();
    exceed();
    clock.advanceSync(1_000 + quietMs);

    expect(exceed()).toBe(next);
  });

  it('starts anew when the subject is unblocked or reset', async () => {
    const { limiter, clock, exceed } = given();
    exceed();
    await limiter.unblock('alice');
    clock.advanceSync(100);
    expect(exceed()).toBe(1_000);

    await limiter.reset('alice');
    expect(exceed()).toBe(1_000);
  });

  it('has a longest block of ten times the first unless told otherwise', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({
      limits: { user: { limit: 1, windowMs: 10, penalty: { blockMs: 100 } } },
      clock,
    });
    let longestMs = 0;
    for (let time = 0; time < 6; time += 1) {
      limiter.checkSync('alice');
      longestMs = Math.max(longestMs, limiter.checkSync('alice').retryAfterMs);
      clock.advanceSync(1_000);
    }

    expect(longestMs).toBe(1_000);
  });

  it('is told with the limit that asked for it', () => {
    const { limiter, exceed } = given();
    const events: RateLimiterEvent[] = [];
    limiter.events.subscribe((event) => event.type === 'blocked' && events.push(event));
    exceed();

    expect(events).toEqual([
      {
        type: 'blocked',
        limiter: 'api',
        scope: 'subject',
        subject: 'alice',
        forMs: 1_000,
        limit: 'burst',
        reason: undefined,
      },
    ]);
  });

  it('is nothing a shadow limit or a look can bring about', () => {
    const shadow = new RateLimiter({ limits: { burst: { ...limits.burst, shadow: true } } });
    shadow.checkSync('alice', { cost: 3 });
    const { limiter } = given();
    limiter.checkSync('alice', { cost: 2 });
    limiter.checkSync('alice', { cost: 0 });

    expect(shadow.checkSync('alice').blocked).toBe(false);
    expect(limiter.checkSync('alice', { cost: 0 }).blocked).toBe(false);
  });

  it('punishes nobody while the store fails', () => {
    const refusal = {
      source: 'local',
      readings: [1, 0, 50, 50],
      blockedMs: 0,
      chargedAt: undefined,
    } as const;
    const closed = { burst: { ...limits.burst, onStoreError: 'closed' } } as const;
    const limiter = new RateLimiter({ limits: closed, store: fixedStore(refusal) });
    const events: string[] = [];
    limiter.events.subscribe(({ type }) => events.push(type));

    expect(limiter.checkSync('alice')).toMatchObject({ blocked: false, storeFailed: true });
    expect(events).toEqual(['rejected']);
  });

  it('punishes no look at a limit that was passed', async () => {
    const { limiter } = given();
    await limiter.penalize('alice', 5);

    expect(limiter.checkSync('alice', { cost: 0 })).toMatchObject({ allowed: false, blocked: false });
  });

  it('16.4 local maps: remembers the last 10,000 offenders', () => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({
      limits: { user: { limit: 1, windowMs: 10, penalty: { blockMs: 100, maxBlockMs: 200 } } },
      clock,
    });
    const exceed = (subject: string): number => limiter.checkSync(subject, { cost: 2 }).retryAfterMs;
    for (let index = 0; index <= 10_000; index += 1) exceed(`user ${index}`);
    clock.advanceSync(100);

    // A cost above the limit is impossible whatever the block; the block shows once it was tried again.
    expect(limiter.checkSync('user 1', { cost: 2 }).blocked).toBe(true);
    expect(limiter.checkSync('user 1').retryAfterMs).toBe(200);
    expect(limiter.checkSync('user 0', { cost: 2 }).blocked).toBe(true);
    expect(limiter.checkSync('user 0').retryAfterMs).toBe(100);
  });
});
