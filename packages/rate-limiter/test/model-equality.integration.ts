import { ManualClock } from '@holdfast/core/testing';
import { type LimitsOptions, MemoryStore, RateLimiter, type RateLimitStore } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { SqliteStore } from '@holdfast/rate-limiter/sqlite';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { NaiveDecision } from './model/naive-limiter.ts';
import { BetterSqlite3 } from './sqlite/engines.ts';
import {
  type Act,
  type Action,
  acts,
  type AnyLimiter,
  limitSetsWithTraits,
  playActs,
  playNaively,
} from './support/traces.ts';

/** Keys expire by the server's clock, which runs: what lasts milliseconds in a trace lasts seconds here. */
const longLimits = limitSetsWithTraits.map((limits) =>
  Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, { ...limit, windowMs: limit.windowMs * 1_000 }]),
  ),
);
const longActs = acts.map((trace) =>
  trace.map(({ gapMs, action, ...call }): Act => ({
    ...call,
    gapMs: gapMs * 1_000,
    action: lengthened(action),
  })),
);

function lengthened(action: Action): Action {
  return action.type === 'block' ? { type: 'block', forMs: action.forMs * 1_000 } : action;
}

describeWithRedis('the same calls through memory, SQLite and Redis', (redis) => {
  const database = new BetterSqlite3(':memory:');
  let client: Redis;
  let runs = 0;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => {
    client.disconnect();
    database.close();
  });

  const redisStore = (maxDeniedSubjects: number): RedisStore =>
    new RedisStore(client, { time: 'client', timeoutMs: 10_000, maxDeniedSubjects });

  /** What a limiter of a name of its own decides. */
  async function decisionsOn(
    store: RateLimitStore,
    limits: LimitsOptions,
    trace: readonly Act[],
  ): Promise<NaiveDecision[]> {
    const clock = new ManualClock();
    const dial = { factor: 1 };
    runs += 1;
    const options = { name: `run ${runs}`, limits, clock, store, factor: () => dial.factor };
    const limiter: AnyLimiter = new RateLimiter(options);
    const decisions = await playActs(limiter, clock, dial, trace);
    expect(limiter.statistics()).toMatchObject({ storeErrors: 0, decisions: { local: 0 } });
    return decisions;
  }

  it('invariant 3: are decided alike, and as the naive exact model says', async () => {
    const stores = [new MemoryStore(), new SqliteStore(database), redisStore(0)];

    await fc.assert(
      fc.asyncProperty(longLimits, longActs, async (limits, trace) => {
        const expected = playNaively(limits, trace, 0);

        for (const store of stores) expect(await decisionsOn(store, limits, trace)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it('invariant 9: are admitted alike where a process remembers whom Redis has refused', async () => {
    const remembering = redisStore(100);

    await fc.assert(
      fc.asyncProperty(longLimits, longActs, async (limits, trace) => {
        const expected = playNaively(limits, trace, 0).map(({ allowed }) => allowed);

        const decisions = await decisionsOn(remembering, limits, trace);

        expect(decisions.map(({ allowed }) => allowed)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
