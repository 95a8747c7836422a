// What does a single flight cost each of 100 calls for different keys that take a turn of the event loop?
import { setImmediate } from 'node:timers/promises';
import { Dedupe } from '@holdfast/dedupe';
import { createCache } from 'async-cache-dedupe';

import { baseline, ours, peer, question, reference } from '../harness/question.ts';

const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`);
const turn = (): Promise<number> => setImmediate(1);

async function sumOf(call: (key: string) => Promise<number>): Promise<number> {
  const results = await Promise.all(keys.map(call));
  return results.reduce((sum, result) => sum + result, 0);
}

export default question({
  answer: keys.length,
  callsPerRun: keys.length,
  cases: () => {
    const dedupe = new Dedupe();
    const cache = createCache({ ttl: 0, storage: { type: 'memory' } }).define('turn', async (_key: string) =>
      turn(),
    );
    const flights = new Map<string, Promise<number>>();
    const byHand = (key: string): Promise<number> => {
      const joined = flights.get(key);
      if (joined !== undefined) return joined;
      const flight = turn();
      const forget = (): void => void flights.delete(key);
      flight.then(forget, forget);
      flights.set(key, flight);
      return flight;
    };
    return [
      baseline('bare call', () => sumOf(turn)),
      reference('by hand: a Map of promises', () => sumOf(byHand)),
      ours('Dedupe', () => sumOf((key) => dedupe.run(key, turn))),
      peer('async-cache-dedupe', 'ttl: 0', () => sumOf((key) => cache.turn(key))),
    ];
  },
});
