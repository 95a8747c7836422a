import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { type Bounds, policies } from './policies.ts';
import { namesOf, replay } from './replay.ts';
import type { Trace } from './trace.ts';

/** What one policy did with one trace. */
export interface Outcome {
  readonly hits: number;
  /** CPU time of the quickest run, in microseconds, with the garbage collector's: what disturbs a run only ever adds. */
  readonly cpu: number;
}

interface Task {
  /** Index of the policy. */
  readonly policy: number;
  readonly trace: Trace;
  readonly bounds: Bounds;
  /** Each with an empty cache. The code is optimised after a few. */
  readonly runs: number;
}

/** Replays a trace in a thread of its own: what the compiler has learnt from one policy must not help or harm another. */
export async function outcomeOf(task: Task): Promise<Outcome> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task });
  const [outcome] = (await once(worker, 'message')) as [Outcome];
  await worker.terminate();
  return outcome;
}

function perform({ policy, trace, bounds, runs }: Task): Outcome {
  const names = namesOf(trace);
  const outcomes = Array.from({ length: runs }, () => {
    const clock = { now: 0 };
    const store = policies[policy]?.make(bounds, clock) ?? new Map();
    globalThis.gc?.();
    const before = process.cpuUsage();
    const hits = replay(store, trace, names, clock);
    const { user, system } = process.cpuUsage(before);
    return { hits, cpu: user + system };
  });
  return { hits: outcomes[0]?.hits ?? Number.NaN, cpu: Math.min(...outcomes.map(({ cpu }) => cpu)) };
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port between threads has no origin
if (!isMainThread) parentPort?.postMessage(perform(workerData as Task));
