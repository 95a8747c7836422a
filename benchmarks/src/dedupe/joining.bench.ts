// What does it cost each of 1000 callers to join one flight?
import { Dedupe } from '@holdfast/dedupe';
import { createCache } from 'async-cache-dedupe';
import pMemoize from 'p-memoize';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

const callers = 1_000;

async function sumOf(call: () => PromiseLike<number>): Promise<number> {
  const results = await Promise.all(Array.from({ length: callers }, call));
  return results.reduce((sum, result) => sum + result, 0);
}

async function sumOfShared(): Promise<number> {
  const flight = one();
  return sumOf(() => flight);
}

export default question({
  answer: callers,
  callsPerRun: callers,
  cases: () => {
    const dedupe = new Dedupe();
    const memoized = pMemoize(one, { cache: false, cacheKey: () => 'key' });
    const cache = createCache({ ttl: 0, storage: { type: 'memory' } }).define('one', async (_key: string) =>
      one(),
    );
    return [
      baseline('awaiting one shared promise', sumOfShared),
      ours('Dedupe', () => sumOf(() => dedupe.run('key', one)), { atMost: 1.25 }),
      peer('p-memoize', 'cache: false', () => sumOf(() => memoized())),
      peer('async-cache-dedupe', 'ttl: 0', () => sumOf(() => cache.one('key'))),
    ];
  },
});
