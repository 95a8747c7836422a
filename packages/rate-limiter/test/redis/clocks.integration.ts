import { ManualClock } from '@holdfast/core/testing';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ruleOf } from './support/rules.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };
const minuteMs = 60_000;

describeWithRedis('RedisStore by the clocks of its callers', (redis) => {
  let client: Redis;
  let run = 0;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  it.each([
    ['strict', 5],
    ['strict', 40],
    ['smooth', 5],
  ] as const)(
    'invariant 12: keeps a %s limit of %i though clocks jump by up to 10 minutes either way',
    async (mode, limit) => {
      const rule = ruleOf({ mode, limit, windowMs: minuteMs });
      const group = [{ scope: 'user', rules: [rule] }];
      const jumps = fc.array(
        fc.record({
          gapMs: fc.integer({ min: 0, max: 20_000 }),
          offMs: fc.integer({ min: -10 * minuteMs, max: 10 * minuteMs }),
          cost: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 60, size: 'max' },
      );

      await fc.assert(
        fc.asyncProperty(jumps, async (trace) => {
          run += 1;
          const clock = new ManualClock();
          const store = new RedisStore(client, { time: 'client', timeoutMs: 10_000, prefix: `run ${run}` });
          const ledger = store.open({ name: 'api', rules: [rule], clock, observer });
          const admitted: { readonly at: number; readonly cost: number }[] = [];

          for (const { gapMs, offMs, cost } of trace) {
            clock.advanceSync(gapMs);
            clock.shiftEpoch(offMs);
            const { chargedAt, readings } = await ledger.decide(group, ['alice'], cost, 1);
            clock.shiftEpoch(-offMs);
            for (const reading of Array.from(readings)) expect(reading).toBeGreaterThanOrEqual(0);
            if (chargedAt !== undefined) admitted.push({ at: chargedAt, cost });
          }

          const instants = admitted.map(({ at }) => at);
          expect(instants).toEqual(instants.toSorted((a, b) => a - b));
          const bound = mode === 'strict' ? limit : 2 * limit;
          for (const last of instants) {
            const inWindow = admitted.filter(({ at }) => at > last - minuteMs * 1_000 && at <= last);
            expect(inWindow.reduce((sum, { cost }) => sum + cost, 0)).toBeLessThanOrEqual(bound);
          }
        }),
        { numRuns: 50 },
      );
    },
  );
});
