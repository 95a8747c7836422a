// Makes many calls that end in every way through each policy, and tells what stays behind, one line of JSON for each:
// listeners on the signals of callers, timers and handles, and bytes per call on the heap.
// Runs with --expose-gc --unhandled-rejections=strict.
import { getEventListeners } from 'node:events';
import type { OperationContext, Policy } from '@holdfast/core';

import { subjects } from './policies.ts';

const batch = 1_000;
const callsPerRound = Number(process.argv[2]);
const rounds = 5;

type Ending = (context: OperationContext) => unknown;

const pauseOf = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

/** How operations end: with a value, with an error, heeding their signal, and long after their caller was let go. */
const endings: readonly Ending[] = [
  () => 'value',
  async () => 'value',
  () => {
    throw new Error('thrown');
  },
  () => Promise.reject(new Error('rejected')),
  ({ signal }) =>
    new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new Error('heeded')), { once: true }),
    ),
  async () => {
    await pauseOf(5);
    throw new Error('nobody waits for this');
  },
  async () => pauseOf(5).then(() => ({ [Symbol.dispose]: () => {} })),
];

/** A batch of calls: some share a signal that never aborts, some leave at once or later, some have left before. */
async function callsOf(policy: Policy, forever: AbortSignal): Promise<void> {
  const leaving = new AbortController();
  const calls: Promise<unknown>[] = [];
  for (let at = 0; at < batch; at += 1) {
    const ending = endings[at % endings.length] as Ending;
    // What never ends by itself needs somebody who leaves.
    const signal = at % 3 === 0 || ending.length > 0 ? leaving.signal : forever;
    const early = at % 50 === 0 ? AbortSignal.abort('left before') : signal;
    const deadlineMs = at % 11 === 0 ? 3 : undefined;
    calls.push(policy.execute(ending, { signal: early, deadlineMs }));
  }
  const outcomes = Promise.allSettled(calls);
  await pauseOf(3);
  leaving.abort(new Error('left'));
  await outcomes;
  listenersLeft += getEventListeners(leaving.signal, 'abort').length;
}

let listenersLeft = 0;

/** Until timers and zombies are gone, however busy the machine is; what does not go shows in the numbers. */
async function quiesce(): Promise<void> {
  await pauseOf(20);
  for (let turn = 0; turn < 200 && resources() !== atRest; turn += 1) await pauseOf(10);
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** But for the pipes of the standard streams, which come into being when they are first written to. */
function resources(): string {
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap');
  return kinds.toSorted().join(' ');
}

const atRest = resources();
const findings: unknown[] = [];

for (const { name, make } of subjects) {
  listenersLeft = 0;
  const policy = make();
  const forever = new AbortController();
  const heap: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const calls = round === 0 ? callsPerRound / 2 : callsPerRound;
    for (let at = 0; at < calls; at += batch) await callsOf(policy, forever.signal);
    await quiesce();
    heap.push(process.memoryUsage().heapUsed);
  }
  const listeners = listenersLeft + getEventListeners(forever.signal, 'abort').length;
  // The median of the rounds: what leaks grows in each of them, what the engine keeps for a while does not.
  const growth = heap.slice(1).map((bytes, index) => bytes - (heap[index] ?? 0));
  const bytesPerCall = (growth.toSorted((one, other) => one - other)[(rounds - 1) / 2] ?? 0) / callsPerRound;
  const handles = resources() === atRest ? 'as before' : resources();
  findings.push({ name, listeners, handles, bytesPerCall });
}
for (const finding of findings) console.log(JSON.stringify(finding));
