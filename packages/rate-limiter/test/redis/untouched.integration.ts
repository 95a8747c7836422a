import { ManualClock } from '@holdfast/core/testing';
import { RedisStore } from '@holdfast/rate-limiter/redis';
import { describeWithRedis } from '@holdfast/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anySteps, plans, playOn } from './support/ledger-traces.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };

describeWithRedis('RedisStore', (redis) => {
  let client: Redis;
  beforeAll(() => {
    client = new Redis(redis.url);
  });
  afterAll(() => client.disconnect());

  /** Every byte and every expiry that is kept. */
  async function kept(prefix: string): Promise<readonly unknown[]> {
    const keys = (await client.keys(`${prefix}:*`)).toSorted();
    const of = async (key: string): Promise<unknown> => [
      key,
      await client.getBuffer(key),
      await client.call('PEXPIRETIME', key),
    ];
    return Promise.all(keys.map(of));
  }

  it('invariant 4: leaves every byte as it was when it refuses or is only asked', async () => {
    let run = 0;
    let refused = 0;
    const still = plans.map((rules) => rules.map((rule) => ({ ...rule, countsAttempts: false })));

    await fc.assert(
      fc.asyncProperty(still, anySteps, fc.nat(9), async (rules, steps, cost) => {
        const prefix = `untouched ${(run += 1)}`;
        const clock = new ManualClock();
        const store = new RedisStore(client, {
          timeoutMs: 10_000,
          time: 'client',
          prefix,
          maxDeniedSubjects: 0,
        });
        const ledger = store.open({ name: 'limiter', rules, clock, observer });
        await playOn(ledger, clock, rules, steps);
        const before = await kept(prefix);

        const [verdict] = await playOn(ledger, clock, rules, [
          { do: 'decide', gapMs: 0, rules: [0, 1, 2, 3], user: 'alice', cost, factor: 1 },
        ]);

        fc.pre(verdict?.chargedAt === undefined);
        refused += 1;
        expect(await kept(prefix)).toEqual(before);
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
