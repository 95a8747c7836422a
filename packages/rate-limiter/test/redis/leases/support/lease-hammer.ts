// Calls under each limit of a plan that leases in turn, on and on, and says of each admission: limit, instant in microseconds, source.
import { setImmediate } from 'node:timers/promises';

import { systemClock } from '@holdfast/core';
import { RedisStore } from '@holdfast/rate-limiter/redis';

import { leaseTtlMs, leased, processes } from './leased.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };
const store = new RedisStore(process.argv[2] ?? '', {
  timeoutMs: 10_000,
  instances: processes,
  leases: { ttlMs: leaseTtlMs },
});
const ledger = store.open({ name: 'hammer', rules: leased, clock: systemClock, observer });
const groups = leased.map((rule) => [{ scope: rule.scope, rules: [rule] }]);

for (;;) {
  for (const [index, group] of groups.entries()) {
    const { chargedAt, source } = await ledger.decide(group, [''], 1, 1);
    if (source === 'local') throw new Error('decided locally');
    // What is leased was charged before it is used.
    const at = source === 'lease' ? systemClock.epoch() * 1_000 : chargedAt;
    if (chargedAt !== undefined) process.stdout.write(`${index} ${at} ${source}\n`);
  }
  await setImmediate();
}
