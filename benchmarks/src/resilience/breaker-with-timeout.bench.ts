// What do a closed circuit breaker and a timeout of 10 s together add to a call that succeeds at once?
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { pipeline, Timeout } from '@holdfast/resilience';
import { circuitBreaker, handleAll, SamplingBreaker, timeout, TimeoutStrategy, wrap } from 'cockatiel';
import OpossumBreaker from 'opossum';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question } from '../harness/question.ts';

// Equal settings: opens at half of at least 20 calls in 10 s, 10 s per call.
const timeoutMs = 10_000;
const windowMs = 10_000;

export default question({
  answer: 1,
  cases: (scope) => {
    const counted = pipeline('counted', {
      breaker: new CircuitBreaker({ window: { calls: 100 }, failureRatio: 0.5, minCalls: 20 }),
      timeout: new Timeout({ timeoutMs }),
    });
    const timed = pipeline('timed', {
      breaker: new CircuitBreaker({ window: { durationMs: windowMs }, failureRatio: 0.5, minCalls: 20 }),
      timeout: new Timeout({ timeoutMs }),
    });
    const cockatiel = (strategy: TimeoutStrategy): ReturnType<typeof wrap> =>
      wrap(
        circuitBreaker(handleAll, {
          halfOpenAfter: 5_000,
          breaker: new SamplingBreaker({ threshold: 0.5, duration: windowMs, minimumRps: 2 }),
        }),
        timeout(timeoutMs, strategy),
      );
    const aggressive = cockatiel(TimeoutStrategy.Aggressive);
    const cooperative = cockatiel(TimeoutStrategy.Cooperative);
    const opossum = new OpossumBreaker(one, {
      timeout: timeoutMs,
      rollingCountTimeout: windowMs,
      errorThresholdPercentage: 50,
      volumeThreshold: 20,
    });
    scope.defer(() => opossum.shutdown());
    return [
      baseline('bare call', () => one()),
      ours('pipeline, count window', () => counted.execute(one), { atMost: 6 }),
      ours('pipeline, time window', () => timed.execute(one), { atMost: 6 }),
      peer('opossum', '', () => opossum.fire()),
      peer('cockatiel', 'aggressive timeout', () => aggressive.execute(one)),
      peer('cockatiel', 'cooperative timeout', () => cooperative.execute(one)),
    ];
  },
});
