import { ManualClock } from '@holdfast/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Grant, LeasedLimit } from '../../../src/redis/leases/leased-limit.ts';
import { ruleOf } from '../support/rules.ts';

const ttlMs = 2_000;
const rule = ruleOf({ name: 'all', scope: 'global', limit: 1_000, windowMs: 60_000 });

/** What a renewal says, by name. */
interface Asked {
  readonly charged: number;
  readonly chargedAt: number;
  readonly used: number;
  readonly kept: number;
  readonly wanted: number;
  readonly answer: (grant: Grant | undefined) => void;
}

describe('LeasedLimit', () => {
  let clock: ManualClock;
  let asked: Asked[];
  let limit: LeasedLimit;
  beforeEach(() => {
    clock = new ManualClock();
    asked = [];
    limit = new LeasedLimit(rule, ttlMs, clock, (_, args) => {
      const [, charged, chargedAt, used, kept, wanted] = args as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return new Promise((answer) => asked.push({ charged, chargedAt, used, kept, wanted, answer }));
    });
  });
  const call = (cost = 1): boolean => {
    const covered = limit.covers(cost, clock.now());
    if (covered) limit.take(cost, clock.now(), 1);
    else limit.spent(cost, clock.now(), 1);
    return covered;
  };
  const calls = (count: number): number => Array.from({ length: count }, () => call()).filter(Boolean).length;
  /** The answer to the latest renewal. */
  async function grant(granted: number, chargedAt = 1): Promise<void> {
    asked.at(-1)?.answer({ chargedAt, granted, left: 100 });
    await clock.advance(0);
  }
  /** For a call that could not be covered. */
  async function lease(granted: number): Promise<void> {
    call(20);
    await grant(granted);
  }

  it('asks for nothing while hardly anybody calls', () => {
    calls(3);

    expect(asked).toHaveLength(0);
    expect(clock.pending()).toBe(0);
  });

  it('asks for half of what was called for of late', async () => {
    await lease(10);

    expect(asked).toMatchObject([{ charged: 0, used: 0, kept: 0, wanted: 10 }]);
    expect([clock.pending('foreground'), clock.pending('background')]).toEqual([0, 1]);
    expect(limit.remainingAt(clock.now())).toBe(110);
  });

  it('covers as much as was granted, and nothing after its time', async () => {
    await lease(10);

    expect(call(11)).toBe(false);
    expect(calls(4)).toBe(4);
    clock.advanceSync(ttlMs);
    expect(call()).toBe(false);
  });

  it('renews when three quarters are used, once, and goes on meanwhile', async () => {
    await lease(12);

    expect(calls(8)).toBe(8);
    expect(asked).toHaveLength(1);
    expect(calls(3)).toBe(3);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatchObject({ charged: 12, chargedAt: 1, used: 9, kept: 3 });
    await grant(20, 2);
    // Two of the three that were kept were used before the answer.
    expect(limit.remainingAt(clock.now())).toBe(118);
  });

  it('gives back what is left when it expires, and keeps no timer then', async () => {
    await lease(10);
    calls(4);
    await clock.advance(ttlMs);
    await grant(12, 2);
    expect(asked[1]).toMatchObject({ charged: 10, used: 4, kept: 6, wanted: 12 });
    await clock.advance(ttlMs);
    await grant(0, 3);

    expect(asked[2]).toMatchObject({ charged: 12, chargedAt: 2, used: 0, kept: 0, wanted: 0 });
    await clock.advance(3 * ttlMs);
    expect(asked).toHaveLength(3);
    expect(clock.pending()).toBe(0);
  });

  it('does not ask again for a while where it got nothing', async () => {
    await lease(0);
    calls(20);
    expect(asked).toHaveLength(1);

    clock.advanceSync(ttlMs);
    calls(1);
    expect(asked).toHaveLength(2);
  });

  it('goes on with what it holds where a renewal fails, and settles it once', async () => {
    await lease(8);
    calls(6);
    asked[1]?.answer(undefined);
    await clock.advance(0);

    expect(asked[1]).toMatchObject({ charged: 8, used: 6, kept: 2 });
    expect(calls(3)).toBe(2);
    await clock.advance(4 * ttlMs);
    expect(asked[2]).toMatchObject({ charged: 8, chargedAt: 1, used: 8 });
    asked[2]?.answer(undefined);
    await clock.advance(4 * ttlMs);
    for (const { answer } of asked) answer(undefined);
    await clock.advance(4 * ttlMs);
    for (const { answer } of asked) answer(undefined);
    await clock.advance(4 * ttlMs);
    expect(asked.at(-1)).toMatchObject({ wanted: 0 });
    expect(clock.pending()).toBe(0);
  });

  it('does not count what another limit refused, neither as used nor as wanted', async () => {
    await lease(10);
    const taken = calls(5);
    for (let i = 0; i < taken; i += 1) limit.giveBack(1);

    expect(limit.remainingAt(clock.now())).toBe(110);
    clock.advanceSync(ttlMs);
    expect(asked[1]).toMatchObject({ charged: 10, used: 0, wanted: 10 });
  });

  it('corrects what was charged since, and leaves earlier charges to the server', async () => {
    await lease(10);
    calls(4);

    expect(limit.correct(-1, 0)).toBe(false);
    expect(limit.correct(-1, 1)).toBe(true);
    expect(limit.correct(5, 1)).toBe(true);
    expect(limit.remainingAt(clock.now())).toBe(102);
  });

  it('gives everything back in the end, after what is under way', async () => {
    await lease(12);
    calls(9);
    const disposed = limit[Symbol.asyncDispose]();
    await grant(12, 2);
    expect(asked[2]).toMatchObject({ charged: 12, chargedAt: 2, used: 0, kept: 0, wanted: 0 });
    await grant(0, 3);
    await disposed;

    calls(50);
    expect(asked).toHaveLength(3);
    expect(clock.pending()).toBe(0);
  });
});
