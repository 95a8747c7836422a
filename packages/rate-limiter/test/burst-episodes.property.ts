import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter } from '@holdfast/rate-limiter';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const limit = 6;
const windowMs = 60;

/** How many bursts a naive watcher tells of, who remembers when each attempt counted. */
function naiveBursts(gaps: readonly number[]): number {
  const counted: number[] = [];
  let now = 0;
  let bursts = 0;
  let refusedAt = -Infinity;
  let calm = true;
  for (const gapMs of gaps) {
    now += gapMs;
    const before = counted.filter((at) => at > now - windowMs).length;
    if (before < limit) {
      counted.push(now);
      if (before + 1 < limit / 2) calm = true;
      continue;
    }
    if (calm || now - refusedAt >= windowMs) bursts += 1;
    calm = false;
    refusedAt = now;
  }
  return bursts;
}

describe('a limit that counts attempts', () => {
  it('tells of each burst once, and of the next only after attempts came under half of the limit', () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(70)), { maxLength: 150 });

    fc.assert(
      fc.property(gaps, (trace) => {
        const clock = new ManualClock();
        const limits = { burst: { limit, windowMs, counts: 'attempts' } } as const;
        const limiter = new RateLimiter({ limits, clock });
        let bursts = 0;
        limiter.events.subscribe(({ type }) => (bursts += type === 'burst' ? 1 : 0));

        for (const gapMs of trace) {
          clock.advanceSync(gapMs);
          limiter.checkSync('alice');
          limiter.checkSync('bob', { cost: 0 });
        }

        expect(bursts).toBe(naiveBursts(trace));
      }),
    );
  });
});
