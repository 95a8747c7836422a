import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { type ExecuteOptions, Execution, type Operation, type Policy } from '@holdfast/core';
import { Dedupe } from '@holdfast/dedupe';
import { Chaos, Fallback, Hedge, pipeline, type PipelineSlots, Retry, Timeout } from '@holdfast/resilience';
import { resilientFetch } from '@holdfast/resilience/fetch';

/** A policy under a name, made anew for each run so that one run says nothing about another. */
export interface Subject {
  readonly name: string;
  readonly make: () => Policy;
}

const backoff = { initialMs: 1, maxMs: 1, jitter: 'none' } as const;
const timeoutMs = 2;

const everySlot = (): PipelineSlots => ({
  deadlineMs: 10_000,
  retry: { maxRetries: 1, backoff },
  hedge: { idempotent: true, delay: 1, budget: { ratio: 1 } },
  breaker: new CircuitBreaker({ mode: 'shadow' }),
  rateLimit: { limits: { calls: { limit: 1_000_000_000, windowMs: 1_000 } } },
  bulkhead: new Bulkhead({ limit: 64, maxQueued: 64 }),
  timeout: { timeoutMs, zombieGraceMs: 1 },
  chaos: { fault: { rate: 0.1 } },
});

/** A fetch as a policy: what is to run is what answers the request. */
function fetching(): Policy {
  const operations = new Map<string, () => unknown>();
  const get = resilientFetch('news', {
    fetch: async (input, init) => {
      await operations.get(input as string)?.();
      init?.signal?.throwIfAborted();
      return new Response('page');
    },
    retry: { maxRetries: 1, backoff },
    timeout: { timeoutMs, zombieGraceMs: 1 },
  });
  let requests = 0;
  return {
    async execute<T>(operation: Operation<T>, { signal, deadlineMs }: ExecuteOptions = {}): Promise<T> {
      const address = `http://news.invalid/${(requests += 1)}`;
      operations.set(address, () =>
        operation.length === 0 ? operation(new Execution()) : new Promise(() => {}),
      );
      const response = await get(address, signal && { signal }, { deadlineMs }).finally(() =>
        operations.delete(address),
      );
      return (await response.text()) as T;
    },
  };
}

/** Gives every third call a key that others share. */
function keyed(policy: Policy): Policy {
  let calls = 0;
  return {
    execute<T>(operation: Operation<T>, options?: ExecuteOptions): Promise<T> {
      calls += 1;
      return policy.execute(operation, calls % 3 === 0 ? { ...options, key: `${calls % 9}` } : options);
    },
  };
}

/** A dedupe as a policy: three calls at a time have one key, unless their operation ends only when its own caller leaves. */
function together(dedupe: Dedupe): Policy {
  let calls = 0;
  return {
    execute(operation, options) {
      calls += 1;
      const key = operation.length === 0 ? Math.floor(calls / 3) : -calls;
      return dedupe.run(`${key}`, operation, options);
    },
  };
}

export const subjects: readonly Subject[] = [
  { name: 'breaker', make: () => new CircuitBreaker({ window: { calls: 20 }, openForMs: 1 }) },
  {
    name: 'breaker with slow calls',
    make: () => new CircuitBreaker({ mode: 'shadow', slow: { afterMs: 2, ratio: 0.5 } }),
  },
  { name: 'bulkhead', make: () => new Bulkhead({ limit: 64, maxQueued: 400, maxWaitMs: 4 }) },
  { name: 'bulkhead that finds its limit', make: () => new Bulkhead({ limit: 'auto', maxQueued: 64 }) },
  { name: 'retry', make: () => new Retry({ maxRetries: 1, backoff }) },
  { name: 'timeout', make: () => new Timeout({ timeoutMs, zombieGraceMs: 1 }) },
  { name: 'hedge', make: () => new Hedge({ idempotent: true, delay: 1, budget: { ratio: 1 } }) },
  { name: 'hedge by quantile', make: () => new Hedge({ idempotent: true, delay: { minSamples: 10 } }) },
  {
    name: 'fallback',
    make: () => new Fallback({ answers: [rejected, () => 'answer'], maxConcurrent: 8 }) as Policy,
  },
  { name: 'dedupe', make: () => together(new Dedupe()) },
  { name: 'dedupe that lingers', make: () => together(new Dedupe({ abandon: { lingerMs: 1 } })) },
  { name: 'chaos', make: () => new Chaos({ latency: { rate: 0.2, delayMs: 1 }, fault: { rate: 0.2 } }) },
  { name: 'fetch', make: fetching },
  { name: 'empty pipeline', make: () => pipeline('empty') },
  { name: 'pipeline with a deadline', make: () => pipeline('bounded', { deadlineMs: timeoutMs }) },
  {
    name: 'pipeline with a small bulkhead',
    make: () =>
      pipeline('full', { bulkhead: { limit: 1, maxQueued: 4 }, timeout: { timeoutMs, zombieGraceMs: 1 } }),
  },
  {
    name: 'pipeline with all slots',
    make: () => keyed(pipeline('all', { ...everySlot(), dedupe: new Dedupe() })),
  },
  {
    name: 'pipeline with all slots and a fallback',
    make: () =>
      keyed(
        pipeline('all', {
          ...everySlot(),
          dedupe: new Dedupe(),
          fallback: () => 'fallback' as never,
        }),
      ),
  },
];

function rejected(): Promise<never> {
  return Promise.reject(new Error('no answer'));
}
