import { ManualClock } from '@holdfast/core/testing';
import { type Decision, type LimitsOptions, RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { expect, it } from 'vitest';
import type { AnyLimiter } from '../support/traces.ts';

const minute = 60_000;

/** The layers of a service: per user, by tag, per address, and for all. */
const layers: LimitsOptions = {
  user: { limit: 100, windowMs: minute, by: 'user' },
  expensive: { limit: 20, windowMs: minute, by: 'user', tag: 'expensive' },
  learning: { limit: 10, windowMs: minute, by: 'user', tag: 'learning' },
  ip: { limit: 20, windowMs: minute, by: 'ip' },
  global: { limit: 1_000, windowMs: minute, by: 'global' },
};

interface Call {
  readonly subject?: Record<string, string | undefined>;
  readonly tags?: readonly string[];
  readonly cost?: number;
  /** How often; once if nothing is said. */
  readonly times?: number;
  /** What passes before it. */
  readonly afterMs?: number;
}

interface Row {
  readonly row: string;
  readonly title: string;
  readonly limits?: LimitsOptions;
  readonly first: readonly Call[];
  readonly next: Call;
  readonly expected: object;
  readonly afterwards?: readonly (readonly [Call, object])[];
}

const alice = { user: 'alice' };
const stranger = { ip: '192.0.2.1' };
const both = { ...alice, ...stranger };
const expensive = ['expensive'];
const learning = ['learning'];
const look = { subject: both, tags: [...expensive, ...learning], cost: 0 };

const rows: readonly Row[] = [
  {
    row: '16.1 21st expensive call',
    title: 'is refused by that limit alone, and the user was charged 20',
    first: [{ tags: expensive, times: 20 }],
    next: { tags: expensive },
    expected: {
      allowed: false,
      violated: ['expensive'],
      binding: 'expensive',
      limits: { user: { remaining: 80 }, expensive: { remaining: 0 } },
    },
    afterwards: [[{}, { allowed: true, limits: { user: { remaining: 79 } } }]],
  },
  {
    row: '16.1 user exhausted by plain calls, then expensive',
    title: 'is refused by the user, and the expensive limit is not charged',
    first: [{ times: 100 }],
    next: { tags: expensive },
    expected: { allowed: false, violated: ['user'], limits: { expensive: { remaining: 20 } } },
  },
  {
    row: '16.1 unauthenticated',
    title: 'falls under address and global limits; the 21st is refused and users are left alone',
    first: [{ subject: stranger, times: 20 }],
    next: { subject: stranger },
    expected: {
      allowed: false,
      violated: ['ip'],
      limits: { ip: { remaining: 0 }, global: { remaining: 980 } },
    },
    afterwards: [[{}, { allowed: true, limits: { user: { remaining: 99 } } }]],
  },
  {
    row: '16.1 global exhausted',
    title: 'refuses everybody and charges nobody',
    first: [
      ...Array.from({ length: 10 }, (_, i) => ({ subject: { user: `user ${i}` }, times: 99 })),
      { subject: { user: 'user 10' }, times: 10 },
    ],
    next: { tags: expensive },
    expected: {
      allowed: false,
      violated: ['global'],
      binding: 'global',
      limits: { user: { remaining: 100 }, expensive: { remaining: 20 }, global: { remaining: 0 } },
    },
    afterwards: [
      [
        { subject: { user: 'user 3' } },
        { allowed: false, violated: ['global'], limits: { user: { remaining: 1 } } },
      ],
      [{ subject: stranger }, { allowed: false, violated: ['global'], limits: { ip: { remaining: 20 } } }],
      [look, { limits: { user: { remaining: 100 }, expensive: { remaining: 20 }, ip: { remaining: 20 } } }],
    ],
  },
  {
    row: '16.1 two limits deny at once',
    title: 'names both, and waits for the one that takes longer, here the first',
    first: [
      { subject: stranger, cost: 20 },
      { subject: alice, cost: 100, afterMs: 10_000 },
    ],
    next: { subject: both },
    expected: {
      allowed: false,
      violated: ['user', 'ip'],
      retryAfterMs: minute,
      binding: 'user',
      limits: { user: { retryAfterMs: minute }, ip: { retryAfterMs: 50_000 } },
    },
  },
  {
    row: '16.1 two limits deny at once',
    title: 'names both, and waits for the one that takes longer, here the last',
    first: [
      { subject: alice, cost: 100 },
      { subject: stranger, cost: 20, afterMs: 10_000 },
    ],
    next: { subject: both },
    expected: { allowed: false, violated: ['user', 'ip'], retryAfterMs: minute, binding: 'ip' },
  },
  {
    row: '16.1 cost 5 with 3 left',
    title: 'is refused, 3 are still left, and a cost of 3 passes',
    first: [{ tags: learning, cost: 7 }],
    next: { tags: learning, cost: 5 },
    expected: {
      allowed: false,
      violated: ['learning'],
      limits: { learning: { remaining: 3 }, user: { remaining: 93 } },
    },
    afterwards: [
      [
        { tags: learning, cost: 3 },
        { allowed: true, limits: { learning: { remaining: 0 } } },
      ],
    ],
  },
  {
    row: '16.1 cost over the capacity',
    title: 'is impossible, and nothing is charged',
    first: [],
    next: { tags: learning, cost: 11 },
    expected: {
      allowed: false,
      impossible: true,
      retryAfterMs: Infinity,
      violated: ['learning'],
      limits: { learning: { remaining: 10 }, user: { remaining: 100 } },
    },
    afterwards: [[look, { limits: { learning: { remaining: 10 }, user: { remaining: 100 } } }]],
  },
  {
    row: '16.1 cost 0',
    title: 'only looks',
    first: [{}, { cost: 0, times: 200 }],
    next: { cost: 0 },
    expected: { allowed: true, limits: { user: { remaining: 99 } } },
  },
  {
    row: '16.1 limit 0',
    title: 'always refuses, a look as well',
    limits: { off: { limit: 0, windowMs: 10, by: 'user' }, user: { limit: 9, windowMs: 10, by: 'user' } },
    first: [],
    next: {},
    expected: { allowed: false, impossible: true, violated: ['off'], limits: { user: { remaining: 9 } } },
    afterwards: [
      [
        { cost: 0, afterMs: minute },
        { allowed: false, impossible: true },
      ],
    ],
  },
  {
    row: '16.1 shadow limit over',
    title: 'lets pass and says so',
    limits: {
      user: { limit: 9, windowMs: minute, by: 'user' },
      tried: { limit: 1, windowMs: minute, by: 'user', shadow: true },
    },
    first: [{}],
    next: {},
    expected: {
      allowed: true,
      violated: [],
      binding: 'user',
      retryAfterMs: 0,
      limits: { tried: { exceeded: true, shadow: true, remaining: 0 }, user: { remaining: 7 } },
    },
  },
];

/** Tests every row about layers on the stores that `open` gives, a fresh one each or one that others use as well. */
export function itHoldsTheLayers(open: () => RateLimitStore): void {
  it.each(rows)('$row: $title', async ({ limits = layers, first, next, expected, afterwards = [] }) => {
    const clock = new ManualClock();
    const limiter: AnyLimiter = new RateLimiter({ name: crypto.randomUUID(), limits, clock, store: open() });
    const call = async ({ subject = alice, tags, cost, times = 1, afterMs = 0 }: Call): Promise<Decision> => {
      clock.advanceSync(afterMs);
      const calls = Array.from({ length: times }, () => limiter.check(subject, { tags, cost }));
      return (await Promise.all(calls))[0] as Decision;
    };
    for (const each of first) await call(each);

    expect(await call(next)).toMatchObject(expected);
    for (const [each, outcome] of afterwards) expect(await call(each)).toMatchObject(outcome);
    expect(limiter.statistics()).toMatchObject({ storeErrors: 0, decisions: { local: 0 } });
  });

  it('16.1 cost 0: takes in nobody', async () => {
    const [name, limits] = [crypto.randomUUID(), { user: { limit: 5, windowMs: minute } }];
    const limiter = new RateLimiter({ name, limits, clock: new ManualClock(), store: open() });

    for (let i = 0; i < 9; i += 1) await limiter.check(`user ${i}`, { cost: 0 });

    expect(limiter.statistics().trackedSubjects).toBe(0);
  });

  it('16.1 1000 parallel calls, limit 5: admits exactly 5', async () => {
    const [name, limits, store] = [crypto.randomUUID(), { user: { limit: 5, windowMs: minute } }, open()];
    const limiters = Array.from({ length: 4 }, () => new RateLimiter({ name, limits, store }));

    const decisions = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => (limiters[i % 4] as AnyLimiter).check('alice')),
    );

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(5);
  });

  it.each([
    ['counted one by one', 30, 15, 21],
    ['in cells', 100, 50, 70],
  ])(
    '16.1 limit lowered at run time: counts what was spent, raised as well, %s',
    async (_, high, low, used) => {
      const [name, clock, store] = [crypto.randomUUID(), new ManualClock(), open()];
      const limited = (limit: number): AnyLimiter =>
        new RateLimiter({ name, clock, store, limits: { user: { limit, windowMs: minute } } });
      const [before, lowered, raised] = [limited(high), limited(low), limited(high)];
      await before.check('alice', { cost: used - low + 1 });
      clock.advanceSync(10_000);
      await before.check('alice', { cost: low - 1 });

      expect(await lowered.check('alice')).toMatchObject({
        allowed: false,
        retryAfterMs: 50_000,
        limits: { user: { remaining: 0 } },
      });
      expect(await raised.check('alice')).toMatchObject({
        allowed: true,
        limits: { user: { remaining: high - used - 1 } },
      });
      clock.advanceSync(49_999);
      expect((await lowered.check('alice', { cost: 0 })).limits['user']?.remaining).toBe(0);
      clock.advanceSync(1);
      // The rest of the first charge has run out; the second, and the call of the raised limit, fill the lowered one.
      expect((await lowered.check('alice', { cost: 0 })).limits['user']?.remaining).toBe(0);
      clock.advanceSync(10_000);
      expect(await lowered.check('alice')).toMatchObject({ allowed: true });
    },
  );
}
