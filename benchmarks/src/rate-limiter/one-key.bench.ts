// What does a rate limit in memory cost a call of one busy subject?
import { question } from '../harness/question.ts';
import { memoryLimiters } from './memory-limiters.ts';

// Never reached: admissions are measured.
const limit = 1_000_000_000;

export default question({ answer: true, cases: () => memoryLimiters(limit, () => () => 'user:1') });
