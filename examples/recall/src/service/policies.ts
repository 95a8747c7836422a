import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { seconds } from '@holdfast/core';
import { type Pipeline, pipeline, Retry, Timeout } from '@holdfast/resilience';
import type { Config } from './config.ts';

/** What stands between the service and one thing that it depends on. */
export interface Guard {
  readonly policy: Pipeline;
  readonly breaker: CircuitBreaker;
  readonly bulkhead: Bulkhead;
  readonly timeout: Timeout;
  readonly retry?: Retry;
}

export interface Policies {
  /** Ends a request at its deadline, whatever it waits for. */
  readonly requests: Pipeline;
  readonly database: Guard;
  readonly embedding: Guard;
  /** For embeddings that nobody waits for. */
  readonly embeddingJobs: Pipeline;
}

/** Every policy of the service: what protects what, and how much, is decided here and nowhere else. */
export function createPolicies(config: Pick<Config, 'databaseUrl'>): Policies {
  const embedding = embeddingGuard();
  return {
    requests: pipeline('requests', { deadlineMs: seconds(10) }),
    database: databaseGuard(concurrencyOf(config)),
    embedding,
    embeddingJobs: embeddingJobsPolicy(embedding),
  };
}

/**
 * How many questions the database is asked at once. To Postgres each is a connection, so that nobody waits for one where it is
 * neither bounded nor counted; SQLite answers one after the other anyway.
 */
export const concurrencyOf = ({ databaseUrl }: Pick<Config, 'databaseUrl'>): number =>
  databaseUrl === undefined ? 50 : 20;

/** No retry: a write that timed out may have happened. */
function databaseGuard(limit: number): Guard {
  const breaker = new CircuitBreaker({
    name: 'database',
    window: { calls: 20 },
    minCalls: 5,
    openForMs: seconds(2),
    maxOpenForMs: seconds(10),
  });
  const bulkhead = new Bulkhead({ name: 'database', limit, maxQueued: 200, maxWaitMs: 500 });
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

/** A job sends many texts at once and has time; but where requests have found nobody, it does not ask either. */
const embeddingJobsPolicy = ({ breaker }: Guard): Pipeline =>
  pipeline('embedding-jobs', { breaker, timeout: { timeoutMs: seconds(10) } });
