// What does a rate limit in memory cost a call of one busy subject?
import { memoryLimiters } from './memory-limiters.ts';
import { question } from '../harness/question.ts';

export default question({ answer: true, cases: () => memoryLimiters(() => () => 'user:1') });
