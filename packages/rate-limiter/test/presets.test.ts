import { ManualClock } from '@holdfast/core/testing';
import { phase2, RateLimiter } from '@holdfast/rate-limiter';
import { describe, expect, it } from 'vitest';

type Call = readonly [
  subject: { user: string } | { ip: string },
  tags: readonly ('expensive' | 'learning')[],
];

const minute = 60_000;
const alice = { user: 'alice' };

describe('phase2', () => {
  it.each<{ title: string; call: Call; everyMs: number; admitted: number; violated: string }>([
    { title: '100 calls of a user', call: [alice, []], everyMs: 250, admitted: 100, violated: 'user' },
    {
      title: '20 expensive calls',
      call: [alice, ['expensive']],
      everyMs: 250,
      admitted: 20,
      violated: 'expensive',
    },
    {
      title: '10 learning calls',
      call: [alice, ['learning']],
      everyMs: 250,
      admitted: 10,
      violated: 'learning',
    },
    {
      title: '20 calls of a stranger',
      call: [{ ip: '192.0.2.1' }, []],
      everyMs: 250,
      admitted: 20,
      violated: 'ip',
    },
    { title: '50 attempts in 10 seconds', call: [alice, []], everyMs: 10, admitted: 50, violated: 'burst' },
  ])('admits $title a minute', ({ call: [subject, tags], everyMs, admitted, violated }) => {
    const clock = new ManualClock();
    const limiter = new RateLimiter({ limits: phase2(), clock });
    for (let call = 0; call < admitted; call += 1) {
      expect(limiter.checkSync(subject, { tags }).allowed).toBe(true);
      clock.advanceSync(everyMs);
    }

    expect(limiter.checkSync(subject, { tags }).violated).toEqual([violated]);
    clock.advanceSync(minute);
    expect(limiter.checkSync(subject, { tags }).allowed).toBe(true);
  });

  it('admits 1000 calls of everybody a minute', () => {
    const limiter = new RateLimiter({ limits: phase2(), clock: new ManualClock() });
    for (let call = 0; call < 1_000; call += 1)
      expect(limiter.checkSync({ user: `user ${call % 50}` }).allowed).toBe(true);

    expect(limiter.checkSync({ user: 'late' }).violated).toEqual(['global']);
  });
});
