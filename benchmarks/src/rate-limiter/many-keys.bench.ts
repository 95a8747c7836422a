// What does a rate limit in memory cost a call, with 100,000 subjects in no order?
import { question } from '../harness/question.ts';
import { walk } from '../harness/walk.ts';
import { uniformKeys } from '../harness/zipf.ts';
import { memoryLimiters } from './memory-limiters.ts';

// Never reached: admissions are measured.
const limit = 1_000_000_000;

export default question({
  answer: true,
  cases: async () => {
    const keys = uniformKeys(100_000, 2 ** 18);
    // Each limiter walks for itself, so that all see the same keys in the same order.
    const cases = memoryLimiters(limit, () => walk(keys));
    // Once round first: the subjects are known when it is measured.
    for (const { run } of cases) for (let step = 0; step < keys.length; step += 1) await run();
    return cases;
  },
});
