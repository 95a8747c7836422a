// What do a circuit breaker and a timeout add to calls that take a turn of the event loop and share a signal that lives long?
import { setImmediate } from 'node:timers/promises';
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { pipeline, Timeout } from '@holdfast/resilience';
import { circuitBreaker, handleAll, SamplingBreaker, timeout, TimeoutStrategy, wrap } from 'cockatiel';

import { baseline, ours, peer, question, reference } from '../harness/question.ts';

const callers = 100;
const timeoutMs = 10_000;
const windowMs = 10_000;

const turn = (): Promise<number> => setImmediate(1);

async function sumOf(call: () => Promise<number>): Promise<number> {
  const results = await Promise.all(Array.from({ length: callers }, call));
  return results.reduce((sum, result) => sum + result, 0);
}

/** One that lives long. */
const longSignal = (): AbortSignal => new AbortController().signal;

export default question({
  answer: callers,
  callsPerRun: callers,
  cases: () => {
    // As a service has one that tells of its shutdown. To each its own: what others leave on a signal would be paid for by all.
    const [holdfastSignal, racedSignal, cockatielSignal] = [longSignal(), longSignal(), longSignal()];
    const holdfast = pipeline('benchmark', {
      breaker: new CircuitBreaker({ window: { durationMs: windowMs }, failureRatio: 0.5, minCalls: 20 }),
      timeout: new Timeout({ timeoutMs }),
    });
    const cockatiel = wrap(
      circuitBreaker(handleAll, {
        halfOpenAfter: 5_000,
        breaker: new SamplingBreaker({ threshold: 0.5, duration: windowMs, minimumRps: 2 }),
      }),
      timeout(timeoutMs, TimeoutStrategy.Aggressive),
    );
    const raced = (): Promise<number> => {
      const either = AbortSignal.any([racedSignal, AbortSignal.timeout(timeoutMs)]);
      return new Promise((resolve, reject) => {
        const leave = (): void => reject(either.reason as Error);
        either.addEventListener('abort', leave, { once: true });
        turn()
          .then(resolve, reject)
          .finally(() => either.removeEventListener('abort', leave));
      });
    };
    return [
      baseline('bare call', () => sumOf(turn)),
      ours('pipeline', () => sumOf(() => holdfast.execute(turn, { signal: holdfastSignal }))),
      ours('pipeline, without the signal', () => sumOf(() => holdfast.execute(turn))),
      reference('AbortSignal.any and AbortSignal.timeout', () => sumOf(raced)),
      peer('cockatiel', 'wrap', () => sumOf(() => cockatiel.execute(turn, cockatielSignal))),
    ];
  },
});
