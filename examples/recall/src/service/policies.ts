import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { type Policy, seconds } from '@holdfast/core';
import { pipeline, Retry, Timeout } from '@holdfast/resilience';

/** What stands between the service and one thing that it depends on. */
export interface Guard {
  readonly policy: Policy;
  readonly breaker: CircuitBreaker;
  readonly bulkhead: Bulkhead;
  readonly timeout: Timeout;
  readonly retry?: Retry;
}

export interface Policies {
  /** Ends a request at its deadline, whatever it waits for. */
  readonly requests: Policy;
  readonly database: Guard;
  readonly embedding: Guard;
}

/** Every policy of the service: what protects what, and how much, is decided here and nowhere else. */
export function createPolicies(): Policies {
  return {
    requests: pipeline('requests', { deadlineMs: seconds(10) }),
    database: databaseGuard(),
    embedding: embeddingGuard(),
  };
}

/** No retry: a write that timed out may have happened. */
function databaseGuard(): Guard {
  const breaker = new CircuitBreaker({
    name: 'database',
    window: { calls: 20 },
    minCalls: 5,
    openForMs: seconds(2),
    maxOpenForMs: seconds(4),
  });
  const bulkhead = new Bulkhead({ name: 'database', limit: 50, maxQueued: 200, maxWaitMs: 500 });
  const timeout = new Timeout({ name: 'database', timeoutMs: seconds(2) });
  return { policy: pipeline('database', { breaker, bulkhead, timeout }), breaker, bulkhead, timeout };
}

/** An embedding only improves a ranking, so it gets little time and one more try. */
function embeddingGuard(): Guard {
  const retry = new Retry({ name: 'embedding', maxRetries: 1, maxElapsedMs: 200 });
  const breaker = new CircuitBreaker({
    name: 'embedding',
    window: { calls: 20 },
    minCalls: 5,
    openForMs: seconds(2),
    maxOpenForMs: seconds(4),
  });
  const bulkhead = new Bulkhead({ name: 'embedding', limit: 16, maxQueued: 100, maxWaitMs: 250 });
  const timeout = new Timeout({ name: 'embedding', timeoutMs: 500 });
  return {
    policy: pipeline('embedding', { retry, breaker, bulkhead, timeout }),
    retry,
    breaker,
    bulkhead,
    timeout,
  };
}
