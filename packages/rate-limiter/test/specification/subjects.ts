import { ManualClock } from '@holdfast/core/testing';
import { RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

/** What callers may call themselves, to be taken for somebody else or to break something. */
const strange = [
  ['16.4 prototype-named subject', '__proto__'],
  ['16.4 prototype-named subject', 'constructor'],
  ['16.4 prototype-named subject', 'toString'],
  ['16.4 giant subject', 'x'.repeat(512)],
  ['16.4 binary subject', '\0'],
  ['16.4 binary subject', 'a\uD800'],
  ['16.4 binary subject', 'a\uD801'],
  ['16.4 binary subject', 'a\uFFFD'],
  ['16.4 binary subject', Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1')],
  ['16.4 subject of another language', '*'],
  ['16.4 subject of another language', '?lice'],
  ['16.4 subject of another language', '[a-z]lice'],
  ['16.4 subject of another language', '{alice}'],
  ['16.4 subject of another language', 'user:alice'],
  ['16.4 subject of another language', 'alice\r\nFLUSHALL\r\n'],
  ['16.4 subject of another language', "'; DROP TABLE holdfast_rate_limits; --"],
  ['16.4 subject of another language', ' alice'],
  ['16.4 subject of another language', 'ALICE'],
] as const;

/** Tests that the stores that `open` gives tell subjects apart, whatever they are called. */
export function itTellsSubjectsApart(open: () => RateLimitStore): void {
  const limits = { user: { limit: 3, windowMs: 60_000, by: 'user' } };
  const limiterOf = (): AnyLimiter =>
    new RateLimiter({ name: crypto.randomUUID(), limits, clock: new ManualClock(), store: open() });

  it.each(strange)('%s: is one of its own: %j', async (_, subject) => {
    const limiter = limiterOf();
    const others = ['alice', 'bob', ...strange.map(([, name]) => name)].filter((each) => each !== subject);
    await limiter.check({ user: subject }, { cost: 3 });

    expect((await limiter.check({ user: subject })).allowed).toBe(false);
    for (const user of others)
      expect((await limiter.check({ user }, { cost: 0 })).limits['user']?.remaining).toBe(3);
  });

  it.each(strange)('D11: %s: resets nobody else: %j', async (_, subject) => {
    const limiter = limiterOf();
    for (const user of ['alice', 'bob', subject]) await limiter.check({ user }, { cost: 2 });

    await limiter.reset({ user: subject });

    const left = async (user: string): Promise<number | undefined> =>
      (await limiter.check({ user }, { cost: 0 })).limits['user']?.remaining;
    expect([await left('alice'), await left('bob'), await left(subject)]).toEqual([1, 1, 3]);
  });

  it.each([
    ['16.4 empty subject', ''],
    ['16.4 giant subject', 'x'.repeat(513)],
  ])('%s: is refused, and not counted', async (_, user) => {
    const limiter = limiterOf();

    await expect(limiter.check({ user })).rejects.toThrow(
      'subject.user must be a string of 1 to 512 characters',
    );
    await expect(limiter.reset({ user })).rejects.toThrow(
      'subject.user must be a string of 1 to 512 characters',
    );

    expect(limiter.statistics().trackedSubjects).toBe(0);
  });
}
