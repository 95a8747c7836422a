// A process that takes slots and holds them: says `has <n>` when it has them, and gives them back when it is told.
import { RedisBulkhead } from '@holdfast/bulkhead/redis';

const [url = '', name = '', limit = '', slots = '', leaseMs = ''] = process.argv.slice(2);
const bulkhead = new RedisBulkhead(url, {
  name,
  limit: Number(limit),
  leaseMs: Number(leaseMs),
  maxQueued: 100,
  timeoutMs: 2_000,
});
bulkhead.events.subscribe((event) => {
  if (event.type === 'lease-lost') process.stdout.write(`lost ${event.count}\n`);
});
const permits = await Promise.all(Array.from({ length: Number(slots) }, () => bulkhead.acquire()));
process.stdout.write(`has ${permits.length}\n`);
process.on('message', () => {
  for (const permit of permits) permit.release();
  void bulkhead[Symbol.asyncDispose]().then(() => process.disconnect?.());
});
