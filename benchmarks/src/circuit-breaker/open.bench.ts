// How much does a refusal by an open circuit breaker cost?
import { CircuitBreaker } from '@holdfast/circuit-breaker';
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel';
import Opossum from 'opossum';

import { one } from '../harness/operation.ts';
import { baseline, ours, peer, question, reference } from '../harness/question.ts';

const calls = 100;
const hour = 3_600_000;

/** How many of 100 calls were refused, caught the way a caller would. */
async function refusals(call: () => Promise<unknown>): Promise<number> {
  let refused = 0;
  for (let index = 0; index < calls; index += 1) {
    try {
      await call();
    } catch {
      refused += 1;
    }
  }
  return refused;
}

async function successes(call: () => Promise<unknown>): Promise<number> {
  let succeeded = 0;
  for (let index = 0; index < calls; index += 1) {
    try {
      await call();
      succeeded += 1;
    } catch {
      // None fails.
    }
  }
  return succeeded;
}

export default question({
  answer: calls,
  callsPerRun: calls,
  cases: (scope) => {
    const shared = new Error('refused');
    const breaker = new CircuitBreaker({ openForMs: hour, maxOpenForMs: hour });
    breaker.isolate();
    const cockatiel = circuitBreaker(handleAll, { halfOpenAfter: hour, breaker: new ConsecutiveBreaker(1) });
    cockatiel.isolate();
    const opossum = new Opossum(one, { timeout: false, resetTimeout: hour });
    opossum.open();
    scope.defer(() => opossum.shutdown());
    return [
      baseline('bare call that succeeds', () => successes(one)),
      reference('rejection with one shared error', () => refusals(() => Promise.reject(shared))),
      reference('rejection with a new Error', () => refusals(() => Promise.reject(new Error('refused')))),
      ours('CircuitBreaker', () => refusals(() => breaker.execute(one)), { atMost: 30 }),
      peer('cockatiel', '', () => refusals(() => cockatiel.execute(one))),
      peer('opossum', '', () => refusals(() => opossum.fire())),
    ];
  },
});
