// What does a rate limit in memory cost a call that it refuses?
import { question } from '../harness/question.ts';
import { memoryLimiters } from './memory-limiters.ts';

const key = 'user:1';

export default question({
  answer: false,
  cases: async () => {
    const cases = memoryLimiters(1, () => () => key);
    // The first call is admitted and uses the limit up.
    for (const { run } of cases) await run();
    return cases;
  },
});
