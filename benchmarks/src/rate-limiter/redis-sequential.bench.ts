// What does one decision on Redis cost, one after the other?
import { question } from '../harness/question.ts';
import { redisCases } from './redis-limiters.ts';

export default question({
  clock: 'wall',
  answer: true,
  cases: (scope) => redisCases(scope, (decide) => () => decide('user:1'), 1.35),
});
