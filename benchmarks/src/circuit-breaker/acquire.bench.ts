// What does it cost to admit a call by hand and to settle it, beside a call through execute?
import { CircuitBreaker } from '@holdfast/circuit-breaker';

import { one } from '../harness/operation.ts';
import { baseline, ours, question } from '../harness/question.ts';

async function byHand(breaker: CircuitBreaker): Promise<number | undefined> {
  const permit = breaker.tryAcquire();
  const value = await one();
  permit?.fulfilled(value);
  return permit && value;
}

async function bare(): Promise<number> {
  const value = await one();
  return value;
}

export default question({
  answer: 1,
  cases: () => {
    const byCount = new CircuitBreaker({ window: { calls: 100 } });
    const byTime = new CircuitBreaker();
    const slow = new CircuitBreaker({ slow: { afterMs: 1_000, ratio: 0.5 } });
    return [
      baseline('bare call that is awaited', bare),
      ours('by hand, count window', () => byHand(byCount)),
      ours('by hand, time window', () => byHand(byTime)),
      ours('by hand, time window and slow calls', () => byHand(slow)),
      ours('execute, count window', () => byCount.execute(one)),
    ];
  },
});
