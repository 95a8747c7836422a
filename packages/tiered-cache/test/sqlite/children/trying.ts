// Reads and writes once and says what came of it, then writes again until it may: `<file>`.
import { sqlite } from '@holdfast/tiered-cache/sqlite';

const cache = sqlite(process.argv[2] ?? '');
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: Error) => error.message);
const outcomes = [
  await outcome(cache.get('key')),
  await outcome(cache.set('key', 2, { ttlMs: 1_000 })),
  await outcome(cache.delete('key')),
  await outcome(cache.clear()),
  await outcome(cache.get('key')),
];
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
while ((await outcome(cache.set('key', 3))) !== undefined)
  await new Promise((resolve) => setTimeout(resolve, 10));
await cache[Symbol.asyncDispose]();
