// Tells how many bytes per call stay on the heap after many calls of each kind.
import { settle } from '@holdfast/core/testing';
import { Dedupe } from '@holdfast/dedupe';

const dedupe = new Dedupe({ abandon: { lingerMs: 1 } });
const forever = new AbortController();
const operation = async (): Promise<number> => 1;

async function calls(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const key = `key ${at % 100}`;
    const leaves = new AbortController();
    const all = [
      dedupe.run(key, operation),
      dedupe.run(key, operation, { signal: forever.signal }),
      dedupe.run(`other ${at}`, operation, { signal: leaves.signal, deadlineMs: 1_000 }),
    ];
    leaves.abort();
    await Promise.allSettled(all);
    // Timers have their turn as in a service.
    if (at % 100 === 0) await settle();
  }
  while (dedupe.inFlight > 0) await settle();
}

/** Bytes in use after each round; collected each time, because tables of weak references keep the size they once had. */
async function usedAfter(rounds: number): Promise<number> {
  for (let round = 0; round < rounds; round += 1) {
    await calls(count);
    globalThis.gc?.();
  }
  return process.memoryUsage().heapUsed;
}

const count = 10_000;
const before = await usedAfter(3);
const after = await usedAfter(5);
console.log(String(Math.round((after - before) / (5 * count))));
console.log(String(dedupe.inFlight));
