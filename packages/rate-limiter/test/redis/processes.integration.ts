import { describeWithRedis } from '@holdfast/test-support';
import { expect, it } from 'vitest';
import { hammered } from './support/hammered.ts';
import { killedAndReplaced } from './support/killing.ts';
import { worst } from './support/worst.ts';

const script = new URL('support/hammer.ts', import.meta.url);

describeWithRedis('RedisStore in several processes', (redis) => {
  it('invariants 1 and 2: never passes a limit in any window, though processes are killed at any moment', async () => {
    const said = await killedAndReplaced(script, [redis.url], 8);

    const found = hammered.map(({ name, limit, windowMs, burst, mode }, index) => {
      const instants = said
        .flatMap(([which, at]) => (Number(which) === index ? [Number(at)] : []))
        .toSorted((a, b) => a - b);
      const bound = mode === 'strict' ? limit : burst + limit;
      return { name, bound, worst: worst(instants, windowMs * 1_000), admissions: instants.length };
    });
    process.stderr.write(`${JSON.stringify(found)}\n`);
    for (const { bound, worst: most } of found) {
      expect(most).toBeLessThanOrEqual(bound);
      expect(most).toBeGreaterThan(bound / 2);
    }
  }, 120_000);
});
