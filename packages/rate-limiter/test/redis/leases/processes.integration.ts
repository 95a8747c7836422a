import { describeWithRedis } from '@holdfast/test-support';
import { expect, it } from 'vitest';
import { killedAndReplaced } from '../support/killing.ts';
import { worst } from '../support/worst.ts';
import { leased, processes } from './support/leased.ts';

const script = new URL('support/lease-hammer.ts', import.meta.url);
/** By how much an instant may be wrong that a caller's clock of whole milliseconds told. */
const clockUs = 2_000;

describeWithRedis('leases of several processes', (redis) => {
  it('invariant 10: pass a limit by what is held at most, though processes are killed at any moment', async () => {
    const said = await killedAndReplaced(script, [redis.url], processes);

    const found = leased.map(({ name, limit, windowMs, burst, mode }, index) => {
      const own = said.filter(([which]) => Number(which) === index);
      const instants = own.map(([, at]) => Number(at)).toSorted((a, b) => a - b);
      const bound = mode === 'strict' ? limit : burst + limit;
      const held = processes * Math.floor(burst / (2 * processes));
      const byLease = own.filter(([, , source]) => source === 'lease').length;
      return {
        name,
        bound,
        held,
        worst: worst(instants, windowMs * 1_000 - clockUs),
        byLease,
        all: own.length,
      };
    });
    process.stderr.write(`${JSON.stringify(found)}\n`);
    for (const { bound, held, worst: most, byLease } of found) {
      expect(most).toBeLessThanOrEqual(bound + held);
      expect(most).toBeGreaterThan(bound / 2);
      expect(byLease).toBeGreaterThan(20);
    }
  }, 120_000);
});
