// What does a closed circuit breaker add to a call that succeeds at once?
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { circuitBreaker, ConsecutiveBreaker, CountBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import Opossum from 'opossum';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

// Equal settings: opens at half of at least 20 calls in 10 s, stays open for 5 s.
const halfOpenAfter = 5_000;
const window = { durationMs: 10_000, buckets: 10 };

export default question({
  answer: 1,
  cases: (scope) => {
    const byTime = new CircuitBreaker({ window, failureRatio: 0.5, minCalls: 20, openForMs: halfOpenAfter });
    const byCount = new CircuitBreaker({ window: { calls: 100 }, failureRatio: 0.5, minCalls: 20 });
    const slow = new CircuitBreaker({ window, slow: { afterMs: 1_000, ratio: 0.5 } });
    const consecutive = circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(20) });
    const sampling = circuitBreaker(handleAll, {
      halfOpenAfter,
      breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
    });
    const count = circuitBreaker(handleAll, {
      halfOpenAfter,
      breaker: new CountBreaker({ threshold: 0.5, size: 100, minimumNumberOfCalls: 20 }),
    });
    const opossum = new Opossum(one, {
      timeout: false,
      errorThresholdPercentage: 50,
      volumeThreshold: 20,
      rollingCountTimeout: 10_000,
      resetTimeout: halfOpenAfter,
    });
    scope.defer(() => opossum.shutdown());
    return [
      baseline('bare call', () => one()),
      ours('CircuitBreaker, time window', () => byTime.execute(one), { atMost: 2.2 }),
      ours('CircuitBreaker, count window', () => byCount.execute(one), { atMost: 2.2 }),
      ours('CircuitBreaker, time window and slow calls', () => slow.execute(one)),
      peer('cockatiel', 'consecutive', () => consecutive.execute(one)),
      peer('cockatiel', 'sampling', () => sampling.execute(one)),
      peer('cockatiel', 'count', () => count.execute(one)),
      peer('opossum', 'no timeout', () => opossum.fire()),
    ];
  },
});
