// Three times as many calls as a CPU-bound service can answer: do the critical ones get through in time, and do the features come back in order?
import { type Lines, study } from '../harness/question.ts';
import { machine } from '../harness/table.ts';
import { type Claim, claims } from './overload/claims.ts';
import { calibrate, capacityOf, type Plan, type Run, run } from './overload/run.ts';
import { columns, linesOf } from './overload/summary.ts';
import { writeResults } from './overload/write-results.ts';

const thorough: Plan = { calmMs: 5_000, overloadMs: 25_000, recoveryMs: 180_000 };
const moment: Plan = { calmMs: 200, overloadMs: 300, recoveryMs: 0 };

/** Fails if the claim does not hold. A thorough run that holds keeps plot and numbers in `results/degradation-overload.*`. */
export default study(async (effort): Promise<Lines> => {
  const measuredOn = machine();
  const work = calibrate();
  const plan = effort === 'smoke' ? moment : thorough;
  const capacity = await capacityOf(work, effort === 'smoke' ? 200 : 4_000);
  const runs: Readonly<Record<'without' | 'with', Run>> = {
    without: await run('without', work, { ...plan, capacity, recoveryMs: Math.min(plan.recoveryMs, 5_000) }),
    with: await run('with', work, { ...plan, capacity }),
  };
  const lines = linesOf(runs);
  if (effort === 'thorough') {
    const broken = claims(runs).filter(({ holds }: Claim) => !holds);
    if (broken.length > 0)
      throw new Error(
        [...broken.map(({ text }) => text), ...lines.map((line) => line.join(' | '))].join('\n'),
      );
    writeResults({ measuredOn, capacity, runs, lines });
  }
  return { columns, lines };
});
