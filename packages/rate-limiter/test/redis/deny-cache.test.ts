import { ManualClock } from '@holdfast/core/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeniedSubjects } from '../../src/redis/denied-subjects.ts';
import { DenyCache } from '../../src/redis/deny-cache.ts';
import type { LimitRule, RuleGroup, Verdict } from '../../src/store.ts';

const rule: LimitRule = {
  name: 'user',
  scope: 'user',
  tag: undefined,
  mode: 'strict',
  limit: 10,
  windowMs: 1_000,
  burst: 10,
  cells: 0,
  countsAttempts: false,
  shadow: false,
  minFactor: 0.1,
  onStoreError: 'local',
  index: 0,
};
const user: readonly RuleGroup[] = [{ scope: 'user', rules: [rule] }];
const alice = ['alice'];

function refusal(...readings: number[]): Verdict {
  return { source: 'redis', readings, blockedMs: 0, chargedAt: undefined };
}

function setup(maxSubjects = 100): { clock: ManualClock; cache: DenyCache } {
  const clock = new ManualClock();
  return {
    clock,
    cache: new DenyCache(
      maxSubjects,
      () => clock.now(),
      () => undefined,
    ),
  };
}

describe('DenyCache', () => {
  it('refuses until the instant that the store named, counted from when it was asked', () => {
    const { clock, cache } = setup();
    clock.advanceSync(40);
    cache.learn(user, alice, 3, 1, refusal(1, 2, 500, 900), [0], 0);

    expect(cache.verdict(user, alice, 3, 1)).toEqual({
      source: 'cache',
      readings: [1, 2, 460, 860],
      blockedMs: 0,
      chargedAt: undefined,
    });
    clock.advanceSync(459);
    expect(cache.verdict(user, alice, 3, 1)).toBeDefined();
    clock.advanceSync(1);
    expect(cache.verdict(user, alice, 3, 1)).toBeUndefined();
  });

  it('refuses what costs more as well, and asks about what costs less', () => {
    const { cache } = setup();
    cache.learn(user, alice, 3, 1, refusal(1, 2, 500, 900), [0], 0);

    expect(cache.verdict(user, alice, 4, 1)).toBeDefined();
    expect(cache.verdict(user, alice, 2, 1)).toBeUndefined();
  });

  it('tells no wait for a cost that the limit never admits', () => {
    const { cache } = setup();
    cache.learn(user, alice, 3, 1, refusal(1, 2, 500, 900), [0], 0);

    expect(cache.verdict(user, alice, 10, 1)?.readings[2]).toBe(500);
    expect(cache.verdict(user, alice, 11, 1)?.readings[2]).toBe(Infinity);
    expect(cache.verdict(user, alice, 6, 0.5)?.readings[2]).toBe(Infinity);
  });

  it('tells of a smooth limit how long what costs more has to wait', () => {
    const { cache } = setup();
    const smooth: readonly RuleGroup[] = [{ scope: 'user', rules: [{ ...rule, mode: 'smooth' }] }];
    cache.learn(smooth, alice, 3, 1, refusal(1, 2, 100, 900), [0], 0);

    expect(cache.verdict(smooth, alice, 7, 1)?.readings[2]).toBe(500);
    expect(cache.verdict(smooth, alice, 11, 1)?.readings[2]).toBe(Infinity);
  });

  it('keeps the smaller of two costs that are refused', () => {
    const { cache } = setup();
    cache.learn(user, alice, 1, 1, refusal(1, 0, 300, 900), [0], 0);
    cache.learn(user, alice, 5, 1, refusal(1, 0, 800, 900), [0], 0);

    expect(cache.verdict(user, alice, 1, 1)?.readings[2]).toBe(300);
  });

  it('asks again when the factor lets more pass, and not when it lets less', () => {
    const { cache } = setup();
    cache.learn(user, alice, 1, 0.5, refusal(1, 0, 300, 900), [0], 0);

    expect(cache.verdict(user, alice, 1, 0.2)).toBeDefined();
    expect(cache.verdict(user, alice, 1, 0.7)).toBeUndefined();
  });

  it('remembers nothing of limits that never admit the cost', () => {
    const { cache } = setup();
    cache.learn(user, alice, 11, 1, refusal(1, 10, Infinity, 0), [0], 0);

    expect(cache.verdict(user, alice, 11, 1)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('is silent where an attempt has to be counted', () => {
    const { cache } = setup();
    const attempts = { ...rule, name: 'burst', countsAttempts: true, index: 1 };
    const both: readonly RuleGroup[] = [{ scope: 'user', rules: [rule, attempts] }];
    cache.learn(both, alice, 1, 1, refusal(1, 0, 500, 900, 0, 4, 0, 900), [0], 0);
    expect(cache.verdict(both, alice, 1, 1)).toBeUndefined();

    cache.learn(both, alice, 1, 1, refusal(1, 0, 500, 900, 1, 0, 700, 900), [0], 0);

    expect(cache.verdict(both, alice, 1, 1)?.readings).toEqual([1, 0, 500, 900, 1, 0, 700, 900]);
  });

  it('refuses nothing because of a shadow limit', () => {
    const { cache } = setup();
    const shadow: readonly RuleGroup[] = [{ scope: 'user', rules: [{ ...rule, shadow: true }] }];
    cache.learn(shadow, alice, 1, 1, refusal(1, 0, 500, 900), [0], 0);

    expect(cache.verdict(shadow, alice, 1, 1)).toBeUndefined();
  });

  it('remembers who is blocked, of several subjects', () => {
    const { clock, cache } = setup();
    const both: readonly RuleGroup[] = [
      ...user,
      { scope: 'ip', rules: [{ ...rule, scope: 'ip', index: 1 }] },
    ];
    cache.learn(both, ['alice', '192.0.2.1'], 1, 1, refusal(0, 9, 0, 0, 0, 9, 0, 0), [0, 400], 0);

    expect(cache.verdict(user, alice, 1, 1)).toBeUndefined();
    expect(cache.verdict(both, ['bob', '192.0.2.1'], 1, 1)?.blockedMs).toBe(400);
    clock.advanceSync(400);
    expect(cache.verdict(both, ['bob', '192.0.2.1'], 1, 1)).toBeUndefined();
  });

  it('forgets a subject that gets quota back, and outdates what was asked before', () => {
    const { cache } = setup();
    cache.learn(user, alice, 1, 1, refusal(1, 0, 500, 900), [0], 0);
    const { generation } = cache;

    cache.forget('user', 'alice');

    expect(cache.verdict(user, alice, 1, 1)).toBeUndefined();
    expect(cache.generation).not.toBe(generation);
  });
});

describe('DeniedSubjects', () => {
  const bound = { index: 0, cost: 1, limit: 10, until: 1_000, remaining: 0, emptyAt: 1_000 };
  const denial = { blockedUntil: 0, bounds: [bound] };

  it('16.4 local maps: never holds more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(60)), (maxSubjects, subjects) => {
        const denied = new DeniedSubjects(maxSubjects);
        for (const [now, subject] of subjects.entries()) {
          if (now % 3 === 0) denied.find(`${subject}`);
          denied.note(`${subject}`, denial, now * 50);
          expect(denied.size).toBeLessThanOrEqual(maxSubjects);
        }
      }),
    );
  });

  it('keeps those that are refused again and again through a flood of others', () => {
    const denied = new DeniedSubjects(1_000);
    for (let i = 0; i < 100; i += 1) denied.note(`hot ${i}`, denial, 0);

    for (let i = 0; i < 100_000; i += 1) {
      if (i % 500 === 0) for (let hot = 0; hot < 100; hot += 1) denied.find(`hot ${hot}`);
      denied.note(`flood ${i}`, denial, 0);
    }

    const kept = Array.from({ length: 100 }, (_, i) => denied.has(`hot ${i}`));
    expect(kept.filter(Boolean)).toHaveLength(100);
  });

  it('replaces one of those in use only when all of them are', () => {
    const denied = new DeniedSubjects(2);
    const inUse = ['first', 'second'];
    for (const subject of inUse) denied.note(subject, denial, 0);
    for (const subject of inUse) denied.find(subject);

    denied.note('newcomer', denial, 0);
    expect(inUse.filter((subject) => denied.has(subject))).toHaveLength(1);
    expect(denied.has('newcomer')).toBe(true);
    denied.note('another', denial, 0);

    expect(denied.size).toBe(2);
    expect(denied.has('another')).toBe(true);
  });

  it('lets those go whose refusal has run out', () => {
    const denied = new DeniedSubjects(2);
    denied.note('early', { ...denial, bounds: [{ ...bound, until: 10 }] }, 0);
    denied.note('late', denial, 0);
    denied.find('early');
    denied.find('late');

    denied.note('new', denial, 20);

    expect(denied.has('early')).toBe(false);
    expect(denied.has('late')).toBe(true);
  });
});
