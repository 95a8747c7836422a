// What does a single flight cost a call that nobody joins?
import { AsyncLocalStorage } from 'node:async_hooks';
import { Dedupe } from '@holdfast/dedupe';
import { createCache } from 'async-cache-dedupe';
import pMemoize from 'p-memoize';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question, reference } from '../harness/question.ts';

export default question({
  answer: 1,
  cases: () => {
    const dedupe = new Dedupe();
    const unlimited = new Dedupe({ maxAgeMs: Number.POSITIVE_INFINITY });
    const recognising = new Dedupe({ asyncContext: new AsyncLocalStorage() });
    const { signal } = new AbortController();
    const memoized = pMemoize(one, { cache: false, cacheKey: () => 'key' });
    const cache = createCache({ ttl: 0, storage: { type: 'memory' } }).define('one', async (_key: string) =>
      one(),
    );
    const flights = new Map<string, Promise<number>>();
    const byHand = (key: string): Promise<number> => {
      const joined = flights.get(key);
      if (joined !== undefined) return joined;
      const flight = one();
      const forget = (): void => void flights.delete(key);
      flight.then(forget, forget);
      flights.set(key, flight);
      return flight;
    };
    return [
      baseline('bare call', () => one()),
      reference('by hand: a Map of promises', () => byHand('key')),
      ours('Dedupe', () => dedupe.run('key', one), { atMost: 4 }),
      ours('Dedupe, maxAgeMs: Infinity', () => unlimited.run('key', one)),
      ours('Dedupe, a caller that can leave', () => dedupe.run('key', one, { signal })),
      ours('Dedupe, asyncContext', () => recognising.run('key', one)),
      peer('p-memoize', 'cache: false', () => memoized()),
      peer('async-cache-dedupe', 'ttl: 0', () => cache.one('key')),
    ];
  },
});
