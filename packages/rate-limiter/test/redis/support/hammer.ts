// Asks for one subject under each limit of a plan in turn, on and on, and says of each admission: limit, instant by the server.
import { setImmediate } from 'node:timers/promises';

import { systemClock } from '@holdfast/core';
import { RedisStore } from '@holdfast/rate-limiter/redis';

import { hammered } from './hammered.ts';

const observer = { failed: () => undefined, lost: () => undefined, recovered: () => undefined };
const store = new RedisStore(process.argv[2] ?? '', { timeoutMs: 10_000 });
const ledger = store.open({ name: 'hammer', rules: hammered, clock: systemClock, observer });
const groups = hammered.map((rule) => [{ scope: rule.scope, rules: [rule] }]);

for (;;) {
  for (const [index, group] of groups.entries()) {
    const { chargedAt, source } = await ledger.decide(group, ['alice'], 1, 1);
    if (source === 'local') throw new Error('decided locally');
    if (chargedAt !== undefined) process.stdout.write(`${index} ${chargedAt}\n`);
  }
  await setImmediate();
}
