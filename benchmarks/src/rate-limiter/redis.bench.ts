// What does one decision on Redis cost, with 100 callers at once?
import { question } from '../harness/question.ts';
import { type Decide, redisCases } from './redis-limiters.ts';

const callers = 100;

/** Whether all callers were admitted. Each is a subject of its own. */
async function allOf(decide: Decide): Promise<boolean> {
  const decisions = await Promise.all(Array.from({ length: callers }, (_, index) => decide(`user:${index}`)));
  return decisions.every(Boolean);
}

export default question({
  clock: 'wall',
  answer: true,
  callsPerRun: callers,
  cases: (scope) => redisCases(scope, (decide) => () => allOf(decide), 1.3),
});
