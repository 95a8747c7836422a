// What do retry, circuit breaker, timeout and bulkhead together add to a call that succeeds at once?
import { Bulkhead } from '@holdfast/bulkhead';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { pipeline, Retry, Timeout } from '@holdfast/resilience';
import {
  bulkhead,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  SamplingBreaker,
  timeout,
  type TimeoutPolicy,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

// Equal settings: 3 retries, opens at half of at least 20 calls in 10 s, 10 s per attempt, 10 at once.
const timeoutMs = 10_000;

/** The same policies of cockatiel, with the timeout innermost. */
function cockatiel(...timeouts: readonly TimeoutPolicy[]): IPolicy {
  return wrap(
    retry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, {
      halfOpenAfter: 5_000,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
    }),
    bulkhead(10),
    ...timeouts,
  );
}

export default question({
  answer: 1,
  cases: () => {
    const holdfast = pipeline('benchmark', {
      retry: new Retry({ maxRetries: 3 }),
      breaker: new CircuitBreaker({ window: { durationMs: 10_000 }, failureRatio: 0.5, minCalls: 20 }),
      bulkhead: new Bulkhead({ limit: 10 }),
      timeout: new Timeout({ timeoutMs }),
    });
    const aggressive = cockatiel(timeout(timeoutMs, TimeoutStrategy.Aggressive));
    const cooperative = cockatiel(timeout(timeoutMs, TimeoutStrategy.Cooperative));
    const untimed = cockatiel();
    return [
      baseline('bare call', () => one()),
      ours('pipeline', () => holdfast.execute(one), { atMost: 8 }),
      peer('cockatiel', 'wrap, aggressive timeout', () => aggressive.execute(one)),
      peer('cockatiel', 'wrap, cooperative timeout', () => cooperative.execute(one)),
      peer('cockatiel', 'wrap, no timeout', () => untimed.execute(one)),
    ];
  },
});
