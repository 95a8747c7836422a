import { ManualClock } from '@holdfast/core/testing';
import { type Ledger, type LimitRule, MemoryStore, type RateLimitStore } from '@holdfast/rate-limiter';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anySteps, onlyDecisions, plans, playOn, saying } from './support/ledger-traces.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };

function open(store: RateLimitStore, clock: ManualClock, rules: readonly LimitRule[]): Ledger {
  return store.open({ name: 'limiter', rules, clock, observer });
}

describeWithRedis('RedisStore beside a MemoryStore', (redis) => {
  let client: Redis;
  let run = 0;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  const storeOf = (maxDeniedSubjects: number): RedisStore =>
    new RedisStore(client, {
      timeoutMs: 10_000,
      time: 'client',
      prefix: `run ${(run += 1)}`,
      maxDeniedSubjects,
    });

  it('invariant 3: gives the same verdicts, whatever is decided, corrected, blocked and reset', async () => {
    await fc.assert(
      fc.asyncProperty(plans, anySteps, async (rules, steps) => {
        const [clock, again] = [new ManualClock(), new ManualClock()];
        const inRedis = await playOn(open(storeOf(0), clock, rules), clock, rules, steps);
        const inMemory = await playOn(open(new MemoryStore(), again, rules), again, rules, steps);

        expect(inRedis.map(saying)).toEqual(inMemory.map(saying));
        expect(inRedis.every(({ source }) => source === 'redis')).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('invariant 9: refuses from its memory only what Redis would refuse, and leaves the same counts', async () => {
    let remembered = 0;

    await fc.assert(
      fc.asyncProperty(plans, fc.oneof(onlyDecisions, anySteps), async (rules, steps) => {
        const [clock, again] = [new ManualClock(), new ManualClock()];
        const everything = [0, 1, 2, 3];
        const look = ['alice', 'bob'].map(
          (user) => ({ do: 'decide', gapMs: 0, rules: everything, user, cost: 0, factor: 1 }) as const,
        );
        const trace = [...steps, ...look];
        const asking = await playOn(open(storeOf(0), clock, rules), clock, rules, trace);
        const remembering = await playOn(open(storeOf(100), again, rules), again, rules, trace);

        const allowed = (verdicts: typeof asking): readonly boolean[] =>
          verdicts.map(({ chargedAt }) => chargedAt !== undefined);
        expect(allowed(remembering)).toEqual(allowed(asking));
        expect(remembering.slice(-2).map(saying)).toEqual(asking.slice(-2).map(saying));
        remembered += remembering.filter(({ source }) => source === 'cache').length;
      }),
      { numRuns: 300 },
    );
    expect(remembered).toBeGreaterThan(50);
  });

  it('gives the same verdicts to processes whose limits differ, in whatever order they have them', async () => {
    const pairs = plans.chain((rules) =>
      fc.tuple(fc.constant(rules), fc.shuffledSubarray([...rules], { minLength: 1 }).map(renumbered)),
    );

    await fc.assert(
      fc.asyncProperty(pairs, onlyDecisions, fc.infiniteStream(fc.boolean()), async (pair, steps, turns) => {
        const [clock, again] = [new ManualClock(), new ManualClock()];
        const [inRedis, inMemory] = [storeOf(0), new MemoryStore()];
        const ledgers = pair.map(
          (rules) => [open(inRedis, clock, rules), open(inMemory, again, rules)] as const,
        );

        for (const step of steps) {
          const mine = turns.next().value === true ? 0 : 1;
          const [redisLedger, memoryLedger] = ledgers[mine] as (typeof ledgers)[number];
          const rules = pair[mine];
          const [seen] = await playOn(redisLedger, clock, rules, [step]);
          const [expected] = await playOn(memoryLedger, again, rules, [step]);
          expect(seen && saying(seen)).toEqual(expected && saying(expected));
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** A plan of its own, of the same limits. */
function renumbered(rules: readonly LimitRule[]): readonly LimitRule[] {
  return rules.map((rule, index) => ({ ...rule, index }));
}
