import { type Clock } from '@holdfast/core';
import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

const day = 86_400_000;
const modes = ['strict', 'smooth'] as const;

/** A clock that is set by hand, in any direction. */
class SteppingClock implements Clock {
  at = 1_000_000;

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

describe('RateLimiter and time', () => {
  it.each([
    { title: 'half a second', windowMs: 500 },
    { title: 'one millisecond', windowMs: 1 },
    { title: 'a minute', windowMs: 60_000 },
    { title: '30 days, more than a timer holds', windowMs: 30 * day },
    { title: '366 days', windowMs: 366 * day },
  ])('frees what was spent exactly one window later: $title', ({ windowMs }) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs } }, clock });
    limiter.checkSync('alice', { cost: 2 });

    clock.advanceSync(windowMs - 1);
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.advanceSync(1);
    expect(limiter.checkSync('alice', { cost: 2 }).allowed).toBe(true);
  });

  it.each([
    { title: 'half a second', windowMs: 500 },
    { title: 'a minute', windowMs: 60_000 },
    { title: '30 days, more than a timer holds', windowMs: 30 * day },
  ])('gives back one unit of a smooth limit exactly when it is due: $title', ({ windowMs }) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 10, windowMs, mode: 'smooth' } }, clock });
    limiter.checkSync('alice', { cost: 10 });

    clock.advanceSync(windowMs / 10 - 1);
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: 1 });
    clock.advanceSync(1);
    expect(limiter.checkSync('alice').allowed).toBe(true);
    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false, retryAfterMs: windowMs / 10 });
  });

  it.each(modes)('admits nothing more when the clock steps back, %s', (mode) => {
    const clock = new SteppingClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 10_000, mode } }, clock });
    limiter.checkSync('alice', { cost: 2 });

    clock.at -= 5_000;

    expect(limiter.checkSync('alice')).toMatchObject({ allowed: false });
    expect(limiter.checkSync('alice').limits.user?.resetMs).toBe(10_000);
  });

  it.each(modes)('lets time go on once the clock has caught up, %s', (mode) => {
    const clock = new SteppingClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 10_000, mode } }, clock });
    limiter.checkSync('alice', { cost: 2 });
    clock.at -= 5_000;
    limiter.checkSync('alice');

    clock.at += 15_000;

    expect(limiter.checkSync('alice', { cost: 2 }).allowed).toBe(true);
  });

  it.each(modes)('gives at most one full quota when the clock jumps an hour ahead, %s', (mode) => {
    const clock = new SteppingClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 2, windowMs: 10_000, mode } }, clock });
    limiter.checkSync('alice', { cost: 2 });

    clock.at += 3_600_000;

    expect(limiter.checkSync('alice', { cost: 0 }).limits.user?.remaining).toBe(2);
    expect(limiter.checkSync('alice', { cost: 3 }).allowed).toBe(false);
  });

  it.each(modes)('counts fractions of a millisecond, %s', (mode) => {
    const clock = new SteppingClock();
    const limiter = new RateLimiter({ limits: { user: { limit: 1, windowMs: 1, mode } }, clock });
    limiter.checkSync('alice');

    clock.at += 0.75;
    expect(limiter.checkSync('alice').allowed).toBe(false);
    clock.at += 0.25;
    expect(limiter.checkSync('alice').allowed).toBe(true);
  });
});
