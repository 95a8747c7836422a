// A worker with little memory: fills its heap with garbage first, then with what it keeps, and says what the signal reads.
import { parentPort } from 'node:worker_threads';
import { heapUsed } from '@holdfast/degradation';

const lasting = heapUsed({ full: 1 });
const momentary = heapUsed({ full: 1, maxSamples: 1 });

/** 2 MB. */
const piece = (): number[] => Array.from({ length: 250_000 }, (_, i) => i + 0.5);

const garbage = { lasting: 0, momentary: 0 };
for (let sample = 0; sample < 80; sample += 1) {
  piece();
  garbage.lasting = Math.max(garbage.lasting, lasting.read());
  garbage.momentary = Math.max(garbage.momentary, momentary.read());
}
const kept: number[][] = [];
for (let sample = 0; sample < 20; sample += 1) {
  kept.push(piece());
  lasting.read();
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has none
parentPort?.postMessage({ garbage, ballast: lasting.read(), kept: kept.length });
